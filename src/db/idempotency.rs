//! What was asked before under an Idempotency-Key, and what was answered.
//!
//! A row is written before the work begins and says who does it and until when that one may. The
//! transaction of the effect finishes the row; where the worker is no longer its owner, that
//! transaction fails and with it the effect.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Tx, each_backend, exactly_one};
use crate::id::{ApiKeyId, MerchantId};

/// Where a key counts: the same text elsewhere is another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Whose.
    pub merchant: MerchantId,
    /// Under which API key.
    pub principal: ApiKeyId,
    /// Method and route.
    pub route: String,
    /// What the client chose.
    pub key: String,
}

/// Who works on a slot, for which request, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// A name that no other execution has.
    pub owner: String,
    /// SHA-256 of the request's raw body.
    pub fingerprint: [u8; 32],
    /// From then on another may take over.
    pub until: Timestamp,
}

/// What is kept in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Who works on it, or did.
    pub lease: Lease,
    /// Status and body, once it is done.
    pub answer: Option<(u16, String)>,
    /// What the work has begun, of work that is done in steps.
    pub begun: Option<String>,
    /// When it was first asked.
    pub created_at: Timestamp,
}

const CLAIM: &str = "INSERT INTO idempotency_keys
    (merchant_id, principal, route, key, fingerprint, owner, lease_ms, status, body, created_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, NULL, $8)
    ON CONFLICT (merchant_id, principal, route, key) DO NOTHING";

const FIND: &str = "SELECT fingerprint, owner, lease_ms, status, body, begun, created_ms
    FROM idempotency_keys WHERE merchant_id = $1 AND principal = $2 AND route = $3 AND key = $4";

// What was begun in time is gone on with.
const TAKE_OVER: &str = "UPDATE idempotency_keys
    SET fingerprint = $5, owner = $6, lease_ms = $7, status = NULL, body = NULL, created_ms = $8,
        begun = CASE WHEN created_ms <= $10 THEN NULL ELSE begun END
    WHERE merchant_id = $1 AND principal = $2 AND route = $3 AND key = $4 AND owner = $9
      AND (status IS NULL OR created_ms <= $10)";

const GO_ON: &str = "UPDATE idempotency_keys SET begun = $6, lease_ms = $7
    WHERE merchant_id = $1 AND principal = $2 AND route = $3 AND key = $4 AND owner = $5
      AND status IS NULL";

const FINISH: &str = "UPDATE idempotency_keys SET status = $6, body = $7
    WHERE merchant_id = $1 AND principal = $2 AND route = $3 AND key = $4 AND owner = $5
      AND status IS NULL";

const RELEASE: &str = "DELETE FROM idempotency_keys
    WHERE merchant_id = $1 AND principal = $2 AND route = $3 AND key = $4 AND owner = $5
      AND status IS NULL AND begun IS NULL";

const LEAVE: &str = "UPDATE idempotency_keys SET lease_ms = $6
    WHERE merchant_id = $1 AND principal = $2 AND route = $3 AND key = $4 AND owner = $5
      AND status IS NULL";

const DROP: &str = "DELETE FROM idempotency_keys WHERE created_ms < $1";

/// Takes a free slot; `false` if it is not free.
pub async fn claim(
    tx: &mut Tx,
    slot: &Slot,
    lease: &Lease,
    now: Timestamp,
) -> Result<bool, DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(CLAIM)
        .bind(&slot.merchant)
        .bind(&slot.principal)
        .bind(&slot.route)
        .bind(&slot.key)
        .bind(lease.fingerprint.as_slice())
        .bind(&lease.owner)
        .bind(lease.until)
        .bind(now)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// What is in a slot.
pub async fn find(tx: &mut Tx, slot: &Slot) -> Result<Option<Kept>, DbError> {
    let row: Option<KeptRow> = each_backend!(tx, conn => sqlx::query_as(FIND)
        .bind(&slot.merchant)
        .bind(&slot.principal)
        .bind(&slot.route)
        .bind(&slot.key)
        .fetch_optional(conn)
        .await)?;
    row.map(|row| row.read(slot)).transpose()
}

