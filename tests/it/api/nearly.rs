//! Signatures that are nearly right: one more spelling, one more label, one more digest.

use data_encoding::BASE64;
use serde_json::json;

use tongma::clock::Clock;
use tongma::crypto::digest::{sha256, sha512};
use tongma::crypto::http_signature::{SignatureHeaders, parse};

use crate::api::signature::{digest_of, signed_over, start};
use crate::api::statement::{HEADER, claims, held, statement};
use crate::support::beside::number;
use crate::support::server::Server;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// Ten times what reading a hostile header may take.
const QUICKLY_MS: u128 = 50;

async fn t010_only_calls_that_change_something_keep_their_nonce(backend: Backend) {
    let server = Server::open(backend).await;
    let sticker = server.shop.sticker().await;
    let begun = start(&server, "r-1").await;
    let begun = server.send(&server.signed("jd_pay", begun)).await.json();
    let attempt = format!("/wallet/v1/attempts/{}", begun["attempt"].as_str().unwrap());
    let order = begun["order_number"].as_str().unwrap();
    let order = format!("/wallet/v1/orders/{order}");
    let nonces = async || number(&server.shop.database, "SELECT COUNT(*) FROM nonces").await;
    let kept = nonces().await;

    let look = Request::post_json("/wallet/v1/resolve", &json!({"text": sticker.text}));
    for (wallet, call) in [
        ("jd_pay", look),
        ("jd_pay", Request::get(&attempt)),
        ("wechat_pay", Request::get(&order)),
    ] {
        let call = server.signed(wallet, call);
        let first = server.send(&call).await;
        let again = server.send(&call).await;
        assert_eq!((first.status, again.status), (200, 200), "{}", call.target);
        assert_eq!(first.text(), again.text());
    }
    assert_eq!(nonces().await, kept);

    let said = json!({"status": "paid", "payer_reference": "r-1"});
    let report = Request::post_json(&format!("{attempt}/report"), &said);
    let report = server.signed("jd_pay", report);
    assert_eq!(server.send(&report).await.status, 202);
    server.refuses(&report, 401, "nonce-reused").await;
    assert_eq!(nonces().await, kept + 1);
}

async fn t017_a_statement_that_asks_for_more_or_says_it_twice(backend: Backend) {
    let server = Server::open(backend).await;
    let (path, order) = held(&server).await;
    let claims = claims(&server, "wechat_pay", &order);
    for member in [
        r#""crit":[]"#,
        r#""crit":["exp"]"#,
        r#""crit":["b64"],"b64":false"#,
        r#""b64":false"#,
        r#""crit":"exp""#,
        r#""typ":"tongma-result+jwt""#,
        r#""kid":"KID""#,
        r#""alg":"none""#,
    ] {
        let header = HEADER.replacen('{', &format!("{{{member},"), 1);
        let jws = statement(&server, "wechat_pay", &header, &claims);
        let call = server.signed("wechat_pay", Request::post(&path, "application/jose", jws));
        server.refuses(&call, 401, "signature-invalid").await;
    }
    let jws = statement(&server, "wechat_pay", HEADER, &claims);
    let call = server.signed("wechat_pay", Request::post(&path, "application/jose", jws));
    assert_eq!(server.send(&call).await.json()["state"], "paid");
}

async fn t019_a_signature_in_another_spelling(backend: Backend) {
    let server = Server::open(backend).await;
    let call = server.signed("wechat_pay", start(&server, "r-1").await);
    let header = call.header("signature").unwrap().to_owned();
    let text = header.strip_prefix("tongma=:").unwrap();
    let text = text.strip_suffix(':').unwrap();
    let bytes = BASE64.decode(text.as_bytes()).unwrap();
    for other in [
        BASE64.encode(&plus_order(&bytes)),
        text.trim_end_matches('=').to_owned(),
        format!("{}=", text.trim_end_matches('=')),
        with_spare_bits(text),
    ] {
        let call = call
            .clone()
            .replacing("Signature", &format!("tongma=:{other}:"));
        server.refuses(&call, 401, "signature-invalid").await;
    }

    let (path, order) = held(&server).await;
    let claims = claims(&server, "wechat_pay", &order);
    let jws = statement(&server, "wechat_pay", HEADER, &claims);
    let (input, signature) = jws.rsplit_once('.').unwrap();
    let url = data_encoding::BASE64URL_NOPAD;
    let bytes = url.decode(signature.as_bytes()).unwrap();
    for other in [
        url.encode(&plus_order(&bytes)),
        format!("{signature}=="),
        with_spare_bits(signature),
    ] {
        let jws = format!("{input}.{other}");
        let call = Request::post(&path, "application/jose", jws);
        let call = server.signed("wechat_pay", call);
        server.refuses(&call, 401, "signature-invalid").await;
    }
    assert_eq!(server.send(&call).await.status, 201);
}

/// The same signature with the group's order added to its second half; a lax reader takes it.
fn plus_order(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut sum = signature.to_vec();
    let mut carry = 0;
    for (byte, add) in sum[32..].iter_mut().zip(ORDER) {
        let both = u16::from(*byte) + u16::from(add) + carry;
        *byte = both.to_le_bytes()[0];
        carry = both >> 8;
    }
    assert_eq!(carry, 0);
    sum
}

