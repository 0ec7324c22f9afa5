//! `start` as a use case: everything is checked again, the attempt holds its payment, and the wallet
//! has its handover. The wallet pays into an account at itself, so that nobody else is called.
//! Against the rows that stand at the end, written by who knows no rule.

use std::sync::Arc;

use tongma::db;
use tongma::flow::start::start;
use tongma::id::PaymentAccountId;

use crate::asked::Asked;
use crate::clients::at_once;
use crate::pgbench;
use crate::seed::{self, AMOUNT, Ground};
use crate::support::shop::{ORIGIN, Shop, account_of, order};
use crate::support::{Backend, TestDb};
use crate::table::{Goal, Row, Table};
use crate::writer::Writer;

const WALLET: &str = "alipay";
/// Callers at once, and how many starts they ask for in a turn.
const LOADS: [(usize, usize); 3] = [(8, 1200), (32, 2400), (128, 3840)];

pub(crate) async fn measure(asked: &Asked, table: &mut Table, backend: Backend) {
    let shop = Shop::open_at(backend, ORIGIN, tongma::clock::Clock::System).await;
    let sticker = shop.sticker().await;
    let ground = Ground::of(&shop, &sticker).await;
    let account = account(&shop).await;
    let (goal, reference) = match backend {
        Backend::Sqlite => (Goal::AtLeast(0.7), "the same rows, grouped and set-based"),
        Backend::Postgres => (Goal::AtLeast(0.9), "the same rows, pgbench"),
    };
    let mut next = 0;
    for (clients, count) in LOADS {
        let mut turns = Vec::new();
        let mut note = String::new();
        for _ in 0..asked.rounds {
            let (app, text) = (shop.app.clone(), sticker.text.clone());
            let ours = at_once(clients, count, move |index| {
                let (app, text) = (app.clone(), text.clone());
                async move {
                    let reference = format!("OURS-{}", next + index as i64);
                    let asked = order(WALLET, &text, AMOUNT, &reference);
                    start(&app, asked).await.unwrap();
                }
            });
            let ours = ours.await;
            seed::analyse(&shop.database).await;
            let load = (clients, count);
            let theirs = theirs(&shop.database, &ground, &account, backend, load, next).await;
            note = ours.times();
            turns.push((ours.per_second(), theirs));
            next += count as i64;
        }
        table.push(Row {
            figure: format!("start, {}, {clients} clients", seed::name(backend)),
            reference: reference.to_owned(),
            turns,
            unit: "/s",
            goal,
            note,
        });
    }
}

async fn account(shop: &Shop) -> PaymentAccountId {
    let mut tx = shop.app.db.read().await.unwrap();
    let accounts = db::accounts::of_merchant(&mut tx, &shop.merchant.id).await;
    tx.commit().await.unwrap();
    let accounts = accounts.unwrap();
    let own = accounts
        .iter()
        .find(|one| one.institution.as_str() == WALLET);
    own.unwrap().id.clone()
}

async fn theirs(
    database: &TestDb,
    ground: &Ground,
    account: &PaymentAccountId,
    backend: Backend,
    (clients, count): (usize, usize),
    from: i64,
) -> f64 {
    match backend {
        Backend::Sqlite => {
            let writer = Writer::open(database, FINAL).await;
            let rows: Arc<[String]> = (from..from + count as i64)
                .map(|number| row(ground, account, number))
                .collect();
            let done = at_once(clients, count, move |index| {
                let (writer, rows) = (writer.clone(), Arc::clone(&rows));
                async move { writer.put(rows[index].clone()).await }
            });
            done.await.per_second()
        }
        Backend::Postgres => {
            let script = script(ground, account);
            tokio::task::block_in_place(|| {
                pgbench::per_second(database, &script, clients, count / clients, from)
            })
        }
    }
}

/// As long as what a handover and an event say.
const HANDOVER: &str = "{\"kind\":\"in_app_params\",\"params\":{\"order_number\":\
    \"00000000000000000000000000000000\",\"payment_account\":\"2088102146225135\"}}";

fn row(ground: &Ground, account: &PaymentAccountId, number: i64) -> String {
    serde_json::json!({
        "payment": seed::payment(number),
        "attempt": seed::attempt(number),
        "order": seed::order(number),
        "merchant": ground.merchant,
        "store": ground.store,
        "counter": ground.counter,
        "code": ground.code,
        "wallet": WALLET,
        "account": account,
        "reference": account_of(WALLET),
        "payer_reference": format!("THEIRS-{number}"),
        "amount": AMOUNT,
        "currency": "CNY",
        "digest": "0".repeat(64),
        "handover": HANDOVER,
        "now": ground.now,
        "event": format!("evt_{number:026}"),
        "data": data(),
    })
    .to_string()
}

