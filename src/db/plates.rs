//! Plates, the batches that they were made in, and what became of each.

use sqlx::QueryBuilder;

use crate::clock::Timestamp;
use crate::code::run::RandomId;
use crate::db::row::Row;
use crate::db::{DbError, Inner, Tx, each_backend, exactly_one};
use crate::id::{CodeId, CounterId, MerchantId, PlateBatchId, PlateId, StoreId};
use crate::merchant::Label;
use crate::merchant::plate::{
    Plate, PlateBatch, PlateDeed, PlateLine, PlateStanding, PlateState, ShortId,
};

macro_rules! batches {
    ($tail:literal) => {
        concat!(
            "SELECT id, merchant_id, note, plates, key_id, created_ms FROM plate_batches ",
            $tail
        )
    };
}

macro_rules! plates {
    ($tail:literal) => {
        concat!(
            "SELECT id, batch_id, number, short_id, random, state, code_id, wrong_tries, \
             locked_ms, version FROM plates ",
            $tail
        )
    };
}

const INSERT_BATCH: &str = "INSERT INTO plate_batches \
     (id, merchant_id, note, plates, key_id, created_ms) VALUES ($1, $2, $3, $4, $5, $6)";
const BATCH: &str = batches!("WHERE id = $1");
const BATCHES: &str = batches!("WHERE id < $1 ORDER BY id DESC LIMIT $2");
const BATCHES_OF: &str = batches!("WHERE merchant_id = $3 AND id < $1 ORDER BY id DESC LIMIT $2");
// What is not blank is counted, which is little at first, and has an index of its own.
const COUNT: &str = "SELECT state, COUNT(*) FROM plates \
     WHERE batch_id = $1 AND state <> 'blank' GROUP BY state";

const INSERT: &str = "INSERT INTO plates \
     (id, batch_id, number, short_id, random, state, wrong_tries, version) ";
// A short id that another plate has is drawn again.
const INSERT_WHERE: &str = " ON CONFLICT DO NOTHING RETURNING number";
const FIND: &str = plates!("WHERE id = $1");
const HOLD: &str = plates!("WHERE id = $1 FOR UPDATE");
const BY_SHORT_ID: &str = plates!("WHERE short_id = $1");
const BY_RANDOM: &str = plates!("WHERE random = $1");
const OF_CODE: &str = plates!("WHERE code_id = $1");
const OF_CODE_HELD: &str = plates!("WHERE code_id = $1 FOR UPDATE");
const PAGE: &str = plates!("WHERE batch_id = $1 AND number > $2 ORDER BY number LIMIT $3");
const UPDATE: &str = "UPDATE plates SET state = $3, code_id = $4, wrong_tries = $5, \
     locked_ms = $6, version = $7 WHERE id = $1 AND version = $2";

const NOTE: &str = "INSERT INTO plate_bindings (plate_id, plate_version, merchant_id, store_id, \
     counter_id, code_id, what, actor, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const LINES: &str = "SELECT plate_id, plate_version, merchant_id, store_id, counter_id, code_id, \
     what, actor, created_ms FROM plate_bindings WHERE plate_id = $1 \
     AND ($2 = '' OR merchant_id = $2) ORDER BY plate_version DESC LIMIT $3";

/// Behind every id, so that the first page begins at the newest.
const AFTER_ALL: &str = "bat_~";
/// A plate is bound a few times in its life.
const LINES_MAX: i64 = 100;

#[derive(sqlx::FromRow)]
struct BatchRow {
    id: PlateBatchId,
    merchant_id: Option<MerchantId>,
    note: Option<Label>,
    plates: i64,
    key_id: String,
    created_ms: Timestamp,
}

#[derive(sqlx::FromRow)]
struct PlateRow {
    id: PlateId,
    batch_id: PlateBatchId,
    number: i64,
    short_id: ShortId,
    random: Vec<u8>,
    state: String,
    code_id: Option<CodeId>,
    wrong_tries: i64,
    locked_ms: Option<Timestamp>,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    plate_id: PlateId,
    plate_version: i64,
    merchant_id: Option<MerchantId>,
    store_id: Option<StoreId>,
    counter_id: Option<CounterId>,
    code_id: Option<CodeId>,
    what: String,
    actor: String,
    created_ms: Timestamp,
}

/// How many plates of a batch are no longer blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InUse {
    /// Bound to shops.
    pub bound: i64,
    /// Ended.
    pub void: i64,
}

/// Writes a new batch, before its plates.
pub async fn insert_batch(tx: &mut Tx, batch: &PlateBatch) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(INSERT_BATCH)
        .bind(&batch.id)
        .bind(&batch.merchant)
        .bind(&batch.note)
        .bind(i64::from(batch.count))
        .bind(&batch.key_id)
        .bind(batch.created_at)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// Writes blank plates in one statement; says which numbers were written. The others met a plate with
