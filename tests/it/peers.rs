//! Other people's programs agree with ours on bytes: signed requests, signed statements, printed
//! codes and their pictures; and the browser that the stories use works.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use tongma::clock::{Clock, Timestamp};
use tongma::code::origin::Origin;
use tongma::code::run::{self, Body, CodeKind, KeyId, RandomId};
use tongma::crypto::http_signature::{self, RequestParts, SignatureHeaders, SignedHeaders};
use tongma::crypto::jwk::{self, Jwk, JwkSet, KeyUse};
use tongma::crypto::jws;
use tongma::crypto::keys::{SigningKey, VerifyingKey};
use tongma::entropy::SystemEntropy;
use tongma::money::{Amount, Currency};
use tongma::qr::symbol::{Level, QuietZone, Symbol};
use tongma::qr::{png, svg};
use tongma::wallet::client::Client;
use tongma::wallet::{Handover, Operation, OrderRequest, Reply, WireRequest, contract};

use crate::support::{Browser, PeerWallet, openapi_faults, read_symbol, verify_codes};

const URL: &str = "http://127.0.0.1:8080/wallet/v1/attempts?dry=1";
const BODY: &str = r#"{"text":"老王面馆","amount_minor":1250}"#;

#[tokio::test]
async fn a_request_that_the_peer_signs_is_taken() {
    let peer = PeerWallet::open("jd_pay", "").await;
    for sign in [json!({}), json!({"name_algorithm": true})] {
        let ask = json!({"method": "POST", "url": URL, "body": BODY, "sign": sign});
        let headers = peer.ask("sign_for", ask).await;
        assert_eq!(check(&headers, &peer.jwk, BODY), Ok(()), "{headers}");
    }
}

#[tokio::test]
async fn a_request_of_the_peer_that_was_changed_on_the_way_is_refused() {
    let peer = PeerWallet::open("jd_pay", "").await;
    let ask = json!({"method": "POST", "url": URL, "body": BODY});
    let headers = peer.ask("sign_for", ask).await;
    let changed = BODY.replace("1250", "1");
    let refused = check(&headers, &peer.jwk, &changed).unwrap_err();
    assert_eq!(refused.code(), "digest-mismatch");
}

