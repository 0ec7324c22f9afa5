//! Who may import whom, and what the pure modules never name.

use super::source::{File, Finding, has_word};

/// What everything may use and what itself uses nothing else of ours.
const KERNEL: &[&str] = &[
    "clock",
    "config",
    "entropy",
    "id",
    "misread",
    "money",
    "secret",
    "telemetry",
    "typed",
    "word",
];

/// Module, and what it may import besides itself and the kernel. A folder that stands nowhere here
/// is a finding, so that the table stays whole.
const LAYERS: &[(&str, &[&str])] = &[
    ("lib", &[]),
    ("main", &[]),
    (
        "cli",
        &[
            "http", "event", "flow", "app", "wallet", "db", "routing", "payment", "merchant",
            "code", "print", "qr", "crypto",
        ],
    ),
    (
        "http",
        &[
            "flow", "event", "app", "db", "wallet", "routing", "payment", "merchant", "code",
            "print", "qr", "crypto",
        ],
    ),
    ("event", &["app", "db", "crypto", "payment", "merchant"]),
    (
        "flow",
        &[
            "app", "wallet", "routing", "db", "payment", "merchant", "code", "print", "qr",
            "crypto",
        ],
    ),
    (
        "app",
        &[
            "db", "wallet", "routing", "payment", "merchant", "code", "print", "crypto",
        ],
    ),
    (
        "wallet",
        &["routing", "payment", "merchant", "code", "crypto"],
    ),
    ("db", &["payment", "merchant", "code", "crypto"]),
    ("routing", &["payment", "merchant", "code"]),
    ("payment", &["merchant"]),
    ("merchant", &["code"]),
    ("code", &[]),
    ("print", &["qr"]),
    ("qr", &[]),
    ("crypto", &[]),
];

/// The modules that do no I/O.
const PURE: &[&str] = &[
    "routing", "payment", "merchant", "code", "print", "qr", "crypto",
];

/// What a pure module never names.
const IMPURE: &[&str] = &[
    "tokio",
    "actix_web",
    "reqwest",
    "sqlx",
    "std::fs",
    "TcpListener",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "Clock",
    "SystemEntropy",
    "SystemRandom",
    "rand",
];

/// Imports that run upwards. A unit test may look further: it is no part of what others import.
pub(super) fn imports(file: &File) -> Vec<Finding> {
    let Some(module) = file.module() else {
        return Vec::new();
    };
    let kernel = KERNEL.contains(&module);
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
        if kernel {
            return upward(file, |other| KERNEL.contains(&other));
        }
        let what = format!("{module} is in no row of the table of layers");
        return vec![Finding { line: 1, what }];
    };
    upward(file, |other| {
        other == module || KERNEL.contains(&other) || allowed.contains(&other)
    })
}

/// Input, output, clocks and chance in a pure module.
pub(super) fn purity(file: &File) -> Vec<Finding> {
    let Some(module) = file.module() else {
        return Vec::new();
    };
    if !PURE.contains(&module) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (line, code) in file.product() {
        // A newtype may say how it is stored; that is a derive and no I/O.
        let code = code.replace("sqlx::Type", "").replace("#[sqlx(", "");
        for name in IMPURE.iter().filter(|name| has_word(&code, name)) {
            found.push(Finding {
                line,
                what: format!("{name} in {module}, which is pure"),
            });
        }
    }
    found
}

fn upward(file: &File, may_import: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, _) in file.code.match_indices("crate::") {
        // `$crate` and `pub(in crate::db)` are paths as well.
        if file.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = file.code[..at].matches('\n').count() + 1;
        for name in first_names(&file.code[at + "crate::".len()..]) {
            if line < file.tests_from && is_module(name) && !may_import(name) {
                found.push(Finding {
                    line,
                    what: format!("imports crate::{name}"),
                });
            }
        }
    }
    for (at, chain) in climbs(&file.code) {
        let line = file.code[..at].matches('\n').count() + 1;
        let at_the_top = line < file.tests_from && chain >= depth(&file.path);
        for name in first_names(&file.code[at + chain * "super::".len()..]) {
            if at_the_top && is_module(name) && !may_import(name) {
                found.push(Finding {
                    line,
                    what: format!("imports {name} by super::"),
                });
            }
        }
    }
    found
}

/// Where `super::super::…` begins, and how often it climbs.
fn climbs(code: &str) -> Vec<(usize, usize)> {
    let step = "super::";
    let starts = code
        .match_indices(step)
        .filter(|(at, _)| !code[..*at].ends_with(step));
    let length = |text: &str| {
        let mut rest = text;
        let mut count = 0;
        while let Some(next) = rest.strip_prefix(step) {
            rest = next;
            count += 1;
        }
        count
    };
    starts.map(|(at, _)| (at, length(&code[at..]))).collect()
}

/// How many steps it is from a file's module to the crate.
fn depth(path: &str) -> usize {
    let below = path.trim_start_matches("src/").trim_end_matches("/mod.rs");
    below.split('/').count()
}

fn is_module(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// The first name of a path, or of each path in `{a::b, c}`.
fn first_names(path: &str) -> Vec<&str> {
    let word = |text: &str| {
        text.find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(text.len())
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![&path[..word(path)]];
    };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut start = true;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && !c.is_whitespace() => {
                names.push(&group[at..at + word(&group[at..])]);
                start = false;
            }
            _ => {}
        }
    }
    names
}

#[test]
fn an_import_that_runs_upwards_is_found() {
    let wrong = File::new(
        "src/db/payments.rs",
        "use crate::id::PaymentId;\nuse crate::flow::pay;",
    );
    assert_eq!(
        imports(&wrong),
        [Finding {
            line: 2,
            what: "imports crate::flow".to_owned()
        }]
    );
    let grouped = File::new(
        "src/payment/state.rs",
        "use crate::{clock::{A, B}, db::Tx, money};",
    );
    assert_eq!(
        imports(&grouped),
        [Finding {
            line: 1,
            what: "imports crate::db".to_owned()
        }]
    );
    let called = File::new("src/clock.rs", "fn f() { crate::app::start() }");
    assert_eq!(imports(&called).len(), 1);
    let climbed = File::new("src/payment/state.rs", "use super::super::db::Tx;");
    assert_eq!(imports(&climbed).len(), 1);
    let unknown = File::new("src/utils/mod.rs", "");
    assert_eq!(imports(&unknown).len(), 1);
    let right = File::new(
        "src/flow/pay.rs",
        "//! [`crate::http`]\nuse crate::db::Tx;\nuse super::resolve;\n\
         #[cfg(test)]\nmod tests {\nuse super::super::resolve;\n}",
    );
    assert_eq!(imports(&right), []);
}

#[test]
fn a_pure_module_that_waits_reads_or_asks_the_time_is_found() {
    for line in [
        "tokio::spawn(x);",
        "sqlx::query(SQL)",
        "use crate::clock::Clock;",
        "std::fs::read(path)",
        "actix_web::web::Bytes::new()",
    ] {
        assert_eq!(
            purity(&File::new("src/payment/state.rs", line)).len(),
            1,
            "{line}"
        );
    }
    let right = "#[derive(sqlx::Type)]\n#[sqlx(transparent)]\nstruct A(Timestamp);";
    assert_eq!(purity(&File::new("src/merchant/mod.rs", right)), []);
    assert_eq!(
        purity(&File::new("src/flow/pay.rs", "tokio::spawn(x);")),
        []
    );
}
