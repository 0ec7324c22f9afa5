//! Values that are none, and bytes that mean harm.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::server::{Server, bearer};
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// A payment whose body is written by hand.
fn raw(server: &Server, body: &str) -> Request {
    let call = Request::post("/v1/payments", "application/json", body);
    bearer(call, &server.token).with("Idempotency-Key", "k-1")
}

fn with_amount(server: &Server, amount: &str) -> Request {
    let store = &server.shop.store.id;
    raw(
        server,
        &format!(r#"{{"amount_minor":{amount},"currency":"CNY","store":"{store}"}}"#),
    )
}

fn with_currency(server: &Server, currency: &str) -> Request {
    let store = &server.shop.store.id;
    raw(
        server,
        &format!(r#"{{"amount_minor":1,"currency":{currency},"store":"{store}"}}"#),
    )
}

const NO_AMOUNTS: [&str; 12] = [
    "-1",
    "0",
    "1.0",
    "1e2",
    "\"100\"",
    "null",
    "true",
    "9007199254740992",
    "9223372036854775808",
    "1234567890123456789012345678901234567890",
    "[]",
    "{\"minor\":1}",
];

async fn t036_amounts_that_are_none(backend: Backend) {
    let server = Server::open(backend).await;
    let sticker = server.shop.sticker().await;
    for amount in NO_AMOUNTS {
        let call = with_amount(&server, amount);
        let answer = server.refuses(&call, 422, "amount-invalid").await;
        assert_eq!(
            answer.json()["errors"][0]["pointer"],
            "/amount_minor",
            "{amount}"
        );

        let text = &sticker.text;
        let start = format!(
            r#"{{"text":"{text}","amount_minor":{amount},"currency":"CNY","payer_reference":"r"}}"#
        );
        let start = Request::post("/wallet/v1/attempts", "application/json", start);
        let call = server.signed("wechat_pay", start);
        server.refuses(&call, 422, "amount-invalid").await;
    }
    server
        .refuses(&with_amount(&server, "NaN"), 400, "json-invalid")
        .await;
    let most = with_amount(&server, "9007199254740991");
    assert_eq!(server.send(&most).await.status, 201);
}

async fn t038_currencies_that_are_none(backend: Backend) {
    let server = Server::open(backend).await;
    for currency in [
        "\"cny\"",
        "\"RMB\"",
        "\"XXX\"",
        "\"C\u{200b}NY\"",
        "156",
        "\"\"",
        "null",
    ] {
        let call = with_currency(&server, currency);
        server.refuses(&call, 422, "currency-invalid").await;
    }
    // Real ones, with no decimals and with three, but nobody could pay them here.
    for currency in ["\"JPY\"", "\"BHD\""] {
        let call = with_currency(&server, currency);
        server.refuses(&call, 422, "currency-mismatch").await;
    }
}

async fn t111_json_that_is_none(backend: Backend) {
    let server = Server::open(backend).await;
    let store = server.shop.store.id.to_string();
    let good = format!(r#"{{"amount_minor":1,"currency":"CNY","store":"{store}"}}"#);
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for body in [
        deep.as_str(),
        "{",
        "{\"amount_minor\":1,}",
        "{/* one */\"amount_minor\":1}",
        "{\"amount_minor\":Infinity}",
        "{\"reference\":\"\\ud800\"}",
        &format!("\u{feff}{good}"),
        &format!("{good} trailing"),
        &format!("{good}{good}"),
    ] {
        server
            .refuses(&raw(&server, body), 400, "json-invalid")
            .await;
    }
    let twice = good.replace("\"currency\"", "\"amount_minor\":2,\"currency\"");
    server
        .refuses(&raw(&server, &twice), 400, "json-duplicate-key")
        .await;
    let many: Vec<String> = (0..5_000).map(|n| format!("\"k{n}\":0")).collect();
    let many = format!("{{{}}}", many.join(","));
    server
        .refuses(&raw(&server, &many), 422, "field-unknown")
        .await;
    let listed = format!(r#"[1,"CNY","{store}",null,null,null,null]"#);
    server
        .refuses(&raw(&server, &listed), 422, "field-invalid")
        .await;
    let large = format!("{good}{}", " ".repeat(64 * 1024));
    server
        .refuses(&raw(&server, &large), 413, "body-too-large")
        .await;
    let endless = raw(&server, &good).with("Content-Length", "104857600");
    server.refuses(&endless, 413, "body-too-large").await;
    let not_utf8 = Request {
        body: b"{\"reference\":\"\xff\"}".to_vec(),
        ..raw(&server, "")
    };
    server.refuses(&not_utf8, 400, "json-invalid").await;
}

async fn t112_bodies_of_another_kind(backend: Backend) {
    let server = Server::open(backend).await;
    let good = with_amount(&server, "100");
    let unnamed = good.clone().without("Content-Type");
    server.refuses(&unnamed, 415, "media-type").await;
    // Nothing is of no kind; it is read as an object without fields.
    let nothing = Request {
        body: Vec::new(),
        ..unnamed
    };
    server.refuses(&nothing, 422, "field-missing").await;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        &format!("multipart/form-data; boundary={}", "b".repeat(1000)),
    ] {
        let call = good.clone().replacing("Content-Type", kind);
        server.refuses(&call, 415, "media-type").await;
    }
    let boundary = format!("multipart/form-data; boundary={}", "b".repeat(10_000));
    let call = good.clone().replacing("Content-Type", &boundary);
    server.refuses(&call, 431, "header-too-large").await;
    for packing in ["gzip", "br", "deflate", "x-bomb"] {
        let call = good.clone().with("Content-Encoding", packing);
        server.refuses(&call, 415, "media-type").await;
    }
    let named = good.replacing("Content-Type", "Application/JSON; charset=UTF-8");
    assert_eq!(server.send(&named).await.status, 201);
}

async fn t120_texts_for_another_language(backend: Backend) {
    let server = Server::open(backend).await;
    let payment = |reference: &str, key: &str| {
        let body = json!({
            "amount_minor": 100, "currency": "CNY", "store": server.shop.store.id,
            "reference": reference, "description": reference,
        });
        bearer(Request::post_json("/v1/payments", &body), &server.token)
            .with("Idempotency-Key", key)
    };
    for (number, text) in [
        "'; DROP TABLE payments; --",
        "%",
        "_",
        "\\",
        "$1",
        "<b>&amp;",
    ]
    .iter()
    .enumerate()
    {
        let (answer, changes) = server
            .does(&payment(text, &format!("k-{number}")), 201)
            .await;
        assert_eq!(answer.json()["reference"], *text);
        assert!(changes.contains(&"+payments".to_owned()));
    }
    let answer = server
        .refuses(&payment("a\0b", "k-nul"), 422, "text-invalid")
        .await;
    assert_eq!(answer.json()["errors"][0]["pointer"], "/description");
    server
        .refuses(&payment("a\nb", "k-line"), 422, "text-invalid")
        .await;
    // What is only asked about is answered: a text that no code has.
    let asked = Request::post_json("/v1/decode", &json!({"text": "00\u{0}201"}));
    let answer = server.ask(asked).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!(told["ok"], false);
    assert_eq!(told["error"]["code"], "control-character");
    assert_eq!(told["error"]["offset"], 2);
    let resolve = Request::post_json("/wallet/v1/resolve", &json!({"text": "00\u{0}201"}));
    server
        .refuses(&server.signed("jd_pay", resolve), 422, "text-invalid")
        .await;
    // It would turn what follows around.
    server
        .refuses(&payment("a\u{202e}b", "k-turn"), 422, "text-invalid")
        .await;
    for query in [
        "state=' OR 1=1",
        "state=%25",
        "cursor='",
        "state=%00",
        "limit=0",
        "x=1",
    ] {
        let target = format!("/v1/payments?{}", query.replace(' ', "+"));
        let call = bearer(Request::get(&target), &server.token);
        let answer = server.send(&call).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
    }
    let look = json!({"text": "HTTP://a/Q/\u{0}"});
    let look = Request::post_json("/wallet/v1/resolve", &look);
    server
        .refuses(&server.signed("wechat_pay", look), 422, "text-invalid")
        .await;
}

/// Every parameter of every query in the document hears what it must be, by its name.
async fn a_body_is_as_long_as_the_limit_at_most(backend: Backend) {
    const LIMIT: usize = 64 * 1024;
    let server = Server::open(backend).await;
    let store = server.shop.store.id.to_string();
    let good = format!(r#"{{"amount_minor":1,"currency":"CNY","store":"{store}"}}"#);
    let of = |length: usize| format!("{good}{}", " ".repeat(length - good.len()));
    for (length, status) in [(LIMIT - 1, 201), (LIMIT, 201), (LIMIT + 1, 413)] {
        let whole = raw(&server, &of(length));
        for (key, call) in [("w", whole.clone()), ("c", whole.in_chunks(1000))] {
            let call = call.replacing("Idempotency-Key", &format!("{key}{length}"));
            let answer = server.send(&call).await;
            assert_eq!(answer.status, status, "{key} {length}: {}", answer.text());
        }
    }
}

async fn a_query_that_is_refused_is_told_which_part_of_it(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await.id.to_string();
    let document = serde_json::to_value(tongma::http::openapi()).unwrap();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let parameters = methods["get"]["parameters"].as_array();
        for parameter in parameters.into_iter().flatten() {
            if parameter["in"] != "query" {
                continue;
            }
            let name = parameter["name"].as_str().unwrap();
            for bad in ["x", "-1.5", "99999999999999999999"] {
                let place = path.replace("{id}", &code).replace("{part}", "1");
                let target = format!("{place}?{name}={bad}");
                let call = bearer(Request::get(&target), &server.token);
                let answer = server.send(&call).await;
                assert_eq!(answer.status, 400, "{target}: {}", answer.text());
                let detail = answer.json()["detail"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                let told = [format!("{name} must "), format!("{name}: ")];
                let is_told = told.iter().any(|how| detail.starts_with(how))
                    || detail.contains(&format!("`{name}`"));
                assert!(is_told, "{target}: {detail}");
                let maximum = &parameter["schema"]["maximum"];
                let named = maximum.is_null() || detail.contains(&maximum.to_string());
                assert!(named, "{target}: {detail}");
                asked += 1;
            }
        }
    }
    assert!(asked > 40, "{asked}");
    for (query, detail) in [
        ("limit=101", "limit must be a whole number from 1 to 100"),
        ("limit=1&limit=1", "duplicate field `limit`"),
        (
            "x=1",
            "unknown field `x`, expected one of `state`, `limit`, `cursor`",
        ),
    ] {
        let call = bearer(
            Request::get(&format!("/v1/payments?{query}")),
            &server.token,
        );
        assert_eq!(server.send(&call).await.json()["detail"], detail);
    }
}

/// An amount that is none is told how much it may be, whoever says it.
async fn an_amount_that_is_refused_is_told_the_limit(backend: Backend) {
    let server = Server::open(backend).await;
    for amount in ["10000000000000000000", "1e20", "9007199254740992", "0"] {
        let answer = server.send(&with_amount(&server, amount)).await;
        let detail = answer.json()["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            detail.ends_with(" an integer from 1 to 9007199254740991"),
            "{detail}"
        );
    }
}

async fn t121_other_spellings_of_a_path(backend: Backend) {
    let server = Server::open(backend).await;
    for path in [
        "/v1/%2e%2e/v1/payments",
        "/v1/../v1/payments",
        "/v1//payments",
        "//v1/payments",
        "/v1/payments%00",
        "/v1/payments;jsessionid=1",
        "/V1/payments",
        "/v1/Payments",
        "/v1/%70ayments",
        "/v1/payments/",
        "/v1\u{2215}payments",
        "/v1\\payments",
    ] {
        let call = bearer(Request::get(path), &server.token);
        let answer = server.send(&call).await;
        assert!(
            matches!(answer.status, 400 | 404),
            "{path}: {}",
            answer.status
        );
    }
    let call = Request::get("/wallet/v1/%61ttempts/att_0");
    let answer = server.send(&server.signed("wechat_pay", call)).await;
    assert_eq!(answer.status, 404);
    server.is_ready().await;
}

async fn methods_that_a_path_does_not_have(backend: Backend) {
    let server = Server::open(backend).await;
    for method in ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE"] {
        let call = Request {
            method: method.to_owned(),
            ..bearer(Request::get("/v1/payments"), &server.token)
        };
        let answer = server.refuses(&call, 405, "method-not-allowed").await;
        assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"), "{method}");
    }
    // T091: no header makes a POST of a GET.
    let call = server.ask(Request::get("/v1/payments").with("X-HTTP-Method-Override", "POST"));
    assert_eq!(call.await.json()["data"], Value::Array(Vec::new()));
    let head = Request {
        method: "HEAD".to_owned(),
        ..Request::get("/healthz")
    };
    let answer = server.send(&head).await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    // Of a feed, which has no end, the head has one.
    let head = Request {
        method: "HEAD".to_owned(),
        ..bearer(Request::get("/v1/feed"), &server.token)
    };
    let answer = tokio::time::timeout(Duration::from_secs(20), server.send(&head));
    let answer = answer.await.expect("the answer ends");
    let kind = answer.header("content-type");
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(kind, Some("text/event-stream; charset=utf-8"));
}

async fn a_problem_is_told_in_the_language_that_is_asked_for(backend: Backend) {
    let server = Server::open(backend).await;
    let call = Request::get("/nowhere").with("Request-Id", "mine-1");
    let english = server.refuses(&call, 404, "not-found").await;
    assert_eq!(english.json()["request_id"], "mine-1");
    assert_eq!(english.header("request-id"), Some("mine-1"));
    // A key is no name: it would stand in the log.
    let call = Request::get("/nowhere").with("Request-Id", &server.token);
    let answer = server.refuses(&call, 404, "not-found").await;
    assert_ne!(answer.header("request-id"), Some(server.token.as_str()));
    let call = Request::get("/nowhere").with("Accept-Language", "zh-CN");
    let chinese = server.refuses(&call, 404, "not-found").await.json();
    assert!(!chinese["title"].as_str().unwrap().is_ascii());
    let place = chinese["type"].as_str().unwrap();
    let page = Request::get(place).with("Accept", "text/html");
    let page = server.send(&page).await.text();
    assert!(page.contains("<code>not-found</code>"), "{page}");
}

on_both![
    t036_amounts_that_are_none,
    t038_currencies_that_are_none,
    t111_json_that_is_none,
    t112_bodies_of_another_kind,
    t120_texts_for_another_language,
    a_body_is_as_long_as_the_limit_at_most,
    a_query_that_is_refused_is_told_which_part_of_it,
    an_amount_that_is_refused_is_told_the_limit,
    t121_other_spellings_of_a_path,
    methods_that_a_path_does_not_have,
    a_problem_is_told_in_the_language_that_is_asked_for,
];
