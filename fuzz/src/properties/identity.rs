//! Which code a text is: every spelling of a code has one canonical text, which is that code.

use std::sync::LazyLock;

use tongma::code::native::{self, Natives};
use tongma::code::{DecodeAnswer, DecodeContext, SignatureVerdict, decode, identify};
use tongma::wallet;

static NATIVES: LazyLock<Natives> = LazyLock::new(|| wallet::natives().expect("patterns"));

pub fn check(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let context = DecodeContext {
        natives: &NATIVES,
        own_origins: &[],
        verify: &|_| SignatureVerdict::UnknownKey,
        allow_http: false,
    };
    let answer = decode(text, &context);
    let Some(identity) = identify(text, &context) else {
        return false;
    };
    let DecodeAnswer::Read(reading) = answer else {
        panic!("a refused text is no code: {text}");
    };
    assert_eq!(reading.network, Some(identity.network), "{text}");
    assert_eq!(reading.kind, identity.kind, "{text}");
    assert_ne!(identity.kind, native::PAYER_CODE, "{text} is kept nowhere");

    let again = identify(&identity.canonical, &context);
    let again = again.unwrap_or_else(|| panic!("{} is no code", identity.canonical));
    assert_eq!(again.canonical, identity.canonical, "{text}");
    assert_eq!(again.network, identity.network, "{text}");
    assert_eq!(again.kind, identity.kind, "{text}");
    true
}

pub fn seeds() -> Vec<Vec<u8>> {
    super::decode::seeds()
}

pub fn words() -> Vec<String> {
    super::decode::words()
}
