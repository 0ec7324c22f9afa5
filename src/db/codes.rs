//! Issued codes, as kept, and the scans of them.

use crate::clock::Timestamp;
use crate::code::run::RandomId;
use crate::db::row::Row;
use crate::db::{DbError, Inner, Tx, each_backend, exactly_one};
use crate::id::{CodeId, CounterId, MerchantId, PaymentAccountId, PaymentId, ScanId, StoreId};
use crate::merchant::{InstitutionId, PrintedCode};

macro_rules! columns {
    () => {
        "id, merchant_id, store_id, counter_id, kind, class, random, key_id, text, amount_minor, \
         currency, payment_id, state, version, expires_ms, created_ms, payment_account_id"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO codes (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
);
const BY_ID: &str = concat!("SELECT ", columns!(), " FROM codes WHERE id = $1");
const BY_RANDOM: &str = concat!("SELECT ", columns!(), " FROM codes WHERE random = $1");
// Held against a change of the code until the start commits; other starts hold it beside. SQLite has
// one writer and needs no such word.
const BY_RANDOM_HELD: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM codes WHERE random = $1 FOR SHARE"
);
// The code behind another institution's, while a merchant holds that one here.
const BY_FOREIGN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM codes WHERE id = (SELECT code_id FROM foreign_codes WHERE network = $1 AND text_hash = $2)"
);
const BY_FOREIGN_HELD: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM codes WHERE id = (SELECT code_id FROM foreign_codes WHERE network = $1 AND text_hash = $2) \
     FOR SHARE"
);
// The code behind a plate, while it hangs in a shop.
const BY_PLATE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM codes WHERE id = (SELECT code_id FROM plates WHERE random = $1)"
);
const BY_PLATE_HELD: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM codes WHERE id = (SELECT code_id FROM plates WHERE random = $1) FOR SHARE"
);
const BY_PAYMENT: &str = concat!("SELECT ", columns!(), " FROM codes WHERE payment_id = $1");
const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM codes WHERE merchant_id = $1 AND id < $2 AND ($3 = '' OR kind = $3) \
     ORDER BY id DESC LIMIT $4"
);
const UPDATE: &str = "UPDATE codes SET state = $3, version = $4 WHERE id = $1 AND version = $2";

/// Behind every id, so that the first page begins at the newest.
const AFTER_ALL: &str = "cod_~";

#[derive(sqlx::FromRow)]
struct CodeRow {
    id: CodeId,
    merchant_id: MerchantId,
    store_id: StoreId,
    counter_id: Option<CounterId>,
    kind: String,
    class: String,
    random: Vec<u8>,
    key_id: Option<String>,
    text: String,
    amount_minor: Option<i64>,
    currency: String,
    payment_id: Option<PaymentId>,
    state: String,
    version: i64,
    expires_ms: Option<Timestamp>,
    created_ms: Timestamp,
    payment_account_id: Option<PaymentAccountId>,
}

/// One look at a code; kept for the merchant's statistics, not for money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Its name.
    pub id: ScanId,
    /// Which code.
    pub code: CodeId,
    /// Whose.
    pub merchant: MerchantId,
    /// Whose app looked, where that is known.
    pub institution: Option<InstitutionId>,
    /// What it was told: `routed`, or the reason why not.
    pub outcome: String,
    /// When.
    pub at: Timestamp,
}

/// Writes a new code.
pub async fn insert(tx: &mut Tx, code: &PrintedCode) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT)
        .bind(&code.id)
        .bind(&code.merchant)
        .bind(&code.store)
        .bind(&code.counter)
        .bind(code.kind.as_str())
        .bind(code.class.as_str())
        .bind(code.random.bytes().as_slice())
        .bind(&code.key_id)
        .bind(&code.text)
        .bind(code.amount.map(crate::money::Amount::minor))
        .bind(code.currency.code())
        .bind(&code.payment)
        .bind(code.state.as_str())
        .bind(code.version)
        .bind(code.expires_at)
        .bind(code.created_at)
        .bind(&code.account)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The code with this id, whoever's it is.
pub async fn find(tx: &mut Tx, id: &CodeId) -> Result<Option<PrintedCode>, DbError> {
    let row: Option<CodeRow> =
        each_backend!(tx, conn => sqlx::query_as(BY_ID).bind(id).fetch_optional(conn).await)?;
    row.map(PrintedCode::try_from).transpose()
}

/// The merchant's code with this id.
pub async fn find_of(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &CodeId,
) -> Result<Option<PrintedCode>, DbError> {
    Ok(find(tx, id)
        .await?
        .filter(|code| code.merchant == *merchant))
}

/// The code that was printed with this random id.
pub async fn by_random(tx: &mut Tx, random: RandomId) -> Result<Option<PrintedCode>, DbError> {
    named(tx, BY_RANDOM, random).await
}

