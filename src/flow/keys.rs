//! Our own keys: made on the first start, rotated on the operator's word, and looked up.
//!
//! A key that replaces another is published at once and may begin to sign later: meanwhile the old
//! one signs, so that whoever holds on to a list of our keys has time to fetch the next. Our request
//! key can be replaced for one institution after the other: each gets a key of its own then, and the
//! others go on as before. What a key signed verifies for ever.

use std::sync::Arc;
use std::time::Duration;

use crate::app::{App, KeyRing, KeyRingError};
use crate::clock::Timestamp;
use crate::crypto::jwk::KeyUse;
use crate::crypto::keys::{PublicKey, SigningKey};
use crate::crypto::sealing::{Purpose, Sealer};
use crate::db::signing_keys::StoredKey;
use crate::db::{self, Db, Tx};
use crate::entropy::Entropy;
use crate::flow::FlowError;
use crate::merchant::InstitutionId;

/// How often is looked, at most, for names that are not on the ring. What another instance signed
/// with a key of this moment is genuine; what somebody made up is not, and must cost nothing.
pub const LOOK_EVERY: Duration = Duration::from_millis(100);

/// One of our keys is to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// What it signs.
    pub key_use: KeyUse,
    /// The one institution for which a request key is replaced; nothing for all that have no key of
    /// their own.
    pub institution: Option<InstitutionId>,
    /// How long the new one is published before it signs.
    pub overlap: Duration,
}

/// Opens the ring, making a key for every use that has none.
pub async fn open(db: &Db, sealer: &Sealer, entropy: &dyn Entropy) -> Result<KeyRing, FlowError> {
    let mut tx = db.begin().await?;
    let ring = complete(&mut tx, sealer, entropy).await?;
    tx.commit().await?;
    Ok(ring)
}

/// Replaces a key. Instances that serve take it over within a second.
pub async fn rotate(
    tx: &mut Tx,
    sealer: &Sealer,
    entropy: &dyn Entropy,
    rotation: &Rotation,
) -> Result<(), FlowError> {
    // With another master key than that of the servers nothing may be replaced.
    complete(tx, sealer, entropy).await?;
    let institution = rotation.institution.as_ref();
    if let Some(id) = institution {
        if rotation.key_use != KeyUse::Request {
            let detail = "only request keys are for one institution";
            return Err(FlowError::field("/institution", "field-invalid", detail));
        }
        let known = db::institutions::find(tx, id).await?;
        known.ok_or(FlowError::NotFound("institution"))?;
    }
    let begins = tx.now().plus(rotation.overlap);
    db::signing_keys::retire(tx, rotation.key_use, institution, begins).await?;
    make(tx, sealer, entropy, (rotation.key_use, institution), begins).await
}

/// Takes over what another instance rotated.
pub async fn refresh(app: &App) -> Result<(), FlowError> {
    let mut tx = app.db.read().await?;
    let stored = db::signing_keys::all(&mut tx).await?;
    let now = tx.now();
    tx.commit().await?;
    app.keys.refresh(&stored, &app.sealer, now)?;
    Ok(())
}

/// Our public keys whose thumbprint begins with these four bytes, as printed in codes.
pub(super) async fn of_code(app: &App, short: [u8; 4]) -> Result<Vec<PublicKey>, FlowError> {
    let find = |ring: &KeyRing| Some(ring.by_short_id(KeyUse::Code, short));
    let found = look(app, |ring| find(ring).filter(|keys| !keys.is_empty())).await?;
    Ok(found.unwrap_or_default())
}

/// The key that signed, or still signs, what bears its thumbprint: what was signed by it once can be
/// written again, byte for byte, and nothing else is.
pub(super) async fn that_signed(app: &App, kid: &str) -> Result<Arc<SigningKey>, FlowError> {
    let found = look(app, |ring| ring.named(kid, &app.sealer).transpose()).await?;
    Ok(found.unwrap_or(Err(KeyRingError::Missing(KeyUse::Code)))?)
}

/// Our public key of this use and name.
pub(super) async fn public(
    app: &App,
    key_use: KeyUse,
    kid: &str,
) -> Result<Option<PublicKey>, FlowError> {
    look(app, |ring| ring.public(key_use, kid)).await
}

/// Looks on the ring, and where it is not there once more after fetching what is kept: another
/// instance may have made it a moment ago. Whoever comes while somebody fetches waits for that.
async fn look<T>(app: &App, find: impl Fn(&KeyRing) -> Option<T>) -> Result<Option<T>, FlowError> {
    if let Some(found) = find(&app.keys) {
        return Ok(Some(found));
    }
    let mut looked = app.keys.turn_to_look().await;
    let now = app.clock.now();
    if !looked.is_some_and(|at| at <= now && now.since(at) < LOOK_EVERY) {
        let refreshed = refresh(app).await;
        *looked = Some(now);
        refreshed?;
    }
    drop(looked);
    Ok(find(&app.keys))
}

/// Makes what is missing, and opens all with this master key.
async fn complete(
    tx: &mut Tx,
    sealer: &Sealer,
    entropy: &dyn Entropy,
) -> Result<KeyRing, FlowError> {
    let now = tx.now();
    for key_use in KeyUse::ALL.iter().copied() {
        // Does nothing where another instance was first.
        make(tx, sealer, entropy, (key_use, None), now).await?;
    }
    let stored = db::signing_keys::all(tx).await?;
    Ok(KeyRing::open(&stored, sealer, now)?)
}

async fn make(
    tx: &mut Tx,
    sealer: &Sealer,
    entropy: &dyn Entropy,
    (key_use, institution): (KeyUse, Option<&InstitutionId>),
    signs_from: Timestamp,
) -> Result<(), FlowError> {
    let seed = entropy.bytes::<32>();
    let key = SigningKey::from_seed(&seed);
    let key_id = key.key_id().to_string();
    let key = StoredKey {
        key_use,
        institution: institution.cloned(),
        public_key: *key.public().as_bytes(),
        sealed_seed: sealer.seal(Purpose::SigningSeed, key_id.as_bytes(), &seed, entropy)?,
        key_id,
        created_at: tx.now(),
        signs_from,
        retired_at: None,
    };
    db::signing_keys::insert(tx, &key).await?;
    Ok(())
}
