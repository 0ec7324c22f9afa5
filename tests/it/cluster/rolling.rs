//! Processes are replaced one after the other while payers pay: what was acknowledged is there, and
//! what was not is asked again and done once.

use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;

use tongma::merchant::PrintedCode;

use super::feed::claims_of;
use super::{Cluster, LOOK_AGAIN, PATIENCE};
use crate::stories::process::{Process, tongma};
use crate::support::beside::number;
use crate::support::books::must_add_up;
use crate::support::on_postgres;
use crate::support::stream::Stream;
use crate::support::wire::{Answer, Request, try_send};

const PAYERS: [&str; 4] = ["jd_pay", "hebao", "wechat_pay", "bestpay"];
/// How often each pays.
const TIMES: usize = 25;
const PAYMENTS: usize = PAYERS.len() * TIMES;

/// Where the processes are just now, and how it goes.
#[derive(Default)]
struct Road {
    authorities: RwLock<Vec<String>>,
    turn: AtomicUsize,
    /// Calls that were not answered, or with "not now".
    again: AtomicUsize,
    paid: AtomicUsize,
}

impl Road {
    fn leads_to(&self, instances: &[Process]) {
        let now = instances.iter().map(|one| one.authority.clone());
        *self.authorities.write().unwrap() = now.collect();
    }

    fn next(&self) -> String {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let all = self.authorities.read().unwrap();
        all[turn % all.len()].clone()
    }

    /// Asks one process after the other until one answers, as whoever pays must.
    async fn asks(&self, sign: impl Fn() -> Request) -> Answer {
        loop {
            match try_send(&self.next(), &sign()).await {
                Some(answer) if answer.status != 503 => return answer,
                Some(_) | None => {
                    self.again.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        }
    }
}

async fn processes_are_replaced_under_load_and_nothing_acknowledged_is_lost() {
    let mut cluster = Cluster::open(3).await;
    let sticker = cluster.shop.sticker().await;
    let mut instances = std::mem::take(&mut cluster.instances);
    let road = Road::default();
    road.leads_to(&instances);

    let (cluster, road) = (&cluster, &road);
    let paying = join_all(PAYERS.map(|payer| pays(cluster, road, &sticker, payer)));
    let (acknowledged, heard, ()) = tokio::join!(
        paying,
        follows(cluster, road),
        replaces(cluster, road, &mut instances)
    );

    let acknowledged: Vec<String> = acknowledged.into_iter().flatten().collect();
    assert_eq!(acknowledged.len(), PAYMENTS);
    for payment in &acknowledged {
        let paid =
            format!("SELECT COUNT(*) FROM payments WHERE id = '{payment}' AND state = 'paid'");
        assert_eq!(number(&cluster.shop.database, &paid).await, 1, "{payment}");
    }
    let all = number(&cluster.shop.database, "SELECT COUNT(*) FROM payments").await;
    assert_eq!(
        all,
        i64::try_from(PAYMENTS).unwrap(),
        "one each, however often it was asked"
    );
    must_add_up(&cluster.shop.database).await;
    let events = i64::try_from(2 * PAYMENTS).unwrap();
    assert_eq!(heard, (1..=events).collect::<Vec<_>>());
    println!(
        "{PAYMENTS} payments while three processes were replaced; {} calls were asked again",
        road.again.load(Ordering::Relaxed)
    );
}

/// One wallet: starts, and its payee institution confirms. The payments that were acknowledged.
async fn pays(cluster: &Cluster, road: &Road, code: &PrintedCode, wallet: &str) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for turn in 0..TIMES {
        let minor = 100 + i64::try_from(turn).unwrap();
        let reference = format!("{wallet}-{turn}");
        let started = road
            .asks(|| cluster.start_of(wallet, code, minor, &reference))
            .await;
        assert_eq!(started.status, 201, "{}", started.text());
        let claims = claims_of(cluster, &started.json());
        let confirmed = road.asks(|| cluster.confirm(&claims)).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.text());
        assert_eq!(confirmed.json()["state"], "paid");
        acknowledged.push(confirmed.json()["payment"].as_str().unwrap().to_owned());
        road.paid.fetch_add(1, Ordering::Relaxed);
    }
    acknowledged
}

/// Each process in turn is told to stop, ends in good order, and is followed by another.
async fn replaces(cluster: &Cluster, road: &Road, instances: &mut Vec<Process>) {
    for round in 1..=3 {
        while road.paid.load(Ordering::Relaxed) < round * PAYMENTS / 5 {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        // Nobody takes it off the road before: whoever calls it finds it stopping.
        instances[0].terminate();
        let ended = instances[0].ends_within(PATIENCE).await;
        assert_eq!(ended.code(), Some(0), "{}", instances[0].log());
        instances.remove(0);
        instances.push(cluster.start(tongma).await);
        road.leads_to(instances);
    }
}

/// The shop's program: wherever a stream ends, it goes on at another process.
async fn follows(cluster: &Cluster, road: &Road) -> Vec<i64> {
    let mut heard: Vec<i64> = Vec::new();
    while heard.len() < 2 * PAYMENTS {
        let origin = format!("http://{}", road.next());
        let mut headers = vec![("authorization", format!("Bearer {}", cluster.token))];
        headers.extend(heard.last().map(|last| ("last-event-id", last.to_string())));
        let client = &cluster.shop.app.wallets;
        let path = "/v1/feed?after=0";
        let Some(mut stream) = Stream::try_open(client, &origin, path, headers).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        while heard.len() < 2 * PAYMENTS
            && let Some(told) = stream.told().await
        {
            heard.push(told.id);
        }
    }
    heard
}

on_postgres![processes_are_replaced_under_load_and_nothing_acknowledged_is_lost];
