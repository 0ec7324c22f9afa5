//! What is kept, on both databases.

mod parity;
