//! The pages: for payers, for the counter, and the simulated phone.
#![expect(dead_code, reason = "the handlers follow")]

mod answer;
mod assets;
mod code_view;
mod counter_view;
mod lang;
mod layout;
mod pay_view;
mod phone_view;
mod tag;
