//! One sequence, whichever process somebody follows.

use std::time::Duration;

use serde_json::Value;

use tongma::payment::ResultClaims;

use super::Cluster;
use crate::support::on_postgres;
use crate::support::shop::account_of;
use crate::support::stream::{Stream, Told};

async fn a_payment_confirmed_at_one_process_is_heard_at_the_others() {
    let cluster = Cluster::open(3).await;
    let client = &cluster.shop.app.wallets;
    let mut followers = Vec::new();
    for instance in [1, 2] {
        let origin = cluster.origin_of(instance);
        followers.push(Stream::of_program(client, &origin, &cluster.token, 0).await);
    }
    let (payment, code) = cluster.shop.sells(1880).await;
    let call = cluster.start_of("jd_pay", &code, 1880, "HEARD");
    let started = cluster.send(0, &call).await;
    assert_eq!(started.status, 201, "{}", started.text());
    let claims = claims_of(&cluster, &started.json());
    let confirmed = cluster.send(0, &cluster.confirm(&claims)).await;
    let since = cluster.shop.app.clock.now();
    assert_eq!(confirmed.json()["state"], "paid", "{}", confirmed.text());

    let mut heard: Vec<Vec<Told>> = Vec::new();
    for follower in &mut followers {
        let mut told = Vec::new();
        while told
            .last()
            .is_none_or(|last: &Told| last.kind != "payment.paid")
        {
            told.push(follower.told().await.unwrap());
        }
        heard.push(told);
    }
    let took = cluster.shop.app.clock.now().since(since);

    assert_eq!(heard[0], heard[1]);
    let kinds: Vec<_> = heard[0]
        .iter()
        .map(|told| (told.id, told.kind.as_str()))
        .collect();
    let expected = [
        (1, "payment.created"),
        (2, "payment.waiting"),
        (3, "payment.paid"),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(heard[0][2].json()["payment"], payment.id.as_str());
    println!("heard at both other processes {took:?} after the answer");
    // Promised within half a second.
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// Everything that is sold, started and confirmed anywhere is heard once by who changes the process
/// after every event.
async fn who_changes_the_process_misses_nothing_and_hears_nothing_twice() {
    const PAYMENTS: i64 = 40;
    let cluster = Cluster::open(2).await;
    let (shop, token) = (&cluster.shop, cluster.token.clone());
    let origins = [cluster.origin_of(0), cluster.origin_of(1)];
    let client = shop.app.wallets.clone();
    let follower = tokio::spawn(async move {
        let (mut last, mut turn, mut heard) = (0, 0, Vec::new());
        while last < 3 * PAYMENTS {
            turn += 1;
            let origin = &origins[turn % 2];
            let mut stream = Stream::of_program(&client, origin, &token, last).await;
            for _ in 0..=turn % 4 {
                if last == 3 * PAYMENTS {
                    break;
                }
                let told = stream.told().await.unwrap();
                last = told.id;
                heard.push(told);
            }
        }
        heard
    });
    for turn in 0..PAYMENTS {
        let (_, code) = shop.sells(100 + turn).await;
        let started = shop.starts("jd_pay", &code, 100 + turn).await.unwrap();
        let notice = cluster.confirm(&shop.paid("wechat_pay", &started));
        let instance = usize::from(turn % 2 == 0);
        assert_eq!(cluster.send(instance, &notice).await.status, 200);
    }

    let heard = follower.await.unwrap();

    let places: Vec<i64> = heard.iter().map(|told| told.id).collect();
    assert_eq!(places, (1..=3 * PAYMENTS).collect::<Vec<_>>());
    let paid = heard.iter().filter(|told| told.kind == "payment.paid");
    let amounts: Vec<i64> = paid
        .map(|told| told.json()["amount_minor"].as_i64().unwrap())
        .collect();
    assert_eq!(amounts, (100..100 + PAYMENTS).collect::<Vec<_>>());
}

/// What the institution states of an attempt that was started over HTTP.
pub(super) fn claims_of(cluster: &Cluster, started: &Value) -> ResultClaims {
    let shop = &cluster.shop;
    let now = shop.app.clock.now();
    let order = started["order_number"].as_str().unwrap();
    ResultClaims {
        iss: "wechat_pay".to_owned(),
        aud: shop.app.origin.to_string(),
        iat: now.seconds(),
        exp: now.seconds() + 300,
        jti: order.to_owned(),
        order_number: order.to_owned(),
        payment_account: account_of("wechat_pay").to_owned(),
        amount_minor: started["amount_minor"].as_i64().unwrap(),
        payer_amount_minor: None,
        discounts: Vec::new(),
        currency: "CNY".to_owned(),
        payee_reference: format!("W-{order}"),
        status: "paid".to_owned(),
        paid_at: Some(now.to_string()),
        code_sha256: None,
    }
}

on_postgres![
    a_payment_confirmed_at_one_process_is_heard_at_the_others,
    who_changes_the_process_misses_nothing_and_hears_nothing_twice,
];
