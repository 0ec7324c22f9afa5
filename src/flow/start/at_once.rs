//! The plain case, which is nearly every case: the first start of its number, at a code that can be
//! paid, by a payer who may. What the code stands for and what the router knows was read a moment
//! ago or is read now, without any lock; the decision is pure; one writing takes effect only while
//! all is as it was read ([`db::hot`](crate::db::hot)).
//!
//! ```text
//! ground   code, merchant, facts, and the count of changes to them: kept for half a second, or read
//! spent    the payer's day, where the payer is known
//! decide   price, route, limits, and every row that follows
//! begin    number not taken, code and rules unchanged, payment free, day as it was: written
//! ```
//!
//! Where the wallet pays into an account at itself, our answer is the order, and the attempt is
//! handed over with the same writing.
//!
//! Everything else (a repeat, a refusal, a browser without a name, somebody who was faster) is left
//! to the long way, which reads again and says what is wrong.

use std::sync::Arc;

use crate::app::{App, Ground, Opened, Reading};
use crate::clock::Timestamp;
use crate::code::run::CodeKind;
use crate::db::books::PayerDay;
use crate::db::hot::{self, Begun, Day};
use crate::db::{self, DbError};
use crate::flow::routes::{self, Asked};
use crate::flow::start::allowed::{as_spent, fits, settle_amount};
use crate::flow::start::opening::own_order;
use crate::flow::start::{Began, StartOrder, rows};
use crate::flow::{FlowError, open_code, resolve};
use crate::id::EventId;
use crate::money::Amount;
use crate::payment::event::EventData;
use crate::payment::{Attempt, AttemptChange, Change};
use crate::routing::{self, Decision, Route};

/// Begins, or leaves it to the long way. An error is one that the long way would come to as well.
pub(super) async fn begin(app: &App, order: &StartOrder) -> Result<Option<Began>, FlowError> {
    // How often an unidentified browser has begun is counted on the long way.
    if order.source.is_some() {
        return Ok(None);
    }
    let Some(ground) = ground(app, order).await? else {
        return Ok(None);
    };
    Ok(begin_on(app, order, &ground).await)
}

async fn begin_on(app: &App, order: &StartOrder, ground: &Ground) -> Option<Began> {
    let opened = &ground.opened;
    let ahead = ground.ahead_ms;
    let now = Timestamp::from_millis(app.clock.now().millis().saturating_add(ahead));
    resolve::payable(now, opened).ok()?;
    let amount = settle_amount(order, opened).ok()?;
    let day = or_the_long_way(day(app, order, opened, now, amount).await)?;
    let (begun, route, decision) = decide(app, order, ground, now, amount, day).ok()??;
    let (attempt, payment) = (begun.attempt.clone(), begun.payment.clone());
    if !or_the_long_way(hot::begin(&app.db, begun).await)? {
        return None;
    }
    app.bell.ring();
    routes::count(app, &decision, Some(&route));
    app.metrics.took_one_step("start");
    app.metrics.attempt_started(
        attempt.payer.as_str(),
        attempt.route_kind.as_str(),
        attempt.way.as_str(),
    );
    Some(Began {
        attempt,
        payment,
        merchant: opened.merchant.clone(),
        is_new: true,
    })
}

/// What is known of the code; nothing where it is not one of ours, or cannot be looked up.
async fn ground(app: &App, order: &StartOrder) -> Result<Option<Arc<Ground>>, FlowError> {
    let name = format!("{} {} {}", order.payer, order.way, order.text);
    let grounds = &app.recent.grounds;
    if let Some((ground, _)) = grounds.find(&name, &app.db, &app.clock) {
        return Ok(Some(ground));
    }
    let reading = Reading::begin(&app.db, &app.clock);
    let scanned = open_code::read(app, &order.text).await?;
    let mut tx = app.db.read().await?;
    let now = tx.now();
    let ahead_ms = now.millis().saturating_sub(app.clock.now().millis());
    // Before everything that it vouches for.
    let rules = db::rules::version(&mut tx).await?;
    let Ok(opened) = open_code::find(&mut tx, &scanned).await else {
        return Ok(None);
    };
    let caller = (&order.payer, order.way);
    let facts = routes::facts(app, &mut tx, &opened.merchant, caller).await?;
    tx.commit().await?;
    let ground = Ground {
        opened,
        facts,
        rules,
        ahead_ms,
    };
    // A payment can be taken or end at any moment; a sticker stays as it is.
    if ground.opened.payment.is_none() {
        grounds.keep(&name, ground.clone(), reading, now, None);
    }
    Ok(Some(Arc::new(ground)))
}

