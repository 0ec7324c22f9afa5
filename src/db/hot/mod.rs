//! The few things that happen at every payment, once more and as fast as each database can: the
//! named exception to one SQL for both.
//!
//! ```text
//! find   an order with its payment and the key that is said to have attested it
//! begin  the plain beginning of a payment, guarded by the code, by what its route rests on, by the
//!        payment's state and by the payer's day
//! hand over  how the payer gets at an order, guarded by the attempt's state and version
//! pay    the plain end of a payment, everything that it writes, guarded by state and version
//! scans  a batch of looks at codes
//! ```
//!
//! PostgreSQL does each in one statement. On SQLite, where one connection writes and a commit costs
//! as much as a hundred rows, whatever comes while one group is being written makes the next group,
//! written by set-based statements in one transaction.
//!
//! Nothing is decided here. What the pure state machine has decided takes effect if the rows still
//! are what it was decided on; else nothing is written, and the caller goes the long way, which
//! reads again. A request that cannot be written never fails its group.

mod begun;
mod found;
mod group;
mod handed;
mod paid;
pub(super) mod postgres;
pub(super) mod sqlite;

pub use begun::{Begun, Day, Ground};
pub use found::{Found, Named};
pub use handed::HandedOver;
pub use paid::Paid;

use crate::db::books::{DaySums, PayerDay, SPENT};
use crate::db::codes::Scan;
use crate::db::open::Pools;
use crate::db::{Db, DbError, Inner, Tx};

/// The order and whoever may have attested it; nothing where there is no such order or key.
pub async fn find(db: &Db, named: Named) -> Result<Option<Found>, DbError> {
    let row = match &db.pools {
        Pools::Sqlite { readers, hot, .. } => hot.find(readers, named).await?,
        Pools::Postgres(pool) => postgres::find(pool, &named).await?,
    };
    row.map(|row| row.read(&db.clock)).transpose()
}

/// What a payer has spent in a day; looked up beside everything else.
pub async fn spent(db: &Db, day: PayerDay<'_>, currency: &str) -> Result<DaySums, DbError> {
    macro_rules! ask {
        ($pool:expr) => {
            sqlx::query_as(SPENT)
                .bind(day.payer)
                .bind(day.merchant)
                .bind(day.payer_ref_hash.as_slice())
                .bind(day.day)
                .bind(currency)
                .fetch_optional($pool)
                .await
        };
    }
    let found: Option<(i64, i64)> = match &db.pools {
        Pools::Sqlite { readers, .. } => ask!(readers),
        Pools::Postgres(pool) => ask!(pool),
    }?;
    Ok(DaySums::from(found.unwrap_or_default()))
}

/// Begins a payment, with all that belongs to it; false where anything is no longer what it was when
/// that was decided, and then nothing is written.
pub async fn begin(db: &Db, begun: Begun) -> Result<bool, DbError> {
    match &db.pools {
        Pools::Sqlite { writer, hot, .. } => hot.begin((writer, &db.clock), begun).await,
        Pools::Postgres(pool) => postgres::begin(pool, &db.clock, &begun).await,
    }
}

/// Has an attempt wait for its money; false where it no longer is what it was.
pub async fn hand_over(db: &Db, handed: HandedOver) -> Result<bool, DbError> {
    match &db.pools {
        Pools::Sqlite { writer, hot, .. } => hot.hand_over((writer, &db.clock), handed).await,
        Pools::Postgres(pool) => postgres::hand_over(pool, &handed).await,
    }
}

/// Makes a payment paid, with all that belongs to it; false where anything is no longer what it was
/// when that was decided, and then nothing is written.
pub async fn pay(db: &Db, paid: Paid) -> Result<bool, DbError> {
    match &db.pools {
        Pools::Sqlite { writer, hot, .. } => hot.pay((writer, &db.clock), paid).await,
        Pools::Postgres(pool) => postgres::pay(pool, &paid).await,
    }
}

/// Writes a batch of scans.
pub async fn insert_scans(tx: &mut Tx, scans: &[Scan]) -> Result<(), DbError> {
    match &mut tx.inner {
        Inner::Sqlite(tx) => sqlite::insert_scans(tx, scans).await,
        Inner::Postgres(tx) => postgres::insert_scans(tx, scans).await,
    }
}
