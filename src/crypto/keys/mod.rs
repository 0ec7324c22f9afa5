//! Keys: who may sign, and how a key is named.
//!
//! A key's name is the RFC 7638 thumbprint of its public part, so a name can be checked by anyone
//! and two keys never share one. Which algorithm a key works with is part of the key's record
//! ([`VerifyingKey`]); nothing in a message can change it.

mod id;
mod public;
mod secret;

pub use id::KeyId;
pub use public::PublicKey;
pub use secret::{HmacKey, SigningKey};

/// What a signature is checked with. The variant comes from the stored key record.
#[derive(Debug, Clone)]
pub enum VerifyingKey {
    /// Proves to anyone.
    Ed25519(PublicKey),
    /// Proves only between the two who share it.
    HmacSha256(HmacKey),
}

/// Why a key is not taken. All of them are the problem `key-weak`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// An Ed25519 key has 32 bytes.
    #[error("an Ed25519 public key has 32 bytes, found {0}")]
    Length(usize),
    /// All-zero and other keys under which anyone can forge, or a second spelling of a key.
    #[error("the point is of small order or not in its one canonical form")]
    WeakPoint,
    /// A shared secret that can be guessed.
    #[error("a shared secret has at least {min} bytes, found {found}")]
    ShortSecret {
        /// What is asked for.
        min: usize,
        /// What was given.
        found: usize,
    },
    /// A shared secret that is longer than it can be of use.
    #[error("a shared secret has at most {max} bytes, found {found}")]
    LongSecret {
        /// What is taken.
        max: usize,
        /// What was given.
        found: usize,
    },
    /// A shared secret that somebody made up.
    #[error("a shared secret is random; this one repeats itself or has too few different bytes")]
    GuessableSecret,
    /// A shared secret that everybody can look up.
    #[error("a shared secret is secret; this one is a public key")]
    PublicSecret,
    /// Not a key of the one kind that is taken.
    #[error("only OKP keys on the curve Ed25519 are taken: {0}")]
    Unsupported(&'static str),
    /// Not a key in the form that is taken, such as a PEM file.
    #[error("not a JWK: a JSON object with kty, crv and x is needed")]
    NotJwk,
    /// The private part was sent.
    #[error("this is a private key; it must be replaced, and only its public part sent")]
    Private,
    /// Named otherwise than by its thumbprint.
    #[error("kid must be absent or the RFC 7638 thumbprint {0}")]
    Misnamed(KeyId),
    /// Not a key name.
    #[error("a key id is 43 characters of base64url")]
    Id,
}

/// The signature does not belong to the message and the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match")]
pub struct BadSignature;

impl VerifyingKey {
    /// The key's name.
    pub fn key_id(&self) -> KeyId {
        match self {
            Self::Ed25519(key) => key.key_id(),
            Self::HmacSha256(key) => key.key_id(),
        }
    }

    /// The one algorithm that this key works with, in RFC 9421's spelling.
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "ed25519",
            Self::HmacSha256(_) => "hmac-sha256",
        }
    }

    /// Checks a signature by this key's own algorithm.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match self {
            Self::Ed25519(key) => key.verify(message, signature),
            Self::HmacSha256(key) => key.verify(message, signature),
        }
    }
}

#[cfg(test)]
mod tests;
