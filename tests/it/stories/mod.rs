//! The whole way, over HTTP: what wallets, payers, shops and operators do, and what they see.

mod canaries;
mod codes;
mod contract;
mod document;
mod examples;
mod hostile;
mod peer;
pub(crate) mod process;
mod shared_secret;
mod tls;
mod town;
mod wallets;

pub(crate) use town::column;
