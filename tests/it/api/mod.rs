//! The API from outside: what it does for those who may, and what it answers to everybody else.
//!
//! Names begin with the row of the list of threats that they stand for, where there is one.

mod input;
mod merchant;
mod often;
mod once;
mod payer;
pub(super) mod signature;
mod statement;
mod tenant;
