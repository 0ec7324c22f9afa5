//! Signed calls, and what is answered to those that are not signed as they must be.

use data_encoding::BASE64;
use serde_json::json;

use tongma::clock::Timestamp;
use tongma::crypto::digest::sha256;
use tongma::crypto::keys::{HmacKey, SigningKey};
use tongma::db;
use tongma::merchant::{InstitutionKey, KeyMaterial};

use crate::api::statement::{HEADER, claims, held, statement};
use crate::support::server::{Server, bearer};
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// A start by a wallet at the shop's sticker, not yet signed.
pub(crate) async fn start(server: &Server, reference: &str) -> Request {
    let sticker = server.shop.sticker().await;
    let body = json!({
        "text": sticker.text, "amount_minor": 1250, "currency": "CNY",
        "payer_reference": reference,
    });
    Request::post_json("/wallet/v1/attempts", &body)
}

pub(super) fn digest_of(body: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64.encode(&sha256(body)))
}

async fn a_signed_start_is_taken(backend: Backend) {
    let server = Server::open(backend).await;
    let call = start(&server, "r-1").await;
    let (answer, changes) = server.does(&server.signed("wechat_pay", call), 201).await;
    let started = answer.json();
    assert_eq!(started["route"]["kind"], "direct");
    assert!(changes.contains(&"+attempts".to_owned()), "{changes:?}");

    let place = format!(
        "/wallet/v1/attempts/{}",
        started["attempt"].as_str().unwrap()
    );
    let state = server
        .send(&server.signed("wechat_pay", Request::get(&place)))
        .await;
    assert_eq!(state.json()["state"], "waiting", "{}", state.text());
}

async fn t001_without_a_signature(backend: Backend) {
    let server = Server::open(backend).await;
    let call = start(&server, "r-1").await;
    let answer = server.refuses(&call, 401, "signature-missing").await;
    assert!(
        answer
            .header("accept-signature")
            .unwrap()
            .contains("content-digest")
    );
    assert!(answer.header("www-authenticate").is_some());
}

async fn t002_one_bit_of_the_body_flipped(backend: Backend) {
    let server = Server::open(backend).await;
    let mut call = server.signed("wechat_pay", start(&server, "r-1").await);
    let last = call.body.len() - 3;
    call.body[last] ^= 1;
    server.refuses(&call, 401, "digest-mismatch").await;
}

async fn t003_body_and_digest_changed(backend: Backend) {
    let server = Server::open(backend).await;
    let mut call = server.signed("wechat_pay", start(&server, "r-1").await);
    let last = call.body.len() - 3;
    call.body[last] ^= 1;
    let digest = digest_of(&call.body);
    let call = call.replacing("Content-Digest", &digest);
    server.refuses(&call, 401, "signature-invalid").await;
}

/// Signs as a wallet would that covers only what it likes.
pub(super) fn signed_over(server: &Server, names: &[(&str, String)], call: Request) -> Request {
    let key = &server.shop.keys["wechat_pay"];
    let quoted: Vec<String> = names
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let params = format!(
        "({});created={};nonce=\"nonce-0001\";keyid=\"{}\";tag=\"tongma-wallet\"",
        quoted.join(" "),
        server.shop.app.clock.now().seconds(),
        key.key_id(),
    );
    let lines: Vec<String> = names
        .iter()
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    let base = format!("{}\n\"@signature-params\": {params}", lines.join("\n"));
    let signature = BASE64.encode(&key.sign(base.as_bytes()));
    call.with("Signature-Input", &format!("a={params}"))
        .with("Signature", &format!("a=:{signature}:"))
}

async fn t004_without_covering_the_body(backend: Backend) {
    let server = Server::open(backend).await;
    let call = start(&server, "r-1").await;
    let covered = [
        ("@method", "POST".to_owned()),
        ("@path", "/wallet/v1/attempts".to_owned()),
    ];
    let call = signed_over(&server, &covered, call);
    server.refuses(&call, 401, "signature-insufficient").await;
}

