//! Where a payload that is accepted leaves the letter of the standard.

use super::fields::{Fields, Template};
use super::object::{Object, split_template};
use super::rules::is_amount;
use super::write::ISSUED_CHARS_MAX;

/// One deviation, in which object, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// What deviates.
    pub kind: DeviationKind,
    /// The object, `62-09` for one inside a template; empty for the payload as a whole.
    pub object: String,
    /// Code points from the start of the text.
    pub offset: usize,
}

/// What deviates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeviationKind {
    /// Object 00 says 02.
    #[error("payload format indicator is not 01")]
    Indicator,
    /// A mandatory object that this scheme leaves out.
    #[error("a mandatory object is missing")]
    Missing,
    /// Reserved for future use, and used.
    #[error("reserved for future use")]
    Reserved,
    /// The network's identifier stands behind other objects.
    #[error("the identifier 00 does not come first in its template")]
    IdentifierNotFirst,
    /// A bare value where a template belongs.
    #[error("not a template")]
    NotATemplate,
    /// Letters where digits belong.
    #[error("currency is not three digits")]
    Currency,
    /// An amount of nothing.
    #[error("amount is zero")]
    ZeroAmount,
    /// An amount such as `.50`.
    #[error("amount begins with the decimal point")]
    AmountPoint,
    /// A fee whose indicator is not set.
    #[error("fee without its indicator in 55")]
    Fee,
    /// Neither 01, 02 nor 03 in object 55.
    #[error("unknown indicator of tip or fee")]
    FeeIndicator,
    /// An indicator that promises a fee which is not there.
    #[error("the fee that 55 speaks of is missing")]
    FeeMissing,
    /// A fee that is no amount, or no percentage from 0.01 to 99.99.
    #[error("fee is not an amount, or not a percentage from 0.01 to 99.99")]
    FeeFormat,
    /// Longer than the standard allows.
    #[error("longer than the standard allows")]
    TooLong,
    /// A letter outside printable ASCII, which belongs into object 64.
    #[error("characters outside printable ASCII")]
    Alphabet,
    /// No language of two letters, or no name in it.
    #[error("the language template needs a language of two letters and a name")]
    Language,
    /// Not three characters in 62-11.
    #[error("merchant channel is not three characters")]
    Channel,
    /// Not one to three different letters of A, M, E.
    #[error("consumer data request is not one to three of A, M, E")]
    DataRequest,
    /// Lower-case digits in the checksum.
    #[error("checksum in lower case")]
    ChecksumCase,
}

/// A network's identifier.
const GUID_CHARS_MAX: usize = 32;

impl DeviationKind {
    /// The deviation's stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Indicator => "emv-indicator",
            Self::Missing => "emv-missing",
            Self::Reserved => "emv-reserved",
            Self::IdentifierNotFirst => "emv-identifier-not-first",
            Self::NotATemplate => "emv-not-a-template",
            Self::Currency => "emv-currency",
            Self::ZeroAmount => "emv-zero-amount",
            Self::AmountPoint => "emv-amount-point",
            Self::Fee => "emv-fee",
            Self::FeeIndicator => "emv-fee-indicator",
            Self::FeeMissing => "emv-fee-missing",
            Self::FeeFormat => "emv-fee-format",
            Self::Language => "emv-language",
            Self::Channel => "emv-channel",
            Self::TooLong => "emv-too-long",
            Self::Alphabet => "emv-alphabet",
            Self::DataRequest => "emv-data-request",
            Self::ChecksumCase => "emv-crc-case",
        }
    }
}

