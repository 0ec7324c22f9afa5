//! Our own keys: the public halves for ever, the seeds sealed.

use crate::clock::Timestamp;
use crate::crypto::jwk::KeyUse;
use crate::db::row::Row;
use crate::db::{DbError, Tx, each_backend};
use crate::merchant::InstitutionId;

const INSERT: &str = "INSERT INTO signing_keys (key_id, purpose, institution_id, public_key, \
     sealed_seed, created_ms, signs_from_ms, retired_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, NULL) ON CONFLICT DO NOTHING";
const RETIRE: &str = "UPDATE signing_keys SET retired_ms = $3 \
     WHERE purpose = $1 AND institution_id = $2 AND retired_ms IS NULL";
const ALL: &str = "SELECT key_id, purpose, institution_id, public_key, sealed_seed, created_ms, \
     signs_from_ms, retired_ms FROM signing_keys ORDER BY created_ms, signs_from_ms, \
     retired_ms IS NULL, key_id";

#[derive(sqlx::FromRow)]
struct KeyRow {
    key_id: String,
    purpose: String,
    institution_id: String,
    public_key: Vec<u8>,
    sealed_seed: Vec<u8>,
    created_ms: Timestamp,
    signs_from_ms: Timestamp,
    retired_ms: Option<Timestamp>,
}

/// One of our keys as kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its thumbprint.
    pub key_id: String,
    /// What it signs.
    pub key_use: KeyUse,
    /// The one institution whose calls it signs; nothing where it signs all that have none.
    pub institution: Option<InstitutionId>,
    /// The public half.
    pub public_key: [u8; 32],
    /// The seed, sealed with the master key.
    pub sealed_seed: Vec<u8>,
    /// When it was made, and published.
    pub created_at: Timestamp,
    /// From when it signs.
    pub signs_from: Timestamp,
    /// When it stops signing; what it signed verifies for ever.
    pub retired_at: Option<Timestamp>,
}

/// Keeps a new key; false where there is one of this use, for the same institution, that nobody has
/// ended.
pub async fn insert(tx: &mut Tx, key: &StoredKey) -> Result<bool, DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&key.key_id)
        .bind(key.key_use.as_str())
        .bind(column(key.institution.as_ref()))
        .bind(key.public_key.as_slice())
        .bind(&key.sealed_seed)
        .bind(key.created_at)
        .bind(key.signs_from)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Has the last key of this use, for this institution, sign until a time and not longer.
pub async fn retire(
    tx: &mut Tx,
    key_use: KeyUse,
    institution: Option<&InstitutionId>,
    at: Timestamp,
) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(RETIRE)
        .bind(key_use.as_str())
        .bind(column(institution))
        .bind(at)
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
            let institution = match row.institution_id.as_str() {
                "" => None,
                id => Some(at.text("institution_id", id)?),
            };
            Ok(StoredKey {
                key_use: at.text("purpose", &row.purpose)?,
                institution,
                public_key: at.bytes("public_key", &row.public_key)?,
                key_id: row.key_id,
                sealed_seed: row.sealed_seed,
                created_at: row.created_ms,
                signs_from: row.signs_from_ms,
                retired_at: row.retired_ms,
            })
        })
        .collect()
}

fn column(institution: Option<&InstitutionId>) -> &str {
    institution.map_or("", InstitutionId::as_str)
}
