//! What is stopped at one process is stopped at all of them, and how long that takes.

use std::time::Duration;

use serde_json::json;

use tongma::crypto::digest::hex;
use tongma::db;
use tongma::merchant::PrintedCode;

use super::{Cluster, PATIENCE};
use crate::support::beside::run;
use crate::support::foreign::{ON_THE_WALL, adopted};
use crate::support::on_postgres;
use crate::support::plates::{bound, plate};
use crate::support::wire::{Answer, Request};

/// What is promised. A call counts by when it was sent, so that this holds on a machine with much else to
/// do as well: nobody takes a call for what it read more than half a second before it came.
const PROMISED: Duration = Duration::from_secs(1);

async fn a_code_that_is_stopped_at_one_process_is_stopped_at_all() {
    let cluster = Cluster::open(3).await;
    let mut slowest = Duration::ZERO;
    for (round, what) in ["suspend", "revoke", "suspend", "revoke", "revoke"]
        .into_iter()
        .enumerate()
    {
        let sticker = cluster.shop.sticker().await;
        // Whatever a process remembers, it has seen this code now.
        for instance in 0..3 {
            assert_eq!(resolves(&cluster, instance, &sticker).await.status, 200);
            assert_eq!(starts(&cluster, instance, &sticker).await.status, 201);
        }
        let path = format!("/v1/codes/{}/{what}", sticker.id);
        let changed = cluster
            .ask(round % 3, Request::post_json(&path, &json!({})))
            .await;
        assert_eq!(changed.status, 200, "{}", changed.text());

        let took = until_refused(&cluster, &sticker, |answer| answer.status == 410).await;
        slowest = slowest.max(took);
    }
    println!("codes: stopped at all processes {slowest:?} after the answer at one");
    assert!(slowest < PROMISED, "{slowest:?}");
}

async fn an_adopted_code_that_is_let_go_at_one_process_is_unknown_at_all() {
    let cluster = Cluster::open(3).await;
    let mut slowest = Duration::ZERO;
    for round in 0..3 {
        let text = format!("{ON_THE_WALL}{round}");
        let adoption = adopted(&cluster.shop, &text).await;
        let mut tx = cluster.shop.app.db.read().await.unwrap();
        let behind = adoption.standing.code().unwrap();
        let behind = db::codes::find(&mut tx, behind).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        let wall = PrintedCode { text, ..behind };
        for instance in 0..3 {
            assert_eq!(resolves(&cluster, instance, &wall).await.status, 200);
            assert_eq!(starts(&cluster, instance, &wall).await.status, 201);
        }
        let path = format!("/v1/adoptions/{}/end", adoption.id);
        let ended = cluster
            .ask(round, Request::post_json(&path, &json!({})))
            .await;
        assert_eq!(ended.status, 200, "{}", ended.text());

        let took = until_refused(&cluster, &wall, |answer| answer.status == 404).await;
        slowest = slowest.max(took);
    }
    println!("adopted codes: unknown at all processes {slowest:?} after the answer at one");
    assert!(slowest < PROMISED, "{slowest:?}");
}

async fn a_plate_that_is_taken_off_at_one_process_is_unbound_at_all() {
    let cluster = Cluster::open(3).await;
    let mut slowest = Duration::ZERO;
    for round in 0..3 {
        let blank = plate(&cluster.shop).await;
        let hung = bound(&cluster.shop, &blank).await;
        let wall = PrintedCode {
            text: blank.text.clone(),
            ..hung.code.clone().unwrap()
        };
        for instance in 0..3 {
            assert_eq!(resolves(&cluster, instance, &wall).await.status, 200);
            assert_eq!(starts(&cluster, instance, &wall).await.status, 201);
        }
        let path = format!("/v1/plates/{}/unbind", hung.plate.id);
        let gone = cluster
            .ask(round, Request::post_json(&path, &json!({})))
            .await;
        assert_eq!(gone.status, 200, "{}", gone.text());

        let took = until_refused(&cluster, &wall, |answer| answer.status == 409).await;
        slowest = slowest.max(took);
    }
    println!("plates: unbound at all processes {slowest:?} after the answer at one");
    assert!(slowest < PROMISED, "{slowest:?}");
}

