//! Check my sign: what staff scan on their own wall.

use serde_json::{Value, json};

use crate::support::server::{Server, bearer};
use crate::support::shop::WALLETS;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

async fn checks(server: &Server, body: Value) -> Value {
    let call = Request::post_json("/v1/signs/check", &body);
    let answer = server.ask(call).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn staff_hear_whose_sign_hangs_there_and_when_it_was_paid(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let code = shop.sticker().await;
    let here = json!({"text": code.text, "store": shop.store.id, "counter": shop.counters[0].id});

    let first = checks(&server, here.clone()).await;
    assert_eq!(first["verdict"], "ours", "{first}");
    assert_eq!(
        (&first["code"], &first["store"], &first["counter"]),
        (
            &json!(code.id),
            &json!(shop.store.id),
            &json!(shop.counters[0].id)
        )
    );
    assert_eq!(first["since"], json!(code.created_at));
    assert_eq!(first["last_paid_at"], Value::Null);

    shop.advance(60);
    let started = shop.starts(WALLETS[0], &code, 100).await.unwrap();
    shop.confirms(&shop.paid(WALLETS[0], &started))
        .await
        .unwrap();
    let paid = checks(&server, here.clone()).await;
    let at = shop.payment(&started.payment).await;
    assert!(paid["last_paid_at"].is_string(), "{paid} {at:?}");

    let mut other_till = here.clone();
    other_till["counter"] = json!(shop.counters[1].id);
    assert_eq!(checks(&server, other_till).await["verdict"], "elsewhere");
    let anywhere = json!({"text": code.text});
    assert_eq!(checks(&server, anywhere.clone()).await["verdict"], "ours");

    let stop = format!("/v1/codes/{}/suspend", code.id);
    server.ask(Request::post_json(&stop, &json!({}))).await;
    let stopped = checks(&server, here).await;
    assert_eq!(
        (&stopped["verdict"], &stopped["state"]),
        (&json!("stopped"), &json!("suspended"))
    );
}

async fn a_sign_that_is_not_ours_says_no_more_than_that(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await;
    let (neighbour, ..) = server.shop.neighbour().await;
    let key = server
        .key(&neighbour.id, tongma::merchant::Scope::ALL)
        .await;
    let call = Request::post_json("/v1/signs/check", &json!({"text": code.text}));
    let told = server.send(&bearer(call, &key)).await.json();
    assert_eq!(told, json!({"verdict": "strangers"}));

    let (before, signature) = code.text.split_at(code.text.len() - 40);
    let (old, rest) = signature.split_at(1);
    let forged = [before, if old == "A" { "B" } else { "A" }, rest].concat();
    assert_eq!(
        checks(&server, json!({"text": forged})).await,
        json!({"verdict": "forged"})
    );
    for text in ["https://evil.example/Q/ABC", "老王面馆", ""] {
        let told = checks(&server, json!({"text": text})).await;
        assert_eq!(told, json!({"verdict": "foreign"}), "{text}");
    }
    // Not stuck over a sign: scanned from a phone, and to be told without being repeated.
    for text in [
        "130144458886891718",
        "130144458886891718\r\n",
        "hQVDUFYwMWEaTwegAAAAVVVVVw8SNFZ4kBI0WNGRIgESNF8=",
        "hQVDUFYwMWEaTwegAAAAVVVV",
    ] {
        let told = checks(&server, json!({"text": text})).await;
        assert_eq!(told, json!({"verdict": "payer-code"}), "{text}");
    }
}

on_both![
    staff_hear_whose_sign_hangs_there_and_when_it_was_paid,
    a_sign_that_is_not_ours_says_no_more_than_that,
];
