//! Requests as they go over the wire, signed beforehand.

use tongma::clock::Clock;
use tongma::crypto::digest::hex;
use tongma::crypto::http_signature::{self, RequestKey, RequestParts};
use tongma::crypto::keys::{HmacKey, SigningKey};
use tongma::merchant::PrintedCode;

use crate::load::Bytes;

/// What a wallet signs with.
#[derive(Clone, Copy)]
pub(crate) enum Signs<'a> {
    Pair(&'a SigningKey),
    Shared(&'a HmacKey),
}

/// A `resolve` of this code, with a nonce of its own.
pub(crate) fn resolve(
    signs: Signs<'_>,
    authority: &str,
    code: &PrintedCode,
    number: usize,
) -> Bytes {
    let body = serde_json::json!({ "text": code.text }).to_string();
    let path = "/wallet/v1/resolve";
    signed(signs, authority, path, "application/json", &body, number)
}

/// A signed POST.
pub(crate) fn signed(
    signs: Signs<'_>,
    authority: &str,
    path: &str,
    content_type: &str,
    body: &str,
    number: usize,
) -> Bytes {
    let parts = RequestParts {
        method: "POST",
        authority,
        path,
        query: None,
        content_type: Some(content_type),
        body: body.as_bytes(),
        idempotency_key: None,
    };
    let (key, key_id): (RequestKey<'_>, String) = match signs {
        Signs::Pair(key) => (key.into(), key.key_id().to_string()),
        Signs::Shared(key) => (key.into(), key.key_id().to_string()),
    };
    let nonce = hex(&(number as u64).to_be_bytes());
    let now = Clock::System.now();
    let headers = http_signature::sign(&parts, key, &key_id, now, &nonce).unwrap();
    let head = [
        format!("POST {path} HTTP/1.1"),
        format!("Host: {authority}"),
        format!("Content-Type: {content_type}"),
        format!("Content-Length: {}", body.len()),
        format!("Content-Digest: {}", headers.content_digest.unwrap()),
        format!("Signature-Input: {}", headers.signature_input),
        format!("Signature: {}", headers.signature),
    ];
    format!("{}\r\n\r\n{body}", head.join("\r\n")).into_bytes()
}
