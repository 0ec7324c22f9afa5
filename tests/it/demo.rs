//! The demo as a user runs it.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};
use std::str::FromStr as _;
use std::time::Duration;

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

fn demo(folder: &std::path::Path, flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tongma"))
        .arg("demo")
        .args(flags)
        .env("TMPDIR", folder)
        .output()
        .unwrap()
}

fn rows_of(told: &[u8]) -> Vec<Value> {
    let lines = std::str::from_utf8(told).unwrap().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_wallet_pays_by_both_ways_and_nothing_stays_behind() {
    let folder = tempfile::tempdir().unwrap();
    let done = demo(folder.path(), &["--once", "--json"]);

    let rows = rows_of(&done.stdout);
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

/// While the demo plays, the operator ends what one wallet pays by: its rows are no, and so is the
/// whole demo.
#[tokio::test]
async fn a_wallet_that_cannot_pay_makes_the_whole_demo_negative() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("demo");
    let mut child = Command::new(env!("CARGO_BIN_EXE_tongma"))
        .args(["demo", "--once", "--json", "--data"])
        .arg(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first line comes when everything is set up, and long before anybody pays.
    let mut watched = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(watched.next().unwrap().unwrap().contains("listens at"));
    let url = format!("sqlite:{}", folder.join("tongma.db").display());
    let options = SqliteConnectOptions::from_str(&url).unwrap();
    let patient = options.busy_timeout(Duration::from_secs(20));
    let mut hand = patient.connect().await.unwrap();
    let ended = sqlx::query(
        "UPDATE agreements SET state = 'suspended' WHERE payer_institution_id = 'ecny'",
    );
    assert_eq!(ended.execute(&mut hand).await.unwrap().rows_affected(), 1);
    hand.close().await.unwrap();

    let rest = std::thread::spawn(move || watched.map_while(Result::ok).collect::<Vec<_>>());
    let done = child.wait_with_output().unwrap();
    let watched = rest.join().unwrap().join("\n");
    let rows = rows_of(&done.stdout);
    assert_eq!(rows.len(), 16, "the others go on: {watched}");
    for row in &rows {
        let is_paid = row["state"] == "paid";
        assert_eq!(is_paid, row["wallet"] != "ecny", "{row}\n{watched}");
    }
    assert_eq!(done.status.code(), Some(1), "{watched}");
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
