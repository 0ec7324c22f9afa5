//! Who sent this request: HTTP message signatures (RFC 9421) and content digests (RFC 9530).
//!
//! A request between an institution and us is signed over its method, host, path, query and body,
//! with the time and a nonce, under the tag `tongma-wallet`. [`sign`] makes the three headers;
//! [`parse`] reads them and names the key, the caller fetches the key, and [`Parsed::verify`]
//! decides. Which algorithm is used comes from the key's record.
//!
//! Not here: keeping nonces (only a database can), fetching keys, and answering. `@target-uri` is
//! not taken in place of host, path and query: behind a proxy the scheme would be a guess.

mod base;
mod content_digest;
mod sign;
mod verify;

use std::borrow::Cow;
use std::time::Duration;

pub use sign::{RequestKey, SignedHeaders, accept_signature, sign};
pub use verify::{Parsed, SignatureHeaders, parse};

/// What a signature says it is for; ours is found by it whatever its label.
pub const TAG: &str = "tongma-wallet";

/// How far `created` may lie from our clock, in either direction.
pub const WINDOW: Duration = Duration::from_mins(5);

/// The longest of each of the three headers that is read.
pub const HEADER_MAX: usize = 8 * 1024;

/// What is signed of a request, as it goes over the wire.
#[derive(Debug, Clone, Copy)]
pub struct RequestParts<'a> {
    /// `POST`.
    pub method: &'a str,
    /// Host and port of the request: its `Host` header or its URL's authority.
    pub authority: &'a str,
    /// The path as sent, percent-encoding and all.
    pub path: &'a str,
    /// What stands behind the `?`, without it; `None` where there is none.
    pub query: Option<&'a str>,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The raw bytes; empty where there is no body.
    pub body: &'a [u8],
    /// The `Idempotency-Key` header; has to be signed where it is sent.
    pub idempotency_key: Option<&'a str>,
}

/// Why a signed request is not taken. Texts never say whether a key exists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No signature with our tag.
    #[error("a signature with the tag {TAG:?} is required")]
    Missing,
    /// The body is not the one that the digest describes.
    #[error("Content-Digest does not match the body")]
    DigestMismatch,
    /// Wrong signature, unknown key, or another algorithm than the key's: one answer.
    #[error("the signature does not verify")]
    Invalid,
    /// Two signatures claim to be the one for us.
    #[error("more than one signature has the tag {TAG:?}")]
    Ambiguous,
    /// Something that has to be signed is not.
    #[error("the signature has to cover {0}")]
    Insufficient(&'static str),
    /// Something is signed that we cannot recompute.
    #[error("the signature covers {0:?}, which is not taken here")]
    Unsupported(String),
    /// `created` is outside the window, or `expires` has passed.
    #[error("created has to lie within {} seconds of now, expires after it", WINDOW.as_secs())]
    ClockSkew,
    /// Not 8 to 64 of `[A-Za-z0-9_-]`.
    #[error("nonce has to be 8 to 64 characters of [A-Za-z0-9_-]")]
    NonceSyntax,
    /// Used before. Raised by whoever keeps the nonces.
    #[error("this nonce was used before")]
    NonceReused,
    /// No digest by an algorithm that still holds.
    #[error("Content-Digest has to contain sha-256")]
    DigestAlgorithm,
    /// Longer than is read.
    #[error("{0} is longer than {HEADER_MAX} bytes")]
    HeaderTooLarge(&'static str),
    /// No structured field of the right shape.
    #[error("{0} cannot be read")]
    Malformed(&'static str),
}

impl SignatureError {
    /// The problem code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "signature-missing",
            Self::DigestMismatch => "digest-mismatch",
            Self::Invalid | Self::Ambiguous => "signature-invalid",
            Self::Insufficient(_) | Self::Unsupported(_) => "signature-insufficient",
            Self::ClockSkew => "clock-skew",
            Self::NonceSyntax => "nonce-syntax",
            Self::NonceReused => "nonce-reused",
            Self::DigestAlgorithm => "digest-algorithm",
            Self::HeaderTooLarge(_) => "header-too-large",
            Self::Malformed(_) => "malformed",
        }
    }
}

impl<'a> RequestParts<'a> {
    /// The value of a component in the signature base, if the request has it.
    fn component(&self, name: &str, content_digest: Option<&'a str>) -> Option<Cow<'a, str>> {
        match name {
            "@method" => Some(self.method.into()),
            "@authority" => Some(normal_authority(self.authority).into()),
            "@path" => Some(if self.path.is_empty() { "/" } else { self.path }.into()),
            "@query" => Some(format!("?{}", self.query.unwrap_or_default()).into()),
            "content-digest" => content_digest.map(|value| value.trim().into()),
            "content-type" => self.content_type.map(|value| value.trim().into()),
            "idempotency-key" => self.idempotency_key.map(|value| value.trim().into()),
            _ => None,
        }
    }

    /// The components that a signature of this request has to cover.
    fn required(&self) -> impl Iterator<Item = &'static str> {
        let always = ["@method", "@authority", "@path", "@query"].into_iter();
        let with_body = ["content-digest", "content-type"].into_iter();
        always
            .chain(with_body.filter(|_| !self.body.is_empty()))
            .chain(self.idempotency_key.map(|_| "idempotency-key"))
    }
}

/// Lower case, without a default port.
fn normal_authority(authority: &str) -> String {
    let lower = authority.to_ascii_lowercase();
    let bare = lower
        .strip_suffix(":443")
        .or_else(|| lower.strip_suffix(":80"));
    bare.map_or_else(|| lower.clone(), str::to_owned)
}

/// 8 to 64 of `[A-Za-z0-9_-]`.
fn is_nonce(text: &str) -> bool {
    (8..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests;
