//! Keys: who may sign, and how a key is named.
//!
//! A key's name is the RFC 7638 thumbprint of its public part, so a name can be checked by anyone
//! and two keys never share one. Which algorithm a key works with is part of the key's record
//! ([`VerifyingKey`]); nothing in a message can change it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use ring::hmac;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Serialize};

use super::digest::{exactly, sha256};

/// The name of a key: the RFC 7638 thumbprint, 43 characters of base64url.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[serde(try_from = "String", into = "String")]
#[sqlx(transparent)]
pub struct KeyId(String);

/// An Ed25519 public key that is worth trusting: right length, no point of small order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

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
    /// Not a key of the one kind that is taken.
    #[error("only OKP keys on the curve Ed25519 are taken: {0}")]
    Unsupported(&'static str),
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

/// As long as the digest: a shorter one would be the weakest link.
const HMAC_SECRET_MIN: usize = 32;

/// The points of order 1, 2, 4 and 8 by their y coordinate, without the sign bit. Under such a key
/// one signature holds for many messages, so the key proves nothing.
const SMALL_ORDER: [[u8; 32]; 5] = [
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

impl KeyId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of_hash(hash: [u8; 32]) -> Self {
        Self(BASE64URL_NOPAD.encode(&hash))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KeyId {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match BASE64URL_NOPAD.decode(text.as_bytes()) {
            Ok(hash) if hash.len() == 32 => Ok(Self(text.to_owned())),
            Ok(_) | Err(_) => Err(KeyError::Id),
        }
    }
}

impl TryFrom<String> for KeyId {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

impl utoipa::PartialSchema for KeyId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[A-Za-z0-9_-]{43}$"))
            .description(Some("RFC 7638 thumbprint"))
            .into()
    }
}

impl utoipa::ToSchema for KeyId {}

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
        let public = PublicKey(exactly(pair.public_key().as_ref()));
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

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HmacKey({})", self.key_id())
    }
}

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

const fn with_ends(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8037 A.1 and A.2.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn key() -> SigningKey {
        SigningKey::from_seed(&bytes(SEED).try_into().unwrap())
    }

    fn bytes(text: &str) -> Vec<u8> {
        BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_public_key_of_rfc_8037_follows_from_its_seed() {
        assert_eq!(key().public().as_bytes().as_slice(), bytes(X));
    }

    #[test]
    fn the_thumbprint_is_the_one_in_rfc_8037() {
        assert_eq!(
            key().key_id().as_str(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
        assert_eq!(key().public().short_id(), [0x90, 0xfa, 0xca, 0xfe]);
    }

    #[test]
    fn a_signature_holds_for_its_message_only() {
        let signature = key().sign(b"12.00");
        assert_eq!(key().public().verify(b"12.00", &signature), Ok(()));
        assert_eq!(
            key().public().verify(b"12.01", &signature),
            Err(BadSignature)
        );
    }

    #[test]
    fn a_signature_has_one_form() {
        // The group's order, little-endian; S + L would verify for a lax reader.
        const L: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut signature = key().sign(b"message");
        let mut carry = 0;
        for (byte, add) in signature[32..].iter_mut().zip(L) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = u8::try_from(sum & 0xff).unwrap();
            carry = sum >> 8;
        }
        assert_eq!(carry, 0);
        assert_eq!(
            key().public().verify(b"message", &signature),
            Err(BadSignature)
        );
    }

    #[test]
    fn keys_under_which_anyone_can_forge_are_refused() {
        let prime = with_ends(0xed, 0xff, 0x7f);
        let above = with_ends(0xff, 0xff, 0x7f);
        for mut weak in SMALL_ORDER.into_iter().chain([prime, above]) {
            assert_eq!(PublicKey::new(&weak), Err(KeyError::WeakPoint), "{weak:?}");
            weak[31] |= 0x80;
            assert_eq!(PublicKey::new(&weak), Err(KeyError::WeakPoint), "{weak:?}");
        }
        assert_eq!(PublicKey::new(&bytes(X)), Ok(*key().public()));
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        assert_eq!(PublicKey::new(&[7; 31]), Err(KeyError::Length(31)));
        assert_eq!(
            HmacKey::new(vec![7; 31]).unwrap_err(),
            KeyError::ShortSecret { min: 32, found: 31 }
        );
    }

    #[test]
    fn a_public_key_is_never_taken_for_a_shared_secret() {
        let public = *key().public();
        let forged = HmacKey::new(public.as_bytes().to_vec())
            .unwrap()
            .mac(b"pay");
        assert_eq!(
            VerifyingKey::Ed25519(public).verify(b"pay", &forged),
            Err(BadSignature)
        );
    }

    #[test]
    fn a_printed_key_shows_its_name_and_nothing_else() {
        let secret = HmacKey::new(b"0123456789abcdef0123456789abcdef".to_vec()).unwrap();
        assert_eq!(
            format!("{secret:?}"),
            format!("HmacKey({})", secret.key_id())
        );
        assert_eq!(
            format!("{:?}", key()),
            format!("SigningKey({})", key().key_id())
        );
    }

    #[test]
    fn a_key_id_is_a_thumbprint_or_refused() {
        let id = key().key_id().clone();
        assert_eq!(id.as_str().parse::<KeyId>(), Ok(id));
        for text in [
            "",
            "../../etc/x",
            "' OR 1=1 --",
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4l",
        ] {
            assert_eq!(text.parse::<KeyId>(), Err(KeyError::Id), "{text}");
        }
    }
}