/// As [`by_random`], for a start: until it commits, nobody suspends or revokes the code, so that
/// whoever does sees every payment that was begun before.
pub async fn hold_by_random(tx: &mut Tx, random: RandomId) -> Result<Option<PrintedCode>, DbError> {
    let sql = match &tx.inner {
        Inner::Sqlite(_) => BY_RANDOM,
        Inner::Postgres(_) => BY_RANDOM_HELD,
    };
    named(tx, sql, random).await
}

/// The code behind the plate that was printed with this random id.
pub async fn by_plate(tx: &mut Tx, random: RandomId) -> Result<Option<PrintedCode>, DbError> {
    named(tx, BY_PLATE, random).await
}

/// As [`by_plate`], for a start: until it commits, nobody takes the plate away.
pub async fn hold_by_plate(tx: &mut Tx, random: RandomId) -> Result<Option<PrintedCode>, DbError> {
    let sql = match &tx.inner {
        Inner::Sqlite(_) => BY_PLATE,
        Inner::Postgres(_) => BY_PLATE_HELD,
    };
    named(tx, sql, random).await
}

async fn named(
    tx: &mut Tx,
    sql: &'static str,
    random: RandomId,
) -> Result<Option<PrintedCode>, DbError> {
    let row: Option<CodeRow> = each_backend!(tx, conn => sqlx::query_as(sql)
        .bind(random.bytes().as_slice())
        .fetch_optional(conn)
        .await)?;
    row.map(PrintedCode::try_from).transpose()
}

/// The code of ours behind another institution's.
pub async fn by_foreign(
    tx: &mut Tx,
    network: &str,
    text_hash: &[u8; 32],
) -> Result<Option<PrintedCode>, DbError> {
    foreign(tx, BY_FOREIGN, network, text_hash).await
}

/// As [`by_foreign`], for a start: until it commits, nobody lets the code go.
pub async fn hold_by_foreign(
    tx: &mut Tx,
    network: &str,
    text_hash: &[u8; 32],
) -> Result<Option<PrintedCode>, DbError> {
    let sql = match &tx.inner {
        Inner::Sqlite(_) => BY_FOREIGN,
        Inner::Postgres(_) => BY_FOREIGN_HELD,
    };
    foreign(tx, sql, network, text_hash).await
}

async fn foreign(
    tx: &mut Tx,
    sql: &'static str,
    network: &str,
    text_hash: &[u8; 32],
) -> Result<Option<PrintedCode>, DbError> {
    let row: Option<CodeRow> = each_backend!(tx, conn => sqlx::query_as(sql)
        .bind(network)
        .bind(text_hash.as_slice())
        .fetch_optional(conn)
        .await)?;
    row.map(PrintedCode::try_from).transpose()
}

/// The order code of a payment.
pub async fn of_payment(tx: &mut Tx, payment: &PaymentId) -> Result<Option<PrintedCode>, DbError> {
    let row: Option<CodeRow> = each_backend!(tx, conn => sqlx::query_as(BY_PAYMENT)
        .bind(payment)
        .fetch_optional(conn)
        .await)?;
    row.map(PrintedCode::try_from).transpose()
}

/// At most `limit` of the merchant's codes older than `before`, newest first, of one kind or all.
pub async fn list(
    tx: &mut Tx,
    merchant: &MerchantId,
    before: Option<&CodeId>,
    kind: Option<&str>,
    limit: i64,
) -> Result<Vec<PrintedCode>, DbError> {
    let rows: Vec<CodeRow> = each_backend!(tx, conn => sqlx::query_as(LIST)
        .bind(merchant)
        .bind(before.map_or(AFTER_ALL, CodeId::as_str))
        .bind(kind.unwrap_or(""))
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(PrintedCode::try_from).collect()
}

/// Stores a state that follows from the version before.
pub async fn update(tx: &mut Tx, code: &PrintedCode) -> Result<(), DbError> {
    tx.changes_rules();
    let rows = each_backend!(tx, conn => sqlx::query(UPDATE)
        .bind(&code.id)
        .bind(code.version.saturating_sub(1))
        .bind(code.state.as_str())
        .bind(code.version)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    exactly_one(rows, "codes", &code.id)
}

impl TryFrom<CodeRow> for PrintedCode {
    type Error = DbError;

    fn try_from(row: CodeRow) -> Result<Self, DbError> {
        let at = Row {
            table: "codes",
            id: row.id.as_str(),
        };
        let amount = row
            .amount_minor
            .map(|minor| at.amount("amount_minor", minor, &row.currency));
        Ok(Self {
            kind: at.text("kind", &row.kind)?,
            class: at.text("class", &row.class)?,
            random: RandomId::new(at.bytes("random", &row.random)?),
            amount: amount.transpose()?,
            currency: at.text("currency", &row.currency)?,
            state: at.text("state", &row.state)?,
            id: row.id,
            merchant: row.merchant_id,
            store: row.store_id,
            counter: row.counter_id,
            key_id: row.key_id,
            payment: row.payment_id,
            account: row.payment_account_id,
            expires_at: row.expires_ms,
            created_at: row.created_ms,
            text: row.text,
            version: row.version,
        })
    }
}
