//! An institution that somebody else wrote, with `http-message-signatures` and `joserfc`: as the
//! payer's, and as the one that holds the account.

use std::time::Duration;

use serde_json::{Value, json};

use tongma::clock::Clock;
use tongma::crypto::digest::sha256_hex;

use super::town::{Town, column};
use crate::support::{Backend, PeerWallet, on_both};

/// JD Pay's payer in front of a sticker whose money goes to WeChat Pay, both written in Python.
struct Scene {
    town: Town,
    payer: PeerWallet,
    payee: PeerWallet,
    text: String,
}

impl Scene {
    async fn set(backend: Backend, clock: Clock) -> Self {
        let town = Town::bare(backend, clock).await;
        let payer = town.peer("jd_pay").await;
        let payee = town.peer("wechat_pay").await;
        let text = town.server.shop.sticker().await.text;
        Self {
            town,
            payer,
            payee,
            text,
        }
    }

    async fn starts(&self, reference: &str) -> Value {
        let facts = json!({"text": self.text, "amount_minor": 1250, "payer_reference": reference});
        let mut started = self.payer.ask("start", facts).await;
        assert_eq!(started["status"], 201, "{started}");
        started["json"].take()
    }

    async fn attempt(&self, started: &Value) -> Value {
        let asked = json!({"attempt": started["attempt"]});
        let seen = self.payer.ask("attempt", asked).await;
        assert_eq!(seen["status"], 200, "{seen}");
        seen
    }

    async fn reports(&self, started: &Value, reference: &str) {
        let said = json!({"attempt": started["attempt"], "payer_reference": reference});
        let noted = self.payer.ask("report", said).await;
        assert_eq!(noted["status"], 202, "{noted}");
    }

    async fn entries(&self) -> usize {
        let database = &self.town.server.shop.database;
        column(database, "SELECT id FROM ledger_entries")
            .await
            .len()
    }
}

async fn a_python_wallet_learns_who_is_paid_under_our_signature(backend: Backend) {
    let scene = Scene::set(backend, Clock::System).await;

    // The peer checks signature, audience, issuer and that it lives at most a minute.
    let seen = scene
        .payer
        .ask("resolve", json!({"text": scene.text}))
        .await;

    assert_eq!(seen["status"], 200, "{seen}");
    assert_eq!(seen["resolution"]["tongma_use"], "resolution");
    let claims = &seen["resolution"]["claims"];
    assert_eq!(claims["text_sha256"], sha256_hex(scene.text.as_bytes()));
    assert_eq!(claims["aud"], "jd_pay");
    assert_eq!(claims["payee"]["merchant"], "老王面馆");
    assert_eq!(claims["kind"], "static");
    assert!(claims["amount_bounds"]["max"].is_i64(), "{claims}");
    let route = &claims["route"];
    assert_eq!(
        (&route["kind"], &route["payee_institution"]),
        (&json!("interop"), &json!("wechat_pay"))
    );
    assert!(!route.to_string().contains("1900000109"), "not masked");
}
on_both![a_python_wallet_learns_who_is_paid_under_our_signature];

async fn a_python_payer_is_paid_for_by_a_python_payee_institution(backend: Backend) {
    let scene = Scene::set(backend, Clock::System).await;
    let mut feed = scene.town.feed().await;

    let started = scene.starts("JD-1").await;
    let order = &started["order_number"];
    let opened = scene.payee.ask("orders", json!({})).await;
    assert_eq!(scene.payee.ask("refusals", json!({})).await, json!([]));
    assert_eq!(opened[0]["order_number"], *order, "{opened}");
    let body = &opened[0]["body"];
    assert_eq!(
        (&body["payment_account"], &body["amount_minor"]),
        (&json!("1900000109"), &json!(1250))
    );
    assert_eq!(body["payee"], "老王面馆");
    assert_eq!(started["handover"]["kind"], "clearing_reference");

    scene.reports(&started, "JD-1").await;
    scene.town.sweeps().await;
    feed.sees("payment.reported", 1250).await;
    let amber = scene.attempt(&started).await;
    assert_eq!(amber["json"]["state"], "waiting");
    assert_eq!(amber["json"]["receipt"], Value::Null);
    assert_eq!(scene.entries().await, 0);

    let confirmed = scene
        .payee
        .ask("confirm", json!({"order_number": order}))
        .await;
    assert_eq!(confirmed["status"], 200, "{confirmed}");
    assert_eq!(confirmed["json"]["state"], "paid");
    assert_eq!(confirmed["json"]["payment"], started["payment"]);

    let told = feed.sees("payment.paid", 1250).await;
    let evidence = told["evidence"].as_str().unwrap();
    assert_eq!(evidence.split('.').count(), 3);
    // The peer checks the receipt from the JWKS alone.
    let green = scene.attempt(&started).await;
    assert_eq!(green["json"]["state"], "paid");
    assert_eq!(green["receipt"]["tongma_use"], "receipt");
    assert_eq!(green["receipt"]["claims"]["amount_minor"], 1250);
    assert_eq!(green["receipt"]["claims"]["payment"], started["payment"]);
    let receipt = green["json"]["receipt"].as_str().unwrap();
    assert_eq!(scene.town.verdict(receipt).await, "genuine");
    assert_eq!(scene.town.verdict(receipt).await, "already-shown");
}
on_both![a_python_payer_is_paid_for_by_a_python_payee_institution];

