//! Rows by the thousand, without a use case: what is written is what the use cases would have
//! written. Everything follows from a number, so that a benchmark can name what it stored.

use tongma::db;
use tongma::id::{AgreementId, AttemptId, PaymentAccountId, PaymentId};
use tongma::merchant::PrintedCode;
use tongma::payment::{OrderNumber, ResultClaims};

use crate::support::beside::{number, run};
use crate::support::shop::{Shop, account_of};
use crate::support::{Backend, TestDb};

/// Whose payers pay, and into accounts at whom: one institution and another, as most scans will be.
pub(crate) const PAYER: &str = "jd_pay";
pub(crate) const PAYEE: &str = "wechat_pay";
/// CNY 12.00.
pub(crate) const AMOUNT: i64 = 1200;
/// What the institution keeps of it, at 0.6 %.
pub(crate) const FEE: i64 = 7;

/// In one statement.
const CHUNK: i64 = 50_000;
/// As long as a signed statement is.
const STATEMENT_CHARS: usize = 700;

/// What all rows have in common.
pub(crate) struct Ground {
    pub(crate) merchant: String,
    pub(crate) store: String,
    pub(crate) counter: String,
    pub(crate) code: String,
    pub(crate) account: PaymentAccountId,
    pub(crate) agreement: AgreementId,
    pub(crate) now: i64,
    /// Stands for a signed statement where nobody reads it.
    pub(crate) statement: String,
}

impl Ground {
    pub(crate) async fn of(shop: &Shop, code: &PrintedCode) -> Self {
        let mut tx = shop.app.db.read().await.unwrap();
        let merchant = &shop.merchant.id;
        let accounts = db::accounts::of_merchant(&mut tx, merchant).await.unwrap();
        let agreements = db::agreements::leading_to(&mut tx, merchant).await.unwrap();
        tx.commit().await.unwrap();
        let is_ours = |payer: &str, payee: &str| payer == PAYER && payee == PAYEE;
        let account = accounts
            .iter()
            .find(|one| one.institution.as_str() == PAYEE);
        let agreement = agreements
            .iter()
            .find(|one| is_ours(one.payer.as_str(), one.payee.as_str()));
        Self {
            merchant: merchant.to_string(),
            store: shop.store.id.to_string(),
            counter: shop.counters[0].id.to_string(),
            code: code.id.to_string(),
            account: account.unwrap().id.clone(),
            agreement: agreement.unwrap().id.clone(),
            now: shop.app.clock.now().millis(),
            statement: "s".repeat(STATEMENT_CHARS),
        }
    }
}

/// Payments from number `from` on, each held by an attempt that waits for its money.
pub(crate) async fn waiting(database: &TestDb, ground: &Ground, from: i64, count: i64) {
    for (first, last) in chunks(from, count) {
        put(database, &payments(ground, "waiting"), first, last).await;
        put(
            database,
            &attempts(database, ground, "waiting"),
            first,
            last,
        )
        .await;
    }
}

/// Payments from number `from` on that were paid long ago, with all that this left behind.
pub(crate) async fn paid(database: &TestDb, ground: &Ground, from: i64, count: i64) {
    for (first, last) in chunks(from, count) {
        put(database, &payments(ground, "paid"), first, last).await;
        put(database, &attempts(database, ground, "paid"), first, last).await;
        for sql in left_behind(ground) {
            put(database, &sql, first, last).await;
        }
    }
}

/// Has the planner know what was stored.
pub(crate) async fn analyse(database: &TestDb) {
    run(database, "ANALYZE").await;
}

/// How much of the disk a database takes.
pub(crate) async fn bytes(database: &TestDb) -> i64 {
    let sql = if database.url().starts_with("sqlite:") {
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    } else {
        "SELECT pg_database_size(current_database())"
    };
    number(database, sql).await
}

pub(crate) fn payment(number: i64) -> PaymentId {
    format!("pay_{number:026}").parse().unwrap()
}

pub(crate) fn attempt(number: i64) -> AttemptId {
    format!("att_{number:026}").parse().unwrap()
}

/// Scattered, as real ones are.
pub(crate) fn order(number: i64) -> OrderNumber {
    let scattered = number * 2_654_435_761 % 4_294_967_296;
    format!("{scattered:010}{number:022}").parse().unwrap()
}

/// What the institution says of the payment of this number.
pub(crate) fn claims(shop: &Shop, number: i64) -> ResultClaims {
    let now = shop.app.clock.now();
    ResultClaims {
        iss: PAYEE.to_owned(),
        aud: shop.app.origin.to_string(),
        iat: now.seconds(),
        exp: now.seconds() + 300,
        jti: format!("J{number}"),
        order_number: order(number).to_string(),
        payment_account: account_of(PAYEE).to_owned(),
        amount_minor: AMOUNT,
        payer_amount_minor: Some(AMOUNT),
        discounts: Vec::new(),
        currency: "CNY".to_owned(),
        payee_reference: format!("REF-{number:020}"),
        status: "paid".to_owned(),
        paid_at: Some(now.to_string()),
        code_sha256: None,
    }
}

fn chunks(from: i64, count: i64) -> impl Iterator<Item = (i64, i64)> {
    let end = from + count;
    let firsts = (0..=count / CHUNK).map(move |chunk| from + chunk * CHUNK);
    firsts
        .map(move |first| (first, (first + CHUNK).min(end) - 1))
        .filter(|(first, last)| first <= last)
}

async fn put(database: &TestDb, insert: &str, first: i64, last: i64) {
    let series = format!(
        "WITH RECURSIVE series(n) AS (SELECT CAST({first} AS BIGINT) UNION ALL \
         SELECT n + 1 FROM series WHERE n < {last}) "
    );
    run(database, &(series + insert + " FROM series")).await;
}

