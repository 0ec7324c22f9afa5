//! Everything that is kept, in SQLite or in PostgreSQL, by one SQL.
//!
//! [`Db`] opens the one or the other by its address; [`Tx`] is a transaction on whichever is open
//! and knows what time it is. Each file beside this one keeps one aggregate: SQL as constants,
//! private row structs, domain types in and out.
//!
//! On SQLite one connection writes (`BEGIN IMMEDIATE`), others read; WAL with
//! `synchronous=FULL`, because an acknowledged payment must survive a power cut. On PostgreSQL the
//! same statements run at READ COMMITTED; what must not happen twice is held by unique indexes and
//! by versions in the `WHERE`, never by reading first.

pub mod acceptances;
pub mod accounts;
pub mod adoptions;
pub mod agreements;
pub mod api_keys;
pub mod attempts;
pub mod audit;
pub mod books;
pub mod code_watch;
pub mod codes;
pub mod counters;
pub mod events;
pub mod gauges;
pub mod hot;
pub mod idempotency;
pub mod institutions;
pub mod key_uses;
pub mod merchants;
pub mod nonces;
mod open;
pub mod outbox;
mod page;
pub mod pairings;
pub mod payments;
pub mod plate_batches;
pub mod plates;
pub mod quotas;
pub mod receipts;
pub mod results;
mod row;
pub mod rules;
pub mod sessions;
pub mod signing_keys;
pub mod stores;
pub mod verify;
pub mod wake;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{Postgres, Sqlite, Transaction};

use crate::clock::Timestamp;

pub use open::{Db, DbSettings, OpenError};
pub use page::{PAGE_MAX, Page};

/// What can go wrong between us and the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Too many writers wait, or the database is away; asking again later helps.
    #[error("the database is busy")]
    Busy(#[source] sqlx::Error),
    /// Two transactions waited for each other, and this one gave way; asking again helps at once.
    #[error("another transaction was in the way")]
    Crossed(#[source] sqlx::Error),
    /// Another transaction changed the row first.
    #[error("{table} {id} was changed by another request")]
    Conflict {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
    },
    /// A row that no code of ours could have written.
    #[error("{table} {id}: column {column} holds {found:?}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row.
        id: String,
        /// What stands there.
        found: String,
    },
    /// What was to be done cannot be written to the audit log, so it is not done.
    #[error("the audit log cannot be written")]
    Unaudited(#[source] Box<DbError>),
    /// The database does not answer, or refuses a statement.
    #[error("the database failed")]
    Failed(#[source] sqlx::Error),
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        // No connection to be had, or one that broke: the database is away, perhaps not for long.
        if matches!(
            error,
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_)
        ) {
            return Self::Busy(error);
        }
        let code = error
            .as_database_error()
            .and_then(|e| e.code().map(std::borrow::Cow::into_owned));
        match code.as_deref() {
            // PostgreSQL: serialization failure, deadlock.
            Some("40001" | "40P01") => Self::Crossed(error),
            // SQLite: busy, locked and their extended forms, disk full. PostgreSQL: lock not available,
            // silent for too long, too many connections, shut down, starting up, disk full.
            Some(
                "5" | "6" | "13" | "261" | "262" | "517" | "55P03" | "25P03" | "53300" | "57P01"
                | "57P03" | "53100",
            ) => Self::Busy(error),
            Some(_) | None => Self::Failed(error),
        }
    }
}

/// A transaction on whichever database is open; rolled back unless committed.
#[derive(Debug)]
pub struct Tx {
    inner: Inner,
    now: Timestamp,
    rules: Rules,
    changes_rules: bool,
}

#[derive(Debug)]
enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// The transaction's time: one moment for everything in it, the database's where instances
    /// share one.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Makes everything in it durable and visible.
    pub async fn commit(self) -> Result<(), DbError> {
        let committed = match self.inner {
            Inner::Sqlite(tx) => tx.commit().await,
            Inner::Postgres(tx) => tx.commit().await,
        };
        // Also where the answer was lost: it may have been committed.
        if self.changes_rules {
            self.rules.changed();
        }
        Ok(committed?)
    }

    /// To be said by whoever writes what decides how scans are answered or who is let in.
    fn changes_rules(&mut self) {
        self.changes_rules = true;
    }

    /// Undoes everything in it.
    pub async fn rollback(self) -> Result<(), DbError> {
        match self.inner {
            Inner::Sqlite(tx) => tx.rollback().await?,
            Inner::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

/// Counts the transactions of this process that changed what decides how scans are answered or who
/// is let in, so that what was read before one is not told after it.
#[derive(Debug, Clone, Default)]
struct Rules(Arc<AtomicU64>);

impl Rules {
    fn changed(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn changes(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Runs one body against whichever database is open; the body is type-checked for both.
macro_rules! each_backend {
    ($tx:expr, $conn:ident => $body:expr) => {
        match &mut $tx.inner {
            $crate::db::Inner::Sqlite(tx) => {
                let $conn = &mut **tx;
                $body
            }
            $crate::db::Inner::Postgres(tx) => {
                let $conn = &mut **tx;
                $body
            }
        }
    };
}
use each_backend;

/// A pattern of `LIKE` for what has these words anywhere in it.
fn anywhere(words: &str) -> String {
    let mut pattern = String::from("%");
    for c in words.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Refuses unless exactly one row was changed: the guard stood in the `WHERE`.
fn exactly_one(rows: u64, table: &'static str, id: &impl ToString) -> Result<(), DbError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(DbError::Conflict {
            table,
            id: id.to_string(),
        })
    }
}
