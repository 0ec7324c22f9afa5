//! Our own code: a web address whose last part says, signed, which code this is.
//!
//! ```text
//! HTTPS://PAY.EXAMPLE.COM/Q/ CAAQE...          all upper case, so that the symbol stays small
//! └─ origin ──────────────┘   └ run: base32 of
//!      1 byte   format (high nibble) and kind (low nibble, bit 3 = compact)
//!      4 bytes  which key signed              not in a compact run
//!     16 bytes  random id
//!     10 bytes  amount (8) and currency (2)   fixed codes only
//!     64 bytes  Ed25519 signature             not in a compact run
//! ```
//!
//! The signature covers the origin and every byte before it, so a run that is copied behind another
//! host, or changed in a single bit, no longer verifies. Checking it needs keys and is done by the
//! caller; this module only says which bytes are meant.

mod parts;
#[cfg(test)]
mod tests;

use data_encoding::{BASE32_NOPAD, DecodeKind};

pub use self::parts::{CodeKind, KeyId, RandomId, RandomIdError};
use super::origin::{Origin, OriginFault, code_points};
use crate::money::{Amount, Currency};

/// What a code says before its signature. An amount is there exactly in fixed codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    kind: CodeKind,
    key: Option<KeyId>,
    random: RandomId,
    amount: Option<Amount>,
}

/// What stands behind `/Q/`: a body, and a signature exactly where the body names a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// What the code says.
    pub body: Body,
    /// The signature over it; absent in the compact form.
    pub signature: Option<[u8; 64]>,
}

/// A text in our URL form, taken apart. Nothing is said yet about its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// Whose server the code points to.
    pub origin: Origin,
    /// The code itself.
    pub run: Run,
    /// What the signature covers in a code of another form than the address.
    pub(super) covered: Option<Vec<u8>>,
}

/// What is wrong with a text in our URL form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RunFault {
    /// The part before the path.
    #[error(transparent)]
    Origin(#[from] OriginFault),
    /// The path does not begin with `/Q/`.
    #[error("path must be /Q/ and one run")]
    Path,
    /// Lower case, padding, a query, a fragment, or anything else behind the run.
    #[error("only A-Z and 2-7 may follow /Q/")]
    Character,
    /// The run ends too early or goes on too long for its kind.
    #[error("run has the wrong length for its kind")]
    Length,
    /// The last character carries bits that mean nothing and are not zero.
    #[error("spare bits at the end must be zero")]
    SpareBits,
    /// Another format number than 1.
    #[error("unknown format of run")]
    Format,
    /// A kind that does not exist.
    #[error("unknown kind of code")]
    Kind,
    /// An amount of zero, past 2^53 − 1, or in a currency that does not exist.
    #[error("amount or currency out of range")]
    Amount,
}

/// A [`RunFault`] and where it is, in code points from the start of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault} (character {offset})")]
pub struct RunError {
    /// What is wrong.
    pub fault: RunFault,
    /// Where.
    pub offset: usize,
}

/// A body was asked for that no code can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fixed code needs an amount above zero, and no other kind takes one")]
pub struct BodyError;

/// Keeps this signature apart from every other use of the same key.
const CONTEXT: &[u8] = b"tongma-code-v1";
const PATH: &str = "/Q/";
const FORMAT: u8 = 1;
/// Set in the low nibble where there is neither key id nor signature.
const COMPACT: u8 = 0b1000;

/// The text of a code. `sign` is called with the bytes to sign, unless the body is compact.
pub fn issue(origin: &Origin, body: &Body, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> String {
    let mut bytes = body.to_bytes();
    if !body.is_compact() {
        bytes.extend(sign(&signed_bytes(origin, body)));
    }
    let origin = origin.to_string().to_ascii_uppercase();
    format!("{origin}{PATH}{}", BASE32_NOPAD.encode(&bytes))
}

/// Takes a text in our URL form apart, and refuses every other spelling of it.
pub fn parse(text: &str, allow_http: bool) -> Result<Parsed, RunError> {
    let (origin, path) = Origin::split(text, allow_http).map_err(|error| RunError {
        fault: error.fault.into(),
        offset: error.offset,
    })?;
    // The origin is ASCII, so bytes are code points up to here.
    let at_path = text.len().saturating_sub(path.len());
    let refuse = |fault| {
        move |at: usize| RunError {
            fault,
            offset: at_path.saturating_add(at),
        }
    };

    let run = path
        .strip_prefix(PATH)
        .ok_or_else(|| refuse(RunFault::Path)(0))?;
    let run = decode(run).map_err(|(fault, at)| refuse(fault)(PATH.len().saturating_add(at)))?;
    Ok(Parsed {
        origin,
        run,
        covered: None,
    })
}

/// The bytes that the signature of a code covers.
pub fn signed_bytes(origin: &Origin, body: &Body) -> Vec<u8> {
    let origin = origin.to_string();
    [CONTEXT, b"\0", origin.as_bytes(), b"\0", &body.to_bytes()].concat()
}

impl RunFault {
    /// The fault's stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Origin(fault) => fault.code(),
            Self::Path => "run-path",
            Self::Character => "run-character",
            Self::Length => "run-length",
            Self::SpareBits => "run-spare-bits",
            Self::Format => "run-format",
            Self::Kind => "run-kind",
            Self::Amount => "run-amount",
        }
    }
}

