//! Plates come to shops and leave them. Behind each bound one stands a code of ours, made then and
//! there; whoever unbinds the plate ends that code, and what was being paid by it is closed.

use crate::app::App;
use crate::crypto::claim::ClaimSecret;
use crate::db::{self, Tx};
use crate::flow::audit::{Deed, note};
use crate::flow::plates::claim::{allows, may_bind, prove};
use crate::flow::plates::{Hand, Shown, seen, shown};
use crate::flow::{FlowError, issue};
use crate::id::{CounterId, PlateId, StoreId};
use crate::merchant::plate::{Plate, PlateEvent, PlateLine, Spot};
use crate::merchant::{CodeState, PrintedCode};

/// Binds a blank plate that was proven to be in somebody's hand. Of two who bind it at once, one does.
pub async fn bind(
    app: &App,
    tx: &mut Tx,
    hand: Hand<'_>,
    id: &PlateId,
    spot: &Spot,
) -> Result<Shown, FlowError> {
    let plate = held(tx, id).await?;
    may_bind(tx, hand, &plate).await?;
    hang(app, tx, hand, plate, PlateEvent::Bind, spot).await
}

/// Binds a plate for somebody who shows the secret on it.
pub async fn bind_proven(
    app: &App,
    hand: Hand<'_>,
    id: &PlateId,
    secret: &ClaimSecret,
    spot: &Spot,
) -> Result<Shown, FlowError> {
    prove(app, hand, id, secret).await?;
    let mut tx = app.db.begin().await?;
    let bound = bind(app, &mut tx, hand, id, spot).await?;
    tx.commit().await?;
    Ok(bound)
}

/// Moves a bound plate to another store, or within the one where it hangs to another till or none.
pub async fn rebind(
    app: &App,
    hand: Hand<'_>,
    id: &PlateId,
    store: Option<StoreId>,
    counter: Option<CounterId>,
) -> Result<Shown, FlowError> {
    let mut tx = app.db.begin().await?;
    let plate = held(&mut tx, id).await?;
    seen(&mut tx, hand, &plate).await?;
    allows(&plate, PlateEvent::Rebind)?;
    let code = behind(&mut tx, &plate).await?;
    let store = store.unwrap_or_else(|| code.store.clone());
    let is_there = code.store == store && code.counter == counter;
    if is_there && code.state != CodeState::Revoked {
        // Asked again after a lost answer.
        return shown(&mut tx, hand, plate).await;
    }
    let spot = Spot {
        merchant: code.merchant.clone(),
        store,
        counter,
    };
    let was_suspended = code.state == CodeState::Suspended;
    issue::revoke_behind(app, &mut tx, code).await?;
    let mut moved = hang(app, &mut tx, hand, plate, PlateEvent::Rebind, &spot).await?;
    if was_suspended {
        // What was stopped is stopped wherever it hangs, until it is resumed.
        moved.code = match moved.code {
            Some(code) => Some(issue::suspend_behind(app, &mut tx, code).await?),
            None => None,
        };
    }
    tx.commit().await?;
    ring(app);
    Ok(moved)
}

/// Takes a plate away from its shop: payers are told that it is not bound.
pub async fn unbind(app: &App, hand: Hand<'_>, id: &PlateId) -> Result<Shown, FlowError> {
    take_off(app, hand, id, PlateEvent::Unbind).await
}

/// Ends a plate for good.
pub async fn void(app: &App, hand: Hand<'_>, id: &PlateId) -> Result<Shown, FlowError> {
    take_off(app, hand, id, PlateEvent::Void).await
}

