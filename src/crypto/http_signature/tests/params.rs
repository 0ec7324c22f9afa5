//! What a signature says about itself: time and nonce.

use super::{NONCE, check, check_params, good, request, signed};
use crate::crypto::http_signature::SignatureError;

#[test]
fn an_expired_request_is_refused() {
    assert_eq!(check_params(&good(";expires=1790000000")), Ok(()));
    assert_eq!(
        check_params(&good(";expires=1789999999")),
        Err(SignatureError::ClockSkew)
    );
}

#[test]
fn the_time_is_there_and_a_whole_number() {
    let created = |text: &str| check_params(&good("").replace("created=1790000000;", text));
    for wrong in [
        "",
        "created=1790000000.0;",
        r#"created="1790000000";"#,
        "created;",
    ] {
        assert_eq!(
            created(wrong),
            Err(SignatureError::Insufficient("created")),
            "{wrong}"
        );
    }
    assert_eq!(
        created("created=-999999999999999;"),
        Err(SignatureError::ClockSkew)
    );
}

#[test]
fn a_nonce_is_eight_to_sixty_four_plain_characters() {
    let nonce = |text: &str| check_params(&good("").replace(NONCE, text));
    assert_eq!(nonce("12345678"), Ok(()));
    assert_eq!(nonce(&"a".repeat(64)), Ok(()));
    for wrong in ["", "1234567", &"a".repeat(65), "12345678!", "1234 5678"] {
        assert_eq!(nonce(wrong), Err(SignatureError::NonceSyntax), "{wrong}");
    }
    let without = good("").replace(&format!(r#"nonce="{NONCE}";"#), "");
    assert_eq!(
        check_params(&without),
        Err(SignatureError::Insufficient("nonce"))
    );
    for control in ["1234567\u{1}8", "1234567\t8", "12345678é"] {
        let mut signed = signed(&request());
        signed.signature_input = signed.signature_input.replace(NONCE, control);
        assert_eq!(
            check(&signed, &request()),
            Err(SignatureError::NonceSyntax),
            "{control}"
        );
    }
}
