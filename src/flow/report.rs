//! What the payer institution may say and see of its attempts, and the payee institution of its
//! orders.

use serde::Serialize;

use crate::app::App;
use crate::clock::Timestamp;
use crate::db;
use crate::flow::{FlowError, RouteView, tell};
use crate::id::{AttemptId, PaymentId};
use crate::merchant::InstitutionId;
use crate::payment::event::{EventData, EventKind};
use crate::payment::{Attempt, AttemptState, OrderNumber};

/// An attempt as its payer institution sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AttemptView {
    /// The attempt.
    pub attempt: AttemptId,
    /// What it pays.
    pub payment: PaymentId,
    /// Its number at the institutions.
    pub order_number: OrderNumber,
    /// Where it stands.
    pub state: AttemptState,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217 letters.
    pub currency: String,
    /// When the order is closed if nobody has paid.
    pub pay_before: Timestamp,
    /// Where the money goes.
    pub route: RouteView,
    /// The receipt, once it is paid: a `tongma-receipt+jwt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// The receipt's six digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_number: Option<String>,
    /// The last money that came for it and does not fit, if any did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<UnfitView>,
}

/// Money that came otherwise than agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct UnfitView {
    /// What is wrong with it.
    #[schema(example = "amount-mismatch")]
    pub code: String,
    /// What came, in minor units.
    pub amount_minor: i64,
    /// ISO 4217 letters.
    pub currency: String,
}

/// An order as its payee institution sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OrderView {
    /// The order.
    pub order_number: OrderNumber,
    /// Where it stands.
    pub state: AttemptState,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217 letters.
    pub currency: String,
    /// The account that it pays into.
    pub payment_account: String,
    /// When we close it.
    pub pay_before: Timestamp,
}

/// The payer institution says how it went. That proves nothing: it has the payee institution asked,
/// and the counter shown amber.
pub async fn report(
    app: &App,
    payer: &InstitutionId,
    id: &AttemptId,
    status: &str,
    payer_reference: &str,
) -> Result<(), FlowError> {
    let mut tx = app.db.begin().await?;
    let attempt = of_payer(&mut tx, payer, id).await?;
    if attempt.payer_reference != payer_reference {
        let detail = "is not the number under which this attempt was started";
        return Err(FlowError::field(
            "/payer_reference",
            "wallet-mismatch",
            detail,
        ));
    }
    if !attempt.state.holds() {
        return Ok(());
    }
    if status != "paid" {
        db::attempts::ask_now(&mut tx, id).await?;
    } else if db::attempts::report(&mut tx, id).await? {
        let payment = db::payments::find(&mut tx, &attempt.payment)
            .await?
            .ok_or(FlowError::NotFound("attempt"))?;
        let told = EventData::of(&payment).with_attempt(&attempt);
        tell::publish(app, &mut tx, &payment.merchant, EventKind::Reported, told).await?;
    }
    tx.commit().await?;
    app.bell.ring();
    app.sweep_bell.ring();
    Ok(())
}

/// The payer institution's attempt, with the receipt once it is paid.
pub async fn attempt(
    app: &App,
    payer: &InstitutionId,
    id: &AttemptId,
) -> Result<AttemptView, FlowError> {
    let mut tx = app.db.read().await?;
    let attempt = of_payer(&mut tx, payer, id).await?;
    let receipt = match attempt.state {
        AttemptState::Paid => db::receipts::of_payment(&mut tx, &attempt.payment).await?,
        AttemptState::Started
        | AttemptState::Waiting
        | AttemptState::Failed
        | AttemptState::Closed => None,
    };
    let unfit = db::results::latest_exception(&mut tx, &attempt.order_number).await?;
    tx.commit().await?;
    Ok(AttemptView {
        route: RouteView::of(&attempt),
        attempt: attempt.id,
        payment: attempt.payment,
        order_number: attempt.order_number,
        state: attempt.state,
        amount_minor: attempt.amount.minor(),
        currency: attempt.amount.currency().code().to_owned(),
        pay_before: attempt.pay_before,
        receipt_number: receipt.as_ref().map(|receipt| receipt.number.clone()),
        receipt: receipt.map(|receipt| receipt.jws),
        exception: unfit.map(|unfit| UnfitView {
            code: unfit.code,
            amount_minor: unfit.amount_minor,
            currency: unfit.currency,
        }),
    })
}

/// The payee institution's order.
pub async fn order(
    app: &App,
    payee: &InstitutionId,
    number: &OrderNumber,
) -> Result<OrderView, FlowError> {
    let mut tx = app.db.read().await?;
    let attempt = db::attempts::by_order(&mut tx, number)
        .await?
        .filter(|attempt| attempt.is_attested_by(payee))
        .ok_or(FlowError::NotFound("order"))?;
    tx.commit().await?;
    Ok(OrderView {
        order_number: attempt.order_number,
        state: attempt.state,
        amount_minor: attempt.amount.minor(),
        currency: attempt.amount.currency().code().to_owned(),
        payment_account: attempt.account_reference.to_string(),
        pay_before: attempt.pay_before,
    })
}

async fn of_payer(
    tx: &mut db::Tx,
    payer: &InstitutionId,
    id: &AttemptId,
) -> Result<Attempt, FlowError> {
    db::attempts::find(tx, id)
        .await?
        .filter(|attempt| attempt.payer == *payer)
        .ok_or(FlowError::NotFound("attempt"))
}
