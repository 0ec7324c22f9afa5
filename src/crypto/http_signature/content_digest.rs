//! The fingerprint of a body that a signature can cover (RFC 9530).

use data_encoding::BASE64;
use sfv::{Dictionary, ListEntry, Parser};

use super::{HEADER_MAX, SignatureError};
use crate::crypto::digest::{sha256, sha512};

const HEADER: &str = "Content-Digest";

/// The header for a body that we send.
pub(super) fn make(body: &[u8]) -> String {
    member("sha-256", &sha256(body))
}

/// Recomputes the digests from the raw bytes; the header is only compared. SHA-256 has to be there,
/// SHA-512 has to be right where it is there, others are not looked at.
pub(super) fn check(header: &str, body: &[u8]) -> Result<(), SignatureError> {
    if header.len() > HEADER_MAX {
        return Err(SignatureError::HeaderTooLarge(HEADER));
    }
    let members: Dictionary = Parser::new(header)
        .parse()
        .map_err(|_| SignatureError::Malformed(HEADER))?;
    if !members.contains_key("sha-256") {
        return Err(SignatureError::DigestAlgorithm);
    }
    for (name, entry) in &members {
        let right = match name.as_str() {
            "sha-256" => is_digest(header, name.as_str(), entry, &sha256(body)),
            "sha-512" => is_digest(header, name.as_str(), entry, &sha512(body)),
            _ => true,
        };
        if !right {
            return Err(SignatureError::DigestMismatch);
        }
    }
    Ok(())
}

/// Compares the value, and the text too: the parser takes base64 with wrong padding or spare bits.
fn is_digest(header: &str, name: &str, entry: &ListEntry, digest: &[u8]) -> bool {
    let ListEntry::Item(item) = entry else {
        return false;
    };
    item.bare_item.as_byte_sequence() == Some(digest) && header.contains(&member(name, digest))
}

/// `name=:base64:`, as RFC 9651 writes bytes.
pub(super) fn member(name: &str, bytes: &[u8]) -> String {
    format!("{name}=:{}:", BASE64.encode(bytes))
}
