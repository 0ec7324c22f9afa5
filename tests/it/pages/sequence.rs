//! Events get their places: one rising sequence a merchant, without a hole, whoever works.

use std::time::Duration;

use tongma::db;
use tongma::event::feed::Feed;
use tongma::event::hub::Hub;
use tongma::event::outbox;
use tongma::id::{EventId, MerchantId};
use tongma::payment::event::{EventData, EventKind, NewEvent};

use crate::support::shop::{Shop, app};
use crate::support::{Backend, on_both, on_postgres};

async fn places_have_no_holes_whoever_writes_and_whoever_works(backend: Backend) {
    const WRITERS: i64 = 8;
    const EACH: i64 = 15;
    let shop = Shop::open(backend).await;
    let (other, _, _) = shop.neighbour().await;
    let (payment, _) = shop.sells(1200).await;
    let data = EventData::of(&payment);

    let writers = (0..WRITERS).map(|writer| {
        let (app, data) = (shop.app.clone(), data.clone());
        let merchant = if writer % 2 == 0 {
            payment.merchant.clone()
        } else {
            other.id.clone()
        };
        tokio::spawn(async move {
            for turn in 0..EACH {
                let mut tx = app.db.begin().await.unwrap();
                let id = EventId::new(tx.now(), &*app.entropy);
                let event = NewEvent {
                    merchant: merchant.clone(),
                    kind: EventKind::Waiting,
                    data: data.clone(),
                };
                db::events::insert(&mut tx, &id, &event).await.unwrap();
                // Every fifth thinks better of it: nothing may remember it.
                if turn % 5 == 4 {
                    tx.rollback().await.unwrap();
                } else {
                    tx.commit().await.unwrap();
                }
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    // Three workers at once, as on three instances.
    let workers = (0..3).map(|_| {
        let (db, hub) = (shop.app.db.clone(), Hub::default());
        tokio::spawn(async move {
            for _ in 0..60 {
                outbox::work_once(&db, &hub).await.unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    });
    let workers: Vec<_> = workers.collect();
    for task in writers.into_iter().chain(workers) {
        task.await.unwrap();
    }
    while outbox::work_once(&shop.app.db, &Hub::default())
        .await
        .unwrap()
        > 0
    {}

    let ours = WRITERS / 2 * EACH * 4 / 5;
    assert_eq!(
        places(&shop, &other.id).await,
        (1..=ours).collect::<Vec<_>>()
    );
    // And the first event of all: the payment that was made.
    assert_eq!(
        places(&shop, &payment.merchant).await,
        (1..=ours + 1).collect::<Vec<_>>()
    );
}
on_both![places_have_no_holes_whoever_writes_and_whoever_works];

/// A counter's page begins behind such a place: it finds it by a few looks.
async fn a_place_is_found_behind_which_everything_since_a_moment_lies(backend: Backend) {
    let shop = Shop::open(backend).await;
    let mut moments = vec![shop.app.clock.now()];
    let behind = async |moment| {
        let mut tx = shop.app.db.read().await.unwrap();
        let place = db::outbox::behind(&mut tx, &shop.merchant.id, moment)
            .await
            .unwrap();
        tx.rollback().await.unwrap();
        place
    };
    assert_eq!(behind(moments[0]).await, 0, "nothing has happened");
    for minor in 1..=9 {
        shop.sells(minor).await;
        shop.advance(600);
        moments.push(shop.app.clock.now());
    }
    while outbox::work_once(&shop.app.db, &Hub::default())
        .await
        .unwrap()
        > 0
    {}

    // The first happened at the first moment, the second ten minutes later.
    for (before, moment) in (0..).zip(moments) {
        assert_eq!(behind(moment).await, before);
        // Transactions end in another order than they began, a little.
        let soon = moment.plus(Duration::from_secs(59));
        assert_eq!(behind(soon).await, before);
    }
}
on_both![a_place_is_found_behind_which_everything_since_a_moment_lies];

/// Two processes never share an SQLite file.
async fn a_feed_hears_what_another_instance_placed() {
    let shop = Shop::open(Backend::Postgres).await;
    let (elsewhere, _scans) = app(
        &shop.database,
        "http://localhost:8080",
        shop.app.clock.clone(),
    )
    .await;
    let here = Hub::default();
    let worker = {
        let (app, hub) = (elsewhere.clone(), here.clone());
        tokio::spawn(async move { outbox::run(&app.db, &hub, std::future::pending).await })
    };
    let mut feed = Feed::open(&elsewhere.db, &here, &shop.merchant.id, 0);
    shop.sells(1200).await;

    outbox::work_once(&shop.app.db, &Hub::default())
        .await
        .unwrap();

    let mut heard = Vec::new();
    for _ in 0..10 {
        heard.extend(feed.next(Duration::from_secs(1)).await.unwrap());
        if !heard.is_empty() {
            break;
        }
    }
    worker.abort();
    assert_eq!(heard.len(), 1);
    assert_eq!((heard[0].sequence, heard[0].kind), (1, EventKind::Created));
}
on_postgres![a_feed_hears_what_another_instance_placed];

async fn places(shop: &Shop, merchant: &MerchantId) -> Vec<i64> {
    let mut tx = shop.app.db.read().await.unwrap();
    let events = db::outbox::after(&mut tx, merchant, 0, 1000).await.unwrap();
    tx.rollback().await.unwrap();
    events.into_iter().map(|event| event.sequence).collect()
}
