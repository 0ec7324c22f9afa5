//! The sweep: asks institutions about orders that are silent, closes those whose time is over, ends
//! payments that nobody began, follows up adoptions that wait for their proof, looks whether codes on walls
//! are still used, and drops what need not be kept.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Semaphore;

use crate::app::App;
use crate::clock::Timestamp;
use crate::db::{self, DbError};
use crate::flow::{FlowError, adopt, close, keys, silence, tell};
use crate::payment::{Attempt, Change};
use crate::telemetry::trace;

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
/// Questions that may be open at the same time.
const AT_ONCE: usize = 256;
/// A claimed order is this instance's for so long: longer than its four calls to an institution can
/// take together.
const CLAIM: Duration = Duration::from_mins(1);
/// Between questions: doubled each time, from the first to the last.
const ASK_FIRST: Duration = Duration::from_secs(5);
const ASK_LAST: Duration = Duration::from_mins(10);
/// Between rounds that nobody rang for.
const EVERY: Duration = Duration::from_secs(1);

/// Rounds for as long as the program runs. Each order is followed up by itself, so that an
/// institution that lets us wait delays no other's orders, and nobody's expiry.
pub async fn run(app: &App) {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        if let Err(error) = round(app, &permits).await {
            tracing::warn!("open orders were not looked at: {error}; will try again");
        }
        // Rung or not, look again.
        drop(tokio::time::timeout(EVERY, app.sweep_bell.rung()).await);
    }
}

/// One round, waiting for every answer.
pub async fn sweep(app: &App) -> Result<Swept, FlowError> {
    let due = claim(app, BATCH).await?;
    let asked = due.len();
    let questions = due.iter().map(|attempt| follow_up(app, attempt));
    let decided = join_all(questions)
        .await
        .into_iter()
        .filter(|decided| *decided)
        .count();
    let expired = end_overdue(app).await?;
    let adoptions = adopt::claim(app).await?;
    join_all(adoptions.iter().map(|one| adopt::follow_up(app, one))).await;
    silence::round(app).await?;
    keys::refresh(app).await?;
    Ok(Swept {
        asked,
        decided,
        expired,
    })
}

async fn round(app: &App, permits: &Arc<Semaphore>) -> Result<(), FlowError> {
    end_overdue(app).await?;
    silence::round(app).await?;
    keys::refresh(app).await?;
    let free = i64::try_from(permits.available_permits()).unwrap_or(0);
    for attempt in claim(app, free.min(BATCH)).await? {
        let permit = Arc::clone(permits).acquire_owned().await;
        let app = app.clone();
        tokio::spawn(async move {
            follow_up(&app, &attempt).await;
            drop(permit);
        });
    }
    for adoption in adopt::claim(app).await? {
        let app = app.clone();
        tokio::spawn(async move { adopt::follow_up(&app, &adoption).await });
    }
    Ok(())
}

async fn claim(app: &App, limit: i64) -> Result<Vec<Attempt>, FlowError> {
    let mut tx = app.db.begin().await?;
    let until = tx.now().plus(CLAIM);
    let due = db::attempts::claim_due(&mut tx, until, limit).await?;
    tx.commit().await?;
    Ok(due)
}

/// Nobody called for it, so it is a trace of its own.
async fn follow_up(app: &App, attempt: &Attempt) -> bool {
    let asked = async {
        let decided = ask(app, attempt).await;
        let outcome = match &decided {
            Ok(true) => "decided",
            Ok(false) => "undecided",
            Err(_) => "failed",
        };
        app.metrics.followed_up(outcome);
        decided.unwrap_or_else(|error| {
            tracing::error!(
                attempt = %attempt.id,
                "attempt {} could not be followed up: {error}", attempt.id,
            );
            false
        })
    };
    trace::begun(&*app.entropy, Box::pin(asked)).await
}

async fn ask(app: &App, attempt: &Attempt) -> Result<bool, FlowError> {
    let now = now(app).await?;
    let is_over = now >= attempt.close_at;
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
            next.min(attempt.close_at)
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
