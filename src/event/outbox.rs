//! The outbox worker: places events in their merchants' sequences and wakes followers, here and on
//! the other instances.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::db::wake::{self, Wake};
use crate::db::{Db, DbError, outbox};
use crate::event::hub::Hub;

/// Events placed in one transaction: short enough that other writers do not wait long.
const BATCH: i64 = 256;

/// How long an event may lie that was written by an instance which died before it rang, or by a
/// program without a worker.
const LOOK_AGAIN: Duration = Duration::from_millis(400);

/// Places what waits, at most one batch, and answers how many events that were.
pub async fn work_once(db: &Db, hub: &Hub) -> Result<usize, DbError> {
    let mut tx = db.read().await?;
    let is_waiting = outbox::is_waiting(&mut tx).await?;
    tx.rollback().await?;
    if !is_waiting {
        return Ok(0);
    }

    let mut tx = db.begin().await?;
    let placed = outbox::place(&mut tx, BATCH).await?;
    let merchants: BTreeSet<_> = placed.iter().cloned().collect();
    for merchant in &merchants {
        wake::notify(&mut tx, merchant).await?;
    }
    tx.commit().await?;
    for merchant in merchants {
        hub.wake(&Wake::Merchant(merchant));
    }
    Ok(placed.len())
}

/// Works until dropped. `rung` returns when outbox rows may have been written in this process.
pub async fn run(db: &Db, hub: &Hub, rung: impl AsyncFn()) {
    let work = async {
        loop {
            match work_once(db, hub).await {
                Ok(0) => {
                    let _ = tokio::time::timeout(LOOK_AGAIN, rung()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "events wait for their place; will try again");
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
            }
        }
    };
    let listen = wake::listen(db, |whom| hub.wake(&whom));
    tokio::join!(work, listen);
}
