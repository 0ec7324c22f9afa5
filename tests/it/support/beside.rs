//! A hand in the database beside the program: to count what its promises forbid, and to put things
//! as no call could.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection};

use super::TestDb;

enum Hand {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// The one number that a query brings; the same text runs on both databases.
pub(crate) async fn number(database: &TestDb, sql: &str) -> i64 {
    let sql = AssertSqlSafe(sql.to_owned());
    match reach(database).await {
        Hand::Sqlite(mut hand) => sqlx::query_scalar(sql).fetch_one(&mut hand).await.unwrap(),
        Hand::Postgres(mut hand) => sqlx::query_scalar(sql).fetch_one(&mut hand).await.unwrap(),
    }
}

/// Does what the program offers no way to do.
pub(crate) async fn run(database: &TestDb, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    let done = match reach(database).await {
        Hand::Sqlite(mut hand) => sqlx::query(sql).execute(&mut hand).await.map(|_| ()),
        Hand::Postgres(mut hand) => sqlx::query(sql).execute(&mut hand).await.map(|_| ()),
    };
    done.unwrap();
}

/// Returns when a transaction on PostgreSQL stands in line for a lock.
pub(crate) async fn one_waits(database: &TestDb) {
    let waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND wait_event_type = 'Lock'";
    for _ in 0..400 {
        if number(database, waits).await > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nobody waits");
}

async fn reach(database: &TestDb) -> Hand {
    let url = database.url();
    if url.starts_with("sqlite:") {
        let options = SqliteConnectOptions::from_str(url).unwrap();
        let wait = Duration::from_secs(20);
        Hand::Sqlite(options.busy_timeout(wait).connect().await.unwrap())
    } else {
        Hand::Postgres(PgConnection::connect(url).await.unwrap())
    }
}
