//! Headers that are long, odd or spelt in a second way.

use super::{BODY, check, check_digest, headers, request, signed};
use crate::crypto::digest::sha512;
use crate::crypto::http_signature::{
    HEADER_MAX, SignatureError, SignatureHeaders, SignedHeaders, content_digest, parse,
};

#[test]
fn a_body_needs_a_digest_that_still_holds() {
    let right = content_digest::make(BODY);
    let long = content_digest::member("sha-512", &sha512(BODY));
    let wrong_long = content_digest::member("sha-512", &[0; 64]);
    assert_eq!(check_digest(&right), Ok(()));
    assert_eq!(check_digest(&format!("{right}, {long}")), Ok(()));
    assert_eq!(check_digest(&format!("md5=:AAAA:, {right}")), Ok(()));
    for weak in ["md5=:AAAA:", "sha=:AAAA:", "md5=:AAAA:, sha=:AAAA:"] {
        assert_eq!(
            check_digest(weak),
            Err(SignatureError::DigestAlgorithm),
            "{weak}"
        );
    }
    let refused = Err(SignatureError::DigestMismatch);
    assert_eq!(check_digest(&format!("{right}, {wrong_long}")), refused);
    assert_eq!(check_digest("sha-256=:AAAA:"), refused);
    let padded = |bytes: usize| format!("{right}{}", " ".repeat(bytes - right.len()));
    assert_eq!(check_digest(&padded(HEADER_MAX)), Ok(()));
    let too_large = Err(SignatureError::HeaderTooLarge("Content-Digest"));
    assert_eq!(check_digest(&padded(HEADER_MAX + 1)), too_large);
    assert_eq!(check_digest("sha-256=1"), refused);
    assert_eq!(
        check_digest("sha-256=?"),
        Err(SignatureError::Malformed("Content-Digest"))
    );
}

#[test]
fn base64_has_one_spelling() {
    let signed = signed(&request());
    let unpadded = signed.signature.replace("==:", ":");
    // The last symbol before the padding carries four spare bits; the next one sets the lowest.
    let (body, last) = signed.signature.split_at(signed.signature.len() - 4);
    let spare_set = match last {
        "A==:" => "B==:",
        "Q==:" => "R==:",
        "g==:" => "h==:",
        "w==:" => "x==:",
        other => panic!("{other}"),
    };
    for other in [unpadded, format!("{body}{spare_set}")] {
        let changed = SignedHeaders {
            signature: other,
            ..signed.clone()
        };
        assert_eq!(check(&changed, &request()), Err(SignatureError::Invalid));
    }
    let unpadded_digest = content_digest::make(BODY)
        .replace("=:", ":")
        .replacen(':', "=:", 1);
    assert_eq!(
        check_digest(&unpadded_digest),
        Err(SignatureError::DigestMismatch)
    );
}

#[test]
fn the_right_spelling_counts_where_the_signature_stands_only() {
    let right = signed(&request()).signature;
    let (label, value) = right.split_once('=').unwrap();
    let wrong = format!("{label}={}", value.replace("==:", "=:"));
    for around in [
        format!("other=\"{right}\", {wrong}"),
        format!("other=\", {right}, \", {wrong}"),
        format!("{wrong}, other=\", {right}\""),
        format!("{wrong}, other=\"\\\", {right}, \""),
        format!("other=1;{right}, {wrong}"),
        format!("other-{right}, {wrong}"),
        format!("{right}, {wrong}"),
    ] {
        let changed = SignedHeaders {
            signature: around.clone(),
            ..signed(&request())
        };
        let refused = Err(SignatureError::Invalid);
        assert_eq!(check(&changed, &request()), refused, "{around}");
    }
    for around in [
        format!("{wrong}, {right}"),
        format!("other=\",\\\",\";a,\t{right};b=1 ,last"),
        format!("  {right}"),
    ] {
        let changed = SignedHeaders {
            signature: around.clone(),
            ..signed(&request())
        };
        assert_eq!(check(&changed, &request()), Ok(()), "{around}");
    }
}

#[test]
fn headers_are_bounded_before_they_are_read() {
    let signed = signed(&request());
    let huge = format!(
        "{}, x=\"{}\"",
        signed.signature_input,
        "a".repeat(HEADER_MAX)
    );
    let too_large = SignatureHeaders {
        signature_input: Some(&huge),
        ..headers(&signed)
    };
    assert_eq!(
        parse(&too_large).unwrap_err(),
        SignatureError::HeaderTooLarge("Signature-Input")
    );
    let labels: Vec<String> = (0..500).map(|n| format!("a{n}=()")).collect();
    for odd in [
        labels.join(", "),
        "(".repeat(4000),
        "a=((()))".to_owned(),
        "\u{1}".to_owned(),
    ] {
        let headers = SignatureHeaders {
            signature_input: Some(&odd),
            ..headers(&signed)
        };
        assert_eq!(
            parse(&headers).unwrap_err(),
            SignatureError::Malformed("Signature-Input"),
            "{odd}"
        );
    }
}

#[test]
fn every_refusal_has_its_problem_code() {
    for (error, code) in [
        (SignatureError::Missing, "signature-missing"),
        (SignatureError::DigestMismatch, "digest-mismatch"),
        (SignatureError::Invalid, "signature-invalid"),
        (SignatureError::Ambiguous, "signature-invalid"),
        (
            SignatureError::Insufficient("@path"),
            "signature-insufficient",
        ),
        (
            SignatureError::Unsupported("@status".to_owned()),
            "signature-insufficient",
        ),
        (SignatureError::ClockSkew, "clock-skew"),
        (SignatureError::NonceSyntax, "nonce-syntax"),
        (SignatureError::NonceReused, "nonce-reused"),
        (SignatureError::DigestAlgorithm, "digest-algorithm"),
        (
            SignatureError::HeaderTooLarge("Signature"),
            "header-too-large",
        ),
        (SignatureError::Malformed("Signature"), "malformed"),
    ] {
        assert_eq!(error.code(), code);
    }
}
