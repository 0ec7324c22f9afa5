//! A payer begins to pay: an attempt takes the payment, and the payee institution opens an order.
//!
//! The attempt is written and committed before anybody is called. Whatever happens to the call, the
//! row says that there may be an order at the institution, and the sweep asks until it is known.

mod allowed;
mod opening;

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use self::allowed::{check_source, check_texts, day_cap, name_the_limit, settle_amount};
use self::opening::{hand_over, open_order};
use crate::app::App;
use crate::code::run::CodeKind;
use crate::crypto::digest::sha256;
use crate::crypto::sealing::Purpose;
use crate::db::books::PayerDay;
use crate::db::{self, DbError, Tx};
use crate::flow::open_code::{self, Opened, Scanned};
use crate::flow::routes::{Asked, Routed, must};
use crate::flow::{FlowError, RouteView, resolve, settle, tell};
use crate::id::{AttemptId, PaymentId};
use crate::merchant::{InstitutionId, Merchant};
use crate::money::Amount;
use crate::payment::event::{EventData, EventKind};
use crate::payment::{Attempt, AttemptState, Change, OrderNumber, Payment, PaymentWay, State};
use crate::wallet::{self, Handover};

/// What a wallet, or a page in its browser, asks for.
#[derive(Clone)]
pub struct StartOrder {
    /// The scanned text.
    pub text: String,
    /// Whose app scanned it.
    pub payer: InstitutionId,
    /// Through which door.
    pub way: PaymentWay,
    /// The payment that the payer saw, where the wallet names it.
    pub payment: Option<PaymentId>,
    /// What the payer entered, or saw.
    pub amount: Option<Amount>,
    /// The payer institution's own number for this.
    pub payer_reference: String,
    /// What the institution calls the payer.
    pub payer_ref: Option<String>,
    /// Where an unidentified browser's call came from.
    pub source: Option<String>,
}

/// Without what names the payer, and without the text, which opens the code.
impl fmt::Debug for StartOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartOrder")
            .field("payer", &self.payer)
            .field("way", &self.way)
            .field("payment", &self.payment)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

/// An attempt that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The attempt.
    pub attempt: AttemptId,
    /// What it pays.
    pub payment: PaymentId,
    /// Its number at the institutions.
    pub order_number: OrderNumber,
    /// How much.
    pub amount: Amount,
    /// When the order is closed if nobody has paid.
    pub pay_before: crate::clock::Timestamp,
    /// How the payer's wallet gets at the order.
    pub handover: Handover,
    /// Where the money goes, and why.
    pub route: RouteView,
    /// False where the same was asked before.
    pub is_new: bool,
}

/// The first question to the institution comes this long after the start, should it stay silent.
const FIRST_QUERY: Duration = Duration::from_secs(5);

/// Begins to pay; the same `payer_reference` with the same facts brings the same answer.
pub async fn start(app: &App, order: StartOrder) -> Result<Started, FlowError> {
    check_texts(&order)?;
    let scanned = open_code::read(app, &order.text)?;
    let (attempt, payment, merchant, is_new) = begin(app, &order, &scanned).await?;
    if let Some(handover) = &attempt.handover {
        return Ok(started(&attempt, read_handover(handover)?, is_new));
    }
    if !attempt.state.holds() {
        // It ended before it could be handed over; the caller may look it up.
        return Err(FlowError::State {
            what: "attempt",
            now: attempt.state.as_str(),
            change: "started",
        });
    }
    match open_order(app, &attempt, &payment, &merchant).await? {
        Ok(handover) => {
            hand_over(app, &attempt, &handover).await?;
            Ok(started(&attempt, handover, is_new))
        }
        // The first call may have opened the order after all: its end is asked for, not assumed.
        Err(_) if !is_new => Err(FlowError::PayeeUnavailable),
        Err(refusal) => {
            settle::refuse(app, &attempt.id).await?;
            Err(FlowError::PayeeRefused(refusal))
        }
    }
}

