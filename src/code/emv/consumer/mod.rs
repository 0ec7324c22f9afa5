//! EMV's other mode: the payer shows a code and the cashier scans it. Base64 of BER-TLV, and what it
//! holds is as good as the payer's card.
//!
//! ```text
//! 85 05 CPV01 · 61 n [4F application … 57 or 5A the card …] · 62 n [what they share]
//! ```
//!
//! It is read so that it is recognised, named and refused where it is broken. It is never shown:
//! [`Consumer`] tells which applications it offers and how long the rest is, and prints nothing
//! else, not even for debugging.

#[cfg(test)]
mod tests;

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, HEXUPPER};
use serde_json::{Value, json};

use crate::code::native::AROUND;

/// A payer's code.
#[derive(Clone, PartialEq, Eq)]
pub struct Consumer {
    objects: Vec<Tlv>,
    /// Whether it holds to the standard's length.
    pub strict: bool,
}

/// One object.
#[derive(Clone, PartialEq, Eq)]
struct Tlv {
    tag: Vec<u8>,
    content: Content,
}

#[derive(Clone, PartialEq, Eq)]
enum Content {
    Value(Vec<u8>),
    Objects(Vec<Tlv>),
}

/// What is wrong with a payer's code, and where in the text. Says nothing of what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault} (character {offset})")]
pub struct ConsumerError {
    /// What is wrong.
    pub fault: ConsumerFault,
    /// Code points from the start of the text.
    pub offset: usize,
}

/// What is wrong with a payer's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConsumerFault {
    /// Not base64, or not in its one spelling.
    #[error("not base64 with padding")]
    NotBase64,
    /// More than a QR code can carry.
    #[error("more than the {TEXT_CHARS_MAX} characters that a QR code holds")]
    Oversize,
    /// An object runs past the end of what holds it.
    #[error("an object runs past the end")]
    Truncated,
    /// A tag or length in a form that nobody writes.
    #[error("the tag or length of an object cannot be read")]
    BadObject,
    /// Templates within templates within templates.
    #[error("templates nest more than {DEPTH_MAX} deep")]
    TooDeep,
    /// The first object is not 85.
    #[error("object 85 must come first")]
    MissingIndicator,
    /// 85 holds another version.
    #[error("unknown payload format indicator")]
    BadIndicator,
    /// No object 61.
    #[error("no application template 61")]
    MissingApplication,
    /// A template 61 without object 4F.
    #[error("an application template has no name 4F of 5 to 16 bytes")]
    UnnamedApplication,
}

/// What every such code begins with: 85, five bytes, `CPV`.
const FRONT: &str = "hQVDUFY";
/// 61, and 85 with its length in more than one byte.
const FRONTS: [char; 2] = ['Y', 'h'];
const VERSION: &[u8] = b"CPV01";
const TEXT_CHARS_MAX: usize = 2_953;
const STRICT_CHARS_MAX: usize = 512;
/// Applications hold two kinds of templates; one more allows a surprise.
const DEPTH_MAX: usize = 3;

const INDICATOR: &[u8] = &[0x85];
const APPLICATION: &[u8] = &[0x61];
const NAME: &[u8] = &[0x4F];
const TRACK: &[u8] = &[0x57];
const CARD: &[u8] = &[0x5A];
const LABEL: &[u8] = &[0x50];
const LABEL_BYTES_MAX: usize = 16;
/// A card's number has eight at least, however it is broken up.
const LABEL_DIGITS_MAX: usize = 7;
/// The shortest card numbers in use have 14 digits.
const CARD_DIGITS_MIN: usize = 14;
const LANGUAGE: &[u8] = &[0x5F, 0x2D];
const APPLICATION_VERSION: &[u8] = &[0x9F, 0x08];

/// Whether a text was meant as such a code: it begins like one, or is one without its beginning, with
/// padding or without.
pub fn looks_like(text: &str) -> bool {
    let text = text.trim_matches(AROUND);
    let may_be = text.starts_with(FRONTS) && text.len() <= TEXT_CHARS_MAX;
    let is_meant = || {
        let bare = text.trim_end_matches('=');
        let bytes = BASE64_NOPAD.decode(bare.as_bytes()).unwrap_or_default();
        let behind = |tag| bytes.strip_prefix(tag).and_then(length);
        behind(INDICATOR).is_some_and(|(_, behind)| behind.starts_with(b"CPV"))
            || behind(APPLICATION).is_some_and(|(length, inside)| is_application(length, inside))
    };
    text.starts_with(FRONT) || (may_be && is_meant())
}

