//! Payments that become paid, many in one transaction.

use crate::db::hot::paid::{Columns, Paid};
use crate::db::hot::sqlite::written::{Want, Written, still};

// Under the lock of the one writer nothing changes between this and the statements that follow.
const STILL: &str = still!(
    "SELECT paid.key AS place FROM jsonb_each($1) AS paid \
     CROSS JOIN attempts a ON a.id = paid.value->>'attempt' \
     CROSS JOIN payments p ON p.id = a.payment_id \
     WHERE a.version = paid.value->>'attempt_version' AND a.state IN ('started', 'waiting') \
     AND p.version = paid.value->>'payment_version' AND p.state = 'waiting' \
     AND p.attempt_id = a.id \
     AND NOT EXISTS (SELECT 1 FROM results r WHERE r.institution_id = paid.value->>'institution' \
     AND r.payee_reference = paid.value->>'payee_reference' AND r.status = paid.value->>'status') \
     AND NOT EXISTS (SELECT 1 FROM receipts t WHERE t.store_id = paid.value->>'store' \
     AND t.day = paid.value->>'day' AND t.number = paid.value->>'number')"
);
const POSITION: &str = "INSERT INTO positions (result_id, payer_institution_id, payee_institution_id, clearing, day, \
     amount_minor, currency) SELECT value->>'result', value->>'payer', value->>'payee', \
     value->>'clearing', value->>'day', value->>'amount', value->>'currency' \
     FROM jsonb_each($1) WHERE value->>'is_interop'";
const PAY: [&str; 8] = [
    "UPDATE attempts SET state = 'paid', decided_ms = value->>'at', version = version + 1 \
     FROM jsonb_each($1) WHERE attempts.id = value->>'attempt'",
    "UPDATE payments SET state = 'paid', captured_minor = amount_minor, \
     paid_ms = value->>'paid_at', version = version + 1 \
     FROM jsonb_each($1) WHERE payments.id = value->>'payment'",
    "INSERT INTO results (id, institution_id, payee_reference, order_number, attempt_id, \
     merchant_id, status, amount_minor, currency, account, outcome, jws, paid_ms, received_ms) \
     SELECT value->>'result', value->>'institution', value->>'payee_reference', \
     value->>'order_number', value->>'attempt', value->>'merchant', value->>'status', \
     value->>'amount', value->>'currency', value->>'account', 'settled', value->>'jws', \
     value->>'paid_at', value->>'at' FROM jsonb_each($1)",
    "INSERT INTO ledger_entries (id, merchant_id, payment_id, result_id, debit_account, \
     credit_account, amount_minor, currency, created_ms) \
     SELECT entry.value->>'id', paid.value->>'merchant', paid.value->>'payment', \
     paid.value->>'result', entry.value->>'debit', entry.value->>'credit', \
     entry.value->>'amount', paid.value->>'currency', paid.value->>'at' \
     FROM jsonb_each($1) AS paid, jsonb_each(paid.value, '$.entries') AS entry",
    POSITION,
    "INSERT INTO receipts (id, payment_id, merchant_id, store_id, day, number, jws, issued_ms, \
     expires_ms) SELECT value->>'receipt', value->>'payment', value->>'merchant', \
     value->>'store', value->>'day', value->>'number', value->>'receipt_jws', value->>'at', \
     value->>'expires_at' FROM jsonb_each($1)",
    "INSERT INTO events (id, merchant_id, store_id, counter_id, sequence, kind, data, created_ms) \
     SELECT value->>'event', value->>'merchant', value->>'event_store', value->>'event_counter', \
     NULL, value->>'kind', value->>'data', value->>'at' FROM jsonb_each($1)",
    "INSERT INTO outbox (event_id, merchant_id) SELECT value->>'event', value->>'merchant' \
     FROM jsonb_each($1)",
];

impl Written for Paid {
    type Columns<'a> = Columns<'a>;

    const STILL: &'static str = STILL;

    fn columns(&self) -> Columns<'_> {
        self.columns()
    }

    fn statements(rows: &[&Columns<'_>]) -> Vec<&'static str> {
        let is_interop = rows.iter().any(|row| row.is_interop);
        let needed = |statement: &&str| is_interop || *statement != POSITION;
        PAY.into_iter().filter(needed).collect()
    }

    /// The attempt, the payee reference and the receipt's number.
    fn wants<'a>(row: &'a Columns<'_>) -> [Want<'a>; 3] {
        [
            (row.attempt, "", ""),
            (row.institution, row.payee_reference, row.status),
            (row.store, row.day, row.number),
        ]
    }
}
