//! What is kept, on both databases.

mod access;
mod hot;
mod merchants;
mod parity;
