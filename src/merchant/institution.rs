//! Payment institutions, the keys they sign with, and merchants' accounts at them.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::id::{MerchantId, PaymentAccountId};
use crate::merchant::{AccountReference, InstitutionId, Name, TextError};
use crate::money::Currency;
use crate::word::words;

words! {
    /// Whether an institution may call us and be called.
    InstitutionState {
        /// Working.
        Active = "active",
        /// Locked out by the operator.
        Suspended = "suspended",
    }

    /// How an institution signs its requests.
    KeyAlgorithm {
        /// A key pair; only its public half is here. The only kind that may confirm payments.
        Ed25519 = "ed25519",
        /// A shared secret; may resolve and start, never confirm.
        HmacSha256 = "hmac_sha256",
    }

    /// Where a key is on its way.
    KeyState {
        /// Its time has not come.
        Upcoming = "upcoming",
        /// It counts.
        Current = "current",
        /// Its time is over.
        Ended = "ended",
        /// It was taken out of use.
        Revoked = "revoked",
    }

    /// Whether money may go into a payment account.
    PaymentAccountState {
        /// In use.
        Open = "open",
        /// Takes no new orders.
        Closed = "closed",
    }
}

/// Whoever holds payers' or merchants' accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Institution {
    /// The stable word for it.
    pub id: InstitutionId,
    /// Its Chinese name.
    pub name_zh: Name,
    /// Its English name.
    pub name_en: Name,
    /// Where it speaks our outbound contract, if it does.
    pub base_url: Option<String>,
    /// Whether it may call and be called.
    pub state: InstitutionState,
    /// When it was signed up.
    pub created_at: Timestamp,
}

/// A key that an institution signs its requests with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstitutionKey {
    /// What the institution names in `keyid`.
    pub key_id: String,
    /// Whose key it is.
    pub institution: InstitutionId,
    /// The key itself.
    pub material: KeyMaterial,
    /// The key counts from here.
    pub not_before: Timestamp,
    /// The key counts until here, without end if absent.
    pub not_after: Option<Timestamp>,
    /// When it was taken out of use for good.
    pub revoked_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl InstitutionKey {
    /// Where the key is on its way at `now`.
    pub fn state_at(&self, now: Timestamp) -> KeyState {
        if self.revoked_at.is_some() {
            KeyState::Revoked
        } else if now < self.not_before {
            KeyState::Upcoming
        } else if self.not_after.is_some_and(|end| end <= now) {
            KeyState::Ended
        } else {
            KeyState::Current
        }
    }

    /// Whether a signature by this key counts at `now`.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.state_at(now) == KeyState::Current
    }
}

/// A key by algorithm.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyMaterial {
    /// The 32 bytes of an Ed25519 public key.
    Ed25519([u8; 32]),
    /// A shared secret, sealed under the master key.
    HmacSha256(Vec<u8>),
}

impl KeyMaterial {
    /// Which algorithm the key is for.
    pub const fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::Ed25519(_) => KeyAlgorithm::Ed25519,
            Self::HmacSha256(_) => KeyAlgorithm::HmacSha256,
        }
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyMaterial({}, …)", self.algorithm())
    }
}

/// A merchant's account at one institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentAccount {
    /// Ours.
    pub id: PaymentAccountId,
    /// Whose account it is.
    pub merchant: MerchantId,
    /// Where it is.
    pub institution: InstitutionId,
    /// The institution's number for it.
    pub reference: AccountReference,
    /// What it is kept in.
    pub currency: Currency,
    /// What the institution keeps of each payment.
    pub fee: BasisPoints,
    /// Whether money may go in.
    pub state: PaymentAccountState,
    /// When it was entered.
    pub created_at: Timestamp,
}

impl PaymentAccount {
    /// The reference for eyes that only need to recognise it.
    pub fn masked(&self) -> String {
        self.reference.masked()
    }
}

/// A share in hundredths of a percent, 0 to 10,000: `60` is 0.6 %.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(try_from = "i64", into = "i64")]
#[schema(value_type = u16, maximum = 10_000)]
pub struct BasisPoints(u16);

impl BasisPoints {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    const WHOLE: u16 = 10_000;

    /// The share as a number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<i64> for BasisPoints {
    type Error = TextError;

    fn try_from(value: i64) -> Result<Self, TextError> {
        match u16::try_from(value) {
            Ok(share) if share <= Self::WHOLE => Ok(Self(share)),
            Ok(_) | Err(_) => Err(TextError::Shape("0 to 10000 hundredths of a percent")),
        }
    }
}

impl From<BasisPoints> for i64 {
    fn from(share: BasisPoints) -> Self {
        Self::from(share.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_within_its_time_and_until_it_is_revoked() {
        let at = Timestamp::from_seconds;
        let key = InstitutionKey {
            key_id: "k1".to_owned(),
            institution: "lotus_pay".parse().unwrap(),
            material: KeyMaterial::Ed25519([7; 32]),
            not_before: at(100),
            not_after: Some(at(200)),
            revoked_at: None,
            created_at: at(0),
        };
        let valid = |seconds| key.is_valid_at(at(seconds));
        assert_eq!([99, 100, 199, 200].map(valid), [false, true, true, false]);
        assert_eq!(key.state_at(at(99)), KeyState::Upcoming);
        assert_eq!(key.state_at(at(200)), KeyState::Ended);
        let revoked = InstitutionKey {
            revoked_at: Some(at(150)),
            ..key
        };
        assert_eq!(revoked.state_at(at(120)), KeyState::Revoked);
        assert!(!revoked.is_valid_at(at(120)));
    }
}
