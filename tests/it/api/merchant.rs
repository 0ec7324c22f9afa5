//! What a merchant's program does on an ordinary day.

use serde_json::json;

use tongma::code::run::CodeKind;
use tongma::event::hub::Hub;
use tongma::event::outbox;

use crate::support::server::{Server, bearer};
use crate::support::wire::Request;
use crate::support::{Backend, on_both, openapi_faults};

async fn a_payment_is_created_found_listed_and_cancelled(backend: Backend) {
    let server = Server::open(backend).await;
    let body = json!({
        "amount_minor": 1250, "currency": "CNY", "store": server.shop.store.id,
        "counter": server.shop.counters[0].id, "reference": "A-17", "description": "牛肉面",
    });
    let order = Request::post_json("/v1/payments", &body).with("Idempotency-Key", "day-1-17");
    let (made, changes) = server.does(&bearer(order, &server.token), 201).await;
    assert_eq!(
        changes,
        [
            "+codes",
            "+events",
            "+idempotency_keys",
            "+outbox",
            "+payments"
        ]
    );
    let payment = made.json();
    let place = format!("/v1/payments/{}", payment["id"].as_str().unwrap());
    assert_eq!(made.header("location"), Some(place.as_str()));
    assert!(made.header("request-id").is_some());

    let found = server.ask(Request::get(&place)).await.json();
    assert_eq!(found, payment);
    let listed = server.ask(Request::get("/v1/payments?state=created")).await;
    assert_eq!(listed.json()["data"][0], payment);

    let cancel = Request::post_json(&format!("{place}/cancel"), &json!({}));
    let cancelled = server.ask(cancel).await;
    assert_eq!(cancelled.json()["state"], "closed");
    assert_eq!(cancelled.json()["checkout"], payment["checkout"]);
}

async fn a_code_is_issued_drawn_decoded_suspended_and_revoked(backend: Backend) {
    let server = Server::open(backend).await;
    let body = json!({"kind": "fixed", "amount_minor": 800, "store": server.shop.store.id});
    let order = Request::post_json("/v1/codes", &body).with("Idempotency-Key", "c-1");
    let code = server.ask(order).await.json();
    let place = format!("/v1/codes/{}", code["id"].as_str().unwrap());

    // As for a payment, there must be an account that could take it.
    let mut body = body;
    body["currency"] = json!("USD");
    let order = Request::post_json("/v1/codes", &body).with("Idempotency-Key", "c-2");
    let refused = server.ask(order).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "currency-mismatch")
    );

    let picture = format!("{place}/symbol.png?level=Q&quiet=2&scale=6");
    let drawn = server.ask(Request::get(&picture)).await;
    assert_eq!(drawn.header("content-type"), Some("image/png"));
    let tag = drawn.header("etag").unwrap();
    let again = server
        .ask(Request::get(&picture).with("If-None-Match", tag))
        .await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let svg = server
        .ask(Request::get(&format!("{place}/symbol.svg")))
        .await;
    assert!(svg.text().contains("<svg"));
    let scale = server
        .ask(Request::get(&format!("{place}/symbol.png?scale=100000")))
        .await;
    assert_eq!(scale.code(), "query-invalid");

    let read = server
        .ask(Request::post("/v1/decode", "image/png", drawn.body))
        .await
        .json();
    assert_eq!(read["codes"][0]["signature"], "valid");
    let read = server
        .ask(Request::post_json(
            "/v1/decode",
            &json!({"text": code["text"]}),
        ))
        .await;
    assert_eq!(
        read.json()["fields"]["amount_minor"],
        800,
        "{}",
        read.text()
    );
    let bad = server
        .ask(Request::post_json("/v1/decode", &json!({"text": ""})))
        .await;
    assert_eq!((bad.status, &bad.json()["ok"]), (200, &json!(false)));

    let look = Request::post_json("/wallet/v1/resolve", &json!({"text": code["text"]}));
    for (step, state, status) in [
        ("suspend", "suspended", 410),
        ("resume", "active", 200),
        ("revoke", "revoked", 410),
    ] {
        let call = Request::post_json(&format!("{place}/{step}"), &json!({}));
        assert_eq!(server.ask(call).await.json()["state"], state);
        let answer = server.send(&server.signed("jd_pay", look.clone())).await;
        assert_eq!(answer.status, status, "{step}");
    }
    let call = Request::post_json(&format!("{place}/resume"), &json!({}));
    assert_eq!(server.ask(call).await.code(), "state-conflict");
}

