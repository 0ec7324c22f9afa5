//! An institution that chose a shared secret: the operator makes it, a wallet in Python signs with
//! it, it is replaced without a gap, and everybody sees when the old one may go.

use std::process::Command;

use data_encoding::BASE64;
use serde_json::{Value, json};

use tongma::clock::Clock;
use tongma::flow::key_log;

use super::town::Town;
use crate::support::{Backend, PeerWallet, on_both};

/// The operator of a town, at the machine.
struct Operator<'a> {
    town: &'a Town,
    home: tempfile::TempDir,
}

impl<'a> Operator<'a> {
    fn of(town: &'a Town) -> Self {
        let home = tempfile::tempdir().unwrap();
        // The master key that the town's server has.
        let key = BASE64.encode(&[7; 32]);
        std::fs::write(home.path().join("master.key"), key).unwrap();
        Self { town, home }
    }

    fn output(&self, words: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_tongma"))
            .args(words)
            .arg("--json")
            .env("TONGMA_DATA_DIR", self.home.path())
            .env("TONGMA_DATABASE_URL", self.town.server.shop.database.url())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn does(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.output(words)).unwrap()
    }

    /// The keys of one direction, the oldest first.
    fn keys(&self, direction: &str) -> Vec<Value> {
        let all = self.does(&["key", "list", "--institution", "jd_pay"]);
        let rows = all.as_array().unwrap().iter();
        rows.filter(|row| row["direction"] == direction)
            .cloned()
            .collect()
    }
}

async fn starts(town: &Town, wallet: &PeerWallet) -> Value {
    let text = town.server.shop.sticker().await.text;
    let facts = json!({"text": text, "amount_minor": 1250});
    let started = wallet.ask("start", facts).await;
    key_log::write(&town.server.shop.app).await.unwrap();
    started
}

async fn shares(wallet: &PeerWallet, made: &Value) -> Value {
    let shared = json!({"secret": made["secret"], "keyid": made["key_id"]});
    wallet.ask("share", shared.clone()).await;
    shared
}

async fn a_shared_secret_signs_until_its_successor_has_taken_over(backend: Backend) {
    let town = Town::bare(backend, Clock::System).await;
    let operator = Operator::of(&town);
    let payer = town.peer("jd_pay").await;
    let payee = town.peer("wechat_pay").await;
    let create = [
        "key",
        "create",
        "--institution",
        "jd_pay",
        "--generate-hmac",
    ];
    let made = operator.does(&create);
    let old = made["key_id"].as_str().unwrap();
    shares(&payer, &made).await;

    let started = starts(&town, &payer).await;
    assert_eq!(started["status"], 201, "{started}");
    assert_eq!(payee.ask("refusals", json!({})).await, json!([]));
    let replace = [
        "key",
        "replace",
        old,
        "--generate-hmac",
        "--overlap-s",
        "600",
    ];
    let replaced = operator.does(&replace);
    assert_eq!(starts(&town, &payer).await["status"], 201, "in the overlap");
    let new = &replaced["new"];
    shares(&payer, new).await;
    assert_eq!(starts(&town, &payer).await["status"], 201);

    // Both were used, and by now the new one only; then the old one may go.
    let of = |key_id: &Value| {
        let keys = operator.keys("inbound");
        keys.into_iter()
            .find(|key| key["key_id"] == *key_id)
            .unwrap()
    };
    let (before, after) = (of(&made["key_id"]), of(&new["key_id"]));
    assert!(before["last_used_at"].is_string() && after["last_used_at"].is_string());
    assert!(before["last_used_at"].as_str() <= after["last_used_at"].as_str());
    assert_eq!(
        (&before["state"], &after["state"]),
        (&json!("current"), &json!("current"))
    );
    let secrets = [&made["secret"], &new["secret"]].map(|secret| secret.as_str().unwrap());
    let listed = operator.output(&["key", "list", "--institution", "jd_pay"]);
    let kept = town.server.business_digest().await.text();
    for secret in secrets {
        assert!(!listed.contains(secret) && !kept.contains(secret));
        let hex = tongma::crypto::digest::hex(&BASE64.decode(secret.as_bytes()).unwrap());
        assert!(!kept.to_lowercase().contains(&hex), "sealed at rest");
    }

    operator.does(&["key", "revoke", old]);
    assert_eq!(starts(&town, &payer).await["status"], 201);
    shares(&payer, &made).await;
    let refused = starts(&town, &payer).await;
    let told = (&refused["status"], &refused["json"]["code"]);
    assert_eq!(told, (&json!(401), &json!("signature-invalid")));
}

