//! Everything that is kept and matters for business, to see what a request changed.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use super::TestDb;

/// What may differ although nothing happened: the audit log, uses of keys, nonces, scans, and our own books about
/// the schema and the workers.
const ASIDE: &[&str] = &[
    "audit",
    "audit_head",
    "key_uses",
    "nonces",
    "scans",
    "worker_locks",
    "_sqlx_migrations",
    "sqlite_sequence",
];

/// All rows of all tables but a few, in one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digest(BTreeMap<String, BTreeSet<String>>);

impl Digest {
    /// What has changed since `before`: `+table` and `-table`, one for each row that came or went;
    /// a row that was changed went and came.
    pub(crate) fn since(&self, before: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for (table, rows) in &self.0 {
            let earlier = &before.0[table];
            changes.extend(earlier.difference(rows).map(|_| format!("-{table}")));
            changes.extend(rows.difference(earlier).map(|_| format!("+{table}")));
        }
        changes
    }

    /// As [`since`](Self::since), counted: `events+1 payments~1`, where `~` is a row that was changed.
    pub(crate) fn counted_since(&self, before: &Self) -> String {
        let mut told = Vec::new();
        for (table, rows) in &self.0 {
            let came = rows.difference(&before.0[table]).count();
            let went = before.0[table].difference(rows).count();
            let changed = came.min(went);
            for (sign, count) in [('~', changed), ('+', came - changed), ('-', went - changed)] {
                if count > 0 {
                    told.push(format!("{table}{sign}{count}"));
                }
            }
        }
        told.join(" ")
    }

    /// The rows of one table.
    pub(crate) fn rows(&self, table: &str) -> &BTreeSet<String> {
        &self.0[table]
    }

    /// Every row as text, to look for what must not be there.
    pub(crate) fn text(&self) -> String {
        let rows = self.0.values().flatten();
        rows.cloned().collect::<Vec<_>>().join("\n")
    }
}

/// Reads it, beside whatever the server does.
pub(crate) async fn business_digest(database: &TestDb) -> Digest {
    let url = database.url();
    let found = if url.starts_with("sqlite:") {
        of_sqlite(url).await
    } else {
        of_postgres(url).await
    };
    Digest(found)
}

async fn of_sqlite(url: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let mut found = BTreeMap::new();
    for table in tables
        .into_iter()
        .filter(|table| !ASIDE.contains(&table.as_str()))
    {
        let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info($1)")
            .bind(&table)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let row = columns
            .iter()
            .map(|column| format!("quote(\"{column}\")"))
            .collect::<Vec<_>>()
            .join(" || '|' || ");
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT {row} FROM \"{table}\"")))
                .fetch_all(&mut connection)
                .await
                .unwrap();
        found.insert(table, rows.into_iter().collect());
    }
    connection.close().await.unwrap();
    found
}

async fn of_postgres(url: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let mut found = BTreeMap::new();
    for table in tables
        .into_iter()
        .filter(|table| !ASIDE.contains(&table.as_str()))
    {
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT t::text FROM \"{table}\" t")))
                .fetch_all(&mut connection)
                .await
                .unwrap();
        found.insert(table, rows.into_iter().collect());
    }
    connection.close().await.unwrap();
    found
}
