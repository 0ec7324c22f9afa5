//! Splitting a text into objects: two digits of id, two of length, and that many characters.

use std::fmt::Write as _;

use super::error::{EmvError, EmvFault};

/// One object and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Object<'a> {
    pub(super) id: &'a str,
    pub(super) value: &'a str,
    /// Of the id, in code points from the start of the whole text.
    pub(super) offset: usize,
}

impl Object<'_> {
    /// The id as a number, 0 to 99.
    pub(super) fn number(&self) -> u8 {
        self.id.parse().unwrap_or(u8::MAX)
    }

    /// Where the value stands.
    pub(super) const fn value_offset(&self) -> usize {
        self.offset.saturating_add(ID_CHARS + LENGTH_CHARS)
    }
}

const ID_CHARS: usize = 2;
const LENGTH_CHARS: usize = 2;
/// Id and length are digits, so that their characters are bytes.
pub(super) const HEAD_BYTES: usize = ID_CHARS + LENGTH_CHARS;

/// Splits a whole payload.
pub(super) fn split(text: &str) -> Result<Vec<Object<'_>>, EmvError> {
    // A text that still has its checksum was not cut off; then it is a length that lies.
    let too_short = if has_checksum(text) {
        EmvFault::BadLength
    } else {
        EmvFault::Truncated
    };
    split_from(text, 0, too_short)
}

/// Splits the inside of a template. Whatever does not fit is the template's fault.
pub(super) fn split_template<'a>(template: &Object<'a>) -> Result<Vec<Object<'a>>, EmvError> {
    let start = template.value_offset();
    split_from(template.value, start, EmvFault::BadTemplate).map_err(|error| {
        let speaks = matches!(error.fault, EmvFault::ZeroLength | EmvFault::Duplicate);
        let fault = if speaks {
            error.fault
        } else {
            EmvFault::BadTemplate
        };
        let inner = error.object.map_or_else(String::new, |id| format!("-{id}"));
        fault.at(&format!("{}{inner}", template.id), error.offset)
    })
}

/// Splits what a network nests inside one of its own objects.
pub(super) fn split_nested(value: &str) -> Option<Vec<Object<'_>>> {
    split_from(value, 0, EmvFault::BadTemplate).ok()
}

/// Where an object stands, `26` or `26-01`, in code points from the start of the text.
pub(super) fn offset_of(text: &str, path: &str) -> Option<usize> {
    let (id, sub) = match path.split_once('-') {
        Some((id, sub)) => (id, Some(sub)),
        None => (path, None),
    };
    let objects = split(text).ok()?;
    let object = objects.iter().find(|object| object.id == id)?;
    let Some(sub) = sub else {
        return Some(object.offset);
    };
    let inside = split_template(object).ok()?;
    let inner = inside.iter().find(|object| object.id == sub);
    Some(inner.map_or(object.offset, |inner| inner.offset))
}

/// Appends an object; its length counts code points. `None` where that takes more than two digits
/// or there is nothing to write.
pub(super) fn append(text: &mut String, id: &str, value: &str) -> Option<()> {
    let chars = value.chars().count();
    if !(1..=99).contains(&chars) {
        return None;
    }
    write!(text, "{id}{chars:02}{value}").ok()
}

fn split_from(text: &str, start: usize, too_short: EmvFault) -> Result<Vec<Object<'_>>, EmvError> {
    let mut objects: Vec<Object<'_>> = Vec::with_capacity(16);
    let mut seen = 0_u128;
    let mut rest = text;
    let mut offset = start;
    let is_ascii = text.is_ascii();
    while !rest.is_empty() {
        let (object, behind) = take(rest, offset, too_short, is_ascii)?;
        let bit = 1_u128.checked_shl(u32::from(object.number())).unwrap_or(0);
        if seen & bit != 0 {
            return Err(EmvFault::Duplicate.at(object.id, offset));
        }
        seen |= bit;
        let chars = if is_ascii {
            object.value.len()
        } else {
            object.value.chars().count()
        };
        offset = object.value_offset().saturating_add(chars);
        objects.push(object);
        rest = behind;
    }
    Ok(objects)
}

fn take(
    text: &str,
    offset: usize,
    too_short: EmvFault,
    is_ascii: bool,
) -> Result<(Object<'_>, &str), EmvError> {
    let stops_short = || EmvFault::Truncated.in_text(offset);
    let (id, behind) = split_chars(text, ID_CHARS, is_ascii).ok_or_else(stops_short)?;
    if !is_digits(id) {
        return Err(EmvFault::BadId.in_text(offset));
    }
    let at_length = offset.saturating_add(ID_CHARS);
    let truncated = || EmvFault::Truncated.at(id, at_length);
    let (length, behind) = split_chars(behind, LENGTH_CHARS, is_ascii).ok_or_else(truncated)?;
    if !is_digits(length) {
        return Err(EmvFault::BadLength.at(id, at_length));
    }
    let length = length
        .parse()
        .map_err(|_| EmvFault::BadLength.at(id, at_length))?;
    if length == 0 {
        return Err(EmvFault::ZeroLength.at(id, at_length));
    }
    let split = split_chars(behind, length, is_ascii);
    let (value, behind) = split.ok_or_else(|| too_short.at(id, at_length))?;
    Ok((Object { id, value, offset }, behind))
}

/// The first `count` code points and the rest.
fn split_chars(text: &str, count: usize, is_ascii: bool) -> Option<(&str, &str)> {
    if is_ascii {
        return text.split_at_checked(count);
    }
    let end = match text.char_indices().nth(count) {
        Some((end, _)) => end,
        None if text.chars().count() == count => text.len(),
        None => return None,
    };
    text.split_at_checked(end)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn has_checksum(text: &str) -> bool {
    let tail = text.len().checked_sub(8).and_then(|at| text.get(at..));
    tail.and_then(|tail| tail.strip_prefix("6304"))
        .is_some_and(|crc| crc.bytes().all(|b| b.is_ascii_hexdigit()))
}
