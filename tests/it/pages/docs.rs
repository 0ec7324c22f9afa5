//! The documentation: complete, in both languages, on small and large screens, from this server
//! alone; and every problem's `type` leads to its explanation.

use serde_json::{Value, json};

use crate::support::server::Server;
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, Browser, on_both};

fn page(path: &str, language: &str) -> Request {
    Request::get(path)
        .with("Accept", "text/html,*/*;q=0.8")
        .with("Accept-Language", language)
}

/// What stands between quotes behind every `href="` of a page.
fn links(page: &str) -> Vec<String> {
    let pieces = page.split("href=\"").skip(1);
    pieces
        .map(|piece| piece.split('"').next().unwrap().to_owned())
        .collect()
}

async fn every_type_of_a_problem_leads_to_its_meaning_and_what_to_do(backend: Backend) {
    let server = Server::open(backend).await;
    let all = server.send(&Request::get("/problems")).await.json();
    let all = all.as_array().unwrap();
    assert!(all.len() > 70, "{}", all.len());
    for kind in all {
        let place = format!("/problems/{}", kind["code"].as_str().unwrap());
        assert_eq!(server.send(&Request::get(&place)).await.json(), *kind);
        for (language, title, advice) in [
            ("zh-CN", "title_zh", "advice_zh"),
            ("en", "title_en", "advice_en"),
        ] {
            let shown = server.send(&page(&place, language)).await;
            assert_eq!(shown.status, 200, "{place}");
            let text = plain(&shown).replace("<code>", "").replace("</code>", "");
            for part in [&kind[title], &kind[advice]] {
                // What stands between backticks is shown as code.
                let part = part.as_str().unwrap().replace('`', "");
                assert!(!part.is_empty(), "{place} says nothing");
                assert!(text.contains(&part), "{place} lacks {part}");
            }
            assert!(text.contains(&kind["status"].to_string()), "{place}");
        }
    }

    // What the document lists, and what is really sent.
    let document = server.send(&Request::get("/openapi.json")).await.json();
    let codes = listed(&document);
    assert!(codes.len() > 300, "{}", codes.len());
    for code in codes {
        assert!(all.iter().any(|kind| kind["code"] == code), "{code}");
    }
    let schemas = &document["components"]["schemas"];
    let example = &schemas["Problem"]["properties"]["type"]["example"];
    let sent = server.send(&Request::get("/v1/payments")).await.json();
    for place in [example, &sent["type"]] {
        let told = server.send(&Request::get(place.as_str().unwrap())).await;
        assert_eq!(told.status, 200, "{place}");
    }
    let none = server.send(&Request::get("/problems/unicorn")).await;
    assert_eq!(
        (none.status, none.code().as_str()),
        (404, "problem-not-found")
    );
}

/// The text of a page without its escapes.
fn plain(page: &Answer) -> String {
    page.text()
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
}