/// the same short id.
pub async fn insert(tx: &mut Tx, plates: &[Plate]) -> Result<Vec<i64>, DbError> {
    let written = each_backend!(tx, conn => {
        let mut statement = QueryBuilder::new(INSERT);
        statement.push_values(plates, |mut row, plate| {
            row.push_bind(&plate.id)
                .push_bind(&plate.batch)
                .push_bind(i64::from(plate.number))
                .push_bind(&plate.short_id)
                .push_bind(plate.random.bytes().to_vec())
                .push_bind(plate.state().as_str())
                .push_bind(i64::from(plate.wrong_tries))
                .push_bind(plate.version);
        });
        statement.push(INSERT_WHERE);
        // Each length is a statement of its own, and would push others out of what is prepared.
        let statement = statement.build_query_scalar().persistent(false);
        statement.fetch_all(conn).await
    })?;
    Ok(written)
}

/// The batch with this id, whoever's it is.
pub async fn batch(tx: &mut Tx, id: &PlateBatchId) -> Result<Option<PlateBatch>, DbError> {
    let row: Option<BatchRow> =
        each_backend!(tx, conn => sqlx::query_as(BATCH).bind(id).fetch_optional(conn).await)?;
    row.map(PlateBatch::try_from).transpose()
}

/// At most `limit` batches older than `before`, newest first: a merchant's, or everybody's.
pub async fn batches(
    tx: &mut Tx,
    merchant: Option<&MerchantId>,
    before: Option<&PlateBatchId>,
    limit: i64,
) -> Result<Vec<PlateBatch>, DbError> {
    let before = before.map_or(AFTER_ALL, PlateBatchId::as_str);
    let rows: Vec<BatchRow> = each_backend!(tx, conn => match merchant {
        Some(merchant) => sqlx::query_as(BATCHES_OF).bind(before).bind(limit).bind(merchant),
        None => sqlx::query_as(BATCHES).bind(before).bind(limit),
    }
    .fetch_all(conn)
    .await)?;
    rows.into_iter().map(PlateBatch::try_from).collect()
}

/// How many plates of a batch are no longer blank.
pub async fn in_use(tx: &mut Tx, batch: &PlateBatchId) -> Result<InUse, DbError> {
    let rows: Vec<(String, i64)> =
        each_backend!(tx, conn => sqlx::query_as(COUNT).bind(batch).fetch_all(conn).await)?;
    let of = |state: PlateState| {
        let found = rows.iter().find(|(name, _)| name == state.as_str());
        found.map_or(0, |(_, count)| *count)
    };
    Ok(InUse {
        bound: of(PlateState::Bound),
        void: of(PlateState::Void),
    })
}

/// The plates of a batch behind a number, at most `limit`, in their order.
pub async fn page(
    tx: &mut Tx,
    batch: &PlateBatchId,
    after_number: u32,
    limit: u32,
) -> Result<Vec<Plate>, DbError> {
    let rows: Vec<PlateRow> = each_backend!(tx, conn => sqlx::query_as(PAGE)
        .bind(batch)
        .bind(i64::from(after_number))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Plate::try_from).collect()
}

/// The plate with this id, whoever's it is.
pub async fn find(tx: &mut Tx, id: &PlateId) -> Result<Option<Plate>, DbError> {
    let row: Option<PlateRow> =
        each_backend!(tx, conn => sqlx::query_as(FIND).bind(id).fetch_optional(conn).await)?;
    row.map(Plate::try_from).transpose()
}

/// As [`find`], holding it against any change until the transaction ends. SQLite has one writer and
/// needs no such word.
pub async fn hold(tx: &mut Tx, id: &PlateId) -> Result<Option<Plate>, DbError> {
    let sql = match &tx.inner {
        Inner::Sqlite(_) => FIND,
        Inner::Postgres(_) => HOLD,
    };
    let row: Option<PlateRow> =
        each_backend!(tx, conn => sqlx::query_as(sql).bind(id).fetch_optional(conn).await)?;
    row.map(Plate::try_from).transpose()
}

/// The plate that people know by this.
pub async fn by_short_id(tx: &mut Tx, short_id: &ShortId) -> Result<Option<Plate>, DbError> {
    let row: Option<PlateRow> = each_backend!(tx, conn => sqlx::query_as(BY_SHORT_ID)
        .bind(short_id)
        .fetch_optional(conn)
        .await)?;
    row.map(Plate::try_from).transpose()
}

/// The plate whose symbol says this.
pub async fn by_random(tx: &mut Tx, random: RandomId) -> Result<Option<Plate>, DbError> {
    let row: Option<PlateRow> = each_backend!(tx, conn => sqlx::query_as(BY_RANDOM)
        .bind(random.bytes().as_slice())
        .fetch_optional(conn)
        .await)?;
    row.map(Plate::try_from).transpose()
}

