//! Which API keys were seen where they do not belong, so that each is written to the audit log once in
//! a while, and not with every call of whoever goes on sending it there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::id::ApiKeyId;

/// Who replaces a key needs to know that it leaked and from where, not how often.
const WRITTEN_EVERY: Duration = Duration::from_mins(1);

/// Notes keys that are to count as leaked; clones note together. Only keys that are valid are noted, so
/// there are never more than are registered.
#[derive(Debug, Clone, Default)]
pub struct Leaks(Arc<Mutex<HashMap<ApiKeyId, Timestamp>>>);

/// That a key leaked, while it is being written down; due again where that comes to nothing.
#[derive(Debug)]
pub struct Leak {
    of: Leaks,
    key: ApiKeyId,
    is_written: bool,
}

impl Leaks {
    /// Takes it upon the caller to write down that the key was seen now; nothing where somebody has
    /// just done so.
    pub fn take_due(&self, key: &ApiKeyId, now: Timestamp) -> Option<Leak> {
        let mut all = self.all();
        let written = all.get(key);
        let is_due = written.is_none_or(|written| written.plus(WRITTEN_EVERY) <= now);
        is_due.then(|| {
            all.insert(key.clone(), now);
            Leak {
                of: self.clone(),
                key: key.clone(),
                is_written: false,
            }
        })
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ApiKeyId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leak {
    /// It stands in the audit log.
    pub fn written(mut self) {
        self.is_written = true;
    }
}

impl Drop for Leak {
    fn drop(&mut self) {
        if !self.is_written {
            self.of.all().remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_key_that_is_sent_again_and_again_is_written_down_once_a_minute() {
        let at = |seconds| Timestamp::from_seconds(1_700_000_000 + seconds);
        let leaks = Leaks::default();
        let [key, other] = [(); 2].map(|()| ApiKeyId::new(at(0), &SystemEntropy::new()));
        let is_due = |key, second| {
            let due = leaks.take_due(key, at(second));
            due.map(Leak::written).is_some()
        };
        let due: Vec<i64> = (0..150).filter(|second| is_due(&key, *second)).collect();
        assert_eq!(due, [0, 60, 120]);
        assert!(is_due(&other, 121), "each by itself");
        let lost = leaks.take_due(&key, at(180)).unwrap();
        assert!(!is_due(&key, 181), "somebody is about to");
        drop(lost);
        assert!(is_due(&key, 181), "and did not");
    }
}
