//! What a merchant's API keys may do.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::clock::Timestamp;
use crate::id::{ApiKeyId, MerchantId};
use crate::merchant::Name;
use crate::word::{Mode, WordError, words};

words! {
    /// One thing that an API key may do.
    Scope {
        /// See the merchant, stores, counters, acceptances, agreements and institutions.
        MerchantRead = "merchant:read",
        /// Let devices in at counters.
        CountersWrite = "counters:write",
        /// See codes and draw them.
        CodesRead = "codes:read",
        /// Issue, suspend, resume and revoke codes.
        CodesWrite = "codes:write",
        /// See payments, exceptions and routes.
        PaymentsRead = "payments:read",
        /// Create and cancel payments.
        PaymentsWrite = "payments:write",
        /// Check receipts that payers show.
        ReceiptsVerify = "receipts:verify",
        /// Follow events.
        FeedRead = "feed:read",
    }
}

/// Everything that one key may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// All there are.
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Whether this is among them.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for Scopes {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        text.split_ascii_whitespace().map(str::parse).collect()
    }
}

/// A merchant's API key as kept: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its name for us.
    pub id: ApiKeyId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Its name for people.
    pub name: Name,
    /// Test or live.
    pub mode: Mode,
    /// Its beginning, for recognising it in a list.
    pub hint: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When somebody ended it.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl ApiKey {
    /// Whether it opens anything now.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_survive_text_and_an_unknown_one_is_refused() {
        assert_eq!(
            Scopes::all().to_string().parse::<Scopes>(),
            Ok(Scopes::all())
        );
        assert_eq!("".parse::<Scopes>(), Ok(Scopes::default()));
        assert!("payments:read payments:all".parse::<Scopes>().is_err());
    }

    #[test]
    fn a_key_counts_until_it_expires_or_is_revoked() {
        let at = Timestamp::from_seconds;
        let key = ApiKey {
            id: "key_00000000000000000000000000".parse().unwrap(),
            merchant: "mer_00000000000000000000000000".parse().unwrap(),
            name: "till".parse().unwrap(),
            mode: Mode::Test,
            hint: "tm_test_abcd".to_owned(),
            scopes: Scopes::all(),
            expires_at: Some(at(100)),
            revoked_at: None,
            created_at: at(0),
        };
        assert!(key.is_valid_at(at(99)));
        assert!(!key.is_valid_at(at(100)));
        let revoked = ApiKey {
            revoked_at: Some(at(50)),
            ..key
        };
        assert!(!revoked.is_valid_at(at(60)));
    }
}
