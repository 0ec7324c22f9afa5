//! An attempt that came to nothing.

use crate::app::App;
use crate::code::run::CodeKind;
use crate::db::books::{Counted, PayerDay};
use crate::db::{self, Tx};
use crate::flow::{FlowError, tell};
use crate::merchant::{CodeState, PrintedCode};
use crate::payment::event::{EventData, EventKind};
use crate::payment::{Attempt, AttemptChange, AttemptState, Change, Payment};

/// An attempt ends unpaid and lets its payment go. What a static, a fixed or a revoked code had
/// asked for ends with it: the payer's next scan asks anew.
pub(super) async fn let_go(
    app: &App,
    tx: &mut Tx,
    attempt: Attempt,
    payment: Payment,
    state: AttemptState,
) -> Result<Payment, FlowError> {
    let now = tx.now();
    let change = if state == AttemptState::Failed {
        AttemptChange::Failed
    } else {
        AttemptChange::Closed
    };
    let attempt = attempt.after(change, now)?;
    db::attempts::update(tx, &attempt).await?;
    let mut payment = payment.after(Change::Released {
        attempt: attempt.id.clone(),
    })?;
    db::payments::update(tx, &payment).await?;
    let code = match &payment.code {
        Some(id) => db::codes::find(tx, id).await?,
        None => None,
    };
    give_back(tx, &attempt, &payment, code.as_ref()).await?;
    let told = EventData::of(&payment).with_attempt(&attempt);
    tell::publish(app, tx, &payment.merchant, EventKind::Released, told).await?;
    if !code.as_ref().is_some_and(asks_again) {
        payment = tell::end(app, tx, payment, Change::Cancelled).await?;
    } else if payment.is_past(now) {
        payment = tell::end(app, tx, payment, Change::Expired).await?;
    }
    Ok(payment)
}

/// Only an order code asks for its payment again, and only while it may be used.
fn asks_again(code: &PrintedCode) -> bool {
    code.kind == CodeKind::Order && code.state != CodeState::Revoked
}

async fn give_back(
    tx: &mut Tx,
    attempt: &Attempt,
    payment: &Payment,
    code: Option<&PrintedCode>,
) -> Result<(), FlowError> {
    let Some(payer_ref_hash) = &attempt.payer_ref_hash else {
        return Ok(());
    };
    let Some(merchant) = db::merchants::find(tx, &payment.merchant).await? else {
        return Ok(());
    };
    let day = attempt.started_at.day_in(merchant.time_zone.as_str());
    let payer_day = PayerDay {
        payer: &attempt.payer,
        merchant: &payment.merchant,
        payer_ref_hash,
        day: &day,
    };
    let counted = Counted {
        amount: attempt.amount,
        static_code: code.is_some_and(|code| code.kind == CodeKind::Static),
    };
    db::books::give_back(tx, payer_day, counted).await?;
    Ok(())
}
