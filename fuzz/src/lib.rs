//! Fuzzing: [`properties`] says what must hold; `fuzz/run` has a fuzzer look for what breaks it.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;

pub mod properties;

/// The longest word that the fuzzer takes.
const WORD_BYTES_MAX: usize = 64;

/// Writes a target's seeds, and what earlier runs kept, to `TARGET/` and its words to `TARGET.dict`,
/// in the folder that `TONGMA_FUZZ_SEEDS` names; does nothing without it. The fuzzer calls it before
/// it looks there.
pub fn plant(name: &str) {
    let Some(folder) = std::env::var_os("TONGMA_FUZZ_SEEDS").map(PathBuf::from) else {
        return;
    };
    let target = properties::ALL.iter().find(|target| target.name == name);
    let target = target.expect("a target of this name");
    let place = folder.join(name);
    fs::create_dir_all(&place).expect("a folder for the seeds");
    for (number, seed) in (target.seeds)().iter().enumerate() {
        fs::write(place.join(format!("seed-{number:03}")), seed).expect("a seed");
    }
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("kept").join(name);
    let kept = fs::read_to_string(kept).unwrap_or_default();
    for (number, word) in kept.split_whitespace().enumerate() {
        let input = BASE64.decode(word.as_bytes()).expect("base64");
        fs::write(place.join(format!("kept-{number:04}")), input).expect("an input");
    }
    let words: String = (target.words)()
        .iter()
        .filter(|word| (1..=WORD_BYTES_MAX).contains(&word.len()))
        .map(|word| format!("\"{}\"\n", escaped(word)))
        .collect();
    fs::write(folder.join(format!("{name}.dict")), words).expect("a list of words");
}

/// Every byte in hex: what has to be escaped is then no question.
fn escaped(word: &str) -> String {
    word.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}
