//! Telling the other instances that share a PostgreSQL database that a merchant has new events.
//!
//! A notification only wakes: what happened is always read from the tables, so a lost one costs
//! time and nothing else. While the listening connection is away, listeners are woken by the
//! clock instead.

use std::time::Duration;

use sqlx::postgres::PgListener;

use crate::db::{Db, DbError, Inner, Tx};
use crate::id::MerchantId;

const CHANNEL: &str = "tongma_events";
const NOTIFY: &str = "SELECT pg_notify('tongma_events', $1)";

/// How long a feed may lag behind while notifications are not heard.
const POLL: Duration = Duration::from_millis(400);

/// Whom to wake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// Those who follow this merchant.
    Merchant(MerchantId),
    /// Everyone: something may have been missed.
    All,
}

/// Wakes the other instances when the transaction commits. SQLite has none.
pub async fn notify(tx: &mut Tx, merchant: &MerchantId) -> Result<(), DbError> {
    match &mut tx.inner {
        Inner::Sqlite(_) => {}
        Inner::Postgres(tx) => {
            sqlx::query(NOTIFY)
                .bind(merchant)
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(())
}

/// Calls `woken` for what other instances notify, without end; on SQLite it only never returns.
pub async fn listen(db: &Db, woken: impl Fn(Wake)) {
    let Some(pool) = db.postgres() else {
        return std::future::pending().await;
    };
    loop {
        if let Ok(mut listener) = PgListener::connect_with(pool).await
            && listener.listen(CHANNEL).await.is_ok()
        {
            hear(&mut listener, &woken).await;
        }
        woken(Wake::All);
        tokio::time::sleep(POLL).await;
    }
}

/// Until the connection fails for good.
async fn hear(listener: &mut PgListener, woken: &impl Fn(Wake)) {
    // Between the last reading and this connection something may have been notified.
    woken(Wake::All);
    loop {
        match listener.try_recv().await {
            Ok(Some(heard)) => match heard.payload().parse() {
                Ok(merchant) => woken(Wake::Merchant(merchant)),
                Err(_) => woken(Wake::All),
            },
            // The connection was lost and is taken up again at the next call.
            Ok(None) => woken(Wake::All),
            Err(_) => return,
        }
    }
}
