//! Agreements between institutions.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Page, Tx, each_backend, exactly_one};
use crate::id::{AgreementId, MerchantId};
use crate::merchant::{Agreement, AgreementState};
use crate::money::Amount;

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, payer_institution_id, payee_institution_id, ways, clearing, attester_id,
                    currency, payment_limit_minor, state, starts_ms, ends_ms, created_ms
             FROM agreements ",
            $tail
        )
    };
}

const INSERT: &str = "INSERT INTO agreements
    (id, payer_institution_id, payee_institution_id, ways, clearing, attester_id, currency,
     payment_limit_minor, state, starts_ms, ends_ms, created_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
const FIND: &str = select!("WHERE id = $1");
const LIST: &str = select!("WHERE id > $1 ORDER BY id LIMIT $2");
const LEADING_TO: &str = select!(
    "WHERE payee_institution_id IN (SELECT institution_id FROM acceptances WHERE merchant_id = $1)
     ORDER BY id"
);
const CHANGE: &str = "UPDATE agreements SET state = $3 WHERE id = $1 AND state = $2";

/// Keeps a new agreement; `false` if the two have one through the same channel.
pub async fn insert(tx: &mut Tx, agreement: &Agreement) -> Result<bool, DbError> {
    tx.changes_rules();
    let kept = each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&agreement.id)
        .bind(&agreement.payer)
        .bind(&agreement.payee)
        .bind(agreement.ways.to_string())
        .bind(&agreement.clearing)
        .bind(agreement.attester.as_ref())
        .bind(agreement.currency.code())
        .bind(agreement.payment_limit.map(Amount::minor))
        .bind(agreement.state.as_str())
        .bind(agreement.starts_at)
        .bind(agreement.ends_at)
        .bind(agreement.created_at)
        .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(kept == 1)
}

/// The agreement with this id.
pub async fn find(tx: &mut Tx, id: &AgreementId) -> Result<Option<Agreement>, DbError> {
    let row: Option<AgreementRow> =
        each_backend!(tx, conn => sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    row.map(Agreement::try_from).transpose()
}

/// Agreements in the order of ids.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Vec<Agreement>, DbError> {
    let rows: Vec<AgreementRow> = each_backend!(tx, conn => sqlx::query_as(LIST)
        .bind(page.after())
        .bind(page.limit())
        .fetch_all(conn).await)?;
    rows.into_iter().map(Agreement::try_from).collect()
}

/// All agreements that lead to an institution this merchant has an acceptance of, for routing.
pub async fn leading_to(tx: &mut Tx, merchant: &MerchantId) -> Result<Vec<Agreement>, DbError> {
    let rows: Vec<AgreementRow> = each_backend!(tx, conn => sqlx::query_as(LEADING_TO)
        .bind(merchant)
        .fetch_all(conn).await)?;
    rows.into_iter().map(Agreement::try_from).collect()
}

/// Moves an agreement; a conflict if it is not in `from`.
pub async fn change(
    tx: &mut Tx,
    id: &AgreementId,
    from: AgreementState,
    to: AgreementState,
) -> Result<(), DbError> {
    tx.changes_rules();
    let changed = each_backend!(tx, conn => sqlx::query(CHANGE)
        .bind(id)
        .bind(from.as_str())
        .bind(to.as_str())
        .execute(conn).await.map(|done| done.rows_affected()))?;
    exactly_one(changed, "agreements", id)
}

#[derive(sqlx::FromRow)]
struct AgreementRow {
    id: String,
    payer_institution_id: String,
    payee_institution_id: String,
    ways: String,
    clearing: String,
    attester_id: Option<String>,
    currency: String,
    payment_limit_minor: Option<i64>,
    state: String,
    starts_ms: Timestamp,
    ends_ms: Option<Timestamp>,
    created_ms: Timestamp,
}

impl TryFrom<AgreementRow> for Agreement {
    type Error = DbError;

    fn try_from(row: AgreementRow) -> Result<Self, DbError> {
        let of = Row {
            table: "agreements",
            id: &row.id,
        };
        let limit = row.payment_limit_minor;
        let attester = row.attester_id.as_deref();
        Ok(Self {
            id: of.text("id", &row.id)?,
            payer: of.text("payer_institution_id", &row.payer_institution_id)?,
            payee: of.text("payee_institution_id", &row.payee_institution_id)?,
            ways: of.text("ways", &row.ways)?,
            clearing: of.text("clearing", &row.clearing)?,
            attester: attester.map(|id| of.text("attester_id", id)).transpose()?,
            starts_at: row.starts_ms,
            ends_at: row.ends_ms,
            state: of.text("state", &row.state)?,
            currency: of.text("currency", &row.currency)?,
            payment_limit: limit
                .map(|minor| of.amount("payment_limit_minor", minor, &row.currency))
                .transpose()?,
            created_at: row.created_ms,
        })
    }
}
