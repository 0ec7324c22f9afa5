//! One key, many tries, three processes: one execution.

use futures_util::future::join_all;
use serde_json::json;

use super::Cluster;
use crate::support::beside::number;
use crate::support::on_postgres;
use crate::support::wire::Request;

/// P5
async fn racers_on_one_key_through_three_processes_execute_it_once() {
    const ROUNDS: i64 = 12;
    let cluster = Cluster::open(3).await;
    for round in 0..ROUNDS {
        let store = &cluster.shop.store.id;
        let body = json!({"amount_minor": 100 + round, "currency": "CNY", "store": store});
        let key = format!("key-{round}");
        let call = Request::post_json("/v1/payments", &body).with("Idempotency-Key", &key);

        let racers = (0..15).map(|turn| cluster.ask(turn % 3, call.clone()));
        let answers = join_all(racers).await;

        let (done, told_to_wait): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 201);
        for answer in told_to_wait {
            let told = (answer.status, answer.code());
            assert_eq!(told, (409, "idempotency-in-flight".to_owned()));
        }
        let executed = done
            .iter()
            .filter(|answer| answer.header("idempotent-replayed").is_none());
        assert_eq!(executed.count(), 1, "{answers:?}");
        for instance in 0..3 {
            let replayed = cluster.ask(instance, call.clone()).await;
            assert_eq!(replayed.status, 201);
            assert_eq!(replayed.header("idempotent-replayed"), Some("true"));
            for answer in &done {
                assert_eq!(answer.body, replayed.body, "byte for byte");
            }
        }
        let other = json!({"amount_minor": 1, "currency": "CNY", "store": store});
        let other = Request::post_json("/v1/payments", &other).with("Idempotency-Key", &key);
        let refused = cluster.ask(1, other).await;
        let told = (refused.status, refused.code());
        assert_eq!(told, (422, "idempotency-key-reused".to_owned()));
    }
    let payments = number(&cluster.shop.database, "SELECT COUNT(*) FROM payments").await;
    assert_eq!(payments, ROUNDS);
}

on_postgres![racers_on_one_key_through_three_processes_execute_it_once];
