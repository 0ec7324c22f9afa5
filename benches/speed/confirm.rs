//! `confirm` as a use case: a signed statement is verified and judged, and state, books, receipt,
//! event and outbox row are on the disk before it is acknowledged. Against the same rows, written by
//! who knows no rule.

use std::sync::Arc;

use tongma::flow::confirm::{Outcome, confirm};

use crate::asked::Asked;
use crate::clients::at_once;
use crate::pgbench;
use crate::seed::{self, AMOUNT, FEE, Ground, PAYEE, PAYER};
use crate::support::shop::{ORIGIN, Shop, account_of};
use crate::support::{Backend, TestDb};
use crate::table::{Done, Goal, Row, Table};
use crate::writer::Writer;

/// Callers at once, and how many statements they bring in a turn.
const LOADS: [(usize, usize); 3] = [(8, 1200), (32, 2400), (128, 3840)];

pub(crate) async fn measure(asked: &Asked, table: &mut Table, backend: Backend) {
    let shop = Shop::open_at(backend, ORIGIN, tongma::clock::Clock::System).await;
    let ground = Ground::of(&shop, &shop.sticker().await).await;
    let goal = match backend {
        Backend::Sqlite => Goal::AtLeast(0.7),
        Backend::Postgres => Goal::AtLeast(0.9),
    };
    let mut next = 0;
    for (clients, count) in LOADS {
        let mut turns = Vec::new();
        let mut note = String::new();
        for _ in 0..asked.rounds {
            let many = count as i64;
            seed::waiting(&shop.database, &ground, next, many * 2).await;
            seed::analyse(&shop.database).await;
            let ours = ours(&shop, clients, next, count).await;
            let theirs = theirs(
                &shop.database,
                &ground,
                backend,
                clients,
                next + many,
                count,
            )
            .await;
            note = ours.times();
            turns.push((ours.per_second(), theirs));
            next += many * 2;
        }
        table.push(Row {
            figure: format!("confirm, {}, {clients} clients", seed::name(backend)),
            reference: reference(backend).to_owned(),
            turns,
            unit: "/s",
            goal,
            note,
        });
    }
}

const fn reference(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "the same rows, grouped and set-based",
        Backend::Postgres => "the same rows, pgbench",
    }
}

/// The use case, from number `from` on.
pub(crate) async fn ours(shop: &Shop, clients: usize, from: i64, count: usize) -> Done {
    let statements: Arc<[String]> = (from..from + count as i64)
        .map(|number| shop.signed(&seed::claims(shop, number)))
        .collect();
    let app = shop.app.clone();
    at_once(clients, count, move |index| {
        let (app, statements) = (app.clone(), Arc::clone(&statements));
        async move {
            let order = seed::order(from + index as i64);
            let told = confirm(&app, &PAYEE.parse().unwrap(), &order, &statements[index]).await;
            assert!(
                matches!(told, Ok(Outcome::Settled { state: "paid", .. })),
                "{told:?}"
            );
        }
    })
    .await
}

async fn theirs(
    database: &TestDb,
    ground: &Ground,
    backend: Backend,
    clients: usize,
    from: i64,
    count: usize,
) -> f64 {
    match backend {
        Backend::Sqlite => {
            let writer = Writer::open(database, FINAL).await;
            let rows: Arc<[String]> = (from..from + count as i64)
                .map(|number| row(ground, number))
                .collect();
            let done = at_once(clients, count, move |index| {
                let (writer, rows) = (writer.clone(), Arc::clone(&rows));
                async move { writer.put(rows[index].clone()).await }
            });
            done.await.per_second()
        }
        Backend::Postgres => {
            let each = count / clients;
            let script = script(ground);
            let database = &database;
            tokio::task::block_in_place(|| {
                pgbench::per_second(database, &script, clients, each, from)
            })
        }
    }
}

/// Everything that a confirmed payment leaves, for SQLite's writer.
fn row(ground: &Ground, number: i64) -> String {
    let Ground {
        merchant,
        account,
        now,
        ..
    } = ground;
    serde_json::json!({
        "result": format!("res_{number:026}"),
        "payee": PAYEE,
        "payer": PAYER,
        "reference": format!("REF-{number:020}"),
        "order": seed::order(number),
        "attempt": seed::attempt(number),
        "payment": seed::payment(number),
        "merchant": merchant,
        "store": ground.store,
        "counter": ground.counter,
        "amount": AMOUNT,
        "net": AMOUNT - FEE,
        "fee": FEE,
        "currency": "CNY",
        "account": account_of(PAYEE),
        "statement": ground.statement,
        "now": now,
        "entry": format!("ent_a{number:025}"),
        "entry_fee": format!("ent_b{number:025}"),
        "claim": format!("claim:{account}"),
        "fees": format!("fee:{merchant}:{PAYEE}"),
        "sales": format!("sales:{merchant}"),
        "clearing": "netsunion",
        "day": "2026-01-01",
        "receipt": format!("rcp_{number:026}"),
        "receipt_day": format!("d{}", number / 1_000_000),
        "receipt_number": format!("{:06}", number % 1_000_000),
        "event": format!("evt_{number:026}"),
        "data": serde_json::json!({ "evidence": ground.statement }).to_string(),
    })
    .to_string()
}

