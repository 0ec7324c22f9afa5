//! What is kept, on both databases.

mod access;
mod begin;
mod crossing;
mod hot;
mod hot_begin;
mod keys;
mod merchants;
mod parity;
mod states;
