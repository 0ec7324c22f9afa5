//! The counter's page over a long day, in a real browser: the server restarts, freezes and is out of
//! reach, midnight comes, and the cashier hears and reads each payment once.

use std::time::Duration;

use serde_json::{Value, json};

use tongma::flow::{pair, report, start};
use tongma::merchant::PrintedCode;

use super::counter::invite;
use super::site::Site;
use super::story::keep;
use crate::stories::process::ShopProcess;
use crate::support::beside::number;
use crate::support::shop::{Shop, order};
use crate::support::{Backend, Browser, Page, on_both};

/// Hears what the page says, in the place of the machine's voice; each sentence takes a moment.
const EAR: &str = "
    window.spoken = [];
    Object.defineProperty(window, 'speechSynthesis', { value: {
        getVoices: () => [], resume() {}, cancel() {},
        speak(said) {
            window.spoken.push(said.lang + ' ' + said.text);
            setTimeout(() => said.onend && said.onend({}), 40);
        },
    } });
";

/// Loses the line, and does not find it again before it is told so.
const UNREACHABLE: &str = "
    window.asks = window.fetch;
    window.fetch = () => Promise.reject(new TypeError('unreachable'));
    window.dispatchEvent(new Event('offline'));
";
const REACHABLE: &str = "window.fetch = window.asks; window.dispatchEvent(new Event('online'));";

async fn a_till_outlives_its_server(backend: Backend) {
    let mut place = ShopProcess::open(backend, "", &[]).await;
    let browser = Browser::start();
    let till = enter(&browser, &place, 390).await;
    let sticker = place.shop.sticker().await;
    till.ask("select", json!({"at": "#voice", "value": "zh"}))
        .await;
    pays(&place.shop, &sticker, "wechat_pay", 1880).await;
    till.wait_for("#sum", "1 笔 · ¥18.80").await;

    place.stop().await;
    till.wait_for("#banner", "连接中断").await;
    keep(&till, "counter-lost-390").await;
    pays(&place.shop, &sticker, "jd_pay", 500).await;
    let (_, order) = place.shop.sells(120_000).await;
    pays(&place.shop, &order, "wechat_pay", 120_000).await;
    assert!(till.text("#sum").await.contains("1 笔"), "not a guess");
    place.start_again().await;

    till.wait_for("#sum", "3 笔 · ¥1,223.80").await;
    till.wait_for("#line", "已连接").await;
    hidden(&till, "#banner").await;
    assert_eq!(
        totals(&till).await,
        ["微信支付 2 笔 ¥1,218.80", "京东支付 1 笔 ¥5.00"]
    );
    assert_eq!(till.ask("count", json!({"at": "#rows li"})).await, 3);
    let said = [
        "zh-CN 语音播报已打开",
        "zh-CN 微信支付收款 18.80 元",
        "zh-CN 京东支付收款 5.00 元",
        "zh-CN 微信支付收款 1200.00 元",
    ];
    spoken(&till, &said).await;
    // Read again from the server, it is the same.
    let url = till.ask("url", json!({})).await;
    till.goto(url.as_str().unwrap()).await;
    till.wait_for("#line", "已连接").await;
    assert_eq!(till.text("#sum").await, "3 笔 · ¥1,223.80");
    assert_eq!(
        totals(&till).await,
        ["微信支付 2 笔 ¥1,218.80", "京东支付 1 笔 ¥5.00"]
    );
    assert_eq!(till.ask("count", json!({"at": "#rows li"})).await, 3);
    spoken(&till, &[]).await;
}
on_both![a_till_outlives_its_server];

/// As a phone finds it that slept: the connection is there, and nobody is at its other end.
async fn a_till_does_not_trust_a_line_that_is_silent(backend: Backend) {
    let place = ShopProcess::open(backend, "", &[]).await;
    let browser = Browser::start();
    let till = enter(&browser, &place, 1280).await;
    let sticker = place.shop.sticker().await;
    pays(&place.shop, &sticker, "wechat_pay", 100).await;
    till.wait_for("#sum", "1 笔").await;

    place.server.signal("STOP");
    let waits = json!({"at": "#banner", "has_text": "连接中断", "timeout_ms": 40_000});
    till.ask("wait", waits).await;
    place.server.signal("CONT");
    pays(&place.shop, &sticker, "wechat_pay", 200).await;

    till.wait_for("#sum", "2 笔 · ¥3.00").await;
    hidden(&till, "#banner").await;
    keep(&till, "counter-totals-1280").await;
}
on_both![a_till_does_not_trust_a_line_that_is_silent];

