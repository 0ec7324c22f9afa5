//! Our own keys: made on the first start, rotated on the operator's word.

use crate::app::{App, KeyRing};
use crate::crypto::jwk::KeyUse;
use crate::crypto::keys::SigningKey;
use crate::crypto::sealing::{Purpose, Sealer};
use crate::db::{self, Db, Tx};
use crate::entropy::Entropy;
use crate::flow::FlowError;

/// Opens the ring, making a key for every use that has none.
pub async fn open(db: &Db, sealer: &Sealer, entropy: &dyn Entropy) -> Result<KeyRing, FlowError> {
    let mut tx = db.begin().await?;
    for key_use in KeyUse::ALL.iter().copied() {
        // Does nothing where another instance was first.
        make(&mut tx, sealer, entropy, key_use).await?;
    }
    let stored = db::signing_keys::all(&mut tx).await?;
    tx.commit().await?;
    Ok(KeyRing::open(&stored, sealer)?)
}

/// Replaces the key of one use. What the old one signed verifies for ever.
pub async fn rotate(app: &App, key_use: KeyUse) -> Result<(), FlowError> {
    let mut tx = app.db.begin().await?;
    db::signing_keys::retire(&mut tx, key_use).await?;
    make(&mut tx, &app.sealer, &*app.entropy, key_use).await?;
    let stored = db::signing_keys::all(&mut tx).await?;
    tx.commit().await?;
    app.keys.refresh(&stored, &app.sealer)?;
    Ok(())
}

/// Takes over what another instance rotated.
pub async fn refresh(app: &App) -> Result<(), FlowError> {
    let mut tx = app.db.read().await?;
    let stored = db::signing_keys::all(&mut tx).await?;
    tx.commit().await?;
    app.keys.refresh(&stored, &app.sealer)?;
    Ok(())
}

async fn make(
    tx: &mut Tx,
    sealer: &Sealer,
    entropy: &dyn Entropy,
    key_use: KeyUse,
) -> Result<(), FlowError> {
    let seed = entropy.bytes::<32>();
    let key = SigningKey::from_seed(&seed);
    let key_id = key.key_id();
    let sealed = sealer.seal(
        Purpose::SigningSeed,
        key_id.as_str().as_bytes(),
        &seed,
        entropy,
    )?;
    let public = *key.public().as_bytes();
    db::signing_keys::insert(tx, key_id, key_use, &public, &sealed).await?;
    Ok(())
}
