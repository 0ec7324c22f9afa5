//! What must hold of everything that a stranger can send, as functions of bytes.
//!
//! One file a reader: `check` asserts what holds of any input and says whether the input was taken;
//! `seeds` are inputs to begin with, made from the vectors; `words` are what the reader looks for.
//! The fuzzer calls `check` with what it makes of the seeds. The suite calls it with the seeds, with
//! the seeds a little broken, and with every input that ever failed (`regressions/`), so that these
//! properties cannot rot between two runs of the fuzzer.

pub mod code_run;
pub mod consumer;
pub mod decode;
pub mod emv;
pub mod emv_form;
pub mod http_signature;
pub mod identity;
pub mod json;
pub mod jws;
pub mod picture;
pub mod user_agent;

/// A reader and what must hold of it.
pub struct Target {
    /// The fuzzer's name for it.
    pub name: &'static str,
    /// Panics where something does not hold; otherwise says whether the input was taken.
    pub check: fn(&[u8]) -> bool,
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Pieces that inputs are made of.
    pub words: fn() -> Vec<String>,
}

/// Makes the row of a module.
macro_rules! targets {
    ($($name:ident),+) => {
        &[$(Target {
            name: stringify!($name),
            check: $name::check,
            seeds: $name::seeds,
            words: $name::words,
        }),+]
    };
}

/// All of them.
pub static ALL: &[Target] = targets![
    code_run,
    consumer,
    decode,
    emv,
    emv_form,
    http_signature,
    identity,
    json,
    jws,
    picture,
    user_agent
];

/// Where the codes are said to point.
const ORIGIN: &str = "https://pay.example.com";

/// Stable names are kebab-case.
fn is_code(code: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !code.is_empty()
        && code
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(letter))
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}