async fn a_till_without_a_network_makes_up_for_it_and_says_the_sum(backend: Backend) {
    let place = ShopProcess::open(backend, "", &[]).await;
    let browser = Browser::start();
    let till = enter(&browser, &place, 390).await;
    let sticker = place.shop.sticker().await;
    till.ask("select", json!({"at": "#voice", "value": "en"}))
        .await;

    till.ask("offline", json!({"is": true})).await;
    till.wait_for("#banner", "连接中断").await;
    for minor in 1..=6 {
        pays(&place.shop, &sticker, "wechat_pay", minor * 100).await;
    }
    placed(&place.shop).await;
    assert!(till.text("#sum").await.contains("0 笔"), "not a guess");
    till.ask("offline", json!({"is": false})).await;

    till.wait_for("#sum", "6 笔 · ¥21.00").await;
    assert_eq!(till.ask("count", json!({"at": "#rows li"})).await, 6);
    // Nobody listens to six sentences while the next payer stands there.
    let said = [
        "en-US Announcements are on",
        "en-US WeChat Pay paid 1.00 yuan",
        "en-US 5 payments came, 20.00 yuan in all",
    ];
    spoken(&till, &said).await;
    keep(&till, "counter-totals-390").await;
}
on_both![a_till_without_a_network_makes_up_for_it_and_says_the_sum];

async fn a_voice_says_what_came_and_never_what_is_claimed(backend: Backend) {
    let place = ShopProcess::open(backend, "", &[]).await;
    let browser = Browser::start();
    let till = enter(&browser, &place, 390).await;
    let shop = &place.shop;
    let sticker = shop.sticker().await;
    till.ask("select", json!({"at": "#voice", "value": "zh"}))
        .await;

    let reported = shop.starts("bestpay", &sticker, 3600).await.unwrap();
    let mut tx = shop.app.db.read().await.unwrap();
    let attempt = tongma::db::attempts::find(&mut tx, &reported.attempt)
        .await
        .unwrap()
        .unwrap();
    tx.rollback().await.unwrap();
    let (payer, reference) = ("bestpay".parse().unwrap(), attempt.payer_reference);
    tongma::flow::report::report(&shop.app, &payer, &reported.attempt, "paid", &reference)
        .await
        .unwrap();
    till.wait_for("#rows li[data-kind=reported]", "36.00").await;
    let wrong = shop.starts("jd_pay", &sticker, 8800).await.unwrap();
    let mut claims = shop.paid("wechat_pay", &wrong);
    (claims.amount_minor, claims.payer_amount_minor) = (7000, Some(7000));
    shop.confirms(&claims).await.unwrap();
    till.wait_for("#rows li[data-kind=exception]", "70.00")
        .await;
    pays(shop, &sticker, "ecny", 1880).await;
    till.wait_for("#sum", "1 笔 · ¥18.80").await;

    let said = [
        "zh-CN 语音播报已打开",
        "zh-CN 注意，有异常款项：金额不符，70.00 元，请核对",
        "zh-CN 数字人民币收款 18.80 元",
    ];
    spoken(&till, &said).await;
    // The choice stays with the device; the other language does not ask for another page.
    till.ask("select", json!({"at": "#voice", "value": "en"}))
        .await;
    let url = till.ask("url", json!({})).await;
    till.goto(url.as_str().unwrap()).await;
    till.wait_for("#line", "已连接").await;
    till.wait_for("#tap", "点一下页面").await;
    till.click("#now").await;
    pays(shop, &sticker, "jd_pay", 1).await;
    till.wait_for("#sum", "2 笔").await;
    spoken(&till, &["en-US JD Pay paid 0.01 yuan"]).await;
    till.ask("select", json!({"at": "#voice", "value": "off"}))
        .await;
    pays(shop, &sticker, "jd_pay", 2).await;
    till.wait_for("#sum", "3 笔").await;
    spoken(&till, &["en-US JD Pay paid 0.01 yuan"]).await;
    assert_eq!(till.ask("problems", json!({})).await, json!([]));
}
on_both![a_voice_says_what_came_and_never_what_is_claimed];

