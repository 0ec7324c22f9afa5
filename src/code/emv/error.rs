//! Why a payload is refused.

/// What is wrong, in which object (`62-05` for one inside a template), and where in the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct EmvError {
    /// What is wrong.
    pub fault: EmvFault,
    /// The object, where it is known.
    pub object: Option<String>,
    /// Code points from the start of the text.
    pub offset: usize,
}

/// What is wrong with a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmvFault {
    /// Nothing there.
    #[error("the text is empty")]
    Empty,
    /// More than a QR code can carry.
    #[error("more than the {limit} bytes that a QR code holds")]
    Oversize {
        /// What a QR code holds.
        limit: usize,
    },
    /// A line break, NUL or other control character.
    #[error("control characters are not allowed")]
    ControlCharacter,
    /// Something else where an id was expected.
    #[error("an object must begin with two ASCII digits")]
    BadId,
    /// Not two digits, or more characters than there are.
    #[error("the length does not fit the text")]
    BadLength,
    /// The text stops in the middle of an object.
    #[error("the text ends inside an object")]
    Truncated,
    /// An object without a value.
    #[error("an object must not be empty")]
    ZeroLength,
    /// The same object twice.
    #[error("an object must not be there twice")]
    Duplicate,
    /// A template whose inside does not split into objects.
    #[error("the objects inside the template do not fit it")]
    BadTemplate,
    /// No object 00.
    #[error("object 00 is missing")]
    MissingIndicator,
    /// Object 00 somewhere else than in front.
    #[error("object 00 must come first")]
    IndicatorNotFirst,
    /// Another version of the format.
    #[error("unknown payload format indicator")]
    BadIndicator,
    /// No object 63.
    #[error("object 63 is missing")]
    MissingChecksum,
    /// Something behind object 63.
    #[error("object 63 must come last")]
    ChecksumNotLast,
    /// Object 63 is not four hexadecimal digits.
    #[error("the checksum must be four hexadecimal digits")]
    BadChecksum,
    /// The checksum is that of another text.
    #[error("the checksum does not match the text")]
    ChecksumMismatch,
    /// Neither 11 nor 12.
    #[error("point of initiation must be 11 or 12")]
    BadInitiation,
    /// No account to pay into.
    #[error("no merchant account information")]
    NoAccount,
    /// An object that this scheme cannot do without.
    #[error("a mandatory object is missing")]
    Missing,
    /// Not four digits.
    #[error("merchant category code must be four digits")]
    BadCategory,
    /// Not three digits.
    #[error("currency must be three digits")]
    BadCurrency,
    /// Not digits with at most one point, at most 13 characters.
    #[error("amount must be digits with at most one point, at most 13 characters")]
    BadAmount,
    /// Not two capital letters.
    #[error("country must be two capital letters")]
    BadCountry,
}

impl EmvFault {
    /// The fault's stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Oversize { .. } => "oversize",
            Self::ControlCharacter => "control-character",
            Self::BadId => "not-emv",
            Self::BadLength => "bad-length",
            Self::Truncated => "truncated",
            Self::ZeroLength => "zero-length",
            Self::Duplicate => "duplicate-id",
            Self::BadTemplate => "bad-template",
            Self::MissingIndicator => "missing-pfi",
            Self::IndicatorNotFirst => "pfi-not-first",
            Self::BadIndicator => "bad-pfi",
            Self::MissingChecksum => "missing-crc",
            Self::ChecksumNotLast => "crc-not-last",
            Self::BadChecksum => "bad-crc-field",
            Self::ChecksumMismatch => "crc-mismatch",
            Self::BadInitiation => "bad-poi",
            Self::NoAccount | Self::Missing => "missing-mandatory",
            Self::BadCategory => "bad-mcc",
            Self::BadCurrency => "bad-currency",
            Self::BadAmount => "bad-amount",
            Self::BadCountry => "bad-country",
        }
    }

    pub(super) fn at(self, object: &str, offset: usize) -> EmvError {
        EmvError {
            fault: self,
            object: Some(object.to_owned()),
            offset,
        }
    }

    pub(super) const fn in_text(self, offset: usize) -> EmvError {
        EmvError {
            fault: self,
            object: None,
            offset,
        }
    }
}
