//! Keys that institutions sign with: registered, replaced, ended, revoked; and when each was last
//! used, so that a rotation can be finished without locking anybody out.
//!
//! A key that is replaced counts until its overlap is over; in that time either signs. Calls look
//! the key up in the database each time, so what is revoked here is refused everywhere at once.
//!
//! To change a key: [`replace`] it; look at the [`overview`] until the new one has been used and the
//! old one is not any more; [`revoke`] the old one, or let its overlap end. The other direction is
//! the same with our own request key: [`rotate`](crate::flow::keys::rotate) it for the institution,
//! with an overlap in which it can fetch the new one, and see when it last took which.

use std::time::Duration;

use crate::app::signs;
use crate::clock::Timestamp;
use crate::crypto::jwk::KeyUse;
use crate::crypto::keys::{HmacKey, KeyError, PublicKey};
use crate::crypto::sealing::{Purpose, Sealer};
use crate::db::signing_keys::StoredKey;
use crate::db::{self, Tx};
use crate::entropy::Entropy;
use crate::flow::FlowError;
use crate::merchant::{
    InstitutionId, InstitutionKey, KeyDirection, KeyMaterial, KeyState, KeyUsed,
};

/// Why a key is not registered, replaced or ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// It could be guessed or forged, or is of a kind that is not taken.
    #[error("key-weak: {0}")]
    Weak(#[from] KeyError),
    /// There is one of this name.
    #[error("key {0} exists")]
    Taken(String),
    /// It cannot be called that.
    #[error("a key id has 1 to {KEY_ID_MAX} visible characters without quotes and backslashes")]
    Named,
    /// It would never count.
    #[error("a key ends after it begins")]
    Times,
    /// Nothing can change it any more.
    #[error("key {0} is {1}")]
    Over(String, &'static str),
}

/// A key as it is handed in.
#[derive(Debug, Clone)]
pub enum Material {
    /// The public half of a pair.
    Public(PublicKey),
    /// A secret that both sides know. Whoever signs with it can never confirm a payment.
    Shared(HmacKey),
}

/// A key to be registered.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The key itself.
    pub material: Material,
    /// What the institution will name in `keyid`; the key's own name unless told.
    pub key_id: Option<String>,
    /// Counts from here; from now unless told.
    pub not_before: Option<Timestamp>,
    /// Counts until here; without end unless told.
    pub not_after: Option<Timestamp>,
}

/// All keys between an institution and us.
#[derive(Clone)]
pub struct Overview {
    /// Theirs, with which they call us, the oldest first; and when each was last used.
    pub inbound: Vec<(InstitutionKey, Option<Timestamp>)>,
    /// Ours, with which we call them, the oldest first; where each stands between us two, and when
    /// it was last taken.
    pub outbound: Vec<(StoredKey, KeyState, Option<Timestamp>)>,
}

/// The longest name; thumbprints have 43 characters.
const KEY_ID_MAX: usize = 128;

/// Registers a key of an institution.
pub async fn register(
    tx: &mut Tx,
    sealer: &Sealer,
    entropy: &dyn Entropy,
    institution: &InstitutionId,
    new: NewKey,
) -> Result<InstitutionKey, FlowError> {
    let known = db::institutions::find(tx, institution).await?;
    known.ok_or(FlowError::NotFound("institution"))?;
    let (name, not_before) = (new.material.key_id(), new.not_before.unwrap_or(tx.now()));
    let key_id = new.key_id.unwrap_or(name);
    if !is_key_id(&key_id) {
        return Err(KeyRefused::Named.into());
    }
    if new.not_after.is_some_and(|end| end <= not_before) {
        return Err(KeyRefused::Times.into());
    }
    let material = match new.material {
        Material::Public(public) => KeyMaterial::Ed25519(*public.as_bytes()),
        Material::Shared(secret) => {
            if db::institutions::is_public(tx, secret.expose()).await? {
                return Err(KeyRefused::Weak(KeyError::PublicSecret).into());
            }
            let aad = key_id.as_bytes();
            let sealed = sealer.seal(Purpose::SharedSecret, aad, secret.expose(), entropy)?;
            KeyMaterial::HmacSha256(sealed)
        }
    };
    let key = InstitutionKey {
        key_id,
        institution: institution.clone(),
        material,
        not_before,
        not_after: new.not_after,
        revoked_at: None,
        created_at: tx.now(),
    };
    if db::institutions::insert_key(tx, &key).await? {
        Ok(key)
    } else {
        Err(KeyRefused::Taken(key.key_id).into())
    }
}

