//! What `deny.toml` bans, looked for in `Cargo.lock`: `cargo deny` knows more, this needs nothing.

use serde::Deserialize;

/// What is read of `deny.toml`.
#[derive(Deserialize)]
struct Deny {
    bans: Bans,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

/// A crate that must not be linked; where a version is named, only those below it.
#[derive(Deserialize)]
struct Ban {
    name: String,
    version: Option<String>,
}

/// What is read of `Cargo.lock`.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
}

/// The packages of the lock file that are banned.
pub(super) fn banned(lock: &str, deny: &str) -> Vec<String> {
    let lock: Lock = toml::from_str(lock).unwrap();
    let deny: Deny = toml::from_str(deny).unwrap();
    let is_banned = |package: &&Package| {
        let mut bans = deny.bans.deny.iter();
        bans.any(|ban| ban.name == package.name && reaches(ban, &package.version))
    };
    let found = lock.package.iter().filter(is_banned);
    found
        .map(|package| format!("{} {}", package.name, package.version))
        .collect()
}

fn reaches(ban: &Ban, version: &str) -> bool {
    let Some(limit) = &ban.version else {
        return true;
    };
    let fixed = limit.strip_prefix('<').expect("a ban names `<VERSION`");
    numbers(version) < numbers(fixed)
}

/// `1.2.3-rc.1` as 1, 2, 3.
fn numbers(version: &str) -> Vec<u64> {
    let plain = version.split(['-', '+']).next().unwrap_or(version);
    plain.split('.').map(|part| part.parse().unwrap()).collect()
}

#[test]
fn a_banned_crate_is_found() {
    let deny = r#"
        [bans]
        deny = [{ name = "openssl" }, { name = "sqlx-core", version = "<0.8.1" }]
    "#;
    let found = |name: &str, version: &str| {
        let lock = format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        banned(&lock, deny)
    };
    assert_eq!(found("openssl", "0.10.1"), ["openssl 0.10.1"]);
    assert_eq!(found("sqlx-core", "0.8.0"), ["sqlx-core 0.8.0"]);
    assert!(found("openssl-probe", "0.1.0").is_empty());
    assert!(found("sqlx-core", "0.8.1").is_empty());
    assert!(found("sqlx-core", "0.10.0").is_empty());
}
