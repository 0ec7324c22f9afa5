//! Groups in set-based statements: one commit, and one turn of the one writing connection, for as
//! many as came meanwhile. A group goes in as one JSON array.

use std::collections::HashSet;

use serde::Serialize;
use sqlx::{SqliteConnection, SqlitePool};

use crate::db::DbError;
use crate::db::codes::Scan;
use crate::db::hot::found::{FoundRow, Named, columns};
use crate::db::hot::group::Group;
use crate::db::hot::paid::{Columns, Paid};

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
// Under the lock of the one writer nothing changes between this and the statements that follow.
const STILL: &str = "SELECT paid.key FROM jsonb_each($1) AS paid \
     CROSS JOIN attempts a ON a.id = paid.value->>'attempt' \
     CROSS JOIN payments p ON p.id = a.payment_id \
     WHERE a.version = paid.value->>'attempt_version' AND a.state IN ('started', 'waiting') \
     AND p.version = paid.value->>'payment_version' AND p.state = 'waiting' \
     AND p.attempt_id = a.id \
     AND NOT EXISTS (SELECT 1 FROM results r WHERE r.institution_id = paid.value->>'institution' \
     AND r.payee_reference = paid.value->>'payee_reference' AND r.status = paid.value->>'status') \
     AND NOT EXISTS (SELECT 1 FROM receipts t WHERE t.store_id = paid.value->>'store' \
     AND t.day = paid.value->>'day' AND t.number = paid.value->>'number')";
const PAY: [&str; 8] = [
    "UPDATE attempts SET state = 'paid', decided_ms = value->>'at', version = version + 1 \
     FROM jsonb_each($1) WHERE attempts.id = value->>'attempt'",
    "UPDATE payments SET state = 'paid', captured_minor = amount_minor, \
     paid_ms = value->>'paid_at', version = version + 1 \
     FROM jsonb_each($1) WHERE payments.id = value->>'payment'",
    "INSERT INTO results (id, institution_id, payee_reference, order_number, attempt_id, \
     merchant_id, status, amount_minor, currency, account, outcome, jws, paid_ms, received_ms) \
     SELECT value->>'result', value->>'institution', value->>'payee_reference', \
     value->>'order_number', value->>'attempt', value->>'merchant', value->>'status', \
     value->>'amount', value->>'currency', value->>'account', 'settled', value->>'jws', \
     value->>'paid_at', value->>'at' FROM jsonb_each($1)",
    "INSERT INTO ledger_entries (id, merchant_id, payment_id, result_id, debit_account, \
     credit_account, amount_minor, currency, created_ms) \
     SELECT entry.value->>'id', paid.value->>'merchant', paid.value->>'payment', \
     paid.value->>'result', entry.value->>'debit', entry.value->>'credit', \
     entry.value->>'amount', paid.value->>'currency', paid.value->>'at' \
     FROM jsonb_each($1) AS paid, jsonb_each(paid.value, '$.entries') AS entry",
    "INSERT INTO positions (result_id, payer_institution_id, payee_institution_id, clearing, day, \
     amount_minor, currency) SELECT value->>'result', value->>'payer', value->>'payee', \
     value->>'clearing', value->>'day', value->>'amount', value->>'currency' \
     FROM jsonb_each($1) WHERE value->>'is_interop'",
    "INSERT INTO receipts (id, payment_id, merchant_id, store_id, day, number, jws, issued_ms, \
     expires_ms) SELECT value->>'receipt', value->>'payment', value->>'merchant', \
     value->>'store', value->>'day', value->>'number', value->>'receipt_jws', value->>'at', \
     value->>'expires_at' FROM jsonb_each($1)",
    "INSERT INTO events (id, merchant_id, store_id, counter_id, sequence, kind, data, created_ms) \
     SELECT value->>'event', value->>'merchant', value->>'event_store', value->>'event_counter', \
     NULL, value->>'kind', value->>'data', value->>'at' FROM jsonb_each($1)",
    "INSERT INTO outbox (event_id, merchant_id) SELECT value->>'event', value->>'merchant' \
     FROM jsonb_each($1)",
];
const INSERT_SCANS: &str = "INSERT INTO scans (id, code_id, merchant_id, institution_id, outcome, \
     scanned_ms) SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 \
     FROM jsonb_each($1)";

/// Those who wait for the next group, by what they wait for.
#[derive(Debug, Clone, Default)]
pub(in crate::db) struct Hot {
    finding: Group<Named, Result<Option<FoundRow>, DbError>>,
    paying: Group<Paid, Result<bool, DbError>>,
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

    pub(super) async fn pay(&self, writer: &SqlitePool, paid: Paid) -> Result<bool, DbError> {
        let writer = writer.clone();
        let work = move |group: Vec<Paid>| {
            let writer = writer.clone();
            async move { pay_each(&writer, &group).await }
        };
        self.paying.ask(paid, work).await.unwrap_or(Ok(false))
    }
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

/// The group as a whole; where that cannot be written, each of it by itself, so that one which
/// cannot be written harms no other.
async fn pay_each(writer: &SqlitePool, group: &[Paid]) -> Vec<Result<bool, DbError>> {
    match pay_all(writer, group).await {
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
                let alone = pay_all(writer, std::slice::from_ref(one)).await;
                done.push(alone.map(|done| done == [true]));
            }
            done
        }
    }
}

/// Whether each of the group was written.
async fn pay_all(writer: &SqlitePool, group: &[Paid]) -> Result<Vec<bool>, DbError> {
    let columns: Vec<Columns<'_>> = group.iter().map(Paid::columns).collect();
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let all = json(&columns);
    let still: Vec<i64> = sqlx::query_scalar(STILL)
        .bind(&all)
        .fetch_all(&mut *tx)
        .await?;
    let mut done = vec![false; group.len()];
    for place in still {
        if let Some(done) = usize::try_from(place).ok().and_then(|at| done.get_mut(at)) {
            *done = true;
        }
    }
    only_first(&columns, &mut done);
    let chosen = columns.iter().zip(&done).filter(|(_, done)| **done);
    let rows = if done.contains(&false) {
        json(chosen.map(|(columns, _)| columns))
    } else {
        all
    };
    if done.contains(&true) {
        for statement in PAY {
            sqlx::query(statement).bind(&rows).execute(&mut *tx).await?;
        }
    }
    tx.commit().await?;
    Ok(done)
}

/// Of those in one group that want the same attempt, payee reference or receipt number, the first.
fn only_first(columns: &[Columns<'_>], done: &mut [bool]) {
    let mut taken = HashSet::new();
    for (row, done) in columns.iter().zip(done) {
        let wants = [
            (row.attempt, "", ""),
            (row.institution, row.payee_reference, row.status),
            (row.store, row.day, row.number),
        ];
        if *done && wants.iter().any(|one| taken.contains(one)) {
            *done = false;
        }
        if *done {
            taken.extend(wants);
        }
    }
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

/// The rows as one JSON array.
fn json<T: Serialize>(rows: impl IntoIterator<Item = T>) -> String {
    let rows: Vec<T> = rows.into_iter().collect();
    // Texts and numbers only; an empty group writes nothing.
    serde_json::to_string(&rows).unwrap_or_else(|_| "[]".to_owned())
}

/// The same refusal for each who was refused together.
fn again(error: &sqlx::Error) -> DbError {
    DbError::Busy(sqlx::Error::Protocol(error.to_string()))
}
