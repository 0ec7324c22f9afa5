//! Writing a payload: objects in the order of their numbers, lengths in characters, the checksum
//! last. What was written is read back before it leaves, so that nothing is ever printed that this
//! reader would understand differently.

use std::collections::BTreeMap;

use super::error::EmvError;
use super::fields::{Fields, Template};
use super::object::append;
use super::rules::CRC;
use super::{DeviationKind, parse, scheme};

/// What an issuer should not exceed.
pub(super) const ISSUED_CHARS_MAX: usize = 512;

/// Why a payload was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// An object without a value, or with more than two digits of length can say.
    #[error("object {0} must have 1 to 99 characters")]
    Length(String),
    /// More than a printed code should hold.
    #[error("the payload has {found} characters, at most {limit} may be issued")]
    TooLong {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A reader would refuse it.
    #[error("{}: {}", .0.object.as_ref().map_or("the payload".to_owned(), |id| format!("object {id}")), .0.fault)]
    Refused(EmvError),
    /// A reader would take it and remark on it.
    #[error("object {object}: {kind}")]
    Deviates {
        /// Which object.
        object: String,
        /// How.
        kind: DeviationKind,
    },
    /// A reader would understand something else: an id out of place, or one twice.
    #[error("the objects cannot be told apart once they are written")]
    Ambiguous,
}

/// The text of a payload; `fields.crc` is not looked at. What deviates from the standard is not
/// written, except for what its scheme leaves out by rule.
pub fn write(fields: &Fields) -> Result<String, WriteError> {
    let text = with_checksum(&assemble(fields)?);
    let found = text.chars().count();
    if found > ISSUED_CHARS_MAX {
        let limit = ISSUED_CHARS_MAX;
        return Err(WriteError::TooLong { found, limit });
    }
    let read = parse(&text).map_err(WriteError::Refused)?;
    let by_rule = |kind| {
        kind == DeviationKind::Indicator
            || (kind == DeviationKind::Missing && scheme::may_omit_merchant(read.scheme))
    };
    if let Some(deviation) = read.deviations.iter().find(|found| !by_rule(found.kind)) {
        return Err(WriteError::Deviates {
            object: deviation.object.clone(),
            kind: deviation.kind,
        });
    }
    let same = Fields {
        crc: read.fields.crc.clone(),
        ..fields.clone()
    };
    if sorted(same) == sorted(read.fields) {
        Ok(text)
    } else {
        Err(WriteError::Ambiguous)
    }
}

/// The one spelling of a payload by which two are known to be the same code: its objects in order,
/// the networks' identifiers in lower case, the checksum that belongs to that.
pub(in crate::code) fn canonical(fields: &Fields) -> Option<String> {
    let mut fields = fields.clone();
    for template in fields
        .merchant_accounts
        .iter_mut()
        .chain(&mut fields.unreserved)
    {
        if let Template::Opened { guid, sub, .. } = template {
            guid.make_ascii_lowercase();
            sub.insert("00".to_owned(), guid.clone());
        }
    }
    Some(with_checksum(&assemble(&fields).ok()?))
}

/// Appends object 63.
pub(in crate::code) fn with_checksum(front: &str) -> String {
    let text = format!("{front}6304");
    let sum = checksum(&text);
    format!("{text}{sum:04X}")
}

/// The checksum over a text in UTF-8.
pub(in crate::code) fn checksum(text: &str) -> u16 {
    CRC.checksum(text.as_bytes())
}

/// Every object but 63, in the order of their ids.
pub(in crate::code) fn assemble(fields: &Fields) -> Result<String, WriteError> {
    let mut objects: BTreeMap<&str, String> = BTreeMap::new();
    let mut optional = |id: &'static str, value: &Option<String>| {
        objects.extend(value.clone().map(|value| (id, value)));
    };
    optional("01", &fields.point_of_initiation);
    optional("52", &fields.mcc);
    optional("53", &fields.currency);
    optional("54", &fields.amount);
    optional("55", &fields.tip_or_fee_indicator);
    optional("56", &fields.fee_fixed);
    optional("57", &fields.fee_percentage);
    optional("58", &fields.country);
    optional("59", &fields.merchant_name);
    optional("60", &fields.merchant_city);
    optional("61", &fields.postal_code);
    for (id, inside) in [("62", &fields.additional), ("64", &fields.language)] {
        if !inside.is_empty() {
            objects.insert(id, nest(id, inside)?);
        }
    }
    for (id, value) in &fields.rfu {
        objects.insert(id, value.clone());
    }
    for template in fields.merchant_accounts.iter().chain(&fields.unreserved) {
        let value = match template {
            Template::Opened { id, sub, .. } => nest(id, sub)?,
            Template::Bare { value, .. } => value.clone(),
        };
        objects.insert(template.id(), value);
    }

    let mut text = String::new();
    let too_long = |id: &str| WriteError::Length(id.to_owned());
    append(&mut text, "00", &fields.payload_format_indicator).ok_or_else(|| too_long("00"))?;
    for (id, value) in objects {
        append(&mut text, id, &value).ok_or_else(|| too_long(id))?;
    }
    Ok(text)
}

