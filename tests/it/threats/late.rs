//! List B: money that comes after all was over, twice, or in parts that do not add up.

use serde_json::json;

use tongma::event::outbox;
use tongma::flow::payment;
use tongma::flow::start::Started;
use tongma::payment::Discount;

use super::answers::call;
use super::still_sells;
use crate::support::server::Server;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// What is written when money is kept as an exception.
const KEPT: &str = "events+1 exceptions+1 ledger_entries+1 outbox+1 results+1";

/// The institution says that the order came to nothing.
async fn fails(server: &Server, started: &Started) {
    let mut failed = server.shop.paid("wechat_pay", started);
    failed.status = "failed".to_owned();
    let answer = server.send(&call(server, &failed)).await;
    assert_eq!(answer.json()["state"], "created", "{}", answer.text());
}

async fn t044_money_for_an_order_that_the_merchant_cancelled_is_kept(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let (made, code) = shop.sells(600).await;
    let started = shop.starts("jd_pay", &code, 600).await.unwrap();
    fails(&server, &started).await;
    payment::cancel(&shop.app, &shop.merchant.id, &made.id)
        .await
        .unwrap();
    let before = server.business_digest().await;

    let notice = call(&server, &shop.paid("wechat_pay", &started));
    let answer = server.send(&notice).await;

    assert_eq!(answer.status, 202);
    assert_eq!(
        answer.json(),
        json!({"outcome": "exception", "code": "late"})
    );
    let now = server.business_digest().await;
    assert_eq!(now.counted_since(&before), KEPT);
    assert_eq!(shop.payment(&made.id).await.state.name(), "closed");
    // The merchant is told.
    let mut told = now.rows("events").difference(before.rows("events"));
    assert!(told.all(|event| event.contains("payment.exception")));
    still_sells(shop).await;
}
on_both![t044_money_for_an_order_that_the_merchant_cancelled_is_kept];

async fn t045_two_wallets_that_both_paid_one_order(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let (made, code) = shop.sells(600).await;
    let first = shop.starts("jd_pay", &code, 600).await.unwrap();
    fails(&server, &first).await;
    let second = shop.starts("bestpay", &code, 600).await.unwrap();
    let before = server.business_digest().await;

    let answer = server
        .send(&call(&server, &shop.paid("wechat_pay", &second)))
        .await;
    assert_eq!(
        (answer.status, &answer.json()["state"]),
        (200, &json!("paid"))
    );
    let paid = server.business_digest().await;
    assert_eq!(
        paid.rows("receipts").len(),
        before.rows("receipts").len() + 1
    );
    let notice = shop.paid("wechat_pay", &first);
    let answer = server.send(&call(&server, &notice)).await;
    assert_eq!(answer.status, 202);
    assert_eq!(
        answer.json(),
        json!({"outcome": "exception", "code": "duplicate"})
    );
    assert_eq!(server.business_digest().await.counted_since(&paid), KEPT);
    let payment = shop.payment(&made.id).await;
    assert_eq!(
        (payment.state.name(), payment.captured.minor()),
        ("paid", 600)
    );

    // The feed shows both.
    while outbox::work_once(&shop.app.db, &server.hub).await.unwrap() > 0 {}
    let events = server.ask(Request::get("/v1/events?after=0")).await.json();
    let kinds: Vec<&str> = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().or(event["kind"].as_str()).unwrap())
        .collect();
    for kind in ["payment.paid", "payment.exception"] {
        let count = kinds.iter().filter(|found| **found == kind).count();
        assert_eq!(count, 1, "{kind} in {kinds:?}");
    }
    still_sells(shop).await;
}
on_both![t045_two_wallets_that_both_paid_one_order];

async fn t048_parts_that_do_not_add_up(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let (_, code) = shop.sells(10_000).await;
    let started = shop.starts("jd_pay", &code, 10_000).await.unwrap();
    let says = |payer: Option<i64>, discounts: &[i64]| {
        let mut claims = shop.paid("wechat_pay", &started);
        claims.payer_amount_minor = payer;
        claims.discounts = discounts
            .iter()
            .map(|minor| Discount {
                funder: "merchant".to_owned(),
                amount_minor: *minor,
            })
            .collect();
        call(&server, &claims)
    };
    for (payer, discounts) in [
        (Some(9_900), &[][..]),
        (Some(9_900), &[99]),
        (Some(9_900), &[100, 1]),
        (Some(10_001), &[]),
        (None, &[100]),
        (Some(0), &[9_999]),
    ] {
        let refused = says(payer, discounts);
        server.refuses(&refused, 422, "amounts-inconsistent").await;
    }
    for (payer, discounts) in [
        (Some(-100), &[10_100][..]),
        (Some(10_100), &[-100]),
        (Some(10_000), &[0]),
        (Some(9_000), &[i64::MAX]),
    ] {
        let refused = says(payer, discounts);
        server.refuses(&refused, 422, "amount-invalid").await;
    }
    let answer = server.send(&says(Some(0), &[4_000, 6_000])).await;
    assert_eq!(answer.json()["state"], "paid", "{}", answer.text());
    still_sells(shop).await;
}
on_both![t048_parts_that_do_not_add_up];
