//! What is left of the peak when many more ask than can be served. Prints figures; run it by itself
//! and for longer, in a release build, to have them mean something:
//!
//! ```text
//! TONGMA_LOAD_SECONDS=60 cargo test --release --test it load_run -- --nocapture
//! ```

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::Instant;
use tongma::app::{Gate, GateLimits, RateLimits, Rates};

use crate::support::Backend;
use crate::support::server::Server;
use crate::support::wire::Request;

/// As many wallets as one disk is kept busy by.
const FEW: usize = 8;
/// Those who ask again at once when they are turned away: many times what is served.
const MANY: usize = 200;
/// What a part of the run came to.
#[derive(Default)]
struct Part {
    done: u128,
    shed: Vec<Duration>,
    other: Vec<u16>,
}

/// So many wallets, each starting one payment after the other.
async fn run(server: &Server, text: &str, wallets: usize, long: Duration) -> Part {
    let end = tokio::time::sleep(long);
    let over = std::sync::atomic::AtomicBool::new(false);
    let over = &over;
    let wallet = |index: usize| async move {
        let mut part = Part::default();
        let mut number = 0_u64;
        while !over.load(std::sync::atomic::Ordering::SeqCst) {
            number += 1;
            let body = json!({
                "text": text, "amount_minor": 100, "currency": "CNY",
                "payer_reference": format!("{wallets}-{index}-{number}"),
            });
            let call = Request::post_json("/wallet/v1/attempts", &body);
            let call = server.signed("wechat_pay", call);
            let began = Instant::now();
            match server.send(&call).await.status {
                201 => part.done += 1,
                503 => part.shed.push(began.elapsed()),
                status => part.other.push(status),
            }
        }
        part
    };
    let ends = async {
        end.await;
        over.store(true, std::sync::atomic::Ordering::SeqCst);
    };
    let (parts, ()) = tokio::join!(join_all((0..wallets).map(wallet)), ends);
    parts.into_iter().fold(Part::default(), |mut sum, part| {
        sum.done += part.done;
        sum.shed.extend(part.shed);
        sum.other.extend(part.other);
        sum
    })
}

/// What the kernel says that this process has in memory.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p22_load_run_keeps_most_of_its_peak() {
    let seconds = std::env::var("TONGMA_LOAD_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(2);
    let long = Duration::from_secs(u64::clamp(seconds, 1, 60));
    // A gate that this one machine can flood.
    let server = Server::open_with(Backend::Sqlite, |app| {
        app.gate = Gate::new(&GateLimits {
            payers: 16,
            waiting: 32,
            ..GateLimits::default()
        });
        let unlimited = RateLimits {
            institution: 0,
            ..RateLimits::default()
        };
        app.rates = Rates::new(&unlimited, app.clock.clone());
    })
    .await;
    let text = server.shop.sticker().await.text;

    let peak = run(&server, &text, FEW, long).await;
    let before = resident_kib();
    let over = run(&server, &text, MANY, long).await;
    let after = resident_kib();

    let mut shed = over.shed;
    shed.sort();
    let p99 = shed.get(shed.len() * 99 / 100).copied().unwrap_or_default();
    let percent = over.done * 100 / peak.done.max(1);
    println!(
        "{FEW} wallets: {} starts in {} s; {MANY} wallets: {}, {percent} % of the peak (goal 70)",
        peak.done,
        long.as_secs(),
        over.done
    );
    println!(
        "{} turned away, p99 after {} ms (goal 100); resident {before} KiB before, {after} after",
        shed.len(),
        p99.as_millis()
    );
    assert_eq!(
        over.other,
        Vec::<u16>::new(),
        "served or turned away, nothing else"
    );
    assert_eq!(peak.other, Vec::<u16>::new());
    assert!(!shed.is_empty(), "the gate was not flooded");
    assert!(over.done > 0, "nobody was served");
    assert_eq!(server.send(&Request::get("/healthz")).await.status, 200);
}
