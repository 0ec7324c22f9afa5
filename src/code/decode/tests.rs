//! Every text gets an answer, and no text gets a better one than it deserves.

use proptest::prelude::*;

use super::*;
use crate::code::native::tests::natives;
use crate::code::run::{Body, CodeKind, KeyId, RandomId, issue};

fn answer(text: &str) -> Value {
    let own = [Origin::parse("https://pay.example.com", false).unwrap()];
    let verify = |parsed: &Parsed| match parsed.run.signature {
        Some([7, ..]) => SignatureVerdict::Valid,
        _ => SignatureVerdict::Invalid,
    };
    let context = DecodeContext {
        natives: natives(),
        own_origins: &own,
        verify: &verify,
        allow_http: false,
    };
    serde_json::to_value(decode(text, &context)).unwrap()
}

fn ours(origin: &str, first: u8) -> String {
    let origin = Origin::parse(origin, false).unwrap();
    let key = Some(KeyId([0xAB; 4]));
    let body = Body::new(CodeKind::Static, None, RandomId::new([1; 16]), key).unwrap();
    issue(&origin, &body, |_| [first; 64])
}

fn warnings(answer: &Value) -> Vec<&str> {
    answer["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w["code"].as_str().unwrap())
        .collect()
}

#[test]
fn our_own_code_is_told_with_what_its_signature_is_worth() {
    let good = answer(&ours("https://pay.example.com", 7));
    let expected = json!({
        "ok": true, "format": "link", "scheme": "tongma", "network": "tongma",
        "kind": "static", "strict": true, "signature": "valid", "warnings": [],
        "fields": {
            "kind": "static", "id": "AEAQCAIBAEAQCAIBAEAQCAIBAE", "compact": false,
            "origin": "https://pay.example.com", "key_id": "abababab",
        },
    });
    assert_eq!(good, expected);
    let forged = answer(&ours("https://pay.example.com", 8));
    assert_eq!(forged["signature"], "invalid");
    assert_eq!(warnings(&forged), ["signature-invalid"]);
    let elsewhere = answer(&ours("https://pay.example.net", 7));
    assert_eq!(warnings(&elsewhere), ["other-origin"]);
}

#[test]
fn what_was_made_to_look_like_ours_is_refused_in_words() {
    let text = ours("https://pay.example.com", 7);
    let run = text.rsplit('/').next().unwrap();
    for (text, code) in [
        (format!("{text}?amount=1"), "run-character"),
        (text.to_ascii_lowercase(), "run-path"),
        ("https://pay.example.com/Q/CAAQ".to_owned(), "run-length"),
        (
            format!("https://pay.example@evil.example/Q/{run}"),
            "origin-user",
        ),
        (
            format!("https://p\u{430}y.example.com/Q/{run}"),
            "origin-not-ascii",
        ),
        (
            format!("https://xn--py-sia.example/Q/{run}"),
            "origin-punycode",
        ),
        (format!("http://pay.example.com/Q/{run}"), "origin-insecure"),
    ] {
        let refused = answer(&text);
        assert_eq!(refused["ok"], false, "{text}");
        assert_eq!(refused["error"]["code"], code, "{text}");
    }
}

#[test]
fn another_link_is_a_link_and_no_payment_code() {
    for text in [
        "https://pay.example.com/about",
        "https://evil.example/Q/x",
        "HTTP://X",
    ] {
        let answer = answer(text);
        assert_eq!(
            (&answer["format"], &answer["network"]),
            (&json!("link"), &Value::Null)
        );
    }
}

#[test]
fn a_payer_code_is_masked_wherever_it_goes() {
    let answer = answer("106258562632154710");
    assert_eq!(answer["kind"], "payer_auth_code");
    assert_eq!(warnings(&answer), ["payer-code"]);
    assert_eq!(answer["fields"]["masked"], "10**************10");
    assert!(!answer.to_string().contains("6258562632"));
}

#[test]
fn every_emv_vector_is_answered_as_what_it_is() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/vectors/emv-mpm.json")).unwrap();
    for vector in vectors {
        let text = vector["payload"].as_str().unwrap();
        let answer = answer(text);
        if vector["valid"] == true {
            assert_eq!(answer["format"], "emv_mpm", "{text}");
            assert_eq!(answer["fields"], vector["fields"], "{text}");
            assert_eq!(answer["strict"], vector["strict_emv"], "{text}");
        } else {
            let consumer = answer["format"] == "emv_cpm";
            assert!(answer["ok"] == false || consumer, "{text}: {answer}");
        }
    }
}

#[test]
fn no_lookalike_is_taken_for_a_payment_code() {
    let vectors: Vec<Value> =
        serde_json::from_str(include_str!("../../../tests/vectors/native-codes.json")).unwrap();
    for vector in vectors.iter().filter(|v| v["network"].is_null()) {
        let text = vector["text"].as_str().unwrap();
        assert_eq!(
            answer(text).get("network").unwrap_or(&Value::Null),
            &Value::Null,
            "{text}"
        );
    }
}

#[test]
fn strange_contents_are_refused_or_remarked_on() {
    assert_eq!(
        answer("a\0b")["error"],
        json!({
            "code": "control-character", "message": "control characters are not allowed",
            "object": null, "offset": 1,
        })
    );
    assert_eq!(
        warnings(&answer("老王\u{202e}gnp.exe")),
        ["hidden-character"]
    );
    assert_eq!(answer(&"7".repeat(7089))["network"], Value::Null);
    assert_eq!(answer(&"7".repeat(8193))["error"]["code"], "too-long");
    assert_eq!(answer("")["error"]["code"], "empty");
}

proptest! {
    #[test]
    fn every_text_gets_an_answer(text in ".{0,2048}", digits in "[0-9]{0,400}") {
        prop_assert!(answer(&text)["ok"].is_boolean());
        prop_assert!(answer(&digits)["ok"].is_boolean());
        let emv = answer(&format!("000201{text}"));
        prop_assert!(emv["ok"].is_boolean());
        let ours = answer(&format!("https://pay.example.com/Q/{text}"));
        prop_assert!(ours["ok"].is_boolean());
    }
}
