//! How often somebody may ask, and what everybody is told about it.

use serde_json::json;
use tongma::app::{Proxies, RateLimits, Rates};

use crate::api::signature::start;
use crate::support::server::{Server, bearer};
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both};

/// A server with these limits.
async fn limited(backend: Backend, limits: RateLimits) -> Server {
    Server::open_with(backend, |app| {
        app.rates = Rates::new(&limits, app.clock.clone());
    })
    .await
}

/// What the answer says of policies and of what is left.
fn told(answer: &Answer) -> [&str; 2] {
    ["ratelimit-policy", "ratelimit"].map(|name| answer.header(name).unwrap_or(""))
}

fn seconds(answer: &Answer) -> u64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

async fn a_key_hears_where_it_stands_and_one_too_many_stores_nothing(backend: Backend) {
    let limits = RateLimits {
        api_key: 3,
        ..RateLimits::default()
    };
    let server = limited(backend, limits).await;
    let list = || Request::get("/v1/stores");
    for (left, full) in [(2, 20), (1, 40), (0, 60)] {
        let answer = server.ask(list()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let limit = format!("\"api-key\";r={left};t={full}");
        assert_eq!(told(&answer), ["\"api-key\";q=3;w=60", &limit]);
    }

    let body = json!({"kind": "static", "store": server.shop.store.id});
    let issue = Request::post_json("/v1/codes", &body).with("Idempotency-Key", "k-1");
    let issue = bearer(issue, &server.token);
    let answer = server.refuses(&issue, 429, "rate-limited").await;
    assert_eq!(seconds(&answer), 20);
    assert_eq!(answer.json()["policy"], "api-key");
    assert_eq!(
        told(&answer),
        ["\"api-key\";q=3;w=60", "\"api-key\";r=0;t=20"]
    );

    // Another key has its own quota; and what was refused was not kept under its key.
    let other = server
        .key(&server.shop.merchant.id, tongma::merchant::Scope::ALL)
        .await;
    assert_eq!(server.send(&bearer(list(), &other)).await.status, 200);
    server.shop.advance(20);
    let answer = server.send(&issue).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("idempotent-replayed"), None);
}

async fn an_institution_that_asks_too_often_can_still_tell_of_money(backend: Backend) {
    let limits = RateLimits {
        institution: 2,
        ..RateLimits::default()
    };
    let server = limited(backend, limits).await;
    let text = server.shop.sticker().await.text;
    let begin = start(&server, "r-1").await;
    let started = server.send(&server.signed("wechat_pay", begin)).await;
    assert_eq!(started.status, 201, "{}", started.text());
    let resolve = || {
        let call = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
        server.signed("wechat_pay", call)
    };
    let answer = server.send(&resolve()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        told(&answer),
        ["\"institution\";q=2;w=60", "\"institution\";r=0;t=60"]
    );
    server.refuses(&resolve(), 429, "rate-limited").await;

    // A call that is refused for its rate has used up no nonce: the same bytes are taken later.
    let begin = start(&server, "r-2").await;
    let begin = server.signed("wechat_pay", begin);
    let answer = server.refuses(&begin, 429, "rate-limited").await;

    let attempt = started.json()["attempt"].as_str().unwrap().to_owned();
    let report = json!({"status": "paid", "payer_reference": "r-1"});
    let report = Request::post_json(&format!("/wallet/v1/attempts/{attempt}/report"), &report);
    let answer_to_report = server.send(&server.signed("wechat_pay", report)).await;
    assert_eq!(answer_to_report.status, 202, "{}", answer_to_report.text());
    assert_eq!(
        told(&answer_to_report)[0],
        "\"notices\";q=60000;w=60",
        "counted apart"
    );

    server.shop.advance(seconds(&answer));
    assert_eq!(server.send(&begin).await.status, 201);
}

