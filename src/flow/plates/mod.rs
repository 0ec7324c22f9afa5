//! Plates: printed blank in batches, bound to a shop by whoever has one in hand.
//!
//! ```text
//! create   a batch of blank plates, step by step; what is printed on them follows from what is kept
//! claim    the secret on the plate, right or wrong; five wrong ones lock it
//! bind     a code of ours is made behind the plate; a scan of the plate finds it from then on
//! rebind   another code, for another store or till; unbind, void: the code is revoked
//! ```

mod bind;
mod claim;
mod create;

pub use self::bind::{bind, bind_proven, rebind, unbind, void};
pub use self::claim::{PlateName, find, prove};
pub use self::create::{NewBatch, begin, blanks, create, finish, go_on};

pub(super) use self::bind::follow;

use crate::app::App;
use crate::db::plate_batches::InUse;
use crate::db::{self, Tx};
use crate::flow::FlowError;
use crate::id::{MerchantId, PlateBatchId, PlateId};
use crate::merchant::PrintedCode;
use crate::merchant::plate::{Plate, PlateBatch, PlateLine};

/// Who does something with a plate.
#[derive(Debug, Clone, Copy)]
pub struct Hand<'a> {
    /// For which merchant; the operator for none.
    pub merchant: Option<&'a MerchantId>,
    /// What the logs call them: an API key, a session, `cli`.
    pub actor: &'a str,
}

/// A plate as it stands, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The plate.
    pub plate: Plate,
    /// The code behind it, of a bound one.
    pub code: Option<PrintedCode>,
    /// Its log, newest first; of the operator's plates a merchant sees what was about itself.
    pub lines: Vec<PlateLine>,
}

/// A plate, for whoever owns its batch or was the last to have it.
pub async fn look(app: &App, hand: Hand<'_>, id: &PlateId) -> Result<Shown, FlowError> {
    let mut tx = app.db.read().await?;
    let plate = db::plates::find(&mut tx, id).await?;
    let plate = plate.ok_or(FlowError::NotFound("plate"))?;
    seen(&mut tx, hand, &plate).await?;
    let shown = shown(&mut tx, hand, plate).await?;
    tx.commit().await?;
    Ok(shown)
}

/// A batch of this merchant's, or any for the operator, and how much of it is in use.
pub async fn look_at_batch(
    app: &App,
    merchant: Option<&MerchantId>,
    id: &PlateBatchId,
) -> Result<(PlateBatch, InUse), FlowError> {
    let mut tx = app.db.read().await?;
    let found = db::plate_batches::find(&mut tx, id).await?;
    let is_theirs = |batch: &PlateBatch| merchant.is_none() || batch.merchant.as_ref() == merchant;
    let batch = found
        .filter(is_theirs)
        .ok_or(FlowError::NotFound("plate-batch"))?;
    let in_use = db::plate_batches::in_use(&mut tx, id).await?;
    tx.commit().await?;
    Ok((batch, in_use))
}

/// Whether the plate is there for this hand; says whether its batch is theirs.
async fn seen(tx: &mut Tx, hand: Hand<'_>, plate: &Plate) -> Result<bool, FlowError> {
    let Some(merchant) = hand.merchant else {
        return Ok(true);
    };
    let batch = db::plate_batches::find(tx, &plate.batch).await?;
    if batch.is_some_and(|batch| batch.merchant.as_ref() == Some(merchant)) {
        return Ok(true);
    }
    let newest = db::plates::newest_line(tx, &plate.id).await?;
    let is_last = newest.is_some_and(|line| line.merchant.as_ref() == Some(merchant));
    is_last.then_some(false).ok_or(FlowError::NotFound("plate"))
}

async fn shown(tx: &mut Tx, hand: Hand<'_>, plate: Plate) -> Result<Shown, FlowError> {
    let code = match plate.code() {
        Some(code) => db::codes::find(tx, code).await?,
        None => None,
    };
    let lines = db::plates::lines(tx, &plate.id, hand.merchant).await?;
    Ok(Shown { plate, code, lines })
}
