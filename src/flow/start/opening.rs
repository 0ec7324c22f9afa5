//! The order at the payee institution, and what it gives the payer's wallet to go on with.

use crate::app::App;
use crate::db::hot::{self, HandedOver};
use crate::db::{self, DbError};
use crate::flow::{FlowError, settle};
use crate::merchant::Merchant;
use crate::payment::{Attempt, AttemptChange, AttemptState, Payment, PaymentWay};
use crate::wallet::{self, Handover, Operation, OrderRequest, Reply};

/// Opens the order at the payee institution. The inner error is its definite no; silence is
/// [`FlowError::PayeeUnavailable`], after which the same call may be made again.
pub(super) async fn open_order(
    app: &App,
    attempt: &Attempt,
    payment: &Payment,
    merchant: &Merchant,
) -> Result<Result<Handover, String>, FlowError> {
    if let Some(handover) = own_order(attempt) {
        return Ok(Ok(handover));
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
        code_text: None,
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

/// Where the wallet asks for its own account, our answer is the order, and nobody is called.
pub(super) fn own_order(attempt: &Attempt) -> Option<Handover> {
    if attempt.way != PaymentWay::Api || attempt.payer != attempt.payee {
        return None;
    }
    let params = [
        ("order_number", attempt.order_number.to_string()),
        ("payment_account", attempt.account_reference.to_string()),
    ];
    let params = params.map(|(name, value)| (name.to_owned(), value)).into();
    Some(Handover::InAppParams { params })
}

/// Keeps how the payer's wallet gets at the order. Where the notice that it was paid was faster
/// than the answer to its opening, there is nothing to keep; where the attempt was closed
/// meanwhile, nobody is to pay any more.
pub(super) async fn hand_over(
    app: &App,
    attempt: &Attempt,
    handover: &Handover,
) -> Result<(), FlowError> {
    if hand_over_at_once(app, attempt, handover).await {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    let now = tx.now();
    let found = db::attempts::find(&mut tx, &attempt.id)
        .await?
        .ok_or(FlowError::NotFound("attempt"))?;
    match found.state {
        AttemptState::Started => {}
        AttemptState::Waiting | AttemptState::Paid => return Ok(()),
        AttemptState::Failed | AttemptState::Closed => {
            return Err(FlowError::State {
                what: "attempt",
                now: found.state.as_str(),
                change: "started",
            });
        }
    }
    let changed = Attempt {
        handover: serde_json::to_string(handover).ok(),
        ..found.after(AttemptChange::HandedOver, now)?
    };
    match db::attempts::update(&mut tx, &changed).await {
        // The notice came between the look and the write.
        Err(DbError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(tx.commit().await?),
    }
}

/// The plain case: nobody has touched the attempt since it was read. Whether it was; where not, or
/// where that cannot be said, the long way looks again.
async fn hand_over_at_once(app: &App, attempt: &Attempt, handover: &Handover) -> bool {
    let changed = attempt
        .clone()
        .after(AttemptChange::HandedOver, attempt.started_at);
    let (Ok(changed), Ok(handover)) = (changed, serde_json::to_string(handover)) else {
        return false;
    };
    let handed = HandedOver {
        attempt: changed.id,
        version: changed.version,
        handover,
    };
    let done = hot::hand_over(&app.db, handed).await;
    done.unwrap_or_else(|error| {
        tracing::warn!(%error, "an order was not handed over at once: {error}");
        false
    })
}