async fn t005_with_the_digest_of_nothing(backend: Backend) {
    let server = Server::open(backend).await;
    let call = start(&server, "r-1").await;
    let covered = [
        ("@method", "POST".to_owned()),
        ("@authority", server.authority.clone()),
        ("@path", "/wallet/v1/attempts".to_owned()),
        ("@query", "?".to_owned()),
        ("content-digest", digest_of(b"")),
        ("content-type", "application/json".to_owned()),
    ];
    let call = signed_over(&server, &covered, call).with("Content-Digest", &digest_of(b""));
    server.refuses(&call, 401, "digest-mismatch").await;
}

async fn t006_sent_to_another_host(backend: Backend) {
    let server = Server::open(backend).await;
    let call = server.signed("wechat_pay", start(&server, "r-1").await);
    let swapped = call.with("Host", "other.example");
    server.refuses(&swapped, 401, "signature-invalid").await;
}

async fn t006_signed_for_another_host(backend: Backend) {
    let server = Server::open(backend).await;
    let call = start(&server, "r-1").await;
    let covered = [
        ("@method", "POST".to_owned()),
        ("@authority", "other.example".to_owned()),
        ("@path", "/wallet/v1/attempts".to_owned()),
        ("@query", "?".to_owned()),
        ("content-digest", digest_of(&call.body)),
        ("content-type", "application/json".to_owned()),
    ];
    let digest = digest_of(&call.body);
    let call = signed_over(&server, &covered, call)
        .with("Content-Digest", &digest)
        .with("Host", "other.example");
    server.refuses(&call, 401, "signature-invalid").await;
}

/// A key that was looked up a moment ago is not looked up again, and has to sign all the same.
async fn a_key_that_is_remembered_signs_every_call(backend: Backend) {
    let server = Server::open(backend).await;
    let started = server.signed("wechat_pay", start(&server, "r-1").await);
    let started = server.send(&started).await.json();
    let attempt = started["attempt"].as_str().unwrap();
    let read = Request::get(&format!("/wallet/v1/attempts/{attempt}"));
    for _ in 0..2 {
        let call = server.signed("wechat_pay", read.clone());
        assert_eq!(server.send(&call).await.status, 200);
    }
    let mut elsewhere = server.signed("wechat_pay", read.clone());
    elsewhere.target = elsewhere.target.replace("att_", "att_0");
    server.refuses(&elsewhere, 401, "signature-invalid").await;
    let covered = [
        ("@method", "GET".to_owned()),
        ("@authority", "other.example".to_owned()),
        ("@path", read.target.clone()),
        ("@query", "?".to_owned()),
        ("content-digest", digest_of(b"")),
    ];
    let carried_over = signed_over(&server, &covered, read.clone())
        .with("Content-Digest", &digest_of(b""))
        .with("Host", "other.example");
    server
        .refuses(&carried_over, 401, "signature-invalid")
        .await;
    let call = server.signed("wechat_pay", read);
    assert_eq!(server.send(&call).await.status, 200);
}

async fn t007_with_a_query_added(backend: Backend) {
    let server = Server::open(backend).await;
    let mut call = server.signed("wechat_pay", start(&server, "r-1").await);
    call.target.push_str("?amount=1");
    server.refuses(&call, 401, "signature-invalid").await;
}

async fn t008_too_old_or_of_the_future(backend: Backend) {
    let server = Server::open(backend).await;
    for seconds in [-301, 301] {
        let call = start(&server, "r-1").await;
        let call = server.signed_at("wechat_pay", call, seconds, "nonce-0001");
        let answer = server.refuses(&call, 401, "clock-skew").await;
        assert!(answer.header("date").is_some());
        assert_eq!(answer.json()["window_seconds"], 300);
    }
    for seconds in [-300, 300] {
        let call = start(&server, &format!("r{seconds}")).await;
        let nonce = format!("nonce-at{seconds}");
        let call = server.signed_at("wechat_pay", call, seconds, &nonce);
        assert_eq!(server.send(&call).await.status, 201, "{seconds}");
    }
}

