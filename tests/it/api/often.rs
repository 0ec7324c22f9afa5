//! Those who try too often.

use serde_json::json;
use tongma::app::{RateLimits, Rates};
use tongma::code::run::{self, Body, CodeKind, RandomId};
use tongma::merchant::Scope;

use crate::support::beside::{number, run as does};
use crate::support::server::Server;
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both};

/// A code of this server's that was never issued.
fn guess(server: &Server) -> String {
    let app = &server.shop.app;
    let random = RandomId::new(app.entropy.bytes());
    let body = Body::new(CodeKind::Static, None, random, None).unwrap();
    run::issue(&app.origin, &body, |_| [0; 64])
}

fn seconds(answer: &Answer) -> u64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

async fn t049_a_wallet_that_guesses_hears_no_more(backend: Backend) {
    let server = Server::open(backend).await;
    let resolve = |wallet: &str, text: &str| {
        let call = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
        server.signed(wallet, call)
    };
    for _ in 0..29 {
        let answer = server.send(&resolve("jd_pay", &guess(&server))).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "code-not-found")
        );
    }
    let body = json!({
        "text": guess(&server), "amount_minor": 1, "currency": "CNY", "payer_reference": "r-1",
    });
    let start = Request::post_json("/wallet/v1/attempts", &body);
    assert_eq!(
        server.send(&server.signed("jd_pay", start)).await.status,
        404
    );

    let many = resolve("jd_pay", &guess(&server));
    let answer = server.refuses(&many, 429, "too-many-misses").await;
    assert!((1..=60).contains(&seconds(&answer)));

    // Its honest payers and the other wallets go on.
    let real = server.shop.sticker().await.text;
    assert_eq!(server.send(&resolve("jd_pay", &real)).await.status, 200);
    let other = resolve("wechat_pay", &guess(&server));
    assert_eq!(server.send(&other).await.status, 404);
    server.shop.advance(seconds(&answer));
    let later = resolve("jd_pay", &guess(&server));
    assert_eq!(server.send(&later).await.status, 404);
}

async fn t049_a_browser_that_guesses_hears_no_more(backend: Backend) {
    let server = Server::open(backend).await;
    let open = |text: &str| {
        let (_, run) = text.split_once("/Q/").unwrap();
        Request::get(&format!("/Q/{run}"))
    };
    for _ in 0..30 {
        assert_eq!(server.send(&open(&guess(&server))).await.status, 404);
    }
    let many = server.send(&open(&guess(&server))).await;
    assert_eq!((many.status, seconds(&many)), (429, 60));
    let real = server.shop.sticker().await.text;
    assert_eq!(server.send(&open(&real)).await.status, 200);
    server.shop.advance(60);
    assert_eq!(server.send(&open(&guess(&server))).await.status, 404);
}

async fn t129_receipts_are_checked_sixty_times_a_minute(backend: Backend) {
    let server = Server::open(backend).await;
    let check = || {
        let call = Request::post_json("/v1/receipts/verify", &json!({"number": "123456"}));
        call.with("Authorization", &format!("Bearer {}", server.token))
    };
    for _ in 0..60 {
        assert_eq!(server.send(&check()).await.status, 200);
    }
    let answer = server.refuses(&check(), 429, "too-many-checks").await;
    server.shop.advance(seconds(&answer));
    assert_eq!(server.send(&check()).await.status, 200);
}

async fn t129_pairing_codes_are_tried_ten_times_a_minute(backend: Backend) {
    let server = Server::open(backend).await;
    let form = "application/x-www-form-urlencoded";
    let attempt = || {
        let origin = server.shop.app.origin.to_string();
        Request::post("/counter/pair", form, "code=ABCD2345").with("Origin", &origin)
    };
    for _ in 0..10 {
        assert_eq!(server.send(&attempt()).await.status, 422);
    }
    let answer = server.send(&attempt()).await;
    assert_eq!((answer.status, seconds(&answer)), (429, 60));
    server.shop.advance(60);
    assert_eq!(server.send(&attempt()).await.status, 422);
}

/// How often the audit log says that a key was sent where it does not belong.
async fn leaks(server: &Server) -> i64 {
    let told = "SELECT COUNT(*) FROM audit WHERE action = 'api-key.leaked'";
    number(&server.shop.database, told).await
}

/// T093: whoever has a key, or had one, does not fill the audit log with it.
async fn a_key_that_is_sent_in_the_wrong_place_again_and_again_is_written_down_seldom(
    backend: Backend,
) {
    let limits = RateLimits {
        refusals: 5,
        ..RateLimits::default()
    };
    let server = Server::open_with(backend, |app| {
        app.rates = Rates::new(&limits, app.clock.clone());
    })
    .await;
    let merchant = &server.shop.merchant.id;
    let [first, second, gone] = [
        server.key(merchant, Scope::ALL).await,
        server.key(merchant, Scope::ALL).await,
        server.key(merchant, Scope::ALL).await,
    ];
    let revokes = format!(
        "UPDATE api_keys SET revoked_ms = created_ms WHERE hint = '{}'",
        gone.get(..12).unwrap()
    );
    does(&server.shop.database, &revokes).await;
    let sends = async |token: &str| {
        let call = Request::get(&format!("/v1/payments?k={token}"));
        server.send(&call).await.status
    };

    // Nobody's secret any more.
    assert_eq!((sends(&gone).await, leaks(&server).await), (401, 0));
    for _ in 0..2 {
        assert_eq!((sends(&first).await, leaks(&server).await), (401, 1));
    }
    server.shop.advance(60);
    assert_eq!((sends(&first).await, leaks(&server).await), (401, 2));
    // From where nobody is listened to any more, nothing is written at all.
    for _ in 0..4 {
        assert_eq!(sends(&gone).await, 401);
    }
    assert_eq!((sends(&second).await, leaks(&server).await), (429, 2));
    server.shop.advance(60);
    assert_eq!((sends(&second).await, leaks(&server).await), (401, 3));
}

on_both![
    a_key_that_is_sent_in_the_wrong_place_again_and_again_is_written_down_seldom,
    t049_a_wallet_that_guesses_hears_no_more,
    t049_a_browser_that_guesses_hears_no_more,
    t129_receipts_are_checked_sixty_times_a_minute,
    t129_pairing_codes_are_tried_ten_times_a_minute,
];
