//! Merchants.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Page, Tx, each_backend, exactly_one};
use crate::id::MerchantId;
use crate::merchant::{InstitutionId, Merchant, Name};

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, name, latin_name, mcc, city, country, time_zone, currency, mode, preference, created_ms
             FROM merchants ",
            $tail
        )
    };
}

const INSERT: &str = "INSERT INTO merchants
    (id, name, mcc, city, country, time_zone, currency, mode, preference, next_event, created_ms,
    latin_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11)";
const FIND: &str = select!("WHERE id = $1");
const LIST: &str = select!("WHERE id > $1 ORDER BY id LIMIT $2");
const NAMES: &str = "SELECT id, name FROM merchants WHERE id > $1 ORDER BY id LIMIT $2";
const PREFER: &str = "UPDATE merchants SET preference = $2 WHERE id = $1";

/// Keeps a new merchant.
pub async fn insert(tx: &mut Tx, merchant: &Merchant) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&merchant.id)
        .bind(&merchant.name)
        .bind(&merchant.mcc)
        .bind(&merchant.city)
        .bind(&merchant.country)
        .bind(&merchant.time_zone)
        .bind(merchant.currency.code())
        .bind(merchant.mode.as_str())
        .bind(preference_text(&merchant.preference))
        .bind(merchant.created_at)
        .bind(&merchant.latin_name)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// The merchant with this id.
pub async fn find(tx: &mut Tx, id: &MerchantId) -> Result<Option<Merchant>, DbError> {
    let row: Option<MerchantRow> =
        each_backend!(tx, conn => sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    row.map(Merchant::try_from).transpose()
}

/// Merchants in the order of ids.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Vec<Merchant>, DbError> {
    let rows: Vec<MerchantRow> = each_backend!(tx, conn => sqlx::query_as(LIST)
        .bind(page.after())
        .bind(page.limit())
        .fetch_all(conn).await)?;
    rows.into_iter().map(Merchant::try_from).collect()
}

/// What merchants are called, in the order of ids, behind one of them.
pub async fn names(
    tx: &mut Tx,
    after: Option<&MerchantId>,
    limit: i64,
) -> Result<Vec<(MerchantId, Name)>, DbError> {
    let after = after.map_or("", MerchantId::as_str);
    let rows = each_backend!(tx, conn => sqlx::query_as(NAMES)
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    Ok(rows)
}

/// Changes which payee institutions the merchant likes best.
pub async fn prefer(
    tx: &mut Tx,
    id: &MerchantId,
    preference: &[InstitutionId],
) -> Result<(), DbError> {
    tx.changes_rules();
    let changed = each_backend!(tx, conn => sqlx::query(PREFER)
        .bind(id)
        .bind(preference_text(preference))
        .execute(conn).await.map(|done| done.rows_affected()))?;
    exactly_one(changed, "merchants", id)
}

#[derive(sqlx::FromRow)]
struct MerchantRow {
    id: String,
    name: String,
    latin_name: Option<String>,
    mcc: String,
    city: String,
    country: String,
    time_zone: String,
    currency: String,
    mode: String,
    preference: String,
    created_ms: Timestamp,
}

impl TryFrom<MerchantRow> for Merchant {
    type Error = DbError;

    fn try_from(row: MerchantRow) -> Result<Self, DbError> {
        let of = Row {
            table: "merchants",
            id: &row.id,
        };
        let preferred = row.preference.split(',').filter(|word| !word.is_empty());
        Ok(Self {
            id: of.text("id", &row.id)?,
            name: of.text("name", &row.name)?,
            latin_name: row
                .latin_name
                .map(|name| of.text("latin_name", &name))
                .transpose()?,
            mcc: of.text("mcc", &row.mcc)?,
            city: of.text("city", &row.city)?,
            country: of.text("country", &row.country)?,
            time_zone: of.text("time_zone", &row.time_zone)?,
            currency: of.text("currency", &row.currency)?,
            preference: preferred
                .map(|word| of.text("preference", word))
                .collect::<Result<_, _>>()?,
            mode: of.text("mode", &row.mode)?,
            created_at: row.created_ms,
        })
    }
}

/// As stored: the words with commas between, which no institution's id contains.
fn preference_text(preference: &[InstitutionId]) -> String {
    let words: Vec<&str> = preference.iter().map(InstitutionId::as_str).collect();
    words.join(",")
}
