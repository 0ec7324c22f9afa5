//! The whole way of a code that hangs on the wall already: a merchant with an account at WeChat Pay
//! only, and wallets that could never pay there.

use serde_json::{Value, json};

use tongma::clock::Clock;
use tongma::crypto::digest::sha256_hex;

use super::town::Town;
use crate::support::beside::run;
use crate::support::foreign::ON_THE_WALL;
use crate::support::shop::account_of;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// Who could not pay this code before.
const OTHERS: [&str; 4] = ["jd_pay", "bestpay", "hebao", "wo_pay"];

/// A town in which the merchant has WeChat Pay's code on the wall, and nothing else.
async fn opened(backend: Backend) -> Town {
    opened_with(backend, "wechat_pay", ON_THE_WALL).await
}

/// A town in which the merchant has this institution's code on the wall, and nothing else.
async fn opened_with(backend: Backend, institution: &str, text: &str) -> Town {
    let town = Town::simulated(backend).await;
    let database = &town.server.shop.database;
    for table in ["acceptances", "payment_accounts"] {
        let others = format!("DELETE FROM {table} WHERE institution_id <> '{institution}'");
        run(database, &others).await;
    }
    let code = json!({"text": text, "account": account_of(institution)});
    let hung = town.app(institution, "/app/code", code).await;
    assert_eq!(hung.status, 200, "{}", hung.text());
    town
}

async fn nobody_else_can_pay(town: &Town) {
    for wallet in OTHERS {
        let scan = json!({"text": ON_THE_WALL});
        let refused = town.app(wallet, "/app/scan", scan).await;
        let told = (refused.status, refused.json()["code"].clone());
        assert_eq!(told, (404, json!("code-not-found")), "{wallet}");
        let begin = json!({"text": ON_THE_WALL, "amount_minor": 900, "currency": "CNY"});
        let refused = town.app(wallet, "/app/start", begin).await;
        assert_eq!(refused.status, 404, "{wallet}: {}", refused.text());
    }
}

/// A customer of WeChat Pay's pays the code as ever.
async fn pays_directly(town: &Town, amount: &Value) -> Value {
    pays_by(town, "wechat_pay", ON_THE_WALL, amount).await
}

/// A customer of an institution's pays its code as ever.
async fn pays_by(town: &Town, institution: &str, text: &str, amount: &Value) -> Value {
    let paid = json!({"text": text, "amount_minor": amount, "currency": "CNY"});
    let paid = town.app(institution, "/app/pay-code", paid).await;
    assert_eq!(paid.status, 200, "{}", paid.text());
    paid.json()
}

async fn asks(town: &Town, text: &str, key: &str) -> Value {
    let body = json!({"text": text, "store": town.server.shop.store.id});
    let call = Request::post_json("/v1/adoptions", &body).with("Idempotency-Key", key);
    let answer = town.server.ask(call).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    town.sweeps().await;
    answer.json()
}

async fn state(town: &Town, adoption: &Value) -> Value {
    let path = format!("/v1/adoptions/{}", adoption["id"].as_str().unwrap());
    town.server.ask(Request::get(&path)).await.json()
}

async fn a_code_of_wechat_pay_alone_is_paid_by_four_others_until_it_is_let_go(backend: Backend) {
    let town = opened(backend).await;
    nobody_else_can_pay(&town).await;

    let adoption = asks(&town, ON_THE_WALL, "k-1").await;
    // Trade goes on meanwhile: what a customer pays is no proof.
    let amount = adoption["amount_minor"].as_i64().unwrap();
    let passing = pays_directly(&town, &json!(amount + 1)).await;
    assert_eq!(passing["order_number"], Value::Null);
    assert_eq!(state(&town, &adoption).await["state"], "requested");
    nobody_else_can_pay(&town).await;
    let proof = pays_directly(&town, &adoption["amount_minor"]).await;
    assert!(proof["attested_at"].is_string(), "{proof}");
    assert_eq!(state(&town, &adoption).await["state"], "proven");

    let mut heard = town.feed().await;
    let told = heard.sees("adoption.proven", amount).await;
    assert_eq!(told["adoption"], adoption["id"]);
    for (at, wallet) in OTHERS.into_iter().enumerate() {
        let minor = 900 + i64::try_from(at).unwrap();
        let seen = town
            .app(wallet, "/app/scan", json!({"text": ON_THE_WALL}))
            .await;
        assert_eq!(seen.status, 200, "{wallet}: {}", seen.text());
        let seen = seen.json();
        assert_eq!(seen["payee"]["merchant"], "老王面馆", "{wallet}");
        assert_eq!(seen["route"]["payee_institution"], "wechat_pay", "{wallet}");
        let begin = json!({"text": ON_THE_WALL, "amount_minor": minor, "currency": "CNY"});
        let started = town.app(wallet, "/app/start", begin).await;
        assert_eq!(started.status, 200, "{wallet}: {}", started.text());
        let attempt = started.json()["attempt"].take();
        let paid = town
            .app(wallet, "/app/pay", json!({"attempt": attempt}))
            .await;
        assert_eq!(paid.status, 200, "{wallet}: {}", paid.text());
        let told = heard.sees("payment.paid", minor).await;
        assert_eq!(told["payer_institution"], wallet, "{told}");
        let path = format!("/app/attempts/{}", attempt.as_str().unwrap());
        let done = town.app(wallet, &path, Value::Null).await.json();
        let receipt = done["receipt"].as_str().unwrap();
        assert_eq!(town.verdict(receipt).await, "genuine", "{wallet}");
    }
    let shop = &town.server.shop;
    let sold = shop.balances().await[&format!("sales:{}", shop.merchant.id)];
    assert_eq!(sold, -(900 + 901 + 902 + 903));

    let end = format!("/v1/adoptions/{}/end", adoption["id"].as_str().unwrap());
    let ended = town.server.ask(Request::post_json(&end, &json!({}))).await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    nobody_else_can_pay(&town).await;
    // The institution does with its own code what it always did.
    pays_directly(&town, &json!(1_000)).await;
}

