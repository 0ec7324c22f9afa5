//! What is said about a text: the form of the decode answer.

use serde::Serialize;
use serde_json::{Map, Value};

use super::emv::scheme::Payee;
use crate::money::{Amount, Currency};
use crate::word::words;

/// The answer about one text.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum DecodeAnswer {
    /// The text was read, be it as something or as nothing known.
    Read(Reading),
    /// The text claims to be something and is not, or cannot be looked at.
    Refused(Refusal),
}

/// What a text is.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Reading {
    /// Always `true`.
    pub ok: bool,
    /// How it is written.
    pub format: Format,
    /// Whose format it follows: `tongma`, `pix`, `emv-generic`, …
    pub scheme: Option<&'static str>,
    /// Whose payment code it is; null where it is none that is known.
    pub network: Option<&'static str>,
    /// What it is for: `static`, `order`, `payer_auth_code`, `unknown`, …
    pub kind: &'static str,
    /// Whether it holds to the letter of its format.
    pub strict: bool,
    /// What its signature is worth; null where the format has none.
    pub signature: Option<SignatureVerdict>,
    /// What a careful reader should know.
    pub warnings: Vec<Remark>,
    /// What is to be paid, in minor units of the currency, where the text says so and leaves no
    /// choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// The currency of that amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Who is paid, at each network that the code serves, in that network's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payees: Vec<Payee>,
    /// What it says.
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
}

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Refusal {
    /// Always `false`.
    pub ok: bool,
    /// What is wrong.
    pub error: Remark,
}

/// A remark on a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Remark {
    /// Stable, kebab-case.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// Which object of the text, where it has objects.
    pub object: Option<String>,
    /// Where, in code points from the start.
    pub offset: Option<usize>,
}

/// The answer about a picture: each code that was found in it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PictureAnswer {
    /// The codes.
    pub codes: Vec<PlacedAnswer>,
    /// `true` where the time was up before all of the picture was looked at: there may be more codes
    /// in it. Send it smaller.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// The answer about one code in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct PlacedAnswer {
    /// About its text.
    #[serde(flatten)]
    pub answer: DecodeAnswer,
    /// The text itself; absent where it is the number of a payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its four corners in pixels, clockwise from the one that was drawn top left.
    pub position: [[i32; 2]; 4],
}

words! {
    /// How a text is written.
    Format {
        /// A web address; ours is one.
        Link = "link",
        /// EMV, shown by the merchant.
        EmvMpm = "emv_mpm",
        /// EMV, shown by the payer.
        EmvCpm = "emv_cpm",
        /// A wallet's own text.
        Native = "native",
        /// Anything else.
        Other = "other",
    }

    /// What a signature is worth.
    SignatureVerdict {
        /// Made by the key it names over exactly this text.
        Valid = "valid",
        /// Not made by that key, or over another text.
        Invalid = "invalid",
        /// The compact form has none.
        Absent = "absent",
        /// The key it names is none of those at hand.
        UnknownKey = "unknown-key",
    }
}

impl Remark {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            object: None,
            offset: None,
        }
    }

    pub(super) const fn at(mut self, offset: usize) -> Self {
        self.offset = Some(offset);
        self
    }

    pub(super) fn of(mut self, object: Option<String>) -> Self {
        self.object = object.filter(|object| !object.is_empty());
        self
    }
}

impl DecodeAnswer {
    /// Whether the text was read.
    pub const fn is_ok(&self) -> bool {
        matches!(self, Self::Read(_))
    }

    pub(super) const fn refused(error: Remark) -> Self {
        Self::Refused(Refusal { ok: false, error })
    }
}

impl Reading {
    /// A text that is nothing known.
    pub(crate) fn unknown(format: Format) -> Self {
        Self {
            ok: true,
            format,
            scheme: None,
            network: None,
            kind: "unknown",
            strict: false,
            signature: None,
            warnings: Vec::new(),
            amount_minor: None,
            currency: None,
            payees: Vec::new(),
            fields: Map::new(),
        }
    }

    /// Of a text with so many characters in front of what was read.
    pub(super) fn behind(mut self, front: usize) -> Self {
        for warning in &mut self.warnings {
            warning.offset = warning.offset.map(|at| at.saturating_add(front));
        }
        self
    }

    /// With what is to be paid.
    pub(super) fn asking(mut self, amount: Option<Amount>) -> Self {
        self.amount_minor = amount.map(Amount::minor);
        self.currency = amount.map(Amount::currency);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_says_where_there_may_be_more_in_it() {
        for (cut, told) in [
            (false, r#"{"codes":[]}"#),
            (true, r#"{"codes":[],"cut":true}"#),
        ] {
            let codes = Vec::new();
            let answer = serde_json::to_string(&PictureAnswer { codes, cut }).unwrap();
            assert_eq!(answer, told);
        }
    }
}
