//! The texts that wallets print and show themselves, told apart by their shape.
//!
//! Shapes come from outside: each wallet's description brings its own, and [`super::label`] those
//! of systems that no wallet here stands for. A shape is always compared with the raw text from its
//! first to its last character. Taking an address apart first, as a browser would, is what makes
//! `https://qr.wallet.example@evil.example` look like the wallet's.

mod shape;

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

    /// Whose text this is; `None` for one that fits no shape exactly.
    pub fn recognise(&self, text: &str) -> Option<Native> {
        if let Some(network) = (self.payer_code)(text) {
            return Some(Native {
                network,
                kind: PAYER_CODE,
            });
        }
        self.shape_of(text).map(|shape| shape.native)
    }

    /// Whose text this is, and the one spelling of it by which two texts are known to be the same
    /// code; `None` for a payer's number, which is kept nowhere.
    pub fn canonical(&self, text: &str) -> Option<(Native, String)> {
        if (self.payer_code)(text).is_some() {
            return None;
        }
        let shape = self.shape_of(text)?;
        if shape.native.kind == PAYER_CODE {
            return None;
        }
        Some((shape.native, shape.canonical(text)?))
    }

    fn shape_of(&self, text: &str) -> Option<&Shape> {
        self.shapes.iter().find(|shape| shape.fits(text))
    }
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
    fn a_masked_payer_code_shows_four_characters_at_most() {
        assert_eq!(mask("106258562632154710"), "10**************10");
        assert_eq!(mask("12345678"), "********");
    }
}
