//! The secret on a blank plate by which whoever has it in hand binds it to a shop.
//!
//! It is not kept anywhere: it follows from the plate and from a key that only this server has. Fifty
//! bits are few, so tries are counted and a plate locks itself.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::digest::same;
use super::sealing::{Purpose, Sealer};
use super::token::TokenError;
use crate::typed;

/// Ten characters, shown in two halves: `ABCDE-FGHJK`.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct ClaimSecret(SecretString);

const CHARS: usize = 10;

impl ClaimSecret {
    /// The secret of the plate with these random bits in this batch.
    pub fn of(sealer: &Sealer, batch: &str, random: &[u8; 16]) -> Self {
        // A batch's name has no NUL, so no two plates meet.
        let plate = [batch.as_bytes(), b"\0", random].concat();
        Self(typed::spell::<CHARS>(&sealer.mac(Purpose::Claim, &plate)).into())
    }

    /// Reads what a person typed: in either case, with or without dashes, O for 0, and I or L for 1.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let read = typed::read::<CHARS>(text).ok_or(TokenError("claim secret"))?;
        Ok(Self(read.into()))
    }

    /// As it is printed.
    pub fn expose(&self) -> String {
        typed::halves(self.0.expose_secret())
    }

    /// Whether it is the same, in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        let (left, right) = (self.0.expose_secret(), other.0.expose_secret());
        same(left.as_bytes(), right.as_bytes())
    }
}

impl TryFrom<String> for ClaimSecret {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        Self::parse(&text)
    }
}

impl fmt::Debug for ClaimSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(master: u8, batch: &str, random: u8) -> ClaimSecret {
        ClaimSecret::of(&Sealer::new([master; 32]), batch, &[random; 16])
    }

    #[test]
    fn a_plate_has_one_secret_and_no_other_plate_or_server_has_it() {
        let secret = of(3, "bat_1", 7);
        assert!(secret.matches(&of(3, "bat_1", 7)));
        for other in [of(3, "bat_1", 8), of(3, "bat_2", 7), of(4, "bat_1", 7)] {
            assert!(!secret.matches(&other));
        }
    }

    #[test]
    fn a_secret_is_read_as_people_type_it() {
        let secret = of(3, "bat_1", 7);
        let shown = secret.expose();
        assert_eq!(shown.len(), CHARS + 1);
        assert_eq!(shown.chars().nth(5), Some('-'));
        let typed = shown.replace('-', " ").to_ascii_lowercase();
        let typed = typed.replace('0', "o").replace('1', "l");
        assert!(ClaimSecret::parse(&typed).unwrap().matches(&secret));
        for wrong in ["", "ABCDE", "ABCDE-FGHJKM", "ABCDE-FGHJU"] {
            assert!(ClaimSecret::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_not_logged() {
        let secret = of(3, "bat_1", 7);
        assert_eq!(format!("{secret:?}"), "ClaimSecret(…)");
    }
}
