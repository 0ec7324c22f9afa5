//! A group that is written in one transaction: what no longer may be written is left out, and one
//! that cannot be written harms no other.

use std::collections::HashSet;

use serde::Serialize;
use sqlx::{SqliteConnection, SqlitePool};

use crate::clock::{Clock, Timestamp};
use crate::db::DbError;

/// Something that only one of a group can have.
pub(super) type Want<'a> = (&'a str, &'a str, &'a str);

/// What is written in groups.
pub(super) trait Written: Send + Sync + Sized + 'static {
    /// The same, column by column.
    type Columns<'a>: Serialize + Send + Sync;

    /// The group in the database's own form, and which of it may still be written; by [`still`].
    const STILL: &'static str;

    fn columns(&self) -> Self::Columns<'_>;

    /// Whether its time was over before its turn came: a group may have waited for the writer.
    fn is_late(&self, _now: Timestamp) -> bool {
        false
    }

    /// What writes these.
    fn statements(rows: &[&Self::Columns<'_>]) -> Vec<&'static str>;

    /// What no other of the group can have.
    fn wants<'a>(row: &'a Self::Columns<'_>) -> [Want<'a>; 3];
}

/// Around a query for the places (`AS place`) of a group that may still be written. The group comes
/// back in the database's own binary form, so that it is read as text once and not by every
/// statement.
macro_rules! still {
    ($places:literal) => {
        concat!(
            "SELECT jsonb($1), (SELECT json_group_array(place) FROM (",
            $places,
            "))"
        )
    };
}
pub(super) use still;

/// What the statements are given.
enum Rows {
    Text(String),
    Binary(Vec<u8>),
}

/// The group as a whole; where that cannot be written, each of it by itself.
pub(super) async fn each<W: Written>(
    writer: &SqlitePool,
    clock: &Clock,
    group: &[W],
) -> Vec<Result<bool, DbError>> {
    match all(writer, clock, group).await {
        Ok(done) => done.into_iter().map(Ok).collect(),
        // Nobody gets the writer now, so nobody waits for it here one after another.
        Err(error @ DbError::Busy(_)) => {
            tracing::debug!(%error, "a group of {} waits for the writer", group.len());
            group.iter().map(|_| Ok(false)).collect()
        }
        Err(error) if group.len() == 1 => vec![Err(error)],
        Err(_) => {
            let mut done = Vec::with_capacity(group.len());
            for one in group {
                let alone = all(writer, clock, std::slice::from_ref(one)).await;
                done.push(alone.map(|done| done == [true]));
            }
            done
        }
    }
}

/// Whether each of the group was written.
async fn all<W: Written>(
    writer: &SqlitePool,
    clock: &Clock,
    group: &[W],
) -> Result<Vec<bool>, DbError> {
    let columns: Vec<W::Columns<'_>> = group.iter().map(W::columns).collect();
    let text = json(&columns);
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let now = clock.now();
    let (binary, still): (Vec<u8>, String) = sqlx::query_as(W::STILL)
        .bind(text)
        .fetch_one(&mut *tx)
        .await?;
    let mut done = vec![false; group.len()];
    // A list of small numbers, as the database has just made it.
    for place in serde_json::from_str::<Vec<usize>>(&still).unwrap_or_default() {
        if let (Some(done), Some(one)) = (done.get_mut(place), group.get(place)) {
            *done = !one.is_late(now);
        }
    }
    only_first::<W>(&columns, &mut done);
    let chosen: Vec<&W::Columns<'_>> = columns
        .iter()
        .zip(&done)
        .filter_map(|(columns, done)| done.then_some(columns))
        .collect();
    let rows = if chosen.len() < columns.len() {
        Rows::Text(json(&chosen))
    } else {
        Rows::Binary(binary)
    };
    if !chosen.is_empty() {
        for statement in W::statements(&chosen) {
            rows.write(statement, &mut tx).await?;
        }
    }
    tx.commit().await?;
    Ok(done)
}

impl Rows {
    async fn write(
        &self,
        statement: &'static str,
        conn: &mut SqliteConnection,
    ) -> Result<(), sqlx::Error> {
        let statement = sqlx::query(statement);
        let bound = match self {
            Self::Text(rows) => statement.bind(rows),
            Self::Binary(rows) => statement.bind(rows),
        };
        bound.execute(conn).await.map(|_| ())
    }
}

/// Of those in one group that want the same, the first.
fn only_first<W: Written>(columns: &[W::Columns<'_>], done: &mut [bool]) {
    let mut taken = HashSet::new();
    for (row, done) in columns.iter().zip(done) {
        let wants = W::wants(row);
        if *done && wants.iter().any(|one| taken.contains(one)) {
            *done = false;
        }
        if *done {
            taken.extend(wants);
        }
    }
}

/// The rows as one JSON array.
pub(super) fn json<T: Serialize>(rows: impl IntoIterator<Item = T>) -> String {
    let rows: Vec<T> = rows.into_iter().collect();
    // Texts and numbers only; an empty group writes nothing.
    serde_json::to_string(&rows).unwrap_or_else(|_| "[]".to_owned())
}
