//! Opening a database: by its address, with the settings that durability needs, and migrated.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Executor as _, PgConnection, PgPool, Postgres, SqlitePool, Transaction};

use crate::clock::{Clock, Timestamp};
use crate::db::{DbError, Inner, Rules, Tx, hot};
use crate::telemetry::metrics::Connections;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a writer waits for its turn before the caller hears "busy".
const WAIT_MS: u64 = 5_000;

/// When a connection that nobody uses is closed: never. The library would look through them from time
/// to time, as many as it counts; and while one is given back and taken at once, it counts one less
/// than none for a moment, and looks for ever (`PoolInner::release` and `spawn_maintenance_tasks` of
/// sqlx-core 0.9.0). A connection that broke meanwhile is found before it is used.
const IDLE: Option<Duration> = None;

// A transaction of ours stands still for milliseconds. One whose process is frozen, or on the other
// side of a cut network, would hold its locks for hours: the outbox's, a payment's.
const END_SILENT_TRANSACTIONS: &str = "SET idle_in_transaction_session_timeout = '10s'";
/// What SQLite's writer keeps of the file in memory, and each reader, in KiB as the pragma counts:
/// 8 MiB together with the usual eight readers. Files are never mapped into memory.
const WRITER_CACHE: &str = "-4096";
const READER_CACHE: &str = "-512";

/// How to reach the database.
#[derive(Clone)]
pub struct DbSettings {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Connections at most (readers, on SQLite).
    pub connections: u32,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither `sqlite:` nor `postgres:`, or not readable as an address.
    #[error("database.url must begin with sqlite: or postgres://")]
    Address,
    /// It does not answer.
    #[error("the database cannot be opened: {0}")]
    Connect(#[source] sqlx::Error),
    /// The schema is not ours, or newer than this program.
    #[error("the database schema does not fit this version of tongma: {0}")]
    Schema(#[source] MigrateError),
    /// A setting that would lose acknowledged payments.
    #[error("the database is set to {name}={found}; tongma needs {needed}")]
    NotDurable {
        /// The setting.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        needed: &'static str,
    },
}

/// An open database.
#[derive(Debug, Clone)]
pub struct Db {
    pub(super) pools: Pools,
    pub(super) clock: Clock,
    rules: Rules,
}

#[derive(Debug, Clone)]
pub(super) enum Pools {
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
        hot: hot::sqlite::Hot,
    },
    Postgres(PgPool),
}

/// Without the address, which may hold a password.
impl fmt::Debug for DbSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        let connections = self.connections;
        write!(f, "DbSettings({scheme}:…, {connections} connections)")
    }
}

impl Db {
    /// Opens, migrates, and refuses settings that would lose acknowledged payments.
    pub async fn open(settings: &DbSettings, clock: Clock) -> Result<Self, OpenError> {
        let db = Self::connect(settings, clock).await?;
        db.migrate().await?;
        db.check_durable().await?;
        Ok(db)
    }

    /// Opens without migrating.
    pub async fn connect(settings: &DbSettings, clock: Clock) -> Result<Self, OpenError> {
        let pools = if settings.url.starts_with("sqlite:") {
            connect_sqlite(settings).await?
        } else if settings.url.starts_with("postgres:") || settings.url.starts_with("postgresql:") {
            let options =
                PgConnectOptions::from_str(&settings.url).map_err(|_| OpenError::Address)?;
            let pool = PgPoolOptions::new()
                .max_connections(settings.connections.max(2))
                .acquire_timeout(Duration::from_millis(WAIT_MS))
                .idle_timeout(IDLE)
                .max_lifetime(IDLE)
                .after_connect(|conn, _| Box::pin(end_silent_transactions(conn)));
            Pools::Postgres(
                pool.connect_with(options)
                    .await
                    .map_err(OpenError::Connect)?,
            )
        } else {
            return Err(OpenError::Address);
        };
        Ok(Self {
            pools,
            clock,
            rules: Rules::default(),
        })
    }

