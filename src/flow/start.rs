//! A payer begins to pay: an attempt takes the payment, and the payee institution opens an order.
//!
//! The attempt is written and committed before anybody is called. Whatever happens to the call, the
//! row says that there may be an order at the institution, and the sweep asks until it is known.

use std::time::Duration;

use serde::Serialize;

use crate::app::App;
use crate::code::run::{CodeKind, Parsed};
use crate::crypto::digest::sha256;
use crate::crypto::sealing::Purpose;
use crate::db::books::PayerDay;
use crate::db::{self, Tx};
use crate::flow::open_code::{self, Opened};
use crate::flow::routes::{Asked, Routed, must};
use crate::flow::{FlowError, RouteView, payment, resolve, settle};
use crate::id::{AttemptId, PaymentId};
use crate::merchant::{AcceptanceState, InstitutionId, Merchant};
use crate::money::Amount;
use crate::payment::event::{EventData, EventKind};
use crate::payment::{
    Attempt, AttemptChange, AttemptState, Change, OrderNumber, Payment, PaymentWay, State,
};
use crate::wallet::{self, Handover, Operation, OrderRequest, Reply};

/// What a wallet, or a page in its browser, asks for.
#[derive(Debug, Clone)]
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
/// How far back starts of one browser at a static code count.
const SOURCE_WINDOW: Duration = Duration::from_mins(10);

