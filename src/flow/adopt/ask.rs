//! Has institutions look out for proofs, and asks them what came.

use std::time::Duration;

use crate::app::App;
use crate::clock::Timestamp;
use crate::db;
use crate::flow::{FlowError, adopt, confirm, settle};
use crate::payment::adoption::{Adoption, AdoptionChange, Standing};
use crate::telemetry::trace;
use crate::wallet::{self, Operation, OrderRequest, Reply, WireRequest};

/// A claimed adoption is this instance's for so long: longer than two calls can take.
const CLAIM: Duration = Duration::from_mins(1);
/// Adoptions in one round.
const BATCH: i64 = 16;
/// Between questions: doubled each time, from the first to the last.
const ASK_FIRST: Duration = Duration::from_secs(5);
const ASK_LAST: Duration = Duration::from_mins(5);
/// An institution that is away when the time is over is asked for so much longer: what was paid in time
/// may have been said to nobody yet.
const ASK_BEYOND: Duration = Duration::from_hours(1);
/// Who does what the clock does.
const ACTOR: &str = "server";

/// What an institution's answer to a question came to.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// It decided the adoption, or was taken in.
    Decided,
    /// It decided nothing.
    Undecided,
    /// There was none, or none that makes sense.
    Nothing,
}

/// Takes the adoptions that are due.
pub(in crate::flow) async fn claim(app: &App) -> Result<Vec<Adoption>, FlowError> {
    let mut tx = app.db.read().await?;
    let is_due = db::adoptions::is_due(&mut tx).await?;
    tx.commit().await?;
    if !is_due {
        // Every second of a quiet server: then nothing is locked and nothing is written.
        return Ok(Vec::new());
    }
    let mut tx = app.db.begin().await?;
    let until = tx.now().plus(CLAIM);
    let mut due = db::adoptions::claim_due(&mut tx, until, BATCH).await?;
    due.extend(db::adoptions::claim_to_close(&mut tx, until, BATCH).await?);
    tx.commit().await?;
    Ok(due)
}

/// Opens the order of one, or asks about it; ends it when its time is over.
pub(in crate::flow) async fn follow_up(app: &App, adoption: &Adoption) {
    let followed = async {
        if let Err(error) = follow(app, adoption).await {
            tracing::error!(
                order_number = %adoption.order_number,
                "adoption {} could not be followed up: {error}", adoption.id,
            );
        }
    };
    trace::begun(&*app.entropy, Box::pin(followed)).await;
}

async fn follow(app: &App, adoption: &Adoption) -> Result<(), FlowError> {
    let tx = app.db.read().await?;
    let now = tx.now();
    tx.commit().await?;
    if matches!(adoption.standing, Standing::Ended { .. }) {
        return closed(app, adoption, now).await;
    }
    if now >= adoption.pay_before {
        let heard = asked(app, adoption, Operation::Close).await?;
        let is_last = adoption.opened_at.is_none() || now >= adoption.pay_before.plus(ASK_BEYOND);
        return match heard {
            Heard::Decided => Ok(()),
            Heard::Nothing if !is_last => {
                // Silence decides nothing.
                postpone(app, adoption, now.plus(wait_after(adoption.asks))).await
            }
            Heard::Undecided | Heard::Nothing => {
                change(app, adoption, AdoptionChange::Expired).await
            }
        };
    }
    let is_over = if adoption.opened_at.is_none() {
        opened(app, adoption).await?
    } else {
        asked(app, adoption, Operation::Query).await? == Heard::Decided
    };
    if !is_over {
        let next = now.plus(wait_after(adoption.asks)).min(adoption.pay_before);
        postpone(app, adoption, next).await?;
    }
    Ok(())
}

/// The merchant wants no more of it, or it failed: the institution need not look out any longer. What
/// it says of the order proves nothing any more. Past its deadline an order is over by itself.
async fn closed(app: &App, adoption: &Adoption, now: Timestamp) -> Result<(), FlowError> {
    let request = wallet::by_id(&adoption.institution).close(&adoption.order_number);
    let is_over = now >= adoption.pay_before
        || match said(app, adoption, &request, Operation::Close).await? {
            Some(Reply::Result(statement)) => {
                let (institution, order) = (&adoption.institution, &adoption.order_number);
                confirm::read(app, institution, order, &statement)
                    .await
                    .is_ok()
            }
            // It does not know the order, so there is nothing that it looks out for.
            Some(Reply::Refused { .. }) => true,
            Some(Reply::Unknown | Reply::Opened(_)) | None => false,
        };
    if !is_over {
        let next = now.plus(wait_after(adoption.asks)).min(adoption.pay_before);
        return postpone(app, adoption, next).await;
    }
    let mut tx = app.db.begin().await?;
    db::adoptions::closed(&mut tx, adoption).await?;
    Ok(tx.commit().await?)
}

