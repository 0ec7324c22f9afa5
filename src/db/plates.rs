//! Plates, and what became of each.

use sqlx::QueryBuilder;

use crate::clock::Timestamp;
use crate::code::run::RandomId;
use crate::db::row::Row;
use crate::db::{DbError, Inner, Tx, each_backend, exactly_one};
use crate::id::{CodeId, CounterId, MerchantId, PlateBatchId, PlateId, StoreId};
use crate::merchant::plate::{
    Plate, PlateDeed, PlateLine, PlateStanding, PlateState, ShortId, Spot,
};

macro_rules! plates {
    ($tail:literal) => {
        concat!(
            "SELECT id, batch_id, number, short_id, random, state, code_id, wrong_tries, \
             locked_ms, version FROM plates ",
            $tail
        )
    };
}

// Both databases call the columns of VALUES so; what all plates have alike is said once.
const INSERT: &str = "INSERT INTO plates \
     (id, batch_id, number, short_id, random, state, wrong_tries, version) \
     SELECT column1, ";
const INSERT_FROM: &str = ", column2, column3, column4, 'blank', 0, 1 FROM (";
// A short id that another plate has is drawn again.
const INSERT_END: &str = ") AS made WHERE TRUE ON CONFLICT DO NOTHING RETURNING number";
const FIND: &str = plates!("WHERE id = $1");
const HOLD: &str = plates!("WHERE id = $1 FOR UPDATE");
const BY_SHORT_ID: &str = plates!("WHERE short_id = $1");
const BY_RANDOM: &str = plates!("WHERE random = $1");
const OF_CODE: &str = plates!("WHERE code_id = $1");
const OF_CODE_HELD: &str = plates!("WHERE code_id = $1 FOR UPDATE");
const PAGE: &str = plates!("WHERE batch_id = $1 AND number > $2 ORDER BY number LIMIT $3");

// Plates where they hang. The newest batch comes first, and its plates in the order of their numbers, as
// an index has them.
macro_rules! hanging {
    ($from:literal, $only:literal, $order:literal) => {
        concat!(
            "SELECT p.id, p.batch_id, p.number, p.short_id, p.random, p.state, p.code_id, \
             p.wrong_tries, p.locked_ms, p.version, c.merchant_id, c.store_id, c.counter_id FROM ",
            $from,
            $only,
            " AND ($5 = '' OR p.state = $5) AND ($6 = '' OR p.batch_id = $6) \
             AND ($7 = '' OR c.store_id = $7) AND ($8 = '' OR c.counter_id = $8) ORDER BY ",
            $order,
            " LIMIT $4"
        )
    };
}
macro_rules! of_batch {
    ($only:literal) => {
        hanging!(
            "plates p LEFT JOIN codes c ON c.id = p.code_id \
             WHERE p.batch_id = $1 AND p.batch_id <= $2 AND p.number > $3",
            $only,
            "p.number"
        )
    };
}
// A merchant's own, and of the operator's those that it has bound.
macro_rules! held {
    ($only:literal) => {
        concat!(
            "SELECT * FROM (",
            hanging!(
                "plate_batches b JOIN plates p ON p.batch_id = b.id \
                 LEFT JOIN codes c ON c.id = p.code_id \
                 WHERE b.merchant_id = $1 AND b.id <= $2 AND (b.id < $2 OR p.number > $3)",
                $only,
                "b.id DESC, p.number"
            ),
            ") AS own UNION ALL SELECT * FROM (",
            hanging!(
                "codes c JOIN plates p ON p.code_id = c.id JOIN plate_batches b ON b.id = p.batch_id \
                 WHERE c.merchant_id = $1 AND b.merchant_id IS NULL \
                 AND (p.batch_id < $2 OR (p.batch_id = $2 AND p.number > $3))",
                "",
                "p.batch_id DESC, p.number"
            ),
            ") AS bound ORDER BY batch_id DESC, number LIMIT $4"
        )
    };
}
const OF_BATCH: &str = of_batch!("");
const HELD: &str = held!("");
// What is not blank has an index of its own, and is little at first.
const OF_BATCH_IN_USE: &str = of_batch!(" AND p.state <> 'blank'");
const HELD_IN_USE: &str = held!(" AND p.state <> 'blank'");

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
struct HangingRow {
    #[sqlx(flatten)]
    plate: PlateRow,
    merchant_id: Option<MerchantId>,
    store_id: Option<StoreId>,
    counter_id: Option<CounterId>,
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

/// A plate, and where it hangs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hanging {
    /// The plate.
    pub plate: Plate,
    /// Where, of a bound one.
    pub spot: Option<Spot>,
}