async fn a_payer_institution_cannot_confirm_at_anothers_account(backend: Backend) {
    let scene = Scene::set(backend, Clock::System).await;
    let mut feed = scene.town.feed().await;
    let started = scene.starts("JD-1").await;
    let number = &started["order_number"];
    // What the start has to tell is told before anything is compared.
    feed.sees("payment.waiting", 1250).await;
    let before = scene.town.server.business_digest().await;

    // T133: by the order's own facts, and by claims in the payee institution's name.
    let facts = json!({"order_number": number, "payment_account": "1900000109",
        "amount_minor": 1250, "currency": "CNY"});
    let mut lie = facts.clone();
    lie["claims"] = json!({"iss": "wechat_pay"});
    for (said, refusal) in [
        (facts, (404, "order-not-found")),
        (lie, (422, "wallet-mismatch")),
    ] {
        let refused = scene.payer.ask("confirm", said).await;
        let told = (&refused["status"], &refused["json"]["code"]);
        assert_eq!(told, (&json!(refusal.0), &json!(refusal.1)), "{refused}");
    }
    let looked = scene
        .payer
        .ask("order", json!({"order_number": number}))
        .await;
    assert_eq!(looked["status"], 404, "{looked}");

    let changes = scene.town.server.business_digest().await.since(&before);
    assert_eq!(changes, Vec::<String>::new());
    let looked = scene
        .payee
        .ask("order", json!({"order_number": number}))
        .await;
    assert_eq!(looked["json"]["state"], "waiting", "{looked}");
}
on_both![a_payer_institution_cannot_confirm_at_anothers_account];

async fn a_report_has_the_python_payee_institution_asked(backend: Backend) {
    let scene = Scene::set(backend, Clock::System).await;
    let started = scene.starts("JD-1").await;
    let settled = json!({"order_number": started["order_number"]});
    scene.payee.ask("settle", settled).await;

    scene.reports(&started, "JD-1").await;
    let swept = scene.town.sweeps().await;

    assert_eq!((swept.asked, swept.decided), (1, 1));
    let green = scene.attempt(&started).await;
    assert_eq!(green["json"]["state"], "paid");
    assert_eq!(green["receipt"]["claims"]["amount_minor"], 1250);
    assert_eq!(scene.payee.ask("refusals", json!({})).await, json!([]));
}
on_both![a_report_has_the_python_payee_institution_asked];

async fn an_order_whose_time_is_over_is_closed_at_the_python_payee_institution(backend: Backend) {
    // Ahead of the peers' clocks by less than a signature may be.
    let wait = Duration::from_secs(90);
    let clock = Clock::manual(Clock::System.now().minus(wait));
    let scene = Scene::set(backend, clock).await;
    let started = scene.starts("JD-1").await;

    scene.town.server.shop.app.clock.advance(wait);
    let swept = scene.town.sweeps().await;

    assert_eq!((swept.asked, swept.decided), (1, 1));
    let orders = scene.payee.ask("orders", json!({})).await;
    assert_eq!(orders[0]["closes"], 1, "{orders}");
    assert_eq!(scene.attempt(&started).await["json"]["state"], "closed");
    assert_eq!(scene.entries().await, 0);
}
on_both![an_order_whose_time_is_over_is_closed_at_the_python_payee_institution];
