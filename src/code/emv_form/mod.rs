//! Our code in EMV's form: readers all over the world understand it, and it may carry the merchant's
//! accounts in other networks, each in the template that its network reads.
//!
//! ```text
//! 50  00 com.example.pay   01 the run without its signature   02 the origin, where 00 cannot say it
//! 26… accounts in other networks, the merchant's name, its Chinese name in 64, the amount …
//! 80  00 com.example.pay   01 first half of the signature
//! 81  00 com.example.pay   02 second half
//! ```
//!
//! The identifier is the server's host, read backwards. The signature covers the origin and every
//! object but its own two and the checksum, as they are written and in their order: no account can
//! be exchanged, no name changed, no amount added, and the checksum repaired. A compact code has no
//! signature; then nothing of this holds, and only its own server says what it is.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};

use super::emv::{self, Fields, Payload, Template, WriteError};
use super::origin::Origin;
use super::run::{self, Body, CodeKind, Parsed};

/// Why a code was not written in this form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmvFormError {
    /// The host is too long for an identifier.
    #[error("the host {0} has more than the {GUID_CHARS_MAX} characters of an identifier")]
    Host(String),
    /// Every object for accounts is taken.
    #[error("no object from {0} to {1} is free")]
    NoRoom(u8, u8),
    /// An account under this server's own identifier, which only the code itself has.
    #[error("object {0} has this server's own identifier")]
    Own(String),
    /// The amount in the objects is not that of the code.
    #[error("a fixed code says its own amount, a static one none")]
    Amount,
    /// The objects cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A payload that was made to be one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The code; its signature is yet to be checked, over [`Parsed::signed_bytes`].
    pub parsed: Parsed,
    /// The object that holds the run.
    pub object: String,
    /// Whether signature, amount and kind are there and fit the run. Where they do not, no
    /// signature can be right.
    pub whole: bool,
}

/// Keeps this signature apart from every other use of the same key.
const CONTEXT: &[u8] = b"tongma-emv-v1";
const GUID_CHARS_MAX: usize = 32;
const RUN: &str = "01";
const ORIGIN: &str = "02";
const HALVES: [&str; 2] = ["01", "02"];
/// Networks have their favourite objects, most of them low.
const ACCOUNTS: std::ops::RangeInclusive<u8> = 26..=50;
const SIGNATURES: std::ops::RangeInclusive<u8> = 80..=99;
/// The Ed25519 signature's characters in base64, half of them.
const HALF_CHARS: usize = 43;
const SIGNATURE_BYTES: usize = 64;
/// What the text begins with in an address.
const STEP: &str = "emv-";

