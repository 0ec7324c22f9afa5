//! T130, T131: what the log, the numbers, the refusals and those whom we call hear after everybody
//! has shouted their secrets, and worse, at every door.

use super::document::operations;
use super::process::ShopProcess;
use super::town::cookie_of;
use crate::support::plates::plate;
use crate::support::secret::registers;
use crate::support::server::bearer;
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both};
use serde_json::{Value, json};
use tempfile::TempDir;
use tongma::crypto::digest::hex;
use tongma::crypto::keys::HmacKey;
use tongma::print::Blank;

/// Everything that must stay with whoever it belongs to.
const STRANGERS_KEY: &str = "tm_test_cAnArYcAnArYcAnArYcAnArYcAnArYcAnArYcAnArY";
const COOKIE: &str = "c00kie-canary-5ff0c4d1b7a94c0e";
/// What a payer's app shows, of a wallet's form.
const PAYER_CODE: &str = "134651987420653817";
const RECEIPT: &str = "eyJjYW5hcnkiOiJyZWNlaXB0In0.eyJjYW5hcnkiOiJyZWNlaXB0In0.Y2FuYXJ5";
const PAIRING: &str = "CANARY7X";
const PASSWORD: &str = "canary-p4ssword";
/// Lets in whoever reads the numbers.
const SCRAPE_TOKEN: &str = "canary-scrape-token-5f1d0c";
/// What a payer's institution calls the payer.
const PAYER_REF: &str = "canary-payer-0f83c2d9";
/// A secret that an institution shares with us.
const SHARED: &str = "Y2FuYXJ5LXNoYXJlZC1zZWNyZXQtMzItYnl0ZXMhISE=";
/// What stands in that.
const SHARED_BYTES: &[u8; 32] = b"canary-shared-secret-32-bytes!!!";

/// What somebody takes for a plate's secret.
const WRONG_CLAIM: &str = "CANAR-YCA7X";

/// What would break a line, colour a terminal or pretend to be another event.
const EVIL_STEP: &str = "%0D%0A%7B%22level%22:%22error%22%7D%1B%5B31m";
const EVIL_TEXT: &str = "x\r\n{\"level\":\"error\",\"message\":\"forged\"}\u{1b}[31m\u{202e}\u{9b}";

async fn no_secret_and_no_forgery_reaches_the_log(backend: Backend) {
    let home = TempDir::new().unwrap();
    let file = home.path().join("token");
    std::fs::write(&file, SCRAPE_TOKEN).unwrap();
    let scraped = format!("metrics.token_file={}", file.display());
    let place = ShopProcess::open(backend, PASSWORD, &["log.level=trace", &scraped]).await;
    let (server, token) = (&place.server, place.token.as_str());
    let origin = place.shop.app.origin.to_string();
    let sticker = place.shop.sticker().await.text;
    let run = sticker.split_once("/Q/").unwrap().1;

    // A device that is really let in, and stays.
    let invite = format!("/v1/counters/{}/pairings", place.shop.counters[0].id);
    let invite = bearer(Request::post_json(&invite, &json!({})), token);
    let invited = server.send(&invite).await.json();
    let paired = invited["code"].as_str().unwrap();
    let form = "application/x-www-form-urlencoded";
    let pair = Request::post("/counter/pair", form, format!("code={paired}"));
    let session = cookie_of(&server.send(&pair.with("Origin", &origin)).await);
    for page in ["/counter", "/counter/session"] {
        let own = Request::get(page).with("Cookie", &session);
        assert!(server.send(&own).await.status < 300, "{page}");
    }

    let document = server.send(&Request::get("/openapi.json")).await.json();
    let mut answers = Vec::new();
    for (method, path) in operations(&document) {
        for request in shouts(&method, &path, token) {
            answers.push(server.send(&request).await);
        }
    }
    for request in pages(&origin, run, token) {
        let request = request.with(
            "Cookie",
            &format!("tongma_counter={COOKIE}; tongma_payer={COOKIE}"),
        );
        answers.push(server.send(&request).await);
    }

    answers.extend(begins(&place, &sticker).await);
    let blank = plate(&place.shop).await;
    answers.extend(binds(&place, &blank).await);

    let hex_of_shared = hex(SHARED_BYTES);
    let secrets = [
        SCRAPE_TOKEN,
        PAYER_REF,
        SHARED,
        std::str::from_utf8(SHARED_BYTES).unwrap(),
        &hex_of_shared,
        token,
        STRANGERS_KEY,
        COOKIE,
        PAYER_CODE,
        RECEIPT,
        PAIRING,
        PASSWORD,
        paired,
        session.split_once('=').unwrap().1,
        run,
        &blank.claim,
        WRONG_CLAIM,
        &place.master_key,
    ];
    for answer in &answers {
        is_discreet(answer, &secrets);
    }
    let ready = server.send(&Request::get("/readyz")).await;
    assert_eq!(ready.status, 200, "{}", ready.text());
    let numbers = server.send(&Request::get("/metrics")).await.text();
    assert!(
        numbers.contains("tongma_problems_total{code=\"api-key-misplaced\"}"),
        "{numbers}"
    );
    let traces = place.shop.payee.traces().concat();
    assert!(traces.len() >= 55, "{traces}");
    for secret in secrets {
        assert!(!numbers.contains(secret), "{secret} in {numbers}");
        assert!(!traces.contains(secret), "{secret} in {traces}");
    }
    let log = server.log();
    let told = log
        .lines()
        .filter(|line| line.contains("answered "))
        .count();
    assert!(
        told > answers.len() / 2,
        "{told} of {} requests are in the log",
        answers.len()
    );
    for line in log.lines() {
        is_one_event(line);
        for secret in secrets {
            assert!(!line.contains(secret), "{secret} in {line}");
        }
    }
}
on_both![no_secret_and_no_forgery_reaches_the_log];

