//! Payers' codes in EMV's form: whatever is broken in one, nothing of the payer is told.

use data_encoding::BASE64;
use tongma::code::emv::consumer::{looks_like, parse};

use super::{is_code, owned};

/// The beginning of a code, and an application with a card in it.
const FRONT: &[u8] = b"\x85\x05CPV01";
const CARD: &[u8] = b"\x61\x11\x4F\x05\xA0\x00\x00\x03\x33\x5A\x08\x12\x34\x56\x78\x90\x12\x34\x58";
const SECRET: &str = "1234567890123458";

/// Takes the input as a text, as what follows a card, and as what stands in front of one.
pub fn check(data: &[u8]) -> bool {
    let behind = check_text(&BASE64.encode(&[FRONT, CARD, data].concat()));
    let before = check_text(&BASE64.encode(&[FRONT, data, CARD].concat()));
    let as_text = std::str::from_utf8(data).is_ok_and(check_text);
    !data.is_empty() && (behind || before || as_text)
}

fn check_text(text: &str) -> bool {
    let verdict = parse(text);
    assert_eq!(verdict, parse(text), "the verdict is stable");
    match verdict {
        Ok(code) => {
            assert!(looks_like(text), "what can be read claims to be readable");
            let told = format!("{code:?} {}", code.masked());
            assert!(!told.contains(SECRET), "{told}");
            // A name that begins with a digit could be a card's, so that there may be none to tell.
            let digit = |name: &String| name.starts_with(|c: char| c.is_ascii_digit());
            assert!(!code.applications().iter().any(digit), "{told}");
            true
        }
        Err(refused) => {
            assert!(refused.offset <= text.chars().count(), "{refused:?}");
            assert!(is_code(refused.fault.code()), "{refused:?}");
            false
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let texts = super::decode::vectors(
        include_str!("../../../tests/vectors/emv-cpm.json"),
        "payload",
    );
    let bytes: Vec<_> = texts
        .iter()
        .filter_map(|text| BASE64.decode(text.as_bytes()).ok())
        .collect();
    texts
        .into_iter()
        .map(String::into_bytes)
        .chain(bytes)
        .collect()
}

pub fn words() -> Vec<String> {
    owned(&[
        "CPV01",
        "hQVDUFYwMW",
        "a",
        "b",
        "c",
        "d",
        "O",
        "W",
        "Z",
        "P",
    ])
}
