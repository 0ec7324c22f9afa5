//! What happened, written in the transaction in which it happened. The place in the merchant's
//! sequence is given later, by the outbox worker.

use crate::db::{DbError, Tx, each_backend};
use crate::id::EventId;
use crate::payment::event::NewEvent;

const INSERT: &str = "INSERT INTO events (id, merchant_id, store_id, counter_id, sequence, kind, \
     data, created_ms) VALUES ($1, $2, $3, $4, NULL, $5, $6, $7)";
const INSERT_OUTBOX: &str = "INSERT INTO outbox (event_id, merchant_id) VALUES ($1, $2)";

/// Writes an event and its outbox row.
pub async fn insert(tx: &mut Tx, id: &EventId, event: &NewEvent) -> Result<(), DbError> {
    let now = tx.now();
    let data = event.data.to_json();
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(id)
        .bind(&event.merchant)
        .bind(&event.data.store)
        .bind(&event.data.counter)
        .bind(event.kind.as_str())
        .bind(data)
        .bind(now)
        .execute(conn)
        .await
        .map(|_| ()))?;
    each_backend!(tx, conn => sqlx::query(INSERT_OUTBOX)
        .bind(id)
        .bind(&event.merchant)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}
