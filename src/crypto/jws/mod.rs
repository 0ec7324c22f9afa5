//! Signed statements that travel: compact JWS (RFC 7515) with Ed25519 and nothing else.
//!
//! A statement says what kind it is (`typ`), and a reader asks for one kind, so that a receipt can
//! never pass for a result. The header names a key, never brings one. Reading is done in two steps
//! where the key must be fetched first ([`parse`], then [`Unverified::verify`]), or in one
//! ([`verify`]). Times are checked apart ([`check_times`]), because evidence is kept for years and
//! stays readable after it has expired.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::keys::{PublicKey, SigningKey};
use crate::clock::Timestamp;
use crate::misread::Misread;

/// Our answer to `resolve`.
pub const RESOLUTION: &str = "tongma-resolution+jwt";
/// What a payee institution attests.
pub const RESULT: &str = "tongma-result+jwt";
/// What a payer shows at the counter.
pub const RECEIPT: &str = "tongma-receipt+jwt";

/// The longest statement that is read. A result with every field full stays under a quarter.
pub const TEXT_MAX: usize = 16 * 1024;

/// How far two honest clocks may be apart.
pub const SKEW: Duration = Duration::from_mins(5);

/// A statement whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    /// The name of the key that signed.
    pub kid: String,
    /// What it said.
    pub claims: T,
}

/// A statement that is well formed; nothing it says may be used yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    kid: String,
    signing_input: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Why a statement is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Not three parts of strict base64url, or no JSON in them.
    #[error("not a compact JWS: {0}")]
    Malformed(&'static str),
    /// `none` in any spelling, an empty signature, or any algorithm but Ed25519.
    #[error("the only algorithm is Ed25519")]
    AlgNotAllowed,
    /// A header member that would change how the statement is read, or one that stands twice.
    #[error("the header has a member that is not allowed: {0}")]
    Header(&'static str),
    /// A statement of another kind.
    #[error("this is no {expected}")]
    WrongTokenType {
        /// The kind that was asked for.
        expected: &'static str,
    },
    /// Unknown key or wrong signature: deliberately one answer.
    #[error("the signature is not by a key known here")]
    SignatureInvalid,
    /// Signed, but its claims are not those of its kind.
    #[error("claim {pointer}: {why}")]
    Claims {
        /// Which, as a JSON pointer; empty where they are no object at all.
        pointer: String,
        /// What is wrong with it.
        why: String,
    },
    /// `exp` has passed.
    #[error("expired at {0}")]
    Expired(Timestamp),
    /// `iat` lies ahead of our clock.
    #[error("issued in the future, at {0}")]
    NotYetValid(Timestamp),
}

impl JwsError {
    /// The problem code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::AlgNotAllowed => "alg-not-allowed",
            Self::Header(_) | Self::SignatureInvalid => "signature-invalid",
            Self::WrongTokenType { .. } => "wrong-token-type",
            Self::Claims { .. } => "field-invalid",
            Self::Expired(_) => "expired",
            Self::NotYetValid(_) => "clock-skew",
        }
    }
}

