//! Stores.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Page, Tx, anywhere, each_backend};
use crate::id::{MerchantId, StoreId};
use crate::merchant::Store;

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, merchant_id, name, city, created_ms FROM stores ",
            $tail
        )
    };
}

const INSERT: &str =
    "INSERT INTO stores (id, merchant_id, name, city, created_ms) VALUES ($1, $2, $3, $4, $5)";
const FIND: &str = select!("WHERE merchant_id = $1 AND id = $2");
const LIST: &str = select!("WHERE merchant_id = $1 AND id > $2 ORDER BY id LIMIT $3");
const NAMED: &str = select!(
    "WHERE merchant_id = $1 AND id > $2 AND LOWER(name) LIKE LOWER($4) ESCAPE '\\' \
     ORDER BY id LIMIT $3"
);

/// Keeps a new store; its merchant must be there.
pub async fn insert(tx: &mut Tx, store: &Store) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&store.id)
        .bind(&store.merchant)
        .bind(&store.name)
        .bind(&store.city)
        .bind(store.created_at)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// This merchant's store with this id.
pub async fn find(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &StoreId,
) -> Result<Option<Store>, DbError> {
    let row: Option<StoreRow> = each_backend!(tx, conn => sqlx::query_as(FIND)
        .bind(merchant)
        .bind(id)
        .fetch_optional(conn).await)?;
    row.map(Store::try_from).transpose()
}

/// This merchant's stores in the order of ids.
pub async fn list(tx: &mut Tx, merchant: &MerchantId, page: &Page) -> Result<Vec<Store>, DbError> {
    let rows: Vec<StoreRow> = each_backend!(tx, conn => sqlx::query_as(LIST)
        .bind(merchant)
        .bind(page.after())
        .bind(page.limit())
        .fetch_all(conn).await)?;
    rows.into_iter().map(Store::try_from).collect()
}

/// This merchant's stores with these words in their names, in the order of ids.
pub async fn named(
    tx: &mut Tx,
    merchant: &MerchantId,
    words: &str,
    page: &Page,
) -> Result<Vec<Store>, DbError> {
    let rows: Vec<StoreRow> = each_backend!(tx, conn => sqlx::query_as(NAMED)
        .bind(merchant)
        .bind(page.after())
        .bind(page.limit())
        .bind(anywhere(words))
        .fetch_all(conn).await)?;
    rows.into_iter().map(Store::try_from).collect()
}

#[derive(sqlx::FromRow)]
struct StoreRow {
    id: String,
    merchant_id: String,
    name: String,
    city: String,
    created_ms: Timestamp,
}

impl TryFrom<StoreRow> for Store {
    type Error = DbError;

    fn try_from(row: StoreRow) -> Result<Self, DbError> {
        let of = Row {
            table: "stores",
            id: &row.id,
        };
        Ok(Self {
            id: of.text("id", &row.id)?,
            merchant: of.text("merchant_id", &row.merchant_id)?,
            name: of.text("name", &row.name)?,
            city: of.text("city", &row.city)?,
            created_at: row.created_ms,
        })
    }
}
