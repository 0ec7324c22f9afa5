//! How much of each kind one merchant may have.

use crate::word::words;

words! {
    /// What is counted.
    Quota {
        /// Stores.
        Stores = "stores",
        /// Tills.
        Counters = "counters",
        /// Codes that are not revoked; order codes count as open payments.
        Codes = "codes",
        /// Other institutions' codes that are adopted, or about to be.
        Adoptions = "adoptions",
        /// Plates in its batches.
        Plates = "plates",
        /// API keys that are not revoked.
        ApiKeys = "api-keys",
        /// Payments with an order code that nobody has paid and that are not over.
        OpenPayments = "open-payments",
    }
}

/// The largest count of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Of [`Quota::Stores`].
    pub stores: i64,
    /// Of [`Quota::Counters`].
    pub counters: i64,
    /// Of [`Quota::Codes`].
    pub codes: i64,
    /// Of [`Quota::Adoptions`].
    pub adoptions: i64,
    /// Of [`Quota::Plates`].
    pub plates: i64,
    /// Of [`Quota::ApiKeys`].
    pub api_keys: i64,
    /// Of [`Quota::OpenPayments`].
    pub open_payments: i64,
}

impl Quotas {
    /// The largest count of one kind.
    pub const fn of(&self, quota: Quota) -> i64 {
        match quota {
            Quota::Stores => self.stores,
            Quota::Counters => self.counters,
            Quota::Codes => self.codes,
            Quota::Adoptions => self.adoptions,
            Quota::Plates => self.plates,
            Quota::ApiKeys => self.api_keys,
            Quota::OpenPayments => self.open_payments,
        }
    }
}

impl Default for Quotas {
    /// As `config.default.toml` has them: a chain of a thousand shops fits.
    fn default() -> Self {
        Self {
            stores: 1_000,
            counters: 5_000,
            codes: 10_000,
            adoptions: 1_000,
            plates: 200_000,
            api_keys: 100,
            open_payments: 10_000,
        }
    }
}
