//! The program as a service manager runs it: started, asked, told to stop.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use data_encoding::BASE64;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use tongma::clock::Clock;
use tongma::crypto::digest::hex;
use tongma::crypto::http_signature::RequestKey;
use tongma::merchant::Scopes;

use super::town::Feed;
use crate::support::server::{bearer, new_key, signed_by};
use crate::support::shop::Shop;
use crate::support::wire::{Answer, Request, send};
use crate::support::{Backend, on_both};

/// For what has to happen soon.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at what gives no sign.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A `tongma serve` of its own.
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) authority: String,
    home: TempDir,
}

/// A shop whose server is a process of its own.
pub(crate) struct ShopProcess {
    pub(crate) server: Process,
    pub(crate) shop: Shop,
    /// An API key of the shop.
    pub(super) token: String,
    /// Seals what is in the database, as its file has it.
    pub(super) master_key: String,
    settings: Settings,
}

/// How a server is started.
struct Settings {
    database_url: String,
    port: u16,
    /// `NAME=VALUE`.
    more: Vec<String>,
    /// Holds the master key's file.
    home: TempDir,
}

impl ShopProcess {
    /// `password` goes into the database's address where that has room for one; `more` are
    /// settings.
    pub(crate) async fn open(backend: Backend, password: &str, more: &[&str]) -> Self {
        Self::open_by(backend, password, more, tongma()).await
    }

    /// The same, with the program started by this command.
    pub(super) async fn open_by(
        backend: Backend,
        password: &str,
        more: &[&str],
        command: Command,
    ) -> Self {
        let port = free_port();
        let origin = format!("http://127.0.0.1:{port}");
        let shop = Shop::open_at(backend, &origin, Clock::System).await;
        let token = new_key(&shop, &shop.merchant.id, Scopes::all()).await;
        let home = TempDir::new().unwrap();
        let file = home.path().join("master.key");
        let master_key = BASE64.encode(&[7; 32]);
        std::fs::write(&file, &master_key).unwrap();
        let named = format!("keys.master_file={}", file.display());
        let url = shop.database.url();
        let url = url.replace("tongma@", &format!("tongma:{password}@"));
        let more = [&[named.as_str()], more].concat();
        let settings = Settings {
            database_url: url,
            port,
            more: more.into_iter().map(str::to_owned).collect(),
            home,
        };
        Self {
            server: settings.serve(command).await,
            shop,
            token,
            master_key,
            settings,
        }
    }

    /// Tells the server to stop, and waits until it has.
    pub(crate) async fn stop(&mut self) {
        self.server.terminate();
        self.server.ends_within(PATIENCE).await;
    }

    /// Another server in its place, at the same address.
    pub(crate) async fn start_again(&mut self) {
        self.server = self.settings.serve(tongma()).await;
    }

    /// Starts the program once more over the same database, where it is to refuse.
    pub(super) fn serves_again(&self) -> Output {
        let file = self.settings.home.path().join("master.key");
        let set = format!("keys.master_file={}", file.display());
        let mut command = tongma();
        command
            .args(["serve", "--set", &set, "--set", "listen=127.0.0.1:0"])
            .env("TONGMA_DATABASE_URL", self.shop.database.url());
        command.output().unwrap()
    }

    /// Signs a request as a wallet does.
    pub(crate) fn signed(&self, wallet: &str, request: Request) -> Request {
        let key = &self.shop.keys[wallet];
        let key_id = key.key_id().to_string();
        self.signed_with(key.into(), &key_id, request)
    }

    /// Signs a request with any key.
    pub(super) fn signed_with(
        &self,
        key: RequestKey<'_>,
        key_id: &str,
        request: Request,
    ) -> Request {
        let nonce = hex(&self.shop.app.entropy.bytes::<8>());
        let now = self.shop.app.clock.now();
        signed_by(key, key_id, request, &self.server.authority, now, &nonce)
    }
}

impl Settings {
    async fn serve(&self, command: Command) -> Process {
        let more: Vec<&str> = self.more.iter().map(String::as_str).collect();
        let served = Process::serve(command, &self.database_url, self.port, &more).await;
        served.unwrap_or_else(|said| panic!("{said}"))
    }
}