/// Registers a key in place of another of the same institution, which counts for `overlap` longer
/// than the new one has begun. Answers with the old one and the new one.
pub async fn replace(
    tx: &mut Tx,
    sealer: &Sealer,
    entropy: &dyn Entropy,
    old: &str,
    new: NewKey,
    overlap: Duration,
) -> Result<[InstitutionKey; 2], FlowError> {
    let old = changeable(tx, old).await?;
    let new = register(tx, sealer, entropy, &old.institution, new).await?;
    let end = new.not_before.plus(overlap);
    let end = old.not_after.map_or(end, |earlier| earlier.min(end));
    Ok([set_end(tx, old, end).await?, new])
}

/// Has a key that still counts end at a time, sooner or later than it would.
pub async fn end(tx: &mut Tx, key_id: &str, at: Timestamp) -> Result<InstitutionKey, FlowError> {
    let key = changeable(tx, key_id).await?;
    set_end(tx, key, at).await
}

/// Takes a key out of use for good, on every instance, from the next call on.
pub async fn revoke(tx: &mut Tx, key_id: &str) -> Result<InstitutionKey, FlowError> {
    let key = find(tx, key_id).await?;
    if key.revoked_at.is_some() {
        return Err(KeyRefused::Over(key.key_id, "revoked").into());
    }
    let at = tx.now();
    db::institutions::revoke_key(tx, key_id, at).await?;
    Ok(InstitutionKey {
        revoked_at: Some(at),
        ..key
    })
}

/// Which keys sign between an institution and us, and which did.
pub async fn overview(tx: &mut Tx, institution: &InstitutionId) -> Result<Overview, FlowError> {
    let known = db::institutions::find(tx, institution).await?;
    known.ok_or(FlowError::NotFound("institution"))?;
    let used = db::key_uses::of(tx, institution).await?;
    let last = |direction, key_id: &str| last_use(&used, direction, key_id);
    let theirs = db::institutions::keys(tx, institution).await?;
    let ours = db::signing_keys::all(tx).await?;
    let now = tx.now();
    let signing = signs(&ours, KeyUse::Request, Some(institution), now).cloned();
    let state = |key: &StoredKey| {
        if signing.as_ref() == Some(key) {
            KeyState::Current
        } else if now < key.signs_from {
            KeyState::Upcoming
        } else {
            KeyState::Ended
        }
    };
    let is_between = |key: &StoredKey| {
        let other = key.institution.as_ref().filter(|id| *id != institution);
        key.key_use == KeyUse::Request && other.is_none()
    };
    Ok(Overview {
        inbound: theirs
            .into_iter()
            .map(|key| {
                let at = last(KeyDirection::Inbound, &key.key_id);
                (key, at)
            })
            .collect(),
        outbound: ours
            .into_iter()
            .filter(is_between)
            .map(|key| {
                let at = last(KeyDirection::Outbound, &key.key_id);
                (key.clone(), state(&key), at)
            })
            .collect(),
    })
}

impl Material {
    /// The name that both sides can derive.
    fn key_id(&self) -> String {
        match self {
            Self::Public(key) => key.key_id().to_string(),
            Self::Shared(key) => key.key_id().to_string(),
        }
    }
}

fn last_use(used: &[KeyUsed], direction: KeyDirection, key_id: &str) -> Option<Timestamp> {
    used.iter()
        .find(|used| used.key.direction == direction && used.key.key_id == key_id)
        .map(|used| used.last_used_at)
}

/// What can stand in `keyid` without being escaped.
fn is_key_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    (1..=KEY_ID_MAX).contains(&text.len()) && text.bytes().all(plain)
}

async fn find(tx: &mut Tx, key_id: &str) -> Result<InstitutionKey, FlowError> {
    let found = db::institutions::find_key(tx, key_id).await?;
    found.map(|(key, _)| key).ok_or(FlowError::NotFound("key"))
}

/// A key that counts, or will: what is over is not brought back.
async fn changeable(tx: &mut Tx, key_id: &str) -> Result<InstitutionKey, FlowError> {
    let key = find(tx, key_id).await?;
    let over = if key.revoked_at.is_some() {
        Some("revoked")
    } else if key.not_after.is_some_and(|end| end <= tx.now()) {
        Some("over")
    } else {
        None
    };
    match over {
        Some(how) => Err(KeyRefused::Over(key.key_id, how).into()),
        None => Ok(key),
    }
}

async fn set_end(
    tx: &mut Tx,
    key: InstitutionKey,
    at: Timestamp,
) -> Result<InstitutionKey, FlowError> {
    if at <= key.not_before {
        return Err(KeyRefused::Times.into());
    }
    db::institutions::end_key(tx, &key.key_id, at).await?;
    Ok(InstitutionKey {
        not_after: Some(at),
        ..key
    })
}
