//! Stories about signed requests: what an honest sender may do, what nobody else can.

mod bits;
mod params;
mod strict;

use data_encoding::BASE64;
use sfv::{Dictionary, ListEntry, Parser};

use super::*;
use crate::clock::Timestamp;
use crate::crypto::keys::{HmacKey, SigningKey, VerifyingKey};

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
const NONCE: &str = "n0nce-of_the-day";
const BODY: &[u8] = br#"{"amount_minor":1200}"#;

fn request() -> RequestParts<'static> {
    RequestParts {
        method: "POST",
        authority: "pay.example",
        path: "/wallet/v1/attempts",
        query: Some("lang=zh"),
        content_type: Some("application/json"),
        body: BODY,
        idempotency_key: None,
    }
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[5; 32])
}

fn known() -> VerifyingKey {
    VerifyingKey::Ed25519(*key().public())
}

fn signed(parts: &RequestParts<'_>) -> SignedHeaders {
    sign(parts, &key(), key().key_id().as_str(), NOW, NONCE).unwrap()
}

fn headers(signed: &SignedHeaders) -> SignatureHeaders<'_> {
    SignatureHeaders {
        signature_input: Some(&signed.signature_input),
        signature: Some(&signed.signature),
        content_digest: signed.content_digest.as_deref(),
    }
}

fn check(signed: &SignedHeaders, parts: &RequestParts<'_>) -> Result<(), SignatureError> {
    parse(&headers(signed))?.verify(&known(), parts, NOW)
}

/// Signs whatever is asked for, as a sloppy or hostile sender would.
fn signed_over(parts: &RequestParts<'_>, params: &str, digest: Option<&str>) -> SignedHeaders {
    let input = format!("sig={params}");
    let entries: Dictionary = Parser::new(&input).parse().unwrap();
    let Some(ListEntry::InnerList(covered)) = entries.get("sig") else {
        panic!("{params}")
    };
    let names: Vec<&str> = covered
        .items
        .iter()
        .map(|item| item.bare_item.as_string().unwrap().as_str())
        .collect();
    let text = base::build(&names, &base::canonical(covered), |name| {
        Some(parts.component(name, digest).unwrap_or_default())
    });
    SignedHeaders {
        signature_input: input,
        signature: content_digest::member("sig", &key().sign(text.unwrap().as_bytes())),
        content_digest: digest.map(str::to_owned),
    }
}

const FULL: &str = r#"("@method" "@authority" "@path" "@query" "content-digest" "content-type")"#;

fn full(params: &str) -> String {
    format!("{FULL};{params}")
}

/// With every parameter that is needed, and what else is asked for.
fn good(more: &str) -> String {
    full(&format!(
        r#"created=1790000000;nonce="{NONCE}";keyid="k";tag="{TAG}"{more}"#
    ))
}

fn check_params(params: &str) -> Result<(), SignatureError> {
    let digest = content_digest::make(BODY);
    check(&signed_over(&request(), params, Some(&digest)), &request())
}

fn check_digest(digest: &str) -> Result<(), SignatureError> {
    check(
        &signed_over(&request(), &good(""), Some(digest)),
        &request(),
    )
}

#[test]
fn a_signed_request_is_taken_and_names_its_key() {
    let signed = signed(&request());
    let parsed = parse(&headers(&signed)).unwrap();
    assert_eq!(parsed.keyid(), key().key_id().as_str());
    assert_eq!((parsed.nonce(), parsed.created()), (NONCE, NOW));
    assert_eq!(parsed.verify(&known(), &request(), NOW), Ok(()));
}

#[test]
fn a_request_without_body_or_query_signs_a_question_mark() {
    let get = RequestParts {
        method: "GET",
        query: None,
        content_type: None,
        body: b"",
        ..request()
    };
    let signed = signed(&get);
    assert_eq!(signed.content_digest, None);
    assert_eq!(check(&signed, &get), Ok(()));
    assert_eq!(get.component("@query", None).unwrap(), "?");
    let asked = RequestParts {
        query: Some("amount=1"),
        ..get
    };
    assert_eq!(check(&signed, &asked), Err(SignatureError::Invalid));
}

#[test]
fn the_ed25519_example_of_rfc_9421_verifies() {
    let seed = BASE64
        .decode(b"n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=")
        .unwrap();
    let key = SigningKey::from_seed(&seed.try_into().unwrap());
    let input = r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
    let entries: Dictionary = Parser::new(input).parse().unwrap();
    let Some(ListEntry::InnerList(covered)) = entries.get("sig-b26") else {
        panic!("{input}")
    };
    let parts = RequestParts {
        authority: "example.com",
        path: "/foo",
        ..request()
    };

    let names = base::names(covered).unwrap();
    let base = base::build(&names, &base::canonical(covered), |name| match name {
        "date" => Some("Tue, 20 Apr 2021 02:07:55 GMT".into()),
        "content-length" => Some("18".into()),
        other => parts.component(other, None),
    });
    assert_eq!(
        BASE64.encode(&key.sign(base.unwrap().as_bytes())),
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    );
}

