//! What a start writes: the payment that it begins or takes, and the attempt that holds it.

use std::time::Duration;

use serde::Serialize;

use crate::app::{App, Opened};
use crate::clock::Timestamp;
use crate::crypto::digest::sha256;
use crate::crypto::sealing::Purpose;
use crate::flow::FlowError;
use crate::flow::start::StartOrder;
use crate::id::{AttemptId, PaymentId};
use crate::merchant::{InstitutionId, PaymentAccount};
use crate::money::Amount;
use crate::payment::{Attempt, AttemptState, OrderNumber, Payment, State};
use crate::routing::{Reason, Route};
use crate::wallet;

/// The first question to the institution comes this long after the start, should it stay silent.
const FIRST_QUERY: Duration = Duration::from_secs(5);

/// An order code has its payment; every start at a static or fixed code makes one of its own, so
/// that payers in front of one sticker never wait for each other.
pub(super) fn payment(
    app: &App,
    now: Timestamp,
    order: &StartOrder,
    opened: &Opened,
    amount: Amount,
) -> Result<Payment, FlowError> {
    if let Some(payment) = &opened.payment {
        if order
            .payment
            .as_ref()
            .is_some_and(|named| *named != payment.id)
        {
            let detail = "the code asks for another payment";
            return Err(FlowError::field("/payment", "payment-mismatch", detail));
        }
        return match payment.state {
            State::Waiting { .. } => Err(FlowError::PaymentHeld),
            State::Created
            | State::Paid { .. }
            | State::PartlyRefunded { .. }
            | State::Refunded { .. }
            | State::Closed
            | State::Expired => Ok(payment.clone()),
        };
    }
    if order.payment.is_some() {
        let detail = "only an order code asks for a payment that exists";
        return Err(FlowError::field("/payment", "payment-mismatch", detail));
    }
    Ok(Payment {
        id: PaymentId::new(now, &*app.entropy),
        merchant: opened.merchant.id.clone(),
        store: opened.store.id.clone(),
        counter: opened.code.counter.clone(),
        code: Some(opened.code.id.clone()),
        reference: None,
        description: None,
        amount,
        state: State::Created,
        captured: Amount::zero(amount.currency()),
        refunded: Amount::zero(amount.currency()),
        version: 1,
        expires_at: None,
        created_at: now,
    })
}

/// An attempt that nobody knows of yet.
pub(super) fn attempt(
    app: &App,
    now: Timestamp,
    order: &StartOrder,
    payment: &Payment,
    (route, account, reason): (Route, PaymentAccount, Reason),
) -> Attempt {
    let least = wallet::by_id(&route.payee).about().pay_before_min_seconds;
    let patience = app
        .limits
        .pay_before
        .max(Duration::from_secs(u64::from(least)));
    Attempt {
        id: AttemptId::new(now, &*app.entropy),
        payment: payment.id.clone(),
        merchant: payment.merchant.clone(),
        order_number: OrderNumber::new(app.entropy.bytes()),
        payer: route.payer,
        payee: route.payee,
        account: account.id,
        account_reference: account.reference,
        route_kind: route.kind,
        route_reason: reason.to_string(),
        agreement: route.agreement,
        clearing: route.clearing.map(|clearing| clearing.to_string()),
        attester: route.attester,
        way: order.way,
        payer_reference: order.payer_reference.clone(),
        request_digest: request_digest(order),
        payer_ref_hash: None,
        source_hash: None,
        amount: payment.amount,
        state: AttemptState::Started,
        handover: None,
        version: 1,
        pay_before: now.plus(patience),
        close_at: now.plus(patience),
        reported_at: None,
        next_query_at: now.plus(FIRST_QUERY),
        queries: 0,
        started_at: now,
        decided_at: None,
    }
}

/// Who pays, as a keyed hash; nothing where the institution does not say.
pub(super) fn payer_hash(app: &App, order: &StartOrder) -> Option<[u8; 32]> {
    let payer: &InstitutionId = &order.payer;
    order.payer_ref.as_deref().map(|payer_ref| {
        app.sealer
            .mac(Purpose::Payer, format!("{payer}\0{payer_ref}").as_bytes())
    })
}

/// The facts by which a repeat is told from a conflict.
pub(super) fn request_digest(order: &StartOrder) -> [u8; 32] {
    #[derive(Serialize)]
    struct Facts<'a>(
        &'a str,
        &'a str,
        Option<&'a PaymentId>,
        Option<(i64, &'static str)>,
        Option<&'a str>,
    );
    let facts = Facts(
        order.way.as_str(),
        &order.text,
        order.payment.as_ref(),
        order
            .amount
            .map(|amount| (amount.minor(), amount.currency().code())),
        order.payer_ref.as_deref(),
    );
    sha256(&serde_json::to_vec(&facts).unwrap_or_default())
}
