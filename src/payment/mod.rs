//! What a merchant is owed once, and how it comes to be paid. Pure: no clock, no chance, no disk.
//!
//! ```text
//! payment   created ──held──▶ waiting ──paid──▶ paid ──▶ partly refunded ──▶ refunded
//!              ▲ └─cancelled─▶ closed    │
//!              └───released──────────────┘      created ──▶ expired
//! attempt   started ──handed over──▶ waiting ──▶ paid │ failed │ closed
//! ```
//!
//! An attempt holds its payment until the payee institution says paid, failed or closed; silence
//! decides nothing. [`judge`](judge()) reads what an institution attested against what was agreed,
//! [`ledger`] books it, [`event`] tells it. [`adoption`] is how a code that hangs on the wall already
//! comes to stand for its merchant.

pub mod adoption;
mod attempt;
mod attested;
pub mod event;
mod judge;
pub mod ledger;
mod order_number;
pub mod receipt;
mod state;

pub use attempt::{Attempt, AttemptChange, AttemptState, PaymentWay, RouteKind};
pub use attested::{Attested, AttestedError, Discount, ResultClaims, ResultStatus, Split};
pub use judge::{ExceptionCode, Verdict, judge};
pub use order_number::{OrderNumber, OrderNumberError};
pub use state::{Change, Refused, State};

use crate::clock::Timestamp;
use crate::id::{CodeId, CounterId, MerchantId, PaymentId, StoreId};
use crate::money::Amount;

/// What a merchant is owed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its name.
    pub id: PaymentId,
    /// Who is owed.
    pub merchant: MerchantId,
    /// In which shop.
    pub store: StoreId,
    /// At which till, where that is known.
    pub counter: Option<CounterId>,
    /// The code that was scanned.
    pub code: Option<CodeId>,
    /// The merchant's own number for it.
    pub reference: Option<String>,
    /// What it is for, shown to the payer.
    pub description: Option<String>,
    /// The full price.
    pub amount: Amount,
    /// Where it stands.
    pub state: State,
    /// What came in, minor units of the price's currency.
    pub captured: Amount,
    /// What went back.
    pub refunded: Amount,
    /// Changes so far; guards every update.
    pub version: i64,
    /// Until when it can be started; never for a static code's payments.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Payment {
    /// Whether nothing may start it any more.
    pub fn is_past(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }

    /// The payment after `change`, one version on.
    pub fn after(self, change: Change) -> Result<Self, Refused> {
        let captured = match &change {
            Change::Paid { .. } => self.amount,
            Change::Held { .. }
            | Change::Released { .. }
            | Change::Cancelled
            | Change::Expired
            | Change::Refunded { .. } => self.captured,
        };
        let state = self.state.apply(change)?;
        Ok(Self {
            state,
            captured,
            version: self.version.saturating_add(1),
            ..self
        })
    }
}

#[cfg(test)]
mod tests;
