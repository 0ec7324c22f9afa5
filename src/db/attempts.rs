//! Attempts, as kept. The hold on a payment and its one success are unique indexes.

use crate::clock::Timestamp;
use crate::crypto::digest::hex;
use crate::db::row::Row;
use crate::db::{DbError, Inner, Tx, each_backend, exactly_one};
use crate::id::{AttemptId, PaymentId};
use crate::merchant::{AccountReference, InstitutionId};
use crate::payment::{Attempt, OrderNumber};

macro_rules! columns {
    () => {
        "id, payment_id, merchant_id, order_number, payer_institution_id, payee_institution_id, \
         payment_account_id, account_reference, route_kind, route_reason, agreement_id, clearing, \
         attester_id, way, payer_reference, request_digest, payer_ref_hash, source_hash, \
         amount_minor, currency, state, handover, version, pay_before_ms, close_ms, reported_ms, \
         next_query_ms, queries, started_ms, decided_ms"
    };
}

// Two unique indexes may refuse: the payer institution's own number, and the hold on the payment.
// Neither may abort the transaction, for the caller has to find out which it was.
const INSERT: &str = concat!(
    "INSERT INTO attempts (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
     $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30) ON CONFLICT DO NOTHING"
);
const FIND: &str = concat!("SELECT ", columns!(), " FROM attempts WHERE id = $1");
const BY_ORDER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM attempts WHERE order_number = $1"
);
const BY_REFERENCE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM attempts WHERE payer_institution_id = $1 AND payer_reference = $2"
);
const UPDATE: &str = "UPDATE attempts SET state = $3, handover = $4, decided_ms = $5, version = $6 \
     WHERE id = $1 AND version = $2";
const REPORT: &str = "UPDATE attempts SET reported_ms = $2, next_query_ms = $2 WHERE id = $1 AND reported_ms IS NULL";
const ASK_NOW: &str = "UPDATE attempts SET next_query_ms = $2 WHERE id = $1 AND next_query_ms > $2";
// Claimed and pushed back in one statement, so that two instances do not ask for the same order.
const CLAIM_DUE: &str = concat!(
    "UPDATE attempts SET next_query_ms = $2, queries = queries + 1 WHERE id IN (SELECT id FROM \
     attempts WHERE state IN ('started', 'waiting') AND next_query_ms <= $1 \
     ORDER BY next_query_ms LIMIT $3) AND next_query_ms <= $1 RETURNING ",
    columns!()
);
// Not where somebody asked for haste meanwhile.
const POSTPONE: &str =
    "UPDATE attempts SET next_query_ms = $2 WHERE id = $1 AND next_query_ms = $3";
const HASTEN: &str = "UPDATE attempts SET next_query_ms = $2, close_ms = $2 \
     WHERE payment_id = $1 AND state IN ('started', 'waiting')";
const HOLDING: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM attempts WHERE payment_id = $1 AND state IN ('started', 'waiting')"
);
const LAST_PAYER: &str = "SELECT payer_institution_id FROM attempts WHERE payment_id = $1 \
     ORDER BY started_ms DESC, id DESC LIMIT 1";
const COUNT_SOURCE: &str =
    "SELECT COUNT(*) FROM attempts WHERE payment_id = $1 AND source_hash = $2";
// One source's starts at one code are counted one after the other: they hold the code together.
const HOLD_SOURCE: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
const COUNT_OPEN_AT_CODE: &str = "SELECT COUNT(*) FROM attempts a JOIN payments p \
     ON p.id = a.payment_id WHERE p.code_id = $1 AND a.source_hash = $2 \
     AND a.state IN ('started', 'waiting')";

#[derive(Debug, sqlx::FromRow)]
pub(super) struct AttemptRow {
    id: AttemptId,
    payment_id: PaymentId,
    merchant_id: crate::id::MerchantId,
    order_number: OrderNumber,
    payer_institution_id: InstitutionId,
    payee_institution_id: InstitutionId,
    payment_account_id: crate::id::PaymentAccountId,
    account_reference: AccountReference,
    route_kind: String,
    route_reason: String,
    agreement_id: Option<crate::id::AgreementId>,
    clearing: Option<String>,
    attester_id: Option<InstitutionId>,
    way: String,
    payer_reference: String,
    request_digest: Vec<u8>,
    payer_ref_hash: Option<Vec<u8>>,
    source_hash: Option<Vec<u8>>,
    amount_minor: i64,
    currency: String,
    state: String,
    handover: Option<String>,
    version: i64,
    pay_before_ms: Timestamp,
    close_ms: Timestamp,
    reported_ms: Option<Timestamp>,
    next_query_ms: Timestamp,
    queries: i64,
    started_ms: Timestamp,
    decided_ms: Option<Timestamp>,
}

