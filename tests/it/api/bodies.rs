//! What stands in bodies: names of what belongs to others, fields that no route takes, and words
//! that were sent before.

use serde_json::json;

use tongma::merchant::Scope;

use crate::api::signature::start;
use crate::api::statement::{HEADER, claims, held, statement};
use crate::api::tenant::operations;
use crate::support::plates::plate;
use crate::support::server::{Server, bearer};
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

async fn t082_what_belongs_to_others_cannot_be_named_in_a_body(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let (neighbour, store, _) = shop.neighbour().await;
    let theirs = server.key(&neighbour.id, Scope::ALL).await;
    let (own_store, counter) = (shop.store.id.to_string(), shop.counters[0].id.to_string());
    let code = shop.sticker().await.id.to_string();
    let sale = json!({"amount_minor": 1, "currency": "CNY", "store": store.id});
    let sign = json!({"kind": "static", "store": store.id});
    let blank = plate(shop).await;
    let wall = json!({"text": blank.text, "claim_secret": blank.claim, "store": store.id});
    let question = json!({"payer_institution": "jd_pay"});

    // Each names one thing of the shop's; the neighbour hears the same of a thing that never was.
    let rows = [
        ("/v1/payments", "store", &own_store, &sale),
        ("/v1/payments", "counter", &counter, &sale),
        ("/v1/codes", "store", &own_store, &sign),
        ("/v1/codes", "counter", &counter, &sign),
        ("/v1/plates/bind", "store", &own_store, &wall),
        ("/v1/plates/bind", "counter", &counter, &wall),
        ("/v1/routes/dry-run", "code", &code, &question),
    ];
    for (path, what, id, body) in rows {
        let prefix = id.split_once('_').unwrap().0;
        let nobodys = format!("{prefix}_{}", "0".repeat(26));
        for id in [id, &nobodys] {
            let mut body = body.clone();
            body[what] = json!(id);
            let call = bearer(Request::post_json(path, &body), &theirs);
            let call = call.with("Idempotency-Key", "k-1");
            let refusal = format!("{what}-not-found");
            server.refuses(&call, 404, &refusal).await;
        }
    }
}

async fn t084_no_route_takes_a_field_that_it_does_not_know(backend: Backend) {
    let server = Server::open(backend).await;
    let mut tried = 0;
    for operation in operations(&server).await {
        // Neither a statement nor a logo has fields.
        let has_fields = !["/confirm", "/print"]
            .iter()
            .any(|end| operation.path.ends_with(end));
        if operation.method != "POST" || !has_fields {
            continue;
        }
        let call = Request {
            body: br#"{"paid":true}"#.to_vec(),
            ..operation.call("pay_00000000000000000000000000")
        };
        let call = if operation.is_keyed {
            bearer(call, &server.token)
        } else {
            server.signed("jd_pay", call.without("Idempotency-Key"))
        };
        let answer = server.refuses(&call, 422, "field-unknown").await;
        let pointer = &answer.json()["errors"][0]["pointer"];
        assert_eq!(pointer, "/paid", "{}", operation.path);
        tried += 1;
    }
    assert!(tried >= 13, "{tried}");
}

/// As T010 for a start: whatever changes something may be sent once.
async fn t010_a_report_and_a_statement_sent_twice(backend: Backend) {
    let server = Server::open(backend).await;
    let started = server.signed("jd_pay", start(&server, "r-1").await);
    let started = server.send(&started).await.json();
    let path = format!(
        "/wallet/v1/attempts/{}/report",
        started["attempt"].as_str().unwrap()
    );
    let said = json!({"status": "paid", "payer_reference": "r-1"});
    let report = server.signed("jd_pay", Request::post_json(&path, &said));
    assert_eq!(server.send(&report).await.status, 202);
    server.refuses(&report, 401, "nonce-reused").await;

    let (path, order) = held(&server).await;
    let said = claims(&server, "wechat_pay", &order);
    let said = statement(&server, "wechat_pay", HEADER, &said);
    let confirm = server.signed("wechat_pay", Request::post(&path, "application/jose", said));
    assert_eq!(server.send(&confirm).await.status, 200);
    server.refuses(&confirm, 401, "nonce-reused").await;
}

on_both![
    t082_what_belongs_to_others_cannot_be_named_in_a_body,
    t084_no_route_takes_a_field_that_it_does_not_know,
    t010_a_report_and_a_statement_sent_twice,
];
