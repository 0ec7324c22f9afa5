//! Beginnings, many in one transaction.

use crate::clock::Timestamp;
use crate::db::hot::begun::{Begun, Columns};
use crate::db::hot::sqlite::written::{Want, Written, still};

// Under the lock of the one writer nothing changes between this and the statements that follow.
const STILL: &str = still!(
    "SELECT begun.key AS place FROM jsonb_each($1) AS begun \
     CROSS JOIN codes c ON c.id = begun.value->>'code' \
     WHERE c.version = begun.value->>'code_version' AND c.state = 'active' \
     AND EXISTS (SELECT 1 FROM rules WHERE version = begun.value->>'rules') \
     AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.payer_institution_id = begun.value->>'payer' \
     AND a.payer_reference = begun.value->>'payer_reference') \
     AND (begun.value->>'is_new' OR EXISTS (SELECT 1 FROM payments p \
     WHERE p.id = begun.value->>'payment' AND p.state = 'created' \
     AND p.version = begun.value->>'payment_version' - 1)) \
     AND NOT EXISTS (SELECT 1 FROM attempts h WHERE h.payment_id = begun.value->>'payment' \
     AND h.state IN ('started', 'waiting')) \
     AND (begun.value->>'day' IS NULL OR (begun.value->>'spent', begun.value->>'spent_static') = (\
     SELECT COALESCE(SUM(d.spent_minor), 0), COALESCE(SUM(d.static_minor), 0) FROM payer_days d \
     WHERE d.payer_institution_id = begun.value->>'payer' \
     AND d.merchant_id = begun.value->>'merchant' \
     AND d.payer_ref_hash = unhex(begun.value->>'day_of') AND d.day = begun.value->>'day' \
     AND d.currency = begun.value->>'currency'))"
);
const NEW: &str = "INSERT INTO payments (id, merchant_id, store_id, counter_id, code_id, \
     amount_minor, currency, state, attempt_id, captured_minor, refunded_minor, version, \
     created_ms) SELECT value->>'payment', value->>'merchant', value->>'store', value->>'counter', \
     value->>'code', value->>'amount', value->>'currency', 'waiting', value->>'attempt', 0, 0, \
     value->>'payment_version', value->>'at' FROM jsonb_each($1) WHERE value->>'is_new'";
const HELD: &str = "UPDATE payments SET state = 'waiting', attempt_id = value->>'attempt', \
     version = value->>'payment_version' FROM jsonb_each($1) \
     WHERE payments.id = value->>'payment' AND NOT value->>'is_new'";
const ATTEMPT: &str = "INSERT INTO attempts (id, payment_id, merchant_id, order_number, \
     payer_institution_id, payee_institution_id, payment_account_id, account_reference, \
     route_kind, route_reason, agreement_id, clearing, attester_id, way, payer_reference, \
     request_digest, payer_ref_hash, amount_minor, currency, state, handover, version, \
     pay_before_ms, close_ms, next_query_ms, queries, started_ms) SELECT value->>'attempt', \
     value->>'payment', value->>'merchant', value->>'order_number', value->>'payer', \
     value->>'payee', value->>'account', value->>'account_reference', value->>'route_kind', \
     value->>'route_reason', value->>'agreement', value->>'clearing', value->>'attester', \
     value->>'way', value->>'payer_reference', unhex(value->>'request_digest'), \
     unhex(value->>'payer_ref_hash'), value->>'amount', value->>'currency', value->>'state', \
     value->>'handover', value->>'attempt_version', value->>'pay_before', value->>'close', \
     value->>'next_query', 0, value->>'at' FROM jsonb_each($1)";
const COUNTED: &str = "INSERT INTO payer_days (payer_institution_id, merchant_id, payer_ref_hash, \
     day, currency, spent_minor, static_minor) SELECT value->>'payer', value->>'merchant', \
     unhex(value->>'day_of'), value->>'day', value->>'currency', value->>'amount', \
     value->>'static_amount' FROM jsonb_each($1) WHERE value->>'day' IS NOT NULL \
     ON CONFLICT (payer_institution_id, merchant_id, payer_ref_hash, day, currency) \
     DO UPDATE SET spent_minor = payer_days.spent_minor + excluded.spent_minor, \
     static_minor = payer_days.static_minor + excluded.static_minor";
const EVENT: &str = "INSERT INTO events (id, merchant_id, store_id, counter_id, sequence, kind, \
     data, created_ms) SELECT value->>'event', value->>'merchant', value->>'store', \
     value->>'counter', NULL, value->>'kind', value->>'data', value->>'at' \
     FROM jsonb_each($1)";
const TOLD: &str = "INSERT INTO outbox (event_id, merchant_id) SELECT value->>'event', \
     value->>'merchant' FROM jsonb_each($1)";

impl Written for Begun {
    type Columns<'a> = Columns<'a>;

    const STILL: &'static str = STILL;

    fn columns(&self) -> Columns<'_> {
        self.columns()
    }

    fn is_late(&self, now: Timestamp) -> bool {
        self.ground.code_ends.is_some_and(|end| end <= now)
    }

    fn statements(rows: &[&Columns<'_>]) -> Vec<&'static str> {
        let when = |needed, statement| if needed { Some(statement) } else { None };
        let all = [
            when(rows.iter().any(|row| row.is_new), NEW),
            when(rows.iter().any(|row| !row.is_new), HELD),
            Some(ATTEMPT),
            when(rows.iter().any(|row| row.day.is_some()), COUNTED),
            Some(EVENT),
            Some(TOLD),
        ];
        all.into_iter().flatten().collect()
    }

    /// The number, the payment, and the payer's day, which each was decided on by itself.
    fn wants<'a>(row: &'a Columns<'_>) -> [Want<'a>; 3] {
        let day = row.day_of.as_deref().zip(row.day);
        [
            ("number", row.payer, row.payer_reference),
            ("payment", row.payment, ""),
            day.map_or(("", row.attempt, ""), |(who, day)| (row.merchant, who, day)),
        ]
    }
}
