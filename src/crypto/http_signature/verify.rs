//! Reading and checking the signature of a request that came in.

use std::sync::LazyLock;

use sfv::{BareItem, Dictionary, InnerList, ListEntry, Parser};

use super::{
    HEADER_MAX, RequestParts, SignatureError, TAG, WINDOW, base, content_digest, is_nonce,
};
use crate::clock::Timestamp;
use crate::crypto::keys::{HmacKey, PublicKey, VerifyingKey};

/// The three headers as they came; several lines of one are joined by `, `.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignatureHeaders<'a> {
    /// `Signature-Input`.
    pub signature_input: Option<&'a str>,
    /// `Signature`.
    pub signature: Option<&'a str>,
    /// `Content-Digest`.
    pub content_digest: Option<&'a str>,
}

/// A signature that is well formed; nothing it says may be trusted yet.
#[derive(Debug)]
pub struct Parsed<'a> {
    covered: InnerList,
    signature: Vec<u8>,
    content_digest: Option<&'a str>,
    keyid: String,
    nonce: String,
    created: i64,
    expires: Option<i64>,
    algorithm: Option<String>,
}

/// A request has one signature for us; a proxy on the way may add its own.
const LABELS_MAX: usize = 8;

/// More than all that can be covered.
const COMPONENTS_MAX: usize = 16;

/// Finds the signature that is meant for us and reads what it says about itself.
pub fn parse<'a>(headers: &SignatureHeaders<'a>) -> Result<Parsed<'a>, SignatureError> {
    check_size("Signature-Input", headers.signature_input)?;
    check_size("Signature", headers.signature)?;
    check_size("Content-Digest", headers.content_digest)?;
    let (Some(input), Some(signatures)) = (headers.signature_input, headers.signature) else {
        return Err(SignatureError::Missing);
    };
    let (label, covered) = ours(read_input(input)?)?;
    let signature = read_signature(signatures, &label)?;
    Ok(Parsed {
        signature,
        content_digest: headers.content_digest,
        keyid: text_param(&covered, "keyid")?.ok_or(SignatureError::Insufficient("keyid"))?,
        nonce: nonce(&covered)?,
        created: whole_param(&covered, "created")?
            .ok_or(SignatureError::Insufficient("created"))?,
        expires: whole_param(&covered, "expires")?,
        algorithm: text_param(&covered, "alg")?,
        covered,
    })
}

impl Parsed<'_> {
    /// The name of the key that is said to have signed; only good for a look-up.
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// The nonce, well formed. It may be stored only after [`Parsed::verify`].
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// When it was signed, by the sender's clock.
    pub const fn created(&self) -> Timestamp {
        Timestamp::from_seconds(self.created)
    }

    /// Decides whether the holder of `key` sent this request, about now.
    pub fn verify(
        &self,
        key: &VerifyingKey,
        parts: &RequestParts<'_>,
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        self.verify_or_refuse(Some(key), parts, now)
    }

    /// [`Parsed::verify`] for a key that may be unknown: the answer and the work are the same as
    /// for a wrong signature, so that nobody can ask which keys exist.
    pub fn verify_or_refuse(
        &self,
        key: Option<&VerifyingKey>,
        parts: &RequestParts<'_>,
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        self.check_time(now)?;
        let names = base::names(&self.covered)?;
        if let Some(missing) = parts.required().find(|name| !names.contains(name)) {
            return Err(SignatureError::Insufficient(missing));
        }
        self.check_supported(&names, parts)?;
        if let Some(header) = self.content_digest {
            content_digest::check(header, parts.body)?;
        }
        let params = base::canonical(&self.covered);
        let base = base::build(&names, &params, |name| {
            parts.component(name, self.content_digest)
        })?;
        // Whatever kind of key there is or is not, a refusal costs one look with a key of each kind,
        // in one order; those that are nobody's stand ready.
        let (shared, pair) = match key {
            Some(key @ VerifyingKey::HmacSha256(_)) => (key, &NOBODY.pair),
            Some(key @ VerifyingKey::Ed25519(_)) => (&NOBODY.shared, key),
            None => (&NOBODY.shared, &NOBODY.pair),
        };
        let base = base.as_bytes();
        let by_shared = self.check_signature(shared, base).is_ok();
        if by_shared && matches!(key, Some(VerifyingKey::HmacSha256(_))) {
            return Ok(());
        }
        let by_pair = self.check_signature(pair, base).is_ok();
        if by_pair && matches!(key, Some(VerifyingKey::Ed25519(_))) {
            return Ok(());
        }
        Err(SignatureError::Invalid)
    }

    fn check_time(&self, now: Timestamp) -> Result<(), SignatureError> {
        let apart = now.seconds().abs_diff(self.created);
        let expired = self.expires.is_some_and(|expires| expires < now.seconds());
        if apart > WINDOW.as_secs() || expired {
            Err(SignatureError::ClockSkew)
        } else {
            Ok(())
        }
    }

    /// Whatever is covered has to be known and there.
    fn check_supported(
        &self,
        names: &[&str],
        parts: &RequestParts<'_>,
    ) -> Result<(), SignatureError> {
        for name in names {
            if parts.component(name, self.content_digest).is_some() {
                continue;
            }
            return Err(match *name {
                "content-digest" => SignatureError::Insufficient("content-digest"),
                "content-type" => SignatureError::Insufficient("content-type"),
                other => SignatureError::Unsupported(other.chars().take(64).collect()),
            });
        }
        Ok(())
    }

    fn check_signature(&self, key: &VerifyingKey, base: &[u8]) -> Result<(), SignatureError> {
        // The work is done also where the name is wrong: how long it takes must not tell which
        // keys there are.
        let held = key.verify(base, &self.signature);
        let named = self.algorithm.as_deref();
        if named.is_some_and(|named| named != key.algorithm()) {
            return Err(SignatureError::Invalid);
        }
        held.map_err(|_| SignatureError::Invalid)
    }
}

