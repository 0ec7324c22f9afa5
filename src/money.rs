//! Money: whole minor units of a currency, with checked arithmetic and no floats.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The largest amount: the largest integer that every JSON reader keeps exactly (2^53 − 1).
pub const MINOR_MAX: i64 = 9_007_199_254_740_991;

/// An ISO 4217 currency that has coins or minor units in circulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

/// An amount in minor units (fen for CNY) with its currency; may be zero, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount {
    minor: i64,
    currency: Currency,
}

/// What is wrong with an amount or a currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three capital letters of ISO 4217.
    #[error("{}", self.of("currency"))]
    Currency(String),
    /// Outside 0 … 2^53 − 1.
    #[error("{}", self.of("amount_minor"))]
    Range {
        /// The smallest that would have been taken.
        min: i64,
    },
    /// More than there can be.
    #[error("the amount must be at most {most}")]
    TooMuch {
        /// The largest amount.
        most: Amount,
    },
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added")]
    Mixed(Currency, Currency),
    /// Not digits with at most the currency's decimals.
    #[error("{text:?} is not an amount with at most {decimals} decimals")]
    Decimal {
        /// What was written.
        text: String,
        /// How many decimals the currency has.
        decimals: u32,
    },
}

impl MoneyError {
    /// What is wrong, of a field that may have another name than the usual one.
    pub fn of(&self, field: &str) -> String {
        match self {
            Self::Currency(found) => {
                format!("{field} must be an ISO 4217 code in capital letters, found {found:?}")
            }
            Self::Range { min } => {
                format!("{field} must be an integer from {min} to {MINOR_MAX}")
            }
            Self::TooMuch { .. } | Self::Mixed(..) | Self::Decimal { .. } => {
                format!("{field}: {self}")
            }
        }
    }
}

impl Currency {
    /// Renminbi.
    pub const CNY: Self = Self(iso_currency::Currency::CNY);

    /// How many decimals the minor unit stands for: 2 for CNY, 0 for JPY, 3 for BHD.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    /// The numeric code, 156 for CNY.
    pub fn numeric(self) -> u16 {
        self.0.numeric()
    }

    /// The currency with this numeric code.
    pub fn from_numeric(code: u16) -> Option<Self> {
        let found = iso_currency::Currency::from_numeric(code)?;
        found.exponent().map(|_| Self(found))
    }

    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let refused = || MoneyError::Currency(text.chars().take(12).collect());
        let found = iso_currency::Currency::from_code(text).ok_or_else(refused)?;
        // XXX, XTS and the metals have no minor unit and are no money that a shop takes.
        if found.exponent().is_none() {
            Err(refused())
        } else {
            Ok(Self(found))
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl utoipa::PartialSchema for Currency {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some("^[A-Z]{3}$"))
            .description(Some("ISO 4217 letters"))
            .examples(["CNY"])
            .into()
    }
}

impl utoipa::ToSchema for Currency {}

impl Amount {
    /// Zero or more.
    pub fn new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if (0..=MINOR_MAX).contains(&minor) {
            Ok(Self { minor, currency })
        } else {
            Err(MoneyError::Range { min: 0 })
        }
    }

    /// One minor unit or more: what can be asked of a payer.
    pub fn positive(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if (1..=MINOR_MAX).contains(&minor) {
            Ok(Self { minor, currency })
        } else {
            Err(MoneyError::Range { min: 1 })
        }
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads what a person typed: `12`, `12.5`, `12.50`, `12.`, `.5`, also in the full width of Chinese
    /// keyboards; never more decimals than the currency has.
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let decimals = currency.decimals();
        let refused = || MoneyError::Decimal {
            text: text.chars().take(24).collect(),
            decimals,
        };
        let typed: String = text.trim().chars().map(half_width).collect();
        let (whole, part) = typed.split_once('.').unwrap_or((&typed, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let part_len = u32::try_from(part.len()).unwrap_or(u32::MAX);
        if (whole.is_empty() && part.is_empty())
            || !all_digits(whole)
            || !all_digits(part)
            || part_len > decimals
        {
            return Err(refused());
        }
        let zeros = usize::try_from(decimals.saturating_sub(part_len)).unwrap_or(0);
        // Digits that are no number of ours are too many of them.
        let minor = format!("{whole}{part}{}", "0".repeat(zeros))
            .parse()
            .unwrap_or(i64::MAX);
        if minor > MINOR_MAX {
            let most = Self {
                minor: MINOR_MAX,
                currency,
            };
            return Err(MoneyError::TooMuch { most });
        }
        Self::positive(minor, currency)
    }

    /// Minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// More than nothing.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// The sum; refused for two currencies and past the largest amount.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let sum = self
            .minor
            .checked_add(other.minor)
            .ok_or(MoneyError::Range { min: 0 })?;
        Self::new(sum, self.currency)
    }

    /// The difference; refused for two currencies and below zero.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let difference = self
            .minor
            .checked_sub(other.minor)
            .ok_or(MoneyError::Range { min: 0 })?;
        Self::new(difference, self.currency)
    }

    /// In major units without the currency: `12.50`.
    pub fn decimal(self) -> String {
        let decimals = usize::try_from(self.currency.decimals()).unwrap_or(0);
        if decimals == 0 {
            return self.minor.to_string();
        }
        let digits = format!(
            "{:0>width$}",
            self.minor,
            width = decimals.saturating_add(1)
        );
        let (whole, part) = digits.split_at(digits.len().saturating_sub(decimals));
        format!("{whole}.{part}")
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::Mixed(self.currency, other.currency))
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.decimal())
    }
}

