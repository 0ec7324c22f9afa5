//! How many lines a second one core decodes, against reading and writing the same lines as JSON.
//!
//! ```text
//! cargo bench --bench decode
//! ```
//!
//! First a table of lines a second of processor time, turn by turn with the reference, and the ratio
//! of the two. The reference does what cannot be left out: a JSON string is read and a JSON string
//! written. Then one of the texts that take longest, each shape's own: how long until the answer.
#![expect(
    clippy::expect_used,
    clippy::float_arithmetic,
    reason = "a measurement that cannot be made stops, and ratios are fractions"
)]

use std::hint::black_box;

use serde_json::Value;
use tongma::clock::thread_time;
use tongma::code::{DecodeContext, SignatureVerdict, TEXT_BYTES_MAX, decode};
use tongma::wallet;

const ROUNDS: usize = 5;
/// Lines in one turn.
const LINES: usize = 20_000;
/// What a core should do.
const GOAL: f64 = 100_000.0;
/// How often each of the slowest texts is decoded.
const TIMES: u32 = 50;
/// What no text may take, in microseconds.
const GOAL_US: f64 = 1_000.0;
/// What a symbol holds; the shapes of native texts are not looked for in a longer one.
const SYMBOL_BYTES: usize = 2_953;

/// What a text begins with, what is repeated as long as there is room, and what it ends with: found by
/// trying every loop of every shape, with what keeps the reader from an early no.
const SLOWEST: &[(&str, &str, &str)] = &[
    ("", "7", ""),
    ("", "\u{a0}", ""),
    ("0002", "0102", "6304ABCD"),
    ("000201", "2604000099", "6304ABCD"),
    ("https://evil.example/Q/", "A", ""),
    ("hQVDUFYwMW", "YQRi", ""),
    ("YQRi", "YQRi", ""),
    ("https://qr.alipay.com/a?", "&", " x"),
    ("https://qr.alipay.com/_d?", "&_b=peerpay", " x"),
    (
        "alipay://platformapi/startapp?appId=09999988&",
        "&qrcode=",
        "#\u{e9}",
    ),
    (
        "https://qr.95516.com/00000000/unifiedNative?token=",
        "&token=",
        "\u{e9}",
    ),
    (
        "https://payapp.weixin.qq.com/materialqr/entry/0?id=",
        "&key=",
        "\u{e9}",
    ),
    ("https://payapp.weixin.qq.com/qr/a?", "&", "\u{e9}"),
    ("weixin://wxpay/bizpayurl?pr=", "&sign=", "\u{e9}"),
    ("https://wx.tenpay.com/f2f?", "=", "\u{e9}"),
    ("https://a", ".a", "/MPM/3/R1BMRA"),
    ("upi://pay?pa=a@b&am=1", "1", "#"),
    ("upi://pay?", "&pa=a&am=.", ""),
    ("upi://pay?pa=a@b", "&%=", ""),
    ("SPD*1.0*ACC:DE89370400440532013000", "*%:", ""),
    ("upi://pay?pa=", "|", "&am=1\n#"),
    ("TWQRP://a/158/02/V1?", "&D1=1", "#"),
    ("twqrp%3a%2f%2fa%2f158%2f02%2fv1%3f", "%26D1%3D1", ""),
    (
        "ST00011|PersonalAcc=00000000000000000000",
        "|PersonalAcc=0",
        " ",
    ),
    ("SPD*1.0*ACC:DE89", "*ACC:AA00", "*"),
    ("K:PR|V:01|C:1|R:160000000123456778|", "N:a|", ""),
    (
        "BCD\n001\n1\nUCT\n\na\nUA111111111111111111111111111",
        "\n",
        "a",
    ),
    ("BCD\n002\n1\nSCT\n\na\nDE89370400440532013000", "\n", "a\n"),
    ("SPC\n0200\n1\nCH4431999123000889012", "\n", "\u{e9}"),
    (
        "HCT\n001\n1\n11111111\na\nHU42117730161111101800000000",
        "\n",
        "a\n",
    ),
    ("https://bank.gov.ua/qr/QkNECjAwMgox", "AAAA", ""),
    ("https://go.twint.ch/0/a/tw?tw=", "tw=", "\u{e9}"),
    (
        "https://enroll.zellepay.com/qr-codes?data=",
        "data=",
        "\u{e9}",
    ),
    ("bitcoin:?lightning=", "&lno=", "\u{e9}"),
    ("lnbc", "0", ""),
];

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
    slowest(&context);
}

/// How long the slowest texts take, at two lengths.
fn slowest(context: &DecodeContext<'_>) {
    println!(
        "\n{:<58} {:>10} {:>10}  goal {GOAL_US:.0} us",
        "slowest texts", "symbol us", "longest us"
    );
    for (front, repeated, end) in SLOWEST {
        let [symbol, longest] = [SYMBOL_BYTES, TEXT_BYTES_MAX].map(|bytes| {
            let room = bytes - front.len() - end.len();
            let middle = repeated.repeat(room / repeated.len());
            microseconds(&format!("{front}{middle}{end}"), context)
        });
        let verdict = if symbol.max(longest) <= GOAL_US {
            "met"
        } else {
            "MISSED"
        };
        let what = format!("{front:?} {repeated:?}*");
        println!("{what:<58} {symbol:>10.0} {longest:>10.0}  {verdict}");
    }
}

/// The processor's time until the answer about one text.
fn microseconds(text: &str, context: &DecodeContext<'_>) -> f64 {
    let before = thread_time();
    for _ in 0..TIMES {
        black_box(decode(black_box(text), context));
    }
    thread_time().saturating_sub(before).as_secs_f64() * 1e6 / f64::from(TIMES)
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
