//! More than can be worked on at once: some wait, the rest hear so at once, and what tells of money
//! goes on.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tongma::app::{Gate, GateLimits, Lane};

use crate::api::signature::start;
use crate::support::server::{Server, bearer};
use crate::support::wire::{Answer, Request, begin};
use crate::support::{Backend, on_both};

/// Generous for an answer that needs nothing: ten times what is promised.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A server with one seat in each lane.
async fn tiny(backend: Backend, waiting: u16, wait: Duration) -> Server {
    Server::open_with(backend, |app| {
        app.gate = Gate::new(&GateLimits {
            payers: 1,
            notices: 1,
            listings: 1,
            waiting,
            wait,
        });
    })
    .await
}

async fn shed(server: &Server, call: &Request) -> Answer {
    let answer = tokio::time::timeout(AT_ONCE, server.send(call)).await;
    let answer = answer.expect("a refusal needs no time");
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "overloaded"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
    answer
}

async fn p22_lists_and_starts_are_shed_and_notices_are_taken(backend: Backend) {
    let server = tiny(backend, 0, Duration::ZERO).await;
    let (payment, code) = server.shop.sells(1250).await;
    let started = server.shop.starts("jd_pay", &code, 1250).await.unwrap();
    let begin = start(&server, "r-1").await;
    let begin = server.signed("jd_pay", begin);
    let list = bearer(Request::get("/v1/payments"), &server.token);
    let page = format!("/Q/{}", code.text.split_once("/Q/").unwrap().1);
    let gate = &server.shop.app.gate;
    let full = (
        gate.enter(Lane::Listings).await.unwrap(),
        gate.enter(Lane::Payers).await.unwrap(),
    );

    let before = server.business_digest().await;
    shed(&server, &list).await;
    shed(&server, &begin).await;
    shed(&server, &Request::get(&page)).await;
    let wanted = Request::get(&page).with("Accept", "text/html");
    let seen = server.send(&wanted).await;
    assert_eq!(seen.status, 503);
    assert!(
        seen.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    let body = json!({"kind": "static", "store": server.shop.store.id});
    let issue = Request::post_json("/v1/codes", &body).with("Idempotency-Key", "k-1");
    let issue = bearer(issue, &server.token);
    shed(&server, &issue).await;
    let changes = server.business_digest().await.since(&before);
    assert_eq!(changes, Vec::<String>::new(), "a shed call stores nothing");

    assert_eq!(server.send(&Request::get("/healthz")).await.status, 200);
    server.is_ready().await;
    let statement = server
        .shop
        .signed(&server.shop.paid("wechat_pay", &started));
    let place = format!("/wallet/v1/orders/{}/confirm", started.order_number);
    let confirm = Request::post(&place, "application/jose", statement);
    let answer = server.send(&server.signed("wechat_pay", confirm)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["payment"], payment.id.to_string());

    drop(full);
    assert_eq!(server.send(&list).await.status, 200);
    assert_eq!(server.send(&begin).await.status, 201, "its nonce is unused");
    let made = server.send(&issue).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.header("idempotent-replayed"), None);
}

async fn p22_a_bounded_number_waits_and_is_served(backend: Backend) {
    let server = tiny(backend, 3, Duration::from_mins(1)).await;
    let seat = server.shop.app.gate.enter(Lane::Listings).await.unwrap();
    let list = bearer(Request::get("/v1/stores"), &server.token);
    let calls = join_all((0..20).map(|_| server.send(&list)));
    let frees = async {
        // Seventeen are told while nothing moves; then the three others have their turn.
        tokio::time::sleep(Duration::from_millis(500)).await;
        drop(seat);
    };
    let (answers, ()) = tokio::join!(calls, frees);
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    let told = answers.iter().filter(|answer| answer.status == 503).count();
    assert_eq!(served + told, 20);
    assert!(served >= 3, "who waits is served: {served}");
    assert!(told >= 1, "the line has an end");
    for answer in answers.iter().filter(|answer| answer.status == 503) {
        assert_eq!(answer.code(), "overloaded");
    }
}

async fn p22_who_waits_for_an_institution_holds_no_seat(backend: Backend) {
    let server = tiny(backend, 0, Duration::ZERO).await;
    // The start and, while the payee's institution thinks, everybody else, on one seat.
    let text = server.shop.sticker().await.text;
    let resolve = || {
        let call = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
        server.signed("wechat_pay", call)
    };
    let begin = start(&server, "r-1").await;
    let begin = server.signed("jd_pay", begin);
    server.shop.payee.will_think(Duration::from_secs(3));
    let asks = async {
        let payee = &server.shop.payee;
        while !payee.is_thinking() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let mut served = false;
        while payee.is_thinking() && !served {
            let answer = server.send(&resolve()).await;
            served = answer.status == 200 && payee.is_thinking();
        }
        served
    };
    let (started, served) = tokio::join!(server.send(&begin), asks);
    assert!(served, "nobody was served while the institution thought");
    assert_eq!(started.status, 201, "{}", started.text());
}

