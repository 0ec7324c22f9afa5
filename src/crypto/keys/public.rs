//! The public part of an Ed25519 key, and which of them are no good.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{ED25519, UnparsedPublicKey};

use super::{BadSignature, KeyError, KeyId};
use crate::crypto::digest::sha256;

/// An Ed25519 public key that is worth trusting: right length, no point of small order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

/// The points of order 1, 2, 4 and 8 by their y coordinate, without the sign bit. Under such a key
/// one signature holds for many messages, so the key proves nothing.
pub(super) const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    with_ends(1, 0, 0),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    with_ends(0xec, 0xff, 0x7f),
];

/// The lowest byte of the field's prime 2^255 − 19; the others are ff, the last one 7f.
const PRIME_LOW: u8 = 0xed;

impl PublicKey {
    /// Takes a key on registration or from the database; refuses weak ones.
    pub fn new(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: [u8; 32] = bytes
            .try_into()
            .map_err(|_| KeyError::Length(bytes.len()))?;
        if is_weak(bytes) {
            Err(KeyError::WeakPoint)
        } else {
            Ok(Self(bytes))
        }
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key's name.
    pub fn key_id(&self) -> KeyId {
        KeyId::of_hash(self.thumbprint())
    }

    /// The first four bytes of the thumbprint, as printed codes carry them.
    pub fn short_id(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.thumbprint();
        [a, b, c, d]
    }

    /// Checks a signature.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(message, signature)
            .map_err(|_| BadSignature)
    }

    /// The public part of a key pair, which cannot be weak.
    pub(super) const fn of_pair(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// SHA-256 over the members that RFC 7638 and RFC 8037 name, in their one spelling.
    fn thumbprint(&self) -> [u8; 32] {
        let x = BASE64URL_NOPAD.encode(&self.0);
        sha256(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#).as_bytes())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.key_id())
    }
}

/// Small order, or a y coordinate past the prime, which would give one key two names.
fn is_weak(bytes: [u8; 32]) -> bool {
    let mut y = bytes;
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    let past_prime = matches!(y, [low, middle @ .., 0x7f]
        if low >= PRIME_LOW && middle.iter().all(|byte| *byte == 0xff));
    past_prime || SMALL_ORDER.contains(&y)
}

pub(super) const fn with_ends(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}
