//! Who may read the numbers. A shop does not tell the world how much it sells.

use std::fmt;

use subtle::ConstantTimeEq as _;

use crate::crypto::digest::sha256;

/// Lets in whoever has the token that the operator chose; kept as its SHA-256.
#[derive(Clone, Default)]
pub struct Scrape(Option<[u8; 32]>);

impl Scrape {
    /// Lets in whoever has this token.
    pub fn by(token: &str) -> Self {
        Self(Some(sha256(token.as_bytes())))
    }

    /// Whether there is a token at all.
    pub fn has_token(&self) -> bool {
        self.0.is_some()
    }

    /// Whether this is it, in constant time.
    pub fn lets_in(&self, token: &str) -> bool {
        let given = sha256(token.as_bytes());
        self.0
            .is_some_and(|wanted| bool::from(wanted.ct_eq(&given)))
    }
}

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_that_was_chosen_lets_in() {
        let scrape = Scrape::by("a-token-of-ours");
        assert!(scrape.lets_in("a-token-of-ours"));
        assert!(!scrape.lets_in("a-token-of-our"));
        assert!(!scrape.lets_in(""));
        assert!(!Scrape::default().lets_in(""));
        assert!(!format!("{scrape:?}").contains("ours"));
    }
}