/// Whether what follows a template's tag and length is an application's: its name comes first, or the
/// template is whole and holds one, or a card.
fn is_application(length: usize, behind: &[u8]) -> bool {
    let objects = behind
        .get(..length)
        .and_then(|inside| split(inside, 0, 1).ok());
    behind.starts_with(NAME) || objects.unwrap_or_default().iter().any(Tlv::is_of_a_card)
}

/// Reads a payer's code.
pub fn parse(text: &str) -> Result<Consumer, ConsumerError> {
    let bare = text.trim_start_matches(AROUND);
    let before = text.len().saturating_sub(bare.len());
    parse_bare(bare.trim_end_matches(AROUND))
        .map_err(|ConsumerError { fault, offset }| fault.at(offset.saturating_add(before)))
}

fn parse_bare(text: &str) -> Result<Consumer, ConsumerError> {
    if text.chars().nth(TEXT_CHARS_MAX).is_some() {
        return Err(ConsumerFault::Oversize.at(TEXT_CHARS_MAX));
    }
    let bytes = BASE64.decode(text.as_bytes()).map_err(|error| {
        // A length that does not fit is found before a letter that does not.
        let is_odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='));
        ConsumerFault::NotBase64.at(text.chars().position(is_odd).unwrap_or(error.position))
    })?;
    let at = |(fault, byte): Misfit| fault.at(byte.saturating_mul(4) / 3);
    let objects = split(&bytes, 0, 0).map_err(at)?;
    check(&objects).map_err(|fault| fault.at(0))?;
    Ok(Consumer {
        objects,
        strict: text.len() <= STRICT_CHARS_MAX,
    })
}

impl Consumer {
    /// The applications that the payer's app offers, by their identifiers in hex.
    pub fn applications(&self) -> Vec<String> {
        let named = self.objects.iter().filter(|o| o.tag == APPLICATION);
        named.filter_map(Tlv::name).filter_map(shown).collect()
    }

    /// The objects as they may be shown: of what could identify the payer, only the length.
    pub fn masked(&self) -> Value {
        self.objects.iter().map(Tlv::masked).collect()
    }
}

/// Nothing of the payer's.
impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("applications", &self.applications())
            .finish_non_exhaustive()
    }
}

impl ConsumerFault {
    /// The fault's stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotBase64 => "cpm-base64",
            Self::Oversize => "oversize",
            Self::Truncated => "cpm-truncated",
            Self::BadObject => "cpm-object",
            Self::TooDeep => "cpm-depth",
            Self::MissingIndicator => "cpm-missing-85",
            Self::BadIndicator => "cpm-bad-85",
            Self::MissingApplication => "cpm-missing-61",
            Self::UnnamedApplication => "cpm-missing-4f",
        }
    }

    const fn at(self, offset: usize) -> ConsumerError {
        ConsumerError {
            fault: self,
            offset,
        }
    }
}

impl Tlv {
    /// The name of an application.
    fn name(&self) -> Option<&[u8]> {
        let Content::Objects(inside) = &self.content else {
            return None;
        };
        inside.iter().find_map(|object| match &object.content {
            Content::Value(value) if object.tag == NAME && is_name(value) => Some(value.as_slice()),
            Content::Value(_) | Content::Objects(_) => None,
        })
    }

    /// Whether it is an application's name, a card, or holds one.
    fn is_of_a_card(&self) -> bool {
        let holds = match &self.content {
            Content::Value(_) => false,
            Content::Objects(inside) => inside.iter().any(Self::is_of_a_card),
        };
        holds || [NAME, TRACK, CARD].contains(&self.tag.as_slice())
    }

    fn masked(&self) -> Value {
        let tag = HEXUPPER.encode(&self.tag);
        match &self.content {
            Content::Objects(inside) => {
                json!({"tag": tag, "children": inside.iter().map(Self::masked).collect::<Value>()})
            }
            Content::Value(value) if says_nothing_of_the_payer(&self.tag, value) => {
                json!({"tag": tag, "value_hex": HEXUPPER.encode(value)})
            }
            Content::Value(value) => json!({"tag": tag, "masked_bytes": value.len()}),
        }
    }
}

/// Whether a value may be shown: only where it has the form of what its tag promises, because what
/// else stands there may be a card.
fn says_nothing_of_the_payer(tag: &[u8], value: &[u8]) -> bool {
    match tag {
        INDICATOR => value == VERSION,
        NAME => is_name(value) && shown(value).is_some(),
        LABEL => is_label(value),
        LANGUAGE => value.len() <= 8 && value.iter().all(u8::is_ascii_alphabetic),
        APPLICATION_VERSION => value.len() <= 2,
        _ => false,
    }
}

