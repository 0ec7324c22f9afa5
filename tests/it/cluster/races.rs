//! Many at once through different processes at one thing: one effect.

use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;

use super::Cluster;
use crate::support::beside::number;
use crate::support::books::must_add_up;
use crate::support::on_postgres;
use crate::support::shop::WALLETS;
use crate::support::shuffle::Shuffle;
use crate::support::wire::Request;

/// T011
async fn a_call_that_changed_something_is_not_taken_again_elsewhere() {
    let cluster = Cluster::open(3).await;
    let sticker = cluster.shop.sticker().await;
    let call = cluster.start_of("jd_pay", &sticker, 1250, "FIRST");
    let taken = cluster.send(0, &call).await;
    assert_eq!(taken.status, 201, "{}", taken.text());
    tokio::time::sleep(Duration::from_millis(50)).await;

    for other in [1, 2, 0] {
        let again = cluster.send(other, &call).await;
        assert_eq!((again.status, again.code().as_str()), (401, "nonce-reused"));
    }
    // And where all three get it at the same moment, one takes it.
    for round in 0..10 {
        let call = cluster.start_of("jd_pay", &sticker, 1250, &format!("SAME-{round}"));
        let answers = join_all((0..3).map(|instance| cluster.send(instance, &call))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 401, 401], "{answers:?}");
    }
    let attempts = number(&cluster.shop.database, "SELECT COUNT(*) FROM attempts").await;
    assert_eq!(attempts, 11);

    // What changes nothing may be asked as often as one likes.
    let body = json!({"text": sticker.text});
    let asks = cluster.signed("jd_pay", Request::post_json("/wallet/v1/resolve", &body));
    for instance in [0, 1, 2, 0] {
        assert_eq!(cluster.send(instance, &asks).await.status, 200);
    }
}

/// P10
async fn of_eight_wallets_through_three_processes_one_holds_each_order() {
    const CODES: i64 = 24;
    let cluster = Cluster::open(3).await;
    let mut shuffle = Shuffle(0x9e37_79b9_7f4a_7c15);
    for round in 0..CODES {
        let minor = 1000 + round;
        let (payment, code) = cluster.shop.sells(minor).await;
        let mut racers = WALLETS;
        shuffle.mix(&mut racers);
        let starts = racers.iter().enumerate().map(|(turn, wallet)| {
            let reference = format!("{wallet}-{round}");
            let call = cluster.start_of(wallet, &code, minor, &reference);
            let cluster = &cluster;
            async move { cluster.send(turn % 3, &call).await }
        });

        let answers = join_all(starts).await;

        let won = answers.iter().filter(|answer| answer.status == 201);
        assert_eq!(won.count(), 1, "round {round}: {answers:?}");
        for lost in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((lost.status, lost.code().as_str()), (409, "payment-held"));
        }
        let state = cluster.shop.payment(&payment.id).await.state;
        assert_eq!(state.name(), "waiting");
    }
    let attempts = number(&cluster.shop.database, "SELECT COUNT(*) FROM attempts").await;
    assert_eq!(attempts, CODES);
    must_add_up(&cluster.shop.database).await;
}

/// P4
async fn notices_copied_and_shuffled_over_three_processes_count_once() {
    const PAYMENTS: usize = 50;
    let cluster = Cluster::open(3).await;
    let sticker = cluster.shop.sticker().await;
    let mut shuffle = Shuffle(0x0123_4567_89ab_cdef);
    let (mut notices, mut sum) = (Vec::new(), 0);
    for turn in 0..PAYMENTS {
        let minor = 100 + i64::try_from(turn).unwrap();
        let started = cluster.shop.starts("jd_pay", &sticker, minor).await;
        let claims = cluster.shop.paid("wechat_pay", &started.unwrap());
        sum += minor;
        for _ in 0..=shuffle.below(20) {
            // Each copy is signed by itself: institutions send again, they do not replay.
            notices.push(cluster.confirm(&claims));
        }
    }
    shuffle.mix(&mut notices);

    let told = notices.iter().enumerate().map(|(turn, notice)| {
        let cluster = &cluster;
        async move { cluster.send(turn % 3, notice).await }
    });
    let answers: Vec<_> = stream::iter(told).buffer_unordered(16).collect().await;

    for answer in answers {
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["state"], "paid");
    }
    let count = async |sql: &str| number(&cluster.shop.database, sql).await;
    let paid = i64::try_from(PAYMENTS).unwrap();
    for sql in [
        "SELECT COUNT(*) FROM payments WHERE state = 'paid'",
        "SELECT COUNT(*) FROM results",
        "SELECT COUNT(*) FROM events WHERE kind = 'payment.paid'",
        "SELECT COUNT(*) FROM receipts",
    ] {
        assert_eq!(count(sql).await, paid, "{sql}");
    }
    let sales = "SELECT CAST(SUM(amount_minor) AS BIGINT) FROM ledger_entries \
         WHERE credit_account LIKE 'sales:%'";
    assert_eq!(count(sales).await, sum);
    must_add_up(&cluster.shop.database).await;
}

on_postgres![
    a_call_that_changed_something_is_not_taken_again_elsewhere,
    of_eight_wallets_through_three_processes_one_holds_each_order,
    notices_copied_and_shuffled_over_three_processes_count_once,
];
