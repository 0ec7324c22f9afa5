//! Anything that is not plain: everything is read under the locks of one transaction, and whoever
//! cannot begin is told why.

use crate::app::{App, Opened};
use crate::db::books::PayerDay;
use crate::db::{self, DbError, Tx};
use crate::flow::open_code::Scanned;
use crate::flow::routes::{Asked, must};
use crate::flow::start::allowed::{
    check_source, count, name_the_limit, settle_amount, spent_today,
};
use crate::flow::start::{Began, StartOrder, rows};
use crate::flow::{FlowError, open_code, resolve, tell};
use crate::payment::event::{EventData, EventKind};
use crate::payment::{Attempt, Change, State};

/// Two who cross at one payment are told apart by looking again; more than a few times means
/// trouble.
const TRIES: u32 = 3;

pub(super) async fn begin(
    app: &App,
    order: &StartOrder,
    scanned: &Scanned,
) -> Result<Began, FlowError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match begin_once(app, order, scanned).await {
            Err(FlowError::Db(DbError::Conflict { .. } | DbError::Crossed(_))) if tries < TRIES => {
            }
            done => return done,
        }
    }
}

/// The intent, in one transaction: everything is checked again here, whatever `resolve` had said.
async fn begin_once(app: &App, order: &StartOrder, scanned: &Scanned) -> Result<Began, FlowError> {
    let digest = rows::request_digest(order);
    let mut tx = app.db.begin().await?;
    if let Some(found) = repeat(&mut tx, order, &digest).await? {
        tx.commit().await?;
        return Ok(found);
    }
    let opened = hold(&mut tx, scanned).await?;
    resolve::payable(tx.now(), &opened)?;
    let amount = settle_amount(order, &opened)?;
    let payment = rows::payment(app, tx.now(), order, &opened, amount)?;
    if opened.payment.is_none() {
        db::payments::insert(&mut tx, &payment).await?;
    }
    let source_hash = check_source(app, &mut tx, order, &opened, &payment).await?;
    let payer_ref_hash = rows::payer_hash(app, order);
    let day = tx.now().day_in(opened.merchant.time_zone.as_str());
    let payer_day = payer_ref_hash.as_ref().map(|payer_ref_hash| PayerDay {
        payer: &order.payer,
        merchant: &opened.merchant.id,
        payer_ref_hash,
        day: &day,
    });
    let spent_today = match payer_day {
        Some(payer_day) => Some(spent_today(&mut tx, payer_day, amount.currency()).await?),
        None => None,
    };
    let asked = Asked {
        currency: amount.currency(),
        spent_today,
        ..Asked::about(&opened, &order.payer, order.way, Some(amount))
    };
    let routed = must(app, &mut tx, &opened.merchant, &asked)
        .await
        .map_err(name_the_limit)?;
    if let Some(payer_day) = payer_day {
        count(&mut tx, payer_day, &asked, &routed, amount).await?;
    }
    let way = (routed.route, routed.account, routed.decision.reason);
    let attempt = Attempt {
        payer_ref_hash,
        source_hash,
        ..rows::attempt(app, tx.now(), order, &payment, way)
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
    Ok(Began {
        attempt,
        payment,
        merchant: opened.merchant,
        is_new: true,
    })
}

/// The code, and its payment where it has one that is free: before the payer's day, which whoever lets
/// a payment go takes behind it, too. One that an attempt holds is left to whoever ends that attempt,
/// and takes the attempt first. Two who took them in different order would wait for each other.
async fn hold(tx: &mut Tx, scanned: &Scanned) -> Result<Opened, FlowError> {
    let opened = open_code::hold(tx, scanned).await?;
    let free = opened.payment.as_ref();
    if let Some(free) = free.filter(|payment| payment.state == State::Created) {
        let held = db::payments::hold(tx, &free.id).await?;
        if held.is_none_or(|held| held.version != free.version) {
            return Err(FlowError::Db(DbError::Conflict {
                table: "payments",
                id: free.id.to_string(),
            }));
        }
    }
    Ok(opened)
}

/// What was begun before under the same `payer_reference`.
async fn repeat(
    tx: &mut Tx,
    order: &StartOrder,
    digest: &[u8; 32],
) -> Result<Option<Began>, FlowError> {
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
    Ok(Some(Began {
        attempt,
        payment,
        merchant,
        is_new: false,
    }))
}
