//! What is left of the peak when many more ask than can be served. The server is a process of its
//! own, and those who ask share one thread, so that they cannot take its processors from it. In a
//! debug build only the promises are tested; for the figures, on a machine that does nothing else:
//!
//! ```text
//! TONGMA_LOAD_SECONDS=60 cargo test --release --test it load_run -- --nocapture
//! ```
//!
//! Whoever names the seconds gets a verdict: the run fails where a goal is missed.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::Instant;

use crate::stories::process::ShopProcess;
use crate::support::Backend;
use crate::support::books::must_add_up;
use crate::support::wire::{Line, Request};

/// As many wallets as the seats have: what can be served is served, and nobody is turned away.
const FEW: usize = 8;
/// Ten times as many, who together ask for ten times of what was served.
const MANY: usize = 80;
const TIMES: u32 = 10;
/// A gate that this one machine can flood.
const SETTINGS: [&str; 4] = [
    "overload.seats=8",
    "overload.waiting=16",
    "rates.institution=0",
    "log.level=warn",
];
/// Of the peak, in per cent.
const GOODPUT_GOAL: u128 = 70;
const SHED_GOAL: Duration = Duration::from_millis(100);
/// What more than the seats and the line may cost the server: buffers of the connections.
const MEMORY_GOAL_KIB: u64 = 32 * 1024;

/// What a part of the run came to.
#[derive(Default)]
struct Part {
    took: Duration,
    done: u128,
    shed: Vec<Duration>,
    other: Vec<u16>,
}

impl Part {
    fn per_second(&self) -> u128 {
        self.done * 1000 / self.took.as_millis().max(1)
    }

    fn p99_of_shed(&mut self) -> Duration {
        self.shed.sort_unstable();
        let place = self.shed.len() * 99 / 100;
        self.shed.get(place).copied().unwrap_or_default()
    }
}

/// So many wallets, each on one connection at a time, each starting one payment after the other and
/// not more than one in `each`.
async fn run(
    place: &ShopProcess,
    text: &str,
    wallets: usize,
    each: Duration,
    long: Duration,
) -> Part {
    let began = Instant::now();
    let end = began + long;
    let wallet = |index: usize| async move {
        let mut part = Part::default();
        let mut line = Line::to(&place.server.authority);
        let mut number = 0_u64;
        while Instant::now() < end {
            number += 1;
            let body = json!({
                "text": text, "amount_minor": 100, "currency": "CNY",
                "payer_reference": format!("{wallets}-{index}-{number}"),
            });
            let call = Request::post_json("/wallet/v1/attempts", &body);
            let call = place.signed("wechat_pay", call);
            let asked = Instant::now();
            match line.ask(&call).await.status {
                201 => part.done += 1,
                503 => part.shed.push(asked.elapsed()),
                status => part.other.push(status),
            }
            tokio::time::sleep_until(end.min(asked + each)).await;
        }
        part
    };
    let parts = join_all((0..wallets).map(wallet)).await;
    let all = parts.into_iter().fold(Part::default(), |mut sum, part| {
        sum.done += part.done;
        sum.shed.extend(part.shed);
        sum.other.extend(part.other);
        sum
    });
    Part {
        took: began.elapsed(),
        ..all
    }
}

// One thread for all who ask.
#[tokio::test(flavor = "current_thread")]
async fn p22_load_run_keeps_most_of_its_peak() {
    let named = std::env::var("TONGMA_LOAD_SECONDS").ok();
    let named: Option<u64> = named.map(|text| text.parse().expect("whole seconds"));
    let long = Duration::from_secs(named.unwrap_or(2).clamp(1, 600));
    let place = ShopProcess::open(Backend::Sqlite, "", &SETTINGS).await;
    let text = place.shop.sticker().await.text;

    let peak = run(&place, &text, FEW, Duration::ZERO, long).await;
    let before = place.server.memory_kib("VmRSS");
    let served = u32::try_from(peak.done.max(1)).unwrap();
    let each = peak.took * u32::try_from(MANY).unwrap() / TIMES / served;
    let mut over = run(&place, &text, MANY, each, long).await;
    let most = place.server.memory_kib("VmHWM");

    let p99 = over.p99_of_shed();
    let offered = over.done + u128::try_from(over.shed.len()).unwrap();
    let percent = over.per_second() * 100 / peak.per_second().max(1);
    println!(
        "{FEW} wallets: {} starts a second; {MANY} wallets: {} of {} asked for, \
         {percent} % of the peak (goal {GOODPUT_GOAL})",
        peak.per_second(),
        over.per_second(),
        offered * 1000 / over.took.as_millis().max(1),
    );
    println!(
        "{} turned away, p99 after {} ms (goal {}); memory {before} KiB before, {most} KiB at most",
        over.shed.len(),
        p99.as_millis(),
        SHED_GOAL.as_millis(),
    );
    let nothing: &[u16] = &[];
    assert_eq!(peak.other, nothing, "served or turned away, nothing else");
    assert_eq!(over.other, nothing, "served or turned away, nothing else");
    assert!(!over.shed.is_empty(), "the gate was not flooded");
    assert!(over.done > 0, "nobody was served");
    let alive = place.server.send(&Request::get("/healthz")).await;
    assert_eq!(alive.status, 200);
    must_add_up(&place.shop.database).await;
    let grown = most.saturating_sub(before);
    assert!(grown < MEMORY_GOAL_KIB, "{grown} KiB more");
    if named.is_some() {
        assert!(percent >= GOODPUT_GOAL, "{percent} % of the peak");
        assert!(p99 < SHED_GOAL, "{p99:?} until somebody is told");
    }
}
