//! What is kept, on both databases.

mod access;
mod merchants;
mod parity;
