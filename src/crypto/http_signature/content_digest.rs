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

fn is_digest(header: &str, name: &str, entry: &ListEntry, digest: &[u8]) -> bool {
    let ListEntry::Item(item) = entry else {
        return false;
    };
    item.bare_item.as_byte_sequence() == Some(digest) && is_spelled(header, name, digest)
}

/// `name=:base64:`, as RFC 9651 writes bytes.
pub(super) fn member(name: &str, bytes: &[u8]) -> String {
    format!("{name}=:{}:", BASE64.encode(bytes))
}

/// Whether the bytes stand under this name in their one spelling: the parser takes base64 with wrong
/// padding or spare bits. Only the member that the parser reads counts, which is the last of its
/// name; the same text may stand in a string, in a parameter, or behind a longer name.
pub(super) fn is_spelled(header: &str, name: &str, bytes: &[u8]) -> bool {
    let mut last = "";
    let mut rest = Some(header);
    while let Some(text) = rest {
        let (member, behind) = text
            .split_at_checked(member_end(text))
            .unwrap_or((text, ""));
        rest = behind.strip_prefix(',');
        let member = member.trim_matches([' ', '\t']);
        if member
            .strip_prefix(name)
            .is_some_and(|value| value.starts_with('='))
        {
            last = member;
        }
    }
    last.strip_prefix(&member(name, bytes))
        .is_some_and(|behind| behind.is_empty() || behind.starts_with(';'))
}

/// The first comma outside strings; the end where there is none.
fn member_end(text: &str) -> usize {
    let (mut quoted, mut escapes, mut escaped, mut before) = (false, false, false, ' ');
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            ',' if !quoted => return at,
            '"' => {
                quoted = !quoted;
                // In `%"…"` a backslash is a letter like any other.
                escapes = before != '%';
            }
            '\\' => escaped = quoted && escapes,
            _ => {}
        }
        before = c;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_ends_at_a_comma_outside_strings() {
        for (text, end) in [
            ("a=1, b=2", 3),
            (r#"a="1,2", b"#, 7),
            (r#"a="1\",2", b"#, 9),
            (r#"a="1\\",b"#, 7),
            (r#"a="1"\,b"#, 6),
            (r"a\,b", 2),
            (r#"a=%"1\",b"#, 7),
            ("a=1", 3),
        ] {
            assert_eq!(member_end(text), end, "{text}");
        }
    }
}
