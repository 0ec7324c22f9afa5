//! Splitting a text into objects: two digits of id, two of length, and that many characters.

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

fn split_from(text: &str, start: usize, too_short: EmvFault) -> Result<Vec<Object<'_>>, EmvError> {
    let mut objects: Vec<Object<'_>> = Vec::new();
    let mut rest = text;
    let mut offset = start;
    while !rest.is_empty() {
        let (object, behind) = take(rest, offset, too_short)?;
        if objects.iter().any(|seen| seen.id == object.id) {
            return Err(EmvFault::Duplicate.at(object.id, offset));
        }
        let chars = object.value.chars().count();
        offset = object.value_offset().saturating_add(chars);
        objects.push(object);
        rest = behind;
    }
    Ok(objects)
}

fn take(text: &str, offset: usize, too_short: EmvFault) -> Result<(Object<'_>, &str), EmvError> {
    let stops_short = || EmvFault::Truncated.in_text(offset);
    let (id, behind) = split_chars(text, ID_CHARS).ok_or_else(stops_short)?;
    if !is_digits(id) {
        return Err(EmvFault::BadId.in_text(offset));
    }
    let at_length = offset.saturating_add(ID_CHARS);
    let truncated = || EmvFault::Truncated.at(id, at_length);
    let (length, behind) = split_chars(behind, LENGTH_CHARS).ok_or_else(truncated)?;
    if !is_digits(length) {
        return Err(EmvFault::BadLength.at(id, at_length));
    }
    let length = length
        .parse()
        .map_err(|_| EmvFault::BadLength.at(id, at_length))?;
    if length == 0 {
        return Err(EmvFault::ZeroLength.at(id, at_length));
    }
    let (value, behind) = split_chars(behind, length).ok_or_else(|| too_short.at(id, at_length))?;
    Ok((Object { id, value, offset }, behind))
}

/// The first `count` code points and the rest.
fn split_chars(text: &str, count: usize) -> Option<(&str, &str)> {
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
