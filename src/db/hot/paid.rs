//! The plain end of a payment: what was read, what was decided, and every row that follows.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::id::{CounterId, EntryId, EventId, ResultId, StoreId};
use crate::payment::event::{EventData, EventKind};
use crate::payment::ledger::Posting;
use crate::payment::receipt::Receipt;
use crate::payment::{Attempt, Attested, Payment, RouteKind};

/// A payment that is to become paid.
#[derive(Debug, Clone)]
pub struct Paid {
    /// The attempt that paid it, as it was read.
    pub attempt: Attempt,
    /// The payment, as it was read.
    pub payment: Payment,
    /// What was attested.
    pub result: Attested,
    /// The statement's name here.
    pub result_id: ResultId,
    /// What is booked.
    pub entries: Vec<(EntryId, Posting)>,
    /// The merchant's calendar day.
    pub day: String,
    /// What the payer can show.
    pub receipt: Receipt,
    /// The event's name.
    pub event: EventId,
    /// What others are told.
    pub told: EventData,
    /// When this was decided.
    pub at: Timestamp,
}

/// The same, column by column.
#[derive(Debug, Serialize)]
pub(super) struct Columns<'a> {
    pub(super) attempt: &'a str,
    pub(super) attempt_version: i64,
    pub(super) payment: &'a str,
    pub(super) payment_version: i64,
    pub(super) merchant: &'a str,
    pub(super) at: i64,
    pub(super) paid_at: i64,
    pub(super) result: &'a str,
    pub(super) institution: &'a str,
    pub(super) payee_reference: &'a str,
    pub(super) order_number: &'a str,
    pub(super) status: &'a str,
    pub(super) amount: i64,
    pub(super) currency: &'a str,
    pub(super) account: &'a str,
    pub(super) jws: &'a str,
    pub(super) entries: Vec<EntryColumns<'a>>,
    pub(super) is_interop: bool,
    pub(super) payer: &'a str,
    pub(super) payee: &'a str,
    pub(super) clearing: &'a str,
    pub(super) day: &'a str,
    pub(super) receipt: &'a str,
    pub(super) store: &'a str,
    pub(super) number: &'a str,
    pub(super) receipt_jws: &'a str,
    pub(super) expires_at: i64,
    pub(super) event: &'a str,
    pub(super) event_store: Option<&'a str>,
    pub(super) event_counter: Option<&'a str>,
    pub(super) kind: &'a str,
    pub(super) data: String,
}

#[derive(Debug, Serialize)]
pub(super) struct EntryColumns<'a> {
    pub(super) id: &'a str,
    pub(super) debit: String,
    pub(super) credit: String,
    pub(super) amount: i64,
}

impl Paid {
    pub(super) fn columns(&self) -> Columns<'_> {
        let (attempt, payment, result) = (&self.attempt, &self.payment, &self.result);
        let entries = self.entries.iter().map(|(id, posting)| EntryColumns {
            id: id.as_str(),
            debit: posting.debit().to_string(),
            credit: posting.credit().to_string(),
            amount: posting.amount().minor(),
        });
        Columns {
            attempt: attempt.id.as_str(),
            attempt_version: attempt.version,
            payment: payment.id.as_str(),
            payment_version: payment.version,
            merchant: payment.merchant.as_str(),
            at: self.at.millis(),
            paid_at: result.paid_at.millis(),
            result: self.result_id.as_str(),
            institution: result.institution.as_str(),
            payee_reference: &result.payee_reference,
            order_number: result.order_number.as_str(),
            status: result.status.as_str(),
            amount: result.amount.minor(),
            currency: result.amount.currency().code(),
            account: &result.account,
            jws: &result.jws,
            entries: entries.collect(),
            is_interop: attempt.route_kind == RouteKind::Interop,
            payer: attempt.payer.as_str(),
            payee: attempt.payee.as_str(),
            clearing: attempt.clearing.as_deref().unwrap_or(""),
            day: &self.day,
            receipt: self.receipt.id.as_str(),
            store: self.receipt.store.as_str(),
            number: &self.receipt.number,
            receipt_jws: &self.receipt.jws,
            expires_at: self.receipt.expires_at.millis(),
            event: self.event.as_str(),
            event_store: self.told.store.as_ref().map(StoreId::as_str),
            event_counter: self.told.counter.as_ref().map(CounterId::as_str),
            kind: EventKind::Paid.as_str(),
            data: self.told.to_json(),
        }
    }
}