/// Which plates of a list are wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// In this state only.
    pub state: Option<PlateState>,
    /// Of this batch only.
    pub batch: Option<PlateBatchId>,
    /// In this store only.
    pub store: Option<StoreId>,
    /// At this till only.
    pub counter: Option<CounterId>,
}

impl Wanted {
    /// Whether no blank plate is wanted: none hangs anywhere.
    const fn is_in_use(&self) -> bool {
        let is_used = matches!(self.state, Some(PlateState::Bound | PlateState::Void));
        is_used || self.store.is_some() || self.counter.is_some()
    }
}

/// Writes blank plates of a batch in one statement; says which numbers were written. The others met a
/// plate with the same short id.
pub async fn insert(
    tx: &mut Tx,
    batch: &PlateBatchId,
    plates: &[Plate],
) -> Result<Vec<i64>, DbError> {
    let written = each_backend!(tx, conn => {
        let mut statement = QueryBuilder::new(INSERT);
        statement.push_bind(batch).push(INSERT_FROM);
        statement.push_values(plates, |mut row, plate| {
            row.push_bind(&plate.id)
                .push_bind(i64::from(plate.number))
                .push_bind(&plate.short_id)
                .push_bind(plate.random.bytes().to_vec());
        });
        statement.push(INSERT_END);
        // Each length is a statement of its own, and would push others out of what is prepared.
        let statement = statement.build_query_scalar().persistent(false);
        statement.fetch_all(conn).await
    })?;
    Ok(written)
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

/// At most `limit` of the plates that a merchant holds, behind one of them: those of its batches, and
/// those of the operator's that it has bound.
pub async fn held(
    tx: &mut Tx,
    merchant: &MerchantId,
    wanted: &Wanted,
    after: Option<&PlateId>,
    limit: i64,
) -> Result<Vec<Hanging>, DbError> {
    let sql = if wanted.is_in_use() {
        HELD_IN_USE
    } else {
        HELD
    };
    hanging(tx, (sql, merchant.as_str()), wanted, after, limit).await
}

/// At most `limit` plates of a batch, behind one of them.
pub async fn of_batch(
    tx: &mut Tx,
    batch: &PlateBatchId,
    wanted: &Wanted,
    after: Option<&PlateId>,
    limit: i64,
) -> Result<Vec<Hanging>, DbError> {
    let sql = if wanted.is_in_use() {
        OF_BATCH_IN_USE
    } else {
        OF_BATCH
    };
    hanging(tx, (sql, batch.as_str()), wanted, after, limit).await
}

async fn hanging(
    tx: &mut Tx,
    (sql, whose): (&'static str, &str),
    wanted: &Wanted,
    after: Option<&PlateId>,
    limit: i64,
) -> Result<Vec<Hanging>, DbError> {
    let (batch, number) = match after {
        Some(id) => match find(tx, id).await? {
            Some(plate) => (plate.batch.to_string(), plate.number),
            None => return Ok(Vec::new()),
        },
        None => (AFTER_ALL.to_owned(), 0),
    };
    let rows: Vec<HangingRow> = each_backend!(tx, conn => sqlx::query_as(sql)
        .bind(whose)
        .bind(batch)
        .bind(i64::from(number))
        .bind(limit)
        .bind(wanted.state.map_or("", PlateState::as_str))
        .bind(wanted.batch.as_ref().map_or("", PlateBatchId::as_str))
        .bind(wanted.store.as_ref().map_or("", StoreId::as_str))
        .bind(wanted.counter.as_ref().map_or("", CounterId::as_str))
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Hanging::try_from).collect()
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

impl TryFrom<HangingRow> for Hanging {
    type Error = DbError;

    fn try_from(row: HangingRow) -> Result<Self, DbError> {
        let spot = row.merchant_id.zip(row.store_id);
        let spot = spot.map(|(merchant, store)| Spot {
            merchant,
            store,
            counter: row.counter_id,
        });
        Ok(Self {
            plate: row.plate.try_into()?,
            spot,
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