async fn an_institution_or_acceptance_that_is_stopped_is_stopped_at_all_processes() {
    let cluster = Cluster::open(3).await;
    let sticker = cluster.shop.sticker().await;
    let mut slowest = Duration::ZERO;
    for (stop, go_on, refusals) in [
        (
            "UPDATE acceptances SET state = 'suspended' WHERE institution_id = 'wechat_pay'",
            "UPDATE acceptances SET state = 'enabled' WHERE institution_id = 'wechat_pay'",
            &[409][..],
        ),
        (
            "UPDATE institutions SET state = 'suspended' WHERE id = 'wechat_pay'",
            "UPDATE institutions SET state = 'active' WHERE id = 'wechat_pay'",
            // Its own calls; and for as long as these are let in, there is no way into its accounts.
            &[401, 409][..],
        ),
    ] {
        for instance in 0..3 {
            let began = starts(&cluster, instance, &sticker).await;
            assert_eq!(began.status, 201, "{}", began.text());
        }
        run(&cluster.shop.database, stop).await;
        let is_refusal = |answer: &Answer| refusals.contains(&answer.status);
        let took = until_refused(&cluster, &sticker, is_refusal).await;
        slowest = slowest.max(took);
        run(&cluster.shop.database, go_on).await;
        // And what goes on goes on everywhere.
        for instance in 0..3 {
            super::soon("a start", async || {
                let began = starts(&cluster, instance, &sticker).await;
                (began.status == 201).then_some(())
            })
            .await;
        }
    }
    println!("wallets: stopped at all processes {slowest:?} after the change");
    assert!(slowest < PROMISED, "{slowest:?}");
}

async fn a_revoked_key_opens_no_process() {
    let cluster = Cluster::open(3).await;
    let asks = || Request::get("/v1/payments");
    for instance in 0..3 {
        assert_eq!(cluster.ask(instance, asks()).await.status, 200);
    }
    let revoked = "UPDATE api_keys SET revoked_ms = created_ms";
    run(&cluster.shop.database, revoked).await;
    let call = async |instance| cluster.ask(instance, asks()).await;
    let last = last_taken(&cluster, call, 200, |answer| answer.status == 401).await;
    println!("API keys: refused at all processes {last:?} after the change");
    assert!(last < PROMISED, "{last:?}");
}

/// How long after the change the last call was sent that a process still took: a start, or a scan, which
/// is answered from memory.
async fn until_refused(
    cluster: &Cluster,
    code: &PrintedCode,
    is_refusal: impl Fn(&Answer) -> bool + Copy,
) -> Duration {
    let start = async |instance| starts(cluster, instance, code).await;
    let scan = async |instance| resolves(cluster, instance, code).await;
    let (started, scanned) = tokio::join!(
        last_taken(cluster, start, 201, is_refusal),
        last_taken(cluster, scan, 200, is_refusal),
    );
    started.max(scanned)
}

/// The same of calls of one kind, which are taken with this status.
async fn last_taken(
    cluster: &Cluster,
    call: impl AsyncFn(usize) -> Answer,
    taken: u16,
    is_refusal: impl Fn(&Answer) -> bool,
) -> Duration {
    let clock = &cluster.shop.app.clock;
    let since = clock.now();
    let until_refused = async |instance: usize| {
        let mut last = Duration::ZERO;
        loop {
            let sent = clock.now().since(since);
            let answer = call(instance).await;
            if is_refusal(&answer) {
                return last;
            }
            assert_eq!(answer.status, taken, "{}", answer.text());
            assert!(sent < PATIENCE, "process {instance} goes on");
            last = sent;
        }
    };
    let [first, second, third] = [0, 1, 2].map(until_refused);
    let last = <[Duration; 3]>::from(tokio::join!(first, second, third));
    for instance in 0..3 {
        let answer = call(instance).await;
        assert!(is_refusal(&answer), "{instance}: {}", answer.text());
    }
    last.into_iter().max().unwrap()
}

async fn starts(cluster: &Cluster, instance: usize, code: &PrintedCode) -> Answer {
    let reference = hex(&cluster.shop.app.entropy.bytes::<8>());
    let call = cluster.start_of("wechat_pay", code, 700, &reference);
    cluster.send(instance, &call).await
}

async fn resolves(cluster: &Cluster, instance: usize, code: &PrintedCode) -> Answer {
    let call = Request::post_json("/wallet/v1/resolve", &json!({"text": code.text}));
    let call = cluster.signed("wechat_pay", call);
    cluster.send(instance, &call).await
}

on_postgres![
    a_code_that_is_stopped_at_one_process_is_stopped_at_all,
    an_adopted_code_that_is_let_go_at_one_process_is_unknown_at_all,
    a_plate_that_is_taken_off_at_one_process_is_unbound_at_all,
    an_institution_or_acceptance_that_is_stopped_is_stopped_at_all_processes,
    a_revoked_key_opens_no_process,
];