/// Begins to pay; the same `payer_reference` with the same facts brings the same answer.
pub async fn start(app: &App, order: StartOrder) -> Result<Started, FlowError> {
    let parsed = open_code::read(app, &order.text)?;
    let (attempt, payment, merchant, is_new) = begin(app, &order, &parsed).await?;
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
        Err(refusal) => {
            settle::release(app, &attempt.id, AttemptState::Failed).await?;
            Err(FlowError::PayeeRefused(refusal))
        }
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

/// The intent, in one transaction: everything is checked again here, whatever `resolve` had said.
async fn begin(
    app: &App,
    order: &StartOrder,
    parsed: &Parsed,
) -> Result<(Attempt, Payment, Merchant, bool), FlowError> {
    let digest = request_digest(order);
    let mut tx = app.db.begin().await?;
    if let Some(found) = repeat(&mut tx, order, &digest).await? {
        tx.commit().await?;
        return Ok(found);
    }
    let opened = open_code::find(&mut tx, parsed).await?;
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
        amount: Some(amount),
        currency: amount.currency(),
        spent_today,
    };
    let routed = must(app, &mut tx, &opened.merchant, &asked).await?;
    if let (Some(payer_day), Some(cap)) = (payer_day, day_cap(app, &asked, &routed))
        && !db::books::spend(&mut tx, payer_day, amount, cap).await?
    {
        return Err(FlowError::LimitExceeded {
            rule: "payer-day",
            limit: cap,
        });
    }
    let attempt = Attempt {
        payer_ref_hash,
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
    payment::publish(app, &mut tx, &payment.merchant, EventKind::Waiting, told).await?;
    tx.commit().await?;
    app.bell.ring();
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
    let missing = || FlowError::NotFound("payment");
    let payment = db::payments::find(tx, &attempt.payment)
        .await?
        .ok_or_else(missing)?;
    let merchant = db::merchants::find(tx, &attempt.merchant)
        .await?
        .ok_or_else(missing)?;
    Ok(Some((attempt, payment, merchant, false)))
}

/// The code's price is the only price; a payer's amount counts only where the code has none.
fn settle_amount(order: &StartOrder, opened: &Opened) -> Result<Amount, FlowError> {
    if let Some(asked) = order.amount
        && asked.currency() != opened.code.currency
    {
        let detail = format!("the code is paid in {}", opened.code.currency);
        return Err(FlowError::field("/currency", "currency-mismatch", detail));
    }
    match (resolve::price(opened), order.amount) {
        (Some(price), None) => Ok(price),
        (Some(price), Some(asked)) if price == asked => Ok(price),
        (Some(price), Some(_)) => {
            let detail = format!("the code asks for {} minor units", price.minor());
            Err(FlowError::field("/amount_minor", "amount-mismatch", detail))
        }
        (None, Some(asked)) => Ok(asked),
        (None, None) => {
            let detail = "this code has no amount: the payer must enter one";
            Err(FlowError::field("/amount_minor", "amount-required", detail))
        }
    }
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

/// An unidentified browser may start a payment three times, and no more.
async fn check_source(
    app: &App,
    tx: &mut Tx,
    order: &StartOrder,
    opened: &Opened,
    payment: &Payment,
) -> Result<Option<[u8; 32]>, FlowError> {
    let Some(source) = &order.source else {
        return Ok(None);
    };
    let source = app
        .sealer
        .mac(Purpose::Payer, format!("source\0{source}").as_bytes());
    let count = if opened.payment.is_some() {
        db::attempts::count_source(tx, &payment.id, &source).await?
    } else {
        let since = tx.now().minus(SOURCE_WINDOW);
        db::attempts::count_source_at_code(tx, &opened.code.id, &source, since).await?
    };
    if count >= app.limits.starts_per_source {
        return Err(FlowError::TooManyStarts);
    }
    Ok(Some(source))
}

/// What this payer may pay here today: the least of the rules that apply.
fn day_cap(app: &App, asked: &Asked<'_>, routed: &Routed) -> Option<Amount> {
    let accepted = routed.facts.acceptances.iter().filter(|acceptance| {
        acceptance.state == AcceptanceState::Enabled
            && (acceptance.institution == routed.route.payee
                || acceptance.institution == *asked.payer)
    });
    let of_static = asked.static_code.then_some(app.limits.static_day_limit);
    accepted
        .filter_map(|acceptance| acceptance.day_limit)
        .chain(of_static)
        .filter(|limit| limit.currency() == asked.currency)
        .min_by_key(|limit| limit.minor())
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
        reported_at: None,
        next_query_at: now.plus(FIRST_QUERY),
        queries: 0,
        started_at: now,
        decided_at: None,
    }
}

/// Opens the order at the payee institution. The inner error is its definite no; silence is
/// [`FlowError::PayeeUnavailable`], after which the same call may be made again.
async fn open_order(
    app: &App,
    attempt: &Attempt,
    payment: &Payment,
    merchant: &Merchant,
) -> Result<Result<Handover, String>, FlowError> {
    if attempt.way == PaymentWay::Api && attempt.payer == attempt.payee {
        // The wallet asks for its own account: our answer is the order.
        let params = [
            ("order_number", attempt.order_number.to_string()),
            ("payment_account", attempt.account_reference.to_string()),
        ];
        let params = params.map(|(name, value)| (name.to_owned(), value)).into();
        return Ok(Ok(Handover::InAppParams { params }));
    }
    let wallet = wallet::by_id(&attempt.payee);
    let clearing = attempt
        .clearing
        .as_deref()
        .and_then(|clearing| clearing.parse().ok());
    let request = OrderRequest {
        order_number: attempt.order_number.clone(),
        payment_account: attempt.account_reference.clone(),
        amount: attempt.amount,
        payee: merchant.name.to_string(),
        description: payment
            .description
            .clone()
            .unwrap_or_else(|| merchant.name.to_string()),
        pay_before: attempt.pay_before,
        notify_url: format!(
            "{}/wallet/v1/orders/{}/confirm",
            app.origin, attempt.order_number
        ),
        payer_institution: attempt.payer.clone(),
        clearing,
    };
    let request = wallet
        .open_order(&request)
        .map_err(|_| FlowError::PayeeUnavailable)?;
    let reply = settle::send(app, &attempt.payee, &request).await?;
    match wallet.reply(Operation::Open, &reply) {
        Ok(Reply::Opened(handover)) => Ok(Ok(handover)),
        Ok(Reply::Refused { code, detail }) => Ok(Err(format!("{code}: {detail}"))),
        Ok(Reply::Result(_) | Reply::Unknown) => Err(FlowError::PayeeUnavailable),
        Err(error) => {
            tracing::warn!(
                attempt = %attempt.id, institution = %attempt.payee,
                "{} answered the opening of attempt {} in a form that cannot be used: {error}",
                attempt.payee, attempt.id,
            );
            Err(FlowError::PayeeUnavailable)
        }
    }
}

/// Keeps how the payer's wallet gets at the order, unless the attempt has moved on meanwhile: the
/// notice that it was paid can be faster than the answer to its opening.
async fn hand_over(app: &App, attempt: &Attempt, handover: &Handover) -> Result<(), FlowError> {
    let mut tx = app.db.begin().await?;
    let now = tx.now();
    let found = db::attempts::find(&mut tx, &attempt.id).await?;
    if let Some(found) = found
        && found.state == AttemptState::Started
    {
        let stored = serde_json::to_string(handover).ok();
        let changed = found.after(AttemptChange::HandedOver, now)?;
        db::attempts::update(
            &mut tx,
            &Attempt {
                handover: stored,
                ..changed
            },
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
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
