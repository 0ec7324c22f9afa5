//! What institutions have stated, under their signatures, and what came of it.

use crate::clock::Timestamp;
use crate::crypto::jws;
use crate::db::{DbError, Tx, each_backend};
use crate::id::{ExceptionId, MerchantId, PaymentId, ResultId};
use crate::money::Amount;
use crate::payment::{Attempt, Attested, ExceptionCode, OrderNumber, ResultClaims};

// One effect per institution, payee reference and outcome, whoever is faster. The outcome belongs to
// it because money that comes under the number of an order that was closed must not be lost.
const INSERT: &str = "INSERT INTO results (id, institution_id, payee_reference, order_number, \
     attempt_id, merchant_id, status, amount_minor, currency, account, outcome, jws, paid_ms, \
     received_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
     ON CONFLICT DO NOTHING";
const FIND: &str = "SELECT id, order_number, status, amount_minor, currency, account, outcome, jws \
     FROM results WHERE institution_id = $1 AND payee_reference = $2 AND status = $3";
const SECOND_VOICE: &str = "SELECT EXISTS (SELECT 1 FROM results WHERE order_number = $1 \
     AND status = 'paid' AND institution_id <> $2 AND amount_minor = $3 AND currency = $4 \
     AND account = $5) AND NOT EXISTS (SELECT 1 FROM results WHERE order_number = $1 \
     AND status = 'paid' AND institution_id = $2)";
const INSERT_EXCEPTION: &str = "INSERT INTO exceptions (id, result_id, merchant_id, payment_id, \
     code, amount_minor, currency, state, created_ms) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8)";
const LIST_EXCEPTIONS: &str = "SELECT id, payment_id, code, amount_minor, currency, state, \
     created_ms FROM exceptions WHERE merchant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
const UNMATCHED: &str = "SELECT id, payment_id, code, amount_minor, currency, state, created_ms \
     FROM exceptions WHERE merchant_id IS NULL AND id < $1 ORDER BY id DESC LIMIT $2";

const LATEST_OF_ORDER: &str = "SELECT e.id, e.payment_id, e.code, e.amount_minor, e.currency, \
     e.state, e.created_ms FROM results r JOIN exceptions e ON e.result_id = r.id \
     WHERE r.order_number = $1 ORDER BY e.id DESC LIMIT 1";

/// Behind every id, so that the first page begins at the newest.
const AFTER_ALL: &str = "exc_~";

/// A statement as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct StoredResult {
    /// Its name.
    pub id: ResultId,
    /// Which order.
    pub order_number: OrderNumber,
    /// How it ended.
    pub status: String,
    /// The price that it named.
    pub amount_minor: i64,
    /// In which currency.
    pub currency: String,
    /// Into which account.
    pub account: String,
    /// What came of it: `settled`, `released`, `known`, or an exception's code.
    pub outcome: String,
    /// The statement itself.
    pub jws: String,
}

impl StoredResult {
    /// Whether `result` says the same again, in all that the books depend on. Who bore which part of
    /// the price stands in the statement that was kept.
    pub fn repeats(&self, result: &Attested) -> bool {
        self.order_number == result.order_number
            && self.amount_minor == result.amount.minor()
            && self.currency == result.amount.currency().code()
            && self.account == result.account
            && jws::kept(&self.jws).map(ResultClaims::split) == Some(result.split())
    }
}

/// Money outside the plan, as the merchant or the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow, serde::Serialize)]
pub struct StoredException {
    /// Its name.
    pub id: ExceptionId,
    /// The payment that it was meant for.
    #[serde(rename = "payment")]
    pub payment_id: Option<PaymentId>,
    /// What is wrong.
    pub code: String,
    /// How much came.
    pub amount_minor: i64,
    /// In which currency.
    pub currency: String,
    /// `open` until it has gone back.
    pub state: String,
    /// When it came.
    #[serde(rename = "created_at")]
    pub created_ms: Timestamp,
}

/// Keeps a statement and what came of it; false where this payee reference was seen before.
pub async fn insert(
    tx: &mut Tx,
    id: &ResultId,
    result: &Attested,
    attempt: Option<&Attempt>,
    outcome: &str,
) -> Result<bool, DbError> {
    let now = tx.now();
    let rows = each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(id)
        .bind(&result.institution)
        .bind(&result.payee_reference)
        .bind(&result.order_number)
        .bind(attempt.map(|attempt| &attempt.id))
        .bind(attempt.map(|attempt| &attempt.merchant))
        .bind(result.status.as_str())
        .bind(result.amount.minor())
        .bind(result.amount.currency().code())
        .bind(&result.account)
        .bind(outcome)
        .bind(&result.jws)
        .bind(result.paid_at)
        .bind(now)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// What the institution said before of the same money, to the same effect.
pub async fn find(tx: &mut Tx, result: &Attested) -> Result<Option<StoredResult>, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_as(FIND)
        .bind(&result.institution)
        .bind(&result.payee_reference)
        .bind(result.status.as_str())
        .fetch_optional(conn)
        .await)?)
}

/// Whether another institution has attested the same money of this order, and this one none yet.
pub async fn is_second_voice(tx: &mut Tx, result: &Attested) -> Result<bool, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_scalar(SECOND_VOICE)
        .bind(&result.order_number)
        .bind(&result.institution)
        .bind(result.amount.minor())
        .bind(result.amount.currency().code())
        .bind(&result.account)
        .fetch_one(conn)
        .await)?)
}

/// Keeps money outside the plan.
pub async fn insert_exception(
    tx: &mut Tx,
    id: &ExceptionId,
    result: &ResultId,
    attempt: Option<&Attempt>,
    code: ExceptionCode,
    amount: Amount,
) -> Result<(), DbError> {
    let now = tx.now();
    each_backend!(tx, conn => sqlx::query(INSERT_EXCEPTION)
        .bind(id)
        .bind(result)
        .bind(attempt.map(|attempt| &attempt.merchant))
        .bind(attempt.map(|attempt| &attempt.payment))
        .bind(code.as_str())
        .bind(amount.minor())
        .bind(amount.currency().code())
        .bind(now)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The merchant's exceptions older than `before`, newest first.
pub async fn exceptions(
    tx: &mut Tx,
    merchant: &MerchantId,
    before: Option<&ExceptionId>,
    limit: i64,
) -> Result<Vec<StoredException>, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_as(LIST_EXCEPTIONS)
        .bind(merchant)
        .bind(before.map_or(AFTER_ALL, ExceptionId::as_str))
        .bind(limit)
        .fetch_all(conn)
        .await)?)
}

/// The last money that came for an order and did not fit it.
pub async fn latest_exception(
    tx: &mut Tx,
    order: &OrderNumber,
) -> Result<Option<StoredException>, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_as(LATEST_OF_ORDER)
        .bind(order)
        .fetch_optional(conn)
        .await)?)
}

/// Money for orders that nobody knows: the operator's to clear up.
pub async fn unmatched(
    tx: &mut Tx,
    before: Option<&ExceptionId>,
    limit: i64,
) -> Result<Vec<StoredException>, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_as(UNMATCHED)
        .bind(before.map_or(AFTER_ALL, ExceptionId::as_str))
        .bind(limit)
        .fetch_all(conn)
        .await)?)
}
