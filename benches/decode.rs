//! How many lines a second one core decodes, against reading and writing the same lines as JSON.
//!
//! ```text
//! cargo bench --bench decode
//! ```
//!
//! One table: lines a second of processor time, turn by turn with the reference, and the ratio of the
//! two. The reference does what cannot be left out: a JSON string is read and a JSON string written.
#![expect(
    clippy::expect_used,
    clippy::float_arithmetic,
    reason = "a measurement that cannot be made stops, and ratios are fractions"
)]

use std::hint::black_box;

use serde_json::Value;
use tongma::clock::thread_time;
use tongma::code::{DecodeContext, SignatureVerdict, decode};
use tongma::wallet;

const ROUNDS: usize = 5;
/// Lines in one turn.
const LINES: usize = 20_000;
/// What a core should do.
const GOAL: f64 = 100_000.0;

fn main() {
    let natives = wallet::natives().expect("patterns");
    let context = DecodeContext {
        natives: &natives,
        own_origins: &[],
        verify: &|_| SignatureVerdict::UnknownKey,
        allow_http: false,
    };
    let payloads = lines(include_str!("../tests/vectors/emv-mpm.json"), "payload");
    let texts = lines(include_str!("../tests/vectors/native-codes.json"), "text");
    let both: Vec<String> = payloads.iter().chain(&texts).cloned().collect();
    println!(
        "{:<22} {:>12} {:>14} {:>8}  goal {GOAL:.0} a second",
        "lines", "decoded", "read and written", "ratio"
    );
    for (what, lines) in [
        ("EMV", &payloads),
        ("wallets and others", &texts),
        ("all vectors", &both),
    ] {
        let mut seconds = [0.0, 0.0];
        for _ in 0..ROUNDS {
            seconds[0] += turn(lines, &|text, out| {
                serde_json::to_writer(out, &decode(&text, &context)).expect("an answer");
            });
            seconds[1] += turn(lines, &|text, out| {
                serde_json::to_writer(out, &text).expect("a text");
            });
        }
        let each = f64::from(u32::try_from(ROUNDS * LINES).expect("a count"));
        let [decoded, copied] = seconds.map(|seconds| each / seconds);
        let verdict = if decoded >= GOAL { "met" } else { "MISSED" };
        let ratio = decoded / copied;
        println!("{what:<22} {decoded:>12.0} {copied:>14.0} {ratio:>8.3}  {verdict}");
    }
}

/// The processor's seconds for one turn of work on these lines.
fn turn(lines: &[String], work: &dyn Fn(String, &mut Vec<u8>)) -> f64 {
    let mut out = Vec::new();
    let before = thread_time();
    for line in lines.iter().cycle().take(LINES) {
        out.clear();
        work(serde_json::from_str(line).expect("a JSON string"), &mut out);
        black_box(&out);
    }
    thread_time().saturating_sub(before).as_secs_f64()
}

/// The texts of a list of vectors, each as a line of JSON.
fn lines(list: &str, field: &str) -> Vec<String> {
    let list: Vec<Value> = serde_json::from_str(list).expect("vectors are a list");
    list.iter()
        .map(|vector| vector[field].to_string())
        .collect()
}
