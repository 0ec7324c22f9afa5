//! Objects by name.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::EmvError;
use super::object::{Object, split_template};
use crate::money::{Amount, Currency};

/// The objects of a payload. Values stand as they were written; nothing is interpreted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Fields {
    /// 00.
    pub payload_format_indicator: String,
    /// 01: 11 for a printed code, 12 for one payment; often wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point_of_initiation: Option<String>,
    /// 02-51: where the money may go.
    pub merchant_accounts: Vec<Template>,
    /// 52.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcc: Option<String>,
    /// 53: ISO 4217, three digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// 54: absent where the payer enters the amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// 55.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tip_or_fee_indicator: Option<String>,
    /// 56.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_fixed: Option<String>,
    /// 57.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_percentage: Option<String>,
    /// 58.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// 59.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_name: Option<String>,
    /// 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_city: Option<String>,
    /// 61.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// 62 by sub-id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub additional: BTreeMap<String, String>,
    /// 63.
    pub crc: String,
    /// 64 by sub-id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub language: BTreeMap<String, String>,
    /// 65-79: reserved, and used all the same.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rfu: BTreeMap<String, String>,
    /// 80-99.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreserved: Vec<Template>,
}

/// An object that holds others, or a bare value in the place of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Template {
    /// Objects under a network's identifier.
    Opened {
        /// Which object.
        id: String,
        /// The network's identifier, sub-object 00.
        guid: String,
        /// Every sub-object, 00 included.
        sub: BTreeMap<String, String>,
    },
    /// A card network's number, or a template that some network filled with a bare token.
    Bare {
        /// Which object.
        id: String,
        /// What it holds.
        value: String,
    },
}

impl Fields {
    /// What is to be paid, a fixed fee with it, where 54 fits the currency; a tip is the payer's affair
    /// and not in it. `None` where the payer enters the amount, where a fee is added that is not the
    /// same for every amount, where what is said of fees does not fit together, and where the unit is
    /// not known.
    pub fn to_pay(&self) -> Option<Amount> {
        let number = self.currency.as_deref()?.parse().ok()?;
        let currency = Currency::from_numeric(number)?;
        let amount = self.amount.as_deref()?;
        // Turkey's codes write twelve digits and no point, perhaps hundredths.
        if self.country.as_deref() == Some("TR") && !amount.contains('.') {
            return None;
        }
        let amount = decimal(amount, currency)?;
        let fixed = self.fee_fixed.as_deref();
        match (
            self.tip_or_fee_indicator.as_deref(),
            fixed,
            &self.fee_percentage,
        ) {
            (None | Some("01"), None, None) => Some(amount),
            (Some("02"), Some(fee), None) if is_nothing(fee) => Some(amount),
            (Some("02"), Some(fee), None) => {
                let fee = decimal(fee, currency)?;
                let sum = amount.minor().checked_add(fee.minor())?;
                Amount::positive(sum, currency).ok()
            }
            _ => None,
        }
    }
}

impl Template {
    /// Which object.
    pub fn id(&self) -> &str {
        match self {
            Self::Opened { id, .. } | Self::Bare { id, .. } => id,
        }
    }

    /// The network's identifier.
    pub fn guid(&self) -> Option<&str> {
        match self {
            Self::Opened { guid, .. } => Some(guid),
            Self::Bare { .. } => None,
        }
    }
}

fn is_nothing(fee: &str) -> bool {
    fee.bytes().all(|b| matches!(b, b'0' | b'.')) && fee.starts_with('0')
}

/// Zeros behind what the currency counts say nothing: 5000.00 is 5000 yen.
fn decimal(text: &str, currency: Currency) -> Option<Amount> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = part.trim_end_matches('0');
    let decimals = usize::try_from(currency.decimals()).unwrap_or(0);
    let part = format!("{part:0<decimals$}");
    Amount::from_decimal(&format!("{whole}.{part}"), currency).ok()
}

pub(super) fn collect(objects: &[Object<'_>]) -> Result<Fields, EmvError> {
    let mut fields = Fields::default();
    for object in objects {
        let value = || object.value.to_owned();
        match object.number() {
            0 => fields.payload_format_indicator = value(),
            1 => fields.point_of_initiation = Some(value()),
            2..=25 => fields.merchant_accounts.push(bare(object)),
            26..=51 => fields.merchant_accounts.push(open(object)?),
            52 => fields.mcc = Some(value()),
            53 => fields.currency = Some(value()),
            54 => fields.amount = Some(value()),
            55 => fields.tip_or_fee_indicator = Some(value()),
            56 => fields.fee_fixed = Some(value()),
            57 => fields.fee_percentage = Some(value()),
            58 => fields.country = Some(value()),
            59 => fields.merchant_name = Some(value()),
            60 => fields.merchant_city = Some(value()),
            61 => fields.postal_code = Some(value()),
            62 => fields.additional = by_id(&split_template(object)?),
            63 => fields.crc = value(),
            64 => fields.language = by_id(&split_template(object)?),
            80..=99 => fields.unreserved.push(open(object)?),
            _ => {
                fields.rfu.insert(object.id.to_owned(), value());
            }
        }
    }
    Ok(fields)
}

/// Opens a template. One that begins with an identifier must be whole; one that holds an
/// identifier further back is opened too; anything else is a token that some network put there, such
/// as a merchant's number in Turkey, which may begin as an identifier does.
fn open(object: &Object<'_>) -> Result<Template, EmvError> {
    let subs = match split_template(object) {
        Ok(subs) => subs,
        Err(_) if is_message(object) => return Ok(bare(object)),
        Err(error) if begins_with_identifier(object.value) && !is_number(object.value) => {
            return Err(error);
        }
        Err(_) => return Ok(bare(object)),
    };
    let guid = subs
        .iter()
        .find(|sub| sub.id == "00")
        .map(|sub| sub.value.to_owned());
    Ok(match guid {
        Some(guid) => Template::Opened {
            id: object.id.to_owned(),
            guid,
            sub: by_id(&subs),
        },
        None => bare(object),
    })
}

/// Thailand writes a message to the payee into 81, in UTF-16 and its digits in hexadecimal: a Latin
/// letter there begins as an identifier does.
fn is_message(object: &Object<'_>) -> bool {
    object.id == "81"
        && object.value.len().is_multiple_of(4)
        && object.value.bytes().all(|b| b.is_ascii_hexdigit())
}

fn begins_with_identifier(value: &str) -> bool {
    let mut chars = value.strip_prefix("00").into_iter().flat_map(str::chars);
    let mut digit = || chars.next().is_some_and(|c| c.is_ascii_digit());
    digit() && digit()
}

fn is_number(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_digit())
}

fn bare(object: &Object<'_>) -> Template {
    Template::Bare {
        id: object.id.to_owned(),
        value: object.value.to_owned(),
    }
}

fn by_id(subs: &[Object<'_>]) -> BTreeMap<String, String> {
    subs.iter()
        .map(|sub| (sub.id.to_owned(), sub.value.to_owned()))
        .collect()
}
