//! The API from outside: what it does for those who may, and what it answers to everybody else.
//!
//! Names begin with the row of the list of threats that they stand for, where there is one.

mod adoptions;
mod bodies;
mod input;
mod merchant;
mod nearly;
mod often;
mod once;
mod payer;
mod plate_lists;
mod plate_parts;
mod plates;
mod rights;
pub(crate) mod signature;
mod statement;
pub(crate) mod tenant;
mod things;