/// Has the institution look out for the amount; true where it refuses, which ends the adoption.
async fn opened(app: &App, adoption: &Adoption) -> Result<bool, FlowError> {
    let mut tx = app.db.read().await?;
    let merchant = db::merchants::find(&mut tx, &adoption.merchant).await?;
    tx.commit().await?;
    let payee = merchant.ok_or(FlowError::NotFound("merchant"))?.name;
    let order = OrderRequest {
        order_number: adoption.order_number.clone(),
        payment_account: adoption.account_reference.clone(),
        amount: adoption.amount,
        payee: payee.to_string(),
        description: format!("adoption {}", adoption.id),
        pay_before: adoption.pay_before,
        notify_url: format!(
            "{}/wallet/v1/orders/{}/confirm",
            app.origin, adoption.order_number
        ),
        payer_institution: adoption.institution.clone(),
        clearing: None,
        code_text: Some(adoption.said.clone()),
    };
    let wallet = wallet::by_id(&adoption.institution);
    let Ok(request) = wallet.open_order(&order) else {
        return Ok(false);
    };
    match said(app, adoption, &request, Operation::Open).await? {
        Some(Reply::Opened(_)) => {
            let mut tx = app.db.begin().await?;
            db::adoptions::opened(&mut tx, adoption).await?;
            tx.commit().await?;
            Ok(false)
        }
        Some(Reply::Refused { code, detail }) => {
            tracing::info!(
                institution = %adoption.institution, order_number = %adoption.order_number,
                "{} refuses the code of adoption {}: {code}: {detail}",
                adoption.institution, adoption.id,
            );
            change(app, adoption, AdoptionChange::Refused).await?;
            Ok(true)
        }
        Some(Reply::Result(_) | Reply::Unknown) | None => Ok(false),
    }
}

/// Asks what came.
async fn asked(app: &App, adoption: &Adoption, operation: Operation) -> Result<Heard, FlowError> {
    let wallet = wallet::by_id(&adoption.institution);
    let request = match operation {
        Operation::Close => wallet.close(&adoption.order_number),
        Operation::Query | Operation::Open => wallet.query(&adoption.order_number),
    };
    let statement = match said(app, adoption, &request, operation).await? {
        Some(Reply::Result(statement)) => statement,
        Some(Reply::Unknown | Reply::Refused { .. } | Reply::Opened(_)) => {
            return Ok(Heard::Undecided);
        }
        None => return Ok(Heard::Nothing),
    };
    let (institution, order) = (&adoption.institution, &adoption.order_number);
    let taken = match confirm::read(app, institution, order, &statement).await {
        Ok(result) => adopt::take(app, &result).await,
        Err(error) => Err(error),
    };
    match taken {
        Ok(_) => {}
        Err(error @ (FlowError::Db(_) | FlowError::Keys(_))) => return Err(error),
        Err(error) => {
            tracing::warn!(
                institution = %institution, order_number = %order,
                "the answer of {institution} about order {order} was refused: {error}",
            );
            return Ok(Heard::Nothing);
        }
    }
    let mut tx = app.db.read().await?;
    let now = db::adoptions::by_order(&mut tx, order).await?;
    tx.commit().await?;
    let waits = |adoption: &Adoption| matches!(adoption.standing, Standing::Requested { .. });
    Ok(if now.as_ref().is_some_and(waits) {
        Heard::Undecided
    } else {
        Heard::Decided
    })
}

/// What the institution answers; nothing where it is not reached, has a fault or is in a hurry, or is
/// not understood.
async fn said(
    app: &App,
    adoption: &Adoption,
    request: &WireRequest,
    operation: Operation,
) -> Result<Option<Reply>, FlowError> {
    let wallet = wallet::by_id(&adoption.institution);
    match settle::send(app, &adoption.institution, request).await {
        Ok(reply) if reply.status >= 500 || reply.status == 429 => Ok(None),
        Ok(reply) => Ok(wallet.reply(operation, &reply).ok()),
        Err(FlowError::PayeeUnavailable) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Changes an adoption that still waits for its proof.
async fn change(app: &App, claimed: &Adoption, change: AdoptionChange) -> Result<(), FlowError> {
    let mut tx = app.db.begin().await?;
    let found = db::adoptions::by_order(&mut tx, &claimed.order_number).await?;
    let waits = |adoption: &Adoption| matches!(adoption.standing, Standing::Requested { .. });
    let Some(adoption) = found.filter(waits) else {
        return Ok(());
    };
    adopt::ended(app, &mut tx, adoption, change, ACTOR).await?;
    tx.commit().await?;
    app.bell.ring();
    Ok(())
}

async fn postpone(app: &App, adoption: &Adoption, next: Timestamp) -> Result<(), FlowError> {
    let mut tx = app.db.begin().await?;
    db::adoptions::postpone(&mut tx, adoption, next).await?;
    Ok(tx.commit().await?)
}

fn wait_after(asks: i64) -> Duration {
    let doublings = u32::try_from(asks.saturating_sub(1).clamp(0, 16)).unwrap_or(16);
    ASK_FIRST
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(ASK_LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_grow_rarer_up_to_five_minutes() {
        let seconds: Vec<u64> = (1..=8).map(|n| wait_after(n).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 300, 300]);
    }
}
