//! Which tests there are, read from the sources.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The tests that stand in the sources, those of units included.
pub(super) fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = vec![root.join("src"), root.join("tests/it")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.extend(tests_in(&text));
            }
        }
    }
    found
}

/// The tests that a source has: functions behind an attribute that makes one of them, and the names
/// in the lists that make several. Whatever else is called like a test is none.
fn tests_in(text: &str) -> impl Iterator<Item = String> {
    let name = |rest: &str| -> String {
        let letters = |c: &char| c.is_alphanumeric() || *c == '_';
        rest.chars().take_while(letters).collect()
    };
    let mut found = Vec::new();
    let mut is_next = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            let attribute = line.trim_start_matches("#[");
            let path = attribute.split(['(', ']']).next().unwrap_or_default();
            is_next |= path == "test" || path.ends_with("::test");
        } else if let Some(rest) = line
            .strip_prefix("async fn ")
            .or_else(|| line.strip_prefix("fn "))
        {
            found.extend(is_next.then(|| name(rest)));
            is_next = false;
        }
    }
    for list in ["\non_both![", "\non_postgres!["] {
        for rest in text.split(list).skip(1) {
            let names = rest.split(']').next().unwrap_or_default();
            found.extend(names.split(',').map(|one| name(one.trim())));
        }
    }
    found.into_iter().filter(|name| !name.is_empty())
}

#[test]
fn only_what_runs_is_a_test() {
    let text = "#[test]\n#[should_panic]\nfn one() {}\nfn two() {}\n#[tokio::test(flavor = \"x\")]\n\
        async fn three() {}\nasync fn four() {}\nasync fn five() {}\n#[cfg(test)]\nfn six() {}\n\
        \non_both![\n    four,\n];\n";
    let found: Vec<String> = tests_in(text).collect();
    assert_eq!(found, ["one", "three", "four"]);
}
