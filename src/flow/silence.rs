//! Codes that payers use and suddenly do not: told once for each silence, and once when it is over.
//!
//! Each code on a wall is looked at every few minutes, by whichever instance comes first; a look reads a
//! bounded number of the code's own payments and moves the next look in the same transaction that
//! tells of a silence. A silence lasts until somebody pays; that of a stopped code is told to nobody, and
//! lasts until the code has been there to be paid for a whole window again.

use std::time::Duration;

use crate::app::App;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::db::code_watch::{self, Silence, Watched, Window};
use crate::flow::{FlowError, tell};
use crate::merchant::{CodeState, PaidInWindow, SILENCE_DAYS, SilenceRule};
use crate::payment::event::{EventData, EventKind};

/// Looks in one round: short enough that other writers do not wait long.
const BATCH: i64 = 32;
/// Between two looks at a code that is used.
const LOOK_AGAIN: Duration = Duration::from_mins(10);
/// And at one that nobody paid at this hour for a week, or that is stopped.
const LOOK_LATER: Duration = Duration::from_mins(30);

/// One round; says how many silences, and ends of silences, were told.
pub async fn round(app: &App) -> Result<usize, FlowError> {
    let rule = app.limits.silence;
    if !rule.is_on() {
        return Ok(0);
    }
    let mut tx = app.db.read().await?;
    let is_due = code_watch::is_due(&mut tx).await?;
    tx.commit().await?;
    if !is_due {
        // Every second of a quiet server: then nothing is locked and nothing is written.
        return Ok(0);
    }
    let mut tx = app.db.begin().await?;
    let mut told = 0_usize;
    for watched in code_watch::due(&mut tx, BATCH).await? {
        if look(app, &mut tx, &watched, &rule).await? {
            told = told.saturating_add(1);
        }
    }
    tx.commit().await?;
    if told > 0 {
        app.bell.ring();
    }
    Ok(told)
}

/// Looks at one code; true where its silence is told, or that it is over.
async fn look(
    app: &App,
    tx: &mut Tx,
    watched: &Watched,
    rule: &SilenceRule,
) -> Result<bool, FlowError> {
    let now = tx.now();
    if watched.state == CodeState::Revoked || watched.expires_at.is_some_and(|end| end <= now) {
        code_watch::forget(tx, watched).await?;
        return Ok(false);
    }
    if watched.state == CodeState::Suspended {
        // The merchant knows why nobody pays. When it went on is not known before the next look: a
        // window from there on is the first in which all the time somebody could have paid.
        let next = now.plus(LOOK_LATER);
        let silence = match watched.silence {
            Some(told) if told.was_told => told,
            Some(_) | None => Silence {
                since: next,
                was_told: false,
            },
        };
        code_watch::looked(tx, watched, next, Some(silence)).await?;
        return Ok(false);
    }
    let (today, before) = windows(now, &watched.zone, rule.window);
    let paid = code_watch::paid(tx, &watched.code, today, &before).await?;
    let (stopped_until, _) = today;
    let silence = watched
        .silence
        .filter(|silence| silence.was_told || silence.since > stopped_until);
    let was_told = silence.is_some_and(|silence| silence.was_told);
    // Whoever was told waits for the end of it.
    let is_soon = was_told || is_used(&paid);
    let next = now.plus(if is_soon { LOOK_AGAIN } else { LOOK_LATER });
    let (silence, told) = match (paid.today, silence) {
        (1.., _) => (None, was_told.then_some(EventKind::CodePaidAgain)),
        (_, Some(silence)) => (Some(silence), None),
        (_, None) if rule.is_silent(&paid) => {
            let silence = Silence {
                since: now,
                was_told: true,
            };
            (Some(silence), Some(EventKind::CodeSilent))
        }
        (_, None) => (None, None),
    };
    // Another instance may have looked in this very moment.
    let is_ours = code_watch::looked(tx, watched, next, silence).await?;
    let Some(kind) = told.filter(|_| is_ours) else {
        return Ok(false);
    };
    let told = EventData {
        paid_at: code_watch::last_paid_before(tx, &watched.code, now).await?,
        ..EventData::of_sign(&watched.code, &watched.store, watched.counter.as_ref())
    };
    tell::publish(app, tx, &watched.merchant, kind, told).await?;
    Ok(true)
}

fn is_used(paid: &PaidInWindow) -> bool {
    paid.today > 0 || paid.before.iter().any(|day| *day > 0)
}

/// The window that ends now, and the same one by the merchant's clock on each day before.
fn windows(now: Timestamp, zone: &str, length: Duration) -> (Window, [Window; SILENCE_DAYS]) {
    let window = |end: Timestamp| (end.minus(length), end);
    let mut days = 0_i32;
    let before = [(); SILENCE_DAYS].map(|()| {
        days = days.saturating_add(1);
        window(now.days_before_in(days, zone))
    });
    (window(now), before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_the_merchants_hours_also_when_its_clocks_change() {
        // Berlin goes back to winter time on 25 October 2026 at 03:00.
        let now: Timestamp = "2026-10-26T09:00:00Z".parse().unwrap();
        let hour = Duration::from_hours(1);
        let (today, before) = windows(now, "Europe/Berlin", hour);
        assert_eq!(today, ("2026-10-26T08:00:00Z".parse().unwrap(), now));
        let ends: Vec<_> = before
            .iter()
            .map(|(_, end)| end.time_in("Europe/Berlin"))
            .collect();
        assert_eq!(ends, ["10:00:00"; SILENCE_DAYS]);
        let [.., a_week_ago] = before;
        assert_eq!(a_week_ago.1, "2026-10-19T08:00:00Z".parse().unwrap());
    }
}
