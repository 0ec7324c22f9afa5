//! Closed sets of words: an enum whose variants have one stable spelling in the database, in JSON
//! and on the command line.

/// Why a text is not one of the words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not one of {allowed:?}")]
pub struct WordError {
    /// What was written, shortened.
    pub found: String,
    /// The words that would have been taken.
    pub allowed: &'static [&'static str],
}

/// Declares an enum with its spelling: `as_str`, `ALL`, text, JSON and schema follow from it.
macro_rules! words {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $each:literal])+ $variant:ident = $word:literal,)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum $name {
            $($(#[doc = $each])+ $variant,)+
        }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// Every spelling.
            pub const WORDS: &'static [&'static str] = &[$($word,)+];

            /// The stable spelling.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::word::WordError;

            fn from_str(text: &str) -> Result<Self, $crate::word::WordError> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err($crate::word::WordError {
                        found: other.chars().take(40).collect(),
                        allowed: Self::WORDS,
                    }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::word::WordError;

            fn try_from(text: String) -> Result<Self, $crate::word::WordError> {
                text.parse()
            }
        }

        impl From<$name> for &'static str {
            fn from(word: $name) -> Self {
                word.as_str()
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some(Self::WORDS.iter().copied()))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}
pub(crate) use words;

words! {
    /// Play money or real money; a server is one or the other for its whole life.
    Mode {
        /// Simulated wallets, plain HTTP on private addresses, API keys `tm_test_…`.
        Test = "test",
        /// Real money: TLS, API keys `tm_live_…`.
        Live = "live",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_survives_json_and_an_unknown_one_is_refused() {
        for mode in Mode::ALL {
            let json = serde_json::to_string(mode).unwrap();
            assert_eq!(serde_json::from_str::<Mode>(&json).unwrap(), *mode);
        }
        assert!("LIVE".parse::<Mode>().is_err());
    }
}
