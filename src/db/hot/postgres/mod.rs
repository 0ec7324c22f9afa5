//! Each in one statement that commits by itself, so that it costs one way there and back.

mod begin;

use sqlx::{PgConnection, PgPool};

use crate::db::DbError;
use crate::db::codes::Scan;
use crate::db::hot::found::{FoundRow, Named, columns};
use crate::db::hot::handed::HandedOver;
use crate::db::hot::paid::Paid;
use crate::db::open::alone;
use crate::merchant::InstitutionId;

pub(super) use begin::begin;

const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    ", CAST(EXTRACT(EPOCH FROM transaction_timestamp()) * 1000 AS BIGINT) AS now_ms \
     FROM attempts a JOIN payments p ON p.id = a.payment_id \
     JOIN merchants m ON m.id = p.merchant_id \
     LEFT JOIN payment_accounts f ON f.id = a.payment_account_id AND f.merchant_id = p.merchant_id \
     JOIN institution_keys k ON k.key_id = $3 AND k.institution_id = $2 \
     WHERE a.order_number = $1"
);
// `held` locks both rows and looks at them again where somebody was faster; everything else follows
// from it or does not happen. A number that is taken (payee reference, receipt) fails the statement
// as a whole.
const PAY: &str = concat!(
    "WITH held AS (\
     SELECT a.id AS attempt, p.id AS payment FROM attempts a JOIN payments p ON p.id = a.payment_id \
     WHERE ",
    alone!(),
    " AND a.id = $1 AND a.version = $2 AND a.state IN ('started', 'waiting') \
     AND p.version = $3 AND p.state = 'waiting' AND p.attempt_id = a.id FOR UPDATE), \
     attempt AS (UPDATE attempts SET state = 'paid', decided_ms = $4, version = version + 1 \
     FROM held WHERE attempts.id = held.attempt), \
     payment AS (UPDATE payments SET state = 'paid', captured_minor = amount_minor, paid_ms = $5, \
     version = version + 1 FROM held WHERE payments.id = held.payment), \
     result AS (INSERT INTO results (id, institution_id, payee_reference, order_number, attempt_id, \
     merchant_id, status, amount_minor, currency, account, outcome, jws, paid_ms, received_ms) \
     SELECT $6, $7, $8, $9, held.attempt, $10, $11, $12, $13, $14, 'settled', $15, $5, $4 \
     FROM held), \
     entries AS (INSERT INTO ledger_entries (id, merchant_id, payment_id, result_id, \
     debit_account, credit_account, amount_minor, currency, created_ms) \
     SELECT entry.id, $10, held.payment, $6, entry.debit, entry.credit, entry.amount, $13, $4 \
     FROM held, UNNEST($16::text[], $17::text[], $18::text[], $19::bigint[]) \
     AS entry(id, debit, credit, amount)), \
     positioned AS (INSERT INTO positions (result_id, payer_institution_id, payee_institution_id, \
     clearing, day, amount_minor, currency) SELECT $6, $21, $22, $23, $24, $12, $13 FROM held \
     WHERE $20), \
     receipt AS (INSERT INTO receipts (id, payment_id, merchant_id, store_id, day, number, jws, \
     issued_ms, expires_ms) SELECT $25, held.payment, $10, $26, $24, $27, $28, $4, $29 FROM held), \
     event AS (INSERT INTO events (id, merchant_id, store_id, counter_id, sequence, kind, data, \
     created_ms) SELECT $30, $10, $31, $32, NULL, $33, $34, $4 FROM held), \
     told AS (INSERT INTO outbox (event_id, merchant_id) SELECT $30, $10 FROM held) \
     SELECT EXISTS (SELECT 1 FROM held)"
);
const HAND_OVER: &str = concat!(
    "UPDATE attempts SET state = 'waiting', handover = $3, version = $2 \
     WHERE id = $1 AND version = $2 - 1 AND state = 'started' AND ",
    alone!()
);
const INSERT_SCANS: &str = "INSERT INTO scans (id, code_id, merchant_id, institution_id, outcome, \
     scanned_ms) SELECT * FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], \
     $6::bigint[])";

pub(super) async fn find(pool: &PgPool, named: &Named) -> Result<Option<FoundRow>, DbError> {
    Ok(sqlx::query_as(FIND)
        .bind(&named.order)
        .bind(&named.institution)
        .bind(&named.key)
        .fetch_optional(pool)
        .await?)
}

pub(super) async fn pay(pool: &PgPool, paid: &Paid) -> Result<bool, DbError> {
    let row = paid.columns();
    let ids: Vec<&str> = row.entries.iter().map(|entry| entry.id).collect();
    let debits: Vec<&str> = row
        .entries
        .iter()
        .map(|entry| entry.debit.as_str())
        .collect();
    let credits: Vec<&str> = row
        .entries
        .iter()
        .map(|entry| entry.credit.as_str())
        .collect();
    let amounts: Vec<i64> = row.entries.iter().map(|entry| entry.amount).collect();
    let done: Result<bool, sqlx::Error> = sqlx::query_scalar(PAY)
        .bind(row.attempt)
        .bind(row.attempt_version)
        .bind(row.payment_version)
        .bind(row.at)
        .bind(row.paid_at)
        .bind(row.result)
        .bind(row.institution)
        .bind(row.payee_reference)
        .bind(row.order_number)
        .bind(row.merchant)
        .bind(row.status)
        .bind(row.amount)
        .bind(row.currency)
        .bind(row.account)
        .bind(row.jws)
        .bind(ids)
        .bind(debits)
        .bind(credits)
        .bind(amounts)
        .bind(row.is_interop)
        .bind(row.payer)
        .bind(row.payee)
        .bind(row.clearing)
        .bind(row.day)
        .bind(row.receipt)
        .bind(row.store)
        .bind(row.number)
        .bind(row.receipt_jws)
        .bind(row.expires_at)
        .bind(row.event)
        .bind(row.event_store)
        .bind(row.event_counter)
        .bind(row.kind)
        .bind(row.data)
        .fetch_one(pool)
        .await;
    unless_taken(done)
}

/// A number that somebody else has is a reason to go the long way, and no failure.
fn unless_taken(done: Result<bool, sqlx::Error>) -> Result<bool, DbError> {
    match done {
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        done => Ok(done?),
    }
}

pub(super) async fn hand_over(pool: &PgPool, handed: &HandedOver) -> Result<bool, DbError> {
    let done = sqlx::query(HAND_OVER)
        .bind(&handed.attempt)
        .bind(handed.version)
        .bind(&handed.handover)
        .execute(pool)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn insert_scans(conn: &mut PgConnection, scans: &[Scan]) -> Result<(), DbError> {
    let column = |read: fn(&Scan) -> &str| scans.iter().map(read).collect::<Vec<&str>>();
    let institutions: Vec<Option<&str>> = scans
        .iter()
        .map(|scan| scan.institution.as_ref().map(InstitutionId::as_str))
        .collect();
    let times: Vec<i64> = scans.iter().map(|scan| scan.at.millis()).collect();
    sqlx::query(INSERT_SCANS)
        .bind(column(|scan| scan.id.as_str()))
        .bind(column(|scan| scan.code.as_str()))
        .bind(column(|scan| scan.merchant.as_str()))
        .bind(institutions)
        .bind(column(|scan| scan.outcome.as_str()))
        .bind(times)
        .execute(conn)
        .await?;
    Ok(())
}
