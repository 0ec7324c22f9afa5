//! Who is paid: merchants, their stores and tills, what they accept, and the codes on their walls.
//!
//! ```text
//! Merchant ─┬─ Store ── Counter
//!           ├─ PaymentAccount ── at an Institution
//!           ├─ Acceptance ────── of an Institution (invited → applied → enabled → …)
//!           └─ PrintedCode       (active ⇄ suspended → revoked)
//! PlateBatch ── Plate (blank ⇄ bound → void): bound, a PrintedCode stands behind it
//! Agreement: payers of one Institution may pay into accounts at another
//! ```
//!
//! Pure: what is here decides nothing about a scan (that is `routing`) and stores nothing (`db`).

mod acceptance;
mod access;
mod agreement;
mod institution;
mod key_use;
pub mod plate;
mod printed;
mod quota;
mod shop;
mod text;

pub use acceptance::{Acceptance, AcceptanceEvent, AcceptanceState, ProtectionClass, StaticLimits};
pub use access::{ApiKey, Scope, Scopes};
pub use agreement::{Agreement, AgreementEvent, AgreementState, Way, Ways};
pub use institution::{
    BasisPoints, Institution, InstitutionKey, InstitutionState, KeyAlgorithm, KeyMaterial,
    KeyState, PaymentAccount, PaymentAccountState,
};
pub use key_use::{KeyDirection, KeyUsed, UsedKey};
pub use printed::{CodeClass, CodeEvent, CodeState, CodeStop, PrintedCode};
pub use quota::{Quota, Quotas};
pub use shop::{Counter, Merchant, Store};
pub(crate) use text::is_invisible;
pub use text::{AccountReference, City, Country, InstitutionId, Label, Mcc, Name, TextError, Zone};

/// A move that a state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {now} and cannot {event}")]
pub struct Refused {
    /// What was to change.
    pub what: &'static str,
    /// The state it is in.
    pub now: &'static str,
    /// The move that was asked for.
    pub event: &'static str,
}