/// Writes a new attempt; false where the payer institution's number is taken or another attempt
/// holds the payment.
pub async fn insert(tx: &mut Tx, attempt: &Attempt) -> Result<bool, DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&attempt.id)
        .bind(&attempt.payment)
        .bind(&attempt.merchant)
        .bind(&attempt.order_number)
        .bind(&attempt.payer)
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
        .bind(attempt.payer_ref_hash.as_ref().map(<[u8; 32]>::as_slice))
        .bind(attempt.source_hash.as_ref().map(<[u8; 32]>::as_slice))
        .bind(attempt.amount.minor())
        .bind(attempt.amount.currency().code())
        .bind(attempt.state.as_str())
        .bind(&attempt.handover)
        .bind(attempt.version)
        .bind(attempt.pay_before)
        .bind(attempt.close_at)
        .bind(attempt.reported_at)
        .bind(attempt.next_query_at)
        .bind(attempt.queries)
        .bind(attempt.started_at)
        .bind(attempt.decided_at)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// The attempt with this id.
pub async fn find(tx: &mut Tx, id: &AttemptId) -> Result<Option<Attempt>, DbError> {
    let row: Option<AttemptRow> =
        each_backend!(tx, conn => sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    row.map(Attempt::try_from).transpose()
}

/// The attempt under this order number.
pub async fn by_order(tx: &mut Tx, number: &OrderNumber) -> Result<Option<Attempt>, DbError> {
    let row: Option<AttemptRow> = each_backend!(tx, conn => sqlx::query_as(BY_ORDER)
        .bind(number)
        .fetch_optional(conn)
        .await)?;
    row.map(Attempt::try_from).transpose()
}

/// The attempt that the payer institution knows by its own number.
pub async fn by_reference(
    tx: &mut Tx,
    payer: &InstitutionId,
    reference: &str,
) -> Result<Option<Attempt>, DbError> {
    let row: Option<AttemptRow> = each_backend!(tx, conn => sqlx::query_as(BY_REFERENCE)
        .bind(payer)
        .bind(reference)
        .fetch_optional(conn)
        .await)?;
    row.map(Attempt::try_from).transpose()
}

/// The attempt that holds a payment.
pub async fn holding(tx: &mut Tx, payment: &PaymentId) -> Result<Option<Attempt>, DbError> {
    let row: Option<AttemptRow> = each_backend!(tx, conn => sqlx::query_as(HOLDING)
        .bind(payment)
        .fetch_optional(conn)
        .await)?;
    row.map(Attempt::try_from).transpose()
}

/// Whose app tried last to pay a payment; nothing where none did.
pub async fn last_payer(
    tx: &mut Tx,
    payment: &PaymentId,
) -> Result<Option<InstitutionId>, DbError> {
    let last = each_backend!(tx, conn => sqlx::query_scalar(LAST_PAYER)
        .bind(payment)
        .fetch_optional(conn)
        .await)?;
    Ok(last)
}

/// Stores what became of an attempt that was read at the version before.
pub async fn update(tx: &mut Tx, attempt: &Attempt) -> Result<(), DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(UPDATE)
        .bind(&attempt.id)
        .bind(attempt.version.saturating_sub(1))
        .bind(attempt.state.as_str())
        .bind(&attempt.handover)
        .bind(attempt.decided_at)
        .bind(attempt.version)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    exactly_one(rows, "attempts", &attempt.id)
}

