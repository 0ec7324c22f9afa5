//! The texts that wallets print and show themselves, told apart by their shape.
//!
//! Shapes come from outside: each wallet's description brings its own, and [`super::label`] those
//! of systems that no wallet here stands for. A shape is always compared with the raw text from its
//! first to its last character. Taking an address apart first, as a browser would, is what makes
//! `https://qr.wallet.example@evil.example` look like the wallet's.

mod shape;

use std::iter;

use super::label;
use super::text_pattern::TextPattern;
use shape::Shape;

/// All shapes, ready for use.
#[derive(Debug)]
pub struct Natives {
    shapes: Vec<Shape>,
    payer_code: fn(&str) -> Option<&'static str>,
}

/// Whose text it is, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Native {
    /// The institution or system.
    pub network: &'static str,
    /// What the text is.
    pub kind: &'static str,
}

/// A shape that cannot be used; a mistake in the program.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// It could match in the middle of a text.
    #[error("pattern {0:?} must begin with ^ and end with $")]
    Unanchored(&'static str),
    /// Not a regular expression.
    #[error("pattern {0:?} cannot be read: {1}")]
    Unreadable(&'static str, regex_lite::Error),
}

/// No symbol holds more bytes, and a shape is looked for in time that grows with the text: this much
/// takes less than a millisecond (`cargo bench --bench decode`).
const BYTES_MAX: usize = 2_953;

/// What stands around a text that was scanned or copied, and is not of it: many scanners end each code
/// with a line.
pub(super) const AROUND: [char; 4] = [' ', '\t', '\r', '\n'];

/// The kind of every payer code.
pub const PAYER_CODE: &str = "payer_auth_code";

impl Natives {
    /// Makes the shapes ready. `payer_code` names the institution whose app shows such a number.
    pub fn new(
        wallets: impl IntoIterator<Item = (&'static str, &'static [TextPattern])>,
        payer_code: fn(&str) -> Option<&'static str>,
    ) -> Result<Self, PatternError> {
        let own = wallets
            .into_iter()
            .flat_map(|(network, patterns)| patterns.iter().map(move |pattern| (network, pattern)));
        let all = own.chain(
            label::ALL
                .iter()
                .map(|(network, pattern)| (*network, pattern)),
        );
        let shapes = all
            .map(|(network, pattern)| Shape::new(network, pattern))
            .collect::<Result<_, _>>()?;
        Ok(Self { shapes, payer_code })
    }

    /// The hosts that the shapes' addresses lead to.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        let hosts = self.shapes.iter().map(|shape| shape.authority.as_str());
        hosts.filter(|host| host.contains('.'))
    }

    /// The schemes of the shapes that are no web addresses.
    pub fn schemes(&self) -> impl Iterator<Item = &str> {
        let schemes = self.shapes.iter().map(|shape| shape.scheme.as_str());
        schemes.filter(|scheme| !scheme.is_empty() && !scheme.starts_with("http"))
    }

    /// Whose text this is; `None` for one that fits no shape exactly, as it is or without what stands
    /// around it.
    pub fn recognise(&self, text: &str) -> Option<Native> {
        self.find(text).map(|(_, native)| native)
    }

    /// Whose text this is, and the part that says so: of some bills an empty line at the end is a part.
    pub(super) fn find<'a>(&self, text: &'a str) -> Option<(&'a str, Native)> {
        both(text).find_map(|text| {
            if let Some(network) = (self.payer_code)(text) {
                let kind = PAYER_CODE;
                return Some((text, Native { network, kind }));
            }
            let Native { network, kind } = self.shape_of(text)?.native;
            let kind = label::narrowed(network, kind, text);
            Some((text, Native { network, kind }))
        })
    }

    /// Whose text this is, and the one spelling of it by which two texts are known to be the same
    /// code; `None` for a payer's number, which is kept nowhere, and for a text that may be spelt in
    /// ways without end.
    pub fn canonical(&self, text: &str) -> Option<(Native, String)> {
        let (text, native) = self.find(text)?;
        if native.kind == PAYER_CODE {
            return None;
        }
        Some((native, self.shape_of(text)?.canonical(text)?))
    }

    fn shape_of(&self, text: &str) -> Option<&Shape> {
        if text.len() > BYTES_MAX {
            return None;
        }
        let shape = self.shapes.iter().find(|shape| shape.fits(text))?;
        // Any host is not a known one with something behind it.
        let is_imitation = shape.is_for_any_host()
            && self.hosts().any(|host| {
                let on = label::host(text).to_ascii_lowercase();
                on.contains(&format!("{host}."))
            });
        (!is_imitation).then_some(shape)
    }
}

