//! The table of threats is held to the tests that there are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::table::Row::{By, Partly, Waits};
use super::table::{LAST, ROWS};

/// The functions that stand in the sources, tests of units included.
fn functions() -> BTreeSet<String> {
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
                let names = text.split("fn ").skip(1).filter_map(|rest| {
                    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
                    Some(rest.split_at(end).0.to_owned())
                });
                found.extend(names);
            }
        }
    }
    found
}

#[test]
fn every_row_of_the_list_has_its_tests_or_says_what_it_waits_for() {
    let numbers: Vec<u16> = ROWS.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=LAST).collect::<Vec<_>>());
    let known = functions();
    for (number, row) in ROWS {
        let (tests, reason) = match row {
            By(tests) => (*tests, None),
            Partly(tests, reason) => (*tests, Some(*reason)),
            Waits(reason) => (&[][..], Some(*reason)),
        };
        assert!(
            reason.is_none_or(|reason| !reason.is_empty()),
            "T{number:03}"
        );
        assert!(!tests.is_empty() || reason.is_some(), "T{number:03}");
        for test in tests {
            assert!(known.contains(*test), "T{number:03}: there is no {test}");
        }
        // A row that has a test of its own does not wait any longer.
        let own = format!("t{number:03}_");
        let its = known.iter().find(|name| name.starts_with(&own));
        let waits = matches!(row, Waits(_));
        assert!(!waits || its.is_none(), "T{number:03} has {its:?}");
    }
}