fn nest<'a>(
    id: &str,
    inside: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Result<String, WriteError> {
    let mut text = String::new();
    for (sub, value) in inside {
        append(&mut text, sub, value).ok_or_else(|| WriteError::Length(format!("{id}-{sub}")))?;
    }
    Ok(text)
}

fn sorted(mut fields: Fields) -> Fields {
    let by_id = |a: &Template, b: &Template| a.id().cmp(b.id());
    fields.merchant_accounts.sort_by(by_id);
    fields.unreserved.sort_by(by_id);
    fields
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shop() -> Fields {
        let some = |text: &str| Some(text.to_owned());
        Fields {
            payload_format_indicator: "01".to_owned(),
            merchant_accounts: vec![card("15", "2500034400020344473398443761123")],
            mcc: some("5812"),
            currency: some("156"),
            country: some("CN"),
            merchant_name: some("LAO WANG"),
            merchant_city: some("BEIJING"),
            ..Fields::default()
        }
    }

    fn card(id: &str, value: &str) -> Template {
        Template::Bare {
            id: id.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn every_strict_vector_is_written_as_it_was_read() {
        let vectors: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../../tests/vectors/emv-mpm.json")).unwrap();
        let strict = vectors.iter().filter(|vector| vector["strict_emv"] == true);
        let mut count = 0;
        for vector in strict {
            let read = parse(vector["payload"].as_str().unwrap()).unwrap();
            let again = parse(&write(&read.fields).unwrap()).unwrap();
            assert_eq!(again.scheme, read.scheme);
            let crc = again.fields.crc.clone();
            let expected = Fields { crc, ..read.fields };
            assert_eq!(sorted(again.fields), sorted(expected));
            count += 1;
        }
        assert!(count > 90);
    }

    #[test]
    fn what_a_reader_would_misread_is_not_written() {
        let twice = vec![card("15", "1"), card("15", "2")];
        let nothing = vec![card("15", "")];
        let name = Some("A NAME OF TWENTY-SIX LETTER".to_owned());
        let long = (26..36)
            .map(|id| card(&id.to_string(), &"9".repeat(60)))
            .collect();
        let refused = |fields| write(&fields).unwrap_err().to_string();
        let accounts = |merchant_accounts| Fields {
            merchant_accounts,
            ..shop()
        };
        for (fields, why) in [
            (
                accounts(twice),
                "the objects cannot be told apart once they are written",
            ),
            (accounts(nothing), "object 15 must have 1 to 99 characters"),
            (
                accounts(vec![card("52", "1")]),
                "the payload: no merchant account information",
            ),
            (accounts(vec![card("26", "x")]), "object 26: not a template"),
            (
                accounts(long),
                "the payload has 698 characters, at most 512 may be issued",
            ),
            (
                Fields {
                    merchant_name: name,
                    ..shop()
                },
                "object 59: longer than the standard allows",
            ),
            (
                Fields {
                    mcc: None,
                    ..shop()
                },
                "object 52: a mandatory object is missing",
            ),
        ] {
            assert_eq!(refused(fields), why);
        }
    }

    proptest! {
        #[test]
        fn any_fields_are_written_as_they_are_read_or_not_at_all(
            name in "\\PC{0,26}", city in "[ -~]{1,16}", id in 2_u8..52, value in "\\PC{0,60}",
            sub in prop::collection::btree_map("[0-9]{2}", "[ -~]{1,12}", 0..4),
            amount in "[0-9.]{1,6}",
        ) {
            let opened = Template::Opened {
                id: "80".to_owned(),
                guid: sub.get("00").cloned().unwrap_or_default(),
                sub: sub.clone(),
            };
            let fields = Fields {
                merchant_name: Some(name),
                merchant_city: Some(city),
                amount: Some(amount),
                merchant_accounts: vec![card(&format!("{id:02}"), &value)],
                additional: sub,
                unreserved: vec![opened],
                ..shop()
            };
            if let Ok(text) = write(&fields) {
                let read = parse(&text).unwrap().fields;
                let crc = read.crc.clone();
                prop_assert_eq!(read, Fields { crc, ..fields });
            }
        }
    }
}
