//! List A: how long a refusal takes tells nothing. The figures come from `cargo bench --bench
//! timing`; here only a difference of a factor of ten is caught, which no busy machine makes of
//! medians that are equal.

use std::time::Instant;

use data_encoding::BASE64;

use tongma::clock::{Stopwatch, Timestamp};
use tongma::crypto::http_signature::{
    Parsed, RequestParts, SignatureError, SignatureHeaders, parse, sign,
};
use tongma::crypto::keys::{HmacKey, SigningKey, VerifyingKey};
use tongma::crypto::sealing::{Purpose, Sealer};
use tongma::flow::authenticate;

use crate::support::secret::registers;
use crate::support::shop::Shop;
use crate::support::{Backend, on_both};

/// How often each is done; the middle one counts.
const TIMES: usize = 300;
/// By what no two medians may differ.
const FACTOR: u128 = 10;
const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// The medians of both in nanoseconds, taken in turns.
#[expect(
    clippy::disallowed_methods,
    reason = "what is measured is real time, finer than a Clock tells it"
)]
fn medians(mut left: impl FnMut(), mut right: impl FnMut()) -> [u128; 2] {
    let mut took = [Vec::new(), Vec::new()];
    for _ in 0..TIMES {
        let began = Instant::now();
        left();
        took[0].push(began.elapsed().as_nanos());
        let began = Instant::now();
        right();
        took[1].push(began.elapsed().as_nanos());
    }
    took.map(middle)
}

/// The median.
fn middle(mut all: Vec<u128>) -> u128 {
    all.sort_unstable();
    all[TIMES / 2].max(1)
}

fn must_be_alike(what: &str, [left, right]: [u128; 2]) {
    let (least, most) = (left.min(right), left.max(right));
    assert!(most < least * FACTOR, "{what}: {left} ns and {right} ns");
}

/// A code that differs from the right one in its first byte, and one that does in its last.
fn first_and_last_wrong(right: [u8; 32]) -> [[u8; 32]; 2] {
    let (mut first, mut last) = (right, right);
    first[0] ^= 1;
    last[31] ^= 1;
    [first, last]
}

#[test]
fn t024_a_wrong_code_takes_as_long_wherever_it_is_wrong() {
    let key = HmacKey::from_random([0x5a; 32]);
    let [first, last] = first_and_last_wrong(key.mac(b"message"));
    let took = medians(
        || assert!(key.verify(b"message", &first).is_err()),
        || assert!(key.verify(b"message", &last).is_err()),
    );
    must_be_alike("a shared secret's code", took);

    let sealer = Sealer::new([7; 32]);
    let [first, last] = first_and_last_wrong(sealer.mac(Purpose::Cursor, b"place"));
    let took = medians(
        || assert!(!sealer.check_mac(Purpose::Cursor, b"place", &first)),
        || assert!(!sealer.check_mac(Purpose::Cursor, b"place", &last)),
    );
    must_be_alike("a cursor's code", took);
}

fn parts() -> RequestParts<'static> {
    RequestParts {
        method: "POST",
        authority: "pay.example.com",
        path: "/wallet/v1/attempts",
        query: None,
        content_type: Some("application/json"),
        body: b"{}",
        idempotency_key: None,
    }
}

/// Runs `what` with the headers of a request whose signature is well formed and wrong, of so many
/// bytes; `more` stands behind its other parameters.
fn with_wrong_signature(bytes: usize, more: &str, what: impl FnOnce(&Parsed<'_>)) {
    let signed = sign(
        &parts(),
        &SigningKey::from_seed(&[3; 32]),
        "k",
        NOW,
        "nonce-0001",
    )
    .unwrap();
    let wrong = format!("tongma=:{}:", BASE64.encode(&vec![1; bytes]));
    let input = format!("{}{more}", signed.signature_input);
    let parsed = parse(&SignatureHeaders {
        signature_input: Some(&input),
        signature: Some(&wrong),
        content_digest: signed.content_digest.as_deref(),
    });
    what(&parsed.unwrap());
}

#[test]
fn t025_an_unknown_key_takes_as_long_as_a_known_one() {
    let pair = VerifyingKey::Ed25519(*SigningKey::from_seed(&[3; 32]).public());
    let shared = VerifyingKey::HmacSha256(HmacKey::from_random([0x5a; 32]));
    for (bytes, more) in [
        (64, ""),
        (32, ""),
        (64, ";alg=\"ed25519\""),
        (64, ";alg=\"hmac-sha256\""),
    ] {
        for known in [&pair, &shared] {
            with_wrong_signature(bytes, more, |parsed| {
                let refused = |key: Option<&VerifyingKey>| {
                    let outcome = parsed.verify_or_refuse(key, &parts(), NOW);
                    assert_eq!(outcome, Err(SignatureError::Invalid));
                };
                let took = medians(|| refused(Some(known)), || refused(None));
                let what = format!("{} with {bytes} bytes{more}", known.algorithm());
                must_be_alike(&what, took);
            });
        }
    }
}

/// The same on the way that every call goes: past the database, and past what is sealed there.
async fn t025_a_call_is_refused_as_quickly_whatever_key_it_names(backend: Backend) {
    let shop = Shop::open(backend).await;
    let app = &shop.app;
    let secret = HmacKey::from_random(app.entropy.bytes());
    let shared = registers(app, &secret).await;
    let names = [
        "nobody".to_owned(),
        shop.keys["jd_pay"].key_id().to_string(),
        shared.key_id,
    ];
    let authority = app.origin.authority();
    let parts = RequestParts {
        authority,
        ..parts()
    };
    let forger = SigningKey::from_seed(&[9; 32]);
    for changes_state in [true, false] {
        let mut took = [const { Vec::new() }; 3];
        for _ in 0..TIMES {
            for (took, name) in took.iter_mut().zip(&names) {
                let now = app.clock.now();
                let signed = sign(&parts, &forger, name, now, "nonce-0001").unwrap();
                let parsed = parse(&SignatureHeaders {
                    signature_input: Some(&signed.signature_input),
                    signature: Some(&signed.signature),
                    content_digest: signed.content_digest.as_deref(),
                });
                let parsed = parsed.unwrap();
                let began = Stopwatch::start();
                let outcome = authenticate::wallet(app, &parsed, &parts, changes_state).await;
                took.push(began.elapsed().as_nanos());
                assert_eq!(
                    outcome.unwrap_err().to_string(),
                    SignatureError::Invalid.to_string()
                );
            }
        }
        let [nobody, pair, shared] = took.map(middle);
        println!("refused: {nobody} ns, a pair {pair} ns, a shared secret {shared} ns");
        must_be_alike("nobody's key and a pair", [nobody, pair]);
        must_be_alike("nobody's key and a shared secret", [nobody, shared]);
    }
}
on_both![t025_a_call_is_refused_as_quickly_whatever_key_it_names];
