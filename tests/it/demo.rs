//! The demo as a user runs it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::str::FromStr as _;
use std::time::Duration;

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::stories::process::{free_port, tongma};
use crate::support::read_symbol;
use crate::support::wire::{Request, send};

/// Eight wallets by two ways, and four by the code that was adopted.
const ROWS: usize = 20;

fn demo(folder: &Path, flags: &[&str]) -> Output {
    tongma()
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

/// What the readme's section about codes speaks of.
#[test]
fn pictures_of_codes_and_signs_are_made_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("pictures");
    let temporary = folder.path().join("t");
    std::fs::create_dir(&temporary).unwrap();
    let done = demo(
        &temporary,
        &["--once", "--json", "--pictures", pictures.to_str().unwrap()],
    );
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let mut names = Vec::new();
    for file in std::fs::read_dir(&pictures).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.len() < 200_000, "{}: {}", path.display(), bytes.len());
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|kind| kind == "png") {
            let [zxing, zbar] = read_symbol(&bytes);
            let begins = if name.contains("-emv") {
                "000201"
            } else {
                "HTTP://"
            };
            for read in [zxing, zbar] {
                assert!(
                    read.len() == 1 && read[0].starts_with(begins),
                    "{name}: {read:?}"
                );
            }
        }
        names.push(name);
    }
    names.sort();
    assert_eq!(
        names,
        [
            "receipt-58-zh-url.png",
            "stand-a6-en-emv.png",
            "stand-a6-zh-url.png",
            "sticker-60-en-url.png",
            "symbol-emv.svg",
            "symbol-url.svg",
        ]
    );
}

#[test]
fn every_wallet_pays_by_both_ways_and_nothing_stays_behind() {
    let folder = tempfile::tempdir().unwrap();
    let done = demo(folder.path(), &["--once", "--json"]);

    let rows = rows_of(&done.stdout);
    let watched = String::from_utf8(done.stderr).unwrap();
    assert_eq!(rows.len(), ROWS, "{watched}");
    let adopted: Vec<_> = rows.iter().filter(|row| row["way"] == "adopted").collect();
    let payers: Vec<_> = adopted
        .iter()
        .map(|row| row["wallet"].as_str().unwrap())
        .collect();
    assert_eq!(payers, ["jd_pay", "bestpay", "hebao", "wo_pay"]);
    for row in adopted {
        assert_eq!(row["payee_institution"], "wechat_pay", "{row}");
        assert_eq!(row["payment_account"], "****302", "{row}");
    }
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
    assert_eq!(rows.len(), ROWS, "the others go on: {watched}");
    for row in &rows {
        let is_paid = row["state"] == "paid";
        assert_eq!(is_paid, row["wallet"] != "ecny", "{row}\n{watched}");
    }
    assert_eq!(done.status.code(), Some(1), "{watched}");
}

/// A demo that goes on serving; it ends with the test.
struct Served {
    child: Child,
    watched: Option<BufReader<ChildStderr>>,
}

impl Served {
    fn begin(folder: &Path, flags: &[&str]) -> Self {
        let mut command = tongma();
        command.arg("demo").args(flags).env("TMPDIR", folder);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let watched = child.stderr.take().map(BufReader::new);
        Self { child, watched }
    }

    /// What it says to whoever watches, up to the line that begins so.
    fn says_until(&mut self, beginning: &str) -> Vec<String> {
        let mut said = Vec::new();
        for line in self.watched.as_mut().unwrap().lines() {
            said.push(line.unwrap());
            if said.last().unwrap().starts_with(beginning) {
                return said;
            }
        }
        panic!("{beginning} never came: {said:#?}")
    }

    /// Tells it to stop as Ctrl-C does; its rows, and how it ended.
    fn stops(mut self) -> (Vec<Value>, Option<i32>) {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(told.success());
        let mut rows = String::new();
        let mut output = self.child.stdout.take().unwrap();
        output.read_to_string(&mut rows).unwrap();
        let rows = rows.lines().map(|line| serde_json::from_str(line).unwrap());
        (rows.collect(), self.child.wait().unwrap().code())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As for a phone on the same network: everything is printed and reached by the public address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_for_a_real_phone_goes_on_serving_at_its_public_address() {
    let folder = tempfile::tempdir().unwrap();
    let authority = format!("127.0.0.1:{}", free_port());
    let url = format!("http://{authority}");
    let mut demo = Served::begin(folder.path(), &["--json", "--public-url", &url]);
    let said = demo.says_until("stop with Ctrl-C");

    let printed = said
        .iter()
        .find_map(|line| line.strip_prefix("the code's page"));
    let printed = printed.unwrap().trim();
    let path = printed.strip_prefix(&url.to_ascii_uppercase()).unwrap();
    let page = send(&authority, &Request::get(path)).await;
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("老王牛肉面馆"), "{}", page.text());
    assert!(
        said.iter()
            .any(|line| line.ends_with(&format!("{url}/phone")))
    );
    for place in ["/phone", "/counter", "/healthz"] {
        let seen = send(&authority, &Request::get(place)).await;
        assert_eq!(seen.status, 200, "{place}: {}", seen.text());
    }

    let (rows, ended) = demo.stops();
    assert_eq!(rows.len(), ROWS);
    assert!(rows.iter().all(|row| row["state"] == "paid"), "{rows:?}");
    assert_eq!(ended, Some(0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_place_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let place = taken.local_addr().unwrap().to_string();
    let done = demo(folder.path(), &["--listen", &place]);
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("listening on {place}: ")), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// The server's settings count: here nobody may pay what a bowl costs by the code on the wall.
#[test]
fn the_demo_goes_by_the_settings_that_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tongma.toml");
    std::fs::write(&file, "[limits]\nstatic_day_limit_fen = 100\n").unwrap();
    let temporary = folder.path().join("t");
    std::fs::create_dir(&temporary).unwrap();
    let flags = ["--once", "--json", "--config", file.to_str().unwrap()];
    let done = demo(&temporary, &flags);
    let told = String::from_utf8(done.stdout).unwrap();
    assert_eq!(told.lines().count(), ROWS, "{told}");
    assert!(!told.contains("\"state\":\"paid\""), "{told}");
    assert!(told.contains("limit-exceeded"), "{told}");
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn a_setting_that_is_not_for_the_demo_is_refused_and_nothing_begins() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |flags: &[&str], variable: Option<(&str, &str)>| {
        let mut command = tongma();
        command.arg("demo").args(flags).envs(variable);
        let done = command.env("TMPDIR", folder.path()).output().unwrap();
        assert_eq!(done.status.code(), Some(2), "{flags:?}");
        assert!(done.stdout.is_empty(), "{flags:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        String::from_utf8(done.stderr).unwrap()
    };
    let said = refused(&["--once", "--set", "listen=127.0.0.1:9"], None);
    assert!(said.contains("listen (set by flag) is not for the demo: say where by --listen"));
    let url = (
        "TONGMA_DATABASE_URL",
        "postgres://tongma:canary-5ecret@db/x",
    );
    let said = refused(&["--once"], Some(url));
    assert!(
        said.contains("database.url (set by TONGMA_DATABASE_URL)"),
        "{said}"
    );
    assert!(!said.contains("canary"), "{said}");
    let said = refused(&["--once", "--set", "limits.pay_befor_s=90"], None);
    assert!(
        said.contains("unknown setting limits.pay_befor_s"),
        "{said}"
    );
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
