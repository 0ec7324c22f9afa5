//! One-time codes that let a device in at a counter.

use crate::clock::Timestamp;
use crate::db::{DbError, Tx, each_backend};
use crate::id::{CounterId, MerchantId, StoreId};

/// Where a device is let in.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Place {
    /// Whose counter.
    pub merchant_id: MerchantId,
    /// In which store.
    pub store_id: StoreId,
    /// Which counter.
    pub counter_id: CounterId,
}

const INSERT: &str = "INSERT INTO pairings
    (code_hash, merchant_id, store_id, counter_id, expires_ms, used_ms, created_ms)
    VALUES ($1, $2, $3, $4, $5, NULL, $6)";

const USE: &str = "UPDATE pairings SET used_ms = $2
    WHERE code_hash = $1 AND used_ms IS NULL AND expires_ms > $2
    RETURNING merchant_id, store_id, counter_id";

const DROP: &str = "DELETE FROM pairings WHERE expires_ms < $1";

/// Keeps a code by its SHA-256.
pub async fn insert(
    tx: &mut Tx,
    code_hash: &[u8; 32],
    place: &Place,
    until: Timestamp,
    now: Timestamp,
) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(code_hash.as_slice())
        .bind(&place.merchant_id)
        .bind(&place.store_id)
        .bind(&place.counter_id)
        .bind(until)
        .bind(now)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Uses a code up: one update, so that of two devices one gets in.
pub async fn consume(
    tx: &mut Tx,
    code_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Place>, DbError> {
    let place = each_backend!(tx, conn => sqlx::query_as(USE)
        .bind(code_hash.as_slice())
        .bind(now)
        .fetch_optional(conn)
        .await)?;
    Ok(place)
}

/// Drops codes that expired before `horizon`; says how many.
pub async fn drop_expired(tx: &mut Tx, horizon: Timestamp) -> Result<u64, DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(DROP)
        .bind(horizon)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows)
}
