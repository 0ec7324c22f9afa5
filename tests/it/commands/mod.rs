//! The program as an operator meets it: what it prints, what it refuses, how it ends.

mod access;
mod adoption;
mod audit;
mod exceptions;
mod keys;
mod plate_prints;
mod plates;
mod prints;
mod shop;
mod sign;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use tongma::clock::Clock;
use tongma::db;

use crate::support::wire::{self, Request};
use crate::support::{Backend, TestDb, on_both};

async fn an_operator_signs_up_a_shop_and_issues_a_code_that_is_genuine(backend: Backend) {
    let desk = Desk::new(backend).await;
    for (id, zh, en) in [("lotus_pay", "莲花", "Lotus"), ("kite_pay", "风筝", "Kite")] {
        desk.does(&[
            "institution",
            "create",
            id,
            "--name-zh",
            zh,
            "--name-en",
            en,
        ]);
    }
    let names = [
        "merchant",
        "create",
        "老王面馆",
        "--mcc",
        "5812",
        "--city",
        "Shanghai",
    ];
    let merchant = desk.makes(&[&names[..], &["--prefer", "lotus_pay"]].concat());
    let of = ["--merchant", merchant.as_str()];
    let store = desk.makes(&[&["store", "create", "一号店"][..], &of].concat());
    let till = ["counter", "create", "收银台", "--store", store.as_str()];
    desk.makes(&[&till[..], &of].concat());
    let account = [
        "account",
        "create",
        "--institution",
        "lotus_pay",
        "--reference",
        "1900000109",
    ];
    desk.makes(&[&account[..], &of].concat());
    desk.makes(
        &[
            &["acceptance", "create", "--institution", "lotus_pay"][..],
            &of,
        ]
        .concat(),
    );
    let agreed = [
        "--payer",
        "kite_pay",
        "--payee",
        "lotus_pay",
        "--clearing",
        "nets",
    ];
    desk.makes(&[&["agreement", "create"][..], &agreed].concat());

    let picture = desk.home.path().join("code.png");
    let drawn = [
        "--store",
        store.as_str(),
        "--png",
        picture.to_str().unwrap(),
    ];
    desk.makes(&[&["code", "create"][..], &of, &drawn].concat());
    let read = desk.does(&["decode", "--picture", picture.to_str().unwrap()]);
    assert_eq!(read["codes"][0]["signature"], "valid");

    let db = desk.database.open(Clock::System).await;
    let mut tx = db.read().await.unwrap();
    let lines = db::audit::latest(&mut tx, 20).await.unwrap();
    assert_eq!(lines.len(), 9);
    assert!(lines.iter().all(|line| line.actor == "cli"));
}

async fn a_rotated_key_leaves_old_prints_genuine(backend: Backend) {
    let desk = Desk::new(backend).await;
    let code = desk.shop_with_a_code();
    let old = code["key_id"].as_str().unwrap().to_owned();
    let keys = desk.does(&["key", "rotate", "code"]);
    let current = |key: &&Value| key["use"] == "code" && key["retired_at"].is_null();
    let new: Vec<&Value> = keys.as_array().unwrap().iter().filter(current).collect();
    assert_eq!(new.len(), 1);
    assert_ne!(new[0]["key_id"], old);
    let read = desk.does(&["decode", code["text"].as_str().unwrap()]);
    assert_eq!(read["signature"], "valid");
}

async fn a_code_is_revoked_for_good(backend: Backend) {
    let desk = Desk::new(backend).await;
    let code = desk.shop_with_a_code();
    let (id, merchant) = (
        code["id"].as_str().unwrap(),
        code["merchant"].as_str().unwrap(),
    );
    let change = |event| ["code", "change", id, event, "--merchant", merchant];
    assert_eq!(desk.does(&change("revoke"))["state"], "revoked");
    // Asked again after a lost answer.
    assert_eq!(desk.does(&change("revoke"))["state"], "revoked");
    desk.refuses(
        &change("resume"),
        1,
        "code is revoked, which rules out: resume",
    );
}