async fn t009_without_a_time_or_with_one_that_is_none(backend: Backend) {
    let server = Server::open(backend).await;
    let call = server.signed("wechat_pay", start(&server, "r-1").await);
    let input = call.header("signature-input").unwrap().to_owned();
    let created = server.shop.app.clock.now().seconds();
    let said = format!(";created={created}");
    for (instead, code) in [
        (String::new(), "signature-insufficient"),
        (format!("{said}.5"), "signature-insufficient"),
        (format!("{said};expires={}", created - 1), "clock-skew"),
    ] {
        let call = call
            .clone()
            .replacing("Signature-Input", &input.replace(&said, &instead));
        server.refuses(&call, 401, code).await;
    }
}

async fn t010_sent_twice(backend: Backend) {
    let server = Server::open(backend).await;
    let call = server.signed("wechat_pay", start(&server, "r-1").await);
    assert_eq!(server.send(&call).await.status, 201);
    server.refuses(&call, 401, "nonce-reused").await;

    let sticker = server.shop.sticker().await;
    let look = Request::post_json("/wallet/v1/resolve", &json!({"text": sticker.text}));
    let look = server.signed("wechat_pay", look);
    let first = server.send(&look).await;
    let again = server.send(&look).await;
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.text(), again.text());
}

async fn t011_sent_again_to_another_instance(backend: Backend) {
    let server = Server::open(backend).await;
    let call = server.signed("wechat_pay", start(&server, "r-1").await);
    assert_eq!(server.send(&call).await.status, 201);

    // Another instance shares the database and the name, nothing else.
    let other = server.instance();
    let twin = call.with("Host", &server.authority);
    let answer = other.send(&twin).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (401, "nonce-reused")
    );
}

async fn t012_a_forger_cannot_burn_a_nonce(backend: Backend) {
    let server = Server::open(backend).await;
    let call = start(&server, "r-1").await;
    let call = server.signed_at("wechat_pay", call, 0, "nonce-0001");
    let forged = BASE64.encode(&[1; 64]);
    let forged = call
        .clone()
        .replacing("Signature", &format!("tongma=:{forged}:"));
    server.refuses(&forged, 401, "signature-invalid").await;
    let (_, changes) = server.does(&call, 201).await;
    assert!(changes.contains(&"+payments".to_owned()), "{changes:?}");
}

async fn t013_a_nonce_that_is_none(backend: Backend) {
    let server = Server::open(backend).await;
    let call = server.signed_at("wechat_pay", start(&server, "r-1").await, 0, "nonce-0001");
    let input = call.header("signature-input").unwrap().to_owned();
    for nonce in [
        "",
        "short",
        &"n".repeat(65),
        "with space 1",
        "with\\\"quote",
    ] {
        let other = input.replace("nonce-0001", nonce);
        let call = call.clone().replacing("Signature-Input", &other);
        server.refuses(&call, 400, "nonce-syntax").await;
    }
    let endless = input.replace("nonce-0001", &"n".repeat(60_000));
    let call = call.replacing("Signature-Input", &endless);
    server.refuses(&call, 431, "header-too-large").await;
}

async fn t014_the_public_key_as_a_shared_secret(backend: Backend) {
    let server = Server::open(backend).await;
    let key = &server.shop.keys["wechat_pay"];
    let secret = HmacKey::new(key.public().as_bytes().to_vec()).unwrap();
    let call = start(&server, "r-1").await;
    let key_id = key.key_id().to_string();
    let call = server.signed_with((&secret).into(), &key_id, call, 0, "nonce-0001");
    server.refuses(&call, 401, "signature-invalid").await;
    let input = call.header("signature-input").unwrap();
    let named = format!("{input};alg=\"hmac-sha256\"");
    let call = call.replacing("Signature-Input", &named);
    server.refuses(&call, 401, "signature-invalid").await;
}

