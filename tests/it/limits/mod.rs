//! How much is too much: of money, of things, of calls, of connections.

mod amounts;
mod quotas;
