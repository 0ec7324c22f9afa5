//! Our signing keys in memory: one that signs for each use at a time, for an institution its own
//! where it has one, and all that ever did, to verify.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use tokio::sync::{Mutex, MutexGuard};

use crate::clock::Timestamp;
use crate::crypto::jwk::{Jwk, JwkSet, KeyUse};
use crate::crypto::keys::{KeyError, PublicKey, SigningKey};
use crate::crypto::sealing::{Purpose, Sealer};
use crate::db::signing_keys::StoredKey;
use crate::merchant::InstitutionId;

/// The keys; cloned handles see the same ring.
#[derive(Clone)]
pub struct KeyRing {
    keys: Arc<RwLock<Arc<Keys>>>,
    /// When a name was last looked for that is not on the ring.
    looked: Arc<Mutex<Option<Timestamp>>>,
}

struct Keys {
    stored: Vec<StoredKey>,
    /// Those that sign, or will, by name.
    signing: HashMap<String, Arc<SigningKey>>,
    public: Vec<(PublicKey, KeyUse)>,
    jwks: JwkSet,
}

/// Why the stored keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// Sealed with another master key.
    #[error("signing key {0} cannot be opened with this master key")]
    MasterKey(String),
    /// A use without a key.
    #[error("there is no current key for {0}")]
    Missing(KeyUse),
    /// Bytes that are no key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl KeyRing {
    /// Opens the stored keys; each use needs a current one.
    pub fn open(
        stored: &[StoredKey],
        sealer: &Sealer,
        now: Timestamp,
    ) -> Result<Self, KeyRingError> {
        let keys = Arc::new(Keys::open(stored, sealer, now)?);
        Ok(Self {
            keys: Arc::new(RwLock::new(keys)),
            looked: Arc::default(),
        })
    }

    /// Takes over what is stored now, after a rotation here or on another instance.
    pub fn refresh(
        &self,
        stored: &[StoredKey],
        sealer: &Sealer,
        now: Timestamp,
    ) -> Result<(), KeyRingError> {
        let keys = Arc::new(Keys::open(stored, sealer, now)?);
        match self.keys.write() {
            Ok(mut guard) => *guard = keys,
            Err(poisoned) => *poisoned.into_inner() = keys,
        }
        Ok(())
    }

    /// The key that signs for this use now.
    pub fn signing(
        &self,
        key_use: KeyUse,
        now: Timestamp,
    ) -> Result<Arc<SigningKey>, KeyRingError> {
        let keys = self.keys();
        let found = signs(&keys.stored, key_use, None, now);
        keys.pair(found).ok_or(KeyRingError::Missing(key_use))
    }

    /// The key that signs what is sent to this institution now.
    pub fn signing_to(
        &self,
        institution: &InstitutionId,
        now: Timestamp,
    ) -> Result<Arc<SigningKey>, KeyRingError> {
        let keys = self.keys();
        let found = signs(&keys.stored, KeyUse::Request, Some(institution), now);
        keys.pair(found)
            .ok_or(KeyRingError::Missing(KeyUse::Request))
    }

    /// The key with this thumbprint, whether or not it still signs.
    pub fn named(
        &self,
        kid: &str,
        sealer: &Sealer,
    ) -> Result<Option<Arc<SigningKey>>, KeyRingError> {
        let keys = self.keys();
        if let Some(key) = keys.signing.get(kid) {
            return Ok(Some(Arc::clone(key)));
        }
        let stored = keys.stored.iter().find(|key| key.key_id == kid);
        stored.map(|stored| opened(stored, sealer)).transpose()
    }

    /// The turn to look for a name that is not on the ring, one at a time; and when somebody last
    /// had it.
    pub async fn turn_to_look(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.looked.lock().await
    }

    /// The public key with this thumbprint that signs or signed for this use.
    pub fn public(&self, key_use: KeyUse, kid: &str) -> Option<PublicKey> {
        let keys = self.keys();
        keys.public
            .iter()
            .find(|(key, of)| *of == key_use && key.key_id().as_str() == kid)
            .map(|(key, _)| *key)
    }

    /// The public keys whose thumbprint begins with these four bytes, as printed in codes.
    pub fn by_short_id(&self, key_use: KeyUse, short: [u8; 4]) -> Vec<PublicKey> {
        let keys = self.keys();
        keys.public
            .iter()
            .filter(|(key, of)| *of == key_use && key.short_id() == short)
            .map(|(key, _)| *key)
            .collect()
    }

    /// What is published.
    pub fn jwks(&self) -> JwkSet {
        self.keys().jwks.clone()
    }

    fn keys(&self) -> Arc<Keys> {
        match self.keys.read() {
            Ok(guard) => Arc::clone(&guard),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }
}

fn opened(stored: &StoredKey, sealer: &Sealer) -> Result<Arc<SigningKey>, KeyRingError> {
    let refused = || KeyRingError::MasterKey(stored.key_id.clone());
    let name = stored.key_id.as_bytes();
    let seed = sealer
        .open(Purpose::SigningSeed, name, &stored.sealed_seed)
        .map_err(|_| refused())?;
    let seed: [u8; 32] = seed.try_into().map_err(|_| refused())?;
    Ok(Arc::new(SigningKey::from_seed(&seed)))
}

/// Which of our keys signs at `now`: of those that have begun and not ended the last to begin; for
/// an institution without a key of its own, that of all.
pub fn signs<'a>(
    keys: &'a [StoredKey],
    key_use: KeyUse,
    institution: Option<&InstitutionId>,
    now: Timestamp,
) -> Option<&'a StoredKey> {
    let left = |of: Option<&InstitutionId>| {
        let of = of.cloned();
        keys.iter().filter(move |key| {
            key.key_use == key_use
                && key.institution == of
                && key.retired_at.is_none_or(|end| now < end)
        })
    };
    let begun = |of| {
        left(of)
            .filter(|key| key.signs_from <= now)
            .max_by_key(|key| key.signs_from)
    };
    let own = institution.and_then(|institution| begun(Some(institution)));
    // Where this clock is behind that of whoever made the first key, it signs all the same.
    own.or_else(|| begun(None))
        .or_else(|| left(None).min_by_key(|key| key.signs_from))
}

impl Keys {
    fn pair(&self, key: Option<&StoredKey>) -> Option<Arc<SigningKey>> {
        self.signing.get(&key?.key_id).cloned()
    }

    fn open(stored: &[StoredKey], sealer: &Sealer, now: Timestamp) -> Result<Self, KeyRingError> {
        let mut keys = Self {
            stored: stored.to_vec(),
            signing: HashMap::new(),
            public: Vec::new(),
            jwks: JwkSet::default(),
        };
        for stored in stored {
            let public = PublicKey::new(&stored.public_key)?;
            keys.jwks
                .keys
                .push(Jwk::new(&public, stored.key_use, stored.retired_at));
            keys.public.push((public, stored.key_use));
            if stored.retired_at.is_none_or(|end| now < end) {
                let key = opened(stored, sealer)?;
                keys.signing.insert(stored.key_id.clone(), key);
            }
        }
        for key_use in KeyUse::ALL.iter().copied() {
            let last = |key: &StoredKey| {
                key.key_use == key_use && key.institution.is_none() && key.retired_at.is_none()
            };
            if !stored.iter().any(last) {
                return Err(KeyRingError::Missing(key_use));
            }
        }
        Ok(keys)
    }
}
