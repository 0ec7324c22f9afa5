//! The same request twice has one effect.

use std::time::Duration;

use serde_json::json;

use tongma::app::App;
use tongma::db::idempotency::{self, Lease, Slot};
use tongma::db::{self, Db, DbError, DbSettings};
use tongma::flow::idempotent::{self, Claim};
use tongma::merchant::Scope;

use crate::support::cut::Cut;
use crate::support::server::{Instance, Server, bearer};
use crate::support::wire::{self, Request};
use crate::support::{Backend, on_both, on_postgres};

/// A payment of the shop's, without a key.
fn order(server: &Server, minor: i64) -> Request {
    let store = &server.shop.store.id;
    let body = json!({"amount_minor": minor, "currency": "CNY", "store": store});
    bearer(Request::post_json("/v1/payments", &body), &server.token)
}

fn count(changes: &[String], change: &str) -> usize {
    changes.iter().filter(|found| *found == change).count()
}

async fn t069_without_a_key(backend: Backend) {
    let server = Server::open(backend).await;
    let call = order(&server, 100);
    let answer = server.refuses(&call, 400, "idempotency-key-missing").await;
    assert!(answer.header("link").unwrap().contains("/problems/"));
}

async fn t070_with_a_key_that_is_none(backend: Backend) {
    let server = Server::open(backend).await;
    let call = order(&server, 100);
    for key in [
        "",
        "\"\"",
        "\"open",
        "shut\"",
        "钥匙",
        "two words",
        &"k".repeat(256),
    ] {
        let call = call.clone().with("Idempotency-Key", key);
        server.refuses(&call, 400, "idempotency-key-invalid").await;
    }
    let twice = call
        .clone()
        .with("Idempotency-Key", "a")
        .with("Idempotency-Key", "a");
    server.refuses(&twice, 400, "idempotency-key-invalid").await;

    let key = "6f1c2b9e-0d0e-4d57-9a55-6a2b6f6b0a51";
    let bare = server
        .send(&call.clone().with("Idempotency-Key", key))
        .await;
    let quoted = call.with("Idempotency-Key", &format!("\"{key}\""));
    let (again, changes) = server.does(&quoted, 201).await;
    assert_eq!(again.body, bare.body);
    assert_eq!(changes, Vec::<String>::new());
}

async fn a_repeat_is_answered_byte_for_byte(backend: Backend) {
    let server = Server::open(backend).await;
    let call = order(&server, 100).with("Idempotency-Key", "k-1");
    let first = server.send(&call).await;
    assert_eq!(
        (first.status, first.header("idempotent-replayed")),
        (201, None)
    );
    let (again, changes) = server.does(&call, 201).await;
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(changes, Vec::<String>::new());
}

async fn t071_another_body_under_the_key(backend: Backend) {
    let server = Server::open(backend).await;
    let call = order(&server, 100).with("Idempotency-Key", "k-1");
    server.send(&call).await;
    let other = order(&server, 200).with("Idempotency-Key", "k-1");
    server.refuses(&other, 422, "idempotency-key-reused").await;
    // T077: the fingerprint is of the bytes as they came.
    let mut spaced = call;
    spaced.body.push(b' ');
    server.refuses(&spaced, 422, "idempotency-key-reused").await;
}

async fn t072_elsewhere_the_key_is_another(backend: Backend) {
    let server = Server::open(backend).await;
    let (neighbour, store, _) = server.shop.neighbour().await;
    let theirs = server.key(&neighbour.id, &[Scope::PaymentsWrite]).await;
    let second = server
        .key(&server.shop.merchant.id, &[Scope::PaymentsWrite])
        .await;
    let call = order(&server, 100).with("Idempotency-Key", "k-1");
    server.send(&call).await;

    let code = json!({"kind": "static", "store": server.shop.store.id});
    let code = bearer(Request::post_json("/v1/codes", &code), &server.token);
    let (_, changes) = server.does(&code.with("Idempotency-Key", "k-1"), 201).await;
    assert_eq!(count(&changes, "+codes"), 1);

    let by_other_key = call.replacing("Authorization", &format!("Bearer {second}"));
    let (_, changes) = server.does(&by_other_key, 201).await;
    assert_eq!(count(&changes, "+payments"), 1);

    // T079: whoever guesses another tenant's key learns nothing and does their own.
    let body = json!({"amount_minor": 100, "currency": "CNY", "store": store.id});
    let call = bearer(Request::post_json("/v1/payments", &body), &theirs);
    let (answer, changes) = server.does(&call.with("Idempotency-Key", "k-1"), 201).await;
    assert_eq!(count(&changes, "+payments"), 1);
    assert_eq!(answer.json()["store"], json!(store.id));
}

