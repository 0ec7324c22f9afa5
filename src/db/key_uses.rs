//! When keys were last used. A later time replaces an earlier one, whichever instance saw it.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Tx, each_backend};
use crate::merchant::{InstitutionId, KeyUsed, UsedKey};

const NOTE: &str = "INSERT INTO key_uses (institution_id, direction, key_id, last_used_ms)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (institution_id, direction, key_id) DO UPDATE
    SET last_used_ms = excluded.last_used_ms
    WHERE key_uses.last_used_ms < excluded.last_used_ms";
const OF_INSTITUTION: &str = "SELECT institution_id, direction, key_id, last_used_ms FROM key_uses
    WHERE institution_id = $1 ORDER BY direction, last_used_ms, key_id";

/// Notes that keys were used.
pub async fn note(tx: &mut Tx, used: &[KeyUsed]) -> Result<(), DbError> {
    for used in used {
        each_backend!(tx, conn => sqlx::query(NOTE)
            .bind(&used.key.institution)
            .bind(used.key.direction.as_str())
            .bind(&used.key.key_id)
            .bind(used.last_used_at)
            .execute(conn)
            .await
            .map(drop))?;
    }
    Ok(())
}

/// The keys that signed towards or by an institution, in either direction the latest last.
pub async fn of(tx: &mut Tx, institution: &InstitutionId) -> Result<Vec<KeyUsed>, DbError> {
    let rows: Vec<UseRow> = each_backend!(tx, conn => sqlx::query_as(OF_INSTITUTION)
        .bind(institution)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(KeyUsed::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct UseRow {
    institution_id: String,
    direction: String,
    key_id: String,
    last_used_ms: Timestamp,
}

impl TryFrom<UseRow> for KeyUsed {
    type Error = DbError;

    fn try_from(row: UseRow) -> Result<Self, DbError> {
        let of = Row {
            table: "key_uses",
            id: &row.key_id,
        };
        Ok(Self {
            key: UsedKey {
                institution: of.text("institution_id", &row.institution_id)?,
                direction: of.text("direction", &row.direction)?,
                key_id: row.key_id.clone(),
            },
            last_used_at: row.last_used_ms,
        })
    }
}
