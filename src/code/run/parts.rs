//! The small values inside a run.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CodeKind {
    /// Reusable; the payer enters the amount.
    Static,
    /// Reusable, with an amount in it.
    Fixed,
    /// For one payment.
    Order,
    /// Printed blank, bound to a merchant later.
    Plate,
}

/// The 128 random bits that name a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RandomId([u8; 16]);

/// Which key signed: the first four bytes of its RFC 7638 thumbprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 4]);

impl CodeKind {
    /// As written in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Fixed => "fixed",
            Self::Order => "order",
            Self::Plate => "plate",
        }
    }

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Static => 0,
            Self::Fixed => 1,
            Self::Order => 2,
            Self::Plate => 3,
        }
    }

    pub(super) fn from_number(number: u8) -> Option<Self> {
        [Self::Static, Self::Fixed, Self::Order, Self::Plate]
            .into_iter()
            .find(|k| k.number() == number)
    }
}

impl fmt::Display for CodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no kind of code, or no random id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {0}")]
pub struct NotA(&'static str);

impl FromStr for CodeKind {
    type Err = NotA;

    fn from_str(text: &str) -> Result<Self, NotA> {
        [Self::Static, Self::Fixed, Self::Order, Self::Plate]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(NotA("a kind of code: static, fixed, order or plate"))
    }
}

impl TryFrom<String> for CodeKind {
    type Error = NotA;

    fn try_from(text: String) -> Result<Self, NotA> {
        text.parse()
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
    type Err = NotA;

    fn from_str(text: &str) -> Result<Self, NotA> {
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).ok();
        bytes
            .and_then(|b| b.try_into().ok())
            .map(Self)
            .ok_or(NotA("a random id in base32"))
    }
}

impl TryFrom<String> for RandomId {
    type Error = NotA;

    fn try_from(text: String) -> Result<Self, NotA> {
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
