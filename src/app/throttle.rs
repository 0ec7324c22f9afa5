//! How often somebody may try, counted in memory: a minute later all is forgotten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Timestamp;

/// After the first try that is counted; then counting begins anew.
const WINDOW: Duration = Duration::from_mins(1);
/// How many are remembered at once; beyond, whoever began first is forgotten.
const REMEMBERED: usize = 4096;

/// What is counted, of each source by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tried {
    /// A code that we did not issue, sent by an institution.
    CodeByInstitution,
    /// A code that we did not issue, opened by a browser.
    CodeByBrowser,
    /// A receipt, checked with an API key or by a device.
    Receipt,
    /// A pairing code, typed in.
    Pairing,
}

/// Counts tries; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Throttle(Arc<Mutex<HashMap<(Tried, String), Tries>>>);

#[derive(Debug)]
struct Tries {
    began: Timestamp,
    count: u32,
}

impl Tried {
    /// How many a minute.
    const fn most(self) -> u32 {
        match self {
            Self::CodeByInstitution | Self::CodeByBrowser => 30,
            Self::Receipt => 60,
            Self::Pairing => 10,
        }
    }
}

impl Throttle {
    /// Counts one try of `source`; where it is one too many, says after how many seconds the next
    /// is not.
    pub fn count(&self, tried: Tried, source: &str, now: Timestamp) -> Result<(), u32> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (tried, source.to_owned());
        if all.len() >= REMEMBERED && !all.contains_key(&key) {
            forget(&mut all, now);
        }
        let tries = all.entry(key).or_insert(Tries {
            began: now,
            count: 0,
        });
        if tries.is_over(now) {
            *tries = Tries {
                began: now,
                count: 0,
            };
        }
        if tries.count < tried.most() {
            tries.count = tries.count.saturating_add(1);
            return Ok(());
        }
        let left = tries.began.plus(WINDOW).since(now);
        Err(u32::try_from(left.as_secs()).unwrap_or(u32::MAX).max(1))
    }
}

impl Tries {
    fn is_over(&self, now: Timestamp) -> bool {
        self.began.plus(WINDOW) <= now
    }
}

/// Makes room for one more.
fn forget(all: &mut HashMap<(Tried, String), Tries>, now: Timestamp) {
    all.retain(|_, tries| !tries.is_over(now));
    if all.len() < REMEMBERED {
        return;
    }
    let oldest = all.iter().min_by_key(|(_, tries)| tries.began);
    if let Some(key) = oldest.map(|(key, _)| key.clone()) {
        all.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_700_000_000 + seconds)
    }

    #[test]
    fn the_eleventh_pairing_of_a_minute_waits_for_the_next() {
        let throttle = Throttle::default();
        for second in 0..10 {
            assert_eq!(throttle.count(Tried::Pairing, "a", at(second)), Ok(()));
        }
        assert_eq!(throttle.count(Tried::Pairing, "a", at(20)), Err(40));
        assert_eq!(throttle.count(Tried::Pairing, "b", at(20)), Ok(()));
        assert_eq!(throttle.count(Tried::Receipt, "a", at(20)), Ok(()));
        assert_eq!(throttle.count(Tried::Pairing, "a", at(60)), Ok(()));
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let throttle = Throttle::default();
        for number in 0..REMEMBERED + 100 {
            let source = number.to_string();
            assert_eq!(throttle.count(Tried::Pairing, &source, at(0)), Ok(()));
        }
        assert_eq!(throttle.0.lock().unwrap().len(), REMEMBERED);
    }
}