async fn what_is_not_there_is_a_negative_result(backend: Backend) {
    let desk = Desk::new(backend).await;
    let nobody = "mer_00000000000000000000000000";
    let words = ["store", "create", "一号店", "--merchant", nobody];
    desk.refuses(&words, 1, &format!("no merchant {nobody}"));
    desk.refuses(
        &["institution", "suspend", "lotus_pay"],
        1,
        "no institution lotus_pay",
    );
    assert_eq!(desk.does(&["merchant", "list"]), serde_json::json!([]));
}

on_both![
    an_operator_signs_up_a_shop_and_issues_a_code_that_is_genuine,
    a_rotated_key_leaves_old_prints_genuine,
    a_code_is_revoked_for_good,
    what_is_not_there_is_a_negative_result,
];

#[tokio::test]
async fn what_is_misspelt_is_usage() {
    let desk = Desk::new(Backend::Sqlite).await;
    desk.refuses(
        &["merchant", "list", "--set", "limits.pay_befor_s=9"],
        2,
        "unknown setting",
    );
    desk.refuses(
        &["merchant", "list", "--limit", "0"],
        2,
        "invalid value '0'",
    );
    desk.refuses(
        &["store", "list", "--merchant", "sto_1"],
        2,
        "not an id that begins with",
    );
    desk.refuses(&["no-such-command"], 2, "unrecognized subcommand");
    let output = desk
        .command(&["check-config"])
        .env("TONGMA_LISTN", "x")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("unknown setting TONGMA_LISTN in the environment"));
}

#[tokio::test]
async fn reading_a_code_makes_no_database() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let output = program()
        .args(["decode", "https://a.example", "--json"])
        .env("TONGMA_DATA_DIR", &data)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!data.exists());
}

#[tokio::test]
async fn a_server_says_where_it_is_and_stops_when_told() {
    let home = tempfile::tempdir().unwrap();
    let mut server = Served::start(home.path());
    let answer = wire::send(server.authority(), &Request::get("/healthz")).await;
    assert_eq!(
        (answer.status, answer.text()),
        (200, "{\"status\":\"ok\"}".to_owned())
    );
    server.tell("TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn what_the_database_needs_to_open_is_shown_to_nobody() {
    let home = tempfile::tempdir().unwrap();
    let output = program()
        .args(["check-config", "--json"])
        .env("TONGMA_DATA_DIR", home.path())
        .env(
            "TONGMA_DATABASE_URL",
            "postgres://tongma:canary-7f3a@127.0.0.1:1/tongma",
        )
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let unreachable = program()
        .args(["merchant", "list"])
        .env("TONGMA_DATA_DIR", home.path())
        .env(
            "TONGMA_DATABASE_URL",
            "postgres://tongma:canary-7f3a@127.0.0.1:1/tongma",
        )
        .output()
        .unwrap();
    assert_eq!(unreachable.status.code(), Some(2));
    for output in [output, unreachable] {
        let all = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            said(&output)
        );
        assert!(!all.contains("canary-7f3a"), "{all}");
    }
}

#[test]
fn a_database_of_another_kind_is_refused_with_the_settings() {
    let home = tempfile::tempdir().unwrap();
    let named = home.path().join("url");
    std::fs::write(&named, "mysql://x").unwrap();
    let by_file = format!("database.url_file={}", named.display());
    for setting in ["database.url=mysql://x", by_file.as_str()] {
        let output = program()
            .args(["check-config", "--set", setting])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{setting}");
        let why = "database.url must begin with sqlite: or postgres://";
        assert!(said(&output).contains(why), "{}", said(&output));
    }
}

#[test]
fn who_cannot_serve_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let missing = home.path().join("missing.pem");
    let output = program()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .args([
            "--set",
            &format!("tls.certificate_file={}", missing.display()),
        ])
        .args(["--set", &format!("tls.key_file={}", missing.display())])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("missing.pem"), "{}", said(&output));
    assert!(!data.exists());
}

