//! Devices that were let in at counters. Their tokens are kept as SHA-256 only.

use crate::clock::Timestamp;
use crate::db::{DbError, Tx, each_backend};
use crate::id::{CounterId, MerchantId, SessionId, StoreId};

/// A device at a counter.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose counter.
    pub merchant_id: MerchantId,
    /// In which store.
    pub store_id: StoreId,
    /// Which counter.
    pub counter_id: CounterId,
    /// When it ends by itself.
    #[sqlx(rename = "expires_ms")]
    pub expires_at: Timestamp,
    /// When it was ended.
    #[sqlx(rename = "revoked_ms")]
    pub revoked_at: Option<Timestamp>,
    /// When it was let in.
    #[sqlx(rename = "created_ms")]
    pub created_at: Timestamp,
}

impl Session {
    /// Whether it is still let in.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }
}

const INSERT: &str = "INSERT INTO sessions
    (id, token_hash, merchant_id, store_id, counter_id, expires_ms, revoked_ms, created_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const FIND: &str = "SELECT id, merchant_id, store_id, counter_id, expires_ms, revoked_ms,
    created_ms FROM sessions WHERE token_hash = $1";

const REVOKE: &str = "UPDATE sessions SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL";

/// Keeps a session under the SHA-256 of its token.
pub async fn insert(tx: &mut Tx, session: &Session, token_hash: &[u8; 32]) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&session.id)
        .bind(token_hash.as_slice())
        .bind(&session.merchant_id)
        .bind(&session.store_id)
        .bind(&session.counter_id)
        .bind(session.expires_at)
        .bind(session.revoked_at)
        .bind(session.created_at)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The session whose token has this SHA-256, valid or not.
pub async fn find(tx: &mut Tx, token_hash: &[u8; 32]) -> Result<Option<Session>, DbError> {
    let session = each_backend!(tx, conn => sqlx::query_as(FIND)
        .bind(token_hash.as_slice())
        .fetch_optional(conn)
        .await)?;
    Ok(session)
}

/// Ends a session; one that has ended already stays as it is.
pub async fn revoke(tx: &mut Tx, id: &SessionId, at: Timestamp) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(REVOKE)
        .bind(id)
        .bind(at)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}