impl Process {
    /// Starts it over this database and waits for its `ready` line; what it said where there was
    /// none. `more` are settings.
    pub(crate) async fn serve(
        mut command: Command,
        database_url: &str,
        port: u16,
        more: &[&str],
    ) -> Result<Self, String> {
        let home = TempDir::new().unwrap();
        let log = File::create(home.path().join("log")).unwrap();
        command
            .arg("serve")
            .arg("--set")
            .arg(format!("listen=127.0.0.1:{port}"))
            .arg("--set")
            .arg(format!("data_dir={}", home.path().display()))
            .args(more.iter().flat_map(|setting| ["--set", setting]))
            .env("TONGMA_DATABASE_URL", database_url)
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let ready = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            line
        });
        let ready = ready.await.unwrap();
        let log = std::fs::read_to_string(home.path().join("log")).unwrap();
        let mut served = Self {
            child,
            authority: format!("127.0.0.1:{port}"),
            home,
        };
        if ready.starts_with("ready http://") {
            return Ok(served);
        }
        served.signal("KILL");
        let ended = served.child.wait().unwrap();
        Err(format!("{ended}: {ready:?}\n{log}"))
    }

    pub(crate) async fn send(&self, request: &Request) -> Answer {
        send(&self.authority, request).await
    }

    /// Everything it has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap()
    }

    /// What the kernel says of its memory.
    pub(crate) fn memory_kib(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(what)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Tells it to stop, as service managers do.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let name = format!("-{name}");
        let told = Command::new("kill").args([&name, &pid]).status().unwrap();
        assert!(told.success());
    }

    /// Tells it to stop, and waits for its end.
    pub(super) async fn stops(&mut self) -> ExitStatus {
        self.terminate();
        self.ends_within(PATIENCE).await
    }

    /// Waits for its end.
    pub(crate) async fn ends_within(&mut self, patience: Duration) -> ExitStatus {
        let child = &mut self.child;
        let ended = tokio::time::timeout(patience, async {
            loop {
                if let Some(status) = child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        });
        let ended = ended.await;
        ended.unwrap_or_else(|_| panic!("still there: {}", self.log()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program without settings of whoever runs the tests.
pub(crate) fn tongma() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tongma"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TONGMA_") {
            command.env_remove(name);
        }
    }
    command
}

/// A port that is free, as far as anybody can know.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

async fn a_server_says_when_it_is_ready_and_stops_in_good_order(backend: Backend) {
    let place = ShopProcess::open(backend, "", &[]).await;
    let mut server = place.server;
    let ready = server.send(&Request::get("/readyz")).await;
    assert_eq!(ready.status, 200, "{}", ready.text());

    let followed = bearer(Request::get("/v1/feed?after=0"), &place.token);
    let feed = Feed::open(&server.authority, &followed).await;
    // Somebody is in the middle of a request, which the server has begun to read.
    let mut slow = TcpStream::connect(&server.authority).await.unwrap();
    let head = format!(
        "POST /counter/pair HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nContent-Length: 13\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\ncode=",
        server.authority
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    server.send(&Request::get("/healthz")).await;

    server.terminate();
    let refuses = async {
        while TcpStream::connect(&server.authority).await.is_ok() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(PATIENCE, refuses).await.unwrap();
    slow.write_all(b"ABCD2345").await.unwrap();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");

    feed.ends().await;
    let ended = server.ends_within(PATIENCE).await;
    assert_eq!(ended.code(), Some(0), "{}", server.log());
}
on_both![a_server_says_when_it_is_ready_and_stops_in_good_order];

/// Load balancers need a moment to notice.
async fn a_server_that_drains_says_not_ready_and_serves_on(backend: Backend) {
    let place = ShopProcess::open(backend, "", &["drain_s=15"]).await;
    let mut server = place.server;

    server.terminate();
    let says_so = async {
        while server.send(&Request::get("/readyz")).await.status != 503 {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(PATIENCE, says_so).await.unwrap();
    let refused = server.send(&Request::get("/readyz")).await;
    assert_eq!(refused.code(), "draining");
    assert!(refused.header("retry-after").is_some());
    let asked = bearer(Request::get("/v1/payments"), &place.token);
    assert_eq!(server.send(&asked).await.status, 200);

    // Told twice, it waits no longer.
    server.terminate();
    let ended = server.ends_within(PATIENCE).await;
    assert_eq!(ended.code(), Some(0), "{}", server.log());
}
on_both![a_server_that_drains_says_not_ready_and_serves_on];

#[test]
fn a_setting_that_is_not_known_refuses_to_start() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("tongma.toml");
    std::fs::write(&file, "[limits]\npay_befor_s = 90\n").unwrap();
    let data = format!("data_dir={}", home.path().join("data").display());

    let starts = |arguments: &[&str], variable: Option<&str>| {
        let mut command = tongma();
        command.args(["serve", "--set", &data]).args(arguments);
        if let Some(name) = variable {
            command.env(name, "90");
        }
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(output.stdout.is_empty());
        said
    };
    let file = file.to_str().unwrap();
    assert!(starts(&["--config", file], None).contains("pay_befor_s"));
    assert!(starts(&["--set", "limits.pay_befor_s=90"], None).contains("pay_befor_s"));
    let said = starts(&[], Some("TONGMA_LIMITS_PAY_BEFOR_S"));
    assert!(said.contains("TONGMA_LIMITS_PAY_BEFOR_S"), "{said}");
    assert!(starts(&["--set", "limits.pay_before_s=1"], None).contains("pay_before_s"));
    let left: Vec<PathBuf> = std::fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(left.len(), 1, "something was made: {left:?}");
}

#[test]
fn a_database_that_is_not_there_is_named_without_its_password() {
    let output = tongma()
        .arg("serve")
        .env(
            "TONGMA_DATABASE_URL",
            "postgres://tongma:canary-5ecret@127.0.0.1:1/tongma",
        )
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(!said.contains("canary"), "{said}");
    assert!(output.stdout.is_empty());
}
