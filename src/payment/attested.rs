//! What an institution states about an order, under its signature.

use serde::{Deserialize, Deserializer, Serialize};

use crate::clock::Timestamp;
use crate::merchant::InstitutionId;
use crate::money::{Amount, Currency, MoneyError};
use crate::payment::OrderNumber;
use crate::word::words;

words! {
    /// How an order ended.
    ResultStatus {
        /// The money is in the payment account.
        Paid = "paid",
        /// It failed and will not come.
        Failed = "failed",
        /// The order was closed unpaid.
        Closed = "closed",
    }
}

/// What others gave towards the price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Discount {
    /// Who bears it: `merchant`, or an institution.
    pub funder: String,
    /// Minor units of the order's currency.
    #[serde(deserialize_with = "whole")]
    pub amount_minor: i64,
}

/// The claims of a `tongma-result+jwt`, as `interfaces.md` fixes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultClaims {
    /// The institution that states it.
    pub iss: String,
    /// Our origin.
    pub aud: String,
    /// Issued at, seconds.
    pub iat: i64,
    /// Not to be taken after, seconds.
    pub exp: i64,
    /// The statement's own name.
    pub jti: String,
    /// Which order.
    pub order_number: String,
    /// The account's number at the institution.
    pub payment_account: String,
    /// The full price.
    #[serde(default = "no_amount", deserialize_with = "whole")]
    pub amount_minor: i64,
    /// What the payer gave; the price less discounts.
    #[serde(default, deserialize_with = "whole_if_given")]
    pub payer_amount_minor: Option<i64>,
    /// What others gave.
    #[serde(default)]
    pub discounts: Vec<Discount>,
    /// ISO 4217 letters.
    pub currency: String,
    /// The institution's number for the money; names it once and for all.
    pub payee_reference: String,
    /// How it ended.
    pub status: String,
    /// When the money came, RFC 3339.
    #[serde(default)]
    pub paid_at: Option<String>,
    /// Of an order that was opened with a code's text: SHA-256, hexadecimal, of the text of the code
    /// by which it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_sha256: Option<String>,
}

/// A statement whose fields make sense; whether it fits the order is for
/// [`judge`](crate::payment::judge()) to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attested {
    /// Who states it.
    pub institution: InstitutionId,
    /// Which order.
    pub order_number: OrderNumber,
    /// The account's number at the institution.
    pub account: String,
    /// The full price as the institution saw it.
    pub amount: Amount,
    /// What the payer gave.
    pub payer_amount: Amount,
    /// What others gave, in the order's currency.
    pub discounts: Vec<(String, Amount)>,
    /// The institution's number for the money.
    pub payee_reference: String,
    /// How it ended.
    pub status: ResultStatus,
    /// When the money came.
    pub paid_at: Timestamp,
    /// SHA-256, hexadecimal, of the text of the institution's own code by which it was paid.
    pub code_sha256: Option<String>,
    /// The signed text itself.
    pub jws: String,
}

/// Who bore which part of a price, in no order: what the books depend on besides the price itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    payer_minor: i64,
    discounts: Vec<(String, i64)>,
}

/// What does not make sense in a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestedError {
    /// Signed by one institution, issued in another's name, or for another order than asked.
    #[error("{field} of the result is not the caller's or not this order's")]
    WalletMismatch {
        /// The claim.
        field: &'static str,
    },
    /// Not an amount.
    #[error("{}", why.of(field))]
    Amount {
        /// The claim.
        field: &'static str,
        /// What is wrong.
        why: MoneyError,
    },
    /// Price ≠ payer amount + discounts.
    #[error("amount_minor must equal payer_amount_minor plus all discounts")]
    AmountsInconsistent,
    /// Not a time, or one that cannot be.
    #[error("paid_at must be an RFC 3339 time with an offset, not in the future")]
    TimeInvalid,
    /// A text that is empty, too long or holds control characters.
    #[error("{field} must have 1 to {limit} printable characters")]
    Text {
        /// The claim.
        field: &'static str,
        /// Characters at most.
        limit: usize,
    },
    /// A word that is no outcome.
    #[error("status must be paid, failed or closed")]
    Status,
}

/// The longest number that a known institution gives is 64 characters; twice that is generous.
const REFERENCE_CHARS_MAX: usize = 128;
/// How far an institution's clock may run ahead of ours.
const AHEAD_MS: i64 = 300_000;

