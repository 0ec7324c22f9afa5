//! What others are told: the merchant's systems, and the counter's screen.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{AdoptionId, CodeId, CounterId, ExceptionId, MerchantId, PaymentId, StoreId};
use crate::merchant::InstitutionId;
use crate::payment::adoption::Adoption;
use crate::payment::{Attempt, OrderNumber, Payment};
use crate::word::words;

words! {
    /// What happened.
    EventKind {
        /// A payment was asked for.
        Created = "payment.created",
        /// A payer has begun to pay.
        Waiting = "payment.waiting",
        /// The payer's wallet says that it paid; the account that should have the money has not.
        Reported = "payment.reported",
        /// The money is there.
        Paid = "payment.paid",
        /// A try failed or was closed; the payment can be paid again.
        Released = "payment.released",
        /// The merchant cancelled it.
        Closed = "payment.closed",
        /// Its time ran out.
        Expired = "payment.expired",
        /// Money came that settles nothing.
        Exception = "payment.exception",
        /// An institution proved that a code which hangs on the wall is the merchant's.
        AdoptionProven = "adoption.proven",
        /// What the institution stated was no proof; it may still come.
        AdoptionMissed = "adoption.missed",
        /// The code stands for the merchant no longer, or never came to.
        AdoptionEnded = "adoption.ended",
        /// A code that payers use at this hour is used by nobody: somebody should look at the wall.
        CodeSilent = "code.silent",
        /// A code whose silence was told is used again.
        CodePaidAgain = "code.paid_again",
    }
}

/// What is told about a payment, enough to check it without asking back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EventData {
    /// The payment; absent where the money's order is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentId>,
    /// The adoption that it is about, instead of a payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adoption: Option<AdoptionId>,
    /// The code on the wall that it is about, instead of a payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign: Option<CodeId>,
    /// The shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
    /// The till.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counter: Option<CounterId>,
    /// Minor units: the price, or what came for an exception; absent where no money is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// ISO 4217 letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Whose app pays; of a payment that ended unpaid, whose app tried last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payer_institution: Option<InstitutionId>,
    /// Where the money goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payee_institution: Option<InstitutionId>,
    /// The account there, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_account: Option<String>,
    /// The attempt's number at the institutions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_number: Option<OrderNumber>,
    /// The institution's number for the money.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payee_reference: Option<String>,
    /// The merchant's own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The receipt's six digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// When the payer paid, by the institution's word; of a silent code, when the last one did; of one that
    /// is used again, when the newest one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When we learnt of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// The exception.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<ExceptionId>,
    /// What is wrong with the money, in the words of the problem list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The institution's signed statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

impl EventData {
    /// What there is to tell of a payment by itself.
    pub fn of(payment: &Payment) -> Self {
        Self {
            payment: Some(payment.id.clone()),
            amount_minor: Some(payment.amount.minor()),
            currency: Some(payment.amount.currency().code().to_owned()),
            reference: payment.reference.clone(),
            ..Self::at(&payment.store, payment.counter.as_ref())
        }
    }

    /// What there is to tell of an adoption: the amount is the one that was named as its proof.
    pub fn of_adoption(adoption: &Adoption) -> Self {
        Self {
            adoption: Some(adoption.id.clone()),
            amount_minor: Some(adoption.amount.minor()),
            currency: Some(adoption.amount.currency().code().to_owned()),
            payee_institution: Some(adoption.institution.clone()),
            payment_account: Some(adoption.account_reference.masked()),
            order_number: Some(adoption.order_number.clone()),
            ..Self::at(&adoption.store, adoption.counter.as_ref())
        }
    }

    /// What there is to tell of a code on a wall.
    pub fn of_sign(sign: &CodeId, store: &StoreId, counter: Option<&CounterId>) -> Self {
        Self {
            sign: Some(sign.clone()),
            ..Self::at(store, counter)
        }
    }

    fn at(store: &StoreId, counter: Option<&CounterId>) -> Self {
        Self {
            payment: None,
            adoption: None,
            sign: None,
            store: Some(store.clone()),
            counter: counter.cloned(),
            amount_minor: None,
            currency: None,
            payer_institution: None,
            payee_institution: None,
            payment_account: None,
            order_number: None,
            payee_reference: None,
            reference: None,
            number: None,
            paid_at: None,
            received_at: None,
            exception: None,
            code: None,
            evidence: None,
        }
    }

    /// And of the attempt at it.
    #[must_use]
    pub fn with_attempt(self, attempt: &Attempt) -> Self {
        Self {
            payer_institution: Some(attempt.payer.clone()),
            payee_institution: Some(attempt.payee.clone()),
            payment_account: Some(attempt.account_reference.masked()),
            order_number: Some(attempt.order_number.clone()),
            ..self
        }
    }
}

impl EventData {
    /// As it is stored and told: JSON on one line.
    pub fn to_json(&self) -> String {
        // Texts and numbers only, so there is nothing that JSON could not say.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// An event before it has its place in the merchant's sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Whose it is.
    pub merchant: MerchantId,
    /// What happened.
    pub kind: EventKind,
    /// To what.
    pub data: EventData,
}
