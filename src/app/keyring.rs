//! Our signing keys in memory: one that signs for each use, and all that ever did, to verify.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use crate::crypto::jwk::{Jwk, JwkSet, KeyUse};
use crate::crypto::keys::{KeyError, PublicKey, SigningKey};
use crate::crypto::sealing::{Purpose, Sealer};
use crate::db::signing_keys::StoredKey;

/// The keys; cloned handles see the same ring.
#[derive(Clone)]
pub struct KeyRing(Arc<RwLock<Arc<Keys>>>);

struct Keys {
    signing: HashMap<KeyUse, Arc<SigningKey>>,
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
    pub fn open(stored: &[StoredKey], sealer: &Sealer) -> Result<Self, KeyRingError> {
        Ok(Self(Arc::new(RwLock::new(Arc::new(Keys::open(
            stored, sealer,
        )?)))))
    }

    /// Takes over what is stored now, after a rotation here or on another instance.
    pub fn refresh(&self, stored: &[StoredKey], sealer: &Sealer) -> Result<(), KeyRingError> {
        let keys = Arc::new(Keys::open(stored, sealer)?);
        match self.0.write() {
            Ok(mut guard) => *guard = keys,
            Err(poisoned) => *poisoned.into_inner() = keys,
        }
        Ok(())
    }

    /// The key that signs for this use.
    pub fn signing(&self, key_use: KeyUse) -> Result<Arc<SigningKey>, KeyRingError> {
        self.keys()
            .signing
            .get(&key_use)
            .cloned()
            .ok_or(KeyRingError::Missing(key_use))
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
        match self.0.read() {
            Ok(guard) => Arc::clone(&guard),
            Err(poisoned) => Arc::clone(&poisoned.into_inner()),
        }
    }
}

impl Keys {
    fn open(stored: &[StoredKey], sealer: &Sealer) -> Result<Self, KeyRingError> {
        let mut keys = Self {
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
            if stored.retired_at.is_none() {
                let refused = || KeyRingError::MasterKey(stored.key_id.clone());
                let seed = sealer
                    .open(
                        Purpose::SigningSeed,
                        stored.key_id.as_bytes(),
                        &stored.sealed_seed,
                    )
                    .map_err(|_| refused())?;
                let seed: [u8; 32] = seed.try_into().map_err(|_| refused())?;
                keys.signing
                    .insert(stored.key_use, Arc::new(SigningKey::from_seed(&seed)));
            }
        }
        for key_use in KeyUse::ALL.iter().copied() {
            if !keys.signing.contains_key(&key_use) {
                return Err(KeyRingError::Missing(key_use));
            }
        }
        Ok(keys)
    }
}