/// The slot of `key` on `POST /v1/payments` under the shop's API key.
async fn slot(server: &Server, key: &str) -> Slot {
    let merchant = server.shop.merchant.id.clone();
    let mut tx = server.shop.app.db.read().await.unwrap();
    let keys = db::api_keys::list(&mut tx, &merchant).await.unwrap();
    tx.commit().await.unwrap();
    Slot {
        merchant,
        principal: keys[0].id.clone(),
        route: "POST /v1/payments".to_owned(),
        key: key.to_owned(),
    }
}

async fn t073_while_the_first_still_runs(backend: Backend) {
    let server = Server::open(backend).await;
    let call = order(&server, 100).with("Idempotency-Key", "k-1");
    let claim = Claim::new(slot(&server, "k-1").await, &call.body, 201);
    let mut tx = server.shop.app.db.begin().await.unwrap();
    let now = tx.now();
    let lease = Lease {
        owner: "somebody".to_owned(),
        fingerprint: claim.fingerprint,
        until: now.plus(Duration::from_mins(1)),
    };
    assert!(
        idempotency::claim(&mut tx, &claim.slot, &lease, now)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    let answer = server.refuses(&call, 409, "idempotency-in-flight").await;
    assert_eq!(answer.header("retry-after"), Some("1"));

    // Its process died: once the lease is over the next one does it, and the dead cannot finish.
    server.shop.advance(61);
    let (_, changes) = server.does(&call, 201).await;
    assert_eq!(count(&changes, "+payments"), 1);
    let mut tx = server.shop.app.db.begin().await.unwrap();
    let late = idempotency::finish(&mut tx, &claim.slot, "somebody", 201, "{}").await;
    assert!(matches!(late, Err(DbError::Conflict { .. })), "{late:?}");
    tx.rollback().await.unwrap();
}

async fn t073_twins_at_once_have_one_effect(backend: Backend) {
    let server = Server::open(backend).await;
    let other = server.instance();
    let before = server.business_digest().await;
    let call = order(&server, 100).with("Idempotency-Key", "k-1");
    let elsewhere = call.clone().with("Host", &server.authority);
    let twins = (0..8).map(|number| {
        let (server, other, call, elsewhere) = (&server, &other, &call, &elsewhere);
        async move {
            if number % 2 == 0 {
                server.send(call).await
            } else {
                other.send(elsewhere).await
            }
        }
    });
    let answers = futures_util::future::join_all(twins).await;
    let first = server.send(&call).await;
    assert_eq!(first.header("idempotent-replayed"), Some("true"));
    for answer in answers {
        match answer.status {
            201 => assert_eq!(answer.body, first.body),
            _ => assert_eq!(answer.code(), "idempotency-in-flight"),
        }
    }
    let changes = server.business_digest().await.since(&before);
    assert_eq!(count(&changes, "+payments"), 1, "{changes:?}");
}

async fn t074_after_a_refusal_the_key_is_free(backend: Backend) {
    let server = Server::open(backend).await;
    let wrong = order(&server, 0).with("Idempotency-Key", "k-1");
    server.refuses(&wrong, 422, "amount-invalid").await;
    let right = order(&server, 100).with("Idempotency-Key", "k-1");
    let (_, changes) = server.does(&right, 201).await;
    assert_eq!(count(&changes, "+payments"), 1);
}

async fn t075_after_a_busy_database_the_key_is_free(backend: Backend) {
    let server = Server::open(backend).await;
    let call = order(&server, 100).with("Idempotency-Key", "k-1");
    // The connections that write are all taken.
    let mut taken = Vec::new();
    for _ in 0..if server.shop.app.db.is_shared() { 8 } else { 1 } {
        taken.push(server.shop.app.db.begin().await.unwrap());
    }
    let answer = server.send(&call).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
    assert!(answer.header("retry-after").is_some());
    drop(taken);
    let (_, changes) = server.does(&call, 201).await;
    assert_eq!(count(&changes, "+payments"), 1);
}

async fn t076_an_answer_that_was_lost_is_given_again(backend: Backend) {
    let server = Server::open(backend).await;
    let call = order(&server, 100).with("Idempotency-Key", "k-1");
    let claim = Claim::new(slot(&server, "k-1").await, &call.body, 201);
    // The process that did it was killed between its commit and its answer.
    let done = idempotent::once(&server.shop.app, claim, async |_| {
        Ok(json!({"id": "pay_x"}))
    });
    let done = done.await.unwrap();
    let (answer, changes) = server.does(&call, 201).await;
    assert_eq!(answer.text(), done.body);
    assert_eq!(answer.header("idempotent-replayed"), Some("true"));
    assert_eq!(changes, Vec::<String>::new());
}

/// The claim was committed and nobody heard so: whoever works under the key has to be able to try again.
async fn a_claim_whose_commit_was_answered_to_nobody_is_given_up() {
    let server = Server::open(Backend::Postgres).await;
    let cut = Cut::before(&server.shop.database).await;
    let settings = DbSettings {
        url: cut.url().to_owned(),
        connections: 8,
    };
    let own = server.shop.app.clone();
    let db = Db::connect(&settings, own.clock.clone()).await.unwrap();
    let behind = Instance::of(App { db, ..own });
    let call = order(&server, 100).with("Idempotency-Key", "k-1");
    cut.loses_the_next_commit();
    let answer = behind
        .send(&call.clone().with("Host", &server.authority))
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
    assert!(cut.has_lost_it());

    let (_, changes) = server.does(&call, 201).await;
    assert_eq!(count(&changes, "+payments"), 1, "{changes:?}");
}
on_postgres![a_claim_whose_commit_was_answered_to_nobody_is_given_up];

async fn t076_a_client_that_hangs_up_finds_it_done(backend: Backend) {
    let server = Server::open(backend).await;
    // On a busy machine a client may be gone before it was listened to: the next is more patient.
    for (key, patience) in [("k-1", 150), ("k-2", 1_500), ("k-3", 10_000)] {
        if hangs_up_and_finds_it_done(&server, key, Duration::from_millis(patience)).await {
            return;
        }
    }
    panic!("no client that hung up found its payment");
}

/// Whether what a client asked for that hung up was done for it, and not when it asked again.
async fn hangs_up_and_finds_it_done(server: &Server, key: &str, patience: Duration) -> bool {
    let call = order(server, 100).with("Idempotency-Key", key);
    // The claim has to wait for another while its client goes away.
    let slot = slot(server, key).await;
    let mut tx = server.shop.app.db.begin().await.unwrap();
    let now = tx.now();
    let lease = Lease {
        owner: "somebody".to_owned(),
        fingerprint: [0; 32],
        until: now.plus(Duration::from_mins(1)),
    };
    assert!(
        idempotency::claim(&mut tx, &slot, &lease, now)
            .await
            .unwrap()
    );
    wire::hang_up(&server.authority, &call, patience).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    tx.rollback().await.unwrap();

    let mut answer = server.send(&call).await;
    while answer.status == 409 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        answer = server.send(&call).await;
    }
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.header("idempotent-replayed") == Some("true")
}

async fn t078_until_its_time_is_over(backend: Backend) {
    let server = Server::open(backend).await;
    let call = order(&server, 100).with("Idempotency-Key", "k-1");
    let first = server.send(&call).await;
    server.shop.advance(29 * 86_400);
    assert_eq!(server.send(&call).await.body, first.body);
    server.shop.advance(86_400);
    let (answer, changes) = server.does(&call, 201).await;
    assert_ne!(answer.body, first.body);
    assert_eq!(count(&changes, "+payments"), 1);
}

on_both![
    t069_without_a_key,
    t070_with_a_key_that_is_none,
    a_repeat_is_answered_byte_for_byte,
    t071_another_body_under_the_key,
    t072_elsewhere_the_key_is_another,
    t073_while_the_first_still_runs,
    t073_twins_at_once_have_one_effect,
    t074_after_a_refusal_the_key_is_free,
    t075_after_a_busy_database_the_key_is_free,
    t076_an_answer_that_was_lost_is_given_again,
    t076_a_client_that_hangs_up_finds_it_done,
    t078_until_its_time_is_over,
];