/// Takes a slot from `former`, whose lease is over or whose answer is older than `horizon`; `false`
/// if it is no longer theirs, or was finished after all.
pub async fn take_over(
    tx: &mut Tx,
    slot: &Slot,
    former: &str,
    lease: &Lease,
    (now, horizon): (Timestamp, Timestamp),
) -> Result<bool, DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(TAKE_OVER)
        .bind(&slot.merchant)
        .bind(&slot.principal)
        .bind(&slot.route)
        .bind(&slot.key)
        .bind(lease.fingerprint.as_slice())
        .bind(&lease.owner)
        .bind(lease.until)
        .bind(now)
        .bind(former)
        .bind(horizon)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Keeps what was begun, and may work until `until`; refused unless `owner` still works on the slot.
pub async fn go_on(
    tx: &mut Tx,
    slot: &Slot,
    owner: &str,
    begun: &str,
    until: Timestamp,
) -> Result<(), DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(GO_ON)
        .bind(&slot.merchant)
        .bind(&slot.principal)
        .bind(&slot.route)
        .bind(&slot.key)
        .bind(owner)
        .bind(begun)
        .bind(until)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    exactly_one(rows, "idempotency_keys", &slot.key)
}

/// Keeps the answer; refused unless `owner` still works on the slot.
pub async fn finish(
    tx: &mut Tx,
    slot: &Slot,
    owner: &str,
    status: u16,
    body: &str,
) -> Result<(), DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(FINISH)
        .bind(&slot.merchant)
        .bind(&slot.principal)
        .bind(&slot.route)
        .bind(&slot.key)
        .bind(owner)
        .bind(i64::from(status))
        .bind(body)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    exactly_one(rows, "idempotency_keys", &slot.key)
}

/// Frees a slot that `owner` did not finish; one under which something was begun is left at once to
/// whoever goes on with that.
pub async fn release(tx: &mut Tx, slot: &Slot, owner: &str) -> Result<(), DbError> {
    let now = tx.now();
    each_backend!(tx, conn => {
        sqlx::query(RELEASE)
            .bind(&slot.merchant)
            .bind(&slot.principal)
            .bind(&slot.route)
            .bind(&slot.key)
            .bind(owner)
            .execute(&mut *conn)
            .await?;
        sqlx::query(LEAVE)
            .bind(&slot.merchant)
            .bind(&slot.principal)
            .bind(&slot.route)
            .bind(&slot.key)
            .bind(owner)
            .bind(now)
            .execute(conn)
            .await
            .map(|_| ())
    })?;
    Ok(())
}

/// Drops answers that were first given before `horizon`; says how many.
pub async fn drop_older(tx: &mut Tx, horizon: Timestamp) -> Result<u64, DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(DROP)
        .bind(horizon)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows)
}

#[derive(sqlx::FromRow)]
struct KeptRow {
    fingerprint: Vec<u8>,
    owner: String,
    lease_ms: Timestamp,
    status: Option<i64>,
    body: Option<String>,
    begun: Option<String>,
    created_ms: Timestamp,
}

impl KeptRow {
    fn read(self, slot: &Slot) -> Result<Kept, DbError> {
        let row = Row {
            table: "idempotency_keys",
            id: &slot.key,
        };
        let answer = match (self.status, self.body) {
            (Some(status), Some(body)) => {
                let status = u16::try_from(status).map_err(|_| row.broken("status", status))?;
                Some((status, body))
            }
            (None, None) => None,
            (Some(_), None) => return Err(row.broken("body", "nothing")),
            (None, Some(_)) => return Err(row.broken("status", "nothing")),
        };
        Ok(Kept {
            lease: Lease {
                owner: self.owner,
                fingerprint: row.bytes("fingerprint", &self.fingerprint)?,
                until: self.lease_ms,
            },
            answer,
            begun: self.begun,
            created_at: self.created_ms,
        })
    }
}
