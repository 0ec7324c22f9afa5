//! From columns to domain values, with the row's name when a value makes no sense.

use crate::db::DbError;
use crate::money::{Amount, Currency};

/// Which row is being read, for the error that names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) table: &'static str,
    pub(super) id: &'a str,
}

impl Row<'_> {
    /// The error for a value that cannot stand in `column`.
    pub(super) fn broken(self, column: &'static str, found: impl ToString) -> DbError {
        DbError::Inconsistent {
            table: self.table,
            column,
            id: self.id.to_owned(),
            found: found.to_string(),
        }
    }

    /// A value that was stored as text.
    pub(super) fn text<T: std::str::FromStr>(
        self,
        column: &'static str,
        text: &str,
    ) -> Result<T, DbError> {
        text.parse().map_err(|_| self.broken(column, text))
    }

    /// An amount from its two columns.
    pub(super) fn amount(
        self,
        column: &'static str,
        minor: i64,
        currency: &str,
    ) -> Result<Amount, DbError> {
        let currency: Currency = self.text("currency", currency)?;
        Amount::new(minor, currency).map_err(|_| self.broken(column, minor))
    }

    /// A fixed number of bytes.
    pub(super) fn bytes<const N: usize>(
        self,
        column: &'static str,
        bytes: &[u8],
    ) -> Result<[u8; N], DbError> {
        bytes
            .try_into()
            .map_err(|_| self.broken(column, bytes.len()))
    }
}