async fn a_shared_secret_proves_nothing_about_money(backend: Backend) {
    let town = Town::bare(backend, Clock::System).await;
    let operator = Operator::of(&town);
    let payee = town.peer("wechat_pay").await;
    let payer = town.peer("jd_pay").await;
    let started = starts(&town, &payer).await;
    let number = json!({"order_number": started["json"]["order_number"]});
    let create = [
        "key",
        "create",
        "--institution",
        "wechat_pay",
        "--generate-hmac",
    ];
    shares(&payee, &operator.does(&create)).await;
    let before = town.server.business_digest().await;

    // T137: the statement itself is sound, by a key pair; it is not taken from this caller.
    let refused = payee.ask("confirm", number.clone()).await;

    let told = (&refused["status"], &refused["json"]["code"]);
    assert_eq!(
        told,
        (&json!(403), &json!("hmac-cannot-confirm")),
        "{refused}"
    );
    let changes = town.server.business_digest().await.since(&before);
    assert_eq!(changes, Vec::<String>::new());
    let looked = payee.ask("order", number).await;
    assert_eq!(looked["json"]["state"], "waiting", "{looked}");
}

async fn an_operator_sees_which_of_our_keys_an_institution_takes(backend: Backend) {
    let town = Town::bare(backend, Clock::System).await;
    let operator = Operator::of(&town);
    let wechat = |operator: &Operator<'_>| -> Vec<(String, bool)> {
        let all = operator.does(&["key", "list", "--institution", "wechat_pay"]);
        let rows = all.as_array().unwrap().iter();
        let outbound = rows.filter(|row| row["direction"] == "outbound");
        outbound
            .map(|row| {
                let state = row["state"].as_str().unwrap().to_owned();
                (state, row["last_used_at"].is_string())
            })
            .collect()
    };
    let payer = town.peer("jd_pay").await;
    let payee = town.peer("wechat_pay").await;
    assert_eq!(wechat(&operator), [("current".to_owned(), false)]);
    starts(&town, &payer).await;
    assert_eq!(wechat(&operator), [("current".to_owned(), true)]);

    // The institution holds on to the list of keys that it knew: it refuses the new one.
    let known = town.server.shop.app.keys.jwks();
    payee.ask("use_jwks", json!({"jwks": known})).await;
    operator.does(&["key", "rotate", "request"]);
    tongma::flow::keys::refresh(&town.server.shop.app)
        .await
        .unwrap();
    starts(&town, &payer).await;
    let seen = [("ended".to_owned(), true), ("current".to_owned(), false)];
    assert_eq!(wechat(&operator), seen, "the new key was not taken yet");

    payee.ask("use_jwks", json!({"jwks": null})).await;
    starts(&town, &payer).await;
    let seen = [("ended".to_owned(), true), ("current".to_owned(), true)];
    assert_eq!(wechat(&operator), seen);

    // For this institution alone, and with time to fetch the next one: it still holds on to the list
    // that it knows, and takes what it is sent.
    let known = town.server.shop.app.keys.jwks();
    payee.ask("use_jwks", json!({"jwks": known})).await;
    let rotate = ["key", "rotate", "request", "--institution", "wechat_pay"];
    operator.does(&[&rotate[..], &["--overlap-s", "3600"]].concat());
    let refresh = async || {
        let app = &town.server.shop.app;
        tongma::flow::keys::refresh(app).await.unwrap();
    };
    refresh().await;
    let answer = starts(&town, &payer).await;
    assert_eq!(answer["status"], 201, "{answer}");
    let states = |operator: &Operator<'_>| -> Vec<String> {
        let rows = wechat(operator).into_iter();
        rows.map(|(state, _)| state).collect()
    };
    assert_eq!(states(&operator), ["ended", "current", "upcoming"]);
    payee.ask("use_jwks", json!({"jwks": null})).await;
    operator.does(&rotate);
    refresh().await;
    starts(&town, &payer).await;
    let last = wechat(&operator).pop().unwrap();
    assert_eq!(last, ("current".to_owned(), true), "its own key is taken");
}

on_both![
    a_shared_secret_signs_until_its_successor_has_taken_over,
    a_shared_secret_proves_nothing_about_money,
    an_operator_sees_which_of_our_keys_an_institution_takes,
];
