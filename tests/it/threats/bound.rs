//! What a code is bound to, what its page says about it, and where a payer may be led.

use serde_json::json;

use super::still_sells;
use crate::support::server::Server;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

async fn t056_an_order_code_is_bound_to_its_counter_and_its_amount(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let (made, code) = shop.sells(600).await;
    let (other, _) = shop.sells(600).await;
    let facts = json!({
        "text": code.text, "amount_minor": 600, "currency": "CNY", "payer_reference": "r-1",
    });
    let rows = [
        ("counter", json!(shop.counters[1].id), "field-unknown"),
        ("store", json!(shop.store.id), "field-unknown"),
        ("amount_minor", json!(1), "amount-mismatch"),
        ("currency", json!("USD"), "currency-mismatch"),
        ("payment", json!(other.id), "payment-mismatch"),
    ];
    for (field, value, refusal) in rows {
        let mut asked = facts.clone();
        asked[field] = value;
        let call = Request::post_json("/wallet/v1/attempts", &asked);
        let call = server.signed("jd_pay", call);
        server.refuses(&call, 422, refusal).await;
    }
    let call = Request::post_json("/wallet/v1/attempts", &facts);
    let answer = server.send(&server.signed("jd_pay", call)).await;
    assert_eq!(answer.json()["payment"], json!(made.id));
    let kept = shop.payment(&made.id).await;
    assert_eq!(kept.counter.as_ref(), Some(&shop.counters[0].id));
    still_sells(shop).await;
}
on_both![t056_an_order_code_is_bound_to_its_counter_and_its_amount];

async fn t060_the_page_names_the_merchant_and_the_sign(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let (neighbour, _, _) = shop.neighbour().await;
    let sticker = shop.sticker().await;
    let open = async |text: &str| {
        let (_, run) = text.split_once("/Q/").unwrap();
        let page = Request::get(&format!("/Q/{run}"));
        let page = page.with("User-Agent", "Mozilla/5.0 MicroMessenger/8.0.49");
        server.send(&page).await.text()
    };
    let page = open(&sticker.text).await;
    // What stands beside the printed code: its name's last characters.
    let id = sticker.id.as_str();
    let short = id.split_at(id.len() - 6).1.to_uppercase();
    assert!(page.contains(shop.merchant.name.as_str()), "{page}");
    assert!(page.contains(&format!("<code>{short}</code>")), "{page}");
    assert!(!page.contains(neighbour.name.as_str()));

    // A sign that we did not make never looks like one.
    let mut forged = sticker.text.clone();
    let last = if forged.ends_with('A') { 'Q' } else { 'A' };
    forged.pop();
    forged.push(last);
    let page = open(&forged).await;
    assert!(!page.contains("<form"), "{page}");
    let asked = json!({"text": forged});
    let read = server.ask(Request::post_json("/v1/decode", &asked)).await;
    assert_ne!(read.json()["signature"], "valid", "{}", read.text());
}
on_both![t060_the_page_names_the_merchant_and_the_sign];

async fn t108_a_payer_is_led_to_the_institution_or_nowhere(backend: Backend) {
    let server = Server::open(backend).await;
    let shop = &server.shop;
    let sticker = shop.sticker().await;
    let start = |reference: &str| {
        let facts = json!({
            "text": sticker.text, "amount_minor": 600, "currency": "CNY",
            "payer_reference": reference,
        });
        server.signed("jd_pay", Request::post_json("/wallet/v1/attempts", &facts))
    };
    let addresses = [
        "javascript:alert(1)",
        "javascript://%0aalert(1)",
        "JaVaScRiPt://x",
        "intent://pay#Intent;scheme=http;S.browser_fallback_url=https%3A%2F%2Fevil.example;end",
        "data:text/html,<script>alert(1)</script>",
        "http://evil.example/pay",
        "//evil.example/pay",
        "https://",
        "https://pay.example/\r\nLocation: https://evil.example",
        "",
    ];
    for (n, url) in addresses.iter().enumerate() {
        let handover = json!({"kind": "redirect", "url": url});
        shop.payee.will_hand_over(handover);
        let answer = server.send(&start(&format!("bad-{n}"))).await;
        let told = (answer.status, answer.code());
        assert_eq!(told, (503, "payee-unavailable".to_owned()), "{url}");
        assert!(!answer.text().contains("evil.example"), "{url}");
    }
    // An address of the institution's own is passed on as it is, as data.
    let url = "https://pay.example/?a=\"><script>alert(1)</script>&b=%2F";
    shop.payee
        .will_hand_over(json!({"kind": "redirect", "url": url}));
    let answer = server.send(&start("good")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["handover"]["url"], url);
    shop.payee
        .will_hand_over(json!({"kind": "payee_code_text", "text": "weixin://wxpay/x"}));
    still_sells(shop).await;
}
on_both![t108_a_payer_is_led_to_the_institution_or_nowhere];
