//! The few things that happen at every payment, once more and as fast as each database can: the
//! named exception to one SQL for both.
//!
//! ```text
//! find   an order with its payment and the key that is said to have attested it
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

mod found;
mod group;
mod paid;
pub(super) mod postgres;
pub(super) mod sqlite;

pub use found::{Found, Named};
pub use paid::Paid;

use crate::db::codes::Scan;
use crate::db::open::Pools;
use crate::db::{Db, DbError, Inner, Tx};

/// The order and whoever may have attested it; nothing where there is no such order or key.
pub async fn find(db: &Db, named: Named) -> Result<Option<Found>, DbError> {
    let now = || db.clock.now();
    let row = match &db.pools {
        Pools::Sqlite { readers, hot, .. } => hot.find(readers, named).await?,
        Pools::Postgres(pool) => postgres::find(pool, &named).await?,
    };
    row.map(|row| row.read(now)).transpose()
}

/// Makes a payment paid, with all that belongs to it; false where anything is no longer what it was
/// when that was decided, and then nothing is written.
pub async fn pay(db: &Db, paid: Paid) -> Result<bool, DbError> {
    match &db.pools {
        Pools::Sqlite { writer, hot, .. } => hot.pay(writer, paid).await,
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
