//! The whole way, over HTTP: what wallets, payers, shops and operators do, and what they see.

mod adopted;
mod audit;
mod canaries;
mod codes;
mod contract;
mod document;
mod examples;
mod hostile;
mod metrics;
mod peer;
pub(crate) mod process;
mod secrets;
mod shared_secret;
mod tls;
mod town;
mod traces;
mod unit;
mod wallets;

pub(crate) use town::column;
