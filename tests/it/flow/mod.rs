//! The money's way, use case by use case, on both databases.

mod adopt;
mod adopt_texts;
mod interleavings;
mod keys;
mod pay;
mod plate_hands;
mod plates;
mod races;
mod recent;
mod scans;
mod silence;
mod verify;
mod ways;