#[tokio::test]
async fn a_request_that_we_sign_is_taken_by_the_peer_only_as_it_was_sent() {
    let peer = PeerWallet::open("jd_pay", "").await;
    let headers = sign(&key(), BODY);
    let request = |body: &str| {
        json!({"jwks": jwks(KeyUse::Request), "method": "POST", "url": URL, "body": body,
               "headers": headers})
    };
    let seen = peer.ask("check_request", request(BODY)).await;
    assert_eq!(seen["parameters"]["tag"], "tongma-wallet");
    assert_eq!(seen["tongma_use"], "request");

    let changed = BODY.replace("1250", "1");
    assert!(
        peer.try_ask("check_request", request(&changed))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn statements_are_read_in_both_directions() {
    let peer = PeerWallet::open("wechat_pay", "https://pay.example.com").await;
    let number = "0123456789abcdef0123456789abcdef";
    let facts = json!({"order_number": number, "payment_account": "1900000109",
                       "amount_minor": 1250});
    let theirs = peer.ask("result", facts).await;
    let their_key = jwk::parse_foreign(peer.jwk.to_string().as_bytes());
    let read: jws::Verified<Value> =
        jws::verify(theirs.as_str().unwrap(), jws::RESULT, |_| their_key.ok()).unwrap();
    assert_eq!(read.claims["order_number"], number);
    assert_eq!(read.claims["aud"], "https://pay.example.com");

    let ours = jws::sign(&key(), jws::RECEIPT, &json!({"number": "042137"}));
    let ask = json!({"jwks": jwks(KeyUse::Receipt), "text": ours, "typ": jws::RECEIPT});
    let read = peer.ask("check_jws", ask).await;
    assert_eq!(read["claims"]["number"], "042137");
    assert_eq!(read["tongma_use"], "receipt");
}

#[tokio::test]
async fn a_statement_with_a_changed_claim_is_refused_by_the_peer() {
    let peer = PeerWallet::open("wechat_pay", "").await;
    let genuine = jws::sign(&key(), jws::RECEIPT, &json!({"amount_minor": 1250}));
    let other = jws::sign(&key(), jws::RECEIPT, &json!({"amount_minor": 1}));
    let (payload, signature) = (other.split('.').nth(1), genuine.split('.').nth(2));
    let header = genuine.split('.').next();
    let forged = [header, payload, signature].map(Option::unwrap).join(".");
    let ask = json!({"jwks": jwks(KeyUse::Receipt), "text": forged, "typ": jws::RECEIPT});
    assert!(
        peer.try_ask("check_jws", ask)
            .await
            .unwrap_err()
            .contains("BadSignature")
    );
}

#[tokio::test]
async fn the_peer_opens_tells_and_closes_an_order_that_our_client_sends() {
    let peer = PeerWallet::open("wechat_pay", "http://127.0.0.1:1").await;
    peer.ask("use_jwks", json!({"jwks": jwks(KeyUse::Request)}))
        .await;
    let order = order();
    let number = &order.order_number;

    let opened = say(&peer, Operation::Open, &contract::open_order(&order)).await;
    assert!(
        matches!(opened, Reply::Opened(Handover::ClearingReference { .. })),
        "{opened:?}"
    );
    assert_eq!(peer.ask("refusals", json!({})).await, json!([]));
    let undecided = say(&peer, Operation::Query, &contract::query(number)).await;
    assert_eq!(undecided, Reply::Unknown);

    peer.ask("settle", json!({"order_number": number.to_string()}))
        .await;
    let Reply::Result(statement) = say(&peer, Operation::Close, &contract::close(number)).await
    else {
        panic!("a paid order stays paid when it is closed")
    };
    let their_key = jwk::parse_foreign(peer.jwk.to_string().as_bytes());
    let read: jws::Verified<Value> =
        jws::verify(&statement, jws::RESULT, |_| their_key.ok()).unwrap();
    assert_eq!(read.claims["status"], "paid");
    assert_eq!(read.claims["amount_minor"], 1250);
    assert_eq!(read.claims["payment_account"], "1900000109");
}

#[tokio::test]
async fn the_peer_takes_no_order_that_another_key_signed() {
    let peer = PeerWallet::open("wechat_pay", "http://127.0.0.1:1").await;
    peer.ask("use_jwks", json!({"jwks": jwks(KeyUse::Code)}))
        .await;
    let refused = say(&peer, Operation::Open, &contract::open_order(&order())).await;
    assert!(matches!(refused, Reply::Refused { .. }), "{refused:?}");
    assert_eq!(peer.ask("orders", json!({})).await, json!([]));
}

#[test]
fn printed_codes_are_verified_from_the_jwks_alone() {
    let amount = Amount::positive(1250, Currency::CNY).unwrap();
    let codes = [
        code(CodeKind::Static, None),
        code(CodeKind::Fixed, Some(amount)),
        code(CodeKind::Order, None),
        code(CodeKind::Plate, None),
    ];
    let says = verify_codes(&jwks(KeyUse::Code), &codes);
    let kinds: Vec<_> = says
        .iter()
        .map(|said| said["kind"].as_str().unwrap_or("?"))
        .collect();
    assert_eq!(kinds, ["static", "fixed", "order", "plate"], "{says:?}");
    assert_eq!(says[1]["amount_minor"], 1250);
    assert_eq!(says[1]["currency_number"], 156);
    assert_eq!(says[0]["origin"], "https://pay.example.com");
}

#[test]
fn a_printed_code_that_was_changed_anywhere_is_refused() {
    let genuine = code(
        CodeKind::Fixed,
        Some(Amount::positive(1250, Currency::CNY).unwrap()),
    );
    let (before, run) = genuine.split_at(genuine.rfind('/').unwrap() + 1);
    let with_other_character = |at: usize| {
        let swap = |(n, c)| {
            if n != at {
                c
            } else if c == 'A' {
                'B'
            } else {
                'A'
            }
        };
        let run: String = run.chars().enumerate().map(swap).collect();
        format!("{before}{run}")
    };
    let mut forged: Vec<_> = (0..run.len()).map(with_other_character).collect();
    forged.push(genuine.replace("PAY.EXAMPLE", "PAY.EXAMP1E"));
    for (text, said) in forged
        .iter()
        .zip(verify_codes(&jwks(KeyUse::Code), &forged))
    {
        assert!(said.get("error").is_some(), "{text} passes as {said}");
    }
}

#[test]
fn two_independent_readers_read_what_we_draw() {
    for level in [Level::L, Level::M, Level::Q, Level::H] {
        for text in [code(CodeKind::Static, None), "老王面馆 ¥12.50".to_owned()] {
            let symbol = Symbol::new(&text, level).unwrap();
            let picture = png::render(&symbol, QuietZone::default(), 4).unwrap();
            let read = read_symbol(&picture);
            assert_eq!(read, [vec![text.clone()], vec![text]], "at {level:?}");
        }
    }
}

/// As a printer's program would draw it: by somebody else, at another size.
#[tokio::test]
async fn two_independent_readers_read_an_svg_that_a_browser_draws() {
    let browser = Browser::start();
    let folder = tempfile::tempdir().unwrap();
    let drawn = folder.path().join("drawn.png");
    for level in [Level::L, Level::H] {
        let text = code(CodeKind::Static, None);
        let symbol = Symbol::new(&text, level).unwrap();
        let picture = svg::render(&symbol, QuietZone::default());
        let page = browser.page(json!({"width": 720, "height": 720})).await;
        let picture = data_encoding::BASE64.encode(picture.as_bytes());
        let html = format!("<img width=600 src=\"data:image/svg+xml;base64,{picture}\">");
        page.goto(&format!("data:text/html,{html}")).await;
        page.ask("screenshot", json!({"path": drawn})).await;
        let read = read_symbol(&std::fs::read(&drawn).unwrap());
        assert_eq!(read, [vec![text.clone()], vec![text]], "at {level:?}");
    }
}

#[test]
fn the_judge_of_openapi_documents_tells_clean_from_broken() {
    let mut document = json!({"openapi": "3.1.0", "info": {"title": "tongma", "version": "1"},
                              "paths": {"/healthz": {"get": {"responses": {"200": {"description": ""}}}}}});
    assert_eq!(openapi_faults(&document), None);
    document["paths"]["/healthz"]["get"]["responses"] = json!({});
    assert!(
        openapi_faults(&document)
            .unwrap()
            .contains("Validation Error")
    );
}

#[tokio::test]
async fn the_browser_shows_a_page_and_takes_input() {
    let browser = Browser::start();
    let how = json!({"user_agent": "Harbour/1.0", "width": 320, "height": 568});
    let page = browser.page(how).await;
    let html = "<meta charset=utf-8><h1>老王面馆</h1><input id=amount>\
                <button onclick=\"out.textContent = amount.value + ' ' + navigator.userAgent\">pay\
                </button><p id=out>";
    page.goto(&format!("data:text/html;charset=utf-8,{html}"))
        .await;
    assert_eq!(page.text("h1").await, "老王面馆");
    page.fill("#amount", "12.50").await;
    page.click("button").await;
    page.wait_for("#out", "12.50 Harbour/1.0").await;
    assert_eq!(
        page.ask("evaluate", json!({"code": "innerWidth"})).await,
        320
    );
    assert_eq!(page.ask("problems", json!({})).await, json!([]));
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32])
}

