//! Events on their way out: each gets its place in its merchant's sequence here, and feeds are
//! read back from here.
//!
//! The place is given by one worker at a time, under the lock of a row, after the transaction that
//! wrote the event has committed. So a sequence has no holes and never grows behind a reader's
//! back, although transactions commit in another order than they began.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Tx, each_backend};
use crate::id::{CounterId, EventId, MerchantId, StoreId};
use crate::payment::event::EventKind;

const LOCK: &str = "UPDATE worker_locks SET taken_ms = $1 WHERE name = 'outbox'";
const WAITING: &str = "SELECT id, event_id, merchant_id FROM outbox ORDER BY id LIMIT $1";
const RESERVE: &str =
    "UPDATE merchants SET next_event = next_event + $2 WHERE id = $1 RETURNING next_event";
const PLACE: &str = "UPDATE events SET sequence = $2 WHERE id = $1 AND sequence IS NULL";
const DONE: &str = "DELETE FROM outbox WHERE id = $1";
const ANY: &str = "SELECT EXISTS (SELECT 1 FROM outbox)";

const AFTER: &str = "SELECT id, store_id, counter_id, sequence, kind, data, created_ms \
     FROM events WHERE merchant_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
const BEFORE: &str = "SELECT MAX(sequence) FROM events WHERE merchant_id = $1 AND created_ms < $2";
const LAST: &str = "SELECT MAX(sequence) FROM events WHERE merchant_id = $1";

/// An event with its place in the merchant's sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its name.
    pub id: EventId,
    /// Its place: from 1, rising, without holes.
    pub sequence: i64,
    /// What happened.
    pub kind: EventKind,
    /// The shop, where there is one.
    pub store: Option<StoreId>,
    /// The till, where there is one.
    pub counter: Option<CounterId>,
    /// What is told, JSON on one line.
    pub data: String,
    /// When it happened.
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct WaitingRow {
    id: i64,
    event_id: EventId,
    merchant_id: MerchantId,
}

#[derive(sqlx::FromRow)]
struct PlacedRow {
    id: EventId,
    store_id: Option<StoreId>,
    counter_id: Option<CounterId>,
    sequence: i64,
    kind: String,
    data: String,
    created_ms: Timestamp,
}

/// Whether anything waits; asked before the lock is taken, because mostly nothing does.
pub async fn is_waiting(tx: &mut Tx) -> Result<bool, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_scalar(ANY).fetch_one(conn).await)?)
}

/// Gives their places to at most `limit` events and answers whose they are, one name an event.
/// Waits for another worker to end its turn.
pub async fn place(tx: &mut Tx, limit: i64) -> Result<Vec<MerchantId>, DbError> {
    let now = tx.now();
    each_backend!(tx, conn => sqlx::query(LOCK).bind(now).execute(conn).await.map(|_| ()))?;
    let rows: Vec<WaitingRow> =
        each_backend!(tx, conn => sqlx::query_as(WAITING).bind(limit).fetch_all(conn).await)?;

    let mut merchants: Vec<&MerchantId> = rows.iter().map(|row| &row.merchant_id).collect();
    // In one order everywhere, so that two who lock merchants' rows cannot wait for each other.
    merchants.sort();
    merchants.dedup();
    for merchant in merchants {
        let theirs: Vec<&WaitingRow> = rows
            .iter()
            .filter(|row| row.merchant_id == *merchant)
            .collect();
        place_of_merchant(tx, merchant, &theirs).await?;
    }
    Ok(rows.into_iter().map(|row| row.merchant_id).collect())
}

/// The merchant's events after a place in its sequence, at most `limit`.
pub async fn after(
    tx: &mut Tx,
    merchant: &MerchantId,
    sequence: i64,
    limit: i64,
) -> Result<Vec<Placed>, DbError> {
    let rows: Vec<PlacedRow> = each_backend!(tx, conn => sqlx::query_as(AFTER)
        .bind(merchant)
        .bind(sequence)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Placed::try_from).collect()
}

/// The place of the merchant's last event before a moment; 0 where there is none.
pub async fn last_before(
    tx: &mut Tx,
    merchant: &MerchantId,
    moment: Timestamp,
) -> Result<i64, DbError> {
    let found: Option<i64> = each_backend!(tx, conn => sqlx::query_scalar(BEFORE)
        .bind(merchant)
        .bind(moment)
        .fetch_one(conn)
        .await)?;
    Ok(found.unwrap_or(0))
}

/// The place of the merchant's last event; 0 where there is none.
pub async fn last(tx: &mut Tx, merchant: &MerchantId) -> Result<i64, DbError> {
    let found: Option<i64> = each_backend!(tx, conn => sqlx::query_scalar(LAST)
        .bind(merchant)
        .fetch_one(conn)
        .await)?;
    Ok(found.unwrap_or(0))
}

async fn place_of_merchant(
    tx: &mut Tx,
    merchant: &MerchantId,
    rows: &[&WaitingRow],
) -> Result<(), DbError> {
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let next: i64 = each_backend!(tx, conn => sqlx::query_scalar(RESERVE)
        .bind(merchant)
        .bind(count)
        .fetch_one(conn)
        .await)?;
    for (sequence, row) in (next.saturating_sub(count)..).zip(rows) {
        let placed = each_backend!(tx, conn => sqlx::query(PLACE)
            .bind(&row.event_id)
            .bind(sequence)
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
        super::exactly_one(placed, "events", &row.event_id)?;
        each_backend!(tx, conn => sqlx::query(DONE).bind(row.id).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}

impl TryFrom<PlacedRow> for Placed {
    type Error = DbError;

    fn try_from(row: PlacedRow) -> Result<Self, DbError> {
        let at = Row {
            table: "events",
            id: row.id.as_str(),
        };
        let kind = at.text("kind", &row.kind)?;
        Ok(Self {
            id: row.id,
            sequence: row.sequence,
            kind,
            store: row.store_id,
            counter: row.counter_id,
            data: row.data,
            at: row.created_ms,
        })
    }
}