/// Keys that let nobody in: what is checked with them is refused, whatever comes out.
struct Nobody {
    shared: VerifyingKey,
    pair: VerifyingKey,
}

static NOBODY: LazyLock<Nobody> = LazyLock::new(nobody);

#[expect(clippy::expect_used, reason = "a constant that a test reads")]
fn nobody() -> Nobody {
    let pair = PublicKey::new(&PRINTED).expect("a point of large order");
    Nobody {
        shared: VerifyingKey::HmacSha256(HmacKey::from_random(PRINTED)),
        pair: VerifyingKey::Ed25519(pair),
    }
}

/// The public key of RFC 8037 A.2, whose private part is printed there.
const PRINTED: [u8; 32] = [
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
];

fn check_size(name: &'static str, header: Option<&str>) -> Result<(), SignatureError> {
    match header {
        Some(value) if value.len() > HEADER_MAX => Err(SignatureError::HeaderTooLarge(name)),
        Some(_) | None => Ok(()),
    }
}

fn read_input(header: &str) -> Result<Dictionary, SignatureError> {
    match Parser::new(header).parse::<Dictionary>() {
        Ok(entries) if entries.len() <= LABELS_MAX => Ok(entries),
        Err(error) if is_in_nonce(header, error.index()) => Err(SignatureError::NonceSyntax),
        Ok(_) | Err(_) => Err(SignatureError::Malformed("Signature-Input")),
    }
}

/// Whether the text stops being readable inside a nonce: then that is the more helpful answer.
fn is_in_nonce(header: &str, index: Option<usize>) -> bool {
    let before = index.and_then(|end| header.get(..end)).unwrap_or_default();
    before
        .rsplit_once(";nonce=\"")
        .is_some_and(|(_, value)| !value.contains('"'))
}

/// The one signature with our tag, by whatever label.
fn ours(entries: Dictionary) -> Result<(String, InnerList), SignatureError> {
    let mut found = None;
    for (label, entry) in entries {
        let ListEntry::InnerList(covered) = entry else {
            return Err(SignatureError::Malformed("Signature-Input"));
        };
        if text_param(&covered, "tag").ok().flatten().as_deref() != Some(TAG) {
            continue;
        }
        if found
            .replace((label.as_str().to_owned(), covered))
            .is_some()
        {
            return Err(SignatureError::Ambiguous);
        }
    }
    let (label, covered) = found.ok_or(SignatureError::Missing)?;
    if covered.items.len() > COMPONENTS_MAX {
        return Err(SignatureError::Malformed("Signature-Input"));
    }
    Ok((label, covered))
}

/// The bytes under the label, in their one spelling; one signature would have many forms otherwise.
fn read_signature(header: &str, label: &str) -> Result<Vec<u8>, SignatureError> {
    let entries: Dictionary = Parser::new(header)
        .parse()
        .map_err(|_| SignatureError::Malformed("Signature"))?;
    let entry = entries.get(label).ok_or(SignatureError::Missing)?;
    let ListEntry::Item(item) = entry else {
        return Err(SignatureError::Malformed("Signature"));
    };
    let bytes = item
        .bare_item
        .as_byte_sequence()
        .ok_or(SignatureError::Malformed("Signature"))?;
    if content_digest::is_spelled(header, label, bytes) {
        Ok(bytes.to_vec())
    } else {
        Err(SignatureError::Invalid)
    }
}

fn nonce(covered: &InnerList) -> Result<String, SignatureError> {
    let value = covered
        .params
        .get("nonce")
        .ok_or(SignatureError::Insufficient("nonce"))?;
    match value.as_string() {
        Some(text) if is_nonce(text.as_str()) => Ok(text.as_str().to_owned()),
        Some(_) | None => Err(SignatureError::NonceSyntax),
    }
}

fn text_param(covered: &InnerList, name: &'static str) -> Result<Option<String>, SignatureError> {
    let read = |value: &BareItem| value.as_string().map(|text| text.as_str().to_owned());
    match covered.params.get(name) {
        None => Ok(None),
        Some(value) => read(value)
            .map(Some)
            .ok_or(SignatureError::Insufficient(name)),
    }
}

fn whole_param(covered: &InnerList, name: &'static str) -> Result<Option<i64>, SignatureError> {
    match covered.params.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_integer()
            .map(|n| Some(n.into()))
            .ok_or(SignatureError::Insufficient(name)),
    }
}
