//! The reference on PostgreSQL: its own `pgbench`, with a script of the same final statements.

use std::path::PathBuf;
use std::process::Command;

use crate::support::TestDb;

/// The program, on the `PATH` or where Debian keeps the server's programs.
fn program() -> PathBuf {
    let name = PathBuf::from("pgbench");
    let works = |path: &PathBuf| {
        let asked = Command::new(path).arg("--version").output();
        asked.is_ok_and(|answer| answer.status.success())
    };
    let servers = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let kept = servers
        .flatten()
        .map(|server| server.path().join("bin/pgbench"));
    std::iter::once(name)
        .chain(kept)
        .find(works)
        .expect("pgbench is needed for PostgreSQL's figures (Debian: postgresql-contrib)")
}

/// Runs the script `each` times for each client; gives what it did in a second. In the script, `:n`
/// is a number that no other transaction has, from `base` on. Its statements go out together and
/// are answered together, so that nothing in it waits for the way to the server and back.
pub(crate) fn per_second(
    database: &TestDb,
    script: &str,
    clients: usize,
    each: usize,
    base: i64,
) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script.sql");
    let numbered = format!(
        "\\set n :base + :client_id * {each} + :i\n\\set i :i + 1\n\\startpipeline\n{script}\n\\endpipeline\n"
    );
    std::fs::write(&file, numbered).unwrap();
    let jobs = clients.min(2).to_string();
    let output = Command::new(program())
        .args(["--no-vacuum", "--protocol", "prepared", "--jobs", &jobs])
        .args(["--client", &clients.to_string()])
        .args(["--transactions", &each.to_string()])
        .args(["--define", &format!("base={base}"), "--define", "i=0"])
        .arg("--file")
        .arg(&file)
        .arg(address(database))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}{failed}");
    assert!(
        said.contains("number of failed transactions: 0"),
        "{said}{failed}"
    );
    let line = said.lines().find(|line| line.starts_with("tps = "));
    let number = line.and_then(|line| line.split(' ').nth(2));
    number.unwrap().parse().unwrap()
}

/// The database's address in the words that PostgreSQL's own programs know.
fn address(database: &TestDb) -> String {
    let (place, settings) = database
        .url()
        .split_once('?')
        .unwrap_or((database.url(), ""));
    let ours = |setting: &&str| setting.starts_with("statement-cache-capacity");
    let theirs: Vec<&str> = settings
        .split('&')
        .filter(|setting| !ours(setting))
        .collect();
    format!("{place}?{}", theirs.join("&"))
}
