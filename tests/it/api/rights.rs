//! What a device at a counter may do, what tries to get around it, and verbs that say another.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use tongma::crypto::token::ApiToken;
use tongma::db;
use tongma::flow::pair;
use tongma::id::ApiKeyId;
use tongma::merchant::{ApiKey, Scopes};
use tongma::word::Mode;

use crate::api::tenant::{operations, paired, typed};
use crate::support::server::{Server, bearer};
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

async fn t085_a_device_at_a_counter_may_not_do_what_keys_do(backend: Backend) {
    let server = Server::open(backend).await;
    let (cookie, _) = paired(&server).await;
    let before = server.business_digest().await;
    let mut let_in = BTreeSet::new();
    for operation in operations(&server).await {
        if !operation.is_keyed {
            continue;
        }
        let call = operation
            .call("pay_00000000000000000000000000")
            .with("Cookie", &cookie)
            .with("Origin", &server.shop.app.origin.to_string());
        let answer = server.send(&call).await;
        if answer.status == 401 {
            assert_eq!(answer.code(), "api-key-missing", "{}", call.target);
        } else {
            let_in.insert(format!("{} {}", operation.method, operation.path));
        }
    }
    // Reading a code needs no right beyond being somebody; all else is for keys.
    assert_eq!(let_in, BTreeSet::from(["POST /v1/decode".to_owned()]));
    assert_eq!(
        server.business_digest().await.since(&before),
        Vec::<String>::new()
    );
    server.is_ready().await;
}

async fn t087_pairing_codes_are_all_wrong_alike(backend: Backend) {
    let server = Server::open(backend).await;
    let counter = &server.shop.counters[0].id;
    let app = &server.shop.app;
    let invite = async || {
        let merchant = &server.shop.merchant.id;
        let invited = pair::invite(app, merchant, counter, "test").await.unwrap();
        invited.code.expose().to_owned()
    };
    let (used, late) = (invite().await, invite().await);
    assert_eq!(server.send(&typed(&server, &used)).await.status, 303);
    server.shop.advance(601);
    let good = invite().await;
    let before = server.business_digest().await;

    let mut told = BTreeSet::new();
    for code in [used.as_str(), late.as_str(), "ABCD2345", "ZZZZ9999"] {
        let answer = server.send(&typed(&server, code)).await;
        assert_eq!(answer.status, 422);
        told.insert(answer.text().replace(code, "CODE"));
    }
    assert_eq!(told.len(), 1, "{told:#?}");
    for _ in 0..6 {
        server.send(&typed(&server, "ABCD2345")).await;
    }
    // Now even the right one is not looked at, and not used up.
    let answer = server.send(&typed(&server, &good)).await;
    assert_eq!(answer.status, 429);
    assert_eq!(
        server.business_digest().await.since(&before),
        Vec::<String>::new()
    );
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    server.shop.advance(wait);
    assert_eq!(server.send(&typed(&server, &good)).await.status, 303);
}

/// Of two keys, or of a key and something else, nobody chooses.
async fn a_caller_says_once_who_it_is(backend: Backend) {
    let server = Server::open(backend).await;
    let call = bearer(Request::get("/v1/payments"), &server.token);
    assert_eq!(server.send(&call).await.status, 200);
    let other = format!("Bearer {}", "tm_test_".to_owned() + &"a".repeat(48));
    for second in [
        &format!("Bearer {}", server.token),
        &other,
        "Basic eDp5",
        "",
    ] {
        let twice = call.clone().with("Authorization", second);
        server.refuses(&twice, 400, "header-invalid").await;
    }
}

async fn a_key_that_is_over_lets_nobody_in(backend: Backend) {
    let server = Server::open(backend).await;
    let app = &server.shop.app;
    let now = app.clock.now();
    let later = now.plus(Duration::from_secs(1));
    for (mode, expires_at, revoked_at, status) in [
        (Mode::Test, None, None, 200),
        (Mode::Test, Some(later), None, 200),
        (Mode::Test, Some(now), None, 401),
        (Mode::Test, None, Some(now), 401),
        (Mode::Test, Some(later), Some(now), 401),
        (Mode::Live, None, None, 401),
    ] {
        let token = ApiToken::generate(mode, &*app.entropy);
        let key = ApiKey {
            id: ApiKeyId::new(now, &*app.entropy),
            merchant: server.shop.merchant.id.clone(),
            name: "till".parse().unwrap(),
            mode,
            hint: "tm_test_".to_owned(),
            scopes: Scopes::all(),
            expires_at,
            revoked_at,
            created_at: now,
        };
        let mut tx = app.db.begin().await.unwrap();
        db::api_keys::insert(&mut tx, &key, &token.hash())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let call = bearer(Request::get("/v1/payments"), token.expose());
        let answer = server.send(&call).await;
        assert_eq!(answer.status, status, "{key:?}");
        if status == 401 {
            assert_eq!(answer.code(), "api-key-invalid", "{key:?}");
        }
    }
}

/// Headers by which some frameworks let a request change its verb.
const OVERRIDES: [&str; 3] = [
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
];

async fn t091_a_verb_is_what_the_request_line_says(backend: Backend) {
    let server = Server::open(backend).await;
    let (payment, code) = server.shop.sells(500).await;
    let (_, run) = code.text.split_once("/Q/").unwrap();
    let mut targets = vec![
        format!("/Q/{run}"),
        format!("/Q/{run}/start"),
        "/counter".to_owned(),
        "/counter/leave".to_owned(),
        "/phone".to_owned(),
        "/healthz".to_owned(),
        format!("/v1/payments/{}/cancel", payment.id),
        format!("/v1/codes/{}/revoke", code.id),
    ];
    for operation in operations(&server).await {
        // A feed has no end to wait for.
        if operation.method == "GET" && operation.path != "/v1/feed" {
            let call = operation.call(payment.id.as_str());
            targets.push(call.target);
        }
    }
    let before = server.business_digest().await;
    for target in targets {
        let plain = bearer(Request::get(&target), &server.token);
        let status = server.send(&plain).await.status;
        for verb in ["POST", "DELETE"] {
            let dressed = OVERRIDES
                .iter()
                .fold(plain.clone(), |call, name| call.with(name, verb));
            let answer = server.send(&dressed).await;
            assert_eq!(answer.status, status, "{target}");
        }
        let query = Request::get(&format!("{target}?_method=POST"));
        let answer = server.send(&bearer(query, &server.token)).await;
        assert!(answer.status == status || answer.status == 400, "{target}");
    }
    assert_eq!(
        server.business_digest().await.since(&before),
        Vec::<String>::new()
    );
    let order = json!({
        "amount_minor": 1, "currency": "CNY", "store": server.shop.store.id, "_method": "GET",
    });
    let call = bearer(Request::post_json("/v1/payments", &order), &server.token);
    let call = call.with("Idempotency-Key", "k-1");
    server.refuses(&call, 422, "field-unknown").await;
}

on_both![
    a_key_that_is_over_lets_nobody_in,
    a_caller_says_once_who_it_is,
    t085_a_device_at_a_counter_may_not_do_what_keys_do,
    t087_pairing_codes_are_all_wrong_alike,
    t091_a_verb_is_what_the_request_line_says,
];
