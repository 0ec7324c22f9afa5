//! Acceptances: which institutions a merchant takes. Limits are in the merchant's currency.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Page, Tx, each_backend, exactly_one};
use crate::id::{AcceptanceId, MerchantId};
use crate::merchant::{Acceptance, AcceptanceState, InstitutionId, ProtectionClass};
use crate::money::Amount;

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT a.id, a.merchant_id, a.institution_id, a.state, a.platform, a.cohort,
                    a.opens_ms, a.consent_ms, a.payment_limit_minor, a.day_limit_minor,
                    a.protection, a.created_ms, m.currency
             FROM acceptances a JOIN merchants m ON m.id = a.merchant_id ",
            $tail
        )
    };
}

const INSERT: &str = "INSERT INTO acceptances
    (id, merchant_id, institution_id, state, platform, cohort, opens_ms, consent_ms,
     payment_limit_minor, day_limit_minor, protection, created_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
const FIND: &str = select!("WHERE a.merchant_id = $1 AND a.id = $2");
const FIND_OF: &str = select!("WHERE a.merchant_id = $1 AND a.institution_id = $2");
const LIST: &str = select!("WHERE a.merchant_id = $1 AND a.id > $2 ORDER BY a.id LIMIT $3");
const OF_MERCHANT: &str = select!("WHERE a.merchant_id = $1 ORDER BY a.id");
const CHANGE: &str = "UPDATE acceptances SET state = $4
    WHERE merchant_id = $1 AND id = $2 AND state = $3";
const PROTECT: &str = "UPDATE acceptances SET protection = $3 WHERE merchant_id = $1 AND id = $2";
const CONSENT: &str = "UPDATE acceptances SET consent_ms = $3
    WHERE merchant_id = $1 AND id = $2 AND consent_ms IS NULL";

/// Keeps a new acceptance; `false` if the merchant has one of this institution.
pub async fn insert(tx: &mut Tx, acceptance: &Acceptance) -> Result<bool, DbError> {
    tx.changes_rules();
    let kept = each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&acceptance.id)
        .bind(&acceptance.merchant)
        .bind(&acceptance.institution)
        .bind(acceptance.state.as_str())
        .bind(acceptance.platform.as_ref())
        .bind(acceptance.cohort.as_ref())
        .bind(acceptance.opens_at)
        .bind(acceptance.consent_at)
        .bind(acceptance.payment_limit.map(Amount::minor))
        .bind(acceptance.day_limit.map(Amount::minor))
        .bind(acceptance.protection.as_str())
        .bind(acceptance.created_at)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(kept == 1)
}

/// This merchant's acceptance with this id.
pub async fn find(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &AcceptanceId,
) -> Result<Option<Acceptance>, DbError> {
    let row: Option<AcceptanceRow> = each_backend!(tx, conn => sqlx::query_as(FIND)
        .bind(merchant)
        .bind(id)
        .fetch_optional(conn).await)?;
    row.map(Acceptance::try_from).transpose()
}

/// This merchant's acceptance of this institution.
pub async fn find_of(
    tx: &mut Tx,
    merchant: &MerchantId,
    institution: &InstitutionId,
) -> Result<Option<Acceptance>, DbError> {
    let row: Option<AcceptanceRow> = each_backend!(tx, conn => sqlx::query_as(FIND_OF)
        .bind(merchant)
        .bind(institution)
        .fetch_optional(conn).await)?;
    row.map(Acceptance::try_from).transpose()
}

/// This merchant's acceptances in the order of ids.
pub async fn list(
    tx: &mut Tx,
    merchant: &MerchantId,
    page: &Page,
) -> Result<Vec<Acceptance>, DbError> {
    let rows: Vec<AcceptanceRow> = each_backend!(tx, conn => sqlx::query_as(LIST)
        .bind(merchant)
        .bind(page.after())
        .bind(page.limit())
        .fetch_all(conn).await)?;
    rows.into_iter().map(Acceptance::try_from).collect()
}

/// All of this merchant's acceptances, for routing.
pub async fn of_merchant(tx: &mut Tx, merchant: &MerchantId) -> Result<Vec<Acceptance>, DbError> {
    let rows: Vec<AcceptanceRow> = each_backend!(tx, conn => sqlx::query_as(OF_MERCHANT)
        .bind(merchant)
        .fetch_all(conn).await)?;
    rows.into_iter().map(Acceptance::try_from).collect()
}

/// Moves an acceptance; a conflict if it is not in `from`.
pub async fn change(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &AcceptanceId,
    from: AcceptanceState,
    to: AcceptanceState,
) -> Result<(), DbError> {
    tx.changes_rules();
    let changed = each_backend!(tx, conn => sqlx::query(CHANGE)
        .bind(merchant)
        .bind(id)
        .bind(from.as_str())
        .bind(to.as_str())
        .execute(conn).await.map(|done| done.rows_affected()))?;
    exactly_one(changed, "acceptances", id)
}

/// Notes how well its payments by printed codes are protected.
pub async fn protect(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &AcceptanceId,
    class: ProtectionClass,
) -> Result<(), DbError> {
    tx.changes_rules();
    let changed = each_backend!(tx, conn => sqlx::query(PROTECT)
        .bind(merchant)
        .bind(id)
        .bind(class.as_str())
        .execute(conn).await.map(|done| done.rows_affected()))?;
    exactly_one(changed, "acceptances", id)
}

/// Notes that the merchant agreed; a conflict if that was noted before.
pub async fn consent(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &AcceptanceId,
    at: Timestamp,
) -> Result<(), DbError> {
    tx.changes_rules();
    let changed = each_backend!(tx, conn => sqlx::query(CONSENT)
        .bind(merchant)
        .bind(id)
        .bind(at)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    exactly_one(changed, "acceptances", id)
}

#[derive(sqlx::FromRow)]
struct AcceptanceRow {
    id: String,
    merchant_id: String,
    institution_id: String,
    state: String,
    platform: Option<String>,
    cohort: Option<String>,
    opens_ms: Option<Timestamp>,
    consent_ms: Option<Timestamp>,
    payment_limit_minor: Option<i64>,
    day_limit_minor: Option<i64>,
    protection: String,
    created_ms: Timestamp,
    currency: String,
}

impl TryFrom<AcceptanceRow> for Acceptance {
    type Error = DbError;

    fn try_from(row: AcceptanceRow) -> Result<Self, DbError> {
        let of = Row {
            table: "acceptances",
            id: &row.id,
        };
        let limit = |column, minor: Option<i64>| {
            minor
                .map(|minor| of.amount(column, minor, &row.currency))
                .transpose()
        };
        let label = |column, text: &Option<String>| {
            text.as_deref()
                .map(|text| of.text(column, text))
                .transpose()
        };
        Ok(Self {
            id: of.text("id", &row.id)?,
            merchant: of.text("merchant_id", &row.merchant_id)?,
            institution: of.text("institution_id", &row.institution_id)?,
            state: of.text("state", &row.state)?,
            platform: label("platform", &row.platform)?,
            cohort: label("cohort", &row.cohort)?,
            opens_at: row.opens_ms,
            consent_at: row.consent_ms,
            payment_limit: limit("payment_limit_minor", row.payment_limit_minor)?,
            day_limit: limit("day_limit_minor", row.day_limit_minor)?,
            protection: of.text("protection", &row.protection)?,
            created_at: row.created_ms,
        })
    }
}
