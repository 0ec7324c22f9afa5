//! Whoever asks for a transaction and goes away leaves none behind.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tongma::db::{Db, DbSettings};

use crate::support::Backend;
use crate::support::beside::number;
use crate::support::on_postgres;
use crate::support::shop::Shop;

/// A connection that somebody left in the middle of beginning would take what the next one writes
/// into a transaction that nobody ends.
async fn who_goes_away_while_a_transaction_begins_leaves_none_open() {
    let shop = Shop::open(Backend::Postgres).await;
    let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND state LIKE 'idle in transaction%'";
    for looks in (1..=6).cycle().take(60) {
        {
            let mut asked = pin!(shop.app.db.read());
            for _ in 0..looks {
                let is_there =
                    poll_fn(|context| Poll::Ready(asked.as_mut().poll(context).is_ready()));
                if is_there.await {
                    break;
                }
                tokio::time::sleep(Duration::from_micros(50)).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(number(&shop.database, open).await, 0, "after {looks} looks");
    }
}
on_postgres![who_goes_away_while_a_transaction_begins_leaves_none_open];

/// What commits by itself asks whether it stands in a transaction; every one of ours must say so.
async fn a_transaction_can_be_seen_from_within() {
    let shop = Shop::open(Backend::Postgres).await;
    let seen = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND state = 'idle in transaction' AND query = 'BEGIN DEFERRABLE'";
    for opens in [1, 2] {
        let open = match opens {
            1 => shop.app.db.begin().await.unwrap(),
            _ => shop.app.db.read().await.unwrap(),
        };
        assert_eq!(number(&shop.database, seen).await, 1, "{opens}");
        open.commit().await.unwrap();
        assert_eq!(number(&shop.database, seen).await, 0, "{opens}");
    }
}
on_postgres![a_transaction_can_be_seen_from_within];

/// The shop's database, each of whose statements looks as if somebody had left a transaction open.
pub(super) async fn inside_a_transaction(shop: &Shop) -> Db {
    let url = format!(
        "{}&options[default_transaction_deferrable]=on",
        shop.database.url()
    );
    let settings = DbSettings {
        url,
        connections: 2,
    };
    let clock = shop.app.clock.clone();
    Db::open(&settings, clock).await.unwrap()
}
