//! Keys that only their owners have.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};
use secrecy::{ExposeSecret, SecretSlice};

use super::{BadSignature, KeyError, KeyId, PublicKey};
use crate::crypto::digest::exactly;

/// An Ed25519 private key.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Ed25519KeyPair>,
    public: PublicKey,
    id: KeyId,
}

/// A secret shared with an institution that has no key pair.
#[derive(Clone)]
pub struct HmacKey(SecretSlice<u8>);

/// As long as the digest: a shorter one would be the weakest link.
const HMAC_SECRET_MIN: usize = 32;
/// Longer ones are hashed first and gain nothing.
const HMAC_SECRET_MAX: usize = 1024;
/// 32 random bytes hold some thirty different values, 64 random hexadecimal digits fifteen; fewer
/// than these come by chance once in millions of secrets.
const DIFFERENT_MIN: usize = 12;

impl SigningKey {
    /// The key that belongs to a secret seed.
    ///
    /// # Panics
    ///
    /// Never: every 32 bytes are a seed.
    #[expect(
        clippy::expect_used,
        reason = "ring refuses only seeds of another length"
    )]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("32 bytes are a seed");
        let public = PublicKey::of_pair(exactly(pair.public_key().as_ref()));
        Self {
            pair: Arc::new(pair),
            id: public.key_id(),
            public,
        }
    }

    /// The part that may be shown.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key's name.
    pub const fn key_id(&self) -> &KeyId {
        &self.id
    }

    /// Signs a message; the same message always gets the same signature.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        exactly(self.pair.sign(message).as_ref())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

impl HmacKey {
    /// Takes a shared secret of at least 32 bytes.
    pub fn new(secret: Vec<u8>) -> Result<Self, KeyError> {
        if secret.len() < HMAC_SECRET_MIN {
            return Err(KeyError::ShortSecret {
                min: HMAC_SECRET_MIN,
                found: secret.len(),
            });
        }
        Ok(Self(secret.into()))
    }

    /// Takes a secret that somebody chose, on its registration; refuses those that can be guessed.
    /// Better ones are made by chance, with [`HmacKey::from_random`].
    pub fn chosen(secret: Vec<u8>) -> Result<Self, KeyError> {
        if secret.len() > HMAC_SECRET_MAX {
            return Err(KeyError::LongSecret {
                max: HMAC_SECRET_MAX,
                found: secret.len(),
            });
        }
        let is_guessable = looks_made_up(&secret);
        let key = Self::new(secret)?;
        if is_guessable {
            Err(KeyError::GuessableSecret)
        } else {
            Ok(key)
        }
    }

    /// A secret that chance made.
    pub fn from_random(secret: [u8; 32]) -> Self {
        Self(secret.to_vec().into())
    }

    /// The secret itself: to be sealed, or shown once to whoever has to know it.
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// A name that both sides can derive and that tells nothing about the secret.
    pub fn key_id(&self) -> KeyId {
        KeyId::of_hash(self.mac(b"tongma-key-id-v1"))
    }

    /// HMAC-SHA256 of the message.
    pub fn mac(&self, message: &[u8]) -> [u8; 32] {
        exactly(hmac::sign(&self.ring_key(), message).as_ref())
    }

    /// Checks a code in constant time.
    pub fn verify(&self, message: &[u8], mac: &[u8]) -> Result<(), BadSignature> {
        hmac::verify(&self.ring_key(), message, mac).map_err(|_| BadSignature)
    }

    fn ring_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret())
    }
}

/// Few different bytes, few different steps from one to the next, or a repeated beginning: what
/// people type when they are asked for something long.
fn looks_made_up(secret: &[u8]) -> bool {
    let steps = secret.iter().zip(secret.iter().skip(1));
    let steps = steps.map(|(byte, next)| next.wrapping_sub(*byte));
    let repeats = |period: usize| {
        let later = secret.iter().skip(period);
        secret.iter().zip(later).all(|(byte, other)| byte == other)
    };
    different(secret.iter().copied()) < DIFFERENT_MIN
        || different(steps) < DIFFERENT_MIN
        || (1..=secret.len() / 2).any(repeats)
}

fn different(bytes: impl Iterator<Item = u8>) -> usize {
    bytes.collect::<BTreeSet<u8>>().len()
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HmacKey({})", self.key_id())
    }
}
