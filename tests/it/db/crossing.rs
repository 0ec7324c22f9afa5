//! Starts that cross with somebody else at the same rows, on PostgreSQL: each takes its locks in one
//! order, and who has to give way all the same looks again.

use std::time::Duration;

use sqlx::{Connection as _, Executor as _, PgConnection};
use tongma::flow::start::StartOrder;
use tongma::flow::{self, FlowError};
use tongma::merchant::PrintedCode;
use tongma::payment::Payment;

use crate::support::beside::one_waits;
use crate::support::shop::{Shop, order};
use crate::support::{Backend, on_postgres};

const PRICE: i64 = 1200;
const THE_DAY: &str = "SELECT 1 FROM payer_days FOR UPDATE NOWAIT";

/// One of a payer who has paid here today already, from a browser: those go the long way.
async fn next_start(shop: &Shop, code: &PrintedCode) -> StartOrder {
    let known = |reference: &str, code: &PrintedCode| StartOrder {
        payer_ref: Some("payer-1".to_owned()),
        source: Some("198.51.100.7".to_owned()),
        ..order("jd_pay", &code.text, PRICE, reference)
    };
    let (_, earlier) = shop.sells(PRICE).await;
    let begun = flow::start::start(&shop.app, known("earlier", &earlier)).await;
    begun.unwrap();
    known("next", code)
}

/// A hand that holds rows; the server never takes it for the one that gives way.
async fn hand(shop: &Shop) -> PgConnection {
    let mut hand = PgConnection::connect(shop.database.url()).await.unwrap();
    hand.execute("SET deadlock_timeout = '1min'").await.unwrap();
    hand.execute("BEGIN").await.unwrap();
    hand
}

async fn rows(hand: &mut PgConnection, sql: String) -> usize {
    let sql = sqlx::AssertSqlSafe(sql);
    sqlx::query(sql).fetch_all(hand).await.unwrap().len()
}

fn the_payment(payment: &Payment) -> String {
    let id = &payment.id;
    format!("SELECT 1 FROM payments WHERE id = '{id}' FOR UPDATE")
}

/// The payment comes before the payer's day, as for everybody else.
async fn a_start_that_waits_for_its_payment_keeps_nobody_from_the_payers_day() {
    let shop = Shop::open(Backend::Postgres).await;
    let (payment, code) = shop.sells(PRICE).await;
    let start = next_start(&shop, &code).await;
    let mut hand = hand(&shop).await;
    assert_eq!(rows(&mut hand, the_payment(&payment)).await, 1);

    let beside = async {
        one_waits(&shop.database).await;
        assert_eq!(rows(&mut hand, THE_DAY.to_owned()).await, 1);
        hand.execute("COMMIT").await.unwrap();
    };
    let (begun, ()) = tokio::join!(flow::start::start(&shop.app, start), beside);
    begun.unwrap();
    assert_eq!(shop.payment(&payment.id).await.state.name(), "waiting");
}
on_postgres![a_start_that_waits_for_its_payment_keeps_nobody_from_the_payers_day];

/// Whoever takes the rows the other way round makes one of the two give way.
async fn a_start_that_gave_way_begins_all_the_same() {
    let shop = Shop::open(Backend::Postgres).await;
    let (payment, code) = shop.sells(PRICE).await;
    let start = next_start(&shop, &code).await;
    let mut hand = hand(&shop).await;
    assert_eq!(rows(&mut hand, THE_DAY.to_owned()).await, 1);

    let beside = async {
        one_waits(&shop.database).await;
        let taken = the_payment(&payment);
        assert_eq!(rows(&mut hand, format!("{taken} SKIP LOCKED")).await, 0);
        assert_eq!(rows(&mut hand, taken).await, 1, "the start let go of it");
        hand.execute("COMMIT").await.unwrap();
    };
    let (begun, ()) = tokio::join!(flow::start::start(&shop.app, start), beside);
    begun.unwrap();
    assert_eq!(shop.payment(&payment.id).await.state.name(), "waiting");
}
on_postgres![a_start_that_gave_way_begins_all_the_same];

/// An institution's no is heard once: whoever gave way with it looks again.
async fn an_attempt_that_was_refused_ends_although_another_was_in_the_way() {
    let shop = Shop::open(Backend::Postgres).await;
    let (payment, code) = shop.sells(PRICE).await;
    shop.payee.will_not_open(503);
    let lost = shop.starts("hebao", &code, PRICE).await;
    assert!(matches!(lost, Err(FlowError::PayeeUnavailable)), "{lost:?}");
    shop.advance(61);
    shop.payee.will_not_open(422);
    let mut hand = hand(&shop).await;
    assert_eq!(rows(&mut hand, the_payment(&payment)).await, 1);

    let beside = async {
        one_waits(&shop.database).await;
        let the_attempt = "SELECT 1 FROM attempts FOR UPDATE".to_owned();
        assert_eq!(rows(&mut hand, the_attempt).await, 1);
        hand.execute("COMMIT").await.unwrap();
    };
    let (swept, ()) = tokio::join!(flow::expire::sweep(&shop.app), beside);
    assert_eq!(swept.unwrap().decided, 1);
    assert_eq!(shop.payment(&payment.id).await.state.name(), "created");
}
on_postgres![an_attempt_that_was_refused_ends_although_another_was_in_the_way];

/// Whoever ends that attempt takes it first, and then the payment.
async fn a_start_waits_for_no_payment_that_another_attempt_holds() {
    let shop = Shop::open(Backend::Postgres).await;
    let (payment, code) = shop.sells(PRICE).await;
    shop.starts("alipay", &code, PRICE).await.unwrap();
    let start = next_start(&shop, &code).await;
    let mut hand = hand(&shop).await;
    assert_eq!(rows(&mut hand, the_payment(&payment)).await, 1);

    let patience = Duration::from_secs(20);
    let begun = tokio::time::timeout(patience, flow::start::start(&shop.app, start)).await;
    let refused = begun.expect("it waits for nobody").unwrap_err();
    assert!(matches!(refused, FlowError::PaymentHeld), "{refused:?}");
    hand.execute("ROLLBACK").await.unwrap();
}
on_postgres![a_start_waits_for_no_payment_that_another_attempt_holds];
