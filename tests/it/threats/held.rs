//! The table of threats is held to the tests that there are.

use super::found;
use super::table::{LAST, ROWS};

/// Where a row stands.
pub(super) enum Row {
    /// These tests fail if its answer is another.
    By(&'static [&'static str]),
    /// These cover what there is; the rest of the row waits.
    Partly(&'static [&'static str], &'static str),
    /// There is nothing yet that it could be tried on.
    Waits(&'static str),
}

use Row::{By, Partly, Waits};

#[test]
fn every_row_of_the_list_has_its_tests_or_says_what_it_waits_for() {
    let numbers: Vec<u16> = ROWS.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=LAST).collect::<Vec<_>>());
    let known = found::tests();
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
