//! Codes on walls, looked at now and then: whether payers still use them.

use crate::clock::Timestamp;
use crate::db::row::Row;
use crate::db::{DbError, Tx, each_backend};
use crate::id::{CodeId, CounterId, MerchantId, PaymentId, StoreId};
use crate::merchant::{CodeState, PaidInWindow, SILENCE_DAYS};

const INSERT: &str = "INSERT INTO code_watch (code_id, next_look_ms) VALUES ($1, $2)";
const IS_DUE: &str = "SELECT EXISTS (SELECT 1 FROM code_watch WHERE next_look_ms <= $1)";
const DUE: &str = "SELECT w.code_id, w.next_look_ms, w.silent_ms, w.told, c.merchant_id, c.store_id, \
     c.counter_id, c.currency, c.state, c.expires_ms, m.time_zone \
     FROM code_watch w JOIN codes c ON c.id = w.code_id JOIN merchants m ON m.id = c.merchant_id \
     WHERE w.next_look_ms <= $1 ORDER BY w.next_look_ms LIMIT $2";
// Whoever looks at a code moves its next look; of two instances one does.
const LOOKED: &str = "UPDATE code_watch SET next_look_ms = $3, silent_ms = $4, told = $5 \
     WHERE code_id = $1 AND next_look_ms = $2";
const FORGET: &str = "DELETE FROM code_watch WHERE code_id = $1 AND next_look_ms = $2";

// The payments of one window, by the index of a code's payments, whose ids lie in the order of time. No
// more than a thousand rows of each are looked at, however often a code is paid or begun to be.
macro_rules! window {
    ($from:literal, $to:literal) => {
        concat!(
            "(SELECT COUNT(*) FROM (SELECT paid_ms FROM payments WHERE code_id = $1 AND id >= $",
            $from,
            " AND id < $",
            $to,
            " ORDER BY id DESC LIMIT 1000) AS few WHERE paid_ms IS NOT NULL)"
        )
    };
}
const PAID: &str = concat!(
    "SELECT ",
    window!("2", "3"),
    " AS today, ",
    window!("4", "5"),
    " AS day_1, ",
    window!("6", "7"),
    " AS day_2, ",
    window!("8", "9"),
    " AS day_3, ",
    window!("10", "11"),
    " AS day_4, ",
    window!("12", "13"),
    " AS day_5, ",
    window!("14", "15"),
    " AS day_6, ",
    window!("16", "17"),
    " AS day_7"
);
const LAST_PAID: &str = "SELECT paid_ms FROM (SELECT paid_ms, id FROM payments WHERE code_id = $1 \
     AND id < $2 ORDER BY id DESC LIMIT 1000) AS few WHERE paid_ms IS NOT NULL ORDER BY id DESC LIMIT 1";

/// A code that is due for a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Which.
    pub code: CodeId,
    /// When it was due.
    pub next_look: Timestamp,
    /// Its silence, until somebody pays.
    pub silence: Option<Silence>,
    /// Whose.
    pub merchant: MerchantId,
    /// In which store it hangs.
    pub store: StoreId,
    /// At which till.
    pub counter: Option<CounterId>,
    /// What it is paid in.
    pub currency: String,
    /// Whether it may be paid.
    pub state: CodeState,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// The merchant's time zone.
    pub zone: String,
}

/// A code that nobody pays by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// Since when that is known; of a code that is stopped, from when it may be known again.
    pub since: Timestamp,
    /// Whether it was told. Nobody is told that a code which the merchant stopped is not paid.
    pub was_told: bool,
}

/// A window of time: from, and until.
pub type Window = (Timestamp, Timestamp);

#[derive(sqlx::FromRow)]
struct WatchedRow {
    code_id: CodeId,
    next_look_ms: Timestamp,
    silent_ms: Option<Timestamp>,
    told: bool,
    merchant_id: MerchantId,
    store_id: StoreId,
    counter_id: Option<CounterId>,
    currency: String,
    state: String,
    expires_ms: Option<Timestamp>,
    time_zone: String,
}

