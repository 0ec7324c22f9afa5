//! Nonces of signed requests that changed something, shared by all instances.

use crate::clock::Timestamp;
use crate::db::{DbError, Tx, each_backend};
use crate::merchant::InstitutionId;

const KEEP: &str = "INSERT INTO nonces (institution_id, nonce, expires_ms) VALUES ($1, $2, $3)
    ON CONFLICT (institution_id, nonce) DO NOTHING";

const DROP: &str = "DELETE FROM nonces WHERE expires_ms < $1";

/// Keeps a nonce; `false` if it is kept already, so that of two twins one is told so.
pub async fn keep(
    tx: &mut Tx,
    institution: &InstitutionId,
    nonce: &str,
    until: Timestamp,
) -> Result<bool, DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(KEEP)
        .bind(institution)
        .bind(nonce)
        .bind(until)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Drops those that no signature could use any more; says how many.
pub async fn drop_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(DROP)
        .bind(now)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows)
}