#[test]
fn without_its_master_key_nothing_is_checked_and_nothing_is_made() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let verify = || {
        program()
            .arg("verify")
            .env("TONGMA_DATA_DIR", &data)
            .output()
            .unwrap()
    };
    let output = verify();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("master.key is missing"),
        "{}",
        said(&output)
    );
    assert!(!data.exists());

    let shop = [
        "merchant",
        "create",
        "老王面馆",
        "--mcc",
        "5812",
        "--city",
        "Shanghai",
    ];
    let made = program()
        .args(shop)
        .env("TONGMA_DATA_DIR", &data)
        .output()
        .unwrap();
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let key = data.join("master.key");
    assert_eq!(verify().status.code(), Some(0));
    std::fs::remove_file(&key).unwrap();
    assert_eq!(verify().status.code(), Some(2));
    assert!(!key.exists());
}

/// The demo's codes name a port of their own, and so does a server without an address.
async fn a_code_is_of_another_server_only_where_ours_is_known(backend: Backend) {
    let desk = Desk::new(backend).await;
    let code = desk.shop_with_a_code();
    let text = code["text"].as_str().unwrap().replace(":8080", ":8443");
    let codes = |more: &[&str]| {
        // The signature covers the address, so the answer is a negative one.
        let output = desk.command(&[&["decode", &text], more].concat()).output();
        let read: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        let warnings = read["warnings"].as_array().unwrap().clone();
        warnings
            .into_iter()
            .map(|one| one["code"].clone())
            .collect::<Vec<_>>()
    };
    assert!(!codes(&[]).contains(&"other-origin".into()));
    let set = ["--set", "public_url=http://127.0.0.1:8080"];
    assert!(codes(&set).contains(&"other-origin".into()));
}
on_both![a_code_is_of_another_server_only_where_ours_is_known];

/// An operator's place: a database and a folder.
struct Desk {
    database: TestDb,
    home: tempfile::TempDir,
}

impl Desk {
    async fn new(backend: Backend) -> Self {
        Self {
            database: TestDb::new(backend).await,
            home: tempfile::tempdir().unwrap(),
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = program();
        command
            .args(words)
            .arg("--json")
            .env("TONGMA_DATA_DIR", self.home.path())
            .env("TONGMA_DATABASE_URL", self.database.url());
        command
    }

    /// Does it, and answers with what was printed.
    fn does(&self, words: &[&str]) -> Value {
        let output = self.command(words).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{words:?}: {}",
            said(&output)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Does it, and answers with the id of what was made.
    fn makes(&self, words: &[&str]) -> String {
        self.does(words)["id"].as_str().unwrap().to_owned()
    }

    fn refuses(&self, words: &[&str], exit: i32, why: &str) {
        let output = self.command(words).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(exit),
            "{words:?}: {}",
            said(&output)
        );
        assert!(said(&output).contains(why), "{words:?}: {}", said(&output));
        assert!(output.stdout.is_empty());
    }

    /// Answers no: by the exit code, and with this in what was printed.
    fn says(&self, words: &[&str], exit: i32, what: &str) {
        let output = self.command(words).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(exit),
            "{words:?}: {}",
            said(&output)
        );
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.contains(what), "{words:?}: {printed}");
    }

    fn shop_with_a_code(&self) -> Value {
        let merchant = self.makes(&[
            "merchant",
            "create",
            "老王面馆",
            "--mcc",
            "5812",
            "--city",
            "Shanghai",
        ]);
        let store = self.makes(&["store", "create", "一号店", "--merchant", &merchant]);
        self.does(&["code", "create", "--merchant", &merchant, "--store", &store])
    }
}

/// A server that is stopped with the test.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(data: &Path) -> Self {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .strip_prefix("ready ")
            .unwrap_or_default()
            .trim()
            .to_owned();
        Self { child, url }
    }

    fn authority(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    fn tell(&self, signal: &str) {
        let id = self.child.id().to_string();
        let told = Command::new("kill")
            .args(["-s", signal, &id])
            .status()
            .unwrap();
        assert!(told.success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tongma"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
