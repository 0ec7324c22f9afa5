//! Signed statements: what is signed is read, and nothing else is, in no other spelling.

use std::sync::LazyLock;

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use tongma::crypto::jws::{JwsError, RECEIPT, RESOLUTION, RESULT, Verified, parse, sign, verify};
use tongma::crypto::keys::SigningKey;

use super::{is_code, owned};

/// The key of all that is signed here.
pub(super) fn key() -> &'static SigningKey {
    static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_seed(&[7; 32]));
    &KEY
}

/// Takes the input as a statement, as a header, and as a claim.
pub fn check(data: &[u8]) -> bool {
    let text = std::str::from_utf8(data);
    let statement = text.is_ok_and(check_statement);
    let header = check_header(data);
    if let Ok(text) = text {
        check_claim(text);
    }
    statement || header
}

fn check_statement(text: &str) -> bool {
    let verdict = read(text);
    assert_eq!(verdict, read(text), "the verdict is stable");
    match parse(text, RESULT) {
        Ok(unverified) => {
            assert!(unverified.kid().len() <= 128);
            let parts: Vec<&str> = text.split('.').collect();
            assert_eq!(parts.len(), 3);
            for part in parts {
                let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url");
                assert_eq!(
                    BASE64URL_NOPAD.encode(&bytes),
                    part,
                    "a part has one spelling"
                );
            }
        }
        Err(refused) => {
            assert!(is_code(refused.code()));
            assert_eq!(verdict.as_ref(), Err(&refused));
        }
    }
    if verdict.is_ok() {
        is_the_one_spelling(text);
        for other in [RECEIPT, RESOLUTION] {
            let wrong = Err(JwsError::WrongTokenType { expected: other });
            assert_eq!(parse(text, other).map(drop), wrong);
        }
    }
    verdict.is_ok()
}

fn read(text: &str) -> Result<Verified<Value>, JwsError> {
    let known = key().key_id().as_str();
    verify(text, RESULT, |kid| (kid == known).then(|| *key().public()))
}

/// No other last letter, no letter less and none more.
fn is_the_one_spelling(text: &str) {
    let (front, last) = text.split_at(text.len() - 1);
    assert!(read(front).is_err());
    for letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=." {
        let letter = char::from(*letter).to_string();
        assert!(letter == last || read(&format!("{front}{letter}")).is_err());
        assert!(read(&format!("{text}{letter}")).is_err());
    }
}

/// A header is taken where somebody who reads JSON would take it, too.
fn check_header(header: &[u8]) -> bool {
    let signature = BASE64URL_NOPAD.encode(&[0; 64]);
    let text = format!("{}.e30.{signature}", BASE64URL_NOPAD.encode(header));
    assert!(read(&text).is_err(), "nobody signed this");
    let Ok(unverified) = parse(&text, RESULT) else {
        return false;
    };
    let header: Value = serde_json::from_slice(header).expect("a header is JSON");
    assert!(matches!(header["alg"].as_str(), Some("Ed25519" | "EdDSA")));
    assert_eq!(header["typ"], RESULT);
    assert_eq!(header["kid"], unverified.kid());
    for refused in ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"] {
        assert!(header.get(refused).is_none(), "{refused}");
    }
    true
}

/// What is claimed comes back as it was, whatever it is.
fn check_claim(claim: &str) {
    let claims = json!({ "claim": claim });
    let text = sign(key(), RESULT, &claims);
    if text.len() <= tongma::crypto::jws::TEXT_MAX {
        assert_eq!(read(&text).map(|verified| verified.claims), Ok(claims));
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let claims = json!({
        "iss": "wechat_pay", "aud": super::ORIGIN, "iat": 1_795_000_000, "exp": 1_795_000_300,
        "jti": "r1", "order_number": "0123456789abcdef0123456789abcdef", "amount_minor": 1250,
        "currency": "CNY", "payee_reference": "p1", "status": "paid", "discounts": [],
    });
    let kinds = [RESULT, RECEIPT, RESOLUTION];
    let mut seeds: Vec<Vec<u8>> = kinds
        .iter()
        .map(|kind| sign(key(), kind, &claims).into_bytes())
        .collect();
    seeds.push(sign(key(), RESULT, &json!({})).into_bytes());
    let kid = key().key_id();
    for header in [
        format!(r#"{{"alg":"EdDSA","typ":"{RESULT}","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"none","typ":"{RESULT}","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"Ed25519","typ":"{RESULT}","kid":"{kid}","jwk":{{}}}}"#),
        format!(r#"{{"alg":"Ed25519","typ":"{RESULT}","kid":"{kid}","x":[1,{{"a":null}}]}}"#),
    ] {
        seeds.push(header.into_bytes());
    }
    seeds
}

pub fn words() -> Vec<String> {
    owned(&[
        "\"alg\":",
        "\"typ\":",
        "\"kid\":",
        "\"Ed25519\"",
        "\"EdDSA\"",
        "\"none\"",
        "\"HS256\"",
        RESULT,
        RECEIPT,
        "jwk",
        "jku",
        "x5u",
        "x5c",
        "crit",
        "b64",
        "zip",
        "\\u0061",
        "{\"",
        "\":",
        "eyJhbGciOiJFZDI1NTE5",
        "e30",
    ])
}