async fn take_off(
    app: &App,
    hand: Hand<'_>,
    id: &PlateId,
    event: PlateEvent,
) -> Result<Shown, FlowError> {
    let mut tx = app.db.begin().await?;
    let plate = held(&mut tx, id).await?;
    let owns = seen(&mut tx, hand, &plate).await?;
    let newest = db::plates::newest_line(&mut tx, id).await?;
    let was_this = newest.is_some_and(|line| line.what == event.deed());
    if was_this && plate.code().is_none() {
        // Asked again after a lost answer.
        return shown(&mut tx, hand, plate).await;
    }
    allows(&plate, event)?;
    if plate.code().is_none() && !owns {
        // The operator's, which this merchant let go.
        return Err(FlowError::State {
            what: "plate",
            now: plate.state().as_str(),
            change: event.as_str(),
        });
    }
    let code = match plate.code() {
        Some(_) => Some(behind(&mut tx, &plate).await?),
        None => None,
    };
    if let Some(code) = code.clone() {
        issue::revoke_behind(app, &mut tx, code).await?;
    }
    let plate = off(app, &mut tx, hand, plate, code.as_ref(), event).await?;
    let shown = shown(&mut tx, hand, plate).await?;
    tx.commit().await?;
    ring(app);
    Ok(shown)
}

/// The code behind a plate is revoked by itself: then the plate is unbound as well.
pub(in crate::flow) async fn follow(
    app: &App,
    tx: &mut Tx,
    plate: Plate,
    code: &PrintedCode,
) -> Result<(), FlowError> {
    let hand = Hand {
        merchant: Some(&code.merchant),
        actor: code.id.as_str(),
    };
    off(app, tx, hand, plate, Some(code), PlateEvent::Unbind).await?;
    Ok(())
}

async fn hang(
    app: &App,
    tx: &mut Tx,
    hand: Hand<'_>,
    plate: Plate,
    event: PlateEvent,
    spot: &Spot,
) -> Result<Shown, FlowError> {
    allows(&plate, event)?;
    let code = issue::behind_plate(app, tx, spot).await?;
    let plate = plate.to(event, code.id.clone())?;
    db::plates::update(tx, &plate).await?;
    written(app, tx, hand, &plate, Some(&code), event).await?;
    shown(tx, hand, plate).await
}

async fn off(
    app: &App,
    tx: &mut Tx,
    hand: Hand<'_>,
    plate: Plate,
    code: Option<&PrintedCode>,
    event: PlateEvent,
) -> Result<Plate, FlowError> {
    let plate = plate.off(event)?;
    db::plates::update(tx, &plate).await?;
    written(app, tx, hand, &plate, code, event).await?;
    Ok(plate)
}

/// Its own log, which its holder reads, and the audit log.
async fn written(
    app: &App,
    tx: &mut Tx,
    hand: Hand<'_>,
    plate: &Plate,
    code: Option<&PrintedCode>,
    event: PlateEvent,
) -> Result<(), FlowError> {
    let owner = code.map(|code| &code.merchant).or(hand.merchant);
    let line = PlateLine {
        plate: plate.id.clone(),
        version: plate.version,
        what: event.deed(),
        merchant: owner.cloned(),
        store: code.map(|code| code.store.clone()),
        counter: code.and_then(|code| code.counter.clone()),
        code: code.map(|code| code.id.clone()),
        actor: hand.actor.to_owned(),
        at: tx.now(),
    };
    db::plates::note(tx, &line).await?;
    let action = format!("plate.{event}");
    let deed = Deed {
        merchant: owner,
        actor: hand.actor,
        action: &action,
        object: plate.id.as_str(),
        result: "done",
    };
    Ok(note(app, tx, deed).await?)
}

async fn held(tx: &mut Tx, id: &PlateId) -> Result<Plate, FlowError> {
    let plate = db::plates::hold(tx, id).await?;
    plate.ok_or(FlowError::NotFound("plate"))
}

async fn behind(tx: &mut Tx, plate: &Plate) -> Result<PrintedCode, FlowError> {
    let missing = || FlowError::NotFound("code");
    let code = plate.code().ok_or_else(missing)?;
    db::codes::find(tx, code).await?.ok_or_else(missing)
}

/// What was open at the code that was ended is closed at the institutions.
fn ring(app: &App) {
    app.bell.ring();
    app.sweep_bell.ring();
}