/// Another wallet's app begins to pay this text, and does.
async fn pays_as_another(town: &Town, wallet: &str, text: &str, minor: i64) {
    let begin = json!({"text": text, "amount_minor": minor, "currency": "CNY"});
    let started = town.app(wallet, "/app/start", begin).await;
    assert_eq!(started.status, 200, "{wallet}: {}", started.text());
    let attempt = json!({"attempt": started.json()["attempt"]});
    let paid = town.app(wallet, "/app/pay", attempt).await;
    assert_eq!(paid.status, 200, "{wallet}: {}", paid.text());
}

/// In capitals, as Alipay prints its codes; and in EMV's form, with the network's name in capitals, an
/// object out of order and the checksum in small letters. Kept in one spelling, asked about in the
/// printed one.
async fn a_code_is_asked_about_letter_by_letter_as_it_hangs(backend: Backend) {
    let shop = "000201010211520458125303156\
                26310017COM.QQ.WEIXIN.PAY0106AbC1x25802CN5908LAO WANG6008SHANGHAI6304";
    let sum = crc::Crc::<u16>::new(&crc::CRC_16_IBM_3740).checksum(shop.as_bytes());
    let emv = format!("{shop}{sum:04x}");
    for (institution, wallet, text) in [
        (
            "alipay",
            "unionpay",
            "HTTPS://QR.ALIPAY.COM/OCX05278HYHU0ZZ1",
        ),
        ("wechat_pay", "jd_pay", emv.as_str()),
    ] {
        let town = opened_with(backend, institution, text).await;
        let adoption = asks(&town, &format!("{text}\n"), "k-1").await;
        assert_ne!(adoption["text"], text, "it is kept in its one spelling");
        let told = state(&town, &adoption).await;
        assert!(told["opened_at"].is_string(), "{told}");
        let proof = pays_by(&town, institution, text, &adoption["amount_minor"]).await;
        assert!(proof["attested_at"].is_string(), "{proof}");
        assert_eq!(state(&town, &adoption).await["state"], "proven", "{text}");

        let mut heard = town.feed().await;
        pays_as_another(&town, wallet, text, 900).await;
        let told = heard.sees("payment.paid", 900).await;
        assert_eq!(told["payer_institution"], wallet, "{told}");
    }
}

async fn a_code_that_leads_elsewhere_is_refused_by_its_own_institution(backend: Backend) {
    let town = opened(backend).await;
    let adoption = asks(&town, "wxp://f2f0SomebodyElsesCode0123456789012", "k-1").await;
    let told = state(&town, &adoption).await;
    assert_eq!(
        (&told["state"], &told["reason"]),
        (&json!("ended"), &json!("refused"))
    );
}

async fn what_the_institution_gets_wrong_proves_nothing(backend: Backend) {
    for (fault, why) in [
        (json!({"wrong_amount": true}), "proof-amount-mismatch"),
        (json!({"wrong_payee": true}), "proof-account-mismatch"),
    ] {
        let town = opened(backend).await;
        let adoption = asks(&town, ON_THE_WALL, "k-1").await;
        town.app("wechat_pay", "/app/faults", fault).await;
        pays_directly(&town, &adoption["amount_minor"]).await;
        let told = state(&town, &adoption).await;
        assert_eq!(
            (&told["state"], &told["tries_left"]),
            (&json!("requested"), &json!(2))
        );
        let amount = adoption["amount_minor"].as_i64().unwrap();
        let missed = town.feed().await.sees("adoption.missed", amount).await;
        assert_eq!(missed["code"], why);
        nobody_else_can_pay(&town).await;
    }
}

async fn a_python_institution_looks_out_for_the_amount_and_attests_it(backend: Backend) {
    let town = Town::bare(backend, Clock::System).await;
    let payee = town.peer("wechat_pay").await;
    let adoption = asks(&town, ON_THE_WALL, "k-1").await;
    let opened = payee.ask("orders", json!({})).await;
    assert_eq!(payee.ask("refusals", json!({})).await, json!([]));
    let body = &opened[0]["body"];
    assert_eq!(
        (&body["code_text"], &body["amount_minor"]),
        (&json!(ON_THE_WALL), &adoption["amount_minor"])
    );

    // One that only opened an order and was paid says nothing of the code: that is no proof.
    let order = opened[0]["order_number"].clone();
    let said = json!({"order_number": order, "payee_reference": "P1"});
    let told = payee.ask("confirm", said).await;
    assert_eq!(
        (&told["status"], &told["json"]["code"]),
        (&json!(202), &json!("proof-code-mismatch"))
    );
    let claims = json!({"code_sha256": sha256_hex(ON_THE_WALL.as_bytes())});
    let said = json!({"order_number": order, "payee_reference": "P2", "claims": claims});
    let told = payee.ask("confirm", said).await;
    assert_eq!(
        (&told["status"], &told["json"]["state"]),
        (&json!(200), &json!("proven")),
        "{told}"
    );
    assert_eq!(state(&town, &adoption).await["state"], "proven");
}

on_both![
    a_code_is_asked_about_letter_by_letter_as_it_hangs,
    a_python_institution_looks_out_for_the_amount_and_attests_it,
    a_code_of_wechat_pay_alone_is_paid_by_four_others_until_it_is_let_go,
    a_code_that_leads_elsewhere_is_refused_by_its_own_institution,
    what_the_institution_gets_wrong_proves_nothing,
];
