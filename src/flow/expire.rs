//! The sweep: asks institutions about orders that are silent, closes those whose time is over, ends
//! payments that nobody began, and drops what need not be kept.

use std::time::Duration;

use futures_util::StreamExt;

use crate::app::App;
use crate::clock::Timestamp;
use crate::db::{self, DbError};
use crate::flow::{FlowError, close, keys, tell};
use crate::payment::{Attempt, Change};

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Orders that were asked about.
    pub asked: usize,
    /// Of these, decided now.
    pub decided: usize,
    /// Payments whose time ran out.
    pub expired: usize,
}

/// Orders and payments in one round.
const BATCH: i64 = 64;
/// Institutions that are asked at the same time.
const AT_ONCE: usize = 8;
/// A claimed order is this instance's for so long: longer than a call to an institution may take.
const CLAIM: Duration = Duration::from_secs(30);
/// Between questions: doubled each time, from the first to the last.
const ASK_FIRST: Duration = Duration::from_secs(5);
const ASK_LAST: Duration = Duration::from_mins(10);

/// One round.
pub async fn sweep(app: &App) -> Result<Swept, FlowError> {
    let mut tx = app.db.begin().await?;
    let until = tx.now().plus(CLAIM);
    let due = db::attempts::claim_due(&mut tx, until, BATCH).await?;
    tx.commit().await?;
    let asked = due.len();
    let outcomes: Vec<Result<bool, FlowError>> = futures_util::stream::iter(due)
        .map(|attempt| async move { ask(app, &attempt).await })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut decided = 0;
    for outcome in outcomes {
        match outcome {
            Ok(true) => decided += 1,
            Ok(false) => {}
            Err(error) => tracing::error!("an order could not be followed up: {error}"),
        }
    }
    let expired = end_overdue(app).await?;
    keys::refresh(app).await?;
    Ok(Swept {
        asked,
        decided,
        expired,
    })
}

async fn ask(app: &App, attempt: &Attempt) -> Result<bool, FlowError> {
    let now = now(app).await?;
    let is_over = now >= attempt.pay_before;
    let decided = if is_over {
        close::close(app, attempt).await?
    } else {
        close::query(app, attempt).await?
    };
    if !decided {
        let wait = wait_after(attempt.queries);
        let next = now.plus(wait);
        // The close must not wait for a question that was put off.
        let next = if is_over {
            next
        } else {
            next.min(attempt.pay_before)
        };
        let mut tx = app.db.begin().await?;
        db::attempts::postpone(&mut tx, attempt, next).await?;
        tx.commit().await?;
    }
    Ok(decided)
}

async fn now(app: &App) -> Result<Timestamp, FlowError> {
    let tx = app.db.read().await?;
    let now = tx.now();
    tx.commit().await?;
    Ok(now)
}

fn wait_after(queries: i64) -> Duration {
    let doublings = u32::try_from(queries.saturating_sub(1).clamp(0, 16)).unwrap_or(16);
    ASK_FIRST
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(ASK_LAST)
}

async fn end_overdue(app: &App) -> Result<usize, FlowError> {
    let mut tx = app.db.begin().await?;
    let due = db::payments::due(&mut tx, BATCH).await?;
    let mut count = 0;
    for overdue in due {
        match tell::end(app, &mut tx, overdue, Change::Expired).await {
            Ok(_) => count += 1,
            // Another instance ended it, or a payer took it at its last moment.
            Err(FlowError::Db(DbError::Conflict { .. })) => {}
            Err(error) => return Err(error),
        }
    }
    tx.commit().await?;
    if count > 0 {
        app.bell.ring();
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_grow_rarer_up_to_ten_minutes() {
        let seconds: Vec<u64> = (1..=9).map(|n| wait_after(n).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
    }
}
