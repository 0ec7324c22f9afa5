//! Codes that payers use and suddenly do not: told once for each silence, whoever looks.

use serde_json::Value;

use tongma::event::hub::Hub;
use tongma::event::outbox;
use tongma::flow::{self, silence};
use tongma::merchant::{CodeEvent, PrintedCode};

use crate::support::beside::{number, run};
use crate::support::shop::{self, Shop};
use crate::support::{Backend, on_both};

const DAY_S: u64 = 24 * 3600;

/// So many payers pay by it, now.
async fn sells(shop: &Shop, code: &PrintedCode, times: i64) {
    for minor in 0..times {
        let started = shop.starts("wechat_pay", code, 100 + minor).await.unwrap();
        let notice = shop.paid("wechat_pay", &started);
        shop.confirms(&notice).await.unwrap();
    }
}

/// A code that was paid so often at noon on each day for a week; it is half past twelve on the eighth,
/// and nobody has paid.
async fn after_a_week(shop: &Shop, sold: [i64; 7]) -> PrintedCode {
    let code = shop.sticker().await;
    for times in sold {
        sells(shop, &code, times).await;
        shop.advance(DAY_S);
    }
    shop.advance(1800);
    code
}

async fn silences(shop: &Shop) -> i64 {
    let told = "SELECT COUNT(*) FROM events WHERE kind = 'code.silent'";
    number(&shop.database, told).await
}

async fn ends(shop: &Shop) -> i64 {
    let told = "SELECT COUNT(*) FROM events WHERE kind = 'code.paid_again'";
    number(&shop.database, told).await
}

/// What others are told of a kind, the newest of it.
async fn told(shop: &Shop, kind: &str) -> Value {
    let hub = Hub::default();
    while outbox::work_once(&shop.app.db, &hub).await.unwrap() > 0 {}
    let mut tx = shop.app.db.read().await.unwrap();
    let all = tongma::db::outbox::after(&mut tx, &shop.merchant.id, 0, 1000)
        .await
        .unwrap();
    let of_kind = all.iter().rfind(|event| event.kind.as_str() == kind);
    serde_json::from_str(&of_kind.unwrap().data).unwrap()
}

/// Looks until nothing is due.
async fn look(shop: &Shop) -> usize {
    silence::round(&shop.app).await.unwrap()
}

