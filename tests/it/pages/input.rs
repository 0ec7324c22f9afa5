//! What pages send, when it is not what our pages send.

use serde_json::json;

use crate::support::server::Server;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

const FORM: &str = "application/x-www-form-urlencoded";

/// A call as by a script of ours.
fn own(server: &Server, call: Request) -> Request {
    call.with("Origin", &server.shop.app.origin.to_string())
}

async fn scripts_are_read_as_strictly_as_programs(backend: Backend) {
    let server = Server::open(backend).await;
    let calls = [
        (
            json!(["jd_pay", "x", "zh"]).to_string(),
            422,
            "field-invalid",
        ),
        (
            r#"{"wallet":"jd_pay","text":"x","lang":"zh","paid":true}"#.to_owned(),
            422,
            "field-unknown",
        ),
        (
            r#"{"wallet":"jd_pay","wallet":"alipay","text":"x","lang":"zh"}"#.to_owned(),
            400,
            "json-duplicate-key",
        ),
        (
            r#"{"wallet":"jd_pay","text":"x"}"#.to_owned(),
            422,
            "field-missing",
        ),
        ("{".to_owned(), 400, "json-invalid"),
        (
            format!(r#"{{"text":"{}"}}"#, "x".repeat(70_000)),
            413,
            "body-too-large",
        ),
    ];
    for (body, status, code) in calls {
        let call = Request::post("/phone/scan", "application/json", body);
        server.refuses(&own(&server, call), status, code).await;
    }
    let own_words = [
        (
            "/phone/scan",
            json!({"wallet": "jd_pay", "text": "x", "lang": "fr"}),
            "/lang",
        ),
        (
            "/phone/pay",
            json!({"wallet": "jd_pay", "text": "x", "lang": "", "answer": "pay"}),
            "/lang",
        ),
        (
            "/phone/pay",
            json!({"wallet": "jd_pay", "text": "x", "lang": "zh", "answer": "PAY"}),
            "/answer",
        ),
    ];
    for (place, body, pointer) in own_words {
        let call = own(&server, Request::post_json(place, &body));
        let answer = server.refuses(&call, 422, "field-invalid").await;
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    let call = Request::post("/phone/scan", "text/plain", "{}");
    server.refuses(&own(&server, call), 415, "media-type").await;
    let call = Request::post("/phone/scan", "application/json", "{");
    server.refuses(&call, 403, "csrf").await;
    // Who is no device hears so before what it said is judged.
    let call = Request::post("/counter/verify", "application/json", "[]");
    let call = own(&server, call);
    server.refuses(&call, 401, "session-invalid").await;
}

/// The page's own form has two fields; the status says what is wrong with any other.
async fn forms_that_are_none_of_ours(backend: Backend) {
    let server = Server::open(backend).await;
    let before = server.business_digest().await;
    for (content_type, body, status) in [
        (FORM, "code=ABCD2345&role=owner".to_owned(), 422),
        (FORM, format!("code={}", "A".repeat(70_000)), 413),
        ("application/json", r#"{"code":"ABCD2345"}"#.to_owned(), 415),
    ] {
        let call = own(&server, Request::post("/counter/pair", content_type, body));
        let answer = server.send(&call).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains("<html"), "{}", answer.text());
    }
    assert_eq!(server.business_digest().await.since(&before), [""; 0]);
}

async fn a_page_says_by_which_method_it_is_reached(backend: Backend) {
    let server = Server::open(backend).await;
    let sticker = server.shop.sticker().await;
    let place = sticker.text.find("/Q/").unwrap();
    let (_, page) = sticker.text.split_at(place);
    for (method, target, allowed) in [
        ("POST", page.to_owned(), "GET, HEAD"),
        ("DELETE", "/counter".to_owned(), "GET, HEAD"),
        ("PUT", "/phone".to_owned(), "GET, HEAD"),
        ("PUT", format!("{page}/start"), "GET, HEAD, POST"),
        ("HEAD", "/counter/verify".to_owned(), "POST"),
        ("PATCH", "/bridge/pay".to_owned(), "POST"),
    ] {
        let call = Request {
            method: method.to_owned(),
            ..Request::get(&target)
        };
        let before = server.business_digest().await;
        let answer = server.send(&call).await;
        assert_eq!(answer.status, 405, "{method} {target}");
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {target}");
        assert_eq!(server.business_digest().await.since(&before), [""; 0]);
    }
}

on_both![
    scripts_are_read_as_strictly_as_programs,
    forms_that_are_none_of_ours,
    a_page_says_by_which_method_it_is_reached,
];
