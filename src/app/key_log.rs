//! Which keys were used lately, on its way to the disk: noted in memory with every call, written at
//! most once a minute and key, so that it costs a call next to nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::merchant::{KeyUsed, UsedKey};

/// A rotation takes days; nobody needs to know to the second when a key was last used.
const WRITTEN_EVERY: Duration = Duration::from_mins(1);

/// Notes uses of keys; clones note together. Only keys whose signature held are noted, so there are
/// never more than are registered.
#[derive(Debug, Clone, Default)]
pub struct KeyLog(Arc<Mutex<HashMap<UsedKey, Noted>>>);

#[derive(Debug)]
struct Noted {
    last_used_at: Timestamp,
    written_at: Option<Timestamp>,
}

impl Noted {
    /// Whether the disk is a minute behind.
    fn is_due(&self) -> bool {
        self.written_at
            .is_none_or(|written| written.plus(WRITTEN_EVERY) <= self.last_used_at)
    }
}

impl KeyLog {
    /// Notes that a key was used.
    pub fn note(&self, key: UsedKey, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = all.entry(key).or_insert(Noted {
            last_used_at: now,
            written_at: None,
        });
        noted.last_used_at = noted.last_used_at.max(now);
    }

    /// What is due to be written, and from now on counts as written.
    pub fn take_due(&self) -> Vec<KeyUsed> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        for (key, noted) in all.iter_mut().filter(|(_, noted)| noted.is_due()) {
            noted.written_at = Some(noted.last_used_at);
            due.push(KeyUsed {
                key: key.clone(),
                last_used_at: noted.last_used_at,
            });
        }
        // In one order everywhere, so that two instances never wait for each other's rows.
        due.sort_by(|a, b| a.key.cmp(&b.key));
        due
    }

    /// What could not be written is due again.
    pub fn put_back(&self, due: &[KeyUsed]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for used in due {
            if let Some(noted) = all.get_mut(&used.key) {
                noted.written_at = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merchant::KeyDirection;

    fn key(id: &str) -> UsedKey {
        UsedKey {
            institution: "lotus_pay".parse().unwrap(),
            direction: KeyDirection::Inbound,
            key_id: id.to_owned(),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_700_000_000 + seconds)
    }

    fn due(log: &KeyLog) -> Vec<(String, i64)> {
        let mut due: Vec<_> = log
            .take_due()
            .into_iter()
            .map(|used| {
                (
                    used.key.key_id,
                    used.last_used_at.seconds() - at(0).seconds(),
                )
            })
            .collect();
        due.sort();
        due
    }

    #[test]
    fn a_busy_key_is_written_once_a_minute() {
        let log = KeyLog::default();
        for second in 0..60 {
            log.note(key("a"), at(second));
        }
        log.note(key("b"), at(7));
        assert_eq!(due(&log), [("a".to_owned(), 59), ("b".to_owned(), 7)]);
        for second in 60..119 {
            log.note(key("a"), at(second));
            assert_eq!(due(&log), []);
        }
        log.note(key("a"), at(119));
        assert_eq!(due(&log), [("a".to_owned(), 119)]);
    }

    #[test]
    fn what_could_not_be_written_is_due_again() {
        let log = KeyLog::default();
        log.note(key("a"), at(0));
        let lost = log.take_due();
        assert_eq!(due(&log), []);
        log.put_back(&lost);
        assert_eq!(due(&log), [("a".to_owned(), 0)]);
    }
}
