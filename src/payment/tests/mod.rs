//! What follows from a statement, case by case: one attempt that holds one payment, and all that an
//! institution could say about it.

mod adoption;
mod attested;
mod books;
mod event;
mod judge;
mod receipt;
mod steps;

use crate::clock::Timestamp;
use crate::id::{AttemptId, CounterId, MerchantId, PaymentAccountId, PaymentId, StoreId};
use crate::merchant::InstitutionId;
use crate::money::{Amount, Currency};
use crate::payment::{
    Attempt, AttemptState, Attested, OrderNumber, Payment, PaymentWay, ResultClaims, ResultStatus,
    RouteKind, State,
};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const ORDER: &str = "0123456789abcdef0123456789abcdef";
const ORIGIN: &str = "https://pay.example";

fn seconds_later(seconds: u64) -> Timestamp {
    NOW.plus(std::time::Duration::from_secs(seconds))
}

fn cny(minor: i64) -> Amount {
    Amount::new(minor, Currency::CNY).unwrap()
}

fn yen() -> Currency {
    "JPY".parse().unwrap()
}

fn institution(name: &str) -> InstitutionId {
    name.parse().unwrap()
}

fn order() -> OrderNumber {
    ORDER.parse().unwrap()
}

/// An id whose digits are all the same.
fn id<T: std::str::FromStr>(prefix: &str, digit: &str) -> T {
    let text = format!("{prefix}{}", digit.repeat(26));
    text.parse().ok().unwrap()
}

fn attempt_id(digit: &str) -> AttemptId {
    id("att_", digit)
}

fn account_id() -> PaymentAccountId {
    id("acc_", "0")
}

/// A payment of 100.00 that the attempt holds.
fn payment() -> Payment {
    Payment {
        id: id::<PaymentId>("pay_", "0"),
        merchant: id::<MerchantId>("mer_", "0"),
        store: id::<StoreId>("sto_", "0"),
        counter: Some(id::<CounterId>("ctr_", "0")),
        code: None,
        reference: Some("table 7".to_owned()),
        description: None,
        amount: cny(10_000),
        state: State::Waiting {
            attempt: attempt_id("0"),
        },
        captured: cny(0),
        refunded: cny(0),
        version: 1,
        expires_at: Some(seconds_later(600)),
        created_at: NOW,
    }
}

/// An attempt of a payer of one bank into an account at another.
fn attempt() -> Attempt {
    Attempt {
        id: attempt_id("0"),
        payment: payment().id,
        merchant: payment().merchant,
        order_number: order(),
        payer: institution("payer_bank"),
        payee: institution("payee_bank"),
        account: account_id(),
        account_reference: "1900000109".parse().unwrap(),
        route_kind: RouteKind::Interop,
        route_reason: "preferred".to_owned(),
        agreement: None,
        clearing: None,
        attester: Some(institution("clearing_bank")),
        way: PaymentWay::Api,
        payer_reference: "r1".to_owned(),
        request_digest: [0; 32],
        payer_ref_hash: None,
        source_hash: None,
        amount: cny(10_000),
        state: AttemptState::Waiting,
        handover: None,
        version: 1,
        pay_before: seconds_later(60),
        close_at: seconds_later(60),
        reported_at: None,
        next_query_at: NOW,
        queries: 0,
        started_at: NOW,
        decided_at: None,
    }
}

/// What the payee institution claims when all went well.
fn claims() -> ResultClaims {
    ResultClaims {
        iss: "payee_bank".to_owned(),
        aud: ORIGIN.to_owned(),
        iat: NOW.seconds(),
        exp: NOW.seconds() + 300,
        jti: "j1".to_owned(),
        order_number: ORDER.to_owned(),
        payment_account: "1900000109".to_owned(),
        amount_minor: 10_000,
        payer_amount_minor: None,
        discounts: Vec::new(),
        currency: "CNY".to_owned(),
        payee_reference: "p1".to_owned(),
        status: "paid".to_owned(),
        paid_at: None,
        code_sha256: None,
    }
}

/// The same, read.
fn result() -> Attested {
    Attested {
        institution: institution("payee_bank"),
        order_number: order(),
        account: "1900000109".to_owned(),
        amount: cny(10_000),
        payer_amount: cny(10_000),
        discounts: Vec::new(),
        payee_reference: "p1".to_owned(),
        status: ResultStatus::Paid,
        paid_at: NOW,
        code_sha256: None,
        jws: "a.b.c".to_owned(),
    }
}