#[test]
fn host_and_port_have_one_form() {
    let signed = signed(&request());
    for same in ["PAY.example", "pay.example:443", "Pay.Example:80"] {
        assert_eq!(
            check(
                &signed,
                &RequestParts {
                    authority: same,
                    ..request()
                }
            ),
            Ok(()),
            "{same}"
        );
    }
    for other in ["other.example", "pay.example:8443", "pay.example."] {
        let swapped = RequestParts {
            authority: other,
            ..request()
        };
        assert_eq!(
            check(&signed, &swapped),
            Err(SignatureError::Invalid),
            "{other}"
        );
    }
}

#[test]
fn a_changed_body_does_not_match_its_digest() {
    let changed = RequestParts {
        body: br#"{"amount_minor":1201}"#,
        ..request()
    };
    assert_eq!(
        check(&signed(&request()), &changed),
        Err(SignatureError::DigestMismatch)
    );
}

#[test]
fn a_body_changed_with_its_digest_does_not_match_the_signature() {
    let changed = RequestParts {
        body: b"{}",
        ..request()
    };
    let mut signed = signed(&request());
    signed.content_digest = Some(content_digest::make(changed.body));
    assert_eq!(check(&signed, &changed), Err(SignatureError::Invalid));
}

#[test]
fn the_digest_of_nothing_does_not_cover_a_body() {
    assert_eq!(
        check_digest(&content_digest::make(b"")),
        Err(SignatureError::DigestMismatch)
    );
}

#[test]
fn all_that_matters_has_to_be_covered() {
    for missing in [
        "@method",
        "@authority",
        "@path",
        "@query",
        "content-digest",
        "content-type",
    ] {
        let params = good("").replace(&format!("\"{missing}\""), "");
        let less = check_params(&params);
        assert_eq!(less, Err(SignatureError::Insufficient(missing)));
    }
    let keyed = RequestParts {
        idempotency_key: Some("order-1"),
        ..request()
    };
    assert_eq!(
        check(&signed(&request()), &keyed),
        Err(SignatureError::Insufficient("idempotency-key"))
    );
    assert_eq!(check(&signed(&keyed), &keyed), Ok(()));
}