/// The text of a code. `fields` says who is paid and lists the accounts in other networks; what the
/// run says itself (01, and for a fixed code 53 and 54) is written over it. `sign` is called with
/// the bytes to sign, unless the body is compact.
pub fn issue(
    origin: &Origin,
    body: &Body,
    fields: &Fields,
    sign: impl FnOnce(&[u8]) -> [u8; 64],
) -> Result<String, EmvFormError> {
    let guid = guid(origin).ok_or_else(|| EmvFormError::Host(origin.host().to_owned()))?;
    let mut fields = Fields {
        payload_format_indicator: "01".to_owned(),
        point_of_initiation: Some(initiation(body.kind()).to_owned()),
        ..fields.clone()
    };
    match (body.amount(), &fields.amount) {
        (Some(amount), None) => {
            fields.amount = Some(amount.decimal());
            fields.currency = Some(format!("{:03}", amount.currency().numeric()));
        }
        (None, None) => {}
        (None, Some(_)) if body.kind() == CodeKind::Order => {}
        (Some(_) | None, Some(_)) => return Err(EmvFormError::Amount),
    }

    let is_own = |account: &&Template| {
        account
            .guid()
            .is_some_and(|g| g.eq_ignore_ascii_case(&guid))
    };
    if let Some(account) = fields.merchant_accounts.iter().find(is_own) {
        return Err(EmvFormError::Own(account.id().to_owned()));
    }
    let mut sub = BTreeMap::from([(RUN.to_owned(), BASE32_NOPAD.encode(&body.to_bytes()))]);
    if from_guid(&guid).as_ref() != Some(origin) {
        sub.insert(ORIGIN.to_owned(), origin.to_string());
    }
    let own = free(ACCOUNTS.rev(), &fields.merchant_accounts)
        .ok_or(EmvFormError::NoRoom(*ACCOUNTS.start(), *ACCOUNTS.end()))?;
    fields.merchant_accounts.push(template(own, &guid, sub));
    if body.is_compact() {
        return Ok(emv::write(&fields)?);
    }

    let no_room = || EmvFormError::NoRoom(*SIGNATURES.start(), *SIGNATURES.end());
    let first = free(SIGNATURES, &fields.unreserved).ok_or_else(no_room)?;
    let behind = first.saturating_add(1)..=*SIGNATURES.end();
    let second = free(behind, &fields.unreserved).ok_or_else(no_room)?;
    let ids = [first, second].map(|id| format!("{id:02}"));

    let front = emv::assemble(&fields)?;
    let message = covered(origin, &front, ids.each_ref().map(String::as_str));
    let signature = BASE64URL_NOPAD.encode(&sign(&message));
    let halves = signature.split_at_checked(HALF_CHARS);
    let (one, other) = halves.unwrap_or((&signature, ""));
    for ((id, name), half) in [first, second].into_iter().zip(HALVES).zip([one, other]) {
        let half = BTreeMap::from([(name.to_owned(), half.to_owned())]);
        fields.unreserved.push(template(id, &guid, half));
    }
    Ok(emv::write(&fields)?)
}

/// The code in a payload that was made to be one of ours: one of its accounts holds a run. A compact
/// run says nothing by itself and counts where the account names one of `own_origins`.
pub fn claimed(
    text: &str,
    payload: &Payload,
    own_origins: &[Origin],
    allow_http: bool,
) -> Option<Claimed> {
    let accounts = payload.fields.merchant_accounts.iter();
    let found: Vec<_> = accounts
        .filter_map(|account| account_of(account, allow_http))
        .collect();
    // An account of another server, put in front, does not hide that this was made to be ours.
    let is_own = |found: &&Account| own_origins.contains(&found.origin);
    let account = found.iter().find(is_own).or_else(|| found.first())?;
    let Account {
        object,
        guid,
        origin,
        bytes,
    } = account.clone();
    let halves = HALVES.map(|name| half(&payload.fields, &guid, name));
    let signature = signature(&halves);
    let run = match run::from_bytes(&bytes) {
        Some(_) if !own_origins.contains(&origin) => return None,
        Some(compact) => compact,
        None => {
            let signature = signature.unwrap_or([0; SIGNATURE_BYTES]);
            run::from_bytes(&[bytes.as_slice(), &signature].concat())?
        }
    };
    let is_signed = run.body.is_compact() || signature.is_some();
    let whole = is_signed && says_the_same(&payload.fields, &run.body);
    let ids = halves.map(|half| half.map_or("", |(id, _)| id));
    let covered = covered(&origin, text, ids);
    Some(Claimed {
        parsed: Parsed {
            origin,
            run,
            covered: Some(covered),
        },
        object,
        whole,
    })
}

/// The text as one step of an address, where a run would stand: no run has small letters.
pub fn in_address(text: &str) -> String {
    format!("{STEP}{}", BASE64URL_NOPAD.encode(text.as_bytes()))
}

/// The text that [`in_address`] made a step of.
pub fn from_address(step: &str) -> Option<String> {
    let bytes = BASE64URL_NOPAD.decode(step.strip_prefix(STEP)?.as_bytes());
    String::from_utf8(bytes.ok()?).ok()
}

/// The server's host, read backwards; `None` where it is too long.
fn guid(origin: &Origin) -> Option<String> {
    let labels: Vec<&str> = origin.host().rsplit('.').collect();
    let guid = labels.join(".");
    (guid.len() <= GUID_CHARS_MAX).then_some(guid)
}

