//! What is kept, on both databases.

mod access;
mod begin;
mod hot;
mod keys;
mod merchants;
mod parity;
