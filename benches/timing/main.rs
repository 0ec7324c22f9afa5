//! How long refusals take, and whether that tells anything: Welch's t over 100,000 samples of two
//! cases that must look alike. `cargo bench --bench timing`
//!
//! |t| below 4.5 is noise, as in leakage assessments; each pair is timed in turns and in an order
//! that chance chooses, so that what the machine does meanwhile falls on both. The last rows
//! tell how long others wait while one address holds all the connections, or feeds, that it may have.
#![expect(
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "statistics over real time"
)]

mod crowd;

use std::cell::Cell;
use std::hint::black_box;
use std::time::Instant;

use data_encoding::BASE64;
use tongma::app::Nobody;
use tongma::clock::Timestamp;
use tongma::crypto::http_signature::{
    Parsed, RequestParts, SignatureHeaders, SignedHeaders, parse, sign,
};
use tongma::crypto::keys::{HmacKey, SigningKey, VerifyingKey};
use tongma::crypto::sealing::{Purpose, Sealer};
use tongma::entropy::{Entropy, SystemEntropy};

const SAMPLES: usize = 100_000;
/// The slowest share of samples is what the machine did besides.
const KEPT_PER_CENT: usize = 95;
const NOISE: f64 = 4.5;
const MESSAGES: usize = 512;
const KEYS: u8 = 64;
const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

/// Mean and variance of one case, in nanoseconds.
struct Figures {
    mean: f64,
    variance: f64,
    count: f64,
}

impl Figures {
    fn of(mut samples: Vec<u32>) -> Self {
        samples.sort_unstable();
        samples.truncate(samples.len() * KEPT_PER_CENT / 100);
        let count = f64::from(u32::try_from(samples.len()).unwrap_or(u32::MAX));
        let mean = samples.iter().copied().map(f64::from).sum::<f64>() / count;
        let squares = samples
            .iter()
            .map(|sample| (f64::from(*sample) - mean).powi(2));
        Self {
            mean,
            variance: squares.sum::<f64>() / (count - 1.0),
            count,
        }
    }
}

fn welch(left: &Figures, right: &Figures) -> f64 {
    let spread = left.variance / left.count + right.variance / right.count;
    (left.mean - right.mean) / spread.sqrt()
}

fn timed(work: &dyn Fn() -> bool) -> u32 {
    let began = Instant::now();
    black_box(work());
    u32::try_from(began.elapsed().as_nanos()).unwrap_or(u32::MAX)
}

fn compare(what: &str, left: &dyn Fn() -> bool, right: &dyn Fn() -> bool) {
    let entropy: &dyn Entropy = &SystemEntropy::new();
    let mut samples = [Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES)];
    for _ in 0..SAMPLES / 8 {
        let [coins] = entropy.bytes::<1>();
        for bit in 0..8 {
            let [lefts, rights] = &mut samples;
            if (coins >> bit) & 1 == 0 {
                lefts.push(timed(left));
                rights.push(timed(right));
            } else {
                rights.push(timed(right));
                lefts.push(timed(left));
            }
        }
    }
    let [left, right] = samples.map(Figures::of);
    let t = welch(&left, &right);
    let verdict = if t.abs() < NOISE {
        "noise"
    } else {
        "DIFFERENT"
    };
    println!(
        "{what:<58} {:>9.0} {:>9.0} {t:>8.2}  {verdict}",
        left.mean, right.mean
    );
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

fn refuses(parsed: &Parsed<'_>, key: Option<&VerifyingKey>) -> bool {
    parsed.verify_or_refuse(key, &parts(), NOW).is_err()
}

/// The same code, wrong in its first byte, and wrong in its last.
fn wrong_at_the_ends(code: [u8; 32]) -> ([u8; 32], [u8; 32]) {
    let (mut first, mut last) = (code, code);
    let ([byte, ..], [.., other]) = (&mut first, &mut last);
    *byte ^= 1;
    *other ^= 1;
    (first, last)
}

fn main() -> std::io::Result<()> {
    println!("{:<58} {:>9} {:>9} {:>8}", "ns", "left", "right", "Welch t");
    let key = HmacKey::from_random([0x5a; 32]);
    let right = key.mac(b"message");
    let (first, last) = wrong_at_the_ends(right);
    compare(
        "HMAC code: first byte wrong | last byte wrong",
        &|| key.verify(b"message", &first).is_ok(),
        &|| key.verify(b"message", &last).is_ok(),
    );
    let sealer = Sealer::new([7; 32]);
    let mac = sealer.mac(Purpose::Cursor, b"place");
    let (first, last) = wrong_at_the_ends(mac);
    compare(
        "cursor code: first byte wrong | last byte wrong",
        &|| sealer.check_mac(Purpose::Cursor, b"place", &first),
        &|| sealer.check_mac(Purpose::Cursor, b"place", &last),
    );

    // What is opened with a known shared secret, and what instead where there is none.
    let entropy: &dyn Entropy = &SystemEntropy::new();
    let name = key.key_id().to_string();
    let sealed = sealer.seal(
        Purpose::SharedSecret,
        name.as_bytes(),
        key.expose(),
        entropy,
    );
    let sealed = sealed.map_err(std::io::Error::other)?;
    let nobody = Nobody::new(&sealer, entropy).map_err(std::io::Error::other)?;
    let opens = |name: &str, sealed: &[u8]| {
        let opened = sealer.open(Purpose::SharedSecret, name.as_bytes(), sealed);
        opened.is_ok_and(|secret| HmacKey::new(secret).is_ok())
    };
    compare(
        "sealed secret: a key's | nobody's",
        &|| opens(&name, &sealed),
        &|| opens(nobody.name(), nobody.sealed()),
    );

    let signer = SigningKey::from_seed(&[3; 32]);
    // How long a pair takes depends on the public key, which is no secret: many are tried.
    let pairs: Vec<VerifyingKey> = (0..KEYS)
        .map(|n| VerifyingKey::Ed25519(*SigningKey::from_seed(&[n; 32]).public()))
        .collect();
    let shared: Vec<VerifyingKey> = (0..KEYS)
        .map(|n| VerifyingKey::HmacSha256(HmacKey::from_random([n ^ 0x5a; 32])))
        .collect();
    // How long a pair takes depends on the message, too: many are tried.
    let signed: Vec<SignedHeaders> = (0..MESSAGES)
        .filter_map(|n| sign(&parts(), &signer, "k", NOW, &format!("nonce-{n:04}")).ok())
        .collect();
    for (known, bytes) in [(&pairs, 64), (&shared, 64), (&shared, 32)] {
        let wrong = format!("tongma=:{}:", BASE64.encode(&vec![1; bytes]));
        let parsed: Vec<Parsed<'_>> = signed
            .iter()
            .filter_map(|signed| {
                let headers = SignatureHeaders {
                    signature_input: Some(&signed.signature_input),
                    signature: Some(&wrong),
                    content_digest: signed.content_digest.as_deref(),
                };
                parse(&headers).ok()
            })
            .collect();
        let what = format!(
            "{} key known, {bytes} wrong bytes | key unknown",
            known[0].algorithm()
        );
        let turns = [const { Cell::new(0) }; 2];
        let next = |turn: &Cell<usize>| {
            turn.set((turn.get() + 1) % MESSAGES);
            let key = known.get(turn.get() % known.len());
            parsed.get(turn.get()).zip(key)
        };
        let [left, right] = &turns;
        compare(
            &what,
            &|| next(left).is_some_and(|(parsed, key)| refuses(parsed, Some(key))),
            &|| next(right).is_some_and(|(parsed, _)| refuses(parsed, None)),
        );
    }
    crowd::measure()
}
