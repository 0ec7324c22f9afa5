//! The pages as browsers see them: the payer's, the counter's, the simulated phone's.

mod code;
mod counter;
mod docs;
mod feed;
mod input;
mod pay;
mod plates;
mod reconnects;
mod refusals;
mod sequence;
mod site;
mod story;
mod till;
