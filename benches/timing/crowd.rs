//! T118: one address holds connections and lets its heads or its bodies drip, or asks for live feeds;
//! how long others wait meanwhile for an answer that takes a seat.
//!
//! Both sides are one answer after the other on one connection, so that what is timed is the server
//! and not a queue of our own. The crowd comes from another address, as it would.

use std::io::{self, BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

const CROWD: usize = 10_000;
/// Where the crowd comes from; Linux answers on all of 127.0.0.0/8.
const THEIRS: &str = "127.0.0.2:0";
/// How many come before one looks who was let in.
const ROUND: usize = 500;
const QUESTIONS: usize = 5_000;
/// So many times the p99 of a quiet server.
const GOAL: f64 = 2.0;
const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
const BODY: &[u8] = b"POST /counter/pair HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\
    Content-Type: application/x-www-form-urlencoded\r\n\r\n";

/// The program, until it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub(crate) fn measure() -> io::Result<()> {
    let home = tempfile::tempdir()?;
    let token = sign_up(home.path())?;
    let get = |path| {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n")
    };
    let (feed, list) = (get("/v1/feed"), get("/v1/stores"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    println!(
        "{:<58} {:>9} {:>9} {:>8}",
        "p99, ns", "alone", "beside", "ratio"
    );
    for (what, opening, answered) in [
        ("slow heads", HEAD, false),
        ("slow bodies", BODY, false),
        ("live feeds", feed.as_bytes(), true),
    ] {
        let (process, server) = start(home.path())?;
        runtime.block_on(beside((server, &list), what, opening, answered))?;
        drop(process);
    }
    Ok(())
}

/// How long one asks alone, and beside a crowd that opens with this.
async fn beside(
    asks: (SocketAddr, &str),
    what: &str,
    opening: &[u8],
    answered: bool,
) -> io::Result<()> {
    // The first of all pays for what is made once.
    p99(asks).await?;
    let quiet = p99(asks).await?;
    let (met, held) = crowd(asks.0, opening, answered).await?;
    let beside = p99(asks).await?;
    let ratio = beside.as_secs_f64() / quiet.as_secs_f64();
    let verdict = if ratio < GOAL { "below 2x" } else { "ABOVE 2x" };
    let what = format!(
        "T118, a list: {met} {what} of one address, {} held",
        held.len()
    );
    println!(
        "{what:<58} {:>9} {:>9} {ratio:>8.2}  {verdict}",
        quiet.as_nanos(),
        beside.as_nanos()
    );
    Ok(())
}

/// A merchant, and a key to its feed.
fn sign_up(home: &Path) -> io::Result<String> {
    let about = ["--mcc", "5812", "--city", "Wuhan"];
    let merchant = told(
        home,
        &[&["merchant", "create", "Noodles"][..], &about].concat(),
    )?;
    let id = merchant["id"].as_str().unwrap_or_default();
    let key = told(home, &["api-key", "create", "feeds", "--merchant", id])?;
    let token = key["key"].as_str();
    token
        .map(str::to_owned)
        .ok_or_else(|| io::Error::other(format!("no key: {merchant} {key}")))
}

fn told(home: &Path, arguments: &[&str]) -> io::Result<serde_json::Value> {
    let output = program(home).args(arguments).arg("--json").output()?;
    serde_json::from_slice(&output.stdout)
        .map_err(|_| io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// How long almost all questions of one who asks take at most.
async fn p99((server, ask): (SocketAddr, &str)) -> io::Result<Duration> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let mut answer = vec![0; 16 * 1024];
    let mut took = Vec::with_capacity(QUESTIONS);
    for _ in 0..QUESTIONS {
        let began = Instant::now();
        stream.write_all(ask.as_bytes()).await?;
        // An answer this short comes in one piece.
        let length = stream.read(&mut answer).await?;
        took.push(began.elapsed());
        let heard = answer.get(..length).unwrap_or_default();
        if !heard.starts_with(b"HTTP/1.1 200") {
            return Err(io::Error::other(
                String::from_utf8_lossy(heard).into_owned(),
            ));
        }
    }
    took.sort_unstable();
    Ok(took.get(QUESTIONS * 99 / 100).copied().unwrap_or_default())
}

/// Comes again and again; what the server lets in is held. `answered`: it is let in by an answer,
/// not by silence.
async fn crowd(
    server: SocketAddr,
    opening: &[u8],
    answered: bool,
) -> io::Result<(usize, Vec<TcpStream>)> {
    let theirs = THEIRS.parse().map_err(io::Error::other)?;
    let mut held = Vec::new();
    let mut met = 0;
    while met < CROWD {
        let socket = TcpSocket::new_v4()?;
        socket.bind(theirs)?;
        let mut stream = socket.connect(server).await?;
        met += 1;
        if stream.write_all(opening).await.is_ok() {
            held.push(stream);
        }
        if met % ROUND == 0 {
            // By now the server has hung up on those that it does not let in.
            tokio::time::sleep(Duration::from_millis(20)).await;
            held.retain(|stream| is_held(stream, answered));
        }
    }
    Ok((met, held))
}

fn is_held(stream: &TcpStream, answered: bool) -> bool {
    let mut heard = [0; 512];
    match stream.try_read(&mut heard) {
        Ok(length) => answered && heard[..length].starts_with(b"HTTP/1.1 200"),
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    }
}

fn program(home: &Path) -> Command {
    let data = format!("data_dir={}", home.display());
    let settings = [
        "listen=127.0.0.1:0",
        &data,
        "log.level=error",
        "rates.source=0",
        "rates.api_key=0",
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_tongma"));
    command.args(settings.iter().flat_map(|setting| ["--set", *setting]));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TONGMA_") {
            command.env_remove(name);
        }
    }
    command
}

fn start(home: &Path) -> io::Result<(Process, SocketAddr)> {
    let mut child = program(home)
        .arg("serve")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = child.stdout.take();
    let process = Process(child);
    let mut line = String::new();
    let output = output.ok_or_else(|| io::Error::other("no output"))?;
    BufReader::new(output).read_line(&mut line)?;
    let authority = line.trim().strip_prefix("ready http://");
    let server = authority.and_then(|authority| authority.parse().ok());
    let server = server.ok_or_else(|| io::Error::other(format!("not ready: {line:?}")))?;
    Ok((process, server))
}
