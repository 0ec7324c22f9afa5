//! The world's common code format: EMV merchant-presented, a list of numbered objects in one line.
//!
//! ```text
//! 00 02 01   52 04 5812   59 06 老王牛肉面馆   63 04 A13A
//! id length value ...     length in characters    checksum, always last
//! ```
//!
//! Real codes break the letter of the standard all the time, so there are two judgements: what
//! cannot be trusted at all is refused ([`EmvError`]), what merely deviates is read and remarked on
//! ([`Deviation`]). Templates are opened one level deep; what a network nests inside its own
//! objects stays text until its scheme asks for it ([`nested`]), so that depth costs nothing.
//! [`scheme`] says who is paid; [`write()`] makes what [`parse`] reads.

use std::collections::BTreeMap;

pub mod consumer;
mod deviation;
mod error;
mod fields;
mod object;
mod rules;
pub mod scheme;
#[cfg(test)]
mod tests;
mod write;

pub use self::deviation::{Deviation, DeviationKind};
pub use self::error::{EmvError, EmvFault};
pub use self::fields::{Fields, Template};
use self::object::append;
use self::scheme::View;
#[cfg(test)]
pub(super) use self::write::with_checksum;
pub use self::write::{WriteError, write};
pub(super) use self::write::{assemble, canonical, checksum};

/// A payload that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// Whose format it is, by the network's own identifier; `emv-generic` where none is known.
    pub scheme: &'static str,
    /// Its objects by name.
    pub fields: Fields,
    /// Where it leaves the letter of the standard; empty for a strict payload.
    pub deviations: Vec<Deviation>,
}

impl Payload {
    /// Who is paid by it, in the words of each network.
    pub fn view(&self) -> View {
        scheme::view(&self.fields)
    }
}

/// What a payload is for. 01 is often wrong; only what says "for one payment" is believed.
pub(super) fn kind(fields: &Fields) -> &'static str {
    match (fields.point_of_initiation.as_deref(), &fields.amount) {
        (Some("12"), _) => "order",
        (Some(_) | None, Some(_)) => "fixed",
        (Some(_) | None, None) => "static",
    }
}

/// Where an object of a payload stands, `26` or `26-01`, in code points from the start.
pub(super) fn offset_of(text: &str, object: &str) -> Option<usize> {
    object::offset_of(text, object)
}

/// The objects of a payload, each as it is written, with its id.
pub(super) fn written(text: &str) -> Vec<(&str, &str)> {
    let objects = object::split(text).unwrap_or_default();
    let mut rest = text;
    let mut written = Vec::with_capacity(objects.len());
    for object in &objects {
        let bytes = object::HEAD_BYTES.saturating_add(object.value.len());
        let (whole, behind) = rest.split_at_checked(bytes).unwrap_or((rest, ""));
        written.push((object.id, whole));
        rest = behind;
    }
    written
}

/// The objects that a network nests inside one of its own, by id; `None` where they do not fit.
pub fn nested(value: &str) -> Option<BTreeMap<String, String>> {
    let inside = object::split_nested(value)?;
    let owned = |object: &object::Object<'_>| (object.id.to_owned(), object.value.to_owned());
    Some(inside.iter().map(owned).collect())
}

/// Whether a text claims to be such a payload, so that a broken one is refused as one rather than
/// passed on as a text that means nothing.
pub fn looks_like(text: &str) -> bool {
    let has = |part| text.contains(part);
    let ends_with_checksum = has("6304") && (has("000201") || has("5303") || has("5802"));
    text.starts_with("0002") || (ends_with_checksum && !is_address(text))
}

/// An address may carry a payload as a parameter and is still an address.
fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// Reads a payload.
pub fn parse(text: &str) -> Result<Payload, EmvError> {
    rules::check_text(text)?;
    let objects = object::split(text)?;
    rules::check_frame(text, &objects)?;
    let fields = fields::collect(&objects)?;
    let scheme = scheme::of(&fields);
    rules::check_values(scheme, &fields, &objects)?;
    let deviations = deviation::find(text, &fields, &objects);
    Ok(Payload {
        scheme,
        fields,
        deviations,
    })
}
