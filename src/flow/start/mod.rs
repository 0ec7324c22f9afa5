//! A payer begins to pay: an attempt takes the payment, and the payee institution opens an order.
//!
//! The attempt is written and committed before anybody is called. Whatever happens to the call, the
//! row says that there may be an order at the institution, and the sweep asks until it is known.

mod allowed;
mod at_once;
mod long_way;
mod opening;
mod rows;

use std::fmt;

use self::allowed::check_texts;
use self::opening::{hand_over, open_order};
use crate::app::App;
use crate::db;
use crate::flow::{FlowError, RouteView, open_code, settle};
use crate::id::{AttemptId, PaymentId};
use crate::merchant::{InstitutionId, Merchant};
use crate::money::Amount;
use crate::payment::{Attempt, OrderNumber, Payment, PaymentWay};
use crate::wallet::Handover;

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

/// Begins to pay; the same `payer_reference` with the same facts brings the same answer.
pub async fn start(app: &App, order: StartOrder) -> Result<Started, FlowError> {
    check_texts(&order)?;
    let Began {
        attempt,
        payment,
        merchant,
        is_new,
    } = begin(app, &order).await?;
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

/// What stands in the database once an attempt has begun.
struct Began {
    attempt: Attempt,
    payment: Payment,
    merchant: Merchant,
    /// False where the same was asked before.
    is_new: bool,
}

/// The intent, committed before anybody is called.
async fn begin(app: &App, order: &StartOrder) -> Result<Began, FlowError> {
    // Nearly every start is the first of its number, at a code that can be paid, by a payer who may.
    if let Some(began) = at_once::begin(app, order).await? {
        return Ok(began);
    }
    app.metrics.took_the_long_way("start");
    let scanned = open_code::read(app, &order.text).await?;
    long_way::begin(app, order, &scanned).await
}
