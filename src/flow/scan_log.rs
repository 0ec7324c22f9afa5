//! Writes scans beside the payments' way: in batches, and without making anybody wait. Each batch is
//! a turn at the database that no payment has meanwhile, so that a busy second has few of them.

use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::time::sleep;

use crate::app::App;
use crate::db::codes::Scan;
use crate::db::{self, DbError};

/// Scans in one transaction.
const BATCH: usize = 2048;
/// How long the first of a batch waits for others. Nobody waits for it.
const GATHER: Duration = Duration::from_millis(100);

/// Writes what comes until the log is closed. A batch that the database refuses is lost and said
/// so: scans are statistics, not money.
pub async fn run(app: &App, mut scans: Receiver<Scan>) {
    let mut batch = Vec::with_capacity(BATCH);
    while scans.recv_many(&mut batch, BATCH).await > 0 {
        gather(&mut scans, &mut batch).await;
        if let Err(error) = write(app, &batch).await {
            app.metrics.scans_dropped(batch.len());
            tracing::warn!(
                lost = batch.len(),
                "{} scans were not written: {error}",
                batch.len()
            );
        }
        batch.clear();
    }
}

/// What has come when the time is over. Nobody is woken for each scan: that would cost whoever notes
/// it more than the rest of its request.
async fn gather(scans: &mut Receiver<Scan>, batch: &mut Vec<Scan>) {
    if batch.len() < BATCH {
        sleep(GATHER).await;
    }
    while batch.len() < BATCH {
        match scans.try_recv() {
            Ok(scan) => batch.push(scan),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
}

async fn write(app: &App, batch: &[Scan]) -> Result<(), DbError> {
    let mut tx = app.db.begin().await?;
    db::hot::insert_scans(&mut tx, batch).await?;
    tx.commit().await
}
