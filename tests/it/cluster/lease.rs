//! The outbox has one worker at a time, and a worker that is gone or frozen does not keep it.

use sqlx::{Connection as _, Executor as _, PgConnection};

use tongma::db;
use tongma::id::EventId;
use tongma::payment::event::{EventData, EventKind, NewEvent};

use super::{Cluster, soon};
use crate::support::beside::{number, one_waits};
use crate::support::on_postgres;

const PLACED: &str = "SELECT COUNT(*) FROM events WHERE sequence IS NOT NULL";

/// T081: the worker dies with the lock in its hand.
async fn a_worker_that_is_killed_leaves_the_outbox_to_the_next() {
    stops_in_the_middle("KILL").await;
}

/// T081: the worker is frozen, as by a machine that is moved or a network that is cut: its
/// connection stays open, and says nothing.
async fn a_worker_that_is_frozen_loses_the_outbox_to_the_next() {
    stops_in_the_middle("STOP").await;
}

async fn stops_in_the_middle(signal: &str) {
    let mut cluster = Cluster::open(1).await;
    let mut hand = PgConnection::connect(cluster.shop.database.url())
        .await
        .unwrap();
    hand.execute("BEGIN").await.unwrap();
    hand.execute("SELECT id FROM merchants FOR NO KEY UPDATE")
        .await
        .unwrap();
    // They are written past this lock on the merchant's row; only their places need the row.
    for minor in [100, 200, 300] {
        event(&cluster, minor).await;
    }
    // The worker has its lock in its hand, and waits with it.
    one_waits(&cluster.shop.database).await;
    cluster.instances[0].signal(signal);
    hand.execute("ROLLBACK").await.unwrap();
    hand.close().await.unwrap();
    let since = cluster.shop.app.clock.now();

    cluster.add().await;
    soon("a place for every event", async || {
        (number(&cluster.shop.database, PLACED).await == 3).then_some(())
    })
    .await;

    let took = cluster.shop.app.clock.now().since(since);
    println!("{signal}: the outbox was taken over after {took:?}");
    // And a worker that comes back to itself works on, and places nothing a second time.
    if signal == "STOP" {
        cluster.instances[0].signal("CONT");
    }
    event(&cluster, 400).await;
    soon("a place for the last event", async || {
        (number(&cluster.shop.database, PLACED).await == 4).then_some(())
    })
    .await;
    let mut tx = cluster.shop.app.db.read().await.unwrap();
    let events = db::outbox::after(&mut tx, &cluster.shop.merchant.id, 0, 10)
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    let places: Vec<_> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(places, [1, 2, 3, 4]);
}

/// Something that happened, told of a payment that need not be there.
async fn event(cluster: &Cluster, minor: i64) {
    let shop = &cluster.shop;
    let mut tx = shop.app.db.begin().await.unwrap();
    let event = NewEvent {
        merchant: shop.merchant.id.clone(),
        kind: EventKind::Exception,
        data: EventData::of(&shop.unsold(minor)),
    };
    let id = EventId::new(tx.now(), &*shop.app.entropy);
    db::events::insert(&mut tx, &id, &event).await.unwrap();
    tx.commit().await.unwrap();
}

on_postgres![
    a_worker_that_is_killed_leaves_the_outbox_to_the_next,
    a_worker_that_is_frozen_loses_the_outbox_to_the_next,
];
