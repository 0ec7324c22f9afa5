//! What cannot be, asked of the tables: each check finds the rows that break one promise.

use crate::db::{DbError, Tx, each_backend};

/// One promise.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What is wrong with a row that breaks it.
    pub what: &'static str,
    sql: &'static str,
}

macro_rules! checks {
    ($($name:literal $what:literal $sql:literal)+) => {
        /// All of them.
        pub const CHECKS: &[Check] = &[$(Check {
            name: $name,
            what: $what,
            sql: concat!($sql, " ORDER BY 1 LIMIT $1"),
        },)+];
    };
}

checks! {
    "ledger-entries"
    "the entry moves nothing, or an account's money to itself, or is of no statement"
    "SELECT e.id FROM ledger_entries e LEFT JOIN results r ON r.id = e.result_id \
     WHERE e.amount_minor <= 0 OR e.debit_account = e.credit_account OR r.id IS NULL \
     OR r.currency <> e.currency"

    "ledger-sums"
    "what is booked as sold is not what was captured"
    "SELECT p.id FROM payments p LEFT JOIN (SELECT payment_id, currency, SUM(amount_minor) AS sold \
     FROM ledger_entries WHERE credit_account = 'sales:' || merchant_id \
     GROUP BY payment_id, currency) e ON e.payment_id = p.id AND e.currency = p.currency \
     WHERE COALESCE(e.sold, 0) <> p.captured_minor"

    "ledger-suspense"
    "the money of the exception is not booked against suspense"
    "SELECT x.id FROM exceptions x LEFT JOIN ledger_entries e ON e.result_id = x.result_id \
     AND e.credit_account LIKE 'suspense:%' WHERE x.merchant_id IS NOT NULL \
     AND x.code <> 'payee-mismatch' \
     AND (e.id IS NULL OR e.amount_minor <> x.amount_minor OR e.currency <> x.currency)"

    "ledger-positions"
    "the payment between institutions has no position, or another amount"
    "SELECT a.id FROM attempts a JOIN results r ON r.attempt_id = a.id AND r.outcome = 'settled' \
     LEFT JOIN positions q ON q.result_id = r.id WHERE a.state = 'paid' \
     AND a.route_kind = 'interop' AND (q.result_id IS NULL OR q.amount_minor <> r.amount_minor)"

    "payments-paid"
    "it is paid, but not by an attempt that was"
    "SELECT p.id FROM payments p LEFT JOIN attempts a ON a.id = p.attempt_id \
     AND a.payment_id = p.id WHERE p.state IN ('paid', 'partly_refunded', 'refunded') \
     AND (a.id IS NULL OR a.state <> 'paid' OR a.amount_minor <> p.amount_minor \
     OR a.currency <> p.currency OR p.captured_minor <> p.amount_minor OR p.paid_ms IS NULL)"

    "payments-unpaid"
    "it is not paid and holds money"
    "SELECT id FROM payments WHERE state IN ('created', 'waiting', 'closed', 'expired') \
     AND (captured_minor <> 0 OR refunded_minor <> 0)"

    "payments-held"
    "it waits for an attempt that does not hold it"
    "SELECT p.id FROM payments p LEFT JOIN attempts a ON a.id = p.attempt_id \
     AND a.payment_id = p.id WHERE p.state = 'waiting' \
     AND (a.id IS NULL OR a.state NOT IN ('started', 'waiting'))"

    "payments-receipts"
    "it is paid and has no receipt"
    "SELECT p.id FROM payments p LEFT JOIN receipts c ON c.payment_id = p.id \
     WHERE p.state IN ('paid', 'partly_refunded', 'refunded') AND c.id IS NULL"

    "attempts-paid"
    "it is paid, but its payment is not, or not by it"
    "SELECT a.id FROM attempts a JOIN payments p ON p.id = a.payment_id WHERE a.state = 'paid' \
     AND (p.attempt_id IS NULL OR p.attempt_id <> a.id \
     OR p.state NOT IN ('paid', 'partly_refunded', 'refunded'))"

    "attempts-attested"
    "it is paid without the statement of an institution that may say so"
    "SELECT a.id FROM attempts a LEFT JOIN results r ON r.attempt_id = a.id \
     AND r.outcome = 'settled' AND r.status = 'paid' WHERE a.state = 'paid' AND (r.id IS NULL \
     OR r.order_number <> a.order_number OR r.amount_minor <> a.amount_minor \
     OR r.currency <> a.currency OR r.account <> a.account_reference \
     OR (r.institution_id <> a.payee_institution_id \
     AND r.institution_id <> COALESCE(a.attester_id, '')))"

    "attempts-holding"
    "it holds a payment that does not wait for it"
    "SELECT a.id FROM attempts a JOIN payments p ON p.id = a.payment_id \
     WHERE a.state IN ('started', 'waiting') \
     AND (p.state <> 'waiting' OR p.attempt_id IS NULL OR p.attempt_id <> a.id)"

    "results-settled"
    "it settled an attempt that is not paid"
    "SELECT r.id FROM results r LEFT JOIN attempts a ON a.id = r.attempt_id \
     WHERE r.outcome = 'settled' AND (a.id IS NULL OR a.state <> 'paid')"

    "results-excepted"
    "its money is neither settled nor kept as an exception"
    "SELECT r.id FROM results r LEFT JOIN exceptions x ON x.result_id = r.id \
     WHERE r.status = 'paid' AND r.outcome NOT IN ('settled', 'known') \
     AND r.outcome NOT LIKE 'proof%' AND x.id IS NULL"

    "events-sequence"
    "the sequence of its events has a hole"
    "SELECT m.id FROM merchants m JOIN (SELECT merchant_id, COUNT(*) AS placed, \
     MAX(sequence) AS last FROM events WHERE sequence IS NOT NULL GROUP BY merchant_id) e \
     ON e.merchant_id = m.id WHERE e.placed <> e.last OR m.next_event <> e.last + 1"

    "events-waiting"
    "it has no place and does not wait for one"
    "SELECT e.id FROM events e LEFT JOIN outbox o ON o.event_id = e.id \
     WHERE e.sequence IS NULL AND o.id IS NULL"
}

/// The first rows that break a promise.
pub async fn offenders(tx: &mut Tx, check: &Check, limit: i64) -> Result<Vec<String>, DbError> {
    let sql = check.sql;
    Ok(each_backend!(tx, conn => sqlx::query_scalar(sql)
        .bind(limit)
        .fetch_all(conn)
        .await)?)
}
