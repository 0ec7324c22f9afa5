//! The pages as browsers see them: the payer's, the counter's, the simulated phone's.

mod code;
mod counter;
mod docs;
mod feed;
mod input;
mod pay;
mod phone;
mod plate_places;
mod plates;
mod reconnects;
mod refusals;
mod sequence;
mod sign;
mod site;
mod story;
mod till;
