//! Making plates, and saying what is printed on them.
//!
//! A batch is made in steps, each a short transaction: whoever takes a payment meanwhile waits for one
//! step at the most. One that was cut off is told from a whole one by what it says of itself, and
//! whoever goes on with it makes what is missing.

use std::collections::BTreeSet;

use crate::app::App;
use crate::code::run::{self, Body, CodeKind, KeyId, RandomId};
use crate::crypto::claim::ClaimSecret;
use crate::crypto::jwk::KeyUse;
use crate::db::{self, DbError, Tx};
use crate::flow::audit::{Deed, note};
use crate::flow::idempotent::give_way;
use crate::flow::quota::room_for;
use crate::flow::{FlowError, keys};
use crate::id::{MerchantId, PlateBatchId, PlateId};
use crate::merchant::plate::{BATCH_MAX, Plate, PlateBatch, ShortId};
use crate::merchant::{Label, Quota};
use crate::print::Blank;

/// A batch that is asked for.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// Who alone may bind its plates; whoever has one in hand where it is the operator's.
    pub merchant: Option<MerchantId>,
    /// How many.
    pub count: u32,
    /// What they are for.
    pub note: Option<Label>,
}

/// Plates that are made in one transaction: some ten milliseconds, for which every other writer waits
/// where there is one at a time.
const STEP: u32 = 1_000;
/// Plates that are written in one statement.
const AT_ONCE: usize = 500;
/// Short ids are drawn again where other plates have them: one in a hundred thousand, among ten
/// million plates. More often than this they cannot all be taken.
const DRAWS: u32 = 5;

/// Makes a whole batch; `told` hears of it after each step.
pub async fn create(
    app: &App,
    new: NewBatch,
    actor: &str,
    mut told: impl FnMut(&PlateBatch),
) -> Result<PlateBatch, FlowError> {
    let mut tx = app.db.begin().await?;
    let batch = begin(app, &mut tx, new, actor).await?;
    tx.commit().await?;
    told(&batch);
    finish(app, batch, actor, told).await
}

/// Makes what a batch lacks: nothing, of a whole one.
pub async fn finish(
    app: &App,
    mut batch: PlateBatch,
    actor: &str,
    mut told: impl FnMut(&PlateBatch),
) -> Result<PlateBatch, FlowError> {
    while !batch.is_whole() {
        give_way().await;
        let mut tx = app.db.begin().await?;
        batch = go_on(app, &mut tx, &batch.id, actor).await?;
        tx.commit().await?;
        told(&batch);
    }
    Ok(batch)
}

/// Begins a batch of blank plates, and makes the first of them: all, of a small one.
pub async fn begin(
    app: &App,
    tx: &mut Tx,
    new: NewBatch,
    actor: &str,
) -> Result<PlateBatch, FlowError> {
    if !(1..=BATCH_MAX).contains(&new.count) {
        let detail = format!("must be from 1 to {BATCH_MAX}");
        return Err(FlowError::field("/count", "field-invalid", detail));
    }
    if let Some(merchant) = &new.merchant {
        let plates = (Quota::Plates, i64::from(new.count));
        room_for(tx, merchant, plates, &app.limits.quotas).await?;
    }
    let now = tx.now();
    let batch = PlateBatch {
        id: PlateBatchId::new(now, &*app.entropy),
        merchant: new.merchant,
        note: new.note,
        count: new.count,
        made: 0,
        key_id: app.keys.signing(KeyUse::Code, now)?.key_id().to_string(),
        created_at: now,
    };
    db::plate_batches::insert(tx, &batch).await?;
    noted(app, tx, &batch, actor, "plate_batch.create").await?;
    step(app, tx, batch).await
}

/// Makes more plates of a batch, of which others may have made some meanwhile.
pub async fn go_on(
    app: &App,
    tx: &mut Tx,
    id: &PlateBatchId,
    actor: &str,
) -> Result<PlateBatch, FlowError> {
    let batch = db::plate_batches::hold(tx, id).await?;
    let batch = batch.ok_or(FlowError::NotFound("plate-batch"))?;
    if batch.is_whole() {
        return Ok(batch);
    }
    let batch = step(app, tx, batch).await?;
    if batch.is_whole() {
        noted(app, tx, &batch, actor, "plate_batch.finish").await?;
    }
    Ok(batch)
}

/// The next plates of a batch.
async fn step(app: &App, tx: &mut Tx, batch: PlateBatch) -> Result<PlateBatch, FlowError> {
    let made = batch.made.saturating_add(STEP).min(batch.count);
    let mut numbers = batch.made.saturating_add(1)..=made;
    loop {
        let part: BTreeSet<u32> = numbers.by_ref().take(AT_ONCE).collect();
        if part.is_empty() {
            break;
        }
        write(app, tx, &batch, part).await?;
    }
    db::plate_batches::made(tx, &batch, made).await?;
    Ok(PlateBatch { made, ..batch })
}

async fn noted(
    app: &App,
    tx: &mut Tx,
    batch: &PlateBatch,
    actor: &str,
    action: &str,
) -> Result<(), FlowError> {
    let deed = Deed {
        merchant: batch.merchant.as_ref(),
        actor,
        action,
        object: batch.id.as_str(),
        result: "done",
    };
    Ok(note(app, tx, deed).await?)
}

async fn write(
    app: &App,
    tx: &mut Tx,
    batch: &PlateBatch,
    mut left: BTreeSet<u32>,
) -> Result<(), FlowError> {
    for _ in 0..DRAWS {
        let drawn = |number: &u32| {
            Plate::blank(
                PlateId::new(batch.created_at, &*app.entropy),
                batch.id.clone(),
                *number,
                ShortId::new(app.entropy.bytes()),
                RandomId::new(app.entropy.bytes()),
            )
        };
        let plates: Vec<Plate> = left.iter().map(drawn).collect();
        let written = db::plates::insert(tx, &batch.id, &plates).await?;
        left.retain(|number| !written.contains(&i64::from(*number)));
        if left.is_empty() {
            return Ok(());
        }
    }
    Err(FlowError::Db(DbError::Conflict {
        table: "plates",
        id: batch.id.to_string(),
    }))
}

/// What is printed on the plates of a batch from a number on, at most `limit` of them: the same each
/// time, byte for byte, as long as this server is reached where it is now.
pub async fn blanks(
    app: &App,
    batch: &PlateBatch,
    from_number: u32,
    limit: u32,
) -> Result<Vec<Blank>, FlowError> {
    let key = keys::that_signed(app, &batch.key_id).await?;
    let mut tx = app.db.read().await?;
    let after = from_number.saturating_sub(1);
    let plates = db::plates::page(&mut tx, &batch.id, after, limit).await?;
    tx.commit().await?;
    let short = KeyId(key.public().short_id());
    let printed = |plate: Plate| {
        let body = Body::new(CodeKind::Plate, None, plate.random, Some(short))
            .map_err(|why| FlowError::field("/kind", "field-invalid", why))?;
        let claim = ClaimSecret::of(&app.sealer, batch.id.as_str(), &plate.random.bytes());
        Ok(Blank {
            number: plate.number,
            short_id: plate.short_id.to_string(),
            text: run::issue(&app.origin, &body, |message| key.sign(message)),
            claim: claim.expose(),
        })
    };
    plates.into_iter().map(printed).collect()
}
