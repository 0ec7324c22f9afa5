//! A code that another institution issued and that hangs on a merchant's wall already: asked for,
//! proven, or over.
//!
//! ```text
//! requested ──the named amount arrived──▶ proven ──released──▶ ended
//!     └──cancelled, expired, failed, refused, taken──▶ ended
//! ```
//!
//! tongma names an amount; it is paid to the code as any payer would; and the institution that holds
//! the merchant's payment account states under its signature that this amount came into this account
//! by this very code. Nothing that a payer sees counts. The money is the merchant's own, outside
//! these books: it was paid to a code that was not yet ours.

use std::time::Duration;

use data_encoding::HEXLOWER;

use crate::clock::Timestamp;
use crate::id::{AdoptionId, CodeId, CounterId, MerchantId, PaymentAccountId, StoreId};
use crate::merchant::{AccountReference, InstitutionId, Refused};
use crate::money::{Amount, Currency, MoneyError};
use crate::payment::{Attested, OrderNumber, ResultStatus};
use crate::word::words;

words! {
    /// Where an adoption stands.
    AdoptionState {
        /// The proof has yet to come.
        Requested = "requested",
        /// A scan of the code that is sent here leads to this merchant.
        Proven = "proven",
        /// Over: the code means nothing here.
        Ended = "ended",
    }

    /// Why an adoption is over.
    AdoptionEnd {
        /// The merchant let the code go.
        Released = "released",
        /// The merchant gave up before it was proven.
        Cancelled = "cancelled",
        /// No proof came in time.
        Expired = "expired",
        /// What came was no proof, too often.
        Failed = "failed",
        /// The institution does not know the code, or not as this account's.
        Refused = "refused",
        /// Another merchant proved the same code first.
        Taken = "taken",
    }

    /// Why a statement proves nothing.
    NoProof {
        /// The order ended without money.
        Unpaid = "proof-unpaid",
        /// The money came into another account.
        Account = "proof-account-mismatch",
        /// The money came by another code, or the statement does not say by which.
        Code = "proof-code-mismatch",
        /// Another currency.
        Currency = "proof-currency-mismatch",
        /// Another amount than the one that was named.
        Amount = "proof-amount-mismatch",
        /// Paid before the amount was named.
        Early = "proof-early",
        /// Paid after the deadline.
        Late = "proof-late",
        /// Another merchant had proved the same code.
        Taken = "proof-taken",
        /// There is nothing to prove any more.
        Over = "proof-over",
    }
}

/// An adoption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// Ours.
    pub id: AdoptionId,
    /// Who asks.
    pub merchant: MerchantId,
    /// In which store the code hangs.
    pub store: StoreId,
    /// At which till, if at one.
    pub counter: Option<CounterId>,
    /// Whose code it is; with `text` its name.
    pub network: String,
    /// The one spelling of it.
    pub text: String,
    /// SHA-256 of `text`.
    pub text_hash: [u8; 32],
    /// What stands on the wall, letter by letter: the institution knows its code by no other spelling.
    pub said: String,
    /// SHA-256 of `said`.
    pub said_hash: [u8; 32],
    /// The account that the proof arrives in, and that payments go into.
    pub account: PaymentAccountId,
    /// The institution that holds it.
    pub institution: InstitutionId,
    /// The institution's number for it.
    pub account_reference: AccountReference,
    /// Under which the institution speaks of the proof.
    pub order_number: OrderNumber,
    /// What is to be paid to the code.
    pub amount: Amount,
    /// Until when.
    pub pay_before: Timestamp,
    /// When the institution was told to look out for it; nothing once it was told to look no longer.
    pub opened_at: Option<Timestamp>,
    /// When to ask it next.
    pub next_ask_at: Timestamp,
    /// How often it was asked.
    pub asks: i64,
    /// Where it stands.
    pub standing: Standing,
    /// Counts its changes.
    pub version: i64,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

/// Where an adoption stands, with what belongs to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The proof has yet to come.
    Requested {
        /// How many statements may still be no proof.
        tries_left: u8,
    },
    /// The code stands for this merchant.
    Proven {
        /// Since when.
        at: Timestamp,
        /// Our code behind it.
        code: CodeId,
    },
    /// Over.
    Ended {
        /// Since when.
        at: Timestamp,
        /// Why.
        why: AdoptionEnd,
        /// Our code behind it, where it was proven.
        code: Option<CodeId>,
    },
}

/// What happens to an adoption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdoptionChange {
    /// The institution stated what was to be stated.
    Proven {
        /// Our code behind it from now on.
        code: CodeId,
    },
    /// The institution stated something else.
    Missed,
    /// The institution stated that nothing will come.
    Failed,
    /// The institution will not look out for it.
    Refused,
    /// The deadline passed.
    Expired,
    /// Another merchant was faster.
    Taken,
    /// The merchant wants no more of it.
    Ended,
}

/// How many statements may be no proof before it is over: one for a mistyped amount, one more.
pub const TRIES: u8 = 3;
/// How long the merchant may take to pay the amount.
pub const PAY_WITHIN: Duration = Duration::from_mins(30);

/// The amounts that are named lie between these, in minor units: little, but no price that a
/// customer who pays the same code meanwhile is likely to hit.
const AMOUNT_MIN: u64 = 101;
const AMOUNT_MAX: u64 = 999;

