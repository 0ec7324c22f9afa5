//! Size, banned words, paths of somebody's machine, and that every wallet's file is in the table.

use super::source::{File, Finding, has_word};

/// A file that is longer is two ideas.
const LINES_MAX: usize = 500;

pub(super) fn size(file: &File) -> Vec<Finding> {
    // Vectors are data; nobody reads them from top to bottom.
    let lines = file.text.lines().count();
    if lines <= LINES_MAX || file.is_in("tests/vectors") {
        return Vec::new();
    }
    vec![Finding {
        line: LINES_MAX,
        what: format!("{lines} lines; at most {LINES_MAX}"),
    }]
}

/// Banned in code, what to do instead, and where it may stand all the same.
const BANNED: &[(&str, &str, &[&str])] = &[
    (
        "SystemTime",
        "take the time from a Clock",
        &["src/clock.rs"],
    ),
    (
        "Instant::now",
        "take the time from a Clock",
        &["src/clock.rs"],
    ),
    (
        "jiff::Timestamp::now",
        "take the time from a Clock",
        &["src/clock.rs"],
    ),
    ("SystemRandom", "take an Entropy", &["src/entropy.rs"]),
    (
        "SystemEntropy::new",
        "take an Entropy",
        &["src/entropy.rs", "src/cli"],
    ),
    ("thread_rng", "take an Entropy", &[]),
    ("println!", "log, or return it to the command", &["src/cli"]),
    (
        "eprintln!",
        "log, or return it to the command",
        &["src/cli"],
    ),
    ("process::exit", "return an ExitCode", &[]),
    (
        "f32",
        "count in whole units",
        &[
            "src/qr",
            "src/print/face.rs",
            "src/print/pdf.rs",
            "src/print/png.rs",
        ],
    ),
    (
        "f64",
        "count in whole units",
        &[
            "src/qr",
            "src/print/colour.rs",
            "src/http/json.rs",
            "src/telemetry/metrics",
        ],
    ),
    ("todo!", "finish it", &[]),
    ("unimplemented!", "finish it", &[]),
    ("lazy_static", "use LazyLock", &[]),
    (
        "include_bytes!",
        "embed files in src/http/assets.rs only",
        &["src/http"],
    ),
];

pub(super) fn banned_words(file: &File) -> Vec<Finding> {
    if !file.is_in("src") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (word, instead, places) in BANNED {
        if places.iter().any(|place| file.is_in(place)) {
            continue;
        }
        for (line, _) in file.product().filter(|(_, code)| has_word(code, word)) {
            found.push(Finding {
                line,
                what: format!("{word}: {instead}"),
            });
        }
    }
    found
}

/// What a test module may take whole: what it tests, and the words of the property tests.
const GLOBS: &[&str] = &["use super::*;", "use proptest::prelude::*;"];

/// Glob imports hide where a name comes from.
pub(super) fn glob_imports(file: &File) -> Vec<Finding> {
    let imports = file
        .lines()
        .filter(|(_, code)| code.trim_start().starts_with("use "));
    let globs = imports.filter(|(line, code)| {
        let usual = *line >= file.tests_from && GLOBS.contains(&code.trim());
        code.contains('*') && !usual
    });
    globs
        .map(|(line, code)| Finding {
            line,
            what: code.trim().to_owned(),
        })
        .collect()
}

/// Paths that exist on one machine only. `here` is where this checkout lies.
pub(super) fn machine_paths(file: &File, here: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, text) in file.text.lines().enumerate() {
        let homes = [
            concat!("/ho", "me/"),
            concat!("/ro", "ot/"),
            concat!("/Us", "ers/"),
        ];
        let named = homes.iter().any(|home| text.contains(home)) || text.contains(here);
        if named {
            found.push(Finding {
                line: index + 1,
                what: "a path of one machine".to_owned(),
            });
        }
    }
    found
}

/// Files in `src/wallet` that are no institution.
const NO_WALLET: &[&str] = &[
    "mod",
    "client",
    "conformance",
    "contract",
    "handover",
    "simulator",
    "user_agent",
    "wire",
];

/// A wallet that has a file but no row in the table would be forgotten without a word.
pub(super) fn in_the_table(file: &File, table: &str) -> Vec<Finding> {
    let Some(rest) = file.path.strip_prefix("src/wallet/") else {
        return Vec::new();
    };
    let name = rest
        .split('/')
        .next()
        .unwrap_or(rest)
        .trim_end_matches(".rs");
    let row = format!("&{name}::");
    if NO_WALLET.contains(&name) || table.contains(&row) {
        return Vec::new();
    }
    vec![Finding {
        line: 1,
        what: format!("{name} is not in wallet::ALL"),
    }]
}

#[test]
fn a_long_file_is_found() {
    assert_eq!(
        size(&File::new("static/a.css", &"a\n".repeat(501))).len(),
        1
    );
    assert_eq!(size(&File::new("static/a.css", &"a\n".repeat(500))), []);
    assert_eq!(
        size(&File::new("tests/vectors/a.json", &"a\n".repeat(501))),
        []
    );
}

#[test]
fn a_banned_word_is_found() {
    for code in [
        "let t = SystemTime::now();",
        "println!(\"{x}\")",
        "fn f(x: f64)",
    ] {
        assert_eq!(
            banned_words(&File::new("src/flow/pay.rs", code)).len(),
            1,
            "{code}"
        );
    }
    assert_eq!(
        banned_words(&File::new("src/cli/serve.rs", "println!(\"{x}\")")),
        []
    );
    assert_eq!(
        banned_words(&File::new("src/flow/pay.rs", "// println! is not for here")),
        []
    );
}

#[test]
fn a_glob_import_is_found() {
    assert_eq!(
        glob_imports(&File::new("src/flow/pay.rs", "use crate::db::*;")).len(),
        1
    );
    let tests = "#[cfg(test)]\nmod tests {\n    use super::*;\n}";
    assert_eq!(glob_imports(&File::new("src/flow/pay.rs", tests)), []);
}

#[test]
fn a_path_of_one_machine_is_found() {
    let home = concat!("see /ho", "me/someone/tongma");
    assert_eq!(
        machine_paths(&File::new("README.md", home), "/here/it/is").len(),
        1
    );
    assert_eq!(
        machine_paths(&File::new("README.md", "in /here/it/is/x"), "/here/it/is").len(),
        1
    );
    assert_eq!(
        machine_paths(&File::new("README.md", "in /usr/bin"), "/here/it/is"),
        []
    );
}

#[test]
fn a_wallet_outside_the_table_is_found() {
    let file = File::new("src/wallet/harbour.rs", "");
    assert_eq!(in_the_table(&file, "&lotus::Lotus,").len(), 1);
    assert_eq!(in_the_table(&file, "&lotus::Lotus, &harbour::Harbour,"), []);
}
