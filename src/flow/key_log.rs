//! Writes which keys were used, beside the calls that used them.

use std::time::Duration;

use crate::app::App;
use crate::db::{self, DbError};

/// How often is looked for what is due.
const EVERY: Duration = Duration::from_secs(10);

/// Writes until dropped.
pub async fn run(app: &App) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = write(app).await {
            tracing::warn!("uses of keys were not written: {error}; will try again");
        }
    }
}

/// Writes what is due; also what is left when the server stops.
pub async fn write(app: &App) -> Result<(), DbError> {
    let due = app.key_log.take_due();
    if due.is_empty() {
        return Ok(());
    }
    let written = async {
        let mut tx = app.db.begin().await?;
        db::key_uses::note(&mut tx, &due).await?;
        tx.commit().await
    }
    .await;
    if written.is_err() {
        app.key_log.put_back(&due);
    }
    written
}
