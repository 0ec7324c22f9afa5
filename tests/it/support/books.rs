//! What must hold of payments, attempts, books and events at every moment, whoever did what in
//! whatever order.

use super::TestDb;
use super::beside::number;

/// Each counts what must not be: any number but 0 is a broken promise.
const NEVER: &[(&str, &str)] = &[
    (
        "two successful attempts of one payment",
        "SELECT COUNT(*) FROM (SELECT payment_id FROM attempts WHERE state = 'paid' \
         GROUP BY payment_id HAVING COUNT(*) > 1) AS t",
    ),
    (
        "two attempts that hold one payment",
        "SELECT COUNT(*) FROM (SELECT payment_id FROM attempts \
         WHERE state IN ('started', 'waiting') GROUP BY payment_id HAVING COUNT(*) > 1) AS t",
    ),
    (
        "more captured than the price, or more refunded than captured",
        "SELECT COUNT(*) FROM payments WHERE captured_minor > amount_minor \
         OR refunded_minor > captured_minor",
    ),
    (
        "a payment that waits without the attempt that holds it",
        "SELECT COUNT(*) FROM payments p WHERE p.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM \
         attempts a WHERE a.id = p.attempt_id AND a.payment_id = p.id \
         AND a.state IN ('started', 'waiting'))",
    ),
    (
        "a paid payment without its paid attempt, or not captured in full",
        "SELECT COUNT(*) FROM payments p WHERE p.state = 'paid' AND (p.captured_minor <> \
         p.amount_minor OR NOT EXISTS (SELECT 1 FROM attempts a WHERE a.id = p.attempt_id \
         AND a.payment_id = p.id AND a.state = 'paid'))",
    ),
    (
        "an attempt that holds or paid a payment which says otherwise",
        "SELECT COUNT(*) FROM attempts a JOIN payments p ON p.id = a.payment_id \
         WHERE (a.state = 'paid' AND (p.state <> 'paid' OR p.attempt_id <> a.id)) \
         OR (a.state IN ('started', 'waiting') AND (p.state <> 'waiting' OR p.attempt_id <> a.id))",
    ),
    (
        "money captured for a payment that is not paid",
        "SELECT COUNT(*) FROM payments WHERE captured_minor > 0 AND state <> 'paid'",
    ),
    (
        "a paid statement that neither settled anything nor became an exception",
        "SELECT COUNT(*) FROM results r WHERE r.status = 'paid' AND r.outcome <> 'settled' \
         AND r.outcome NOT LIKE 'proof%' AND NOT EXISTS (SELECT 1 FROM exceptions e WHERE e.result_id = r.id)",
    ),
    (
        "a statement that settled an attempt which is not paid, or an exception that settled too",
        "SELECT COUNT(*) FROM results r WHERE r.outcome = 'settled' AND (EXISTS (SELECT 1 FROM \
         exceptions e WHERE e.result_id = r.id) OR NOT EXISTS (SELECT 1 FROM attempts a \
         WHERE a.id = r.attempt_id AND a.state = 'paid'))",
    ),
    (
        "paid payments less statements that settled",
        "SELECT (SELECT COUNT(*) FROM payments WHERE state = 'paid') \
         - (SELECT COUNT(*) FROM results WHERE outcome = 'settled')",
    ),
    (
        "paid payments less payment.paid events",
        "SELECT (SELECT COUNT(*) FROM payments WHERE state = 'paid') \
         - (SELECT COUNT(*) FROM events WHERE kind = 'payment.paid')",
    ),
    (
        "paid payments less receipts",
        "SELECT (SELECT COUNT(*) FROM payments WHERE state = 'paid') \
         - (SELECT COUNT(*) FROM receipts)",
    ),
    (
        "exceptions of known orders less payment.exception events",
        "SELECT (SELECT COUNT(*) FROM exceptions WHERE merchant_id IS NOT NULL) \
         - (SELECT COUNT(*) FROM events WHERE kind = 'payment.exception')",
    ),
    (
        "sales in the books less what was captured",
        "SELECT CAST((SELECT COALESCE(SUM(amount_minor), 0) FROM ledger_entries \
         WHERE credit_account LIKE 'sales:%') \
         - (SELECT COALESCE(SUM(captured_minor), 0) FROM payments) AS BIGINT)",
    ),
    (
        "suspense in the books less exceptions in the merchants' accounts",
        "SELECT CAST((SELECT COALESCE(SUM(amount_minor), 0) FROM ledger_entries \
         WHERE credit_account LIKE 'suspense:%') - (SELECT COALESCE(SUM(amount_minor), 0) \
         FROM exceptions WHERE merchant_id IS NOT NULL AND code <> 'payee-mismatch') AS BIGINT)",
    ),
    (
        "positions less interop payments that were paid",
        "SELECT (SELECT COUNT(*) FROM positions) - (SELECT COUNT(*) FROM attempts \
         WHERE state = 'paid' AND route_kind = 'interop')",
    ),
    (
        "payers' days less what counted attempts hold or paid",
        "SELECT CAST((SELECT COALESCE(SUM(spent_minor), 0) FROM payer_days) \
         - (SELECT COALESCE(SUM(amount_minor), 0) FROM attempts WHERE payer_ref_hash IS NOT NULL \
         AND state IN ('started', 'waiting', 'paid')) AS BIGINT)",
    ),
    (
        "payers' days at static codes less what counted attempts hold or paid there",
        "SELECT CAST((SELECT COALESCE(SUM(static_minor), 0) FROM payer_days) \
         - (SELECT COALESCE(SUM(a.amount_minor), 0) FROM attempts a \
         JOIN payments p ON p.id = a.payment_id JOIN codes c ON c.id = p.code_id \
         WHERE c.kind = 'static' AND a.payer_ref_hash IS NOT NULL \
         AND a.state IN ('started', 'waiting', 'paid')) AS BIGINT)",
    ),
];

/// Stops the test at the first promise that is broken.
pub(crate) async fn must_add_up(database: &TestDb) {
    for (what, sql) in NEVER {
        assert_eq!(number(database, sql).await, 0, "{what}");
    }
}
