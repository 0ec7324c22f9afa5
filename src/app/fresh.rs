//! What was read a moment ago and may be told again: for at most half a second, no longer than what
//! it says, and not at all once this process has written something that it could rest on.
//!
//! What changes something is checked against the database each time: it may be decided on what is
//! kept here, and is written only where the database's own count says that nothing has changed. Another process's change is seen when the half second is over, well within
//! the second that a revocation may take.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

use crate::clock::{Clock, Timestamp};
use crate::db::Db;

/// Longest age.
const LIFETIME: Duration = Duration::from_millis(500);

/// Values by name; clones share them.
#[derive(Debug)]
pub struct Fresh<T>(Arc<Cache<String, Kept<T>>>);

#[derive(Debug)]
struct Kept<T> {
    value: Arc<T>,
    reading: Reading,
    until: Timestamp,
    database_ahead_ms: i64,
}

/// When something was going to be read, and after which of our own changes.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    at: Timestamp,
    changes: u64,
}

impl Reading {
    /// Begins to read: to be made before the transaction, so that no change is missed.
    pub fn begin(db: &Db, clock: &Clock) -> Self {
        Self {
            at: clock.now(),
            changes: db.rule_changes(),
        }
    }
}

impl<T> Fresh<T> {
    /// Room for about `most` values; beyond, those that are asked for least make room.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Cache::new(most)))
    }

    /// The value, and what time it is in the database by our clock.
    pub fn find(&self, name: &str, db: &Db, clock: &Clock) -> Option<(Arc<T>, Timestamp)> {
        let kept = self.0.get(name)?;
        let now = clock.now();
        // A clock that was set back must not make an old answer young.
        let is_young = kept.reading.at <= now && now < kept.until;
        let is_right = kept.reading.changes == db.rule_changes();
        let database_now = now.millis().saturating_add(kept.database_ahead_ms);
        (is_young && is_right).then(|| (kept.value, Timestamp::from_millis(database_now)))
    }

    /// Keeps what was read at `now`, the transaction's time. It says nothing beyond `end`.
    pub fn keep(
        &self,
        name: &str,
        value: T,
        reading: Reading,
        now: Timestamp,
        end: Option<Timestamp>,
    ) {
        let left = end.map_or(LIFETIME, |end| end.since(now).min(LIFETIME));
        let kept = Kept {
            value: Arc::new(value),
            until: reading.at.plus(left),
            database_ahead_ms: now.millis().saturating_sub(reading.at.millis()),
            reading,
        };
        self.0.insert(name.to_owned(), kept);
    }
}

// Not derived: the values themselves are not cloned.
impl<T> Clone for Fresh<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            reading: self.reading,
            until: self.until,
            database_ahead_ms: self.database_ahead_ms,
        }
    }
}
