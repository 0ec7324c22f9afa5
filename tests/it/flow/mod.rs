//! The money's way, use case by use case, on both databases.

mod pay;
