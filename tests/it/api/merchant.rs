//! What a merchant's program does on an ordinary day.

use serde_json::json;

use crate::support::server::{Server, bearer};
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

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
    assert_eq!(listed.json()["data"][0]["id"], payment["id"]);

    let cancel = Request::post_json(&format!("{place}/cancel"), &json!({}));
    let cancelled = server.ask(cancel).await;
    assert_eq!(cancelled.json()["state"], "closed");
}
on_both![a_payment_is_created_found_listed_and_cancelled];
