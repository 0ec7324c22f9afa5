//! `tongma serve` as a process of its own: how soon it is ready, and what memory it takes under load.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use tongma::clock::Clock;

use crate::asked::Asked;
use crate::floor;
use crate::load::{self, Bytes};
use crate::request::{self, Signs, signed};
use crate::seed::{self, Ground, PAYEE};
use crate::support::Backend;
use crate::support::shop::Shop;
use crate::table::{Goal, Row, Table};

/// How soon it should be ready.
const READY_MS: f64 = 200.0;
/// What it should take at most.
const MEMORY_MIB: f64 = 64.0;
const CONNECTIONS: usize = 32;
/// Load before one looks at the memory.
const SPAN: Duration = Duration::from_secs(3);
/// Codes that are scanned, and payments that are confirmed.
const CODES: usize = 256;
const PAYMENTS: usize = 4000;

pub(crate) async fn measure(asked: &Asked, table: &mut Table) {
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for _ in 0..asked.rounds {
        let home = tempfile::tempdir().unwrap();
        first.push((Process::start(home.path(), &[]).ready_ms, READY_MS));
        later.push((Process::start(home.path(), &[]).ready_ms, READY_MS));
    }
    for (figure, turns) in [("its first", first), ("any later", later)] {
        table.push(Row {
            figure: format!("start to ready, {figure}"),
            reference: format!("{READY_MS} ms"),
            turns,
            unit: "ms",
            goal: Goal::AtMost(1.0),
            note: "SQLite".to_owned(),
        });
    }
    memory(table).await;
}

async fn memory(table: &mut Table) {
    let (listener, authority) = floor::listener();
    drop(listener);
    let shop = Shop::open_at(
        Backend::Sqlite,
        &format!("http://{authority}"),
        Clock::System,
    )
    .await;
    let mut codes = Vec::new();
    for _ in 0..CODES {
        codes.push(shop.sticker().await);
    }
    let ground = Ground::of(&shop, &codes[0]).await;
    seed::waiting(&shop.database, &ground, 0, PAYMENTS as i64).await;
    let home = tempfile::tempdir().unwrap();
    let key = home.path().join("key");
    std::fs::write(&key, data_encoding::BASE64.encode(&[7; 32])).unwrap();
    let settings = [
        format!("listen={authority}"),
        format!("database.url={}", shop.database.url()),
        format!("keys.master_file={}", key.display()),
        format!("rates.institution={}", floor::CALLS),
        format!("rates.notices={}", floor::CALLS),
    ];
    let process = Process::start(home.path(), &settings);
    let idle = process.memory_mib("VmRSS");

    let scans: Arc<[Bytes]> = codes
        .iter()
        .enumerate()
        .map(|(number, code)| {
            request::resolve(Signs::Pair(&shop.keys["jd_pay"]), &authority, code, number)
        })
        .collect();
    load::run(&authority, &scans, CONNECTIONS, SPAN);
    let statements = (0..PAYMENTS).map(|number| {
        let claims = seed::claims(&shop, number as i64);
        let path = format!("/wallet/v1/orders/{}/confirm", claims.order_number);
        let body = shop.signed(&claims);
        let signs = Signs::Pair(&shop.keys[PAYEE]);
        signed(signs, &authority, &path, "application/jose", &body, number)
    });
    load::each_once(&authority, &statements.collect(), CONNECTIONS);

    table.push(Row {
        figure: "memory at most, under resolve and confirm".to_owned(),
        reference: format!("{MEMORY_MIB} MiB"),
        turns: vec![(process.memory_mib("VmHWM"), MEMORY_MIB)],
        unit: "MiB",
        goal: Goal::AtMost(1.0),
        note: format!("SQLite; {idle:.0} MiB before the load"),
    });
}

/// The program, until it is dropped.
struct Process {
    child: Child,
    ready_ms: f64,
}

impl Process {
    fn start(home: &Path, settings: &[String]) -> Self {
        let listen = "listen=127.0.0.1:0".to_owned();
        let data = format!("data_dir={}", home.display());
        let quiet = "log.level=warn".to_owned();
        let all = [&listen, &data, &quiet].into_iter().chain(settings);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tongma"));
        command
            .arg("serve")
            .args(all.flat_map(|setting| ["--set", setting]))
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TONGMA_") {
                command.env_remove(name);
            }
        }
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        assert!(line.starts_with("ready "), "{line:?}");
        Self {
            child,
            ready_ms: began.elapsed().as_secs_f64() * 1000.0,
        }
    }

    /// What the kernel says of it, in MiB.
    fn memory_mib(&self, what: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("Linux tells what memory a process takes");
        let line = status.lines().find(|line| line.starts_with(what)).unwrap();
        let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
