//! Any text: what is said of it is about this text, short, and tells no payer's number.

use std::sync::LazyLock;

use serde_json::Value;
use tongma::code::emv::consumer;
use tongma::code::native::{self, Natives};
use tongma::code::origin::Origin;
use tongma::code::run::{self, Parsed};
use tongma::code::{
    DecodeAnswer, DecodeContext, Format, Reading, Remark, SignatureVerdict, TEXT_BYTES_MAX, decode,
    decode_all, is_hidden,
};
use tongma::wallet;

use super::{ORIGIN, is_code, jws};

static NATIVES: LazyLock<Natives> = LazyLock::new(|| wallet::natives().expect("patterns"));
static OWN: LazyLock<Origin> = LazyLock::new(|| Origin::parse(ORIGIN, false).expect("an origin"));

/// The longest answer for each byte of a text, and on top: an object of five bytes can deviate in
/// two ways, and each of them is told in a sentence.
const ANSWER_BYTES_MAX: (usize, usize) = (64, 2_048);

pub fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let answer = in_mode(text, true);
    assert_eq!(answer, in_mode(text, true), "the verdict is stable");
    // What begins in another way is told how to begin, which differs.
    let is_told_how =
        matches!(&answer, DecodeAnswer::Refused(refusal) if refusal.error.code == "origin-scheme");
    if !is_told_how && !text.to_ascii_lowercase().contains("http://") {
        assert_eq!(
            answer,
            in_mode(text, false),
            "test mode changes plain http only"
        );
    }
    let told = serde_json::to_string(&answer).expect("an answer is JSON");
    let (each, on_top) = ANSWER_BYTES_MAX;
    assert!(
        told.len() <= text.len().min(TEXT_BYTES_MAX) * each + on_top,
        "{told}"
    );

    let points = text.chars().count();
    let is_masked = match &answer {
        DecodeAnswer::Refused(refusal) => {
            remark(&refusal.error, points);
            consumer::looks_like(text)
        }
        DecodeAnswer::Read(reading) => {
            assert!(text.len() <= TEXT_BYTES_MAX && !text.is_empty());
            reading
                .warnings
                .iter()
                .for_each(|warning| remark(warning, points));
            unseen(text, reading);
            signature(text, reading);
            is_payers(text, reading)
        }
    };
    let placed = with_context(true, |context| {
        decode_all([(text.to_owned(), [[0; 2]; 4])], false, context)
    });
    let placed = placed.codes.first().expect("one code was found");
    assert_eq!(placed.answer, answer, "a text means the same in a picture");
    assert_eq!(placed.text.is_none(), is_masked);
    answer.is_ok()
}

/// A remark that has a place has it in the text.
fn remark(remark: &Remark, points: usize) {
    assert!(is_code(remark.code), "{}", remark.code);
    assert!(remark.offset.is_none_or(|at| at <= points), "{remark:?}");
}

/// What is not seen is warned of: in the text, and in what it says behind percent signs or in base64.
fn unseen(text: &str, reading: &Reading) {
    let warned = reading.warnings.iter();
    let warned = warned.filter(|warning| warning.code == "hidden-character");
    let (fields, whole): (Vec<_>, Vec<_>) = warned
        .map(|warning| warning.object.as_deref())
        .partition(Option::is_some);
    assert_eq!(!whole.is_empty(), text.contains(is_hidden), "{text}");
    for name in fields.into_iter().flatten() {
        let value = reading.fields.get(name).and_then(Value::as_str);
        let hides = |c: char| is_hidden(c) || c.is_control();
        assert!(value.is_some_and(|value| value.contains(hides)), "{name}");
    }
}

/// A signature is said to be valid of the text that our key makes of the same body, and of no other.
fn signature(text: &str, reading: &Reading) {
    let Some(verdict) = reading.signature else {
        return;
    };
    if reading.format == Format::EmvMpm {
        // Codes in EMV's form have a target of their own; none of them is signed by this key here.
        assert_ne!(verdict, SignatureVerdict::Valid, "{text}");
        return;
    }
    let parsed = run::parse(text, true).expect("only our own codes are signed");
    let ours = run::issue(&parsed.origin, &parsed.run.body, |bytes| {
        jws::key().sign(bytes)
    });
    let is_ours = run::parse(&ours, true).as_ref() == Ok(&parsed);
    let names_us = parsed.run.body.key().map(|key| key.0) == Some(jws::key().public().short_id());
    assert_eq!(verdict == SignatureVerdict::Valid, is_ours && names_us);
    assert_eq!(
        verdict == SignatureVerdict::Absent,
        parsed.run.body.is_compact()
    );
}

/// The number that a payer shows is never told.
fn is_payers(text: &str, reading: &Reading) -> bool {
    if reading.kind == native::PAYER_CODE {
        let told = Value::from(reading.fields.clone()).to_string();
        assert!(!told.contains(text), "{told}");
    }
    reading.kind == native::PAYER_CODE || reading.format == Format::EmvCpm
}

fn in_mode(text: &str, allow_http: bool) -> DecodeAnswer {
    with_context(allow_http, |context| decode(text, context))
}

fn with_context<T>(allow_http: bool, ask: impl FnOnce(&DecodeContext<'_>) -> T) -> T {
    ask(&DecodeContext {
        natives: &NATIVES,
        own_origins: std::slice::from_ref(&OWN),
        verify: &verify,
        allow_http,
    })
}

fn verify(parsed: &Parsed) -> SignatureVerdict {
    let key = jws::key().public();
    match (parsed.run.body.key(), parsed.run.signature) {
        (Some(named), _) if named.0 != key.short_id() => SignatureVerdict::UnknownKey,
        (Some(_), Some(signature)) => match key.verify(&parsed.signed_bytes(), &signature) {
            Ok(()) => SignatureVerdict::Valid,
            Err(_) => SignatureVerdict::Invalid,
        },
        (_, _) => SignatureVerdict::Absent,
    }
}

/// The texts of a list of vectors.
pub(super) fn vectors(list: &str, field: &str) -> Vec<String> {
    let list: Vec<Value> = serde_json::from_str(list).expect("vectors are a list");
    let text = |vector: &Value| vector[field].as_str().expect("a text").to_owned();
    list.iter().map(text).collect()
}

pub fn seeds() -> Vec<Vec<u8>> {
    let natives = vectors(
        include_str!("../../../tests/vectors/native-codes.json"),
        "text",
    );
    let payloads = vectors(
        include_str!("../../../tests/vectors/emv-mpm.json"),
        "payload",
    );
    let some = payloads.into_iter().step_by(8);
    let ours = super::code_run::CODES.iter().cloned();
    natives
        .into_iter()
        .chain(some)
        .chain(ours)
        .map(String::into_bytes)
        .collect()
}

pub fn words() -> Vec<String> {
    let mut words = super::code_run::words();
    words.extend(super::emv::words());
    for wallet in wallet::ALL {
        let about = wallet.about();
        words.extend(about.payer_codes.iter().map(|code| code.prefix.to_owned()));
    }
    let natives = vectors(
        include_str!("../../../tests/vectors/native-codes.json"),
        "text",
    );
    words.extend(natives.iter().map(|text| text.chars().take(24).collect()));
    words
}
