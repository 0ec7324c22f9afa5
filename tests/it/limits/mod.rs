//! How much is too much: of money, of things, of calls, of connections.

mod amounts;
mod connections;
mod days;
mod load;
mod overload;
mod quotas;
mod rates;
