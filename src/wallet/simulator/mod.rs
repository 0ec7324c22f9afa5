//! Payment institutions to test with: state without sockets.
//!
//! A simulated institution is written from the contract, not from the adapters, and refuses what a
//! real one refuses: another amount under the same number, an account that it does not hold, a
//! purse without money. It keeps its own books, so a test can ask where the money went. What goes
//! wrong in the world is switched on in [`Faults`]. How money clears between two institutions is a
//! model: the real clearing's messages are not public.
//!
//! The sockets around it are in `cli::simulator`.

mod answer;
mod attest;
mod code;
mod faults;
mod institution;
mod order;
mod refusal;
mod transfer;

#[cfg(test)]
mod tests;

pub use faults::Faults;
pub use institution::SimulatedInstitution;
pub use order::{Order, OrderState};
pub use refusal::Refusal;
pub use transfer::Transfer;