fn from_guid(guid: &str) -> Option<Origin> {
    let labels: Vec<&str> = guid.rsplit('.').collect();
    Origin::parse(&format!("https://{}", labels.join(".")), false).ok()
}

fn template(id: u8, guid: &str, mut sub: BTreeMap<String, String>) -> Template {
    sub.insert("00".to_owned(), guid.to_owned());
    Template::Opened {
        id: format!("{id:02}"),
        guid: guid.to_owned(),
        sub,
    }
}

fn free(mut ids: impl Iterator<Item = u8>, taken: &[Template]) -> Option<u8> {
    let is_taken = |id: u8| taken.iter().any(|t| t.id().parse() == Ok(id));
    ids.find(|id| !is_taken(*id))
}

/// An account that holds a run.
#[derive(Clone)]
struct Account {
    object: String,
    guid: String,
    origin: Origin,
    /// The run without its signature.
    bytes: Vec<u8>,
}

fn account_of(account: &Template, allow_http: bool) -> Option<Account> {
    let Template::Opened { id, guid, sub } = account else {
        return None;
    };
    let bytes = BASE32_NOPAD.decode(sub.get(RUN)?.as_bytes()).ok()?;
    let origin = match sub.get(ORIGIN) {
        Some(origin) => Origin::parse(origin, allow_http).ok()?,
        None => from_guid(guid)?,
    };
    let names_its_host = self::guid(&origin)?.eq_ignore_ascii_case(guid);
    names_its_host.then(|| Account {
        object: id.clone(),
        guid: guid.clone(),
        origin,
        bytes,
    })
}

/// One half of the signature and the object that holds it.
fn half<'a>(fields: &'a Fields, guid: &str, name: &str) -> Option<(&'a str, &'a str)> {
    fields
        .unreserved
        .iter()
        .find_map(|template| match template {
            Template::Opened { id, guid: of, sub } if of == guid => {
                // Nothing may hide beside it: these objects are not covered.
                let alone = sub.len() == 2;
                sub.get(name)
                    .filter(|_| alone)
                    .map(|half| (id.as_str(), half.as_str()))
            }
            Template::Opened { .. } | Template::Bare { .. } => None,
        })
}

fn signature(halves: &[Option<(&str, &str)>; 2]) -> Option<[u8; SIGNATURE_BYTES]> {
    let [Some((_, first)), Some((_, second))] = halves else {
        return None;
    };
    let both = [*first, *second].concat();
    let bytes = BASE64URL_NOPAD.decode(both.as_bytes()).ok()?;
    bytes.try_into().ok().filter(|_| first.len() == HALF_CHARS)
}

/// What the signature covers: which objects hold it, and every other but the checksum.
fn covered(origin: &Origin, text: &str, without: [&str; 2]) -> Vec<u8> {
    let origin = origin.to_string();
    let ids = without.concat();
    let mut bytes = [CONTEXT, origin.as_bytes(), ids.as_bytes(), b""].join(&0);
    for (id, whole) in emv::written(text) {
        if id != "63" && !without.contains(&id) {
            bytes.extend(whole.as_bytes());
        }
    }
    bytes
}

/// Whether what every reader sees is what the run says.
fn says_the_same(fields: &Fields, body: &Body) -> bool {
    let amount = match (body.kind(), body.amount()) {
        (CodeKind::Order, _) => true,
        (_, Some(amount)) => {
            let numeric = format!("{:03}", amount.currency().numeric());
            fields.amount == Some(amount.decimal()) && fields.currency == Some(numeric)
        }
        (_, None) => fields.amount.is_none(),
    };
    amount && fields.point_of_initiation.as_deref() == Some(initiation(body.kind()))
}

const fn initiation(kind: CodeKind) -> &'static str {
    match kind {
        CodeKind::Static | CodeKind::Fixed | CodeKind::Plate => "11",
        CodeKind::Order => "12",
    }
}