/// Two payments that are really begun, by somebody whom the institution names, one with each kind of key,
/// after two forged tries; what those were answered.
async fn begins(place: &ShopProcess, sticker: &str) -> Vec<Answer> {
    let begin = json!({
        "text": sticker,
        "amount_minor": 1_200,
        "currency": "CNY",
        "payer_reference": "canary-story",
        "payer_ref": PAYER_REF,
    });
    let begin = Request::post_json("/wallet/v1/attempts", &begin);
    let begin = begin.with("tracestate", &format!("v={COOKIE}"));
    let mut answers = Vec::new();
    for key in [SHARED, STRANGERS_KEY] {
        let forged = begin.clone().with("Signature", &format!("s=:{key}:"));
        answers.push(place.server.send(&forged).await);
    }
    let secret = HmacKey::from_random(*SHARED_BYTES);
    let name = registers(&place.shop.app, &secret).await.key_id;
    // As it should be, and under its name with what another key signed.
    let own = place.signed_with((&secret).into(), &name, begin.clone());
    let wrong = place.signed_with((&place.shop.keys["jd_pay"]).into(), &name, begin.clone());
    answers.push(place.server.send(&wrong).await);
    for begin in [own, place.signed("jd_pay", begin)] {
        let begun = place.server.send(&begin).await;
        assert_eq!(begun.status, 201, "{}", begun.text());
    }
    answers
}

/// A plate that is bound after a wrong secret, and one more time; what that was answered.
async fn binds(place: &ShopProcess, blank: &Blank) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (secret, status) in [(WRONG_CLAIM, 422), (&blank.claim, 201), (&blank.claim, 409)] {
        let body = json!({
            "plate": blank.short_id, "claim_secret": secret, "store": place.shop.store.id,
        });
        let key = format!("canary-{status}");
        let call = Request::post_json("/v1/plate-bindings", &body).with("Idempotency-Key", &key);
        let answer = place.server.send(&bearer(call, &place.token)).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        answers.push(answer);
    }
    answers
}