fn jwks(key_use: KeyUse) -> Value {
    let keys = vec![Jwk::new(key().public(), key_use, None)];
    serde_json::to_value(JwkSet { keys }).unwrap()
}

fn code(kind: CodeKind, amount: Option<Amount>) -> String {
    let origin = Origin::parse("https://pay.example.com", false).unwrap();
    let key_id = KeyId(key().public().short_id());
    let body = Body::new(kind, amount, RandomId::new([0x5a; 16]), Some(key_id)).unwrap();
    run::issue(&origin, &body, |bytes| key().sign(bytes))
}

fn order() -> OrderRequest {
    OrderRequest {
        order_number: "0123456789abcdef0123456789abcdef".parse().unwrap(),
        payment_account: "1900000109".parse().unwrap(),
        amount: Amount::positive(1250, Currency::CNY).unwrap(),
        payee: "老王面馆".to_owned(),
        description: "一碗牛肉面".to_owned(),
        pay_before: now().plus(Duration::from_mins(1)),
        notify_url: "http://127.0.0.1:1/wallet/v1/orders".to_owned(),
        payer_institution: "jd_pay".parse().unwrap(),
        clearing: Some("union".parse().unwrap()),
        code_text: None,
    }
}

/// Sends to the peer as tongma does, and reads its answer as tongma does.
async fn say(peer: &PeerWallet, operation: Operation, request: &WireRequest) -> Reply {
    let client = Client::new(Clock::System, Arc::new(SystemEntropy::new())).unwrap();
    let reply = client.send(&peer.base_url, request, &key()).await.unwrap();
    contract::reply(operation, &reply, &[]).unwrap()
}

fn parts(body: &str) -> RequestParts<'_> {
    RequestParts {
        method: "POST",
        authority: "127.0.0.1:8080",
        path: "/wallet/v1/attempts",
        query: Some("dry=1"),
        content_type: Some("application/json"),
        body: body.as_bytes(),
        idempotency_key: None,
    }
}

fn now() -> Timestamp {
    Clock::System.now()
}

fn sign(key: &SigningKey, body: &str) -> Value {
    let id = key.key_id().as_str();
    let SignedHeaders {
        signature_input,
        signature,
        content_digest,
    } = http_signature::sign(&parts(body), key, id, now(), "nonce-of-this-test-0001").unwrap();
    json!({"Content-Type": "application/json", "Content-Digest": content_digest.unwrap(),
           "Signature-Input": signature_input, "Signature": signature})
}

fn check(headers: &Value, jwk: &Value, body: &str) -> Result<(), http_signature::SignatureError> {
    let key = VerifyingKey::Ed25519(jwk::parse_foreign(jwk.to_string().as_bytes()).unwrap());
    let header = |name: &str| headers[name].as_str();
    let signed = SignatureHeaders {
        signature_input: header("Signature-Input"),
        signature: header("Signature"),
        content_digest: header("Content-Digest"),
    };
    http_signature::parse(&signed)?.verify(&key, &parts(body), now())
}