/// The amount to be paid as proof, drawn by chance.
pub fn proof_amount(random: [u8; 8], currency: Currency) -> Result<Amount, MoneyError> {
    let choices = AMOUNT_MAX - AMOUNT_MIN + 1;
    let minor = AMOUNT_MIN + u64::from_be_bytes(random) % choices;
    Amount::positive(i64::try_from(minor).unwrap_or(i64::MAX), currency)
}

/// Whether a statement of the account's institution about this adoption's order is the proof.
/// Clocks may differ by `skew`.
pub fn judge(adoption: &Adoption, result: &Attested, skew: Duration) -> Result<(), NoProof> {
    if !matches!(adoption.standing, Standing::Requested { .. }) {
        return Err(NoProof::Over);
    }
    if result.status != ResultStatus::Paid {
        return Err(NoProof::Unpaid);
    }
    if result.account != adoption.account_reference.as_str() {
        return Err(NoProof::Account);
    }
    if result.code_sha256.as_deref() != Some(adoption.code_sha256().as_str()) {
        return Err(NoProof::Code);
    }
    if result.amount.currency() != adoption.amount.currency() {
        return Err(NoProof::Currency);
    }
    if result.amount != adoption.amount {
        return Err(NoProof::Amount);
    }
    if result.paid_at < adoption.requested_at.minus(skew) {
        return Err(NoProof::Early);
    }
    if result.paid_at > adoption.pay_before {
        return Err(NoProof::Late);
    }
    Ok(())
}

impl NoProof {
    /// What a statement that proves nothing does to the adoption; nothing where it is over.
    pub const fn change(self, status: ResultStatus) -> Option<AdoptionChange> {
        match self {
            Self::Over => None,
            Self::Unpaid => match status {
                ResultStatus::Failed => Some(AdoptionChange::Failed),
                ResultStatus::Closed | ResultStatus::Paid => Some(AdoptionChange::Expired),
            },
            Self::Late => Some(AdoptionChange::Expired),
            Self::Taken => Some(AdoptionChange::Taken),
            Self::Account | Self::Code | Self::Currency | Self::Amount | Self::Early => {
                Some(AdoptionChange::Missed)
            }
        }
    }
}

impl Adoption {
    /// By what a statement names the code.
    pub fn code_sha256(&self) -> String {
        HEXLOWER.encode(&self.said_hash)
    }

    /// The adoption after `change`, one version on.
    pub fn after(self, change: AdoptionChange, now: Timestamp) -> Result<Self, Refused> {
        let standing = self.standing.apply(change, now)?;
        Ok(Self {
            standing,
            version: self.version.saturating_add(1),
            ..self
        })
    }
}

impl Standing {
    /// Every move there is.
    pub fn apply(self, change: AdoptionChange, now: Timestamp) -> Result<Self, Refused> {
        use AdoptionChange as C;
        let over = |why, code| Self::Ended { at: now, why, code };
        match self {
            Self::Requested { tries_left } => Ok(match change {
                C::Proven { code } => Self::Proven { at: now, code },
                C::Missed => match tries_left.saturating_sub(1) {
                    0 => over(AdoptionEnd::Failed, None),
                    tries_left => Self::Requested { tries_left },
                },
                C::Failed => over(AdoptionEnd::Failed, None),
                C::Refused => over(AdoptionEnd::Refused, None),
                C::Expired => over(AdoptionEnd::Expired, None),
                C::Taken => over(AdoptionEnd::Taken, None),
                C::Ended => over(AdoptionEnd::Cancelled, None),
            }),
            Self::Proven { ref code, .. } => match change {
                C::Ended => Ok(over(AdoptionEnd::Released, Some(code.clone()))),
                C::Proven { .. } | C::Missed | C::Failed | C::Refused | C::Expired | C::Taken => {
                    Err(self.refuses(&change))
                }
            },
            Self::Ended { .. } => match change {
                C::Proven { .. }
                | C::Missed
                | C::Failed
                | C::Refused
                | C::Expired
                | C::Taken
                | C::Ended => Err(self.refuses(&change)),
            },
        }
    }

    /// The state's word.
    pub const fn state(&self) -> AdoptionState {
        match self {
            Self::Requested { .. } => AdoptionState::Requested,
            Self::Proven { .. } => AdoptionState::Proven,
            Self::Ended { .. } => AdoptionState::Ended,
        }
    }

    /// Our code behind it, where there is one.
    pub const fn code(&self) -> Option<&CodeId> {
        match self {
            Self::Requested { .. } => None,
            Self::Proven { code, .. } => Some(code),
            Self::Ended { code, .. } => code.as_ref(),
        }
    }

    const fn refuses(&self, change: &AdoptionChange) -> Refused {
        Refused {
            what: "adoption",
            now: self.state().as_str(),
            event: change.name(),
        }
    }
}

impl AdoptionChange {
    const fn name(&self) -> &'static str {
        match self {
            Self::Proven { .. } => "be proven",
            Self::Missed => "miss its proof",
            Self::Failed => "fail",
            Self::Refused => "be refused",
            Self::Expired => "expire",
            Self::Taken => "be taken",
            Self::Ended => "end",
        }
    }
}