/// Watches a new code from `first_look` on.
pub(super) async fn insert(
    tx: &mut Tx,
    code: &CodeId,
    first_look: Timestamp,
) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(code)
        .bind(first_look)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Whether any code is due.
pub async fn is_due(tx: &mut Tx) -> Result<bool, DbError> {
    let now = tx.now();
    Ok(each_backend!(tx, conn => sqlx::query_scalar(IS_DUE).bind(now).fetch_one(conn).await)?)
}

/// At most `limit` codes that are due, the longest due first.
pub async fn due(tx: &mut Tx, limit: i64) -> Result<Vec<Watched>, DbError> {
    let now = tx.now();
    let rows: Vec<WatchedRow> = each_backend!(tx, conn => sqlx::query_as(DUE)
        .bind(now)
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Watched::try_from).collect()
}

/// How often a code was paid in today's window and in those of the days before, yesterday's first.
pub async fn paid(
    tx: &mut Tx,
    code: &CodeId,
    today: Window,
    before: &[Window; SILENCE_DAYS],
) -> Result<PaidInWindow, DbError> {
    let bounds: Vec<String> = std::iter::once(&today)
        .chain(before)
        .flat_map(|(from, to)| [PaymentId::first_at(*from), PaymentId::first_at(*to)])
        .collect();
    let row: PaidRow = each_backend!(tx, conn => {
        let query = sqlx::query_as(PAID).bind(code);
        let query = bounds.iter().fold(query, |query, bound| query.bind(bound.as_str()));
        query.fetch_one(conn).await
    })?;
    Ok(PaidInWindow {
        today: row.today,
        before: [
            row.day_1, row.day_2, row.day_3, row.day_4, row.day_5, row.day_6, row.day_7,
        ],
    })
}

#[derive(sqlx::FromRow)]
struct PaidRow {
    today: i64,
    day_1: i64,
    day_2: i64,
    day_3: i64,
    day_4: i64,
    day_5: i64,
    day_6: i64,
    day_7: i64,
}

/// When a code was paid last before a moment, among the thousand payments in front of it.
pub async fn last_paid_before(
    tx: &mut Tx,
    code: &CodeId,
    before: Timestamp,
) -> Result<Option<Timestamp>, DbError> {
    let found: Option<(Timestamp,)> = each_backend!(tx, conn => sqlx::query_as(LAST_PAID)
        .bind(code)
        .bind(PaymentId::first_at(before))
        .fetch_optional(conn)
        .await)?;
    Ok(found.map(|(at,)| at))
}

/// Notes a look; false where another instance looked first.
pub async fn looked(
    tx: &mut Tx,
    watched: &Watched,
    next_look: Timestamp,
    silence: Option<Silence>,
) -> Result<bool, DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(LOOKED)
        .bind(&watched.code)
        .bind(watched.next_look)
        .bind(next_look)
        .bind(silence.map(|silence| silence.since))
        .bind(silence.is_some_and(|silence| silence.was_told))
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Looks at a code no more.
pub async fn forget(tx: &mut Tx, watched: &Watched) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(FORGET)
        .bind(&watched.code)
        .bind(watched.next_look)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

impl TryFrom<WatchedRow> for Watched {
    type Error = DbError;

    fn try_from(row: WatchedRow) -> Result<Self, DbError> {
        let at = Row {
            table: "codes",
            id: row.code_id.as_str(),
        };
        Ok(Self {
            state: at.text("state", &row.state)?,
            code: row.code_id,
            next_look: row.next_look_ms,
            silence: row.silent_ms.map(|since| Silence {
                since,
                was_told: row.told,
            }),
            merchant: row.merchant_id,
            store: row.store_id,
            counter: row.counter_id,
            currency: row.currency,
            expires_at: row.expires_ms,
            zone: row.time_zone,
        })
    }
}