#[test]
fn what_cannot_be_recomputed_may_not_be_covered() {
    for (more, name) in [
        (r#""date""#, "date"),
        (r#""@target-uri""#, "@target-uri"),
        (r#""content-type";sf"#, "content-type"),
        (r#""@query-param";name="a""#, "@query-param"),
    ] {
        let params = good("").replace(r#"("@method""#, &format!(r#"({more} "@method""#));
        let refused = Err(SignatureError::Unsupported(name.to_owned()));
        assert_eq!(check_params(&params), refused, "{more}");
    }
    let twice = good("").replace(r#"("@method""#, r#"("@method" "@method""#);
    assert_eq!(
        check_params(&twice),
        Err(SignatureError::Malformed("Signature-Input"))
    );
}

#[test]
fn a_request_holds_for_five_minutes_either_way() {
    let signed = signed(&request());
    let parsed = parse(&headers(&signed)).unwrap();
    for (apart, verdict) in [
        (-301, Err(SignatureError::ClockSkew)),
        (-300, Ok(())),
        (300, Ok(())),
        (301, Err(SignatureError::ClockSkew)),
    ] {
        let now = Timestamp::from_seconds(NOW.seconds() + apart);
        assert_eq!(parsed.verify(&known(), &request(), now), verdict, "{apart}");
    }
}

#[test]
fn the_algorithm_is_the_keys_and_not_the_messages() {
    assert_eq!(check_params(&good(r#";alg="ed25519""#)), Ok(()));
    assert_eq!(
        check_params(&good(r#";alg="hmac-sha256""#)),
        Err(SignatureError::Invalid)
    );

    // The public key as a shared secret.
    let public_as_secret = HmacKey::new(key().public().as_bytes().to_vec()).unwrap();
    let mut forged = sign(
        &request(),
        &public_as_secret,
        key().key_id().as_str(),
        NOW,
        NONCE,
    )
    .unwrap();
    assert_eq!(check(&forged, &request()), Err(SignatureError::Invalid));
    forged.signature_input.push_str(r#";alg="hmac-sha256""#);
    assert_eq!(check(&forged, &request()), Err(SignatureError::Invalid));
}

#[test]
fn a_shared_secret_signs_requests_too() {
    let secret = HmacKey::new(vec![8; 32]).unwrap();
    let signed = sign(&request(), &secret, secret.key_id().as_str(), NOW, NONCE).unwrap();
    let parsed = parse(&headers(&signed)).unwrap();
    let known_secret = VerifyingKey::HmacSha256(secret);
    assert_eq!(parsed.verify(&known_secret, &request(), NOW), Ok(()));
    let other = VerifyingKey::HmacSha256(HmacKey::new(vec![9; 32]).unwrap());
    for key in [&known(), &other] {
        assert_eq!(
            parsed.verify(key, &request(), NOW),
            Err(SignatureError::Invalid)
        );
    }
    let changed = RequestParts {
        path: "/wallet/v1/resolve",
        ..request()
    };
    assert_eq!(
        parsed.verify(&known_secret, &changed, NOW),
        Err(SignatureError::Invalid)
    );
}

#[test]
fn a_signature_covers_sixteen_things_at_most() {
    let read = |names: usize| {
        let names: Vec<String> = (0..names).map(|n| format!("\"x-{n}\"")).collect();
        let params = good("").replace(FULL, &format!("({})", names.join(" ")));
        let input = format!("sig={params}");
        let headers = SignatureHeaders {
            signature_input: Some(&input),
            signature: Some("sig=:AAAA:"),
            content_digest: None,
        };
        parse(&headers).map(|_| ())
    };
    assert_eq!((read(6), read(16)), (Ok(()), Ok(())));
    for many in [17, 18, 40] {
        let malformed = SignatureError::Malformed("Signature-Input");
        assert_eq!(read(many), Err(malformed), "{many}");
    }
}

#[test]
fn an_unknown_key_is_answered_like_a_wrong_signature() {
    let signed = signed(&request());
    let parsed = parse(&headers(&signed)).unwrap();
    let stranger = VerifyingKey::Ed25519(*SigningKey::from_seed(&[6; 32]).public());
    let late = Timestamp::from_seconds(NOW.seconds() + 301);
    for now in [NOW, late] {
        let unknown = parsed.verify_or_refuse(None, &request(), now);
        assert!(unknown.is_err());
        assert_eq!(unknown, parsed.verify(&stranger, &request(), now));
    }
}

#[test]
fn a_request_without_a_signature_for_us_is_unsigned() {
    assert_eq!(
        parse(&SignatureHeaders::default()).unwrap_err(),
        SignatureError::Missing
    );
    let foreign = good("").replace(TAG, "somebody-else");
    assert_eq!(check_params(&foreign), Err(SignatureError::Missing));
    let signed = signed(&request());
    let unlabelled = SignatureHeaders {
        signature: Some("other=:AAAA:"),
        ..headers(&signed)
    };
    assert_eq!(parse(&unlabelled).unwrap_err(), SignatureError::Missing);
}

#[test]
fn the_tag_and_not_the_label_says_which_signature_is_ours() {
    let mut signed = signed(&request());
    signed.signature_input = format!(r#"proxy=("@method");created=1, {}"#, signed.signature_input);
    signed.signature = format!("proxy=:AAAA:, {}", signed.signature);
    assert_eq!(check(&signed, &request()), Ok(()));
}

#[test]
fn two_signatures_for_us_are_one_too_many() {
    let mut signed = signed(&request());
    signed.signature_input = format!(
        r#"mine=("@method");tag="{TAG}", {}"#,
        signed.signature_input
    );
    signed.signature = format!("mine=:AAAA:, {}", signed.signature);
    assert_eq!(check(&signed, &request()), Err(SignatureError::Ambiguous));
}

#[test]
fn only_what_a_reader_would_take_is_signed() {
    let untyped = RequestParts {
        content_type: None,
        ..request()
    };
    let refused = |parts: &RequestParts<'_>, key_id: &str, nonce: &str| {
        sign(parts, &key(), key_id, NOW, nonce).unwrap_err()
    };
    assert_eq!(
        refused(&untyped, "k", NONCE),
        SignatureError::Insufficient("content-type")
    );
    assert_eq!(
        refused(&request(), "k\"", NONCE),
        SignatureError::Malformed("keyid")
    );
    assert_eq!(
        refused(&request(), "k", "short"),
        SignatureError::NonceSyntax
    );
    let broken = RequestParts {
        path: "/a\n\"@query\": ?",
        ..request()
    };
    assert_eq!(refused(&broken, "k", NONCE), SignatureError::Invalid);
}

#[test]
fn the_answer_to_an_unsigned_request_says_what_to_sign() {
    let header = accept_signature();
    let entries: Dictionary = Parser::new(&header).parse().unwrap();
    let (_, entry) = entries.first().unwrap();
    let ListEntry::InnerList(wanted) = entry else {
        panic!("{header}")
    };
    let required: Vec<&str> = request().required().collect();
    assert_eq!(base::names(wanted), Ok(required));
    assert_eq!(wanted.params["tag"].as_string().unwrap().as_str(), TAG);
}