/// Notes the payer institution's claim and has the payee institution asked at once; false where it
/// was claimed before.
pub async fn report(tx: &mut Tx, id: &AttemptId) -> Result<bool, DbError> {
    let now = tx.now();
    let rows = each_backend!(tx, conn => sqlx::query(REPORT)
        .bind(id)
        .bind(now)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Has the payee institution asked at the next round.
pub async fn ask_now(tx: &mut Tx, id: &AttemptId) -> Result<(), DbError> {
    let now = tx.now();
    each_backend!(tx, conn => sqlx::query(ASK_NOW)
        .bind(id)
        .bind(now)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Undecided attempts whose institution is to be asked now; each is this caller's until `until`.
pub async fn claim_due(tx: &mut Tx, until: Timestamp, limit: i64) -> Result<Vec<Attempt>, DbError> {
    let now = tx.now();
    let rows: Vec<AttemptRow> = each_backend!(tx, conn => sqlx::query_as(CLAIM_DUE)
        .bind(now)
        .bind(until)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Attempt::try_from).collect()
}

/// Asks about a claimed attempt again at `at`.
pub async fn postpone(tx: &mut Tx, claimed: &Attempt, at: Timestamp) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(POSTPONE)
        .bind(&claimed.id)
        .bind(at)
        .bind(claimed.next_query_at)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Ends the payer's time now: the order is closed at the institution at the next round.
pub async fn hasten(tx: &mut Tx, payment: &PaymentId) -> Result<(), DbError> {
    let now = tx.now();
    each_backend!(tx, conn => sqlx::query(HASTEN)
        .bind(payment)
        .bind(now)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// How often one source has started one payment.
pub async fn count_source(
    tx: &mut Tx,
    payment: &PaymentId,
    source: &[u8; 32],
) -> Result<i64, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_scalar(COUNT_SOURCE)
        .bind(payment)
        .bind(source.as_slice())
        .fetch_one(conn)
        .await)?)
}

/// Has one source's starts at one code come one after the other, until the transaction ends. On SQLite,
/// where one writes at a time, they do.
pub async fn hold_source(
    tx: &mut Tx,
    code: &crate::id::CodeId,
    source: &[u8; 32],
) -> Result<(), DbError> {
    match &mut tx.inner {
        Inner::Sqlite(_) => {}
        Inner::Postgres(tx) => {
            let name = format!("starts {code} {}", hex(source));
            sqlx::query(HOLD_SOURCE)
                .bind(name)
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(())
}

/// How many payments of one code one source has open.
pub async fn count_open_at_code(
    tx: &mut Tx,
    code: &crate::id::CodeId,
    source: &[u8; 32],
) -> Result<i64, DbError> {
    Ok(
        each_backend!(tx, conn => sqlx::query_scalar(COUNT_OPEN_AT_CODE)
        .bind(code)
        .bind(source.as_slice())
        .fetch_one(conn)
        .await)?,
    )
}

impl TryFrom<AttemptRow> for Attempt {
    type Error = DbError;

    fn try_from(row: AttemptRow) -> Result<Self, DbError> {
        let at = Row {
            table: "attempts",
            id: row.id.as_str(),
        };
        let hash = |column, bytes: &Option<Vec<u8>>| {
            bytes
                .as_deref()
                .map(|bytes| at.bytes(column, bytes))
                .transpose()
        };
        Ok(Self {
            route_kind: at.text("route_kind", &row.route_kind)?,
            way: at.text("way", &row.way)?,
            state: at.text("state", &row.state)?,
            amount: at.amount("amount_minor", row.amount_minor, &row.currency)?,
            request_digest: at.bytes("request_digest", &row.request_digest)?,
            payer_ref_hash: hash("payer_ref_hash", &row.payer_ref_hash)?,
            source_hash: hash("source_hash", &row.source_hash)?,
            id: row.id,
            payment: row.payment_id,
            merchant: row.merchant_id,
            order_number: row.order_number,
            payer: row.payer_institution_id,
            payee: row.payee_institution_id,
            account: row.payment_account_id,
            account_reference: row.account_reference,
            route_reason: row.route_reason,
            agreement: row.agreement_id,
            clearing: row.clearing,
            attester: row.attester_id,
            payer_reference: row.payer_reference,
            handover: row.handover,
            version: row.version,
            pay_before: row.pay_before_ms,
            close_at: row.close_ms,
            reported_at: row.reported_ms,
            next_query_at: row.next_query_ms,
            queries: row.queries,
            started_at: row.started_ms,
            decided_at: row.decided_ms,
        })
    }
}