/// Opens an order once more whose opening may never have arrived, because an institution cannot
/// close what it does not know. True when it refused, and the attempt has ended with that.
pub(super) async fn reopen(app: &App, attempt: &Attempt) -> Result<bool, FlowError> {
    let missing = || FlowError::NotFound("payment");
    let mut tx = app.db.read().await?;
    let payment = db::payments::find(&mut tx, &attempt.payment).await?;
    let merchant = db::merchants::find(&mut tx, &attempt.merchant).await?;
    tx.commit().await?;
    let (payment, merchant) = (payment.ok_or_else(missing)?, merchant.ok_or_else(missing)?);
    match open_order(app, attempt, &payment, &merchant).await {
        Ok(Ok(_)) | Err(FlowError::PayeeUnavailable) => Ok(false),
        Ok(Err(refusal)) => {
            tracing::info!(attempt = %attempt.id, "{} refused: {refusal}", attempt.payee);
            settle::refuse(app, &attempt.id).await?;
            Ok(true)
        }
        Err(error) => Err(error),
    }
}

fn started(attempt: &Attempt, handover: Handover, is_new: bool) -> Started {
    Started {
        attempt: attempt.id.clone(),
        payment: attempt.payment.clone(),
        order_number: attempt.order_number.clone(),
        amount: attempt.amount,
        pay_before: attempt.pay_before,
        handover,
        route: RouteView::of(attempt),
        is_new,
    }
}

fn read_handover(stored: &str) -> Result<Handover, FlowError> {
    serde_json::from_str(stored).map_err(|_| FlowError::NotFound("handover"))
}

/// Two who cross at one payment are told apart by looking again; more than a few times means
/// trouble.
const TRIES: u32 = 3;

async fn begin(
    app: &App,
    order: &StartOrder,
    scanned: &Scanned,
) -> Result<(Attempt, Payment, Merchant, bool), FlowError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match begin_once(app, order, scanned).await {
            Err(FlowError::Db(DbError::Conflict { .. })) if tries < TRIES => {}
            done => return done,
        }
    }
}

/// The intent, in one transaction: everything is checked again here, whatever `resolve` had said.
async fn begin_once(
    app: &App,
    order: &StartOrder,
    scanned: &Scanned,
) -> Result<(Attempt, Payment, Merchant, bool), FlowError> {
    let digest = request_digest(order);
    let mut tx = app.db.begin().await?;
    if let Some(found) = repeat(&mut tx, order, &digest).await? {
        tx.commit().await?;
        return Ok(found);
    }
    let opened = open_code::hold(&mut tx, scanned).await?;
    resolve::payable(&mut tx, &opened)?;
    let amount = settle_amount(order, &opened)?;
    let payment = find_or_make(app, &mut tx, order, &opened, amount).await?;
    let source_hash = check_source(app, &mut tx, order, &opened, &payment).await?;
    let payer_ref_hash = order
        .payer_ref
        .as_deref()
        .map(|payer| hash(app, &order.payer, payer));
    let day = tx.now().day_in(opened.merchant.time_zone.as_str());
    let payer_day = payer_ref_hash.as_ref().map(|payer_ref_hash| PayerDay {
        payer: &order.payer,
        merchant: &opened.merchant.id,
        payer_ref_hash,
        day: &day,
    });
    let spent_today = match payer_day {
        Some(payer_day) => {
            let minor = db::books::spent(&mut tx, payer_day, amount.currency().code()).await?;
            Some(
                Amount::new(minor, amount.currency())
                    .map_err(|why| FlowError::amount("/amount_minor", &why))?,
            )
        }
        None => None,
    };
    let asked = Asked {
        payer: &order.payer,
        door: order.way,
        static_code: opened.code.kind == CodeKind::Static,
        class: opened.code.class,
        only: opened.code.account.as_ref(),
        amount: Some(amount),
        currency: amount.currency(),
        spent_today,
    };
    let routed = must(app, &mut tx, &opened.merchant, &asked)
        .await
        .map_err(name_the_limit)?;
    let counted = match (payer_day, day_cap(&asked, &routed)) {
        (Some(payer_day), Some((rule, limit))) => {
            if !db::books::spend(&mut tx, payer_day, amount, limit).await? {
                return Err(FlowError::LimitExceeded { rule, limit });
            }
            true
        }
        (Some(_) | None, Some(_) | None) => false,
    };
    let attempt = Attempt {
        // Only what was counted is given back when the attempt comes to nothing.
        payer_ref_hash: payer_ref_hash.filter(|_| counted),
        source_hash,
        ..new_attempt(app, &tx, order, digest, &payment, routed)
    };
    if !db::attempts::insert(&mut tx, &attempt).await? {
        // A twin of this very call, or another payer, was faster.
        tx.rollback().await?;
        let mut tx = app.db.read().await?;
        let found = repeat(&mut tx, order, &digest).await?;
        tx.commit().await?;
        return found.ok_or(FlowError::PaymentHeld);
    }
    let payment = payment.after(Change::Held {
        attempt: attempt.id.clone(),
    })?;
    db::payments::update(&mut tx, &payment).await?;
    let told = EventData::of(&payment).with_attempt(&attempt);
    tell::publish(app, &mut tx, &payment.merchant, EventKind::Waiting, told).await?;
    tx.commit().await?;
    app.bell.ring();
    app.metrics.attempt_started(
        attempt.payer.as_str(),
        attempt.route_kind.as_str(),
        attempt.way.as_str(),
    );
    Ok((attempt, payment, opened.merchant, true))
}