const FINAL: &[&str] = &[
    "INSERT INTO results (id, institution_id, payee_reference, order_number, attempt_id, \
     merchant_id, status, amount_minor, currency, account, outcome, jws, paid_ms, received_ms) \
     SELECT value->>'result', value->>'payee', value->>'reference', value->>'order', \
     value->>'attempt', value->>'merchant', 'paid', value->>'amount', value->>'currency', \
     value->>'account', 'settled', value->>'statement', value->>'now', value->>'now' \
     FROM jsonb_each($1)",
    "UPDATE attempts SET state = 'paid', decided_ms = value->>'now', version = version + 1 \
     FROM jsonb_each($1) WHERE attempts.id = value->>'attempt'",
    "UPDATE payments SET state = 'paid', captured_minor = value->>'amount', \
     paid_ms = value->>'now', version = version + 1 \
     FROM jsonb_each($1) WHERE payments.id = value->>'payment'",
    "INSERT INTO ledger_entries (id, merchant_id, payment_id, result_id, debit_account, \
     credit_account, amount_minor, currency, created_ms) \
     SELECT value->>'entry', value->>'merchant', value->>'payment', value->>'result', \
     value->>'claim', value->>'sales', value->>'net', value->>'currency', value->>'now' \
     FROM jsonb_each($1) UNION ALL \
     SELECT value->>'entry_fee', value->>'merchant', value->>'payment', value->>'result', \
     value->>'fees', value->>'sales', value->>'fee', value->>'currency', value->>'now' \
     FROM jsonb_each($1)",
    "INSERT INTO positions (result_id, payer_institution_id, payee_institution_id, clearing, day, \
     amount_minor, currency) SELECT value->>'result', value->>'payer', value->>'payee', \
     value->>'clearing', value->>'day', value->>'amount', value->>'currency' FROM jsonb_each($1)",
    "INSERT INTO receipts (id, payment_id, merchant_id, store_id, day, number, jws, issued_ms, \
     expires_ms) SELECT value->>'receipt', value->>'payment', value->>'merchant', \
     value->>'store', value->>'receipt_day', value->>'receipt_number', value->>'statement', \
     value->>'now', value->>'now' FROM jsonb_each($1)",
    "INSERT INTO events (id, merchant_id, store_id, counter_id, sequence, kind, data, created_ms) \
     SELECT value->>'event', value->>'merchant', value->>'store', value->>'counter', NULL, \
     'payment.paid', value->>'data', value->>'now' FROM jsonb_each($1)",
    "INSERT INTO outbox (event_id, merchant_id) SELECT value->>'event', value->>'merchant' \
     FROM jsonb_each($1)",
];

/// The same for `pgbench`, one statement after another.
fn script(ground: &Ground) -> String {
    let Ground {
        merchant,
        store,
        counter,
        account,
        now,
        statement,
        ..
    } = ground;
    let id =
        |prefix: &str, width: usize| format!("'{prefix}' || lpad(CAST(:n AS text), {width}, '0')");
    let result = id("res_", 26);
    let (attempt, payment) = (id("att_", 26), id("pay_", 26));
    let event = id("evt_", 26);
    let order = "lpad(CAST(CAST(:n AS bigint) * 2654435761 % 4294967296 AS text), 10, '0') \
                 || lpad(CAST(:n AS text), 22, '0')";
    let number = account_of(PAYEE);
    let posted = |id: &str, debit: &str, minor: i64| {
        // A word behind a colon would be a variable of the script.
        let debit = debit.replace(':', "' || chr(58) || '");
        format!(
            "INSERT INTO ledger_entries (id, merchant_id, payment_id, result_id, debit_account, \
             credit_account, amount_minor, currency, created_ms) VALUES ({id}, '{merchant}', \
             {payment}, {result}, '{debit}', 'sales' || chr(58) || '{merchant}', {minor}, 'CNY', \
             {now});"
        )
    };
    [
        "BEGIN;".to_owned(),
        format!(
            "INSERT INTO results (id, institution_id, payee_reference, order_number, attempt_id, \
             merchant_id, status, amount_minor, currency, account, outcome, jws, paid_ms, \
             received_ms) VALUES ({result}, '{PAYEE}', {}, {order}, {attempt}, '{merchant}', \
             'paid', {AMOUNT}, 'CNY', '{number}', 'settled', '{statement}', {now}, {now});",
            id("REF-", 20)
        ),
        format!(
            "UPDATE attempts SET state = 'paid', decided_ms = {now}, version = version + 1 \
             WHERE id = {attempt};"
        ),
        format!(
            "UPDATE payments SET state = 'paid', captured_minor = amount_minor, paid_ms = {now}, \
             version = version + 1 WHERE id = {payment};"
        ),
        posted(&id("ent_a", 25), &format!("claim:{account}"), AMOUNT - FEE),
        posted(&id("ent_b", 25), &format!("fee:{merchant}:{PAYEE}"), FEE),
        format!(
            "INSERT INTO positions (result_id, payer_institution_id, payee_institution_id, \
             clearing, day, amount_minor, currency) VALUES ({result}, '{PAYER}', '{PAYEE}', \
             'netsunion', '2026-01-01', {AMOUNT}, 'CNY');"
        ),
        format!(
            "INSERT INTO receipts (id, payment_id, merchant_id, store_id, day, number, jws, \
             issued_ms, expires_ms) VALUES ({}, {payment}, '{merchant}', '{store}', \
             'd' || CAST(CAST(:n AS bigint) / 1000000 AS text), \
             lpad(CAST(CAST(:n AS bigint) % 1000000 AS text), 6, '0'), '{statement}', {now}, {now});",
            id("rcp_", 26)
        ),
        format!(
            "INSERT INTO events (id, merchant_id, store_id, counter_id, sequence, kind, data, \
             created_ms) VALUES ({event}, '{merchant}', '{store}', '{counter}', NULL, \
             'payment.paid', '{{\"evidence\":\"{statement}\"}}', {now});"
        ),
        format!("INSERT INTO outbox (event_id, merchant_id) VALUES ({event}, '{merchant}');"),
        "COMMIT;".to_owned(),
    ]
    .join("\n")
}
