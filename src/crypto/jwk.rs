//! Public keys as the world exchanges them: JSON Web Keys (RFC 7517, RFC 8037).
//!
//! We publish ours so that anyone can check a printed code or a receipt without asking us; an
//! institution hands in its own on registration. Only Ed25519 is spoken.

use data_encoding::BASE64URL_NOPAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::keys::{KeyError, KeyId, PublicKey};
use crate::clock::Timestamp;
use crate::word::words;

/// One public key as we publish it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The 32 bytes in base64url.
    pub x: String,
    /// The thumbprint.
    pub kid: KeyId,
    /// `sig`.
    #[serde(rename = "use")]
    pub key_use: String,
    /// `Ed25519` (RFC 9864).
    pub alg: String,
    /// What we sign with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tongma_use: Option<KeyUse>,
    /// Since when it signs nothing new; what it signed stays valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tongma_until: Option<Timestamp>,
}

/// The list at `/.well-known/jwks.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JwkSet {
    /// Present and retired keys.
    pub keys: Vec<Jwk>,
}

words! {
    /// What one of our keys is for. A key has one use, so that no signature can pass for another
    /// kind.
    KeyUse {
        /// Printed codes.
        Code = "code",
        /// Answers to `resolve`.
        Resolution = "resolution",
        /// Receipts.
        Receipt = "receipt",
        /// Requests that we send to institutions.
        Request = "request",
    }
}

/// A public Ed25519 key needs 200 bytes; certificates and RSA keys are not taken anyway.
const FOREIGN_BYTES_MAX: usize = 8192;

impl Jwk {
    /// Describes a key of ours.
    pub fn new(key: &PublicKey, key_use: KeyUse, until: Option<Timestamp>) -> Self {
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            x: BASE64URL_NOPAD.encode(key.as_bytes()),
            kid: key.key_id(),
            key_use: "sig".to_owned(),
            alg: "Ed25519".to_owned(),
            tongma_use: Some(key_use),
            tongma_until: until,
        }
    }

    /// The key itself; refused when it is weak or its name is another's.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        ForeignJwk {
            kty: Some(self.kty.clone()),
            crv: Some(self.crv.clone()),
            x: Some(self.x.clone()),
            kid: Some(self.kid.to_string()),
            key_use: Some(self.key_use.clone()),
            alg: Some(self.alg.clone()),
            d: None,
        }
        .check()
    }
}

impl JwkSet {
    /// The key of this name, if it is listed and sound.
    pub fn find(&self, kid: &str) -> Option<PublicKey> {
        self.keys
            .iter()
            .find(|jwk| jwk.kid.as_str() == kid)?
            .public_key()
            .ok()
    }
}

/// Reads the JWK that an institution registers.
pub fn parse_foreign(json: &[u8]) -> Result<PublicKey, KeyError> {
    if json.len() > FOREIGN_BYTES_MAX {
        return Err(KeyError::Unsupported("too long"));
    }
    let jwk: ForeignJwk = serde_json::from_slice(json).map_err(|_| KeyError::NotJwk)?;
    jwk.check()
}

/// What may stand in somebody's JWK; a repeated member is refused by serde.
#[derive(Deserialize)]
struct ForeignJwk {
    kty: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    kid: Option<String>,
    #[serde(rename = "use")]
    key_use: Option<String>,
    alg: Option<String>,
    d: Option<IgnoredAny>,
}

impl ForeignJwk {
    fn check(&self) -> Result<PublicKey, KeyError> {
        if self.d.is_some() {
            return Err(KeyError::Private);
        }
        if self.kty.as_deref() != Some("OKP") || self.crv.as_deref() != Some("Ed25519") {
            return Err(KeyError::Unsupported("kty or crv is another"));
        }
        if !matches!(self.alg.as_deref(), None | Some("Ed25519" | "EdDSA")) {
            return Err(KeyError::Unsupported("alg is another"));
        }
        if !matches!(self.key_use.as_deref(), None | Some("sig")) {
            return Err(KeyError::Unsupported("use is not sig"));
        }
        let x = self
            .x
            .as_deref()
            .ok_or(KeyError::Unsupported("x is missing"))?;
        let bytes = BASE64URL_NOPAD
            .decode(x.as_bytes())
            .map_err(|_| KeyError::Unsupported("x is not base64url"))?;
        let key = PublicKey::new(&bytes)?;
        match self.kid.as_deref() {
            Some(kid) if kid != key.key_id().as_str() => Err(KeyError::Misnamed(key.key_id())),
            Some(_) | None => Ok(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::SigningKey;

    #[test]
    fn a_published_key_is_read_back() {
        let key = *SigningKey::from_seed(&[7; 32]).public();
        let until = "2026-11-21T00:00:00Z".parse().unwrap();
        let set = JwkSet {
            keys: vec![Jwk::new(&key, KeyUse::Code, Some(until))],
        };

        let json = serde_json::to_value(&set).unwrap();
        assert_eq!(json["keys"][0]["use"], "sig");
        assert_eq!(json["keys"][0]["tongma_use"], "code");
        assert_eq!(json["keys"][0]["tongma_until"], "2026-11-21T00:00:00.000Z");

        let read: JwkSet = serde_json::from_value(json).unwrap();
        assert_eq!(read.find(key.key_id().as_str()), Some(key));
        assert_eq!(read.find("../../etc/x"), None);
    }

    #[test]
    fn the_public_jwk_of_rfc_8037_registers() {
        let json = br#"{"kty":"OKP","crv":"Ed25519",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        assert!(parse_foreign(json).is_ok());
        let longer = |bytes: usize| {
            let mut longer = json.to_vec();
            longer.resize(bytes, b' ');
            parse_foreign(&longer)
        };
        assert!(longer(8 * 1024).is_ok());
        assert_eq!(longer(8 * 1024 + 1), Err(KeyError::Unsupported("too long")));
    }

    #[test]
    fn only_a_public_ed25519_key_in_its_one_spelling_registers() {
        let refused = [
            // Its private part, RFC 8037 A.1.
            r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            r#"{"kty":"EC","crv":"P-256","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","y":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#,
            r#"{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            r#"{"kty":"OKP","crv":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp"}"#,
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="}"#,
            r#"{"kty":"OKP","crv":"Ed25519","kid":"mine","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            r#"{"kty":"OKP","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            r#"{"kty":"OKP","crv":"Ed25519","alg":"HS256","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            "[]",
            "",
        ];
        for json in refused {
            assert!(parse_foreign(json.as_bytes()).is_err(), "{json}");
        }
    }
}
