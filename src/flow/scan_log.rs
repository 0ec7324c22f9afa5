//! Writes scans beside the payments' way: in batches, and without making anybody wait.

use tokio::sync::mpsc::Receiver;

use crate::app::App;
use crate::db::codes::Scan;
use crate::db::{self, DbError};

/// Scans in one transaction.
const BATCH: usize = 256;

/// Writes what comes until the log is closed. A batch that the database refuses is lost and said
/// so: scans are statistics, not money.
pub async fn run(app: &App, mut scans: Receiver<Scan>) {
    let mut batch = Vec::with_capacity(BATCH);
    while scans.recv_many(&mut batch, BATCH).await > 0 {
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

async fn write(app: &App, batch: &[Scan]) -> Result<(), DbError> {
    let mut tx = app.db.begin().await?;
    db::hot::insert_scans(&mut tx, batch).await?;
    tx.commit().await
}
