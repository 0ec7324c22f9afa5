//! How others hear what happened.
//!
//! A use case writes an event and its outbox row in its own transaction and publishes nothing.
//! [`outbox`] gives each event its place in the merchant's sequence and wakes whoever follows;
//! [`hub`] knows who follows; [`feed`] reads what is new from the database. A wake-up carries no
//! news, so none can be lost, doubled or out of order.

pub mod feed;
pub mod hub;
pub mod outbox;
