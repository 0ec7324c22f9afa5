//! What an operator keeps about others: agreements between institutions, and everybody's keys.

use data_encoding::BASE64;
use serde_json::{Value, json};

use tongma::crypto::digest::{hex, sha256};

use super::Desk;
use crate::support::digest::business_digest;
use crate::support::{Backend, on_both};

/// The public key of RFC 8037, appendix A.
const PUBLIC_KEY: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

async fn an_agreement_is_suspended_resumed_and_ended(backend: Backend) {
    let desk = Desk::new(backend).await;
    institutions(&desk);
    let agree = |payee| {
        let words = ["agreement", "create", "--clearing", "nets"];
        [&words[..], &["--payer", "kite_pay", "--payee", payee]].concat()
    };
    desk.refuses(&agree("kite_pay"), 2, "between two institutions");
    desk.refuses(&agree("heron_pay"), 1, "no institution heron_pay");
    let id = desk.makes(&agree("lotus_pay"));
    desk.refuses(&agree("lotus_pay"), 1, "exists");
    let change = |event| ["agreement", "change", id.as_str(), event];
    desk.refuses(&change("forget"), 2, "forget");
    for (event, state) in [
        ("suspend", "suspended"),
        ("resume", "active"),
        ("end", "ended"),
    ] {
        assert_eq!(desk.does(&change(event))["state"], state, "{event}");
        assert_eq!(desk.does(&["agreement", "list"])[0]["state"], state);
    }
    desk.refuses(&change("resume"), 1, "is ended and cannot resume");
}

async fn an_institutions_key_is_revoked_once(backend: Backend) {
    let desk = Desk::new(backend).await;
    institutions(&desk);
    let file = desk.home.path().join("key.jwk");
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": PUBLIC_KEY});
    std::fs::write(&file, jwk.to_string()).unwrap();
    let create = ["key", "create", "--institution", "lotus_pay"];
    desk.refuses(&create, 2, "--jwk");
    let create = [&create[..], &["--jwk", file.to_str().unwrap()]].concat();
    let key = desk.does(&create)["key_id"].as_str().unwrap().to_owned();
    desk.refuses(&create, 1, "exists");

    let list = ["key", "list", "--institution", "lotus_pay"];
    assert_eq!(desk.does(&list)[0]["revoked_at"], Value::Null);
    let revoke = ["key", "revoke", key.as_str()];
    assert!(desk.does(&revoke)["revoked_at"].is_string());
    assert!(desk.does(&list)[0]["revoked_at"].is_string());
    desk.refuses(&revoke, 1, &format!("key {key} is revoked"));
    desk.refuses(&["key", "revoke", "nobodys"], 1, "no key nobodys");
    let others = ["key", "list", "--institution", "heron_pay"];
    desk.refuses(&others, 1, "no institution heron_pay");
}

/// T094
async fn a_shared_secret_is_kept_sealed(backend: Backend) {
    let desk = Desk::new(backend).await;
    institutions(&desk);
    let file = desk.home.path().join("shared.key");
    let create = ["key", "create", "--institution", "lotus_pay", "--hmac"];
    let create = [&create[..], &[file.to_str().unwrap()]].concat();
    std::fs::write(&file, "not base64 at all").unwrap();
    desk.refuses(&create, 2, "not base64");
    let secret = sha256(b"as good as chance");
    std::fs::write(&file, BASE64.encode(&secret)).unwrap();

    assert_eq!(desk.does(&create)["algorithm"], "hmac_sha256");

    let kept = business_digest(&desk.database).await;
    assert_eq!(kept.rows("institution_keys").len(), 1);
    let kept = kept.text().to_lowercase();
    assert!(!kept.contains(&hex(&secret)));
    assert!(!kept.contains(&BASE64.encode(&secret).to_lowercase()));
    let listed = desk.does(&["key", "list", "--institution", "lotus_pay"]);
    assert!(!listed.to_string().contains(&BASE64.encode(&secret)));
}

async fn our_own_keys_are_rotated_one_use_at_a_time(backend: Backend) {
    let desk = Desk::new(backend).await;
    desk.refuses(&["key", "rotate", "everything"], 2, "everything");
    let before = desk.does(&["key", "rotate", "receipt"]);
    let after = desk.does(&["key", "rotate", "receipt"]);
    assert_eq!(desk.does(&["key", "list"]), after);
    let count = |keys: &Value, of: &str, retired: bool| {
        let keys = keys.as_array().unwrap().iter();
        keys.filter(|key| key["use"] == of && key["retired_at"].is_string() == retired)
            .count()
    };
    for (key_use, retired) in [("receipt", 1), ("code", 0), ("resolution", 0)] {
        assert_eq!(count(&after, key_use, false), 1, "{key_use}");
        let more = count(&after, key_use, true) - count(&before, key_use, true);
        assert_eq!(more, retired, "{key_use}");
    }
}

async fn an_api_keys_text_is_shown_once_and_ends_with_it(backend: Backend) {
    let desk = Desk::new(backend).await;
    let about = ["--mcc", "5812", "--city", "Shanghai"];
    let merchant = desk.makes(&[&["merchant", "create", "老王面馆"][..], &about].concat());
    let of = ["--merchant", merchant.as_str()];
    let create = [&["api-key", "create", "till"][..], &of].concat();
    desk.refuses(&[&create[..], &["--scope", "rule"]].concat(), 2, "rule");
    let made = desk.does(&create);
    let text = made["key"].as_str().unwrap();

    let list = [&["api-key", "list"][..], &of].concat();
    let listed = desk.does(&list);
    assert_eq!(listed[0]["id"], made["id"]);
    assert!(!listed.to_string().contains(text));
    let id = made["id"].as_str().unwrap();
    let revoke = [&["api-key", "revoke", id][..], &of].concat();
    assert!(desk.does(&revoke)["revoked_at"].is_string());
    assert!(desk.does(&list)[0]["revoked_at"].is_string());
    desk.refuses(&revoke, 1, &format!("api key {id} is revoked"));
    let nobody = "mer_00000000000000000000000000";
    let nobodys = ["api-key", "list", "--merchant", nobody];
    desk.refuses(&nobodys, 1, &format!("no merchant {nobody}"));
}

on_both![
    an_agreement_is_suspended_resumed_and_ended,
    an_institutions_key_is_revoked_once,
    a_shared_secret_is_kept_sealed,
    our_own_keys_are_rotated_one_use_at_a_time,
    an_api_keys_text_is_shown_once_and_ends_with_it,
];

fn institutions(desk: &Desk) {
    for (id, zh, en) in [("lotus_pay", "莲花", "Lotus"), ("kite_pay", "风筝", "Kite")] {
        let names = ["--name-zh", zh, "--name-en", en];
        desk.does(&[&["institution", "create", id][..], &names].concat());
    }
}
