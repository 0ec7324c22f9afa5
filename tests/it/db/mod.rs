//! What is kept, on both databases.

mod access;
mod keys;
mod merchants;
mod parity;
