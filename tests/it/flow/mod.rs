//! The money's way, use case by use case, on both databases.

mod adopt;
mod interleavings;
mod keys;
mod pay;
mod plates;
mod races;
mod recent;
mod scans;
mod verify;
mod ways;
