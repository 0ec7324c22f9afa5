//! Receipts, as kept. The first check is one guarded update, so a receipt is genuine once.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Tx, each_backend};
use crate::id::{MerchantId, PaymentId, ReceiptId, StoreId};
use crate::merchant::InstitutionId;
use crate::money::Currency;
use crate::payment::receipt::Receipt;

const INSERT: &str = "INSERT INTO receipts (id, payment_id, merchant_id, store_id, day, number, \
     jws, issued_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
const BY_ID: &str = "SELECT id, payment_id, store_id, number, jws, issued_ms, expires_ms, shown_ms, \
     shown_at FROM receipts WHERE id = $1 AND merchant_id = $2";
const BY_PAYMENT: &str = "SELECT id, payment_id, store_id, number, jws, issued_ms, expires_ms, \
     shown_ms, shown_at FROM receipts WHERE payment_id = $1";
const BY_NUMBER: &str = "SELECT id, payment_id, store_id, number, jws, issued_ms, expires_ms, \
     shown_ms, shown_at FROM receipts WHERE merchant_id = $1 AND number = $2 AND day = $3 \
     ORDER BY CASE WHEN store_id = $4 THEN 0 ELSE 1 END, id DESC LIMIT 2";
const SHOW: &str = "UPDATE receipts SET shown_ms = $2, shown_at = $3 \
     WHERE id = $1 AND shown_ms IS NULL AND expires_ms > $2";
// In two halves, because the sum of many amounts may not fit into one number.
const TAKEN: &str = "SELECT a.payer_institution_id, a.currency, COUNT(*) AS payments, \
     CAST(SUM(a.amount_minor / 1000000000) AS BIGINT) AS high, \
     CAST(SUM(a.amount_minor % 1000000000) AS BIGINT) AS low \
     FROM receipts r JOIN attempts a ON a.payment_id = r.payment_id AND a.state = 'paid' \
     WHERE r.store_id = $1 AND r.day = $2 GROUP BY a.payer_institution_id, a.currency";

/// What payers of one institution paid in a store on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Whose app paid.
    pub payer: InstitutionId,
    /// In what.
    pub currency: Currency,
    /// How often.
    pub payments: i64,
    /// How much, in minor units.
    pub minor: i128,
}

#[derive(sqlx::FromRow)]
struct TakenRow {
    payer_institution_id: InstitutionId,
    currency: String,
    payments: i64,
    high: i64,
    low: i64,
}

#[derive(sqlx::FromRow)]
struct ReceiptRow {
    id: ReceiptId,
    payment_id: PaymentId,
    store_id: StoreId,
    number: String,
    jws: String,
    issued_ms: Timestamp,
    expires_ms: Timestamp,
    shown_ms: Option<Timestamp>,
    shown_at: Option<String>,
}

/// Keeps a receipt; false where its number is taken at this store on this day.
pub async fn insert(
    tx: &mut Tx,
    merchant: &MerchantId,
    day: &str,
    receipt: &Receipt,
) -> Result<bool, DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&receipt.id)
        .bind(&receipt.payment)
        .bind(merchant)
        .bind(&receipt.store)
        .bind(day)
        .bind(&receipt.number)
        .bind(&receipt.jws)
        .bind(receipt.issued_at)
        .bind(receipt.expires_at)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The merchant's receipt of this name.
pub async fn find(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &ReceiptId,
) -> Result<Option<Receipt>, DbError> {
    let row: Option<ReceiptRow> = each_backend!(tx, conn => sqlx::query_as(BY_ID)
        .bind(id)
        .bind(merchant)
        .fetch_optional(conn)
        .await)?;
    Ok(row.map(Receipt::from))
}

/// The receipt of a payment.
pub async fn of_payment(tx: &mut Tx, payment: &PaymentId) -> Result<Option<Receipt>, DbError> {
    let row: Option<ReceiptRow> = each_backend!(tx, conn => sqlx::query_as(BY_PAYMENT)
        .bind(payment)
        .fetch_optional(conn)
        .await)?;
    Ok(row.map(Receipt::from))
}

/// The merchant's receipts with these digits on this day, two at most, this store's before any
/// other's.
pub async fn by_number(
    tx: &mut Tx,
    merchant: &MerchantId,
    number: &str,
    day: &str,
    store: Option<&StoreId>,
) -> Result<Vec<Receipt>, DbError> {
    let rows: Vec<ReceiptRow> = each_backend!(tx, conn => sqlx::query_as(BY_NUMBER)
        .bind(merchant)
        .bind(number)
        .bind(day)
        .bind(store.map_or("", StoreId::as_str))
        .fetch_all(conn)
        .await)?;
    Ok(rows.into_iter().map(Receipt::from).collect())
}

/// Marks a receipt as shown; true for the first, in time, of all who try.
pub async fn show(tx: &mut Tx, id: &ReceiptId, shown_where: &str) -> Result<bool, DbError> {
    let now = tx.now();
    let rows = each_backend!(tx, conn => sqlx::query(SHOW)
        .bind(id)
        .bind(now)
        .bind(shown_where)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// What was paid in a store on one of the merchant's days, by payers of which institution.
pub async fn taken(tx: &mut Tx, store: &StoreId, day: &str) -> Result<Vec<Taken>, DbError> {
    let rows: Vec<TakenRow> = each_backend!(tx, conn => sqlx::query_as(TAKEN)
        .bind(store)
        .bind(day)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Taken::try_from).collect()
}

impl TryFrom<TakenRow> for Taken {
    type Error = DbError;

    fn try_from(row: TakenRow) -> Result<Self, DbError> {
        let at = Row {
            table: "attempts",
            id: row.payer_institution_id.as_str(),
        };
        let currency = at.text("currency", &row.currency)?;
        let high = i128::from(row.high).saturating_mul(1_000_000_000);
        Ok(Self {
            payer: row.payer_institution_id,
            currency,
            payments: row.payments,
            minor: high.saturating_add(i128::from(row.low)),
        })
    }
}

impl From<ReceiptRow> for Receipt {
    fn from(row: ReceiptRow) -> Self {
        Self {
            id: row.id,
            payment: row.payment_id,
            store: row.store_id,
            number: row.number,
            jws: row.jws,
            issued_at: row.issued_ms,
            expires_at: row.expires_ms,
            shown_at: row.shown_ms,
            shown_where: row.shown_at,
        }
    }
}
