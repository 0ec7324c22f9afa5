//! What is kept, on both databases.

mod merchants;
mod parity;
