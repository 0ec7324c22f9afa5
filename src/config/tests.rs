use std::io::Write as _;

use super::*;

#[test]
fn the_default_file_is_a_whole_configuration_with_a_comment_for_each_setting() {
    let (config, settings) = Config::load(&Sources::default()).unwrap();
    assert_eq!(config.mode, Mode::Test);
    assert!(settings.iter().all(|setting| setting.from == "default"));
    let mut commented = false;
    for line in DEFAULT.lines() {
        let comment = line.starts_with('#');
        assert!(
            !line.contains(" = ") || comment || commented,
            "no comment above: {line}"
        );
        // A pair that belongs together shares a comment.
        commented = comment || (commented && line.contains(" = "));
    }
}

#[test]
fn a_flag_lies_over_a_variable_over_the_file_over_the_default() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(
        file,
        "listen = \"127.0.0.1:1\"\nworkers = 1\n[log]\nlevel = \"warn\"\n"
    )
    .unwrap();
    let sources = Sources {
        file: Some(file.path().to_owned()),
        variables: pairs(&[("TONGMA_LISTEN", "127.0.0.1:2"), ("TONGMA_WORKERS", "2")]),
        flags: pairs(&[("listen", "127.0.0.1:3")]),
    };
    let (config, settings) = Config::load(&sources).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.workers, 2);
    assert_eq!(config.log.level, LogLevel::Warn);
    assert_eq!(config.log.format, LogFormat::Json);
    let from = |name| {
        settings
            .iter()
            .find(|s| s.name == name)
            .unwrap()
            .from
            .clone()
    };
    assert_eq!(from("listen"), "flag");
    assert_eq!(from("workers"), "TONGMA_WORKERS");
    assert_eq!(from("log.format"), "default");
}

#[test]
fn what_is_unknown_refuses_to_start() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "[limits]\npay_befor_s = 5\n").unwrap();
    let misspelt = Sources {
        file: Some(file.path().to_owned()),
        ..Sources::default()
    };
    assert!(message(&misspelt).starts_with("unknown setting limits.pay_befor_s in "));
    let variable = Sources {
        variables: pairs(&[("TONGMA_LISTN", "x"), ("PATH", "/bin")]),
        ..Sources::default()
    };
    assert!(message(&variable).starts_with("unknown setting TONGMA_LISTN in the environment"));
    let flag = Sources {
        flags: pairs(&[("databse.url", "x")]),
        ..Sources::default()
    };
    assert!(message(&flag).starts_with("unknown setting databse.url in flag"));
    let section = Sources {
        flags: pairs(&[("database", "x")]),
        ..Sources::default()
    };
    assert!(message(&section).starts_with("unknown setting database in flag"));
}

#[test]
fn values_and_bounds_are_checked() {
    for (name, value, expected) in [
        ("listen", "nowhere", "invalid socket address"),
        ("mode", "LIVE", "is not one of"),
        ("workers", "two", "workers must be a whole number"),
        ("workers", "-1", "expected u16"),
        ("public_url", "ftp://x", "public_url must be https://"),
        (
            "public_url",
            "https://pay.example/path",
            "public_url must be https://",
        ),
        (
            "public_url",
            "https://me@pay.example",
            "public_url must be https://",
        ),
        (
            "limits.pay_before_s",
            "9",
            "limits.pay_before_s must be 10 to 3600, found 9",
        ),
    ] {
        let sources = Sources {
            flags: pairs(&[(name, value)]),
            ..Sources::default()
        };
        let message = message(&sources);
        assert!(message.contains(expected), "{name} = {value}: {message}");
    }
}

#[test]
fn plain_http_is_for_test_mode_on_private_addresses() {
    let load = |flags: &[(&str, &str)]| {
        Config::load(&Sources {
            flags: pairs(flags),
            ..Sources::default()
        })
        .is_ok()
    };
    for good in [
        "http://localhost:8080",
        "http://192.168.1.5:8080/",
        "http://127.0.0.1",
        "https://pay.example",
    ] {
        assert!(load(&[("public_url", good)]), "{good}");
    }
    for bad in [
        "http://pay.example",
        "http://8.8.8.8",
        "http://localhost.evil.example",
        "http://10.0.0.1.example",
    ] {
        assert!(!load(&[("public_url", bad)]), "{bad}");
    }
    let live = [
        ("mode", "live"),
        ("tls.certificate_file", "c.pem"),
        ("tls.key_file", "k.pem"),
    ];
    let with = |url| [live.as_slice(), &[("public_url", url)]].concat();
    assert!(load(&with("https://pay.example")));
    assert!(!load(&with("http://127.0.0.1")));
    assert!(!load(&live));
    assert!(!load(&[("listen", "0.0.0.0:8080")]));
    assert!(!load(&[("listen", "8.8.8.8:8080")]));
    assert!(load(&[
        ("listen", "0.0.0.0:8080"),
        ("public_url", "http://10.0.0.7:8080")
    ]));
    assert!(!load(&[
        ("mode", "live"),
        ("public_url", "https://pay.example")
    ]));
}

#[test]
fn a_secret_comes_from_a_file_and_is_never_shown() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "postgres://tongma:hunter2@db/tongma").unwrap();
    let path = file.path().to_str().unwrap();
    let sources = Sources {
        flags: pairs(&[("database.url_file", path)]),
        ..Sources::default()
    };
    let (config, _) = Config::load(&sources).unwrap();
    assert_eq!(
        config.database_url().reveal(),
        "postgres://tongma:hunter2@db/tongma"
    );
    assert!(!format!("{config:?}").contains("hunter2"));

    let direct = [("database.url", "postgres://tongma:hunter2@db/tongma")];
    let sources = Sources {
        flags: pairs(&direct),
        ..Sources::default()
    };
    let (config, settings) = Config::load(&sources).unwrap();
    assert!(!format!("{config:?}{settings:?}").contains("hunter2"));
    let both = [direct[0], ("database.url_file", path)];
    assert!(
        Config::load(&Sources {
            flags: pairs(&both),
            ..Sources::default()
        })
        .is_err()
    );
}

fn message(sources: &Sources) -> String {
    Config::load(sources).unwrap_err().to_string()
}

fn pairs(given: &[(&str, &str)]) -> Vec<(String, String)> {
    given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_table_of_marks_is_laid_whole_over_the_default() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "[wallets.user_agent_marks]\necny = [\"DCEP/2\"]").unwrap();
    let sources = Sources {
        file: Some(file.path().to_owned()),
        ..Sources::default()
    };
    let marks = |sources: &Sources| Config::load(sources).unwrap().0.wallets.user_agent_marks;
    assert_eq!(marks(&sources)["ecny"], ["DCEP/2"]);
    let flagged = Sources {
        flags: pairs(&[("wallets.user_agent_marks", r#"{ bank_x = ["X/", "Y/"] }"#)]),
        ..sources
    };
    let found = marks(&flagged);
    assert_eq!((found.len(), found["bank_x"].len()), (1, 2));
    let broken = Sources {
        flags: pairs(&[("wallets.user_agent_marks", "X/")]),
        ..Sources::default()
    };
    assert!(message(&broken).contains("must be a table"));
}
