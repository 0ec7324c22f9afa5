//! The demo as a user runs it.

use std::process::{Command, Output};

use serde_json::Value;

fn demo(folder: &std::path::Path, flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tongma"))
        .arg("demo")
        .args(flags)
        .env("TMPDIR", folder)
        .output()
        .unwrap()
}

#[test]
fn every_wallet_pays_by_both_ways_and_nothing_stays_behind() {
    let folder = tempfile::tempdir().unwrap();
    let done = demo(folder.path(), &["--once", "--json"]);

    let told = String::from_utf8(done.stdout).unwrap();
    let rows: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let watched = String::from_utf8(done.stderr).unwrap();
    assert_eq!(rows.len(), 16, "{watched}");
    for row in &rows {
        assert_eq!(row["state"], "paid", "{row}\n{watched}");
        assert!(row["ms_to_counter"].is_u64(), "{row}");
        let is_own = row["wallet"] == row["payee_institution"];
        assert_eq!(
            row["route"],
            if is_own { "direct" } else { "interop" },
            "{row}"
        );
    }
    assert!(done.status.success());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine"), "x").unwrap();
    let done = demo(
        folder.path(),
        &["--once", "--data", folder.path().to_str().unwrap()],
    );
    assert_eq!(done.status.code(), Some(2));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
