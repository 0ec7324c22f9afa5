//! Texts that cannot be wrong: parsed once at the edge, trusted inside.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// More characters than fit.
    #[error("must have at most {limit} characters, found {found}")]
    TooLong {
        /// Characters found.
        found: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// A character that nobody can see, or that turns the writing direction.
    #[error("must not contain the invisible character U+{0:04X}")]
    Invisible(u32),
    /// More marks on one letter than any script writes: they would run over the lines around.
    #[error("must have at most {limit} marks on one character")]
    Marks {
        /// Marks allowed.
        limit: usize,
    },
    /// Not the shape that is asked for.
    #[error("must be {0}")]
    Shape(&'static str),
}

/// Declares text newtypes; `$parse` turns a raw text into the stored one.
macro_rules! texts {
    ($($(#[doc = $doc:literal])+ $name:ident: $example:literal, $parse:expr $(, $pattern:literal)?;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[serde(try_from = "String", into = "String")]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                let parse: fn(&str) -> Result<String, TextError> = $parse;
                parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .examples([$example])
                    $(.pattern(Some($pattern)))?
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

texts! {
    /// How people call a merchant, a store, a till or an institution.
    Name: "老王面馆", visible;
    /// What a merchant is called where only Latin letters are read.
    LatinName: "Lao Wang Noodles", latin_name, "^[ -~]{1,25}$";
    /// The city of a merchant.
    City: "Shanghai", visible;
    /// A platform, a cohort of a roll-out or a clearing channel, as its operator calls it.
    Label: "pilot-1", visible;
    /// A payment institution: `wechat_pay`.
    InstitutionId: "wechat_pay", institution_id, "^[a-z][a-z0-9_]{1,31}$";
    /// The number that an institution gave to a merchant's account.
    AccountReference: "1900000109", account_reference;
    /// The ISO 18245 category of a merchant's trade: `5812` for a restaurant.
    Mcc: "5812", mcc;
    /// ISO 3166 country in two capital letters.
    Country: "CN", country;
    /// An IANA time zone, in which the merchant's days begin and end.
    Zone: "Asia/Shanghai", zone;
}

impl Name {
    /// What the name looks like to a hasty eye (UTS 39): two names of one likeness are taken for
    /// each other, whatever letters they are written in.
    pub fn likeness(&self) -> String {
        let seen: String = skeleton(&self.0).collect();
        let plain: String = seen.to_lowercase().split_whitespace().collect();
        skeleton(&plain).collect()
    }
}

impl AccountReference {
    /// For eyes that need to recognise the account but not to know it: the last four characters,
    /// fewer of a short one.
    pub fn masked(&self) -> String {
        let shown = (self.0.len() / 3).min(4);
        let tail: String = self
            .0
            .chars()
            .skip(self.0.len().saturating_sub(shown))
            .collect();
        format!("****{tail}")
    }
}

/// What fits on a receipt, a till's screen and a printed sheet.
const VISIBLE_MAX: usize = 60;
/// What codes in EMV's form give to a name.
const LATIN_MAX: usize = 25;
/// The longest account number known is 32; twice that leaves room for new institutions.
const REFERENCE_MAX: usize = 64;
/// Vietnamese writes two on a letter, Thai three.
const MARKS_MAX: usize = 4;

fn visible(text: &str) -> Result<String, TextError> {
    // One spelling of each letter, so that equal names are equal bytes.
    let text: String = text.trim().nfc().collect();
    let mut marks = 0_usize;
    for c in text.chars() {
        marks = if is_combining_mark(c) {
            marks.saturating_add(1)
        } else {
            0
        };
        if marks > MARKS_MAX {
            return Err(TextError::Marks { limit: MARKS_MAX });
        }
    }
    if let Some(bad) = text.chars().find(|c| is_invisible(*c)) {
        return Err(TextError::Invisible(u32::from(bad)));
    }
    match text.chars().count() {
        0 => Err(TextError::Empty),
        1..=VISIBLE_MAX => Ok(text),
        found => Err(TextError::TooLong {
            found,
            limit: VISIBLE_MAX,
        }),
    }
}

/// Controls, direction changes, zero-width and filler characters: with them two names that look
/// the same are not, or a name reads backwards.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn latin_name(text: &str) -> Result<String, TextError> {
    let text = text.trim();
    let ok =
        (1..=LATIN_MAX).contains(&text.len()) && text.bytes().all(|b| matches!(b, b' '..=b'~'));
    shaped(ok, text, "1 to 25 letters, digits and signs of ASCII")
}

fn institution_id(text: &str) -> Result<String, TextError> {
    let mut bytes = text.bytes();
    let begins = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
    let goes_on = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let ok = begins && goes_on && (2..=32).contains(&text.len());
    shaped(
        ok,
        text,
        "2 to 32 small letters, digits and _, beginning with a letter",
    )
}

fn account_reference(text: &str) -> Result<String, TextError> {
    let ok =
        (1..=REFERENCE_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    shaped(ok, text, "1 to 64 visible ASCII characters without spaces")
}

fn mcc(text: &str) -> Result<String, TextError> {
    shaped(
        text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()),
        text,
        "4 digits",
    )
}

fn country(text: &str) -> Result<String, TextError> {
    let ok = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    shaped(ok, text, "2 capital letters (ISO 3166)")
}

fn zone(text: &str) -> Result<String, TextError> {
    let named = text.bytes().all(|b| b.is_ascii_graphic()) && text.len() <= VISIBLE_MAX;
    let known = named.then(|| jiff::tz::TimeZone::get(text).ok()).flatten();
    let canonical = known.as_ref().and_then(jiff::tz::TimeZone::iana_name);
    canonical
        .map(str::to_owned)
        .ok_or(TextError::Shape("an IANA time zone such as Asia/Shanghai"))
}

fn shaped(ok: bool, text: &str, shape: &'static str) -> Result<String, TextError> {
    if ok {
        Ok(text.to_owned())
    } else {
        Err(TextError::Shape(shape))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_kept() {
        assert_eq!(
            "  老王面馆 1号店\u{3000}".parse::<Name>().unwrap().as_str(),
            "老王面馆 1号店"
        );
    }

    #[test]
    fn a_name_has_one_to_sixty_characters_not_bytes() {
        assert!("面".repeat(60).parse::<Name>().is_ok());
        let long = "面".repeat(61).parse::<Name>();
        assert_eq!(
            long,
            Err(TextError::TooLong {
                found: 61,
                limit: 60
            })
        );
        assert_eq!(" \t ".parse::<Name>(), Err(TextError::Empty));
    }

    #[test]
    fn what_cannot_be_seen_is_refused() {
        for bad in [
            '\0', '\n', '\u{1b}', '\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}', '\u{200d}',
        ] {
            let text = format!("老王{bad}面馆");
            assert_eq!(
                text.parse::<Name>(),
                Err(TextError::Invisible(u32::from(bad)))
            );
        }
    }

    #[test]
    fn a_letter_has_one_spelling_and_few_marks() {
        let name = |text: &str| text.parse::<Name>();
        assert_eq!(name("Cafe\u{301}").unwrap(), name("Caf\u{e9}").unwrap());
        let heap = format!("老王{}", "\u{301}".repeat(50));
        assert_eq!(name(&heap), Err(TextError::Marks { limit: MARKS_MAX }));
        assert!(name("ก็ที่นี่ 🍜").is_ok());
    }

    #[test]
    fn names_that_are_taken_for_each_other_have_one_likeness() {
        let likeness = |text: &str| text.parse::<Name>().unwrap().likeness();
        for other in [
            "paypal 1",
            "PAYPAL1",
            "p\u{430}yp\u{430}l1",
            "Paypa\u{406}l",
            "ｐａｙｐａｌ１",
        ] {
            assert_eq!(likeness(other), likeness("PayPal1"), "{other}");
        }
        assert_eq!(likeness("老王面馆"), likeness("⽼王面馆"));
        assert_ne!(likeness("老王面馆"), likeness("老王面店"));
        assert_ne!(likeness("Paypal2"), likeness("Paypal1"));
    }

    #[test]
    fn an_institution_id_is_a_small_word() {
        for good in ["wechat_pay", "ecny", "x1"] {
            assert!(good.parse::<InstitutionId>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "1pay",
            "WeChat",
            "_pay",
            "wechat-pay",
            &"a".repeat(33),
        ] {
            assert!(bad.parse::<InstitutionId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn codes_of_trade_country_and_time_zone_are_checked() {
        assert!("5812".parse::<Mcc>().is_ok());
        assert!("５８１２".parse::<Mcc>().is_err());
        assert!("CN".parse::<Country>().is_ok());
        assert!("cn".parse::<Country>().is_err());
        assert!("Asia/Shanghai".parse::<Zone>().is_ok());
        for bad in ["Asia/Shanghia", "", "../../etc/passwd", "UTC+8"] {
            assert!(bad.parse::<Zone>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_masked_reference_never_shows_more_than_a_third() {
        for (text, masked) in [
            ("1900000109", "****109"),
            ("2088000000000012", "****0012"),
            ("12", "****"),
        ] {
            assert_eq!(text.parse::<AccountReference>().unwrap().masked(), masked);
        }
    }
}
