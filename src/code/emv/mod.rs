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
//! objects stays text, so that depth costs nothing.

mod deviation;
mod error;
mod fields;
mod object;
mod rules;
mod scheme;
#[cfg(test)]
mod tests;

pub use self::deviation::{Deviation, DeviationKind};
pub use self::error::{EmvError, EmvFault};
pub use self::fields::{Fields, Template};

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