/// Every code under an `x-problems`, however deep.
fn listed(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| match member.as_array() {
                Some(codes) if name == "x-problems" => codes
                    .iter()
                    .map(|code| code.as_str().unwrap().to_owned())
                    .collect(),
                Some(_) | None => listed(member),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(listed).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

async fn every_operation_has_a_page_with_its_parameters_body_and_answers(backend: Backend) {
    let server = Server::open(backend).await;
    let document = server.send(&Request::get("/openapi.json")).await.json();
    let index = server.send(&page("/docs", "en")).await;
    let reached = links(&index.text());
    let mut count = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("/docs/{}", operation["operationId"].as_str().unwrap());
            assert!(reached.contains(&place), "{place} is not linked");
            let shown = server.send(&page(&place, "en")).await;
            assert_eq!(shown.status, 200, "{place}");
            let text = plain(&shown);
            assert!(text.contains(path), "{place}");
            assert!(text.contains(&method.to_uppercase()), "{place}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                assert!(
                    text.contains(&format!("<code>{name}</code>")),
                    "{place}: {name}"
                );
            }
            for status in operation["responses"].as_object().unwrap().keys() {
                let named = if status == "default" {
                    "otherwise"
                } else {
                    status
                };
                assert!(
                    text.contains(&format!("<h3>{named}</h3>")),
                    "{place}: {status}"
                );
            }
            for media in operation["requestBody"]["content"]
                .as_object()
                .into_iter()
                .flatten()
            {
                assert!(text.contains(media.0), "{place}: {}", media.0);
            }
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
    let body = plain(&server.send(&page("/docs/createPayment", "en")).await);
    for part in [
        "amount_minor",
        "1 … 9007199254740991",
        "1 … 7200",
        "payments:write",
    ] {
        assert!(body.contains(part), "{part}");
    }

    for link in reached.iter().filter(|link| link.starts_with('/')) {
        let answer = server.send(&page(link, "en")).await;
        assert_eq!(answer.status, 200, "{link}");
    }
    let unknown = server.send(&page("/docs/unicorn", "en")).await;
    assert_eq!(unknown.status, 404);
}

async fn the_pages_speak_both_languages_and_take_nothing_from_elsewhere(backend: Backend) {
    let server = Server::open(backend).await;
    for (language, tag, word) in [
        ("zh-CN,zh;q=0.9", "zh-Hans", "通码 API 文档"),
        ("en-GB", "en", "The tongma API"),
    ] {
        let shown = server.send(&page("/docs", language)).await;
        assert_eq!(shown.header("content-language"), Some(tag));
        assert_eq!(shown.header("vary"), Some("accept, accept-language"));
        let policy = shown.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        let text = shown.text();
        assert!(text.contains(word), "{word}");
        assert!(text.contains("nonce"), "says which calls keep nonces");
        for link in links(&text) {
            assert!(link.starts_with('/'), "{link} leads elsewhere");
        }
        assert!(!text.contains("src=\"http"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documentation_fits_small_and_large_screens() {
    let server = Server::open(Backend::Sqlite).await;
    let origin = server.shop.app.origin.to_string();
    let browser = Browser::start();
    for (width, locale) in [(390, "zh-CN"), (1280, "en-GB")] {
        let how = json!({"width": width, "height": 844, "locale": locale});
        let tab = browser.page(how).await;
        for path in [
            "/docs",
            "/docs/createPayment",
            "/docs/startAttempt",
            "/docs/examples/sign.sh",
            "/problems",
            "/problems/payment-held",
        ] {
            tab.goto(&format!("{origin}{path}")).await;
            let code = "document.documentElement.scrollWidth";
            let wide = tab.ask("evaluate", json!({"code": code})).await;
            assert_eq!(wide, width, "{path} is wider than the screen");
            if let Ok(folder) = std::env::var("TONGMA_TEST_SCREENSHOTS") {
                let name = path.trim_start_matches('/').replace('/', "-");
                let file = format!("{folder}/{name}-{width}.png");
                tab.ask("screenshot", json!({"path": file})).await;
            }
        }
        tab.goto(&format!("{origin}/docs/createPayment")).await;
        let shown = tab.text("figure pre").await;
        tab.click("figure button").await;
        let marked =
            "getSelection().toString() || document.querySelector('figure button').textContent";
        let mut copied = String::new();
        // The clipboard answers when it can.
        for _ in 0..100 {
            let said = tab.ask("evaluate", json!({"code": marked})).await;
            said.as_str().unwrap().clone_into(&mut copied);
            if ["已复制", "Copied"].contains(&copied.as_str()) || copied.trim() == shown.trim() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let done = ["已复制", "Copied"].contains(&copied.as_str()) || copied.trim() == shown.trim();
        assert!(done, "{copied}");
        assert_eq!(tab.ask("problems", json!({})).await, json!([]));
    }
}

on_both![
    every_type_of_a_problem_leads_to_its_meaning_and_what_to_do,
    every_operation_has_a_page_with_its_parameters_body_and_answers,
    the_pages_speak_both_languages_and_take_nothing_from_elsewhere,
];