/// Midnight is the shop's, by the server's clock, whatever time the device has.
async fn a_till_begins_a_new_day_at_the_shops_midnight(backend: Backend) {
    let site = Site::open(backend).await;
    let browser = Browser::start();
    let till = browser.page(json!({"width": 320, "before": EAR})).await;
    let code = invite(&site).await;
    opens(&till, &site.origin, &code).await;
    let sticker = site.shop.sticker().await;
    pays(&site.shop, &sticker, "wechat_pay", 1880).await;
    till.wait_for("#sum", "1 笔 · ¥18.80").await;
    let width = json!({"code": "document.documentElement.scrollWidth"});
    assert_eq!(till.ask("evaluate", width).await, 320);

    // It was noon in Shanghai.
    site.shop.advance(12 * 3600);
    till.wait_for("#sum", "0 笔 · ¥0.00").await;
    assert_eq!(till.ask("count", json!({"at": "#rows li"})).await, 0);
    assert_eq!(totals(&till).await, Vec::<String>::new());
    pays(&site.shop, &sticker, "jd_pay", 100).await;

    till.wait_for("#sum", "1 笔 · ¥1.00").await;
    let url = till.ask("url", json!({})).await;
    till.goto(url.as_str().unwrap()).await;
    till.wait_for("#line", "已连接").await;
    till.wait_for("#rows li", "1.00").await;
    assert_eq!(till.text("#sum").await, "1 笔 · ¥1.00");
    assert_eq!(till.ask("count", json!({"at": "#rows li"})).await, 1);
    assert_eq!(till.ask("problems", json!({})).await, json!([]));
}
on_both![a_till_begins_a_new_day_at_the_shops_midnight];

/// What was paid before midnight and is heard after it is told like everything that is new; it is only no
/// part of today's takings.
async fn a_till_tells_after_midnight_what_it_missed_before(backend: Backend) {
    let site = Site::open(backend).await;
    let browser = Browser::start();
    let till = browser.page(json!({"width": 390, "before": EAR})).await;
    let code = invite(&site).await;
    opens(&till, &site.origin, &code).await;
    let sticker = site.shop.sticker().await;
    till.ask("select", json!({"at": "#voice", "value": "zh"}))
        .await;
    pays(&site.shop, &sticker, "wechat_pay", 1880).await;
    till.wait_for("#sum", "1 笔 · ¥18.80").await;

    till.ask("evaluate", json!({"code": UNREACHABLE})).await;
    till.wait_for("#banner", "连接中断").await;
    // It was noon in Shanghai: a minute before midnight, and three minutes later.
    site.shop.advance(12 * 3600 - 60);
    pays(&site.shop, &sticker, "jd_pay", 500).await;
    placed(&site.shop).await;
    site.shop.advance(180);
    till.ask("evaluate", json!({"code": REACHABLE})).await;

    till.wait_for("#rows li[data-kind=paid]", "5.00").await;
    till.wait_for("#rows li time", "23:59:00").await;
    assert_eq!(till.text("#now .figure").await, "5.00");
    assert_eq!(till.text("#sum").await, "0 笔 · ¥0.00", "of today");
    assert_eq!(till.ask("count", json!({"at": "#rows li"})).await, 1);
    let said = [
        "zh-CN 语音播报已打开",
        "zh-CN 微信支付收款 18.80 元",
        "zh-CN 京东支付收款 5.00 元",
    ];
    spoken(&till, &said).await;
    pays(&site.shop, &sticker, "jd_pay", 100).await;
    till.wait_for("#sum", "1 笔 · ¥1.00").await;
}
on_both![a_till_tells_after_midnight_what_it_missed_before];

