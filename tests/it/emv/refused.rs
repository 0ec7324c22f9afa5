//! What cannot be issued says which part of it, and why, and leaves nothing behind.

use serde_json::{Value, json};

use super::{paynow, pix};
use crate::support::foreign::{ON_THE_WALL, adopted, asks};
use crate::support::server::{Server, bearer};
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

async fn what_cannot_be_written_is_refused_where_it_stands(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let native = adopted(shop, ON_THE_WALL).await;
    let asked = asks(shop, &ON_THE_WALL.replace('9', "8")).await.unwrap();
    let long = |id: u8| json!({"id": id.to_string(), "guid": "com.example", "sub": {"01": "9".repeat(70)}});
    let own = json!({"id": "26", "guid": "1.0.0.127", "sub": {"01": "A"}});
    let emv = |changes: Value| {
        let mut body = json!({"kind": "static", "store": shop.store.id, "form": "emv"});
        body.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        body
    };
    for (body, pointer, why) in [
        (emv(json!({"compact": true})), "/compact", "is signed"),
        (
            emv(json!({"form": "url", "network_accounts": [pix()]})),
            "/network_accounts",
            "only a code of the form emv",
        ),
        (
            emv(json!({"form": "url", "adopted": [native.id]})),
            "/adopted",
            "only a code of the form emv",
        ),
        (
            emv(json!({"network_accounts": [paynow(), paynow()]})),
            "/network_accounts",
            "object 26 is given twice",
        ),
        (
            emv(
                json!({"network_accounts": [{"id": "26", "guid": "SG.PAYNOW", "sub": {"01": "9"}}]}),
            ),
            "/network_accounts",
            "object 26-01: the kind of proxy is 0 or 2",
        ),
        (
            emv(json!({"network_accounts": [{"id": "99", "value": "1"}]})),
            "/network_accounts/0",
            "id must be 02 to 51",
        ),
        (
            emv(json!({"network_accounts": [own]})),
            "/network_accounts",
            "this server's own identifier",
        ),
        (
            emv(json!({"network_accounts": [long(26), long(27), long(28), long(29)]})),
            "/network_accounts",
            "at most 512 may be issued",
        ),
        (
            emv(json!({"adopted": [asked.id]})),
            "/adopted",
            "is not proven",
        ),
        (
            emv(json!({"adopted": [native.id]})),
            "/adopted",
            "no EMV code",
        ),
        (
            emv(json!({"kind": "fixed", "amount_minor": 9_007_199_254_740_991_i64})),
            "/amount_minor",
            "54",
        ),
    ] {
        let call = Request::post_json("/v1/codes", &body).with("Idempotency-Key", "k");
        let answer = server
            .refuses(&bearer(call, &server.token), 422, "field-invalid")
            .await;
        let said = answer.text();
        assert!(
            said.contains(&format!("\"{pointer}\"")) && said.contains(why),
            "{body}: {said}"
        );
    }
}

async fn a_neighbours_adopted_code_does_not_exist(backend: Backend) {
    let server = Server::open(backend).await;
    let adoption = adopted(&server.shop, ON_THE_WALL).await;
    let (neighbour, store, _) = server.shop.neighbour().await;
    let key = server
        .key(&neighbour.id, tongma::merchant::Scope::ALL)
        .await;
    let body =
        json!({"kind": "static", "store": store.id, "form": "emv", "adopted": [adoption.id]});
    let call = Request::post_json("/v1/codes", &body).with("Idempotency-Key", "k");
    server
        .refuses(&bearer(call, &key), 404, "adoption-not-found")
        .await;
}

on_both![
    what_cannot_be_written_is_refused_where_it_stands,
    a_neighbours_adopted_code_does_not_exist,
];
