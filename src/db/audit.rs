//! Who did what, and how it ended. Rows here are only ever added.

use crate::clock::Timestamp;
use crate::db::{DbError, Tx, each_backend};
use crate::id::{AuditId, MerchantId};

/// A line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Line {
    /// Its name.
    pub id: AuditId,
    /// Whose things were touched; nothing where the operator's were.
    pub merchant_id: Option<MerchantId>,
    /// Who: an API key, a session, an institution, `cli`.
    pub actor: String,
    /// What: `pairing.invite`.
    pub action: String,
    /// On which thing.
    pub object: String,
    /// `done`, or the problem's code.
    pub result: String,
    /// When.
    #[sqlx(rename = "created_ms")]
    pub at: Timestamp,
}

const INSERT: &str = "INSERT INTO audit
    (id, merchant_id, actor, action, object, result, created_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

const LATEST: &str = "SELECT id, merchant_id, actor, action, object, result, created_ms
    FROM audit ORDER BY id DESC LIMIT $1";

/// Adds a line.
pub async fn insert(tx: &mut Tx, line: &Line) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&line.id)
        .bind(&line.merchant_id)
        .bind(&line.actor)
        .bind(&line.action)
        .bind(&line.object)
        .bind(&line.result)
        .bind(line.at)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The newest lines, newest first.
pub async fn latest(tx: &mut Tx, limit: i64) -> Result<Vec<Line>, DbError> {
    let lines = each_backend!(tx, conn => sqlx::query_as(LATEST)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    Ok(lines)
}
