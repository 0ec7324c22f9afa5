//! Payments, as kept.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Inner, Tx, each_backend, exactly_one};
use crate::id::{CodeId, MerchantId, PaymentId};
use crate::payment::{Payment, State};

macro_rules! columns {
    () => {
        "id, merchant_id, store_id, counter_id, code_id, reference, description, amount_minor, \
         currency, state, attempt_id, captured_minor, refunded_minor, version, expires_ms, \
         created_ms, paid_ms"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO payments (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
);
const FIND: &str = concat!("SELECT ", columns!(), " FROM payments WHERE id = $1");
// SQLite has one writer and needs no such word.
const HELD: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM payments WHERE id = $1 FOR UPDATE"
);
const FIND_OF: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM payments WHERE id = $1 AND merchant_id = $2"
);
// One page, newest first; ids lie in the order of time.
const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM payments WHERE merchant_id = $1 AND id < $2 AND ($3 = '' OR state = $3) \
     ORDER BY id DESC LIMIT $4"
);
const UPDATE: &str = "UPDATE payments SET state = $3, attempt_id = $4, captured_minor = $5, \
     refunded_minor = $6, paid_ms = $7, version = $8 WHERE id = $1 AND version = $2";
const DUE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM payments WHERE state = 'created' AND expires_ms <= $1 ORDER BY expires_ms LIMIT $2"
);
const OPEN_OF_CODE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM payments WHERE code_id = $1 AND state IN ('created', 'waiting') ORDER BY id LIMIT $2"
);
// Ids lie in the order of time, so the first that was paid is the last that was begun and paid.
const LAST_PAID: &str = "SELECT paid_ms FROM payments WHERE code_id = $1 AND paid_ms IS NOT NULL \
     ORDER BY id DESC LIMIT 1";

/// Behind every id, so that the first page begins at the newest.
const AFTER_ALL: &str = "pay_~";

#[derive(sqlx::FromRow)]
pub(super) struct PaymentRow {
    pub(super) id: PaymentId,
    pub(super) merchant_id: MerchantId,
    pub(super) store_id: crate::id::StoreId,
    pub(super) counter_id: Option<crate::id::CounterId>,
    pub(super) code_id: Option<CodeId>,
    pub(super) reference: Option<String>,
    pub(super) description: Option<String>,
    pub(super) amount_minor: i64,
    pub(super) currency: String,
    pub(super) state: String,
    pub(super) attempt_id: Option<crate::id::AttemptId>,
    pub(super) captured_minor: i64,
    pub(super) refunded_minor: i64,
    pub(super) version: i64,
    pub(super) expires_ms: Option<Timestamp>,
    pub(super) created_ms: Timestamp,
    pub(super) paid_ms: Option<Timestamp>,
}

/// Writes a new payment.
pub async fn insert(tx: &mut Tx, payment: &Payment) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&payment.id)
        .bind(&payment.merchant)
        .bind(&payment.store)
        .bind(&payment.counter)
        .bind(&payment.code)
        .bind(&payment.reference)
        .bind(&payment.description)
        .bind(payment.amount.minor())
        .bind(payment.amount.currency().code())
        .bind(payment.state.name())
        .bind(payment.state.attempt())
        .bind(payment.captured.minor())
        .bind(payment.refunded.minor())
        .bind(payment.version)
        .bind(payment.expires_at)
        .bind(payment.created_at)
        .bind(payment.state.paid_at())
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The payment with this id, whoever's it is.
pub async fn find(tx: &mut Tx, id: &PaymentId) -> Result<Option<Payment>, DbError> {
    by_id(tx, FIND, id).await
}

/// As [`find`]: until the transaction ends, nobody else changes the payment, or begins one of its
/// attempts.
pub async fn hold(tx: &mut Tx, id: &PaymentId) -> Result<Option<Payment>, DbError> {
    let sql = match &tx.inner {
        Inner::Sqlite(_) => FIND,
        Inner::Postgres(_) => HELD,
    };
    by_id(tx, sql, id).await
}

async fn by_id(tx: &mut Tx, sql: &'static str, id: &PaymentId) -> Result<Option<Payment>, DbError> {
    let row: Option<PaymentRow> =
        each_backend!(tx, conn => sqlx::query_as(sql).bind(id).fetch_optional(conn).await)?;
    row.map(Payment::try_from).transpose()
}

