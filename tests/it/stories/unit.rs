//! The systemd unit: that it locks what it says, and that the server works behind those locks and
//! speaks with the service manager.

use std::io::Write as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::process::{ShopProcess, tongma};
use crate::support::beside::number;
use crate::support::server::bearer;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// The highest exposure that is let pass, in tenths.
const EXPOSURE_MAX: &str = "20";

fn unit_in(folder: &Path) -> PathBuf {
    let output = tongma().arg("systemd-unit").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let unit = folder.join("tongma.service");
    std::fs::write(&unit, output.stdout).unwrap();
    unit
}

#[test]
fn systemd_finds_the_unit_hardly_exposed() {
    let home = TempDir::new().unwrap();
    let unit = unit_in(home.path());
    let judged = |unit: &Path| {
        Command::new("systemd-analyze")
            .args([
                "security",
                "--offline=yes",
                "--no-pager",
                "--threshold",
                EXPOSURE_MAX,
            ])
            .arg(unit)
            .output()
            .expect("tests/run installs systemd-analyze")
    };
    let output = judged(&unit);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");

    // A judge who lets everything pass is none.
    let mut text = std::fs::read_to_string(&unit).unwrap();
    text = text
        .replace("SystemCallFilter=", "#")
        .replace("Protect", "#");
    let open = home.path().join("open.service");
    std::fs::File::create(&open)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    assert!(!judged(&open).status.success());
}

async fn the_server_works_behind_the_locks_and_speaks_with_its_manager(backend: Backend) {
    let home = TempDir::new().unwrap();
    let unit = unit_in(home.path());
    let socket = home.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let heard = || {
        let mut said = [0; 256];
        let count = manager.recv(&mut said).unwrap();
        String::from_utf8(said[..count].to_vec()).unwrap()
    };
    let hears = |wanted: &str| while !heard().contains(wanted) {};

    let locked = || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/locked.py");
        let mut command = Command::new("python3");
        command
            .arg(script)
            .arg(&unit)
            .arg(env!("CARGO_BIN_EXE_tongma"))
            .env("NOTIFY_SOCKET", &socket)
            .env("WATCHDOG_USEC", "200000");
        command
    };
    let mut place = ShopProcess::open_by(backend, "", &[], locked()).await;
    hears("READY=1");
    hears("WATCHDOG=1");

    // Keys, disk, the way out to an institution, and threads that read pictures.
    let server = &place.server;
    let sticker = place.shop.sticker().await;
    let begin = json!({
        "text": sticker.text,
        "amount_minor": 1_200,
        "currency": "CNY",
        "payer_reference": "r-1",
    });
    let begin = Request::post_json("/wallet/v1/attempts", &begin);
    let begun = server.send(&place.signed("jd_pay", begin)).await;
    assert_eq!(begun.status, 201, "{}", begun.text());
    assert_eq!(place.shop.payee.calls().len(), 1);
    let picture = bearer(
        Request::get(&format!("/v1/codes/{}/symbol.png", sticker.id)),
        &place.token,
    );
    let picture = server.send(&picture).await;
    assert_eq!(picture.status, 200, "{}", picture.text());
    let read = Request::post("/v1/decode", "image/png", picture.body);
    let read = server.send(&bearer(read, &place.token)).await;
    assert_eq!(read.json()["codes"][0]["ok"], true, "{}", read.text());

    let ended = place.server.stops().await;
    assert_eq!(ended.code(), Some(0), "{}", place.server.log());
    hears("STOPPING=1");
    let attempts = number(&place.shop.database, "SELECT COUNT(*) FROM attempts").await;
    assert_eq!(attempts, 1);
    let log = place.server.log();
    assert!(!log.contains("Operation not permitted"), "{log}");
}
on_both![the_server_works_behind_the_locks_and_speaks_with_its_manager];

/// No image is built here; what can be judged without one is.
#[test]
fn the_container_file_is_clean_and_ends_without_root_or_shell() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("Containerfile");
    let output = Command::new(root.join("tests/.peers/venv/bin/hadolint"))
        .arg(&file)
        .output()
        .expect("tests/run installs hadolint");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let text = std::fs::read_to_string(&file).unwrap();
    let (_, last) = text.rsplit_once("\nFROM ").unwrap();
    assert!(
        last.starts_with("scratch\n") && !last.contains("\nRUN "),
        "{last}"
    );
    assert!(last.contains("\nUSER 65532:65532\n"), "{last}");
    // What is built in there is all that the program is made of.
    for made_of in [
        "src",
        "static",
        "migrations",
        "build.rs",
        "config.default.toml",
    ] {
        assert!(text.contains(made_of), "{made_of} is not copied");
    }
}

/// Each shell reads the script that is made for it.
#[test]
fn shells_read_their_completions() {
    for (shell, word) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef tongma"),
        ("fish", "complete -c tongma"),
    ] {
        let output = tongma().args(["completions", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && script.contains(word),
            "{shell}: {script}"
        );
        for command in ["check-config", "audit", "verify"] {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
    let home = TempDir::new().unwrap();
    let script = home.path().join("tongma.bash");
    std::fs::write(
        &script,
        tongma()
            .args(["completions", "bash"])
            .output()
            .unwrap()
            .stdout,
    )
    .unwrap();
    // What bash offers behind the first letters.
    let ask = "source \"$0\"; COMP_WORDS=(tongma che); COMP_CWORD=1; _tongma tongma che tongma; \
         echo \"${COMPREPLY[*]}\"";
    let output = Command::new("bash")
        .arg("-c")
        .arg(ask)
        .arg(&script)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim(),
        "check-config"
    );
    let unknown = tongma().args(["completions", "sh"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
}