/// Whether we are ready may be asked by anybody, without a seat and without a limit: it must not take the
/// connections of those who pay.
async fn p22_a_crowd_that_asks_whether_we_are_ready_holds_one_connection(backend: Backend) {
    let server = Server::open(backend).await;
    let ready = Request::get("/readyz");
    let crowd = join_all((0..300).map(|_| server.send(&ready)));
    let most = async {
        let mut most = 0;
        let used = || {
            let pools = server.shop.app.db.connections();
            pools.iter().map(|pool| pool.used).max().unwrap()
        };
        let mut crowd = std::pin::pin!(crowd);
        loop {
            tokio::select! {
                biased;
                answers = &mut crowd => {
                    assert!(answers.iter().all(|answer| answer.status == 200));
                    return most;
                }
                () = tokio::time::sleep(Duration::from_micros(100)) => most = most.max(used()),
            }
        }
    };
    let most = most.await;
    assert!(most <= 1, "{most} connections");
}

/// A notice, a form of a page and a payer's call, each good as far as it goes.
async fn bodies(server: &Server) -> Vec<Request> {
    let (_, code) = server.shop.sells(1250).await;
    let started = server.shop.starts("jd_pay", &code, 1250).await.unwrap();
    let statement = server
        .shop
        .signed(&server.shop.paid("wechat_pay", &started));
    let place = format!("/wallet/v1/orders/{}/confirm", started.order_number);
    let confirm = Request::post(&place, "application/jose", statement);
    let resolve = json!({"text": server.shop.sticker().await.text});
    let resolve = Request::post_json("/wallet/v1/resolve", &resolve);
    let (form, origin) = (
        "application/x-www-form-urlencoded",
        server.shop.app.origin.to_string(),
    );
    vec![
        server.signed("wechat_pay", confirm),
        server.signed("jd_pay", resolve),
        Request::post("/counter/pair", form, "code=ABCD2345").with("Origin", &origin),
    ]
}

async fn p22_whoever_lets_us_wait_for_its_body_holds_no_seat(backend: Backend) {
    let server = tiny(backend, 8, Duration::from_mins(1)).await;
    let held = bodies(&server).await;
    let others = bodies(&server).await;
    let begun = held
        .iter()
        .chain(&held)
        .map(|call| begin(&server.authority, call, 3));
    let mut begun = join_all(begun).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Sooner than a body's time is over, which is half a minute.
    for (call, expected) in others.iter().zip([200, 200, 422]) {
        let answer = tokio::time::timeout(10 * AT_ONCE, server.send(call)).await;
        let answer = answer.expect("those that send nothing hold the seats");
        assert_eq!(answer.status, expected, "{}", answer.text());
    }
    begun.truncate(held.len());
    for (begun, expected) in begun.into_iter().zip([200, 200, 422]) {
        let answer = begun.end().await;
        assert_eq!(answer.status, expected, "{}", answer.text());
    }
}

async fn p22_a_body_that_comes_when_all_is_full_is_told_so(backend: Backend) {
    let server = tiny(backend, 0, Duration::ZERO).await;
    let calls = bodies(&server).await;
    let before = server.business_digest().await;
    let begun = join_all(calls.iter().map(|call| begin(&server.authority, call, 3))).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let gate = &server.shop.app.gate;
    let _full = (
        gate.enter(Lane::Notices).await.expect("nobody works"),
        gate.enter(Lane::Payers).await.expect("nobody works"),
    );
    for begun in begun {
        let answer = begun.end().await;
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.header("retry-after").is_some());
    }
    let changes = server.business_digest().await.since(&before);
    assert_eq!(changes, Vec::<String>::new(), "a shed call stores nothing");
}

on_both![
    p22_whoever_lets_us_wait_for_its_body_holds_no_seat,
    p22_a_body_that_comes_when_all_is_full_is_told_so,
    p22_a_crowd_that_asks_whether_we_are_ready_holds_one_connection,
    p22_lists_and_starts_are_shed_and_notices_are_taken,
    p22_a_bounded_number_waits_and_is_served,
    p22_who_waits_for_an_institution_holds_no_seat,
];