async fn a_paid_payment_is_told_in_order_and_its_receipt_holds_once(backend: Backend) {
    let server = Server::open(backend).await;
    let (payment, code) = server.shop.sells(1250).await;
    let body = json!({
        "text": code.text, "amount_minor": 1250, "currency": "CNY", "payer_reference": "r-1",
    });
    let call = server.signed("jd_pay", Request::post_json("/wallet/v1/attempts", &body));
    let started = server.send(&call).await.json();
    assert_eq!(
        started["route"]["payee_institution"], "wechat_pay",
        "{started}"
    );
    confirm(&server, &started).await;

    let place = format!("/v1/payments/{}", payment.id);
    assert_eq!(
        server.ask(Request::get(&place)).await.json()["state"],
        "paid"
    );
    let attempt = format!(
        "/wallet/v1/attempts/{}",
        started["attempt"].as_str().unwrap()
    );
    let attempt = server
        .send(&server.signed("jd_pay", Request::get(&attempt)))
        .await
        .json();
    let check = json!({"receipt": attempt["receipt"], "store": server.shop.store.id});
    for verdict in ["genuine", "already-shown"] {
        let call = Request::post_json("/v1/receipts/verify", &check);
        assert_eq!(server.ask(call).await.json()["verdict"], verdict);
    }

    let hub = Hub::default();
    while outbox::work_once(&server.shop.app.db, &hub).await.unwrap() > 0 {}
    let events = server
        .ask(Request::get("/v1/events?after=0&limit=2"))
        .await
        .json();
    assert_eq!(
        (&events["has_more"], &events["next_after"]),
        (&json!(true), &json!(2))
    );
    let events = server.ask(Request::get("/v1/events")).await.json();
    let kinds: Vec<&str> = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["payment.created", "payment.waiting", "payment.paid"]
    );
    assert_eq!(events["data"][2]["data"]["payment"], json!(payment.id));
}

/// The payee institution attests what was started.
async fn confirm(server: &Server, started: &serde_json::Value) {
    let order = started["order_number"].as_str().unwrap();
    let claims = crate::api::statement::claims(server, "wechat_pay", order);
    let header = crate::api::statement::HEADER;
    let jws = crate::api::statement::statement(server, "wechat_pay", header, &claims);
    let path = format!("/wallet/v1/orders/{order}/confirm");
    let call = Request::post(&path, "application/jose", jws);
    let answer = server.send(&server.signed("wechat_pay", call)).await;
    assert_eq!(answer.json()["state"], "paid", "{}", answer.text());
}

async fn a_refused_route_says_what_would_work(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await;
    let ask = |payer: &str| {
        let body = json!({"code": code.id, "payer_institution": payer, "amount_minor": 100});
        Request::post_json("/v1/routes/dry-run", &body)
    };
    let decision = server.ask(ask("jd_pay")).await.json();
    assert_eq!(decision["chosen"]["payee"], "wechat_pay");
    // Another currency than the code's has no route, with an amount, without, and at any price.
    let fixed = server.shop.code(CodeKind::Fixed, Some(800)).await;
    for (code, minor) in [(&code.id, Some(100)), (&code.id, None), (&fixed.id, None)] {
        let mut body = json!({"code": code, "payer_institution": "jd_pay", "currency": "USD"});
        if let Some(minor) = minor {
            body["amount_minor"] = json!(minor);
        }
        let foreign = Request::post_json("/v1/routes/dry-run", &body);
        let decision = server.ask(foreign).await.json();
        assert!(decision["chosen"].is_null(), "{decision}");
        assert_eq!(
            decision["reason"]["code"], "currency-mismatch",
            "{decision}"
        );
    }
    let decision = server.ask(ask("nobody")).await.json();
    assert!(decision["chosen"].is_null());
    assert!(!decision["alternatives"].as_array().unwrap().is_empty());
    let wallets = server
        .ask(Request::get("/v1/institutions?limit=3"))
        .await
        .json();
    assert_eq!(wallets["data"].as_array().unwrap().len(), 3);
    let own = server.ask(Request::get("/v1/merchants/me")).await.json();
    assert_eq!(own["id"], json!(server.shop.merchant.id));
}

async fn anyone_may_know_our_keys_and_how_we_are(backend: Backend) {
    let server = Server::open(backend).await;
    let keys = server.send(&Request::get("/.well-known/jwks.json")).await;
    assert_eq!(keys.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(keys.json()["keys"].as_array().unwrap().len(), 4);
    let problems = server.send(&Request::get("/problems")).await.json();
    assert!(
        problems
            .as_array()
            .unwrap()
            .iter()
            .any(|kind| kind["code"] == "payment-held")
    );
    let health = server.send(&Request::get("/healthz")).await;
    assert_eq!(health.header("cache-control"), Some("no-store"));
    assert_eq!(health.header("x-content-type-options"), Some("nosniff"));

    server.hub.close();
    let ready = server.send(&Request::get("/readyz")).await;
    assert_eq!((ready.status, ready.code().as_str()), (503, "draining"));
    assert!(ready.header("retry-after").is_some());
}

#[test]
fn the_document_is_clean() {
    let document = serde_json::to_value(tongma::http::openapi()).unwrap();
    let faults = openapi_faults(&document);
    let faults = faults.map(|said| said.chars().take(600).collect::<String>());
    assert_eq!(faults, None);
    assert_eq!(document["servers"], serde_json::Value::Null);
}

on_both![
    a_payment_is_created_found_listed_and_cancelled,
    a_code_is_issued_drawn_decoded_suspended_and_revoked,
    a_paid_payment_is_told_in_order_and_its_receipt_holds_once,
    a_refused_route_says_what_would_work,
    anyone_may_know_our_keys_and_how_we_are,
];