/// The last character says two bits of the signature and four that nobody reads.
fn with_spare_bits(text: &str) -> String {
    let kept = text.trim_end_matches('=');
    let (before, last) = kept.split_at(kept.len() - 1);
    let next = char::from(last.as_bytes()[0] + 1);
    let padding = text.strip_prefix(kept).unwrap();
    format!("{before}{next}{padding}")
}

async fn t020_a_signature_beside_ours(backend: Backend) {
    let server = Server::open(backend).await;
    let call = start(&server, "r-1").await;
    let ours = server.signed("wechat_pay", call.clone());
    let theirs = server.signed("alipay", call.clone());
    let both = |label: &str, tag: &str, first: bool| {
        let joined = |name: &str| {
            let mine = ours.header(name).unwrap();
            let other = theirs.header(name).unwrap();
            let other = other.replacen("tongma=", &format!("{label}="), 1);
            let other = other.replace("tongma-wallet", tag);
            if first {
                format!("{other}, {mine}")
            } else {
                format!("{mine}, {other}")
            }
        };
        ours.clone()
            .replacing("Signature-Input", &joined("signature-input"))
            .replacing("Signature", &joined("signature"))
    };
    for first in [true, false] {
        let ambiguous = both("a", "tongma-wallet", first);
        server.refuses(&ambiguous, 401, "signature-invalid").await;
    }
    // One key's input under another's signature.
    let mixed = ours
        .clone()
        .replacing("Signature", theirs.header("signature").unwrap());
    server.refuses(&mixed, 401, "signature-invalid").await;
    let only_input = both("tongma", "tongma-wallet", false)
        .replacing("Signature", ours.header("signature").unwrap());
    server.refuses(&only_input, 401, "signature-invalid").await;

    // What a proxy adds for itself is none of our business.
    let (answer, _) = server.does(&both("proxy", "for-my-cache", true), 201).await;
    let attempt = answer.json()["attempt"].as_str().unwrap().to_owned();
    let look = Request::get(&format!("/wallet/v1/attempts/{attempt}"));
    let seen = server.send(&server.signed("wechat_pay", look)).await;
    assert_eq!(seen.status, 200, "it was the one whose tag is ours");
}

async fn t027_headers_that_are_meant_to_hurt(backend: Backend) {
    let server = Server::open(backend).await;
    let call = server.signed("wechat_pay", start(&server, "r-1").await);
    let input = call.header("signature-input").unwrap().to_owned();
    let labels: Vec<String> = (0..500).map(|n| format!("l{n}=()")).collect();
    let rows = [
        ("n".repeat(64_000), 431, "header-too-large"),
        (labels.join(","), 400, "malformed"),
        (format!("a={}", "(".repeat(4_000)), 400, "malformed"),
        (format!("a=(\"x\"{}", ";y".repeat(4_000)), 400, "malformed"),
        (format!("{},{input}", labels.join(",")), 400, "malformed"),
        (input.replace('(', "(("), 400, "malformed"),
    ];
    for (text, status, code) in rows {
        let call = call.clone().replacing("Signature-Input", &text);
        server.refuses(&call, status, code).await;

        let headers = SignatureHeaders {
            signature_input: Some(&text),
            signature: call.header("signature"),
            content_digest: None,
        };
        let began = Clock::System.now();
        assert!(parse(&headers).is_err());
        let took = Clock::System.now().since(began).as_millis();
        assert!(took < QUICKLY_MS, "{code}: {took} ms");
    }
    assert_eq!(server.send(&call).await.status, 201);
}

async fn t028_digests_that_do_not_hold(backend: Backend) {
    let server = Server::open(backend).await;
    let call = start(&server, "r-1").await;
    let right = digest_of(&call.body);
    let long = |body: &[u8]| format!("sha-512=:{}:", BASE64.encode(&sha512(body)));
    let short = |body: &[u8]| BASE64.encode(&sha256(body)[..16]);
    let rows = [
        (
            format!("md5=:{}:", short(&call.body)),
            400,
            "digest-algorithm",
        ),
        (
            format!("sha=:{}:", short(&call.body)),
            400,
            "digest-algorithm",
        ),
        (long(&call.body), 400, "digest-algorithm"),
        (
            format!("{right}, {}", long(b"another")),
            401,
            "digest-mismatch",
        ),
        (
            format!("{}, {right}", long(b"another")),
            401,
            "digest-mismatch",
        ),
        (right.replace("=:\"", ":"), 401, "digest-mismatch"),
        (right.replace("=:", ":"), 400, "malformed"),
    ];
    let signed = |digest: &str| {
        let covered = [
            ("@method", "POST".to_owned()),
            ("@authority", server.authority.clone()),
            ("@path", "/wallet/v1/attempts".to_owned()),
            ("@query", "?".to_owned()),
            ("content-digest", digest.to_owned()),
            ("content-type", "application/json".to_owned()),
        ];
        signed_over(&server, &covered, call.clone()).with("Content-Digest", digest)
    };
    for (digest, status, code) in rows {
        if digest != right {
            server.refuses(&signed(&digest), status, code).await;
        }
    }
    let both = format!("{right}, {}", long(&call.body));
    assert_eq!(server.send(&signed(&both)).await.status, 201);
}

on_both![
    t010_only_calls_that_change_something_keep_their_nonce,
    t017_a_statement_that_asks_for_more_or_says_it_twice,
    t019_a_signature_in_another_spelling,
    t020_a_signature_beside_ours,
    t027_headers_that_are_meant_to_hurt,
    t028_digests_that_do_not_hold,
];
