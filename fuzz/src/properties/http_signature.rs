//! Signed requests: what is signed is taken, and nothing that differs from it in a bit.

use data_encoding::BASE64;
use tongma::clock::Timestamp;
use tongma::crypto::http_signature::{
    HEADER_MAX, Parsed, RequestParts, SignatureError, SignatureHeaders, SignedHeaders, TAG, parse,
    sign,
};
use tongma::crypto::keys::{SigningKey, VerifyingKey};

use super::{is_code, jws, owned};

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
const BODY: &[u8] = br#"{"text":"HTTPS://PAY.EXAMPLE.COM/Q/DCS2LJNFUWS2LJNFUWS2LJNFUWSQ"}"#;
const NONCE: &str = "0123456789abcdef";

/// Takes the input as headers, a line each, of a request that is always the same; and as the parts
/// of a request that is signed.
pub fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let mut lines = text.splitn(3, '\n');
    let headers = SignatureHeaders {
        signature_input: lines.next(),
        signature: lines.next(),
        content_digest: lines.next(),
    };
    check_request(text);
    check_headers(&headers)
}

fn request() -> RequestParts<'static> {
    RequestParts {
        method: "POST",
        authority: "pay.example.com",
        path: "/wallet/v1/resolve",
        query: None,
        content_type: Some("application/json"),
        body: BODY,
        idempotency_key: None,
    }
}

fn check_headers(headers: &SignatureHeaders<'_>) -> bool {
    let verdict = parse(headers);
    let said = |parsed: &Parsed<'_>| {
        (
            parsed.keyid().to_owned(),
            parsed.nonce().to_owned(),
            parsed.created(),
        )
    };
    let again = parse(headers);
    assert_eq!(
        verdict.as_ref().map(said),
        again.as_ref().map(said),
        "the verdict is stable"
    );
    let parsed = match verdict {
        Ok(parsed) => parsed,
        Err(refused) => {
            assert!(is_code(refused.code()));
            assert!(refused.to_string().len() <= 512, "{refused}");
            return false;
        }
    };
    let lengths = [
        headers.signature_input,
        headers.signature,
        headers.content_digest,
    ];
    assert!(
        lengths
            .into_iter()
            .flatten()
            .all(|header| header.len() <= HEADER_MAX)
    );
    assert!(
        headers
            .signature_input
            .is_some_and(|header| header.contains(TAG))
    );
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    assert!((8..=64).contains(&parsed.nonce().len()) && parsed.nonce().bytes().all(letter));

    let nobody = parsed
        .verify_or_refuse(None, &request(), NOW)
        .expect_err("no key, no proof");
    assert!(is_code(nobody.code()));
    assert!(nobody.to_string().len() <= 512, "{nobody}");
    let verdict = parsed.verify(&public(), &request(), NOW);
    if verdict.is_ok() {
        is_the_one_spelling(headers);
        holds_for_this_request_only(&parsed, &request());
    } else {
        // Whether the key exists is seen only by who has it.
        let other = VerifyingKey::Ed25519(*SigningKey::from_seed(&[8; 32]).public());
        assert_eq!(parsed.verify(&other, &request(), NOW), Err(nobody));
    }
    verdict.is_ok()
}

/// One run of base64 in the header is what verifies, in its one spelling; the others are free.
fn is_the_one_spelling(headers: &SignatureHeaders<'_>) {
    let header = headers.signature.expect("it verified");
    let in_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let mut needed = Vec::new();
    for run in header.split(|c| !in_base64(c)).filter(|run| run.len() > 80) {
        let at = run.as_ptr().addr() - header.as_ptr().addr();
        let (front, rest) = header.split_at(at);
        let (_, back) = rest.split_at(run.len());
        let zeros = format!("{front}{}=={back}", "A".repeat(86));
        let changed = SignatureHeaders {
            signature: Some(&zeros),
            ..*headers
        };
        let verdict = parse(&changed).and_then(|parsed| parsed.verify(&public(), &request(), NOW));
        if verdict.is_err() {
            needed.push(run);
        }
    }
    let [one] = needed.as_slice() else {
        panic!("one text has to be right, not {needed:?}");
    };
    assert!(
        BASE64.decode(one.as_bytes()).is_ok(),
        "{one} is a second spelling"
    );
}

