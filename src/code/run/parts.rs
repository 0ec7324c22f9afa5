//! The small values inside a run.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};

use crate::word::words;

words! {
    /// What a code is for.
    CodeKind {
        /// Reusable; the payer enters the amount.
        Static = "static",
        /// Reusable, with an amount in it.
        Fixed = "fixed",
        /// For one payment.
        Order = "order",
        /// Printed blank, bound to a merchant later.
        Plate = "plate",
    }
}

/// The 128 random bits that name a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RandomId([u8; 16]);

/// Which key signed: the first four bytes of its RFC 7638 thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

/// A text that is no random id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a random id in base32")]
pub struct RandomIdError;

impl CodeKind {
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Static => 0,
            Self::Fixed => 1,
            Self::Order => 2,
            Self::Plate => 3,
        }
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.number() == number)
    }
}

impl RandomId {
    /// From fresh random bytes, or from stored ones.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }
}

/// Base32 without padding, as in the run: 26 characters.
impl fmt::Display for RandomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0))
    }
}

impl FromStr for RandomId {
    type Err = RandomIdError;

    fn from_str(text: &str) -> Result<Self, RandomIdError> {
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).ok();
        bytes
            .and_then(|b| b.try_into().ok())
            .map(Self)
            .ok_or(RandomIdError)
    }
}

impl TryFrom<String> for RandomId {
    type Error = RandomIdError;

    fn try_from(text: String) -> Result<Self, RandomIdError> {
        text.parse()
    }
}

impl From<RandomId> for String {
    fn from(id: RandomId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}