async fn t026_who_is_not_let_in_hears_401_and_at_last_to_come_later(backend: Backend) {
    let limits = RateLimits {
        institution: 5,
        refusals: 20,
        ..RateLimits::default()
    };
    let server = limited(backend, limits).await;
    let text = server.shop.sticker().await.text;
    let resolve = || {
        let call = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
        server.signed("jd_pay", call)
    };
    // WeChat Pay's own probe: a real request whose signature is wrong on purpose.
    let probe = || resolve().replacing("Signature", "sig1=:WECHATPAY/SIGNTEST/aaaa:");
    let mut refused = 0;
    for _ in 0..20 {
        let answer = server.send(&probe()).await;
        assert!(matches!(answer.status, 400 | 401), "{}", answer.text());
        refused += i32::from(answer.status == 401);
    }
    let forged = |n: u8| {
        let mut bytes = [0; 64];
        bytes[0] = n;
        let signature = data_encoding::BASE64.encode(&bytes);
        resolve().replacing("Signature", &format!("tongma=:{signature}:"))
    };
    let mut last = None;
    for n in 0..60 {
        let answer = server.send(&forged(n)).await;
        if answer.status == 429 {
            last = Some(answer);
            break;
        }
        assert!(matches!(answer.status, 400 | 401), "{}", answer.text());
        refused += i32::from(answer.status == 401);
    }
    assert_eq!(refused, 20);
    let last = last.unwrap();
    assert_eq!(last.code(), "rate-limited");
    assert_eq!(seconds(&last), 3);

    // Nobody uses up the institution's quota in its name, and who comes from there with a right
    // signature is let in.
    let answer = server.send(&resolve()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(told(&answer)[1], "\"institution\";r=4;t=12");
}

async fn pages_are_counted_by_where_they_are_asked_for(backend: Backend) {
    let limits = RateLimits {
        source: 4,
        ..RateLimits::default()
    };
    let server = limited(backend, limits).await;
    let text = server.shop.sticker().await.text;
    let page = format!("/Q/{}", text.split_once("/Q/").unwrap().1);
    // Whoever is no proxy of ours speaks for nobody.
    for n in 0..4 {
        let from = format!("198.51.100.{n}");
        let call = Request::get(&page).with("X-Forwarded-For", &from);
        assert_eq!(server.send(&call).await.status, 200);
    }
    let call = Request::get(&page)
        .with("X-Forwarded-For", "198.51.100.9")
        .with("Forwarded", "for=198.51.100.9");
    let answer = server.refuses(&call, 429, "rate-limited").await;
    assert_eq!(
        told(&answer),
        ["\"source\";q=4;w=60", "\"source\";r=0;t=15"]
    );
    let seen = server
        .send(&call.with("Accept", "text/html,application/xhtml+xml"))
        .await;
    assert_eq!(seen.status, 429);
    assert!(
        seen.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(seen.header("retry-after").is_some());

    // Neither whether we live, nor those who have a name of their own.
    assert_eq!(server.send(&Request::get("/healthz")).await.status, 200);
    assert_eq!(server.ask(Request::get("/v1/stores")).await.status, 200);
    server.shop.advance(15);
    assert_eq!(server.send(&Request::get(&page)).await.status, 200);
}

async fn behind_a_trusted_proxy_clients_are_counted_apart(backend: Backend) {
    let limits = RateLimits {
        source: 2,
        ..RateLimits::default()
    };
    let server = Server::open_with(backend, |app| {
        app.rates = Rates::new(&limits, app.clock.clone());
        app.proxies = Proxies {
            trusted: ["127.0.0.0/8".parse().unwrap()].as_slice().into(),
            ..Proxies::default()
        };
    })
    .await;
    let ask = |seen_by_proxy: &str| {
        let call = Request::get("/problems").with("X-Forwarded-For", seen_by_proxy);
        let server = &server;
        async move { server.send(&call).await.status }
    };
    assert_eq!(ask("198.51.100.1").await, 200);
    assert_eq!(ask("198.51.100.1").await, 200);
    assert_eq!(ask("198.51.100.1").await, 429);
    assert_eq!(ask("198.51.100.2").await, 200, "another client");
    // What the client wrote itself stands before what the proxy saw.
    for forged in [
        "203.0.113.1",
        "127.0.0.1",
        "10.0.0.1, 127.0.0.1",
        "nonsense",
    ] {
        let chain = format!("{forged}, 198.51.100.1");
        assert_eq!(ask(&chain).await, 429, "{chain}");
    }
    // The other header is not what these proxies write.
    let call = Request::get("/problems")
        .with("Forwarded", "for=203.0.113.2")
        .with("X-Forwarded-For", "198.51.100.1");
    assert_eq!(server.send(&call).await.status, 429);
}

on_both![
    a_key_hears_where_it_stands_and_one_too_many_stores_nothing,
    an_institution_that_asks_too_often_can_still_tell_of_money,
    t026_who_is_not_let_in_hears_401_and_at_last_to_come_later,
    pages_are_counted_by_where_they_are_asked_for,
    behind_a_trusted_proxy_clients_are_counted_apart,
];
