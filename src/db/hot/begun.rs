//! The plain beginning of a payment: what it rests on, and every row that follows.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::crypto::digest::hex;
use crate::db::books::DaySums;
use crate::id::{AgreementId, CodeId, CounterId, EventId};
use crate::merchant::InstitutionId;
use crate::payment::event::{EventData, EventKind};
use crate::payment::{Attempt, Payment};

/// An attempt that is to hold its payment.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The attempt, as it is to stand.
    pub attempt: Attempt,
    /// The payment, as it is to stand: held by the attempt.
    pub payment: Payment,
    /// Whether the payment begins with this, as those of printed codes do. Else it must still be
    /// free, and one version younger.
    pub is_new: bool,
    /// What this was decided on.
    pub ground: Ground,
    /// The payer's day, where the payer is known.
    pub day: Option<Day>,
    /// The event's name.
    pub event: EventId,
    /// What others are told.
    pub told: EventData,
    /// When this was decided.
    pub at: Timestamp,
}

/// What was read some time before, and must still be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// The code that was scanned.
    pub code: CodeId,
    /// Its version.
    pub code_version: i64,
    /// From when it can no longer be paid, if ever.
    pub code_ends: Option<Timestamp>,
    /// The count of changes to what routes rest on.
    pub rules: i64,
}

/// One payer's day at the merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Who pays, as a keyed hash.
    pub payer_ref_hash: [u8; 32],
    /// The merchant's calendar day.
    pub day: String,
    /// What was spent before.
    pub spent: DaySums,
    /// Whether this payment counts towards what is paid by static codes, too.
    pub static_code: bool,
}

/// The same, column by column.
#[derive(Debug, Serialize)]
pub(super) struct Columns<'a> {
    pub(super) code: &'a str,
    pub(super) code_version: i64,
    pub(super) rules: i64,
    pub(super) payment: &'a str,
    pub(super) is_new: bool,
    pub(super) merchant: &'a str,
    pub(super) store: &'a str,
    pub(super) counter: Option<&'a str>,
    pub(super) amount: i64,
    pub(super) currency: &'a str,
    pub(super) payment_version: i64,
    pub(super) attempt: &'a str,
    pub(super) order_number: &'a str,
    pub(super) payer: &'a str,
    pub(super) payee: &'a str,
    pub(super) account: &'a str,
    pub(super) account_reference: String,
    pub(super) route_kind: &'static str,
    pub(super) route_reason: &'a str,
    pub(super) agreement: Option<&'a str>,
    pub(super) clearing: Option<&'a str>,
    pub(super) attester: Option<&'a str>,
    pub(super) way: &'static str,
    pub(super) payer_reference: &'a str,
    pub(super) request_digest: String,
    pub(super) payer_ref_hash: Option<String>,
    pub(super) state: &'static str,
    pub(super) handover: Option<&'a str>,
    pub(super) attempt_version: i64,
    pub(super) pay_before: i64,
    pub(super) close: i64,
    pub(super) next_query: i64,
    pub(super) day: Option<&'a str>,
    pub(super) day_of: Option<String>,
    pub(super) spent: Option<i64>,
    pub(super) spent_static: Option<i64>,
    pub(super) static_amount: i64,
    pub(super) event: &'a str,
    pub(super) kind: &'static str,
    pub(super) data: String,
    pub(super) at: i64,
}

impl Begun {
    /// What counts towards the payer's day by static codes.
    pub(super) fn static_amount(&self) -> i64 {
        let is_static = self.day.as_ref().is_some_and(|day| day.static_code);
        if is_static {
            self.payment.amount.minor()
        } else {
            0
        }
    }

    pub(super) fn columns(&self) -> Columns<'_> {
        let (attempt, payment) = (&self.attempt, &self.payment);
        let day = self.day.as_ref();
        Columns {
            code: self.ground.code.as_str(),
            code_version: self.ground.code_version,
            rules: self.ground.rules,
            payment: payment.id.as_str(),
            is_new: self.is_new,
            merchant: payment.merchant.as_str(),
            store: payment.store.as_str(),
            counter: payment.counter.as_ref().map(CounterId::as_str),
            amount: payment.amount.minor(),
            currency: payment.amount.currency().code(),
            payment_version: payment.version,
            attempt: attempt.id.as_str(),
            order_number: attempt.order_number.as_str(),
            payer: attempt.payer.as_str(),
            payee: attempt.payee.as_str(),
            account: attempt.account.as_str(),
            account_reference: attempt.account_reference.to_string(),
            route_kind: attempt.route_kind.as_str(),
            route_reason: &attempt.route_reason,
            agreement: attempt.agreement.as_ref().map(AgreementId::as_str),
            clearing: attempt.clearing.as_deref(),
            attester: attempt.attester.as_ref().map(InstitutionId::as_str),
            way: attempt.way.as_str(),
            payer_reference: &attempt.payer_reference,
            request_digest: hex(&attempt.request_digest),
            payer_ref_hash: attempt.payer_ref_hash.as_ref().map(|hash| hex(hash)),
            state: attempt.state.as_str(),
            handover: attempt.handover.as_deref(),
            attempt_version: attempt.version,
            pay_before: attempt.pay_before.millis(),
            close: attempt.close_at.millis(),
            next_query: attempt.next_query_at.millis(),
            day: day.map(|day| day.day.as_str()),
            day_of: day.map(|day| hex(&day.payer_ref_hash)),
            spent: day.map(|day| day.spent.all),
            spent_static: day.map(|day| day.spent.by_static_codes),
            static_amount: self.static_amount(),
            event: self.event.as_str(),
            kind: EventKind::Waiting.as_str(),
            data: self.told.to_json(),
            at: self.at.millis(),
        }
    }
}