impl Split {
    fn new(payer_minor: i64, discounts: impl Iterator<Item = (String, i64)>) -> Self {
        let mut discounts: Vec<_> = discounts.collect();
        discounts.sort_unstable();
        Self {
            payer_minor,
            discounts,
        }
    }
}

impl Attested {
    /// Who bore which part.
    pub fn split(&self) -> Split {
        let discounts = self.discounts.iter();
        let discounts = discounts.map(|(funder, given)| (funder.clone(), given.minor()));
        Split::new(self.payer_amount.minor(), discounts)
    }
}

impl ResultClaims {
    /// Who bore which part, of claims that were read before.
    pub fn split(self) -> Split {
        let payer_minor = self.payer_amount_minor.unwrap_or(self.amount_minor);
        let discounts = self.discounts.into_iter();
        Split::new(
            payer_minor,
            discounts.map(|discount| (discount.funder, discount.amount_minor)),
        )
    }

    /// Reads the claims of `institution` (known by its key) about `order`.
    pub fn read(
        self,
        institution: &InstitutionId,
        our_origin: &str,
        order: &OrderNumber,
        now: Timestamp,
        jws: &str,
    ) -> Result<Attested, AttestedError> {
        let own = |holds: bool, field| {
            if holds {
                Ok(())
            } else {
                Err(AttestedError::WalletMismatch { field })
            }
        };
        own(self.iss == institution.as_str(), "iss")?;
        own(self.aud == our_origin, "aud")?;
        own(self.order_number == order.as_str(), "order_number")?;
        printable("payee_reference", &self.payee_reference)?;
        printable("payment_account", &self.payment_account)?;
        printable("jti", &self.jti)?;
        let status: ResultStatus = self.status.parse().map_err(|_| AttestedError::Status)?;
        let wrong = |field| move |why| AttestedError::Amount { field, why };
        let currency: Currency = self.currency.parse().map_err(wrong("currency"))?;
        let amount =
            Amount::positive(self.amount_minor, currency).map_err(wrong("amount_minor"))?;
        let mut discounts = Vec::with_capacity(self.discounts.len());
        let payer_minor = self.payer_amount_minor.unwrap_or(self.amount_minor);
        let payer_amount =
            Amount::new(payer_minor, currency).map_err(wrong("payer_amount_minor"))?;
        let mut sum = payer_amount;
        for discount in self.discounts {
            printable("discounts.funder", &discount.funder)?;
            let given = Amount::positive(discount.amount_minor, currency)
                .map_err(wrong("discounts.amount_minor"))?;
            sum = sum.plus(given).map_err(wrong("discounts.amount_minor"))?;
            discounts.push((discount.funder, given));
        }
        if sum != amount {
            return Err(AttestedError::AmountsInconsistent);
        }
        Ok(Attested {
            institution: institution.clone(),
            order_number: order.clone(),
            account: self.payment_account,
            amount,
            payer_amount,
            discounts,
            payee_reference: self.payee_reference,
            status,
            paid_at: paid_at(self.paid_at.as_deref(), now)?,
            code_sha256: self.code_sha256,
            jws: jws.to_owned(),
        })
    }
}

/// Stands for whatever is no amount, so that it is refused as one and not as a broken statement.
const fn no_amount() -> i64 {
    i64::MIN
}

/// A whole number as JSON writes it: neither `1.0` nor `"100"`.
fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(value.as_i64().unwrap_or_else(no_amount))
}

fn whole_if_given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok((!value.is_null()).then(|| value.as_i64().unwrap_or_else(no_amount)))
}

/// An institution that gives no time means now.
fn paid_at(text: Option<&str>, now: Timestamp) -> Result<Timestamp, AttestedError> {
    let Some(text) = text else { return Ok(now) };
    let at: Timestamp = text.parse().map_err(|_| AttestedError::TimeInvalid)?;
    if at.millis() > now.millis().saturating_add(AHEAD_MS) {
        return Err(AttestedError::TimeInvalid);
    }
    Ok(at)
}

fn printable(field: &'static str, text: &str) -> Result<(), AttestedError> {
    let chars = text.chars().count();
    if (1..=REFERENCE_CHARS_MAX).contains(&chars) && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(AttestedError::Text {
            field,
            limit: REFERENCE_CHARS_MAX,
        })
    }
}
