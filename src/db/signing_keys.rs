//! Our own keys: the public halves for ever, the seeds sealed.

use crate::clock::Timestamp;
use crate::crypto::jwk::KeyUse;
use crate::crypto::keys::KeyId;
use crate::db::row::Row;
use crate::db::{DbError, Tx, each_backend};

const INSERT: &str = "INSERT INTO signing_keys (key_id, purpose, public_key, sealed_seed, \
     created_ms, retired_ms) VALUES ($1, $2, $3, $4, $5, NULL) ON CONFLICT DO NOTHING";
const RETIRE: &str =
    "UPDATE signing_keys SET retired_ms = $2 WHERE purpose = $1 AND retired_ms IS NULL";
const ALL: &str = "SELECT key_id, purpose, public_key, sealed_seed, created_ms, retired_ms \
     FROM signing_keys ORDER BY created_ms, key_id";

#[derive(sqlx::FromRow)]
struct KeyRow {
    key_id: String,
    purpose: String,
    public_key: Vec<u8>,
    sealed_seed: Vec<u8>,
    created_ms: Timestamp,
    retired_ms: Option<Timestamp>,
}

/// One of our keys as kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its thumbprint.
    pub key_id: String,
    /// What it signs.
    pub key_use: KeyUse,
    /// The public half.
    pub public_key: [u8; 32],
    /// The seed, sealed with the master key.
    pub sealed_seed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stopped signing; what it signed verifies for ever.
    pub retired_at: Option<Timestamp>,
}

/// Keeps a new key; false where one of this use is current already.
pub async fn insert(
    tx: &mut Tx,
    key_id: &KeyId,
    key_use: KeyUse,
    public_key: &[u8; 32],
    sealed_seed: &[u8],
) -> Result<bool, DbError> {
    let now = tx.now();
    let rows = each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(key_id.as_str())
        .bind(key_use.as_str())
        .bind(public_key.as_slice())
        .bind(sealed_seed)
        .bind(now)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Ends the signing of the current key of this use.
pub async fn retire(tx: &mut Tx, key_use: KeyUse) -> Result<(), DbError> {
    let now = tx.now();
    each_backend!(tx, conn => sqlx::query(RETIRE)
        .bind(key_use.as_str())
        .bind(now)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// All keys, oldest first.
pub async fn all(tx: &mut Tx) -> Result<Vec<StoredKey>, DbError> {
    let rows: Vec<KeyRow> = each_backend!(tx, conn => sqlx::query_as(ALL).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|row| {
            let at = Row {
                table: "signing_keys",
                id: &row.key_id,
            };
            Ok(StoredKey {
                key_use: at.text("purpose", &row.purpose)?,
                public_key: at.bytes("public_key", &row.public_key)?,
                key_id: row.key_id,
                sealed_seed: row.sealed_seed,
                created_at: row.created_ms,
                retired_at: row.retired_ms,
            })
        })
        .collect()
}
