//! Events on their way out: each gets its place in its merchant's sequence here, and feeds are
//! read back from here.
//!
//! The place is given by one worker at a time, under the lock of a row, after the transaction that
//! wrote the event has committed. So a sequence has no holes and never grows behind a reader's
//! back, although transactions commit in another order than they began.

use std::time::Duration;

use sqlx::QueryBuilder;

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Tx, each_backend};
use crate::id::{CounterId, EventId, MerchantId, StoreId};
use crate::payment::event::EventKind;

const LOCK: &str = "UPDATE worker_locks SET taken_ms = $1 WHERE name = 'outbox'";
// Taken by deleting them: what is written meanwhile is not seen by the statements that follow.
const TAKE: &str = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT $1) \
     RETURNING id, event_id, merchant_id";
const RESERVE: &str =
    "UPDATE merchants SET next_event = next_event + $2 WHERE id = $1 RETURNING next_event";
// Between the two stands a list of events and their places; both databases call its columns so.
const PLACE: &str = "UPDATE events SET sequence = places.column2 FROM (";
const PLACE_WHERE: &str =
    ") AS places WHERE events.id = places.column1 AND events.sequence IS NULL";
const ANY: &str = "SELECT EXISTS (SELECT 1 FROM outbox)";

const AFTER: &str = "SELECT id, store_id, counter_id, sequence, kind, data, created_ms \
     FROM events WHERE merchant_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
const HAPPENED: &str = "SELECT created_ms FROM events WHERE merchant_id = $1 AND sequence = $2";
const LAST: &str = "SELECT MAX(sequence) FROM events WHERE merchant_id = $1";

/// Places follow the order in which transactions end, and times the order in which they began. No
/// transaction of ours takes so long.
const DISORDER: Duration = Duration::from_mins(1);

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
    let mut rows: Vec<WaitingRow> =
        each_backend!(tx, conn => sqlx::query_as(TAKE).bind(limit).fetch_all(conn).await)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // By merchant, in one order everywhere, so that two who lock merchants' rows cannot wait for
    // each other; each merchant's in the order in which they were written.
    rows.sort_by(|a, b| (&a.merchant_id, a.id).cmp(&(&b.merchant_id, b.id)));

    let mut places = Vec::with_capacity(rows.len());
    for theirs in rows.chunk_by(|a, b| a.merchant_id == b.merchant_id) {
        places.extend(reserve(tx, theirs).await?);
    }
    let placed = each_backend!(tx, conn => {
        let mut statement = QueryBuilder::new(PLACE);
        statement.push_values(rows.iter().zip(places), |mut row, (waiting, place)| {
            row.push_bind(&waiting.event_id).push_bind(place);
        });
        statement.push(PLACE_WHERE);
        // Each length is a statement of its own, and would push others out of what is prepared.
        statement.build().persistent(false).execute(conn).await.map(|done| done.rows_affected())
    })?;
    if usize::try_from(placed) != Ok(rows.len()) {
        return Err(DbError::Conflict {
            table: "events",
            id: format!("{placed} of {} were without a place", rows.len()),
        });
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

/// A place behind which lies everything that happened to the merchant since a moment, and little
/// that happened before it; 0 where there is none. A few looks, however long the sequence is.
pub async fn behind(tx: &mut Tx, merchant: &MerchantId, moment: Timestamp) -> Result<i64, DbError> {
    let moment = moment.minus(DISORDER);
    let (mut before, mut since) = (0, last(tx, merchant).await?.saturating_add(1));
    while since.saturating_sub(before) > 1 {
        let middle = before.midpoint(since);
        let happened: Option<Timestamp> = each_backend!(tx, conn => sqlx::query_scalar(HAPPENED)
            .bind(merchant)
            .bind(middle)
            .fetch_optional(conn)
            .await)?;
        // What is no longer kept was long ago.
        if happened.is_some_and(|at| at >= moment) {
            since = middle;
        } else {
            before = middle;
        }
    }
    Ok(before)
}

/// The place of the merchant's last event; 0 where there is none.
pub async fn last(tx: &mut Tx, merchant: &MerchantId) -> Result<i64, DbError> {
    let found: Option<i64> = each_backend!(tx, conn => sqlx::query_scalar(LAST)
        .bind(merchant)
        .fetch_one(conn)
        .await)?;
    Ok(found.unwrap_or(0))
}

/// The next places in the sequence of the merchant whose events these are.
async fn reserve(tx: &mut Tx, theirs: &[WaitingRow]) -> Result<std::ops::Range<i64>, DbError> {
    let Some(first) = theirs.first() else {
        return Ok(0..0);
    };
    let count = i64::try_from(theirs.len()).unwrap_or(i64::MAX);
    let next: i64 = each_backend!(tx, conn => sqlx::query_scalar(RESERVE)
        .bind(&first.merchant_id)
        .bind(count)
        .fetch_one(conn)
        .await)?;
    Ok(next.saturating_sub(count)..next)
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