fn holds_for_this_request_only(parsed: &Parsed<'_>, parts: &RequestParts<'_>) {
    let more = |text: &str| format!("{}x", text.trim());
    let (authority, path) = (more(parts.authority), more(parts.path));
    let query = more(parts.query.unwrap_or_default());
    let key = more(parts.idempotency_key.unwrap_or_default());
    let shorter = &parts.body[..parts.body.len().saturating_sub(1)];
    let mut others = vec![
        RequestParts {
            method: "PUT",
            ..*parts
        },
        RequestParts {
            authority: &authority,
            ..*parts
        },
        RequestParts {
            path: &path,
            ..*parts
        },
        RequestParts {
            query: Some(&query),
            ..*parts
        },
        RequestParts {
            idempotency_key: Some(&key),
            ..*parts
        },
    ];
    if !parts.body.is_empty() {
        others.push(RequestParts {
            body: shorter,
            ..*parts
        });
        others.push(RequestParts {
            content_type: Some("text/plain"),
            ..*parts
        });
    }
    for other in others {
        assert!(parsed.verify(&public(), &other, NOW).is_err(), "{other:?}");
    }
    let stranger = VerifyingKey::Ed25519(*SigningKey::from_seed(&[8; 32]).public());
    assert_eq!(
        parsed.verify(&stranger, parts, NOW),
        Err(SignatureError::Invalid)
    );
    for seconds in [-301, 301] {
        let then = Timestamp::from_seconds(parsed.created().seconds() + seconds);
        assert_eq!(
            parsed.verify(&public(), parts, then),
            Err(SignatureError::ClockSkew)
        );
    }
}

/// Signs a request made of the input, and reads it as it goes over the wire.
fn check_request(text: &str) {
    let mut lines = text.splitn(5, '\n');
    let mut part = |unless: &'static str| lines.next().filter(|l| !l.is_empty()).unwrap_or(unless);
    let (path, query, authority, key, body) = (part("/"), part(""), part("x"), part(""), part(""));
    let parts = RequestParts {
        method: "POST",
        authority,
        path,
        query: (!query.is_empty()).then_some(query),
        content_type: (!body.is_empty()).then_some("application/json"),
        body: body.as_bytes(),
        idempotency_key: (!key.is_empty()).then_some(key),
    };
    let signed = sign(&parts, jws::key(), jws::key().key_id().as_str(), NOW, NONCE);
    let Ok(SignedHeaders {
        signature_input,
        signature,
        content_digest,
    }) = signed
    else {
        // A line break has no form in which it could be signed; all others here are taken as ends.
        let signed = [path, query, authority, key.trim()];
        assert!(signed.iter().any(|part| part.contains('\r')), "{parts:?}");
        return;
    };
    let headers = SignatureHeaders {
        signature_input: Some(&signature_input),
        signature: Some(&signature),
        content_digest: content_digest.as_deref(),
    };
    let parsed = parse(&headers).expect("what we sign can be read");
    assert_eq!(parsed.verify(&public(), &parts, NOW), Ok(()));
    holds_for_this_request_only(&parsed, &parts);
}

fn public() -> VerifyingKey {
    VerifyingKey::Ed25519(*jws::key().public())
}

pub fn seeds() -> Vec<Vec<u8>> {
    let key_id = jws::key().key_id().as_str();
    let signed = sign(&request(), jws::key(), key_id, NOW, NONCE).expect("it can be signed");
    let digest = signed.content_digest.unwrap_or_default();
    let (input, signature) = (signed.signature_input, signed.signature);
    let proxied = format!(r#"proxy=("@method");created=1;keyid="p", {input}"#);
    let texts = [
        format!("{input}\n{signature}\n{digest}"),
        format!("{proxied}\nproxy=:AAAA:, {signature}\n{digest}"),
        format!("{input};expires=1795000100;alg=\"ed25519\"\n{signature}\n{digest}"),
        format!("{input}\n{signature}\nsha-512=:AAAA:, {digest}"),
        "/v1/codes\na=1&b=2\nPAY.example.com:443\nkey-1\n{\"a\":1}".to_owned(),
        "/\n\nx:80\n\n".to_owned(),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}

pub fn words() -> Vec<String> {
    owned(&[
        "\"@method\"",
        "\"@authority\"",
        "\"@path\"",
        "\"@query\"",
        "\"@target-uri\"",
        "\"@status\"",
        "\"content-digest\"",
        "\"content-type\"",
        "\"idempotency-key\"",
        ";created=",
        ";expires=",
        ";nonce=\"",
        ";keyid=\"",
        ";alg=\"",
        ";tag=\"tongma-wallet\"",
        ";sf",
        ";key=",
        ";bs",
        ";req",
        ";tr",
        "tongma=(",
        "sig1=:",
        "sha-256=:",
        "sha-512=:",
        ":, ",
        "ed25519",
        "hmac-sha256",
        "?0",
        "@1795000000",
        "%\"",
        "1795000000",
        "\n",
    ])
}
