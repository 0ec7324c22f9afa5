//! Stories about signed statements.

use proptest::prelude::*;

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Claims {
    iss: String,
    iat: i64,
    exp: i64,
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[9; 32])
}

fn claims() -> Claims {
    Claims {
        iss: "https://pay.example".to_owned(),
        iat: 1_790_000_000,
        exp: 1_790_000_600,
    }
}

fn read(text: &str) -> Result<Claims, JwsError> {
    let find = |kid: &str| (kid == key().key_id().as_str()).then(|| *key().public());
    verify(text, RECEIPT, find).map(|verified| verified.claims)
}

fn with_header(header: &str) -> String {
    let header = header.replace("KID", key().key_id().as_str());
    let payload = serde_json::to_vec(&claims()).unwrap();
    let input = format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(header.as_bytes()),
        BASE64URL_NOPAD.encode(&payload)
    );
    let signature = BASE64URL_NOPAD.encode(&key().sign(input.as_bytes()));
    format!("{input}.{signature}")
}

#[test]
fn what_was_signed_is_read() {
    assert_eq!(read(&sign(&key(), RECEIPT, &claims())), Ok(claims()));
}

#[test]
fn what_was_kept_is_read_again() {
    let text = sign(&key(), RECEIPT, &claims());
    assert_eq!(kept(&text), Some(claims()));
    for broken in ["", "a", "a.b.c", &text.replacen('.', ".!", 1)] {
        assert_eq!(kept::<serde_json::Value>(broken), None, "{broken}");
    }
}

