//! What can go wrong at an institution, as switches.

use serde::{Deserialize, Serialize};

/// Which faults are on; all off at first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a panel of independent switches"
)]
pub struct Faults {
    /// The state changes, but the answer gets lost.
    pub lost_answer: bool,
    /// A fault of the server before anything changed.
    pub server_error: bool,
    /// Each confirmation is sent twice.
    pub duplicate_confirm: bool,
    /// Results speak of one minor unit less.
    pub wrong_amount: bool,
    /// Results speak of another account.
    pub wrong_payee: bool,
    /// Nothing is confirmed, and questions are answered with "unknown".
    pub silent: bool,
    /// Confirmations wait this long.
    pub late_ms: u64,
    /// One bit of each result's signature is flipped.
    pub bad_signature: bool,
}