/// The number with zeros before it, in the SQL of both databases.
fn padded(prefix: &str, number: &str, width: usize) -> String {
    let zeros = "0".repeat(width);
    format!(
        "'{prefix}' || substr('{zeros}', 1, {width} - length(CAST({number} AS TEXT))) \
         || CAST({number} AS TEXT)"
    )
}

fn payments(ground: &Ground, state: &str) -> String {
    let Ground {
        merchant,
        store,
        counter,
        code,
        now,
        ..
    } = ground;
    let (id, attempt) = (padded("pay_", "n", 26), padded("att_", "n", 26));
    let (captured, paid) = if state == "paid" {
        (AMOUNT, now.to_string())
    } else {
        (0, "CAST(NULL AS BIGINT)".to_owned())
    };
    format!(
        "INSERT INTO payments (id, merchant_id, store_id, counter_id, code_id, amount_minor, \
         currency, state, attempt_id, captured_minor, refunded_minor, version, created_ms, paid_ms) \
         SELECT {id}, '{merchant}', '{store}', '{counter}', '{code}', {AMOUNT}, 'CNY', '{state}', \
         {attempt}, {captured}, 0, 2, {now}, {paid}"
    )
}

fn attempts(database: &TestDb, ground: &Ground, state: &str) -> String {
    let Ground {
        merchant,
        account,
        agreement,
        now,
        ..
    } = ground;
    let scattered = padded("", "(n * 2654435761 % 4294967296)", 10);
    let (id, payment, number) = (
        padded("att_", "n", 26),
        padded("pay_", "n", 26),
        padded("", "n", 22),
    );
    let zeros = "0".repeat(64);
    let digest = if database.url().starts_with("sqlite:") {
        format!("x'{zeros}'")
    } else {
        format!("decode('{zeros}', 'hex')")
    };
    let reference = account_of(PAYEE);
    let end = now + 3_600_000;
    format!(
        "INSERT INTO attempts (id, payment_id, merchant_id, order_number, payer_institution_id, \
         payee_institution_id, payment_account_id, account_reference, route_kind, route_reason, \
         agreement_id, clearing, way, payer_reference, request_digest, amount_minor, currency, \
         state, handover, version, pay_before_ms, close_ms, next_query_ms, queries, started_ms) \
         SELECT {id}, {payment}, '{merchant}', {scattered} || {number}, '{PAYER}', '{PAYEE}', \
         '{account}', '{reference}', 'interop', 'only-route', '{agreement}', 'netsunion', 'api', \
         {id}, {digest}, {AMOUNT}, 'CNY', '{state}', '{{}}', 2, {end}, {end}, {end}, 0, {now}"
    )
}

/// The statement, the books, the receipt and the event.
fn left_behind(ground: &Ground) -> Vec<String> {
    let Ground {
        merchant,
        store,
        counter,
        account,
        now,
        ..
    } = ground;
    let (result, payment) = (padded("res_", "n", 26), padded("pay_", "n", 26));
    let (entry, fee) = (padded("ent_a", "n", 25), padded("ent_b", "n", 25));
    let posted = |id: &str, debit: &str, minor: i64| {
        format!(
            "INSERT INTO ledger_entries (id, merchant_id, payment_id, result_id, debit_account, \
             credit_account, amount_minor, currency, created_ms) SELECT {id}, '{merchant}', \
             {payment}, {result}, '{debit}', 'sales:{merchant}', {minor}, 'CNY', {now}"
        )
    };
    vec![
        format!(
            "INSERT INTO results (id, institution_id, payee_reference, order_number, attempt_id, \
             merchant_id, status, amount_minor, currency, account, outcome, jws, paid_ms, \
             received_ms) SELECT {result}, '{PAYEE}', {}, {} || {}, {}, '{merchant}', 'paid', \
             {AMOUNT}, 'CNY', '{}', 'settled', 'seeded', {now}, {now}",
            padded("OLD-", "n", 20),
            padded("", "(n * 2654435761 % 4294967296)", 10),
            padded("", "n", 22),
            padded("att_", "n", 26),
            account_of(PAYEE),
        ),
        posted(&entry, &format!("claim:{account}"), AMOUNT - FEE),
        posted(&fee, &format!("fee:{merchant}:{PAYEE}"), FEE),
        format!(
            "INSERT INTO positions (result_id, payer_institution_id, payee_institution_id, \
             clearing, day, amount_minor, currency) SELECT {result}, '{PAYER}', '{PAYEE}', \
             'netsunion', '2026-01-01', {AMOUNT}, 'CNY'"
        ),
        format!(
            "INSERT INTO receipts (id, payment_id, merchant_id, store_id, day, number, jws, \
             issued_ms, expires_ms) SELECT {}, {payment}, '{merchant}', '{store}', {}, {}, \
             'seeded', {now}, {now}",
            padded("rcp_", "n", 26),
            padded("d", "(n / 1000000)", 9),
            padded("", "(n % 1000000)", 6),
        ),
        format!(
            "INSERT INTO events (id, merchant_id, store_id, counter_id, sequence, kind, data, \
             created_ms) SELECT {}, '{merchant}', '{store}', '{counter}', n, 'payment.paid', \
             '{{}}', {now}",
            padded("evt_", "n", 26),
        ),
    ]
}

/// Whether the figure is SQLite's or PostgreSQL's.
pub(crate) const fn name(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "SQLite",
        Backend::Postgres => "PostgreSQL",
    }
}