/// What was begun before under the same `payer_reference`.
async fn repeat(
    tx: &mut Tx,
    order: &StartOrder,
    digest: &[u8; 32],
) -> Result<Option<(Attempt, Payment, Merchant, bool)>, FlowError> {
    let Some(attempt) =
        db::attempts::by_reference(tx, &order.payer, &order.payer_reference).await?
    else {
        return Ok(None);
    };
    if attempt.request_digest != *digest {
        return Err(FlowError::ReferenceConflict);
    }
    if attempt.handover.is_none() && attempt.state.holds() && tx.now() >= attempt.close_at {
        // It is being closed at the institution; an order that was lost is not opened any more.
        return Err(FlowError::State {
            what: "attempt",
            now: "overdue",
            change: "started",
        });
    }
    let missing = || FlowError::NotFound("payment");
    let payment = db::payments::find(tx, &attempt.payment)
        .await?
        .ok_or_else(missing)?;
    let merchant = db::merchants::find(tx, &attempt.merchant)
        .await?
        .ok_or_else(missing)?;
    Ok(Some((attempt, payment, merchant, false)))
}

/// An order code has its payment; every start at a static or fixed code makes one of its own, so
/// that payers in front of one sticker never wait for each other.
async fn find_or_make(
    app: &App,
    tx: &mut Tx,
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
    let now = tx.now();
    let payment = Payment {
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
    };
    db::payments::insert(tx, &payment).await?;
    Ok(payment)
}

fn new_attempt(
    app: &App,
    tx: &Tx,
    order: &StartOrder,
    request_digest: [u8; 32],
    payment: &Payment,
    routed: Routed,
) -> Attempt {
    let now = tx.now();
    let Routed {
        route,
        account,
        decision,
        ..
    } = routed;
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
        route_reason: decision.reason.to_string(),
        agreement: route.agreement,
        clearing: route.clearing.map(|clearing| clearing.to_string()),
        attester: route.attester,
        way: order.way,
        payer_reference: order.payer_reference.clone(),
        request_digest,
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

fn hash(app: &App, payer: &InstitutionId, payer_ref: &str) -> [u8; 32] {
    app.sealer
        .mac(Purpose::Payer, format!("{payer}\0{payer_ref}").as_bytes())
}

/// The facts by which a repeat is told from a conflict.
fn request_digest(order: &StartOrder) -> [u8; 32] {
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
