//! The proof of one paid payment, which the payer shows and the cashier checks.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{CounterId, PaymentId, ReceiptId, StoreId};
use crate::word::words;

/// How long a receipt can be shown.
pub const LIFETIME: Duration = Duration::from_mins(10);

/// The `typ` of a receipt.
pub const TYP: &str = "tongma-receipt+jwt";

/// The claims of a `tongma-receipt+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptClaims {
    /// Our origin.
    pub iss: String,
    /// Issued at, seconds.
    pub iat: i64,
    /// Not to be shown after, seconds.
    pub exp: i64,
    /// The receipt's name.
    pub jti: ReceiptId,
    /// What was paid.
    pub payment: PaymentId,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217 letters.
    pub currency: String,
    /// The shop where it may be shown.
    pub store: StoreId,
    /// The till, where one was known.
    pub counter: Option<CounterId>,
    /// Six digits, unique per store and day.
    pub number: String,
}

words! {
    /// What the cashier is told about a receipt.
    ReceiptVerdict {
        /// Ours, paid, and shown for the first time.
        Genuine = "genuine",
        /// Ours and paid, but it was shown before.
        AlreadyShown = "already-shown",
        /// Ours, but of another store.
        OtherStore = "other-store",
        /// Ours, but its time is over.
        TooOld = "too-old",
        /// Not ours.
        Forged = "forged",
    }
}

/// A receipt as kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its name.
    pub id: ReceiptId,
    /// What was paid.
    pub payment: PaymentId,
    /// The shop.
    pub store: StoreId,
    /// Six digits.
    pub number: String,
    /// The signed text.
    pub jws: String,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Until when it may be shown.
    pub expires_at: Timestamp,
    /// When it was shown first.
    pub shown_at: Option<Timestamp>,
    /// Where it was shown first.
    pub shown_where: Option<String>,
}

/// Whoever shows the signed text has paid, as far as a cashier can tell.
impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Receipt({} of {})", self.id, self.payment)
    }
}