/// What was reported and then came to nothing keeps its wallet, its time and its place.
async fn a_payment_that_ends_unpaid_is_still_known(backend: Backend) {
    let place = ShopProcess::open(backend, "", &[]).await;
    let shop = &place.shop;
    let browser = Browser::start();
    let till = enter(&browser, &place, 390).await;
    let sticker = shop.sticker().await;
    let asked = order("jd_pay", &sticker.text, 100, "r-1");
    let started = start::start(&shop.app, asked).await.unwrap();
    let (payer, attempt) = ("jd_pay".parse().unwrap(), &started.attempt);
    let reported = report::report(&shop.app, &payer, attempt, "paid", "r-1").await;
    reported.unwrap();
    till.wait_for("#rows li[data-kind=reported]", "京东支付")
        .await;
    pays(shop, &sticker, "wechat_pay", 200).await;
    till.wait_for("#rows li[data-kind=paid]", "微信支付").await;
    let time = till.text("#rows li:nth-child(2) time").await;

    let mut closed = shop.paid("wechat_pay", &started);
    closed.status = "closed".to_owned();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    shop.confirms(&closed).await.unwrap();
    placed(shop).await;

    till.wait_for("#rows li[data-kind=ended]", "没有付成").await;
    let row = till.text("#rows li:nth-child(2)").await;
    assert!(
        row.contains("京东支付") && row.contains("没有付成"),
        "{row}"
    );
    assert_eq!(till.text("#rows li:nth-child(2) time").await, time);
    let told = "SELECT COUNT(*) FROM events WHERE kind = 'payment.closed' \
        AND data LIKE '%\"payer_institution\":\"jd_pay\"%'";
    assert_eq!(number(&shop.database, told).await, 1);
}
on_both![a_payment_that_ends_unpaid_is_still_known];

/// What the till says of a number and of pictures that the server did not read.
async fn a_till_says_why_a_receipt_was_not_checked(backend: Backend) {
    let place = ShopProcess::open(backend, "", &[]).await;
    let browser = Browser::start();
    let till = enter(&browser, &place, 390).await;
    till.fill("#digits", "12").await;
    till.click("#by-number button").await;
    till.wait_for("#verdict", "收据号是六位数字").await;

    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("code.png");
    std::fs::write(&file, "no picture").unwrap();
    let answers = [
        (413, "图片太大"),
        (422, "不是能读的图片"),
        (429, "太频繁"),
        (503, "太忙"),
    ];
    for (status, words) in answers {
        let answer = format!(
            "window.fetch = () => Promise.resolve(new Response('{{}}', {{ status: {status} }}))"
        );
        till.ask("evaluate", json!({"code": answer})).await;
        let at = json!({"at": "[data-picture]", "paths": [file.to_str().unwrap()]});
        till.ask("files", at).await;
        till.wait_for("#verdict", words).await;
    }
}
on_both![a_till_says_why_a_receipt_was_not_checked];

/// A till that was let in and is connected, with an ear for what it says.
async fn enter(browser: &Browser, place: &ShopProcess, width: u32) -> Page {
    let (shop, counter) = (&place.shop, &place.shop.counters[0].id);
    let invited = pair::invite(&shop.app, &shop.merchant.id, counter, "story").await;
    let till = browser.page(json!({"width": width, "before": EAR})).await;
    let origin = format!("http://{}", place.server.authority);
    opens(&till, &origin, invited.unwrap().code.expose()).await;
    till
}

async fn opens(till: &Page, origin: &str, code: &str) {
    till.goto(&format!("{origin}/counter")).await;
    till.fill("#code", code).await;
    till.click("button[type=submit]").await;
    till.wait_for("#line", "已连接").await;
}

/// A payer scans the sticker and pays; the institution says so.
async fn pays(shop: &Shop, sticker: &PrintedCode, wallet: &str, minor: i64) {
    let started = shop.starts(wallet, sticker, minor).await.unwrap();
    let notice = shop.paid("wechat_pay", &started);
    shop.confirms(&notice).await.unwrap();
}

/// When all events have their places.
async fn placed(shop: &Shop) {
    while number(&shop.database, "SELECT COUNT(*) FROM outbox").await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The totals, wallet by wallet, as a person reads them.
async fn totals(till: &Page) -> Vec<String> {
    let lines = till.ask("texts", json!({"at": "#totals li"})).await;
    let lines = lines.as_array().unwrap().iter();
    let words = |line: &Value| {
        let text = line.as_str().unwrap().to_owned();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    lines.map(words).collect()
}

async fn hidden(till: &Page, at: &str) {
    till.ask("wait", json!({"at": at, "state": "hidden"})).await;
}

/// All that was said since the page was opened; waits until the last sentence has had its time.
async fn spoken(till: &Page, expected: &[&str]) {
    let said = "new Promise((done) => setTimeout(() => done(window.spoken), 600))";
    let said = till.ask("evaluate", json!({"code": said})).await;
    assert_eq!(said, json!(expected));
}