/// The merchant's payment with this id.
pub async fn find_of(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &PaymentId,
) -> Result<Option<Payment>, DbError> {
    let row: Option<PaymentRow> = each_backend!(tx, conn => sqlx::query_as(FIND_OF)
        .bind(id)
        .bind(merchant)
        .fetch_optional(conn)
        .await)?;
    row.map(Payment::try_from).transpose()
}

/// At most `limit` of the merchant's payments older than `before`, newest first, of one state or
/// of all.
pub async fn list(
    tx: &mut Tx,
    merchant: &MerchantId,
    before: Option<&PaymentId>,
    state: Option<&str>,
    limit: i64,
) -> Result<Vec<Payment>, DbError> {
    let rows: Vec<PaymentRow> = each_backend!(tx, conn => sqlx::query_as(LIST)
        .bind(merchant)
        .bind(before.map_or(AFTER_ALL, PaymentId::as_str))
        .bind(state.unwrap_or(""))
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Payment::try_from).collect()
}

/// Stores what became of a payment that was read at the version before.
pub async fn update(tx: &mut Tx, payment: &Payment) -> Result<(), DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(UPDATE)
        .bind(&payment.id)
        .bind(payment.version.saturating_sub(1))
        .bind(payment.state.name())
        .bind(payment.state.attempt())
        .bind(payment.captured.minor())
        .bind(payment.refunded.minor())
        .bind(payment.state.paid_at())
        .bind(payment.version)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    exactly_one(rows, "payments", &payment.id)
}

/// Payments whose time is over and that nobody is paying.
pub async fn due(tx: &mut Tx, limit: i64) -> Result<Vec<Payment>, DbError> {
    let now = tx.now();
    let rows: Vec<PaymentRow> = each_backend!(tx, conn => sqlx::query_as(DUE)
        .bind(now)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Payment::try_from).collect()
}

/// Payments of a code that could still be paid.
pub async fn open_of_code(tx: &mut Tx, code: &CodeId, limit: i64) -> Result<Vec<Payment>, DbError> {
    let rows: Vec<PaymentRow> = each_backend!(tx, conn => sqlx::query_as(OPEN_OF_CODE)
        .bind(code)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Payment::try_from).collect()
}

/// When somebody paid by this code last.
pub async fn last_paid(tx: &mut Tx, code: &CodeId) -> Result<Option<Timestamp>, DbError> {
    let paid: Option<(Timestamp,)> = each_backend!(tx, conn => sqlx::query_as(LAST_PAID)
        .bind(code)
        .fetch_optional(conn)
        .await)?;
    Ok(paid.map(|(at,)| at))
}

impl TryFrom<PaymentRow> for Payment {
    type Error = DbError;

    fn try_from(row: PaymentRow) -> Result<Self, DbError> {
        let at = Row {
            table: "payments",
            id: row.id.as_str(),
        };
        let held = || {
            row.attempt_id
                .clone()
                .ok_or_else(|| at.broken("attempt_id", "nothing"))
        };
        let paid = || row.paid_ms.ok_or_else(|| at.broken("paid_ms", "nothing"));
        let state = match row.state.as_str() {
            "created" => State::Created,
            "waiting" => State::Waiting { attempt: held()? },
            "paid" => State::Paid {
                attempt: held()?,
                at: paid()?,
            },
            "partly_refunded" => State::PartlyRefunded {
                attempt: held()?,
                at: paid()?,
            },
            "refunded" => State::Refunded {
                attempt: held()?,
                at: paid()?,
            },
            "closed" => State::Closed,
            "expired" => State::Expired,
            other => return Err(at.broken("state", other)),
        };
        Ok(Self {
            amount: at.amount("amount_minor", row.amount_minor, &row.currency)?,
            captured: at.amount("captured_minor", row.captured_minor, &row.currency)?,
            refunded: at.amount("refunded_minor", row.refunded_minor, &row.currency)?,
            state,
            id: row.id,
            merchant: row.merchant_id,
            store: row.store_id,
            counter: row.counter_id,
            code: row.code_id,
            reference: row.reference,
            description: row.description,
            version: row.version,
            expires_at: row.expires_ms,
            created_at: row.created_ms,
        })
    }
}