/// The plate behind which this code stands, held against any change until the transaction ends.
pub async fn hold_of_code(tx: &mut Tx, code: &CodeId) -> Result<Option<Plate>, DbError> {
    let sql = match &tx.inner {
        Inner::Sqlite(_) => OF_CODE,
        Inner::Postgres(_) => OF_CODE_HELD,
    };
    let row: Option<PlateRow> =
        each_backend!(tx, conn => sqlx::query_as(sql).bind(code).fetch_optional(conn).await)?;
    row.map(Plate::try_from).transpose()
}

/// Stores what follows from the version before. It changes no rule: what scans were told rests on the
/// code behind a plate, which is revoked whenever the plate leaves its shop.
pub async fn update(tx: &mut Tx, plate: &Plate) -> Result<(), DbError> {
    let rows = each_backend!(tx, conn => sqlx::query(UPDATE)
        .bind(&plate.id)
        .bind(plate.version.saturating_sub(1))
        .bind(plate.state().as_str())
        .bind(plate.code())
        .bind(i64::from(plate.wrong_tries))
        .bind(plate.locked_until)
        .bind(plate.version)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    exactly_one(rows, "plates", &plate.id)
}

/// Adds a line to a plate's log.
pub async fn note(tx: &mut Tx, line: &PlateLine) -> Result<(), DbError> {
    each_backend!(tx, conn => sqlx::query(NOTE)
        .bind(&line.plate)
        .bind(line.version)
        .bind(&line.merchant)
        .bind(&line.store)
        .bind(&line.counter)
        .bind(&line.code)
        .bind(line.what.as_str())
        .bind(&line.actor)
        .bind(line.at)
        .execute(conn)
        .await
        .map(|_| ()))?;
    Ok(())
}

/// The newest lines of a plate's log, newest first: those about one merchant, or all.
pub async fn lines(
    tx: &mut Tx,
    plate: &PlateId,
    merchant: Option<&MerchantId>,
) -> Result<Vec<PlateLine>, DbError> {
    newest_lines(tx, plate, merchant, LINES_MAX).await
}

/// What became of a plate last.
pub async fn newest_line(tx: &mut Tx, plate: &PlateId) -> Result<Option<PlateLine>, DbError> {
    Ok(newest_lines(tx, plate, None, 1).await?.pop())
}

async fn newest_lines(
    tx: &mut Tx,
    plate: &PlateId,
    merchant: Option<&MerchantId>,
    limit: i64,
) -> Result<Vec<PlateLine>, DbError> {
    let rows: Vec<LineRow> = each_backend!(tx, conn => sqlx::query_as(LINES)
        .bind(plate)
        .bind(merchant.map_or("", MerchantId::as_str))
        .bind(limit)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(PlateLine::try_from).collect()
}

impl TryFrom<BatchRow> for PlateBatch {
    type Error = DbError;

    fn try_from(row: BatchRow) -> Result<Self, DbError> {
        let at = Row {
            table: "plate_batches",
            id: row.id.as_str(),
        };
        Ok(Self {
            count: u32::try_from(row.plates).map_err(|_| at.broken("plates", row.plates))?,
            merchant: row.merchant_id,
            note: row.note,
            key_id: row.key_id,
            created_at: row.created_ms,
            id: row.id,
        })
    }
}

impl TryFrom<PlateRow> for Plate {
    type Error = DbError;

    fn try_from(row: PlateRow) -> Result<Self, DbError> {
        let at = Row {
            table: "plates",
            id: row.id.as_str(),
        };
        let small = |column, found: i64| u32::try_from(found).map_err(|_| at.broken(column, found));
        let standing = match at.text("state", &row.state)? {
            PlateState::Blank => PlateStanding::Blank,
            PlateState::Void => PlateStanding::Void,
            PlateState::Bound => PlateStanding::Bound {
                code: row.code_id.ok_or_else(|| at.broken("code_id", "nothing"))?,
            },
        };
        Ok(Self {
            number: small("number", row.number)?,
            wrong_tries: small("wrong_tries", row.wrong_tries)?,
            random: RandomId::new(at.bytes("random", &row.random)?),
            standing,
            batch: row.batch_id,
            short_id: row.short_id,
            locked_until: row.locked_ms,
            version: row.version,
            id: row.id,
        })
    }
}

impl TryFrom<LineRow> for PlateLine {
    type Error = DbError;

    fn try_from(row: LineRow) -> Result<Self, DbError> {
        let at = Row {
            table: "plate_bindings",
            id: row.plate_id.as_str(),
        };
        let what: PlateDeed = at.text("what", &row.what)?;
        Ok(Self {
            what,
            plate: row.plate_id,
            version: row.plate_version,
            merchant: row.merchant_id,
            store: row.store_id,
            counter: row.counter_id,
            code: row.code_id,
            actor: row.actor,
            at: row.created_ms,
        })
    }
}
