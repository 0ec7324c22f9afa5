//! Whoever asks for a transaction and goes away leaves none behind.

use std::time::Duration;

use crate::support::Backend;
use crate::support::beside::number;
use crate::support::on_postgres;
use crate::support::shop::Shop;

/// A connection that somebody left in the middle of beginning would take what the next one writes
/// into a transaction that nobody ends.
async fn who_goes_away_while_a_transaction_begins_leaves_none_open() {
    let shop = Shop::open(Backend::Postgres).await;
    for turn in 0..600_u64 {
        let patience = Duration::from_micros(turn % 60 * 10);
        let _ = tokio::time::timeout(patience, shop.app.db.read()).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;

    let open = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND state LIKE 'idle in transaction%'";
    assert_eq!(number(&shop.database, open).await, 0);
}
on_postgres![who_goes_away_while_a_transaction_begins_leaves_none_open];
