//! Who has a plate in hand: it is named by what its symbol says or by its short id, and proven by its
//! claim secret.
//!
//! A wrong secret is counted where all instances see it, under the plate's own lock and in a
//! transaction of its own, so that no two guesses are looked at beside each other.

use crate::app::App;
use crate::code::run::CodeKind;
use crate::crypto::claim::ClaimSecret;
use crate::db::{self, Tx};
use crate::flow::audit::{Deed, note};
use crate::flow::open_code::{self, Scanned};
use crate::flow::{FlowError, plates::Hand};
use crate::id::PlateId;
use crate::merchant::plate::{Plate, PlateEvent, ShortId, TRIES};

/// How somebody names the plate in front of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlateName {
    /// By what its symbol says.
    Text(String),
    /// By what is printed below it.
    Short(ShortId),
}

/// The plate that is meant, if this hand may bind it.
pub async fn find(app: &App, hand: Hand<'_>, name: &PlateName) -> Result<Plate, FlowError> {
    let random = match name {
        PlateName::Text(text) => Some(random_in(app, text).await?),
        PlateName::Short(_) => None,
    };
    let mut tx = app.db.read().await?;
    let found = match (name, random) {
        (PlateName::Short(short_id), _) => db::plates::by_short_id(&mut tx, short_id).await?,
        (PlateName::Text(_), Some(random)) => db::plates::by_random(&mut tx, random).await?,
        (PlateName::Text(_), None) => None,
    };
    let plate = found.ok_or(FlowError::NotFound("plate"))?;
    may_bind(&mut tx, hand, &plate).await?;
    tx.commit().await?;
    Ok(plate)
}

async fn random_in(app: &App, text: &str) -> Result<crate::code::run::RandomId, FlowError> {
    let no_plate = || FlowError::field("/text", "field-invalid", "is a code, and not a plate");
    match open_code::read(app, text).await? {
        Scanned::Ours(parsed) if parsed.run.body.kind() == CodeKind::Plate => {
            Ok(parsed.run.body.random())
        }
        Scanned::Ours(_) | Scanned::Foreign { .. } => Err(no_plate()),
    }
}

/// A merchant's plates are for that merchant; the operator's for whoever has one in hand.
pub(super) async fn may_bind(tx: &mut Tx, hand: Hand<'_>, plate: &Plate) -> Result<(), FlowError> {
    let batch = db::plate_batches::find(tx, &plate.batch).await?;
    let owner = batch.and_then(|batch| batch.merchant);
    match (hand.merchant, owner) {
        (Some(merchant), Some(owner)) if *merchant != owner => Err(FlowError::NotFound("plate")),
        (Some(_) | None, _) => Ok(()),
    }
}

/// Looks at a secret, once, and counts it where it is wrong. Of a plate that cannot be bound it is not
/// looked at: nobody learns it there by trying, and nobody locks what hangs in a shop.
pub async fn prove(
    app: &App,
    hand: Hand<'_>,
    id: &PlateId,
    secret: &ClaimSecret,
) -> Result<(), FlowError> {
    let mut tx = app.db.begin().await?;
    let plate = db::plates::hold(&mut tx, id)
        .await?
        .ok_or(FlowError::NotFound("plate"))?;
    allows(&plate, PlateEvent::Bind)?;
    let now = tx.now();
    if let Some(until) = plate.locked_at(now) {
        return Err(FlowError::PlateLocked {
            seconds: u32::try_from(until.since(now).as_secs().saturating_add(1)).unwrap_or(1),
            until,
        });
    }
    let right = ClaimSecret::of(&app.sealer, plate.batch.as_str(), &plate.random.bytes());
    if right.matches(secret) {
        return Ok(tx.commit().await?);
    }
    let plate = plate.missed(now);
    db::plates::update(&mut tx, &plate).await?;
    if plate.locked_at(now).is_some() {
        let deed = Deed {
            merchant: hand.merchant,
            actor: hand.actor,
            action: "plate.lock",
            object: plate.id.as_str(),
            result: "claim-invalid",
        };
        note(app, &mut tx, deed).await?;
    }
    tx.commit().await?;
    tracing::info!(
        plate = %plate.id,
        "a wrong claim secret for plate {}: {} so far", plate.id, plate.wrong_tries
    );
    let since_lock = plate.wrong_tries % TRIES;
    let left = if since_lock == 0 {
        0
    } else {
        TRIES - since_lock
    };
    Err(FlowError::ClaimInvalid { left })
}

/// Refuses what a plate's state rules out, before anything is made for it.
pub(super) fn allows(plate: &Plate, event: PlateEvent) -> Result<(), FlowError> {
    Ok(plate.state().apply(event).map(drop)?)
}
