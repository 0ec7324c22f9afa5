//! A beginning, in one statement.

use sqlx::PgPool;

use crate::clock::Clock;
use crate::db::DbError;
use crate::db::hot::begun::Begun;
use crate::db::hot::postgres::unless_taken;
use crate::db::open::alone;
use crate::payment::event::EventKind;

// `held` keeps the code from being stopped until the end, as a start does that goes the long way,
// keeps an order's payment for this one, and looks at both again where somebody was faster. Then the
// payer's day is counted, if it still is what it was; everything else follows from the payment, and
// the payment from these. A number that is taken, or a payment that is held, fails the statement as a
// whole.
macro_rules! begin {
    ($joined:literal, $locked:literal, $payment:literal) => {
        concat!(
            "WITH held AS (SELECT c.id AS code FROM codes c ",
            $joined,
            " WHERE ",
            alone!(),
            " AND c.id = $1 AND c.version = $2 \
             AND c.state = 'active' AND EXISTS (SELECT 1 FROM rules WHERE version = $3) \
             AND ($42::bigint IS NULL OR $42 > COALESCE($43::bigint, \
             CAST(EXTRACT(EPOCH FROM transaction_timestamp()) * 1000 AS BIGINT))) \
             AND ($4::bigint IS NULL OR ($4, $40::bigint) = (SELECT \
             COALESCE(SUM(d.spent_minor), 0)::bigint, COALESCE(SUM(d.static_minor), 0)::bigint \
             FROM payer_days d WHERE d.payer_institution_id = $5 AND d.merchant_id = $6 \
             AND d.payer_ref_hash = $7 AND d.day = $8 AND d.currency = $9)) \
             FOR SHARE OF c",
            $locked,
            "), counted AS (INSERT INTO payer_days (payer_institution_id, merchant_id, \
             payer_ref_hash, day, currency, spent_minor, static_minor) \
             SELECT $5, $6, $7, $8, $9, $10, $41 FROM held WHERE $15 \
             ON CONFLICT (payer_institution_id, merchant_id, payer_ref_hash, day, currency) \
             DO UPDATE SET spent_minor = payer_days.spent_minor + excluded.spent_minor, \
             static_minor = payer_days.static_minor + excluded.static_minor \
             WHERE payer_days.spent_minor = $4 AND payer_days.static_minor = $40 RETURNING 1), \
             allowed AS (SELECT code FROM held WHERE NOT $15 OR EXISTS (SELECT 1 FROM counted)), \
             payment AS (",
            $payment,
            "), attempt AS (INSERT INTO attempts (id, payment_id, merchant_id, order_number, \
             payer_institution_id, payee_institution_id, payment_account_id, account_reference, \
             route_kind, route_reason, agreement_id, clearing, attester_id, way, payer_reference, \
             request_digest, payer_ref_hash, amount_minor, currency, state, handover, version, \
             pay_before_ms, close_ms, next_query_ms, queries, started_ms) SELECT $14, payment.id, \
             $6, $16, $5, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $10, $9, \
             $29, $30, $31, $32, $33, $34, 0, $13 FROM payment), \
             event AS (INSERT INTO events (id, merchant_id, store_id, counter_id, sequence, kind, \
             data, created_ms) SELECT $35, $6, $36, $37, NULL, $38, $39, $13 FROM payment), \
             told AS (INSERT INTO outbox (event_id, merchant_id) SELECT $35, $6 FROM payment) \
             SELECT EXISTS (SELECT 1 FROM payment)"
        )
    };
}
const NEW: &str = begin!(
    "",
    "",
    "INSERT INTO payments (id, merchant_id, store_id, counter_id, code_id, amount_minor, currency, \
     state, attempt_id, captured_minor, refunded_minor, version, created_ms) \
     SELECT $11, $6, $36, $37, allowed.code, $10, $9, 'waiting', $14, 0, 0, $12, $13 FROM allowed \
     RETURNING id"
);
const HELD: &str = begin!(
    "JOIN payments p ON p.id = $11 AND p.state = 'created' AND p.version = $12 - 1",
    " FOR UPDATE OF p",
    "UPDATE payments SET state = 'waiting', attempt_id = $14, version = $12 FROM allowed \
     WHERE payments.id = $11 RETURNING payments.id"
);

pub(in crate::db::hot) async fn begin(
    pool: &PgPool,
    clock: &Clock,
    begun: &Begun,
) -> Result<bool, DbError> {
    let (attempt, payment, ground) = (&begun.attempt, &begun.payment, &begun.ground);
    let day = begun.day.as_ref();
    // Instances agree on the database's time.
    let now = match clock {
        Clock::System => None,
        Clock::Manual(_) => Some(clock.now()),
    };
    let hash = |hash: &[u8; 32]| hash.to_vec();
    let done: Result<bool, sqlx::Error> = sqlx::query_scalar(if begun.is_new { NEW } else { HELD })
        .bind(&ground.code)
        .bind(ground.code_version)
        .bind(ground.rules)
        .bind(day.map(|day| day.spent.all))
        .bind(&attempt.payer)
        .bind(&payment.merchant)
        .bind(day.map(|day| hash(&day.payer_ref_hash)))
        .bind(day.map(|day| day.day.as_str()))
        .bind(payment.amount.currency().code())
        .bind(payment.amount.minor())
        .bind(&payment.id)
        .bind(payment.version)
        .bind(begun.at)
        .bind(&attempt.id)
        .bind(day.is_some())
        .bind(&attempt.order_number)
        .bind(&attempt.payee)
        .bind(&attempt.account)
        .bind(&attempt.account_reference)
        .bind(attempt.route_kind.as_str())
        .bind(&attempt.route_reason)
        .bind(&attempt.agreement)
        .bind(&attempt.clearing)
        .bind(&attempt.attester)
        .bind(attempt.way.as_str())
        .bind(&attempt.payer_reference)
        .bind(attempt.request_digest.as_slice())
        .bind(attempt.payer_ref_hash.as_ref().map(hash))
        .bind(attempt.state.as_str())
        .bind(&attempt.handover)
        .bind(attempt.version)
        .bind(attempt.pay_before)
        .bind(attempt.close_at)
        .bind(attempt.next_query_at)
        .bind(&begun.event)
        .bind(&payment.store)
        .bind(&payment.counter)
        .bind(EventKind::Waiting.as_str())
        .bind(begun.told.to_json())
        .bind(day.map(|day| day.spent.by_static_codes))
        .bind(begun.static_amount())
        .bind(ground.code_ends)
        .bind(now)
        .fetch_one(pool)
        .await;
    unless_taken(done)
}
