//! Merchants' API keys. The keys themselves are never here, only their SHA-256.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Tx, each_backend, exactly_one};
use crate::id::{ApiKeyId, MerchantId};
use crate::merchant::ApiKey;

const INSERT: &str = "INSERT INTO api_keys
    (id, merchant_id, name, mode, token_hash, hint, scopes, expires_ms, revoked_ms, created_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const FIND: &str = "SELECT id, merchant_id, name, mode, hint, scopes, expires_ms, revoked_ms,
    created_ms FROM api_keys WHERE token_hash = $1";

const LIST: &str = "SELECT id, merchant_id, name, mode, hint, scopes, expires_ms, revoked_ms,
    created_ms FROM api_keys WHERE merchant_id = $1 ORDER BY id";

const REVOKE: &str = "UPDATE api_keys SET revoked_ms = $3
    WHERE id = $1 AND merchant_id = $2 AND revoked_ms IS NULL";

/// Keeps a key under the SHA-256 of its text.
pub async fn insert(tx: &mut Tx, key: &ApiKey, token_hash: &[u8; 32]) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&key.id)
        .bind(&key.merchant)
        .bind(&key.name)
        .bind(key.mode.as_str())
        .bind(token_hash.as_slice())
        .bind(&key.hint)
        .bind(key.scopes.to_string())
        .bind(key.expires_at)
        .bind(key.revoked_at)
        .bind(key.created_at)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The key whose text has this SHA-256, valid or not.
pub async fn find(tx: &mut Tx, token_hash: &[u8; 32]) -> Result<Option<ApiKey>, DbError> {
    let row: Option<KeyRow> = each_backend!(tx, conn => sqlx::query_as(FIND)
        .bind(token_hash.as_slice())
        .fetch_optional(conn)
        .await)?;
    row.map(ApiKey::try_from).transpose()
}

/// A merchant's keys, oldest first.
pub async fn list(tx: &mut Tx, merchant: &MerchantId) -> Result<Vec<ApiKey>, DbError> {
    let rows: Vec<KeyRow> = each_backend!(tx, conn => sqlx::query_as(LIST)
        .bind(merchant)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// Ends a key.
pub async fn revoke(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &ApiKeyId,
    at: Timestamp,
) -> Result<(), DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(REVOKE)
        .bind(id)
        .bind(merchant)
        .bind(at)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    exactly_one(rows, "api_keys", id)
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    id: ApiKeyId,
    merchant_id: MerchantId,
    name: String,
    mode: String,
    hint: String,
    scopes: String,
    expires_ms: Option<Timestamp>,
    revoked_ms: Option<Timestamp>,
    created_ms: Timestamp,
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = DbError;

    fn try_from(row: KeyRow) -> Result<Self, DbError> {
        let read = Row {
            table: "api_keys",
            id: row.id.as_str(),
        };
        Ok(Self {
            name: read.text("name", &row.name)?,
            mode: read.text("mode", &row.mode)?,
            scopes: read.text("scopes", &row.scopes)?,
            merchant: row.merchant_id,
            hint: row.hint,
            expires_at: row.expires_ms,
            revoked_at: row.revoked_ms,
            created_at: row.created_ms,
            id: row.id,
        })
    }
}