fn data() -> String {
    serde_json::json!({ "told": "d".repeat(400) }).to_string()
}

const FINAL: &[&str] = &[
    "INSERT INTO payments (id, merchant_id, store_id, counter_id, code_id, amount_minor, currency, \
     state, attempt_id, captured_minor, refunded_minor, version, created_ms) \
     SELECT value->>'payment', value->>'merchant', value->>'store', value->>'counter', \
     value->>'code', value->>'amount', value->>'currency', 'waiting', value->>'attempt', 0, 0, 2, \
     value->>'now' FROM jsonb_each($1)",
    "INSERT INTO attempts (id, payment_id, merchant_id, order_number, payer_institution_id, \
     payee_institution_id, payment_account_id, account_reference, route_kind, route_reason, way, \
     payer_reference, request_digest, amount_minor, currency, state, handover, version, \
     pay_before_ms, close_ms, next_query_ms, queries, started_ms) SELECT value->>'attempt', \
     value->>'payment', value->>'merchant', value->>'order', value->>'wallet', value->>'wallet', \
     value->>'account', value->>'reference', 'direct', 'only-route', 'api', \
     value->>'payer_reference', unhex(value->>'digest'), value->>'amount', value->>'currency', \
     'waiting', value->>'handover', 2, value->>'now', value->>'now', value->>'now', 0, \
     value->>'now' FROM jsonb_each($1)",
    "INSERT INTO events (id, merchant_id, store_id, counter_id, sequence, kind, data, created_ms) \
     SELECT value->>'event', value->>'merchant', value->>'store', value->>'counter', NULL, \
     'payment.waiting', value->>'data', value->>'now' FROM jsonb_each($1)",
    "INSERT INTO outbox (event_id, merchant_id) SELECT value->>'event', value->>'merchant' \
     FROM jsonb_each($1)",
];

fn script(ground: &Ground, account: &PaymentAccountId) -> String {
    let Ground {
        merchant,
        store,
        counter,
        code,
        now,
        ..
    } = ground;
    let id = |prefix: &str| format!("'{prefix}' || lpad(CAST(:n AS text), 26, '0')");
    let (attempt, payment, event) = (id("att_"), id("pay_"), id("evt_"));
    let order = "lpad(CAST(CAST(:n AS bigint) * 2654435761 % 4294967296 AS text), 10, '0') \
                 || lpad(CAST(:n AS text), 22, '0')";
    let (reference, digest, data) = (account_of(WALLET), "0".repeat(64), data());
    [
        "BEGIN;".to_owned(),
        format!(
            "INSERT INTO payments (id, merchant_id, store_id, counter_id, code_id, amount_minor, \
             currency, state, attempt_id, captured_minor, refunded_minor, version, created_ms) \
             VALUES ({payment}, '{merchant}', '{store}', '{counter}', '{code}', {AMOUNT}, 'CNY', \
             'waiting', {attempt}, 0, 0, 2, {now});"
        ),
        format!(
            "INSERT INTO attempts (id, payment_id, merchant_id, order_number, \
             payer_institution_id, payee_institution_id, payment_account_id, account_reference, \
             route_kind, route_reason, way, payer_reference, request_digest, amount_minor, \
             currency, state, handover, version, pay_before_ms, close_ms, next_query_ms, queries, \
             started_ms) VALUES ({attempt}, {payment}, '{merchant}', {order}, '{WALLET}', \
             '{WALLET}', '{account}', '{reference}', 'direct', 'only-route', 'api', {}, \
             decode('{digest}', 'hex'), {AMOUNT}, 'CNY', 'waiting', '{HANDOVER}', 2, {now}, {now}, \
             {now}, 0, {now});",
            id("THEIRS-")
        ),
        format!(
            "INSERT INTO events (id, merchant_id, store_id, counter_id, sequence, kind, data, \
             created_ms) VALUES ({event}, '{merchant}', '{store}', '{counter}', NULL, \
             'payment.waiting', '{data}', {now});"
        ),
        format!("INSERT INTO outbox (event_id, merchant_id) VALUES ({event}, '{merchant}');"),
        "COMMIT;".to_owned(),
    ]
    .join("\n")
}