/// A name for people, with no more digits than a version or a year needs.
fn is_label(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    value.len() <= LABEL_BYTES_MAX
        && digits <= LABEL_DIGITS_MAX
        && value.iter().all(|b| matches!(b, b' '..=b'~'))
        && value.iter().any(u8::is_ascii_alphabetic)
}

/// Five to sixteen bytes (ISO/IEC 7816-4).
fn is_name(value: &[u8]) -> bool {
    (5..=16).contains(&value.len())
}

/// A name as it may be shown: one registered internationally, in a country, or not at all. Those that
/// begin with a digit are numbers of issuers, and what stands there may be a card, as it may where so
/// many digits follow each other. Some write the name's hexadecimal digits as letters.
fn shown(name: &[u8]) -> Option<String> {
    let first = name.first()?;
    let in_letters = matches!(first, b'A' | b'D' | b'F') && name.iter().all(u8::is_ascii_hexdigit);
    let written = if *first >= 0xA0 {
        HEXUPPER.encode(name)
    } else if in_letters {
        String::from_utf8_lossy(name).into_owned()
    } else {
        return None;
    };
    // Registered numbers begin with noughts, and no card's does.
    let digits = written.split(|c: char| !c.is_ascii_digit());
    let mut numbers = digits.map(|run| run.trim_start_matches('0').len());
    numbers
        .all(|count| count < CARD_DIGITS_MIN)
        .then_some(written)
}

/// A fault and the byte where it stands.
type Misfit = (ConsumerFault, usize);

fn split(bytes: &[u8], start: usize, depth: usize) -> Result<Vec<Tlv>, Misfit> {
    if depth > DEPTH_MAX {
        return Err((ConsumerFault::TooDeep, start));
    }
    let mut objects = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let at = start.saturating_add(bytes.len().saturating_sub(rest.len()));
        let (tag, behind) = tag(rest).ok_or((ConsumerFault::BadObject, at))?;
        let (length, behind) = length(behind).ok_or((ConsumerFault::BadObject, at))?;
        let (value, behind) = behind
            .split_at_checked(length)
            .ok_or((ConsumerFault::Truncated, at))?;
        let holds_objects = tag.first().is_some_and(|first| first & 0b0010_0000 != 0);
        let content = if holds_objects {
            let behind = behind.len().saturating_add(value.len());
            let at_value = start.saturating_add(bytes.len().saturating_sub(behind));
            Content::Objects(split(value, at_value, depth.saturating_add(1))?)
        } else {
            Content::Value(value.to_vec())
        };
        objects.push(Tlv {
            tag: tag.to_vec(),
            content,
        });
        rest = behind;
    }
    Ok(objects)
}

/// A tag of one to three bytes, and the rest.
fn tag(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = bytes.first()?;
    let mut length = 1;
    if first & 0b0001_1111 == 0b0001_1111 {
        let more = bytes.get(1..3).map_or(bytes.get(1..), Some)?;
        let last = more.iter().position(|byte| byte & 0b1000_0000 == 0)?;
        length = last.checked_add(2)?;
    }
    bytes.split_at_checked(length)
}

/// A length in one byte, or in one or two behind 81 or 82, and the rest.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [short @ 0..=0x7F, rest @ ..] => Some((usize::from(*short), rest)),
        [0x81, length, rest @ ..] => Some((usize::from(*length), rest)),
        [0x82, high, low, rest @ ..] => {
            Some((usize::from(u16::from_be_bytes([*high, *low])), rest))
        }
        _ => None,
    }
}

fn check(objects: &[Tlv]) -> Result<(), ConsumerFault> {
    match objects.first() {
        Some(Tlv { tag, content }) if tag == INDICATOR => match content {
            Content::Value(version) if version == VERSION => {}
            Content::Value(_) | Content::Objects(_) => return Err(ConsumerFault::BadIndicator),
        },
        Some(_) | None => return Err(ConsumerFault::MissingIndicator),
    }
    let mut applications = objects.iter().filter(|o| o.tag == APPLICATION).peekable();
    if applications.peek().is_none() {
        return Err(ConsumerFault::MissingApplication);
    }
    if applications.any(|application| application.name().is_none()) {
        return Err(ConsumerFault::UnnamedApplication);
    }
    Ok(())
}