/// A text without what stands around it, and of many lines as it is, too.
fn both(text: &str) -> impl Iterator<Item = &str> {
    let bare = text.trim_matches(AROUND);
    let is_other = bare.len() < text.len() && bare.contains('\n');
    iter::once(bare).chain(is_other.then_some(text))
}

/// What may be shown and stored of a payer code: its first and last two characters.
pub fn mask(payer_code: &str) -> String {
    let count = payer_code.chars().count();
    let hide = |at: usize| count <= 8 || (2..count.saturating_sub(2)).contains(&at);
    payer_code
        .chars()
        .enumerate()
        .map(|(at, c)| if hide(at) { '*' } else { c })
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::LazyLock;

    use serde::Deserialize;

    use super::*;

    /// A stand-in for what the wallets' descriptions bring.
    const WALLETS: &[(&str, &[TextPattern])] = &[("lotus", LOTUS)];
    const LOTUS: &[TextPattern] = &[TextPattern {
        pattern: "^(?i:https://qr\\.lotus\\.example)/[A-Za-z0-9]+$",
        kind: "order",
    }];

    fn payer_code(text: &str) -> Option<&'static str> {
        let shape = text.len() == 18 && text.bytes().all(|b| b.is_ascii_digit());
        (shape && text.starts_with("10")).then_some("lotus")
    }

    pub(in crate::code) fn natives() -> &'static Natives {
        static NATIVES: LazyLock<Natives> =
            LazyLock::new(|| Natives::new(WALLETS.iter().copied(), payer_code).unwrap());
        &NATIVES
    }

    #[derive(Deserialize)]
    struct Vector {
        text: String,
        network: Option<String>,
        kind: String,
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("../../../tests/vectors/native-codes.json")).unwrap()
    }

    #[test]
    fn texts_that_belong_to_no_wallet_here_are_labelled() {
        let labels = |network: &str| label::ALL.iter().any(|(known, _)| *known == network);
        let known = |v: &&Vector| v.network.as_deref().is_some_and(labels);
        assert!(vectors().iter().filter(known).count() >= 20);
        for vector in vectors().iter().filter(known) {
            let found = natives()
                .recognise(&vector.text)
                .unwrap_or_else(|| panic!("{}", vector.text));
            let expected = (vector.network.as_deref().unwrap(), vector.kind.as_str());
            assert_eq!((found.network, found.kind), expected, "{}", vector.text);
        }
    }

    #[test]
    fn every_other_text_matches_nothing() {
        let labels = |network: &str| label::ALL.iter().any(|(known, _)| *known == network);
        for vector in vectors() {
            if !vector.network.as_deref().is_some_and(labels) && !vector.text.starts_with("10") {
                assert_eq!(natives().recognise(&vector.text), None, "{}", vector.text);
            }
        }
    }

    #[test]
    fn a_shape_that_is_not_anchored_cannot_be_used() {
        const LOOSE: &[TextPattern] = &[TextPattern {
            pattern: "^a",
            kind: "order",
        }];
        assert!(Natives::new([("loose", LOOSE)], payer_code).is_err());
    }

    #[test]
    fn a_text_that_no_symbol_holds_is_not_looked_at() {
        let front = "https://qr.lotus.example/";
        let holds = |bytes: usize| format!("{front}{}", "a".repeat(bytes - front.len()));
        assert!(natives().recognise(&holds(BYTES_MAX)).is_some());
        assert_eq!(natives().recognise(&holds(BYTES_MAX + 1)), None);
    }

    #[test]
    fn a_masked_payer_code_shows_four_characters_at_most() {
        assert_eq!(mask("106258562632154710"), "10**************10");
        assert_eq!(mask("12345678"), "********");
    }
}
