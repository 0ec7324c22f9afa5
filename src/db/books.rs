//! The ledger, the positions between institutions, and the days of payers. Ledger rows are only
//! ever added.

use crate::db::{DbError, Tx, each_backend};
use crate::id::{EntryId, MerchantId, PaymentId, ResultId};
use crate::merchant::InstitutionId;
use crate::money::Amount;
use crate::payment::Attempt;
use crate::payment::ledger::Posting;

const INSERT: &str = "INSERT INTO ledger_entries (id, merchant_id, payment_id, result_id, \
     debit_account, credit_account, amount_minor, currency, created_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const INSERT_POSITION: &str = "INSERT INTO positions (result_id, payer_institution_id, \
     payee_institution_id, clearing, day, amount_minor, currency) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
// Summed in two halves, so that no sum of amounts passes what either database can hold.
const BALANCES: &str = "SELECT account, currency, \
     CAST(SUM(amount_minor / 1000000000) AS BIGINT) AS high, \
     CAST(SUM(amount_minor % 1000000000) AS BIGINT) AS low FROM \
     (SELECT debit_account AS account, currency, amount_minor FROM ledger_entries \
      WHERE merchant_id = $1 UNION ALL \
      SELECT credit_account, currency, -amount_minor FROM ledger_entries WHERE merchant_id = $1) \
     AS sides GROUP BY account, currency ORDER BY account, currency";
// The cap is in the WHERE of the update, so that payers racing themselves never pass it.
const SPEND: &str = "INSERT INTO payer_days (payer_institution_id, merchant_id, payer_ref_hash, \
     day, currency, spent_minor) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (payer_institution_id, merchant_id, payer_ref_hash, day, currency) \
     DO UPDATE SET spent_minor = payer_days.spent_minor + excluded.spent_minor \
     WHERE payer_days.spent_minor <= $7 - excluded.spent_minor";
const GIVE_BACK: &str = "UPDATE payer_days SET spent_minor = spent_minor - $6 \
     WHERE payer_institution_id = $1 AND merchant_id = $2 AND payer_ref_hash = $3 AND day = $4 \
     AND currency = $5 AND spent_minor >= $6";
pub(super) const SPENT: &str = "SELECT spent_minor FROM payer_days WHERE payer_institution_id = $1 \
     AND merchant_id = $2 AND payer_ref_hash = $3 AND day = $4 AND currency = $5";

/// An account's balance, debits less credits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The account.
    pub account: String,
    /// ISO 4217 letters.
    pub currency: String,
    /// Minor units; a day of large amounts passes 64 bits.
    pub minor: i128,
}

#[derive(sqlx::FromRow)]
struct BalanceRow {
    account: String,
    currency: String,
    high: i64,
    low: i64,
}

/// Whose day it is.
#[derive(Debug, Clone, Copy)]
pub struct PayerDay<'a> {
    /// The payer's institution.
    pub payer: &'a InstitutionId,
    /// Where the payer pays.
    pub merchant: &'a MerchantId,
    /// Who pays, as a keyed hash.
    pub payer_ref_hash: &'a [u8; 32],
    /// The merchant's calendar day.
    pub day: &'a str,
}

/// Books one posting.
pub async fn post(
    tx: &mut Tx,
    id: &EntryId,
    merchant: &MerchantId,
    payment: Option<&PaymentId>,
    result: &ResultId,
    posting: &Posting,
) -> Result<(), DbError> {
    let now = tx.now();
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(id)
        .bind(merchant)
        .bind(payment)
        .bind(result)
        .bind(posting.debit().to_string())
        .bind(posting.credit().to_string())
        .bind(posting.amount().minor())
        .bind(posting.amount().currency().code())
        .bind(now)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Notes what one institution owes another for an interop payment.
pub async fn post_position(
    tx: &mut Tx,
    result: &ResultId,
    attempt: &Attempt,
    day: &str,
    amount: Amount,
) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT_POSITION)
        .bind(result)
        .bind(&attempt.payer)
        .bind(&attempt.payee)
        .bind(attempt.clearing.as_deref().unwrap_or(""))
        .bind(day)
        .bind(amount.minor())
        .bind(amount.currency().code())
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The merchant's balances; they sum to zero.
pub async fn balances(tx: &mut Tx, merchant: &MerchantId) -> Result<Vec<Balance>, DbError> {
    let rows: Vec<BalanceRow> = each_backend!(tx, conn => sqlx::query_as(BALANCES)
        .bind(merchant)
        .fetch_all(conn)
        .await)?;
    Ok(rows.into_iter().map(Balance::from).collect())
}

/// Counts `amount` to the payer's day; false where that would pass `cap`.
pub async fn spend(
    tx: &mut Tx,
    day: PayerDay<'_>,
    amount: Amount,
    cap: Amount,
) -> Result<bool, DbError> {
    // The first row of a day does not meet the update's guard.
    if amount.minor() > cap.minor() {
        return Ok(false);
    }
    let rows = each_backend!(tx, conn => sqlx::query(SPEND)
        .bind(day.payer)
        .bind(day.merchant)
        .bind(day.payer_ref_hash.as_slice())
        .bind(day.day)
        .bind(amount.currency().code())
        .bind(amount.minor())
        .bind(cap.minor())
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Takes back what an attempt that came to nothing had counted.
pub async fn give_back(tx: &mut Tx, day: PayerDay<'_>, amount: Amount) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(GIVE_BACK)
        .bind(day.payer)
        .bind(day.merchant)
        .bind(day.payer_ref_hash.as_slice())
        .bind(day.day)
        .bind(amount.currency().code())
        .bind(amount.minor())
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// What the payer has spent that day, minor units.
pub async fn spent(tx: &mut Tx, day: PayerDay<'_>, currency: &str) -> Result<i64, DbError> {
    let found: Option<i64> = each_backend!(tx, conn => sqlx::query_scalar(SPENT)
        .bind(day.payer)
        .bind(day.merchant)
        .bind(day.payer_ref_hash.as_slice())
        .bind(day.day)
        .bind(currency)
        .fetch_optional(conn)
        .await)?;
    Ok(found.unwrap_or(0))
}

impl From<BalanceRow> for Balance {
    fn from(row: BalanceRow) -> Self {
        let high = i128::from(row.high).saturating_mul(1_000_000_000);
        Self {
            account: row.account,
            currency: row.currency,
            minor: high.saturating_add(i128::from(row.low)),
        }
    }
}
