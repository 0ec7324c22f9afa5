//! A merchant's events from a place on, as they come, without a hole and without a double.

use std::time::Duration;

use crate::db::outbox::{self, Placed};
use crate::db::{Db, DbError};
use crate::event::hub::{Ear, Hub};
use crate::id::MerchantId;

/// How many events are read at a time.
const PAGE: i64 = 200;

/// A reader of one merchant's events that remembers how far it has read.
#[derive(Debug)]
pub struct Feed {
    db: Db,
    ear: Ear,
    merchant: MerchantId,
    after: i64,
}

impl Feed {
    /// Follows `merchant` from behind the place `after`; 0 is the beginning.
    pub fn open(db: &Db, hub: &Hub, merchant: &MerchantId, after: i64) -> Self {
        Self {
            db: db.clone(),
            // Before the first reading, so that nothing falls between the two.
            ear: hub.follow(merchant),
            merchant: merchant.clone(),
            after,
        }
    }

    /// How far it has read.
    pub const fn position(&self) -> i64 {
        self.after
    }

    /// The next events; waits for one at most `patience`, then answers with none.
    pub async fn next(&mut self, patience: Duration) -> Result<Vec<Placed>, DbError> {
        let news = self.read().await?;
        if !news.is_empty() {
            return Ok(news);
        }
        // Woken or not, look once more: a wake-up from elsewhere may have been lost.
        let _ = tokio::time::timeout(patience, self.ear.heard()).await;
        self.read().await
    }

    async fn read(&mut self) -> Result<Vec<Placed>, DbError> {
        let mut tx = self.db.read().await?;
        let news = outbox::after(&mut tx, &self.merchant, self.after, PAGE).await?;
        tx.rollback().await?;
        if let Some(last) = news.last() {
            self.after = last.sequence;
        }
        Ok(news)
    }
}
