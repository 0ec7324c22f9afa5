//! List G: languages that nobody here speaks, patterns that blow up, and what the libraries had.

use serde_json::json;

use tongma::clock::Clock;

use crate::api::tenant::operations;
use crate::support::server::{Server, bearer};
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// Ten times what a page or a refusal may take when somebody is unkind, in a debug build.
const QUICKLY_MS: u128 = 2_000;

async fn t116_nobody_reads_xml(backend: Backend) {
    let server = Server::open(backend).await;
    let sticker = server.shop.sticker().await;
    let asked = server.shop.payee.calls().len();
    let thief = &server.shop.payee.url;
    let doctypes = [
        format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"{thief}/x\">]><xml><order>&e;</order></xml>"),
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><xml><a>&e;</a></xml>".to_owned(),
        "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]><xml>&b;</xml>".to_owned(),
        "<xml><![CDATA[ ]]]]><![CDATA[> ]]></xml>".to_owned(),
    ];
    for operation in operations(&server).await {
        if operation.method != "POST" {
            continue;
        }
        // A print of what is not there is refused before its logo is looked at.
        let id = if operation.path.ends_with("/print") {
            sticker.id.as_str()
        } else {
            "pay_00000000000000000000000000"
        };
        let bare = operation.call(id);
        for (n, xml) in doctypes.iter().enumerate() {
            let media = ["application/xml", "text/xml", "image/svg+xml"][n % 3];
            let call = Request {
                body: xml.clone().into_bytes(),
                ..bare.clone().replacing("Content-Type", media)
            };
            let call = if operation.path.starts_with("/wallet/") {
                server.signed("wechat_pay", call.without("Idempotency-Key"))
            } else {
                bearer(call, &server.token)
            };
            server.refuses(&call, 415, "media-type").await;
        }
    }
    for path in [
        "/counter/pair",
        "/counter/verify",
        "/phone/decode",
        "/phone/scan",
    ] {
        let call = Request::post(path, "text/xml", doctypes[1].clone());
        let call = call.with("Origin", &server.shop.app.origin.to_string());
        let answer = server.send(&call).await;
        assert!(
            (400..500).contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.text().contains("root:"), "{path}");
    }
    assert_eq!(
        server.shop.payee.calls().len(),
        asked,
        "no outbound request"
    );
}
on_both![t116_nobody_reads_xml];

/// One of many texts that simple hashes take for each other.
fn like_another(number: u32) -> String {
    (0..13)
        .map(|bit| if (number >> bit) & 1 == 0 { "Aa" } else { "BB" })
        .collect()
}

async fn t119_texts_that_make_patterns_and_tables_slow(backend: Backend) {
    let server = Server::open(backend).await;
    let sticker = server.shop.sticker().await;
    let (_, run) = sticker.text.split_once("/Q/").unwrap();
    let agents = [
        "MicroMessenger/".repeat(500),
        "AlipayClient".repeat(600),
        format!("{}!", "a".repeat(7_900)),
        format!("{}JDJR", "application=JDJR-App&".repeat(350)),
        "UnionPay/1.0 CloudPay ".repeat(350),
    ];
    for agent in &agents {
        let began = Clock::System.now();
        let page = Request::get(&format!("/Q/{run}")).with("User-Agent", agent);
        assert_eq!(server.send(&page).await.status, 200);
        let took = Clock::System.now().since(began).as_millis();
        assert!(took < QUICKLY_MS, "{took} ms: {agent:.40}");
    }
    let texts = [
        "https://qr.alipay.com/".repeat(90),
        format!("{}!", "1".repeat(2_000)),
        format!("wxp://{}", "f2f".repeat(600)),
        "0".repeat(2_000),
    ];
    for text in &texts {
        let began = Clock::System.now();
        let asked = json!({"text": text});
        let answer = server.ask(Request::post_json("/v1/decode", &asked)).await;
        assert!(answer.status < 500, "{}", answer.text());
        let took = Clock::System.now().since(began).as_millis();
        assert!(took < QUICKLY_MS, "{took} ms: {text:.40}");
    }
    // Names of fields, chosen to fall together in a table without chance in it.
    let names: Vec<String> = (0_u32..6_000)
        .map(|n| format!("\"{}\":0", like_another(n)))
        .collect();
    let began = Clock::System.now();
    let call = Request::post(
        "/v1/payments",
        "application/json",
        format!("{{{}}}", names.join(",")),
    );
    let call = bearer(call, &server.token).with("Idempotency-Key", "k-1");
    let answer = server.send(&call).await;
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    let took = Clock::System.now().since(began).as_millis();
    assert!(took < QUICKLY_MS, "{took} ms");
    server.is_ready().await;
}
on_both![t119_texts_that_make_patterns_and_tables_slow];

/// The version of a crate that is linked in.
fn version(name: &str) -> Vec<u32> {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    let package = format!("name = \"{name}\"\nversion = \"");
    let at = lock
        .find(&package)
        .unwrap_or_else(|| panic!("{name} is not linked in"));
    let (_, rest) = lock.split_at(at + package.len());
    let text = rest.split('"').next().unwrap();
    let numbers = text
        .split(['.', '-', '+'])
        .map_while(|part| part.parse().ok());
    numbers.collect()
}

/// RUSTSEC-2024-0363: a value of more than 4 GiB overflowed a length on its way to the database.
#[test]
fn t122_the_database_driver_counts_the_length_of_what_it_sends() {
    assert!(version("sqlx") >= vec![0, 8, 1]);
    assert!(version("sqlx-core") >= vec![0, 8, 1]);
}
