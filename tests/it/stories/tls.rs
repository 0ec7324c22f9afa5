//! Real money moves over TLS, or the program does not start.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::process::{free_port, tongma};
use crate::support::{certificate, get_trusting};

/// Ends with its test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn in_live_mode_pages_are_read_over_tls_only() {
    let home = TempDir::new().unwrap();
    let (certificate, key) = certificate(home.path());
    let port = free_port();
    let url = format!("https://localhost:{port}");
    let mut child = live(home.path(), port, &url)
        .args([
            "--set",
            &format!("tls.certificate_file={}", certificate.display()),
        ])
        .args(["--set", &format!("tls.key_file={}", key.display())])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let _server = Server(child);
    let mut ready = String::new();
    BufReader::new(output).read_line(&mut ready).unwrap();
    assert_eq!(ready, format!("ready {url}\n"));

    let health = get_trusting(&certificate, &format!("{url}/readyz"));
    assert_eq!(
        (&health["status"], &health["text"]),
        (&200.into(), &"{\"status\":\"ok\"}".into())
    );
    let page = get_trusting(&certificate, &format!("{url}/counter"));
    assert_eq!(page["status"], 200);
    let text = page["text"].as_str().unwrap();
    assert!(text.contains("/counter/pair"), "{text}");

    let mut plain = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = format!("GET /counter HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    plain.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // The server hangs up, which may reset the connection.
    let _ = plain.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(!answer.contains("HTTP/1.1"), "{answer}");
    assert!(!answer.contains("/counter/pair"), "{answer}");
}

#[test]
fn real_money_without_tls_refuses_to_start() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let (certificate, key) = certificate(home.path());
    let refuses = |command: &mut Command, why: &str| {
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why), "{said}");
        assert!(output.stdout.is_empty());
        assert!(!data.exists(), "nothing was made");
    };
    let files = [
        format!("tls.certificate_file={}", certificate.display()),
        format!("tls.key_file={}", key.display()),
    ];
    let secure = |url: &str| {
        let mut command = live(&data, free_port(), url);
        command.args(files.iter().flat_map(|file| ["--set", file]));
        command
    };
    let url = "https://localhost";
    refuses(&mut live(&data, free_port(), url), "live mode needs tls.");
    refuses(
        &mut secure("http://localhost"),
        "a public_url with https://",
    );
    refuses(&mut secure(""), "live mode needs public_url");
    let half = ["--set", files[0].as_str()];
    let mut half_given = live(&data, free_port(), url);
    refuses(half_given.args(half), "are needed together");
    std::fs::write(&key, "not a key").unwrap();
    let output = secure(url).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("key.pem"), "{said}");
}

fn live(data: &Path, port: u16, public_url: &str) -> Command {
    let mut command = tongma();
    command.args(["serve", "--set", "mode=live"]);
    for setting in [
        format!("listen=127.0.0.1:{port}"),
        format!("data_dir={}", data.display()),
        format!("public_url={public_url}"),
    ] {
        command.args(["--set", &setting]);
    }
    command.stderr(Stdio::piped());
    command
}