/// Requests to pages and to what is none, with secrets where somebody might put them.
fn pages(origin: &str, run: &str, token: &str) -> Vec<Request> {
    let page = format!("/Q/{run}");
    vec![
        Request::get(&page),
        Request::get(&page).with(
            "User-Agent",
            "MicroMessenger/8.0 \u{202e}{\"level\":\"error\"}",
        ),
        Request::post_json(&format!("{page}/start"), &json!({"token": COOKIE})),
        Request::get("/counter"),
        Request::get("/counter/session"),
        Request::get("/counter/feed"),
        Request::post(
            "/counter/pair",
            "application/x-www-form-urlencoded",
            format!("code={PAIRING}"),
        )
        .with("Origin", origin),
        Request::post_json("/counter/verify", &json!({"receipt": RECEIPT})).with("Origin", origin),
        Request::get(&format!("/{EVIL_STEP}")),
        Request::get(&format!("/{}", "x".repeat(6_000))),
        Request::get("/v1/payments").with("User-Agent", &"x".repeat(20_000)),
        Request::get("/v1/payments").with("User-Agent", "x\u{1b}[31m"),
        Request::get(&format!("/v1/payments?api_key={token}")),
        Request::get("/v1/payments").with("X-Api-Key", token),
        Request::get("/v1/payments").with("Request-Id", token),
        Request::get(&format!("/{token}")),
        Request::get(&format!("/v1/payments/{token}")),
        Request::get(&format!("/v1/payments/{PAYER_CODE}")),
        Request::get(&format!("/v1/{RECEIPT}/x")),
        Request::get(&format!("//Q/{run}")),
        Request::get("/v1/payments").with("Request-Id", "a\"}{\"level\":\"error\""),
        Request::get("/v1/payments").with("traceparent", token),
        Request::get("/v1/payments").with("tracestate", &format!("v={COOKIE}")),
        bearer(Request::get("/metrics"), SCRAPE_TOKEN),
        bearer(Request::get("/metrics").with("Via", "1.1 p"), STRANGERS_KEY),
        Request::get(&format!("/metrics?token={SCRAPE_TOKEN}")),
    ]
}

/// Requests to one route, right and wrong, with secrets wherever a client might put them.
fn shouts(method: &str, path: &str, token: &str) -> Vec<Request> {
    let step = |step: &str, other: &str| {
        let is_open = step.starts_with('{');
        if is_open { other } else { step }.to_owned()
    };
    let with = |other: &str| {
        let steps: Vec<String> = path.split('/').map(|part| step(part, other)).collect();
        steps.join("/")
    };
    let body = json!({
        "text": PAYER_CODE,
        "receipt": RECEIPT,
        "reference": EVIL_TEXT,
        "description": EVIL_TEXT,
        "payer_reference": EVIL_TEXT,
        "payer_ref": PAYER_CODE,
        "secret": SHARED,
        EVIL_TEXT: EVIL_TEXT,
    });
    let make = |path: &str, body: &Value| {
        let mut request = if method == "GET" {
            Request::get(path)
        } else {
            Request::post_json(path, body)
        };
        request.method = method.to_owned();
        request
            .with("Cookie", &format!("tongma_counter={COOKIE}"))
            .with("User-Agent", &format!("curl {COOKIE}"))
    };
    let known = |request: Request, token: &str| {
        bearer(request, token).with("Idempotency-Key", "canary-story")
    };
    if path == "/v1/feed" {
        // With a right key it has no end.
        return vec![make(path, &body), known(make(path, &body), STRANGERS_KEY)];
    }
    vec![
        make(&with("x"), &body),
        known(make(&with("x"), &body), STRANGERS_KEY),
        known(make(&with("x"), &body), token),
        known(make(&with("x"), &json!({"text": PAYER_CODE})), token),
        known(make(&with("x"), &json!({"receipt": RECEIPT})), token),
        known(make(&with(EVIL_STEP), &body), token),
        known(make(&format!("{}?q={COOKIE}", with("x")), &body), token),
        make(&with("x"), &body)
            .with(
                "Signature-Input",
                &format!("s=(\"@method\");keyid=\"{COOKIE}\";nonce=\"{COOKIE}\""),
            )
            .with("Signature", &format!("s=:{PAYER_CODE}:")),
    ]
}

/// A refusal says what was wrong, and repeats no secret.
fn is_discreet(answer: &Answer, secrets: &[&str]) {
    assert!(answer.status < 500, "{} {}", answer.status, answer.text());
    if answer.status < 400 {
        return;
    }
    let text = answer.text();
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

/// One JSON object of at most 4 KB, without a character that a terminal obeys.
fn is_one_event(line: &str) {
    assert!(line.len() <= 4096, "{} bytes", line.len());
    let event: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    assert_ne!(event["message"], "forged", "{line}");
    // The HTTP library calls a head that cannot be read an error.
    let unread = "stream error: request parse error";
    let is_unread = event["message"]
        .as_str()
        .is_some_and(|message| message.starts_with(unread));
    assert!(event["level"] != "error" || is_unread, "{line}");
    let obeyed = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}');
    assert!(!line.contains(obeyed), "{line:?}");
}
