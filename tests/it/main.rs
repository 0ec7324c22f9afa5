//! tongma from outside, in one program: the rules of the source text, the two databases, and the
//! whole way of a payment with other people's wallets, readers and browsers as judges.
//!
//! `tests/run` starts what these tests need; see `support` for what a story can use.

#[cfg(test)]
mod api;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod db;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod emv;
#[cfg(test)]
mod flow;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod prints;
#[cfg(test)]
mod simulator;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod support;
#[cfg(test)]
mod threats;
#[cfg(test)]
mod tidy;