impl Parsed {
    /// Whether it was read out of EMV's form, not out of an address.
    pub const fn is_emv(&self) -> bool {
        self.covered.is_some()
    }

    /// The bytes that the signature of this code covers.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let in_address = || signed_bytes(&self.origin, &self.run.body);
        self.covered.clone().unwrap_or_else(in_address)
    }
}

impl Body {
    /// A body; compact where no key is named.
    pub fn new(
        kind: CodeKind,
        amount: Option<Amount>,
        random: RandomId,
        key: Option<KeyId>,
    ) -> Result<Self, BodyError> {
        let fits = match amount {
            Some(amount) => kind == CodeKind::Fixed && amount.is_positive(),
            None => kind != CodeKind::Fixed,
        };
        if fits {
            Ok(Self {
                kind,
                key,
                random,
                amount,
            })
        } else {
            Err(BodyError)
        }
    }

    /// What the code is for.
    pub const fn kind(&self) -> CodeKind {
        self.kind
    }

    /// Whether key id and signature were left out.
    pub const fn is_compact(&self) -> bool {
        self.key.is_none()
    }

    /// Which key signed.
    pub const fn key(&self) -> Option<KeyId> {
        self.key
    }

    /// Which code this is.
    pub const fn random(&self) -> RandomId {
        self.random
    }

    /// The amount of a fixed code.
    pub const fn amount(&self) -> Option<Amount> {
        self.amount
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let compact = if self.is_compact() { COMPACT } else { 0 };
        let mut bytes = vec![FORMAT << 4 | compact | self.kind.number()];
        bytes.extend(self.key.into_iter().flat_map(|key| key.0));
        bytes.extend(self.random.bytes());
        if let Some(amount) = self.amount {
            bytes.extend(amount.minor().to_be_bytes());
            bytes.extend(amount.currency().numeric().to_be_bytes());
        }
        bytes
    }
}

/// A fault and how many characters into the run it stands.
type Misfit = (RunFault, usize);

/// A run from its bytes, signature included.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<Run> {
    read(bytes, 0).ok()
}

/// Longer than any run, short enough to look through in no time.
const RUN_CHARS_MAX: usize = 152;

fn decode(run: &str) -> Result<Run, Misfit> {
    if let Some(at) = run
        .chars()
        .position(|c| !matches!(c, 'A'..='Z' | '2'..='7'))
    {
        return Err((RunFault::Character, at));
    }
    if run.len() > RUN_CHARS_MAX {
        return Err((RunFault::Length, RUN_CHARS_MAX));
    }
    let bytes = BASE32_NOPAD
        .decode(run.as_bytes())
        .map_err(|error| match error.kind {
            DecodeKind::Trailing => (RunFault::SpareBits, code_points(run).saturating_sub(1)),
            DecodeKind::Length | DecodeKind::Symbol | DecodeKind::Padding => {
                (RunFault::Length, code_points(run))
            }
        })?;
    read(&bytes, run.len())
}

fn read(bytes: &[u8], run_chars: usize) -> Result<Run, Misfit> {
    let too_short = || (RunFault::Length, run_chars);
    let (first, rest) = bytes.split_first().ok_or_else(too_short)?;
    if first >> 4 != FORMAT {
        return Err((RunFault::Format, 0));
    }
    let compact = first & COMPACT != 0;
    let kind = CodeKind::from_number(first & 0b0111).ok_or((RunFault::Kind, 1))?;

    let (key, rest) = if compact {
        (None, rest)
    } else {
        let (key, rest) = rest.split_first_chunk().ok_or_else(too_short)?;
        (Some(KeyId(*key)), rest)
    };
    let (random, rest) = rest.split_first_chunk().ok_or_else(too_short)?;
    let (amount, rest) = if kind == CodeKind::Fixed {
        let (minor, rest) = rest.split_first_chunk().ok_or_else(too_short)?;
        let (currency, rest) = rest.split_first_chunk().ok_or_else(too_short)?;
        (
            Some((u64::from_be_bytes(*minor), u16::from_be_bytes(*currency))),
            rest,
        )
    } else {
        (None, rest)
    };
    let signature = match rest {
        [] if compact => None,
        rest if !compact => Some(rest.try_into().map_err(|_| too_short())?),
        _ => return Err(too_short()),
    };
    let amount = match amount {
        Some((minor, currency)) => {
            let at = if compact { 27 } else { 33 };
            Some(read_amount(minor, currency).ok_or((RunFault::Amount, at))?)
        }
        None => None,
    };
    Ok(Run {
        body: Body {
            kind,
            key,
            random: RandomId::new(*random),
            amount,
        },
        signature,
    })
}

fn read_amount(minor: u64, currency: u16) -> Option<Amount> {
    let currency = Currency::from_numeric(currency)?;
    Amount::positive(i64::try_from(minor).ok()?, currency).ok()
}