/// The payer's day as it stands; nothing where the payer is not known.
async fn day(
    app: &App,
    order: &StartOrder,
    opened: &Opened,
    now: Timestamp,
    amount: Amount,
) -> Result<Option<Day>, DbError> {
    let Some(payer_ref_hash) = rows::payer_hash(app, order) else {
        return Ok(None);
    };
    let day = now.day_in(opened.merchant.time_zone.as_str());
    let payer_day = PayerDay {
        payer: &order.payer,
        merchant: &opened.merchant.id,
        payer_ref_hash: &payer_ref_hash,
        day: &day,
    };
    let spent = hot::spent(&app.db, payer_day, amount.currency().code()).await?;
    Ok(Some(Day {
        payer_ref_hash,
        day,
        spent,
        static_code: opened.code.kind == CodeKind::Static,
    }))
}

/// Everything that follows, if this payer may pay this now.
fn decide(
    app: &App,
    order: &StartOrder,
    ground: &Ground,
    now: Timestamp,
    amount: Amount,
    day: Option<Day>,
) -> Result<Option<(Begun, Route, Decision)>, FlowError> {
    let Ground { opened, facts, .. } = ground;
    let spent_today = day
        .as_ref()
        .map(|day| as_spent(day.spent, amount.currency()))
        .transpose()?;
    let asked = Asked {
        currency: amount.currency(),
        spent_today,
        ..Asked::about(opened, &order.payer, order.way, Some(amount))
    };
    let decision = routing::route(&routes::scan(&asked, now), facts);
    let Some((route, account)) = routes::chosen(&decision, facts) else {
        return Ok(None);
    };
    if !fits(&asked, &route.payee, facts, amount) {
        return Ok(None);
    }
    let payment = rows::payment(app, now, order, opened, amount)?;
    let way = (route.clone(), account, decision.reason);
    let attempt = handed_over(
        Attempt {
            payer_ref_hash: day.as_ref().map(|day| day.payer_ref_hash),
            ..rows::attempt(app, now, order, &payment, way)
        },
        now,
    )?;
    let payment = payment.after(Change::Held {
        attempt: attempt.id.clone(),
    })?;
    let begun = Begun {
        told: EventData::of(&payment).with_attempt(&attempt),
        event: EventId::new(now, &*app.entropy),
        is_new: opened.payment.is_none(),
        ground: hot::Ground {
            code: opened.code.id.clone(),
            code_version: opened.code.version,
            code_ends: opened.code.expires_at,
            rules: ground.rules,
        },
        day,
        at: now,
        attempt,
        payment,
    };
    Ok(Some((begun, route, decision)))
}

/// The attempt, handed over already where nobody needs to be called.
fn handed_over(attempt: Attempt, now: Timestamp) -> Result<Attempt, FlowError> {
    let Some(handover) = own_order(&attempt) else {
        return Ok(attempt);
    };
    Ok(Attempt {
        handover: serde_json::to_string(&handover).ok(),
        ..attempt.after(AttemptChange::HandedOver, now)?
    })
}

/// What the short way cannot do is tried by the long one, and said here, because it should not
/// happen often.
fn or_the_long_way<T>(done: Result<T, DbError>) -> Option<T> {
    done.inspect_err(|error| {
        tracing::warn!(%error, "a payment was not begun at once: {error}; going the long way");
    })
    .ok()
}
