//! Counters: the tills in stores.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Page, Tx, anywhere, each_backend};
use crate::id::{CounterId, MerchantId};
use crate::merchant::{Counter, Store};

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, merchant_id, store_id, name, created_ms FROM counters ",
            $tail
        )
    };
}

const INSERT: &str = "INSERT INTO counters (id, merchant_id, store_id, name, created_ms)
    VALUES ($1, $2, $3, $4, $5)";
const FIND: &str = select!("WHERE merchant_id = $1 AND id = $2");
const LIST: &str = select!("WHERE merchant_id = $1 AND id > $2 ORDER BY id LIMIT $3");
const IN_STORE: &str = select!(
    "WHERE merchant_id = $1 AND store_id = $5 AND id > $2 \
     AND LOWER(name) LIKE LOWER($4) ESCAPE '\\' ORDER BY id LIMIT $3"
);

/// Keeps a new counter; its store must be the merchant's.
pub async fn insert(tx: &mut Tx, counter: &Counter) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&counter.id)
        .bind(&counter.merchant)
        .bind(&counter.store)
        .bind(&counter.name)
        .bind(counter.created_at)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// This merchant's counter with this id.
pub async fn find(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &CounterId,
) -> Result<Option<Counter>, DbError> {
    let row: Option<CounterRow> = each_backend!(tx, conn => sqlx::query_as(FIND)
        .bind(merchant)
        .bind(id)
        .fetch_optional(conn).await)?;
    row.map(Counter::try_from).transpose()
}

/// This merchant's counters in the order of ids.
pub async fn list(
    tx: &mut Tx,
    merchant: &MerchantId,
    page: &Page,
) -> Result<Vec<Counter>, DbError> {
    let rows: Vec<CounterRow> = each_backend!(tx, conn => sqlx::query_as(LIST)
        .bind(merchant)
        .bind(page.after())
        .bind(page.limit())
        .fetch_all(conn).await)?;
    rows.into_iter().map(Counter::try_from).collect()
}

/// The tills of a store with these words in their names, in the order of ids.
pub async fn in_store(
    tx: &mut Tx,
    store: &Store,
    words: &str,
    page: &Page,
) -> Result<Vec<Counter>, DbError> {
    let rows: Vec<CounterRow> = each_backend!(tx, conn => sqlx::query_as(IN_STORE)
        .bind(&store.merchant)
        .bind(page.after())
        .bind(page.limit())
        .bind(anywhere(words))
        .bind(&store.id)
        .fetch_all(conn).await)?;
    rows.into_iter().map(Counter::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct CounterRow {
    id: String,
    merchant_id: String,
    store_id: String,
    name: String,
    created_ms: Timestamp,
}

impl TryFrom<CounterRow> for Counter {
    type Error = DbError;

    fn try_from(row: CounterRow) -> Result<Self, DbError> {
        let of = Row {
            table: "counters",
            id: &row.id,
        };
        Ok(Self {
            id: of.text("id", &row.id)?,
            merchant: of.text("merchant_id", &row.merchant_id)?,
            store: of.text("store_id", &row.store_id)?,
            name: of.text("name", &row.name)?,
            created_at: row.created_ms,
        })
    }
}
