//! How much waits, and for how long: what operators watch.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::{DbError, Tx, each_backend};

const OUTBOX: &str = "SELECT COUNT(*), MIN(e.created_ms) FROM outbox o \
     JOIN events e ON e.id = o.event_id";
const OPEN_ATTEMPTS: &str = "SELECT COUNT(*), MIN(started_ms) FROM attempts \
     WHERE state IN ('started', 'waiting')";
const NONCES: &str = "SELECT COUNT(*) FROM nonces";

/// Things of one kind that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: i64,
    /// How long the first of them has waited; nothing where none does.
    pub oldest: Duration,
}

/// Events without a place in their merchant's sequence.
pub async fn outbox(tx: &mut Tx) -> Result<Waiting, DbError> {
    waiting(tx, OUTBOX).await
}

/// Attempts that hold their payment.
pub async fn open_attempts(tx: &mut Tx) -> Result<Waiting, DbError> {
    waiting(tx, OPEN_ATTEMPTS).await
}

/// Nonces that are kept.
pub async fn nonces(tx: &mut Tx) -> Result<i64, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_scalar(NONCES).fetch_one(conn).await)?)
}

async fn waiting(tx: &mut Tx, sql: &'static str) -> Result<Waiting, DbError> {
    let now = tx.now();
    let (count, first): (i64, Option<Timestamp>) =
        each_backend!(tx, conn => sqlx::query_as(sql).fetch_one(conn).await)?;
    Ok(Waiting {
        count,
        oldest: first.map_or(Duration::ZERO, |first| now.since(first)),
    })
}
