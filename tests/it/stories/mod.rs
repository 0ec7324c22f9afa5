//! The whole way, over HTTP: what wallets, payers, shops and operators do, and what they see.

mod audit;
mod canaries;
mod codes;
mod document;
mod hostile;
mod metrics;
mod peer;
mod process;
mod secrets;
mod tls;
mod town;
mod traces;
mod unit;
mod wallets;
