//! Our own code: one text is one code, and one code is one text.

use std::sync::LazyLock;

use data_encoding::BASE32_NOPAD;
use tongma::code::origin::Origin;
use tongma::code::run::{Body, CodeKind, KeyId, Parsed, RandomId, issue, parse};
use tongma::money::{Amount, Currency};

use super::{ORIGIN, is_code, owned};

/// Takes the input as a text, and as the bytes of a run.
pub fn check(data: &[u8]) -> bool {
    let as_run = format!("HTTPS://PAY.EXAMPLE.COM/Q/{}", BASE32_NOPAD.encode(data));
    let bytes_taken = check_text(&as_run);
    let text_taken = std::str::from_utf8(data).is_ok_and(check_text);
    bytes_taken || text_taken
}

fn check_text(text: &str) -> bool {
    let verdict = parse(text, true);
    assert_eq!(verdict, parse(text, true), "the verdict is stable");
    let outside_test_mode = parse(text, false);
    match verdict {
        Ok(parsed) if parsed.origin.is_secure() => {
            assert_eq!(outside_test_mode.as_ref(), Ok(&parsed));
            is_the_one_spelling(text, &parsed);
            true
        }
        Ok(parsed) => {
            assert!(outside_test_mode.is_err(), "plain http outside test mode");
            is_the_one_spelling(text, &parsed);
            true
        }
        Err(refused) => {
            assert!(outside_test_mode.is_err());
            assert!(refused.offset <= text.chars().count(), "{refused}");
            assert!(is_code(refused.fault.code()), "{refused}");
            false
        }
    }
}

/// Writing what was read gives the text again, up to the letters' case in front of the path and
/// the scheme's own port.
fn is_the_one_spelling(text: &str, parsed: &Parsed) {
    let signature = parsed.run.signature;
    assert_eq!(signature.is_none(), parsed.run.body.is_compact());
    let again = issue(&parsed.origin, &parsed.run.body, |bytes| {
        assert_eq!(bytes, parsed.signed_bytes());
        signature.unwrap_or([0; 64])
    });
    assert_eq!(parse(&again, true).as_ref(), Ok(parsed));

    let (front, path) = split(text);
    let (front_again, path_again) = split(&again);
    assert_eq!(path, path_again, "a run has one spelling");
    let port = if parsed.origin.is_secure() {
        ":443"
    } else {
        ":80"
    };
    let front = front.to_ascii_uppercase();
    let front = front.strip_suffix(port).unwrap_or(&front);
    assert_eq!(front, front_again, "an origin has one spelling");
}

/// Scheme and authority, and what follows them.
fn split(text: &str) -> (&str, &str) {
    let (scheme, rest) = text.split_once("://").expect("a text that was taken");
    let at = scheme.len() + "://".len() + rest.find('/').expect("a path");
    text.split_at(at)
}

pub(super) static CODES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let origins = [
        ORIGIN,
        "https://pay.example.com:8443",
        "http://127.0.0.1:8080",
    ];
    let mut codes = Vec::new();
    for origin in origins.map(|text| Origin::parse(text, true).expect("an origin")) {
        for body in bodies() {
            codes.push(issue(&origin, &body, |bytes| super::jws::key().sign(bytes)));
        }
    }
    codes
});

fn bodies() -> Vec<Body> {
    let amount = Amount::positive(1250, Currency::CNY).expect("an amount");
    let key = KeyId(super::jws::key().public().short_id());
    let mut bodies = Vec::new();
    for kind in CodeKind::ALL.iter().copied() {
        for key in [Some(key), None] {
            let amount = (kind == CodeKind::Fixed).then_some(amount);
            let body = Body::new(kind, amount, RandomId::new([0xA5; 16]), key);
            bodies.push(body.expect("a body"));
        }
    }
    bodies
}

pub fn seeds() -> Vec<Vec<u8>> {
    let texts = CODES.iter().map(|code| code.as_bytes().to_vec());
    let run = |code: &String| {
        let run = code.rsplit('/').next().unwrap_or_default();
        BASE32_NOPAD.decode(run.as_bytes()).expect("a run")
    };
    texts.chain(CODES.iter().map(run)).collect()
}

pub fn words() -> Vec<String> {
    owned(&[
        "HTTPS://",
        "http://",
        "/Q/",
        "/q/",
        ":443",
        ":80",
        "XN--",
        "@",
        "..",
        "127.0.0.1",
        "%2F",
        "=",
        "?",
        "#",
    ])
}