#[test]
fn the_example_of_rfc_8037_verifies() {
    let seed = BASE64URL_NOPAD
        .decode(b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
        .unwrap();
    let key = SigningKey::from_seed(&seed.try_into().unwrap());
    let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt\
                     9g7sVvpAr_MuM0KAg";
    assert_eq!(
        BASE64URL_NOPAD.encode(&key.sign(input.as_bytes())),
        signature
    );
    // It names no kind, so no reader of ours takes it.
    let refused = parse(&format!("{input}.{signature}"), RESULT).unwrap_err();
    assert_eq!(refused, JwsError::WrongTokenType { expected: RESULT });
}

#[test]
fn the_older_name_of_the_algorithm_is_taken() {
    let text = with_header(r#"{"alg":"EdDSA","typ":"tongma-receipt+jwt","kid":"KID"}"#);
    assert_eq!(read(&text), Ok(claims()));
}

#[test]
fn no_other_algorithm_is_taken_in_any_spelling() {
    for alg in [
        "none", "None", "nOnE", "NONE", "", "HS256", "ES256", "ed25519", "EDDSA",
    ] {
        let header = format!(r#"{{"alg":"{alg}","typ":"tongma-receipt+jwt","kid":"KID"}}"#);
        let text = with_header(&header);
        assert_eq!(read(&text), Err(JwsError::AlgNotAllowed), "{alg}");
        let (unsigned, _) = text.rsplit_once('.').unwrap();
        assert_eq!(
            read(&format!("{unsigned}.")),
            Err(JwsError::AlgNotAllowed),
            "{alg}"
        );
    }
    let text = sign(&key(), RECEIPT, &claims());
    let (unsigned, _) = text.rsplit_once('.').unwrap();
    assert_eq!(read(&format!("{unsigned}.")), Err(JwsError::AlgNotAllowed));
}

#[test]
fn a_header_that_brings_a_key_or_changes_the_reading_is_refused() {
    for (member, value) in [
        ("jwk", r#"{"kty":"OKP"}"#),
        ("jku", r#""https://evil.example""#),
        ("x5u", r#""https://evil.example""#),
        ("x5c", "[]"),
        ("crit", r#"["exp"]"#),
        ("crit", "[]"),
        ("b64", "false"),
        ("zip", r#""DEF""#),
    ] {
        let text = with_header(&format!(
            r#"{{"alg":"Ed25519","typ":"tongma-receipt+jwt","kid":"KID","{member}":{value}}}"#
        ));
        assert_eq!(read(&text), Err(JwsError::Header(member)), "{value}");
    }
}

#[test]
fn a_header_member_that_stands_twice_is_refused() {
    for header in [
        r#"{"alg":"Ed25519","alg":"Ed25519","typ":"tongma-receipt+jwt","kid":"KID"}"#,
        r#"{"alg":"Ed25519","typ":"tongma-receipt+jwt","kid":"KID","kid":"KID"}"#,
        r#"{"alg":"Ed25519","typ":"tongma-receipt+jwt","kid":"KID","a":1,"\u0061":1}"#,
    ] {
        assert_eq!(
            read(&with_header(header)),
            Err(JwsError::Header("one stands twice"))
        );
    }
}

#[test]
fn a_key_name_is_only_looked_up() {
    for kid in ["", "../../etc/x", "' OR 1=1 --", "https://evil.example/key"] {
        let header = format!(r#"{{"alg":"Ed25519","typ":"tongma-receipt+jwt","kid":"{kid}"}}"#);
        assert_eq!(
            read(&with_header(&header)),
            Err(JwsError::SignatureInvalid),
            "{kid}"
        );
    }
    let nameless = with_header(r#"{"alg":"Ed25519","typ":"tongma-receipt+jwt"}"#);
    assert_eq!(read(&nameless), Err(JwsError::SignatureInvalid));
    for (chars, is_read) in [(128, true), (129, false)] {
        let kid = "k".repeat(chars);
        let header = format!(r#"{{"alg":"Ed25519","typ":"tongma-receipt+jwt","kid":"{kid}"}}"#);
        assert_eq!(
            parse(&with_header(&header), RECEIPT).is_ok(),
            is_read,
            "{chars}"
        );
    }
}

#[test]
fn a_statement_of_another_kind_is_refused() {
    let text = sign(&key(), RESULT, &claims());
    assert_eq!(
        read(&text),
        Err(JwsError::WrongTokenType { expected: RECEIPT })
    );
}

#[test]
fn there_is_one_encoding_only() {
    let text = sign(&key(), RECEIPT, &claims());
    let spaced = text.replacen('.', ". ", 1);
    for other in [
        format!("{text}="),
        format!("{text}\n"),
        format!("{text}."),
        spaced,
    ] {
        assert!(
            matches!(read(&other), Err(JwsError::Malformed(_))),
            "{other}"
        );
    }
    assert_eq!(
        read(&"a".repeat(TEXT_MAX + 1)),
        Err(JwsError::Malformed("too long"))
    );
}

#[test]
fn a_statement_has_a_longest_length() {
    let too_long = JwsError::Malformed("too long");
    // No part of it is base64url of JSON; what counts is how far it is looked at.
    let refused = |chars: usize| read(&format!("{}..", "A".repeat(chars - 2))).unwrap_err();
    assert_ne!(refused(16 * 1024), too_long);
    assert_eq!(refused(16 * 1024 + 1), too_long);
}

#[test]
fn every_refusal_has_its_problem_code() {
    let at = Timestamp::from_seconds(0);
    for (error, code) in [
        (JwsError::Malformed(""), "malformed"),
        (JwsError::AlgNotAllowed, "alg-not-allowed"),
        (JwsError::Header("jwk"), "signature-invalid"),
        (JwsError::SignatureInvalid, "signature-invalid"),
        (
            JwsError::WrongTokenType { expected: RECEIPT },
            "wrong-token-type",
        ),
        (JwsError::Expired(at), "expired"),
        (JwsError::NotYetValid(at), "clock-skew"),
    ] {
        assert_eq!(error.code(), code);
    }
}

#[test]
fn a_statement_holds_from_its_issue_to_its_end_give_or_take_the_skew() {
    let (iat, exp) = (1_790_000_000, 1_790_000_600);
    let at = |second| check_times(iat, exp, Timestamp::from_seconds(second), SKEW);
    assert_eq!(at(iat - 300), Ok(()));
    assert_eq!(
        at(iat - 301),
        Err(JwsError::NotYetValid(Timestamp::from_seconds(iat)))
    );
    assert_eq!(at(exp + 299), Ok(()));
    assert_eq!(
        at(exp + 300),
        Err(JwsError::Expired(Timestamp::from_seconds(exp)))
    );
    let backwards = check_times(exp, iat, Timestamp::from_seconds(iat), SKEW);
    assert!(matches!(backwards, Err(JwsError::Claims { .. })));
    assert_eq!(
        check_times(iat, iat, Timestamp::from_seconds(iat), SKEW),
        Ok(())
    );
}

proptest! {
    #[test]
    fn one_changed_character_anywhere_is_refused(at in 0_usize..1000, to in any::<char>()) {
        let text = sign(&key(), RECEIPT, &claims());
        let mut chars: Vec<char> = text.chars().collect();
        let at = at % chars.len();
        prop_assume!(chars[at] != to);
        chars[at] = to;
        prop_assert!(read(&chars.into_iter().collect::<String>()).is_err());
    }

    #[test]
    fn one_flipped_bit_in_any_part_is_refused(part in 0_usize..3, bit in 0_usize..4000) {
        let text = sign(&key(), RECEIPT, &claims());
        let mut parts: Vec<Vec<u8>> =
            text.split('.').map(|p| BASE64URL_NOPAD.decode(p.as_bytes()).unwrap()).collect();
        let bit = bit % (parts[part].len() * 8);
        parts[part][bit / 8] ^= 1 << (bit % 8);
        let changed: Vec<String> = parts.iter().map(|p| BASE64URL_NOPAD.encode(p)).collect();
        prop_assert!(read(&changed.join(".")).is_err());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        prop_assert!(read(&text).is_err());
    }
}