pub(super) fn find(text: &str, fields: &Fields, objects: &[Object<'_>]) -> Vec<Deviation> {
    let mut found: Vec<Deviation> = objects.iter().flat_map(in_object).collect();
    let end = objects.last().map_or(0, |object| object.offset);
    let mut add = |kind, object: &str, offset| {
        found.push(Deviation {
            kind,
            object: object.to_owned(),
            offset,
        });
    };
    for (id, value) in [
        ("52", &fields.mcc),
        ("59", &fields.merchant_name),
        ("60", &fields.merchant_city),
    ] {
        if value.is_none() {
            add(DeviationKind::Missing, id, end);
        }
    }
    let indicator = fields.tip_or_fee_indicator.as_deref();
    for (id, needs) in [("56", "02"), ("57", "03")] {
        let fee = objects.iter().find(|object| object.id == id);
        match fee {
            Some(fee) if indicator != Some(needs) => add(DeviationKind::Fee, id, fee.offset),
            None if indicator == Some(needs) => add(DeviationKind::FeeMissing, id, end),
            Some(_) | None => {}
        }
    }
    for template in fields.merchant_accounts.iter().chain(&fields.unreserved) {
        let object = objects.iter().find(|object| object.id == template.id());
        if let Some(object) = object.filter(|object| object.number() > 25) {
            match template {
                Template::Bare { id, .. } => add(DeviationKind::NotATemplate, id, object.offset),
                Template::Opened { id, .. } if !object.value.starts_with("00") => {
                    add(DeviationKind::IdentifierNotFirst, id, object.offset);
                }
                Template::Opened { .. } => {}
            }
        }
    }
    if text.chars().count() > ISSUED_CHARS_MAX {
        add(DeviationKind::TooLong, "", ISSUED_CHARS_MAX);
    }
    found.sort_by_key(|deviation| deviation.offset);
    found
}

fn in_object(object: &Object<'_>) -> Vec<Deviation> {
    let value = object.value;
    let chars = value.chars().count();
    let too_long = |limit| (chars > limit).then_some(DeviationKind::TooLong);
    let foreign = || (!value.bytes().all(is_printable)).then_some(DeviationKind::Alphabet);
    let kinds = match object.number() {
        0 => vec![(value != "01").then_some(DeviationKind::Indicator)],
        53 => vec![(!value.bytes().all(|b| b.is_ascii_digit())).then_some(DeviationKind::Currency)],
        54 => vec![
            value
                .bytes()
                .all(|b| matches!(b, b'0' | b'.'))
                .then_some(DeviationKind::ZeroAmount),
            value.starts_with('.').then_some(DeviationKind::AmountPoint),
        ],
        2..=25 => vec![foreign()],
        55 => vec![(!matches!(value, "01" | "02" | "03")).then_some(DeviationKind::FeeIndicator)],
        56 => vec![(!is_amount(value)).then_some(DeviationKind::FeeFormat)],
        57 => vec![(!is_percentage(value)).then_some(DeviationKind::FeeFormat)],
        59 => vec![too_long(25), foreign()],
        60 => vec![too_long(15), foreign()],
        61 => vec![too_long(10), foreign()],
        62 => return inside(object, in_additional),
        64 => return in_language(object),
        26..=51 | 80..=99 => return inside(object, in_account),
        63 => vec![
            value
                .bytes()
                .any(|b| b.is_ascii_lowercase())
                .then_some(DeviationKind::ChecksumCase),
        ],
        65..=79 => vec![Some(DeviationKind::Reserved)],
        _ => Vec::new(),
    };
    let here = |kind| Deviation {
        kind,
        object: object.id.to_owned(),
        offset: object.offset,
    };
    kinds.into_iter().flatten().map(here).collect()
}

/// The deviations of what a template holds.
fn inside(object: &Object<'_>, judge: fn(&Object<'_>) -> Option<DeviationKind>) -> Vec<Deviation> {
    let subs = split_template(object).unwrap_or_default();
    let judged = subs.iter().filter_map(|sub| Some((judge(sub)?, sub)));
    judged
        .map(|(kind, sub)| Deviation {
            kind,
            object: format!("{}-{}", object.id, sub.id),
            offset: sub.offset,
        })
        .collect()
}

fn in_additional(sub: &Object<'_>) -> Option<DeviationKind> {
    let chars = sub.value.chars().count();
    match sub.number() {
        0 | 12..=49 => Some(DeviationKind::Reserved),
        1..=8 => (chars > 25).then_some(DeviationKind::TooLong),
        9 => (!is_data_request(sub.value)).then_some(DeviationKind::DataRequest),
        10 => (chars > 20).then_some(DeviationKind::TooLong),
        11 => (chars != 3).then_some(DeviationKind::Channel),
        _ => None,
    }
}

/// A network's identifier; what else stands in its template is the network's affair.
fn in_account(sub: &Object<'_>) -> Option<DeviationKind> {
    let too_long = sub.id == "00" && sub.value.chars().count() > GUID_CHARS_MAX;
    too_long.then_some(DeviationKind::TooLong)
}

fn in_language(object: &Object<'_>) -> Vec<Deviation> {
    let subs = split_template(object).unwrap_or_default();
    let value = |id: &str| subs.iter().find(|sub| sub.id == id).map(|sub| sub.value);
    let is_language = |code: &str| code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic());
    let mut found = inside(object, |sub| {
        let limit = match sub.id {
            "01" => 25,
            "02" => 15,
            _ => return None,
        };
        (sub.value.chars().count() > limit).then_some(DeviationKind::TooLong)
    });
    if !value("00").is_some_and(is_language) || value("01").is_none() {
        found.push(Deviation {
            kind: DeviationKind::Language,
            object: object.id.to_owned(),
            offset: object.offset,
        });
    }
    found
}

fn is_percentage(value: &str) -> bool {
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    is_amount(value)
        && (1..=2).contains(&whole.len())
        && part.len() <= 2
        && value.bytes().any(|b| matches!(b, b'1'..=b'9'))
}

fn is_data_request(value: &str) -> bool {
    let once = |letter| value.matches(letter).count() <= 1;
    value.bytes().all(|b| matches!(b, b'A' | b'M' | b'E')) && once('A') && once('M') && once('E')
}

const fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}