    /// Brings the schema up to this version; refuses one that is newer.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => SQLITE.run(writer).await,
            Pools::Postgres(pool) => POSTGRES.run(pool).await,
        }
        .map_err(OpenError::Schema)
    }

    /// Whether several instances may share it.
    pub fn is_shared(&self) -> bool {
        matches!(self.pools, Pools::Postgres(_))
    }

    /// The PostgreSQL pool, for listening to wake-ups.
    pub(super) fn postgres(&self) -> Option<&PgPool> {
        match &self.pools {
            Pools::Postgres(pool) => Some(pool),
            Pools::Sqlite { .. } => None,
        }
    }

    /// A transaction that writes.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => {
                // IMMEDIATE: a plain BEGIN that reads and then writes can fail as busy at once.
                let tx = writer.begin_with("BEGIN IMMEDIATE").await?;
                Ok(self.tx(Inner::Sqlite(tx), self.clock.now()))
            }
            Pools::Postgres(pool) => self.begin_postgres(pool).await,
        }
    }

    /// A transaction that only reads.
    pub async fn read(&self) -> Result<Tx, DbError> {
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let tx = readers.begin().await?;
                Ok(self.tx(Inner::Sqlite(tx), self.clock.now()))
            }
            Pools::Postgres(pool) => self.begin_postgres(pool).await,
        }
    }

    /// How often this process has changed what decides how scans are answered or who is let in.
    pub fn rule_changes(&self) -> u64 {
        self.rules.changes()
    }

    /// How the connections are used just now.
    pub fn connections(&self) -> Vec<Connections> {
        match &self.pools {
            Pools::Sqlite {
                writer, readers, ..
            } => {
                vec![used("writer", writer), used("readers", readers)]
            }
            Pools::Postgres(pool) => vec![used("all", pool)],
        }
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite {
                writer, readers, ..
            } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }

    fn tx(&self, inner: Inner, now: Timestamp) -> Tx {
        Tx {
            inner,
            now,
            rules: self.rules.clone(),
            changes_rules: false,
        }
    }

    async fn begin_postgres(&self, pool: &PgPool) -> Result<Tx, DbError> {
        let mut tx = begin_whole(pool).await?;
        let now = match &self.clock {
            // Instances whose clocks disagree must agree on what has expired.
            Clock::System => {
                let sql =
                    "SELECT CAST(EXTRACT(EPOCH FROM transaction_timestamp()) * 1000 AS BIGINT)";
                Timestamp::from_millis(sqlx::query_scalar(sql).fetch_one(&mut *tx).await?)
            }
            Clock::Manual(_) => self.clock.now(),
        };
        Ok(self.tx(Inner::Postgres(tx), now))
    }

    async fn check_durable(&self) -> Result<(), OpenError> {
        match &self.pools {
            Pools::Sqlite { writer, .. } => {
                let level: i64 = sqlx::query_scalar("PRAGMA synchronous")
                    .fetch_one(writer)
                    .await
                    .map_err(OpenError::Connect)?;
                let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
                    .fetch_one(writer)
                    .await
                    .map_err(OpenError::Connect)?;
                durable("journal_mode", journal, "wal", |found| found == "wal")?;
                durable("synchronous", level.to_string(), "FULL (2)", |found| {
                    found >= "2"
                })
            }
            Pools::Postgres(pool) => {
                for (name, sql, needed) in [
                    ("fsync", "SHOW fsync", "on"),
                    (
                        "synchronous_commit",
                        "SHOW synchronous_commit",
                        "on, remote_write or remote_apply",
                    ),
                ] {
                    let found: String = sqlx::query_scalar(sql)
                        .fetch_one(pool)
                        .await
                        .map_err(OpenError::Connect)?;
                    durable(name, found, needed, |found| {
                        matches!(found, "on" | "remote_write" | "remote_apply")
                    })?;
                }
                let deferrable: String = sqlx::query_scalar("SHOW default_transaction_deferrable")
                    .fetch_one(pool)
                    .await
                    .map_err(OpenError::Connect)?;
                if deferrable != "off" {
                    tracing::warn!(
                        "the database is set to default_transaction_deferrable={deferrable}: every \
                         payment takes the long way; set it to off"
                    );
                }
                Ok(())
            }
        }
    }
}

/// At this isolation level `DEFERRABLE` changes nothing, but a statement can see it. One that is to
/// commit by itself asks whether it is [`alone!`], and takes no effect where somebody left a
/// transaction open. Nothing is begun inside such a one, either: to the server it is an error.
const BEGIN: &str = "BEGIN DEFERRABLE";

/// Holds outside of any transaction that was begun here: what such a statement writes on PostgreSQL
/// is on the disk when it is answered.
macro_rules! alone {
    () => {
        "current_setting('transaction_deferrable') = 'off'"
    };
}
pub(super) use alone;

/// Begins in a task of its own, which is not dropped when whoever asked is. The library would give
/// the connection back with the transaction open if it were dropped between `BEGIN` and its answer,
/// and whatever somebody wrote next on that connection would be a part of it, acknowledged and then
/// rolled back.
pub(super) async fn begin_whole(
    pool: &PgPool,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(BEGIN).await });
    begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

async fn end_silent_transactions(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    conn.execute(END_SILENT_TRANSACTIONS).await.map(|_| ())
}

fn used<D: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<D>) -> Connections {
    // One less than none, for a moment, is none: see IDLE.
    let idle = u32::try_from(pool.num_idle()).unwrap_or(0);
    Connections {
        pool: name,
        idle,
        used: pool.size().saturating_sub(idle),
        max: pool.options().get_max_connections(),
    }
}

async fn connect_sqlite(settings: &DbSettings) -> Result<Pools, OpenError> {
    let options = SqliteConnectOptions::from_str(&settings.url)
        .map_err(|_| OpenError::Address)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_millis(WAIT_MS));
    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(Duration::from_millis(WAIT_MS))
            .idle_timeout(IDLE)
            .max_lifetime(IDLE)
    };
    let writer = pool()
        .max_connections(1)
        .connect_with(options.clone().pragma("cache_size", WRITER_CACHE))
        .await
        .map_err(OpenError::Connect)?;
    let readers = pool()
        .max_connections(settings.connections.max(1))
        .connect_lazy_with(
            options
                .pragma("query_only", "1")
                .pragma("cache_size", READER_CACHE),
        );
    Ok(Pools::Sqlite {
        writer,
        readers,
        hot: hot::sqlite::Hot::default(),
    })
}

fn durable(
    name: &'static str,
    found: String,
    needed: &'static str,
    is_enough: impl Fn(&str) -> bool,
) -> Result<(), OpenError> {
    if is_enough(&found) {
        Ok(())
    } else {
        Err(OpenError::NotDurable {
            name,
            found,
            needed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_looks_through_connections_that_are_not_used() {
        let home = tempfile::tempdir().unwrap();
        let settings = DbSettings {
            url: format!("sqlite:{}", home.path().join("tongma.db").display()),
            connections: 2,
        };
        let db = Db::connect(&settings, Clock::System).await.unwrap();
        let Pools::Sqlite {
            writer, readers, ..
        } = &db.pools
        else {
            panic!("asked for SQLite");
        };
        for options in [writer.options(), readers.options()] {
            assert_eq!(options.get_idle_timeout(), None);
            assert_eq!(options.get_max_lifetime(), None);
        }
    }
}
