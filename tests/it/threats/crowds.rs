//! List D: five hundred at once, and workers that die with work in their hands.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tongma::app::App;
use tongma::db::{self, outbox as places};
use tongma::event::hub::Hub;
use tongma::event::outbox;
use tongma::flow::confirm::confirm;
use tongma::flow::{FlowError, expire, payment, start};
use tongma::payment::ResultClaims;

use super::{is_ours, still_sells};
use crate::support::beside::number;
use crate::support::books::must_add_up;
use crate::support::shop::{self, Shop, WALLETS, order};
use crate::support::{Backend, on_both};

/// How many pull at one order.
const CROWD: usize = 500;

async fn t080_of_five_hundred_at_one_order_one_has_its_way(backend: Backend) {
    let shop = Shop::open(backend).await;
    let clock = shop.app.clock.clone();
    let (other, _) = shop::app(&shop.database, shop::ORIGIN, clock).await;
    let apps = [shop.app.clone(), other];
    let (made, code) = shop.sells(1200).await;
    let begun = shop.starts("jd_pay", &code, 1200).await.unwrap();
    let statement = |status: &str| {
        let mut claims = shop.paid("wechat_pay", &begun);
        claims.status = status.to_owned();
        shop.signed(&claims)
    };
    let statements = [statement("paid"), statement("failed"), statement("closed")];
    shop.advance(61);

    let tasks = (0..CROWD).map(|n| {
        let app = apps[n % 2].clone();
        let text = statements[n % 3].clone();
        let (number, made, code) = (begun.order_number.clone(), made.clone(), code.text.clone());
        tokio::spawn(async move {
            match n % 10 {
                0..4 => {
                    let wechat = "wechat_pay".parse().unwrap();
                    confirm(&app, &wechat, &number, &text).await.err()
                }
                4..7 => payment::cancel(&app, &made.merchant, &made.id).await.err(),
                7 => expire::sweep(&app).await.err(),
                _ => {
                    let asked = order(WALLETS[n % 8], &code, 1200, &format!("C-{n}"));
                    start::start(&app, asked).await.err()
                }
            }
        })
    });
    for done in join_all(tasks.collect::<Vec<_>>()).await {
        let error = done.unwrap();
        // A crowd may be told to come again; nothing may break.
        let is_broken = |error: &FlowError| {
            is_ours(error)
                && !matches!(
                    error,
                    FlowError::Db(db::DbError::Busy(_) | db::DbError::Conflict { .. })
                )
        };
        assert!(!error.as_ref().is_some_and(is_broken), "{error:?}");
    }

    must_add_up(&shop.database).await;
    let count = async |what: &str| {
        let sql = format!("SELECT COUNT(*) FROM {what}");
        number(&shop.database, &sql).await
    };
    let paid = format!(
        "attempts WHERE payment_id = '{}' AND state = 'paid'",
        made.id
    );
    assert!(count(&paid).await <= 1);
    let ends = format!(
        "events WHERE kind IN ('payment.paid', 'payment.closed') AND data LIKE '%{}%'",
        made.id
    );
    let state = shop.payment(&made.id).await.state;
    let expected = i64::from(!matches!(state.name(), "created" | "waiting"));
    assert_eq!(count(&ends).await, expected, "{state:?}");
    still_sells(&shop).await;
}
on_both![t080_of_five_hundred_at_one_order_one_has_its_way];

async fn t081_a_worker_that_dies_leaves_its_events_to_the_next(backend: Backend) {
    let shop = Shop::open(backend).await;
    for _ in 0..3 {
        let (_, code) = shop.sells(500).await;
        shop.starts("jd_pay", &code, 500).await.unwrap();
    }
    let waiting = "SELECT COUNT(*) FROM outbox";
    let all = number(&shop.database, waiting).await;
    assert!(all >= 6, "{all}");
    let mut dying = shop.app.db.begin().await.unwrap();
    let taken = places::place(&mut dying, 100).await.unwrap();
    assert_eq!(i64::try_from(taken.len()).unwrap(), all);

    let next = {
        let db = shop.app.db.clone();
        tokio::spawn(async move { outbox::work_once(&db, &Hub::default()).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!next.is_finished(), "one at a time");
    drop(dying);

    assert_eq!(i64::try_from(next.await.unwrap().unwrap()).unwrap(), all);
    assert_eq!(number(&shop.database, waiting).await, 0);
    let distinct = "SELECT COUNT(DISTINCT sequence) FROM events WHERE sequence IS NOT NULL";
    assert_eq!(number(&shop.database, distinct).await, all);
    still_sells(&shop).await;
}
on_both![t081_a_worker_that_dies_leaves_its_events_to_the_next];

async fn t081_two_workers_that_wake_together_share_the_work(backend: Backend) {
    let shop = Shop::open(backend).await;
    for _ in 0..10 {
        shop.sells(500).await;
    }
    let workers = (0..2).map(|_| {
        let db = shop.app.db.clone();
        tokio::spawn(async move { outbox::work_once(&db, &Hub::default()).await })
    });
    let done = join_all(workers.collect::<Vec<_>>()).await;
    let done: usize = done.into_iter().map(|done| done.unwrap().unwrap()).sum();
    assert_eq!(done, 10, "each event once");
}
on_both![t081_two_workers_that_wake_together_share_the_work];

/// How long an attempt is one worker's; longer than any call takes.
const CLAIMED_S: u64 = 60;

async fn t081_an_order_is_followed_up_by_one_worker_until_its_claim_is_over(backend: Backend) {
    let shop = Shop::open(backend).await;
    let mut orders = BTreeMap::new();
    for _ in 0..4 {
        let (_, code) = shop.sells(500).await;
        let begun = shop.starts("jd_pay", &code, 500).await.unwrap();
        orders.insert(begun.attempt.clone(), shop.paid("wechat_pay", &begun));
    }
    shop.advance(6);
    let claims = async |app: &App| {
        let mut tx = app.db.begin().await.unwrap();
        let until = tx.now().plus(Duration::from_secs(CLAIMED_S));
        let found = db::attempts::claim_due(&mut tx, until, 100).await.unwrap();
        tx.commit().await.unwrap();
        found.len()
    };
    // This one takes them all and is never seen again.
    assert_eq!(claims(&shop.app).await, 4);
    let says = |claims: &ResultClaims| {
        let signed = shop.signed(claims);
        shop.payee.will_say(claims, signed);
    };
    orders.values().for_each(says);
    assert_eq!(expire::sweep(&shop.app).await.unwrap().asked, 0);

    shop.advance(CLAIMED_S);
    let swept = expire::sweep(&shop.app).await.unwrap();

    assert_eq!((swept.asked, swept.decided), (4, 4));
    assert_eq!(expire::sweep(&shop.app).await.unwrap().asked, 0);
    still_sells(&shop).await;
}
on_both![t081_an_order_is_followed_up_by_one_worker_until_its_claim_is_over];