async fn a_busy_code_that_falls_silent_is_told_once_until_somebody_pays(backend: Backend) {
    let shop = Shop::open(backend).await;
    let code = after_a_week(&shop, [8; 7]).await;
    let sold_last = number(&shop.database, "SELECT MAX(paid_ms) FROM payments").await;

    assert_eq!((look(&shop).await, silences(&shop).await), (1, 1));
    for _ in 0..6 {
        shop.advance(600);
        assert_eq!(look(&shop).await, 0);
    }
    // Nor the next day, while nobody has paid meanwhile.
    shop.advance(DAY_S - 3600);
    assert_eq!(look(&shop).await, 0);

    let data = told(&shop, "code.silent").await;
    assert_eq!(data["sign"], code.id.as_str());
    assert_eq!(
        (&data["store"], &data["counter"]),
        (
            &serde_json::json!(shop.store.id),
            &serde_json::json!(shop.counters[0].id)
        )
    );
    let last: tongma::clock::Timestamp = data["paid_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(last.millis(), sold_last);
    assert!(data.get("amount_minor").is_none(), "{data}");

    // A payment ends the silence, which is told as well, once; the next one is another.
    sells(&shop, &code, 8).await;
    shop.advance(1800);
    assert_eq!((look(&shop).await, ends(&shop).await), (1, 1));
    let data = told(&shop, "code.paid_again").await;
    assert_eq!(data["sign"], code.id.as_str());
    let sold_last = number(&shop.database, "SELECT MAX(paid_ms) FROM payments").await;
    let last: tongma::clock::Timestamp = data["paid_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(last.millis(), sold_last);
    for _ in 0..3 {
        shop.advance(600);
        assert_eq!(look(&shop).await, 0);
    }
    assert_eq!(ends(&shop).await, 1);
    shop.advance(DAY_S - 3600);
    sells(&shop, &code, 8).await;
    shop.advance(1800);
    assert_eq!(look(&shop).await, 0);
    let wakes = "SELECT COUNT(*) FROM code_watch WHERE silent_ms IS NULL";
    assert_eq!(number(&shop.database, wakes).await, 1);
    for _ in 0..7 {
        shop.advance(DAY_S - 1800);
        sells(&shop, &code, 8).await;
        shop.advance(1800);
        look(&shop).await;
    }
    assert_eq!(silences(&shop).await, 1);
    shop.advance(DAY_S);
    assert_eq!((look(&shop).await, silences(&shop).await), (1, 2));
}

async fn nights_days_off_and_quiet_codes_are_no_silence(backend: Backend) {
    let shop = Shop::open(backend).await;
    // Closed on this weekday, a week ago as well; a code that few people use; one that is a week old
    // only tomorrow.
    after_a_week(&shop, [0, 20, 20, 20, 20, 20, 20]).await;
    assert_eq!(look(&shop).await, 0);
    let shop = Shop::open(backend).await;
    after_a_week(&shop, [5; 7]).await;
    assert_eq!(look(&shop).await, 0);
    // In the middle of the night nobody has ever paid.
    shop.advance(12 * 3600);
    assert_eq!(look(&shop).await, 0);
    assert_eq!(silences(&shop).await, 0);
    let shop = Shop::open(backend).await;
    let code = shop.sticker().await;
    for _ in 0..6 {
        sells(&shop, &code, 20).await;
        shop.advance(DAY_S);
    }
    shop.advance(1800);
    assert_eq!((look(&shop).await, silences(&shop).await), (0, 0));
}

async fn a_code_that_the_merchant_stopped_is_not_told(backend: Backend) {
    let shop = Shop::open(backend).await;
    let code = after_a_week(&shop, [8; 7]).await;
    let change = async |event| {
        flow::change_code::change(&shop.app, &shop.merchant.id, &code.id, event)
            .await
            .unwrap();
    };
    change(CodeEvent::Suspend).await;
    assert_eq!(look(&shop).await, 0);
    // It goes on: until the first payment there is nothing to compare.
    change(CodeEvent::Resume).await;
    shop.advance(1800);
    assert_eq!(look(&shop).await, 0);
    // That it is paid is no news, because nobody was told that it was not.
    sells(&shop, &code, 1).await;
    shop.advance(1800);
    assert_eq!((look(&shop).await, ends(&shop).await), (0, 0));
    change(CodeEvent::Revoke).await;
    shop.advance(1800);
    assert_eq!(look(&shop).await, 0);
    let watched = "SELECT COUNT(*) FROM code_watch";
    assert_eq!(number(&shop.database, watched).await, 0);
}

/// A stop hides a code for a window and no longer: what comes later is a silence like any other.
async fn a_code_that_was_stopped_is_watched_again_once_it_goes_on(backend: Backend) {
    let shop = Shop::open(backend).await;
    let code = shop.sticker().await;
    for day in 0..8 {
        if day > 0 {
            shop.advance(DAY_S);
        }
        sells(&shop, &code, 8).await;
    }
    // At ten past eleven it is stopped, and goes on in the minute before the next look.
    shop.advance(DAY_S - 50 * 60);
    let change = async |event| {
        flow::change_code::change(&shop.app, &shop.merchant.id, &code.id, event)
            .await
            .unwrap();
    };
    change(CodeEvent::Suspend).await;
    assert_eq!(look(&shop).await, 0);
    shop.advance(29 * 60);
    change(CodeEvent::Resume).await;
    shop.advance(60);
    // The shop is busy at noon; until twenty to one nobody could have paid for a whole hour.
    for minutes in (0..60).step_by(10) {
        assert_eq!(look(&shop).await, 0, "{minutes}");
        shop.advance(600);
    }
    assert_eq!((look(&shop).await, silences(&shop).await), (1, 1));
    sells(&shop, &code, 1).await;
    shop.advance(600);
    assert_eq!((look(&shop).await, ends(&shop).await), (1, 1));
}

async fn two_instances_tell_a_silence_once(backend: Backend) {
    let shop = Shop::open(backend).await;
    after_a_week(&shop, [8; 7]).await;
    let clock = shop.app.clock.clone();
    let (other, _) = shop::app(&shop.database, shop::ORIGIN, clock).await;
    for _ in 0..10 {
        run(
            &shop.database,
            "UPDATE code_watch SET silent_ms = NULL, next_look_ms = 0",
        )
        .await;
        let before = silences(&shop).await;
        let (one, two) = tokio::join!(silence::round(&shop.app), silence::round(&other));
        assert_eq!(one.unwrap() + two.unwrap(), 1);
        assert_eq!(silences(&shop).await, before + 1);
    }
}

async fn an_operator_may_watch_nothing(backend: Backend) {
    let mut shop = Shop::open(backend).await;
    after_a_week(&shop, [8; 7]).await;
    shop.app.limits.silence.payments_an_hour = 0;
    assert_eq!((look(&shop).await, silences(&shop).await), (0, 0));
}

on_both![
    a_busy_code_that_falls_silent_is_told_once_until_somebody_pays,
    nights_days_off_and_quiet_codes_are_no_silence,
    a_code_that_the_merchant_stopped_is_not_told,
    a_code_that_was_stopped_is_watched_again_once_it_goes_on,
    two_instances_tell_a_silence_once,
    an_operator_may_watch_nothing,
];
