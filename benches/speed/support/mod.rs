//! The shop that the tests tell stories about: here it is measured.
#![expect(dead_code, reason = "the tests use more of it")]

#[path = "../../../tests/it/support/beside.rs"]
pub(crate) mod beside;
#[path = "../../../tests/it/support/database.rs"]
mod database;
#[path = "../../../tests/it/support/payee.rs"]
mod payee;
#[path = "../../../tests/it/support/shop.rs"]
pub(crate) mod shop;

/// The tests make two of each story; a measurement makes none.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {};
}
pub(crate) use on_both;

pub(crate) use database::{Backend, TestDb};