/// Signs claims as a statement of the kind `typ`, one of the constants above or a plain word.
///
/// # Panics
///
/// When the claims cannot be JSON, which structs of strings, numbers and lists always can.
#[expect(clippy::expect_used, reason = "claims are structs of ours")]
pub fn sign(key: &SigningKey, typ: &'static str, claims: &impl Serialize) -> String {
    let kid = key.key_id();
    let header = format!(r#"{{"alg":"Ed25519","typ":"{typ}","kid":"{kid}"}}"#);
    let claims = serde_json::to_vec(claims).expect("claims are JSON");
    let mut text = BASE64URL_NOPAD.encode(header.as_bytes());
    text.push('.');
    text.push_str(&BASE64URL_NOPAD.encode(&claims));
    let signature = key.sign(text.as_bytes());
    text.push('.');
    text.push_str(&BASE64URL_NOPAD.encode(&signature));
    text
}

/// Reads a statement of the kind `typ`, signed by a key that `find` knows by its name.
pub fn verify<T: DeserializeOwned>(
    text: &str,
    typ: &'static str,
    find: impl FnOnce(&str) -> Option<PublicKey>,
) -> Result<Verified<T>, JwsError> {
    let unverified = parse(text, typ)?;
    let key = find(unverified.kid()).ok_or(JwsError::SignatureInvalid)?;
    unverified.verify(&key)
}

/// The claims of a statement that was verified before it was kept; of any other they prove nothing.
pub fn kept<T: DeserializeOwned>(text: &str) -> Option<T> {
    let payload = decode(text.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// Takes a statement of the kind `typ` apart and says which key it names.
pub fn parse<'a>(text: &'a str, typ: &'static str) -> Result<Unverified<'a>, JwsError> {
    if text.len() > TEXT_MAX {
        return Err(JwsError::Malformed("too long"));
    }
    let (signing_input, signature) = text
        .rsplit_once('.')
        .ok_or(JwsError::Malformed("three parts are needed"))?;
    let (header, payload) = signing_input
        .split_once('.')
        .ok_or(JwsError::Malformed("three parts are needed"))?;
    if payload.contains('.') {
        return Err(JwsError::Malformed("three parts are needed"));
    }
    let kid = read_header(&decode(header)?, typ)?;
    if signature.is_empty() {
        return Err(JwsError::AlgNotAllowed);
    }
    let (payload, signature) = (decode(payload)?, decode(signature)?);
    Ok(Unverified {
        kid,
        signing_input,
        payload,
        signature,
    })
}

impl Unverified<'_> {
    /// The name of the key that is said to have signed; only good for a look-up.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Checks the signature, then reads the claims.
    pub fn verify<T: DeserializeOwned>(self, key: &PublicKey) -> Result<Verified<T>, JwsError> {
        key.verify(self.signing_input.as_bytes(), &self.signature)
            .map_err(|_| JwsError::SignatureInvalid)?;
        let reader = &mut serde_json::Deserializer::from_slice(&self.payload);
        let claims = serde_path_to_error::deserialize(reader).map_err(|error| {
            let Misread { pointer, why } = (&error).into();
            JwsError::Claims { pointer, why }
        })?;
        Ok(Verified {
            kid: self.kid,
            claims,
        })
    }
}

/// Whether a statement issued at `iat` until `exp` (seconds since 1970) holds now, give or take
/// `skew`.
pub fn check_times(iat: i64, exp: i64, now: Timestamp, skew: Duration) -> Result<(), JwsError> {
    let (issued, expires) = (Timestamp::from_seconds(iat), Timestamp::from_seconds(exp));
    if expires < issued {
        Err(JwsError::Claims {
            pointer: "/exp".to_owned(),
            why: "lies before iat".to_owned(),
        })
    } else if issued > now.plus(skew) {
        Err(JwsError::NotYetValid(issued))
    } else if now >= expires.plus(skew) {
        Err(JwsError::Expired(expires))
    } else {
        Ok(())
    }
}

/// The header, and whether any of its members, known or not, stands twice.
struct HeaderMembers {
    members: BTreeMap<String, Value>,
    repeated: bool,
}

/// Members that bring a key or change how the rest is read. We know no critical extension.
const REFUSED_MEMBERS: [&str; 7] = ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"];

/// Our key names have 43 characters; others' may be longer, but not without bound.
const KID_CHARS_MAX: usize = 128;

/// Checks everything that the header says and gives back the key's name.
fn read_header(bytes: &[u8], typ: &'static str) -> Result<String, JwsError> {
    let HeaderMembers { members, repeated } = serde_json::from_slice(bytes)
        .map_err(|_| JwsError::Malformed("the header is not a JSON object"))?;
    if repeated {
        return Err(JwsError::Header("one stands twice"));
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if !matches!(text("alg"), Some("Ed25519" | "EdDSA")) {
        return Err(JwsError::AlgNotAllowed);
    }
    if let Some(name) = REFUSED_MEMBERS
        .into_iter()
        .find(|name| members.contains_key(*name))
    {
        return Err(JwsError::Header(name));
    }
    if text("typ") != Some(typ) {
        return Err(JwsError::WrongTokenType { expected: typ });
    }
    match text("kid") {
        Some(kid) if kid.len() <= KID_CHARS_MAX => Ok(kid.to_owned()),
        Some(_) | None => Err(JwsError::SignatureInvalid),
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    BASE64URL_NOPAD
        .decode(part.as_bytes())
        .map_err(|_| JwsError::Malformed("a part is not unpadded base64url in its one spelling"))
}

impl<'de> Deserialize<'de> for HeaderMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = HeaderMembers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JOSE header")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeaderMembers, A::Error> {
                let (mut members, mut repeated) = (BTreeMap::new(), false);
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    repeated |= members.insert(name, value).is_some();
                }
                Ok(HeaderMembers { members, repeated })
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests;
