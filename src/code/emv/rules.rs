//! What a payload must fulfil to be trusted at all.

use super::error::{EmvError, EmvFault};
use super::fields::Fields;
use super::object::Object;
use super::scheme;

/// What the largest symbol holds in byte mode. The 512 characters of the standard are a limit for
/// issuers; published codes exceed them.
const BYTES_MAX: usize = 2_953;
const AMOUNT_CHARS_MAX: usize = 13;

pub(super) const CRC: crc::Crc<u16> = crc::Crc::<u16>::new(&crc::CRC_16_IBM_3740);

/// Size and characters, before anything is taken apart.
pub(super) fn check_text(text: &str) -> Result<(), EmvError> {
    if text.is_empty() {
        return Err(EmvFault::Empty.in_text(0));
    }
    if text.len() > BYTES_MAX {
        return Err(EmvFault::Oversize { limit: BYTES_MAX }.in_text(0));
    }
    match text.chars().position(char::is_control) {
        Some(at) => Err(EmvFault::ControlCharacter.in_text(at)),
        None => Ok(()),
    }
}

/// What stands first and last, and the checksum over all of it.
pub(super) fn check_frame(text: &str, objects: &[Object<'_>]) -> Result<(), EmvError> {
    match objects.iter().position(|object| object.id == "00") {
        Some(0) => {}
        Some(_) => return Err(EmvFault::IndicatorNotFirst.at("00", 0)),
        None => return Err(EmvFault::MissingIndicator.at("00", 0)),
    }
    let end = text.chars().count();
    let Some(checksum) = objects.iter().find(|object| object.id == "63") else {
        return Err(EmvFault::MissingChecksum.at("63", end));
    };
    if objects.last() != Some(checksum) {
        let behind = checksum
            .value_offset()
            .saturating_add(checksum.value.chars().count());
        return Err(EmvFault::ChecksumNotLast.at("63", behind));
    }
    let bad = || EmvFault::BadChecksum.at("63", checksum.value_offset());
    if checksum.value.len() != 4 || !checksum.value.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(bad());
    }
    let found = u16::from_str_radix(checksum.value, 16).map_err(|_| bad())?;
    let covered = text.len().saturating_sub(checksum.value.len());
    if CRC.checksum(text.as_bytes().get(..covered).unwrap_or_default()) != found {
        return Err(EmvFault::ChecksumMismatch.at("63", checksum.value_offset()));
    }
    Ok(())
}

/// What must be there, and the form of each value.
pub(super) fn check_values(
    scheme: &str,
    fields: &Fields,
    objects: &[Object<'_>],
) -> Result<(), EmvError> {
    let at = |id: &str| {
        objects
            .iter()
            .find(|o| o.id == id)
            .map_or(0, Object::value_offset)
    };
    let require = |holds: bool, id: &str, fault: EmvFault| {
        if holds {
            Ok(())
        } else {
            Err(fault.at(id, at(id)))
        }
    };
    // No place of its own: what is missing is missing at the end.
    let end = objects.last().map_or(0, |object| object.offset);
    let present = |value: &Option<String>, id: &str| {
        if value.is_some() {
            Ok(())
        } else {
            Err(EmvFault::Missing.at(id, end))
        }
    };
    let holds = |value: &Option<String>, rule: fn(&str) -> bool| value.as_deref().is_none_or(rule);

    let indicator = fields.payload_format_indicator.as_str();
    let known = indicator == "01" || (indicator == "02" && scheme::may_be_version_two(fields));
    require(known, "00", EmvFault::BadIndicator)?;
    let initiation = holds(&fields.point_of_initiation, |v| v == "11" || v == "12");
    require(initiation, "01", EmvFault::BadInitiation)?;
    if fields.merchant_accounts.is_empty() {
        return Err(EmvFault::NoAccount.in_text(end));
    }
    present(&fields.currency, "53")?;
    present(&fields.country, "58")?;
    if !scheme::may_omit_merchant(scheme) {
        present(&fields.mcc, "52")?;
        present(&fields.merchant_name, "59")?;
        present(&fields.merchant_city, "60")?;
    }
    require(
        holds(&fields.mcc, |v| is_digits(v, 4)),
        "52",
        EmvFault::BadCategory,
    )?;
    // Myanmar's national format writes letters here.
    let currency = holds(&fields.currency, |v| is_digits(v, 3) || v == "MMK");
    require(currency, "53", EmvFault::BadCurrency)?;
    require(holds(&fields.amount, is_amount), "54", EmvFault::BadAmount)?;
    require(
        holds(&fields.country, is_country),
        "58",
        EmvFault::BadCountry,
    )
}

fn is_digits(value: &str, count: usize) -> bool {
    value.len() == count && value.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn is_amount(value: &str) -> bool {
    value.len() <= AMOUNT_CHARS_MAX
        && value.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && value.bytes().filter(|b| *b == b'.').count() <= 1
        && value != "."
}

fn is_country(value: &str) -> bool {
    value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase())
}
