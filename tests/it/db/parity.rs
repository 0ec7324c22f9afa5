//! The two schemas are one schema, written twice.

use std::collections::BTreeSet;

use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::support::{Backend, TestDb};

/// A column as both databases describe it: table, name, kind, whether it may be empty.
type Column = (String, String, &'static str, bool);

#[tokio::test]
async fn postgres_has_the_tables_and_columns_of_sqlite() {
    let Some((mut sqlite, mut postgres)) = both().await else {
        return;
    };
    let left = sqlite_columns(&mut sqlite.connection).await;
    let right = postgres_columns(&mut postgres.connection).await;
    assert!(left.len() > 50, "found the tables: {left:?}");
    assert_same(&left, &right);
}

#[tokio::test]
async fn postgres_has_the_indexes_of_sqlite() {
    let Some((mut sqlite, mut postgres)) = both().await else {
        return;
    };
    let left: Vec<(String, String, bool)> = sqlx::query_as(
        "SELECT m.tbl_name, m.name, l.\"unique\" FROM sqlite_master m
         JOIN pragma_index_list(m.tbl_name) l ON l.name = m.name
         WHERE m.type = 'index' AND m.sql IS NOT NULL",
    )
    .fetch_all(&mut sqlite.connection)
    .await
    .unwrap();
    // Those that stand behind a primary key or a UNIQUE column have generated names.
    let right: Vec<(String, String, bool)> = sqlx::query_as(
        "SELECT t.relname::text, i.relname::text, x.indisunique FROM pg_index x
         JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
         JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
         WHERE NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid)",
    )
    .fetch_all(&mut postgres.connection)
    .await
    .unwrap();
    assert!(!left.is_empty());
    assert_same(&left, &right);
}

/// What must not stand twice, and what must exist: the promises that no reading before a writing
/// could keep.
#[tokio::test]
async fn postgres_refuses_the_doubles_and_the_strays_of_sqlite() {
    let Some((mut sqlite, mut postgres)) = both().await else {
        return;
    };
    // Table, columns in order, and whether only some rows count.
    let left: Vec<(String, String, bool)> = sqlx::query_as(
        "SELECT m.name, (SELECT group_concat(i.name) FROM pragma_index_info(l.name) i), l.partial
         FROM sqlite_master m JOIN pragma_index_list(m.name) l
         WHERE m.type = 'table' AND l.\"unique\" AND m.name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut sqlite.connection)
    .await
    .unwrap();
    let right: Vec<(String, String, bool)> = sqlx::query_as(
        "SELECT t.relname::text, (SELECT string_agg(a.attname, ',' ORDER BY k.at)
           FROM unnest(x.indkey) WITH ORDINALITY AS k (column_number, at)
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.column_number),
         x.indpred IS NOT NULL FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
         JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
         WHERE x.indisunique AND t.relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut postgres.connection)
    .await
    .unwrap();
    // SQLite has no index behind a primary key that is a whole number.
    let is_number = |(table, columns, _): &(String, String, bool)| {
        (table.as_str(), columns.as_str()) == ("outbox", "id")
    };
    let right: Vec<_> = right.into_iter().filter(|row| !is_number(row)).collect();
    assert!(left.len() > 30, "{left:?}");
    assert_same(&left, &right);

    let left: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT m.name, f.\"from\", f.\"table\" FROM sqlite_master m
         JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
    )
    .fetch_all(&mut sqlite.connection)
    .await
    .unwrap();
    let right: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT t.relname::text, a.attname::text, r.relname::text FROM pg_constraint c
         JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
         WHERE c.contype = 'f'",
    )
    .fetch_all(&mut postgres.connection)
    .await
    .unwrap();
    assert!(left.len() > 20, "{left:?}");
    assert_same(&left, &right);
}

#[tokio::test]
async fn postgres_has_the_migrations_of_sqlite() {
    let Some((mut sqlite, mut postgres)) = both().await else {
        return;
    };
    let list = "SELECT version, description FROM _sqlx_migrations";
    let left: Vec<(i64, String)> = sqlx::query_as(list)
        .fetch_all(&mut sqlite.connection)
        .await
        .unwrap();
    let right: Vec<(i64, String)> = sqlx::query_as(list)
        .fetch_all(&mut postgres.connection)
        .await
        .unwrap();
    assert!(!left.is_empty());
    assert_same(&left, &right);
}

/// A connection that keeps its database.
struct Open<C> {
    connection: C,
    _database: TestDb,
}

async fn both() -> Option<(Open<SqliteConnection>, Open<PgConnection>)> {
    if !Backend::Postgres.is_here() {
        return None;
    }
    let database = TestDb::new(Backend::Sqlite).await;
    let connection = SqliteConnection::connect(database.url()).await.unwrap();
    let sqlite = Open {
        connection,
        _database: database,
    };
    let database = TestDb::new(Backend::Postgres).await;
    let connection = PgConnection::connect(database.url()).await.unwrap();
    Some((
        sqlite,
        Open {
            connection,
            _database: database,
        },
    ))
}

async fn sqlite_columns(connection: &mut SqliteConnection) -> Vec<Column> {
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT m.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0
         FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '_sqlx_migrations'",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(table, name, kind, empty)| (table, name, class(&kind), empty))
        .collect()
}

async fn postgres_columns(connection: &mut PgConnection) -> Vec<Column> {
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES'
         FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(table, name, kind, empty)| (table, name, class(&kind), empty))
        .collect()
}

/// What a column holds, whatever the database calls it. SQLite has no flag, so a flag counts as a
/// number.
fn class(kind: &str) -> &'static str {
    match kind {
        "TEXT" | "text" => "text",
        "INTEGER" | "bigint" | "boolean" => "number",
        "BLOB" | "bytea" => "bytes",
        other => panic!("{other} is not one of the portable column types"),
    }
}

fn assert_same<T: Ord + std::fmt::Debug>(sqlite: &[T], postgres: &[T]) {
    let left: BTreeSet<_> = sqlite.iter().collect();
    let right: BTreeSet<_> = postgres.iter().collect();
    let only_left: Vec<_> = left.difference(&right).collect();
    let only_right: Vec<_> = right.difference(&left).collect();
    assert!(
        only_left.is_empty() && only_right.is_empty(),
        "only on SQLite: {only_left:#?}\nonly on PostgreSQL: {only_right:#?}"
    );
}
