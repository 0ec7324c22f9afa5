//! Groups in set-based statements: one commit, and one turn of the one writing connection, for as
//! many as came meanwhile. A group goes in as one JSON array.

mod begin;
mod hand_over;
mod pay;
mod written;

use serde::Serialize;
use sqlx::{SqliteConnection, SqlitePool};

use self::written::{Written, each, json};

use crate::clock::Clock;
use crate::db::DbError;
use crate::db::codes::Scan;
use crate::db::hot::begun::Begun;
use crate::db::hot::found::{FoundRow, Named, columns};
use crate::db::hot::group::Group;
use crate::db::hot::handed::HandedOver;
use crate::db::hot::paid::Paid;

const FIND: &str = concat!(
    "SELECT named.key AS place, ",
    columns!(),
    ", NULL AS now_ms FROM jsonb_each($1) AS named \
     CROSS JOIN attempts a ON a.order_number = named.value->>'order' \
     CROSS JOIN payments p ON p.id = a.payment_id \
     CROSS JOIN merchants m ON m.id = p.merchant_id \
     LEFT JOIN payment_accounts f ON f.id = a.payment_account_id AND f.merchant_id = p.merchant_id \
     CROSS JOIN institution_keys k ON k.key_id = named.value->>'key' \
     AND k.institution_id = named.value->>'institution'"
);
const INSERT_SCANS: &str = "INSERT INTO scans (id, code_id, merchant_id, institution_id, outcome, \
     scanned_ms) SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 \
     FROM jsonb_each($1)";

/// Those who wait for the next group, by what they wait for.
#[derive(Debug, Clone, Default)]
pub(in crate::db) struct Hot {
    finding: Group<Named, Result<Option<FoundRow>, DbError>>,
    paying: Group<Paid, Result<bool, DbError>>,
    beginning: Group<Begun, Result<bool, DbError>>,
    handing_over: Group<HandedOver, Result<bool, DbError>>,
}

#[derive(sqlx::FromRow)]
struct PlacedRow {
    place: i64,
    #[sqlx(flatten)]
    found: FoundRow,
}

#[derive(Serialize)]
struct NamedColumns<'a> {
    order: &'a str,
    institution: &'a str,
    key: &'a str,
}

/// Where groups are written, and what time it is there.
pub(super) type Writer<'a> = (&'a SqlitePool, &'a Clock);

impl Hot {
    pub(super) async fn find(
        &self,
        readers: &SqlitePool,
        named: Named,
    ) -> Result<Option<FoundRow>, DbError> {
        let readers = readers.clone();
        let work = move |group: Vec<Named>| {
            let readers = readers.clone();
            async move { find_each(&readers, &group).await }
        };
        // Given up: the caller's long way says what is wrong.
        self.finding.ask(named, work).await.unwrap_or(Ok(None))
    }

    pub(super) async fn pay(&self, writer: Writer<'_>, paid: Paid) -> Result<bool, DbError> {
        write(&self.paying, writer, paid).await
    }

    pub(super) async fn begin(&self, writer: Writer<'_>, begun: Begun) -> Result<bool, DbError> {
        write(&self.beginning, writer, begun).await
    }

    pub(super) async fn hand_over(
        &self,
        writer: Writer<'_>,
        handed: HandedOver,
    ) -> Result<bool, DbError> {
        write(&self.handing_over, writer, handed).await
    }
}

async fn write<W: Written>(
    group: &Group<W, Result<bool, DbError>>,
    (writer, clock): Writer<'_>,
    one: W,
) -> Result<bool, DbError> {
    let (writer, clock) = (writer.clone(), clock.clone());
    let work = move |group: Vec<W>| {
        let (writer, clock) = (writer.clone(), clock.clone());
        async move { each(&writer, &clock, &group).await }
    };
    group.ask(one, work).await.unwrap_or(Ok(false))
}

async fn find_each(
    readers: &SqlitePool,
    group: &[Named],
) -> Vec<Result<Option<FoundRow>, DbError>> {
    let mut answers: Vec<Result<Option<FoundRow>, DbError>> =
        group.iter().map(|_| Ok(None)).collect();
    match find_all(readers, group).await {
        Ok(rows) => {
            for row in rows {
                let place = usize::try_from(row.place).unwrap_or(usize::MAX);
                if let Some(answer) = answers.get_mut(place) {
                    *answer = Ok(Some(row.found));
                }
            }
        }
        Err(error) => answers.fill_with(|| Err(again(&error))),
    }
    answers
}

async fn find_all(readers: &SqlitePool, group: &[Named]) -> Result<Vec<PlacedRow>, sqlx::Error> {
    let columns = group.iter().map(|named| NamedColumns {
        order: named.order.as_str(),
        institution: named.institution.as_str(),
        key: &named.key,
    });
    let rows = json(columns);
    sqlx::query_as(FIND).bind(rows).fetch_all(readers).await
}

pub(super) async fn insert_scans(
    conn: &mut SqliteConnection,
    scans: &[Scan],
) -> Result<(), DbError> {
    let rows = scans.iter().map(|scan| {
        (
            &scan.id,
            &scan.code,
            &scan.merchant,
            &scan.institution,
            &scan.outcome,
            scan.at.millis(),
        )
    });
    sqlx::query(INSERT_SCANS)
        .bind(json(rows))
        .execute(conn)
        .await?;
    Ok(())
}

/// The same refusal for each who was refused together.
fn again(error: &sqlx::Error) -> DbError {
    DbError::Busy(sqlx::Error::Protocol(error.to_string()))
}
