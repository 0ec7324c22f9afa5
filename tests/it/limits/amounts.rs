//! What a payer may pay by a printed code, and which codes may be paid at all.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tongma::db::acceptances;
use tongma::merchant::ProtectionClass;

use crate::support::beside::number;
use crate::support::books::must_add_up;
use crate::support::server::{Server, bearer};
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// A start of one payer at a printed code.
fn start(server: &Server, wallet: &str, text: &str, minor: i64, reference: &str) -> Request {
    let body = json!({
        "text": text, "amount_minor": minor, "currency": "CNY",
        "payer_reference": reference, "payer_ref": "payer-1",
    });
    server.signed(wallet, Request::post_json("/wallet/v1/attempts", &body))
}

/// What a resolution says of amounts.
async fn bounds(server: &Server, wallet: &str, text: &str) -> Value {
    let call = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
    let answer = server.send(&server.signed(wallet, call)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let claims = answer.text().split('.').nth(1).unwrap().to_owned();
    let claims = data_encoding::BASE64URL_NOPAD
        .decode(claims.as_bytes())
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["amount_bounds"].clone()
}

/// Sets the class of the merchant's acceptance of an institution.
async fn protect(server: &Server, institution: &str, class: ProtectionClass) {
    let shop = &server.shop;
    let mut tx = shop.app.db.begin().await.unwrap();
    let institution = institution.parse().unwrap();
    let found = acceptances::find_of(&mut tx, &shop.merchant.id, &institution).await;
    let id = found.unwrap().unwrap().id;
    acceptances::protect(&mut tx, &shop.merchant.id, &id, class)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn t058_each_class_has_its_cap_and_the_refusal_names_the_rule(backend: Backend) {
    let server = Server::open(backend).await;
    let text = server.shop.sticker().await.text;
    for (class, cap) in [
        (ProtectionClass::D, 50_000),
        (ProtectionClass::C, 100_000),
        (ProtectionClass::B, 500_000),
    ] {
        protect(&server, "wechat_pay", class).await;
        let found = bounds(&server, "jd_pay", &text).await;
        assert_eq!(found, json!({"min": 1, "max": cap}), "{class}");

        let over = start(&server, "jd_pay", &text, cap + 1, &format!("over-{class}"));
        let answer = server.refuses(&over, 422, "limit-exceeded").await.json();
        assert_eq!(answer["rule"], "static-day-limit", "{class}");
        assert_eq!(answer["limit_minor"], cap, "{class}");
        assert_eq!(answer["currency"], "CNY", "{class}");
    }
    // As much as was agreed: nothing was, here.
    protect(&server, "wechat_pay", ProtectionClass::A).await;
    let much = start(&server, "jd_pay", &text, 900_000, "much");
    assert_eq!(server.send(&much).await.status, 201);

    // An order code is shown for one payment; the rule of printed codes is not for it.
    protect(&server, "wechat_pay", ProtectionClass::D).await;
    let (_, code) = server.shop.sells(60_000).await;
    let order = start(&server, "unionpay", &code.text, 60_000, "order");
    assert_eq!(server.send(&order).await.status, 201);
}

async fn t058_the_class_is_that_of_the_acceptance_which_takes_the_money(backend: Backend) {
    let server = Server::open(backend).await;
    let text = server.shop.sticker().await.text;
    protect(&server, "wechat_pay", ProtectionClass::B).await;
    protect(&server, "alipay", ProtectionClass::C).await;
    assert_eq!(
        bounds(&server, "wechat_pay", &text).await["max"],
        500_000,
        "direct"
    );
    assert_eq!(
        bounds(&server, "alipay", &text).await["max"],
        100_000,
        "direct"
    );
    assert_eq!(
        bounds(&server, "hebao", &text).await["max"],
        500_000,
        "interop: the money goes to an account of class b"
    );
}

async fn t058_of_twenty_at_once_no_sum_passes_the_cap(backend: Backend) {
    let server = Server::open(backend).await;
    let beside = server.instance();
    protect(&server, "wechat_pay", ProtectionClass::C).await;
    let text = server.shop.sticker().await.text;
    let calls: Vec<Request> = (0..20)
        .map(|n| {
            // Both instances serve the one name that was signed.
            start(&server, "jd_pay", &text, 15_000, &format!("at-once-{n}"))
                .with("Host", &server.authority)
        })
        .collect();
    let answers = join_all(calls.iter().enumerate().map(|(n, call)| {
        let (server, beside) = (&server, &beside);
        async move {
            if n % 2 == 0 {
                server.send(call).await
            } else {
                beside.send(call).await
            }
        }
    }))
    .await;

    let taken = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(taken, 6, "six times 150 yuan are 900, seven would be 1050");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (422, "limit-exceeded")
        );
        assert_eq!(answer.json()["rule"], "static-day-limit");
    }
    let spent = "SELECT spent_minor FROM payer_days";
    assert_eq!(number(&server.shop.database, spent).await, 90_000);
    must_add_up(&server.shop.database).await;
}

async fn t068_a_personal_code_is_not_for_trade(backend: Backend) {
    let server = Server::open(backend).await;
    let issue = |key: &str, class: &str| {
        let body = json!({"kind": "static", "class": class, "store": server.shop.store.id});
        let call = Request::post_json("/v1/codes", &body).with("Idempotency-Key", key);
        bearer(call, &server.token)
    };
    server
        .refuses(&issue("k-0", "shop"), 422, "field-invalid")
        .await;
    let made = server.send(&issue("k-1", "personal")).await.json();
    assert_eq!(made["class"], "personal");
    let text = made["text"].as_str().unwrap();

    let call = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
    let resolve = server.signed("wechat_pay", call);
    let told = server.refuses(&resolve, 409, "no-route").await.json();
    assert_eq!(told["reason"]["code"], "class-not-allowed");
    assert_eq!(told["alternatives"], json!([]), "no wallet could");
    let begin = start(&server, "wechat_pay", text, 1, "r-1");
    let told = server.refuses(&begin, 409, "no-route").await.json();
    assert_eq!(told["reason"]["code"], "class-not-allowed");
}

async fn t068_a_personal_code_is_paid_where_the_operator_allows_it(backend: Backend) {
    let server = Server::open_with(backend, |app| app.limits.personal_codes = true).await;
    let body = json!({"kind": "static", "class": "personal", "store": server.shop.store.id});
    let call = Request::post_json("/v1/codes", &body).with("Idempotency-Key", "k-1");
    let made = server.ask(call).await.json();
    let begin = start(
        &server,
        "wechat_pay",
        made["text"].as_str().unwrap(),
        1,
        "r-1",
    );
    assert_eq!(server.send(&begin).await.status, 201);
}

on_both![
    t058_each_class_has_its_cap_and_the_refusal_names_the_rule,
    t058_the_class_is_that_of_the_acceptance_which_takes_the_money,
    t058_of_twenty_at_once_no_sum_passes_the_cap,
    t068_a_personal_code_is_not_for_trade,
    t068_a_personal_code_is_paid_where_the_operator_allows_it,
];