async fn t022_a_key_of_another_kind(backend: Backend) {
    let server = Server::open(backend).await;
    let call = bearer(start(&server, "r-1").await, &server.token);
    server.refuses(&call, 401, "wrong-token-type").await;
    let call = server.signed("wechat_pay", Request::get("/v1/payments"));
    server.refuses(&call, 401, "wrong-token-type").await;
    let (path, order) = held(&server).await;
    let as_receipt = HEADER.replace("result", "receipt");
    let jws = statement(
        &server,
        "wechat_pay",
        &as_receipt,
        &claims(&server, "wechat_pay", &order),
    );
    let call = bearer(Request::get("/v1/payments"), &jws);
    server.refuses(&call, 401, "wrong-token-type").await;
    let call = server.signed("wechat_pay", Request::post(&path, "application/jose", jws));
    server.refuses(&call, 401, "wrong-token-type").await;
}

/// Gives an institution one more key.
async fn new_key(
    server: &Server,
    until: Option<Timestamp>,
    revoked: Option<Timestamp>,
) -> SigningKey {
    let key = SigningKey::from_seed(&server.shop.app.entropy.bytes());
    let record = InstitutionKey {
        key_id: key.key_id().to_string(),
        institution: "wechat_pay".parse().unwrap(),
        material: KeyMaterial::Ed25519(*key.public().as_bytes()),
        not_before: Timestamp::from_millis(0),
        not_after: until,
        revoked_at: revoked,
        created_at: server.shop.app.clock.now(),
    };
    let mut tx = server.shop.app.db.begin().await.unwrap();
    assert!(
        db::institutions::insert_key(&mut tx, &record)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    key
}

async fn t023_a_key_that_is_over_and_one_that_goes(backend: Backend) {
    let server = Server::open(backend).await;
    let now = server.shop.app.clock.now();
    let later = Timestamp::from_seconds(now.seconds() + 60);
    let sign = |key: &SigningKey, call: Request| {
        let key_id = key.key_id().to_string();
        server.signed_with(key.into(), &key_id, call, 0, "nonce-0001")
    };
    let revoked = new_key(&server, None, Some(now)).await;
    let call = sign(&revoked, start(&server, "r-1").await);
    let told = server.refuses(&call, 401, "signature-invalid").await;
    let past = new_key(&server, Some(now), None).await;
    let call = sign(&past, start(&server, "r-1").await);
    server.refuses(&call, 401, "signature-invalid").await;

    // T025: an unknown key hears the same.
    let nobody = SigningKey::from_seed(&[9; 32]);
    let call = sign(&nobody, start(&server, "r-1").await);
    let same = server.refuses(&call, 401, "signature-invalid").await;
    let known = |answer: &crate::support::wire::Answer| {
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("request_id");
        body.as_object_mut().unwrap().remove("trace_id");
        body
    };
    assert_eq!(known(&told), known(&same));

    let going = new_key(&server, Some(later), None).await;
    let call = sign(&going, start(&server, "r-1").await);
    assert_eq!(server.send(&call).await.status, 201);
}

on_both![
    a_key_that_is_remembered_signs_every_call,
    a_signed_start_is_taken,
    t001_without_a_signature,
    t002_one_bit_of_the_body_flipped,
    t003_body_and_digest_changed,
    t004_without_covering_the_body,
    t005_with_the_digest_of_nothing,
    t006_sent_to_another_host,
    t006_signed_for_another_host,
    t007_with_a_query_added,
    t008_too_old_or_of_the_future,
    t009_without_a_time_or_with_one_that_is_none,
    t010_sent_twice,
    t011_sent_again_to_another_instance,
    t012_a_forger_cannot_burn_a_nonce,
    t013_a_nonce_that_is_none,
    t014_the_public_key_as_a_shared_secret,
    t022_a_key_of_another_kind,
    t023_a_key_that_is_over_and_one_that_goes,
];
