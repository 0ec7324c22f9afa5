//! An order as the institution keeps it.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::merchant::{AccountReference, InstitutionId, Label};
use crate::money::{Amount, Currency};

/// What tongma sent with `POST /orders`; another field would be refused.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// tongma's number.
    pub order_number: String,
    /// The account that is paid.
    pub payment_account: AccountReference,
    /// What is to be paid.
    pub amount_minor: i64,
    /// In which currency.
    pub currency: Currency,
    /// Who is paid, for the payer's eyes.
    pub payee: String,
    /// What for.
    pub description: String,
    /// When tongma will close it.
    pub pay_before: Timestamp,
    /// Where to confirm.
    pub notify_url: String,
    /// Whose app pays.
    #[serde(default)]
    pub payer_institution: Option<InstitutionId>,
    /// The clearing channel, if the payer is another institution's.
    #[serde(default)]
    pub clearing: Option<Label>,
    /// The code here by which it is going to be paid, and by no other way.
    #[serde(default)]
    pub code_text: Option<String>,
    /// How far it is.
    #[serde(skip, default)]
    pub state: OrderState,
}

/// How far an order is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OrderState {
    /// Can be paid.
    #[default]
    Open,
    /// Money is in the account.
    Paid {
        /// The institution's number for it.
        payee_reference: String,
        /// When.
        paid_at: Timestamp,
    },
    /// The payer declined.
    Failed {
        /// The institution's number for it.
        payee_reference: String,
    },
    /// Can no longer be paid.
    Closed {
        /// The institution's number for it.
        payee_reference: String,
    },
}

impl Order {
    /// What is to be paid, if it is an amount at all.
    pub fn amount(&self) -> Option<Amount> {
        Amount::positive(self.amount_minor, self.currency).ok()
    }

    /// Whether another request under the same number says the same.
    pub fn same_facts(&self, other: &Self) -> bool {
        Self {
            state: OrderState::Open,
            ..self.clone()
        } == Self {
            state: OrderState::Open,
            ..other.clone()
        }
    }
}

impl OrderState {
    /// The word in results; nothing while it is open.
    pub const fn result(&self) -> Option<&'static str> {
        match self {
            Self::Open => None,
            Self::Paid { .. } => Some("paid"),
            Self::Failed { .. } => Some("failed"),
            Self::Closed { .. } => Some("closed"),
        }
    }

    /// The institution's number for the end of the order.
    pub fn payee_reference(&self) -> Option<&str> {
        match self {
            Self::Open => None,
            Self::Paid {
                payee_reference, ..
            }
            | Self::Failed { payee_reference }
            | Self::Closed { payee_reference } => Some(payee_reference),
        }
    }

    /// When the money came.
    pub const fn paid_at(&self) -> Option<Timestamp> {
        match self {
            Self::Paid { paid_at, .. } => Some(*paid_at),
            Self::Open | Self::Failed { .. } | Self::Closed { .. } => None,
        }
    }
}
