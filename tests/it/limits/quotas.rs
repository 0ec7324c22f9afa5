//! How many of each kind a merchant may have.

use futures_util::future::join_all;
use serde_json::json;
use tongma::merchant::Quotas;

use crate::support::beside::number;
use crate::support::server::{Instance, Server, bearer};
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both};

/// A server with room for five codes and three open payments.
async fn small(backend: Backend) -> Server {
    Server::open_with(backend, |app| {
        app.limits.quotas = Quotas {
            codes: 5,
            open_payments: 3,
            ..Quotas::default()
        };
    })
    .await
}

fn code(server: &Server, key: &str) -> Request {
    let body = json!({"kind": "static", "store": server.shop.store.id});
    let call = Request::post_json("/v1/codes", &body).with("Idempotency-Key", key);
    bearer(call, &server.token)
}

fn payment(server: &Server, key: &str) -> Request {
    let body = json!({"amount_minor": 100, "currency": "CNY", "store": server.shop.store.id});
    let call = Request::post_json("/v1/payments", &body).with("Idempotency-Key", key);
    bearer(call, &server.token)
}

/// Sends all at once, to two instances in turn. The second must live as long as the story: database
/// connections that were made on its thread end with it.
async fn at_once(server: &Server, beside: &Instance, calls: &[Request]) -> Vec<Answer> {
    let sent = calls.iter().enumerate().map(|(n, call)| async move {
        if n % 2 == 0 {
            server.send(call).await
        } else {
            beside.send(call).await
        }
    });
    join_all(sent).await
}

fn made(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status == 201).count()
}

async fn t096_of_twenty_codes_at_once_as_many_are_made_as_the_quota_has(backend: Backend) {
    let server = small(backend).await;
    let beside = server.instance();
    let calls: Vec<Request> = (0..20).map(|n| code(&server, &format!("k-{n}"))).collect();
    let answers = at_once(&server, &beside, &calls).await;

    assert_eq!(made(&answers), 5);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let told = answer.json();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "quota-exceeded")
        );
        assert_eq!(
            (&told["quota"], &told["limit"]),
            (&json!("codes"), &json!(5))
        );
    }
    let kept = "SELECT COUNT(*) FROM codes WHERE kind <> 'order'";
    assert_eq!(number(&server.shop.database, kept).await, 5);

    // A revoked one makes room; what was refused was not kept under its key.
    let one = answers
        .iter()
        .position(|answer| answer.status == 201)
        .unwrap();
    let id = answers[one].json()["id"].as_str().unwrap().to_owned();
    let revoke = Request::post_json(&format!("/v1/codes/{id}/revoke"), &json!({}))
        .with("Idempotency-Key", "revoke");
    assert_eq!(server.ask(revoke).await.status, 200);
    let refused = answers
        .iter()
        .position(|answer| answer.status == 422)
        .unwrap();
    assert_eq!(server.send(&calls[refused]).await.status, 201);
    server
        .refuses(&code(&server, "k-more"), 422, "quota-exceeded")
        .await;
}

async fn t096_open_payments_have_a_quota_that_payers_cannot_fill(backend: Backend) {
    let server = small(backend).await;
    let beside = server.instance();
    // Payers who begin at a printed code are not the merchant's doing.
    let sticker = server.shop.sticker().await;
    for wallet in ["wechat_pay", "alipay", "jd_pay", "hebao"] {
        server.shop.starts(wallet, &sticker, 100).await.unwrap();
    }
    let calls: Vec<Request> = (0..12)
        .map(|n| payment(&server, &format!("p-{n}")))
        .collect();
    let answers = at_once(&server, &beside, &calls).await;

    assert_eq!(made(&answers), 3);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        let told = answer.json();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "quota-exceeded")
        );
        assert_eq!(
            (&told["quota"], &told["limit"]),
            (&json!("open-payments"), &json!(3))
        );
    }
    // One that is over makes room for one more.
    let one = answers.iter().find(|answer| answer.status == 201).unwrap();
    let id = one.json()["id"].as_str().unwrap().to_owned();
    let cancel = Request::post_json(&format!("/v1/payments/{id}/cancel"), &json!({}))
        .with("Idempotency-Key", "cancel");
    assert_eq!(server.ask(cancel).await.status, 200);
    assert_eq!(server.send(&payment(&server, "p-more")).await.status, 201);
    server
        .refuses(&payment(&server, "p-again"), 422, "quota-exceeded")
        .await;
    // The neighbour's quota is the neighbour's.
    let (neighbour, store, _) = server.shop.neighbour().await;
    let token = server
        .key(&neighbour.id, tongma::merchant::Scope::ALL)
        .await;
    let body = json!({"amount_minor": 100, "currency": "CNY", "store": store.id});
    let call = Request::post_json("/v1/payments", &body).with("Idempotency-Key", "p-1");
    assert_eq!(server.send(&bearer(call, &token)).await.status, 201);
}

on_both![
    t096_of_twenty_codes_at_once_as_many_are_made_as_the_quota_has,
    t096_open_payments_have_a_quota_that_payers_cannot_fill,
];