/// Digits and point of full width, as Chinese keyboards type them, in the usual one.
fn half_width(typed: char) -> char {
    match typed {
        '．' => '.',
        '０' => '0',
        '１' => '1',
        '２' => '2',
        '３' => '3',
        '４' => '4',
        '５' => '5',
        '６' => '6',
        '７' => '7',
        '８' => '8',
        '９' => '9',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_follow_the_currency() {
        let jpy: Currency = "JPY".parse().unwrap();
        let bhd: Currency = "BHD".parse().unwrap();
        assert_eq!(
            Amount::from_decimal("12.5", Currency::CNY).unwrap().minor(),
            1250
        );
        assert_eq!(
            Amount::from_decimal("0.01", Currency::CNY)
                .unwrap()
                .decimal(),
            "0.01"
        );
        assert_eq!(Amount::from_decimal("12", jpy).unwrap().decimal(), "12");
        assert_eq!(Amount::from_decimal("1.005", bhd).unwrap().minor(), 1005);
        for (text, currency) in [
            ("1.005", Currency::CNY),
            ("12.0", jpy),
            ("-1", Currency::CNY),
            ("1e2", Currency::CNY),
            ("", Currency::CNY),
            (".", Currency::CNY),
            ("．", Currency::CNY),
            ("1.2.3", Currency::CNY),
            ("1，5", Currency::CNY),
            ("٣", Currency::CNY),
            ("12.５", jpy),
            ("0", Currency::CNY),
            ("99999999999999999999", Currency::CNY),
        ] {
            assert!(Amount::from_decimal(text, currency).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_person_types_is_read_where_it_can_mean_one_thing_only() {
        for (text, minor) in [
            ("5.", 500),
            (".5", 50),
            (".05", 5),
            ("１２", 1200),
            ("１２．５０", 1250),
            (" 1２.5 ", 1250),
            ("0000000000000000000012", 1200),
        ] {
            let read = Amount::from_decimal(text, Currency::CNY);
            assert_eq!(read.map(Amount::minor), Ok(minor), "{text}");
        }
    }

    #[test]
    fn an_amount_that_is_too_large_is_told_the_largest() {
        for text in [
            "12345678901234567890",
            "90071992547409.92",
            "99999999999999999999",
        ] {
            let why = Amount::from_decimal(text, Currency::CNY).unwrap_err();
            assert_eq!(
                why.to_string(),
                "the amount must be at most CNY 90071992547409.91"
            );
        }
        let most = Amount::from_decimal("90071992547409.91", Currency::CNY);
        assert_eq!(most.map(Amount::minor), Ok(MINOR_MAX));
    }

    #[test]
    fn only_currencies_in_capital_letters_that_a_shop_takes() {
        for text in ["cny", "RMB", "XXX", "C\u{200b}NY", ""] {
            assert!(text.parse::<Currency>().is_err(), "{text}");
        }
    }

    #[test]
    fn sums_never_wrap_or_mix() {
        let most = Amount::new(MINOR_MAX, Currency::CNY).unwrap();
        let one = Amount::new(1, Currency::CNY).unwrap();
        assert_eq!(most.plus(one), Err(MoneyError::Range { min: 0 }));
        assert_eq!(one.minus(most), Err(MoneyError::Range { min: 0 }));
        assert!(
            one.plus(Amount::new(1, "JPY".parse().unwrap()).unwrap())
                .is_err()
        );
    }
}
