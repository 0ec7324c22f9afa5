//! Signing a request that we send.

use super::{RequestParts, SignatureError, TAG, base, content_digest, is_nonce};
use crate::clock::Timestamp;
use crate::crypto::keys::{HmacKey, SigningKey};

/// What a request is signed with.
#[derive(Debug, Clone, Copy)]
pub enum RequestKey<'a> {
    /// Proves to anyone.
    Ed25519(&'a SigningKey),
    /// Proves only between the two who share it.
    HmacSha256(&'a HmacKey),
}

/// The headers to add to the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHeaders {
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
    /// `Content-Digest`; `None` where there is no body.
    pub content_digest: Option<String>,
}

/// The label of our signatures. It means nothing: readers go by the tag.
const LABEL: &str = "tongma";

impl<'a> From<&'a SigningKey> for RequestKey<'a> {
    fn from(key: &'a SigningKey) -> Self {
        Self::Ed25519(key)
    }
}

impl<'a> From<&'a HmacKey> for RequestKey<'a> {
    fn from(key: &'a HmacKey) -> Self {
        Self::HmacSha256(key)
    }
}

/// Signs all that a signature of this request has to cover. Refused: a body without a content type,
/// a nonce that a reader would refuse, a key name that would have to be escaped.
pub fn sign<'a>(
    parts: &RequestParts<'_>,
    key: impl Into<RequestKey<'a>>,
    key_id: &str,
    created: Timestamp,
    nonce: &str,
) -> Result<SignedHeaders, SignatureError> {
    if !is_nonce(nonce) {
        return Err(SignatureError::NonceSyntax);
    }
    if !key_id
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
    {
        return Err(SignatureError::Malformed("keyid"));
    }
    if !parts.body.is_empty() && parts.content_type.is_none() {
        return Err(SignatureError::Insufficient("content-type"));
    }
    let content_digest = (!parts.body.is_empty()).then(|| content_digest::make(parts.body));
    let names: Vec<&str> = parts.required().collect();
    let params = format!(
        r#"{};created={};nonce="{nonce}";keyid="{key_id}";tag="{TAG}""#,
        quoted(&names),
        created.seconds(),
    );
    let base = base::build(&names, &params, |name| {
        parts.component(name, content_digest.as_deref())
    })?;
    let signature = match key.into() {
        RequestKey::Ed25519(key) => content_digest::member(LABEL, &key.sign(base.as_bytes())),
        RequestKey::HmacSha256(key) => content_digest::member(LABEL, &key.mac(base.as_bytes())),
    };
    Ok(SignedHeaders {
        signature_input: format!("{LABEL}={params}"),
        signature,
        content_digest,
    })
}

/// The `Accept-Signature` header of a 401: what a signature has to cover.
pub fn accept_signature() -> String {
    let names = [
        "@method",
        "@authority",
        "@path",
        "@query",
        "content-digest",
        "content-type",
    ];
    format!(r#"{LABEL}={};created;tag="{TAG}""#, quoted(&names))
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    format!("({})", quoted.join(" "))
}
