//! Batches of plates, how many plates of each have been made, and how many are in use.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Inner, Tx, each_backend, exactly_one};
use crate::id::{MerchantId, PlateBatchId};
use crate::merchant::Label;
use crate::merchant::plate::{PlateBatch, PlateState};

macro_rules! batches {
    ($tail:literal) => {
        concat!(
            "SELECT id, merchant_id, note, plates, made, key_id, created_ms FROM plate_batches ",
            $tail
        )
    };
}

const INSERT: &str = "INSERT INTO plate_batches \
     (id, merchant_id, note, plates, made, key_id, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const FIND: &str = batches!("WHERE id = $1");
const HOLD: &str = batches!("WHERE id = $1 FOR UPDATE");
const LIST: &str = batches!("WHERE id < $1 ORDER BY id DESC LIMIT $2");
const LIST_OF: &str = batches!("WHERE merchant_id = $3 AND id < $1 ORDER BY id DESC LIMIT $2");
// Of two who make the next plates one does.
const MADE: &str = "UPDATE plate_batches SET made = $3 WHERE id = $1 AND made = $2";
// What is not blank is counted, which is little at first, and has an index of its own.
const IN_USE: &str = "SELECT state, COUNT(*) FROM plates \
     WHERE batch_id = $1 AND state <> 'blank' GROUP BY state";

/// Behind every id, so that the first page begins at the newest.
const AFTER_ALL: &str = "bat_~";

#[derive(sqlx::FromRow)]
struct BatchRow {
    id: PlateBatchId,
    merchant_id: Option<MerchantId>,
    note: Option<Label>,
    plates: i64,
    made: i64,
    key_id: String,
    created_ms: Timestamp,
}

/// How many plates of a batch are no longer blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InUse {
    /// Bound to shops.
    pub bound: i64,
    /// Ended.
    pub void: i64,
}

/// Writes a new batch, before its plates.
pub async fn insert(tx: &mut Tx, batch: &PlateBatch) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&batch.id)
        .bind(&batch.merchant)
        .bind(&batch.note)
        .bind(i64::from(batch.count))
        .bind(i64::from(batch.made))
        .bind(&batch.key_id)
        .bind(batch.created_at)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Notes that the plates up to number `made` are there, where `batch` says how many were before.
pub async fn made(tx: &mut Tx, batch: &PlateBatch, made: u32) -> Result<(), DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(MADE)
        .bind(&batch.id)
        .bind(i64::from(batch.made))
        .bind(i64::from(made))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    exactly_one(rows, "plate_batches", &batch.id)
}

/// The batch with this id, whoever's it is.
pub async fn find(tx: &mut Tx, id: &PlateBatchId) -> Result<Option<PlateBatch>, DbError> {
    named(tx, FIND, id).await
}

/// As [`find`], holding it against any change until the transaction ends. SQLite has one writer and
/// needs no such word.
pub async fn hold(tx: &mut Tx, id: &PlateBatchId) -> Result<Option<PlateBatch>, DbError> {
    let sql = match &tx.inner {
        Inner::Sqlite(_) => FIND,
        Inner::Postgres(_) => HOLD,
    };
    named(tx, sql, id).await
}

async fn named(
    tx: &mut Tx,
    sql: &'static str,
    id: &PlateBatchId,
) -> Result<Option<PlateBatch>, DbError> {
    let row: Option<BatchRow> =
        each_backend!(tx, conn => sqlx::query_as(sql).bind(id).fetch_optional(conn).await)?;
    row.map(PlateBatch::try_from).transpose()
}

/// At most `limit` batches older than `before`, newest first: a merchant's, or everybody's.
pub async fn list(
    tx: &mut Tx,
    merchant: Option<&MerchantId>,
    before: Option<&PlateBatchId>,
    limit: i64,
) -> Result<Vec<PlateBatch>, DbError> {
    let before = before.map_or(AFTER_ALL, PlateBatchId::as_str);
    let rows: Vec<BatchRow> = each_backend!(tx, conn => match merchant {
        Some(merchant) => sqlx::query_as(LIST_OF).bind(before).bind(limit).bind(merchant),
        None => sqlx::query_as(LIST).bind(before).bind(limit),
    }
    .fetch_all(conn)
    .await)?;
    rows.into_iter().map(PlateBatch::try_from).collect()
}

/// How many plates of a batch are no longer blank.
pub async fn in_use(tx: &mut Tx, batch: &PlateBatchId) -> Result<InUse, DbError> {
    let rows: Vec<(String, i64)> =
        each_backend!(tx, conn => sqlx::query_as(IN_USE).bind(batch).fetch_all(conn).await)?;
    let of = |state: PlateState| {
        let found = rows.iter().find(|(name, _)| name == state.as_str());
        found.map_or(0, |(_, count)| *count)
    };
    Ok(InUse {
        bound: of(PlateState::Bound),
        void: of(PlateState::Void),
    })
}

impl TryFrom<BatchRow> for PlateBatch {
    type Error = DbError;

    fn try_from(row: BatchRow) -> Result<Self, DbError> {
        let at = Row {
            table: "plate_batches",
            id: row.id.as_str(),
        };
        let small = |column, found: i64| u32::try_from(found).map_err(|_| at.broken(column, found));
        Ok(Self {
            count: small("plates", row.plates)?,
            made: small("made", row.made)?,
            merchant: row.merchant_id,
            note: row.note,
            key_id: row.key_id,
            created_at: row.created_ms,
            id: row.id,
        })
    }
}
