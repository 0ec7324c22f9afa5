//! How often somebody may ask, counted in memory by the cell rate algorithm of `governor`: a quota
//! may be used up at once, and fills again evenly.
//!
//! ```text
//! api-key, institution, notices, source   every call, counted before anything is stored
//! refusals, misses, receipts, claims, pairings   what guesses and scans for secrets would do
//! ```
//!
//! Each process counts for itself. What is remembered is bounded; beyond, those are forgotten whose
//! quota is the nearest to full.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

use crate::clock::Clock;

/// In which a quota fills from empty, in seconds.
pub const WINDOW_S: u32 = 60;
/// Sources that are remembered of each rate: some three megabytes if all are in use.
const REMEMBERED: usize = 16_384;

macro_rules! rates {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal $field:ident $most:literal;)+) => {
        /// What is counted, of each source by itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Rate {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Rate {
            /// How clients know it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        /// How many a minute; 0 is no limit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct RateLimits {
            $($(#[doc = $doc])+ pub $field: u32,)+
        }

        impl Default for RateLimits {
            /// As `config.default.toml` has them.
            fn default() -> Self {
                Self { $($field: $most,)+ }
            }
        }

        #[derive(Debug)]
        struct Buckets {
            clock: Steady,
            $($field: Option<Bucket>,)+
        }

        impl Buckets {
            fn new(limits: &RateLimits, clock: Clock) -> Self {
                let clock = Steady(clock);
                Self {
                    $($field: bucket(limits.$field, &clock),)+
                    clock,
                }
            }

            const fn of(&self, rate: Rate) -> Option<&Bucket> {
                match rate {
                    $(Rate::$variant => self.$field.as_ref(),)+
                }
            }
        }
    };
}

rates! {
    /// Calls with one API key.
    ApiKey = "api-key" api_key 6_000;
    /// Calls of one institution, without its notices.
    Institution = "institution" institution 60_000;
    /// Notices of one institution: what it confirms and reports.
    Notices = "notices" notices 60_000;
    /// Pages and documents asked for from one address.
    Source = "source" source 6_000;
    /// Calls from one address that were not let in.
    Refusals = "refusals" refusals 300;
    /// Codes that were not issued here, sent by an institution or opened from one address.
    Misses = "misses" misses 30;
    /// Receipts, checked with an API key or by a device.
    Receipts = "receipts" receipts 60;
    /// Claim secrets of plates, sent with an API key or by a device.
    Claims = "claims" claims 30;
    /// Pairing codes, typed in from one address.
    Pairings = "pairings" pairings 10;
}

/// Counts calls; clones count together.
#[derive(Debug, Clone)]
pub struct Rates(Arc<Buckets>);

/// Where somebody stands after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// What was counted.
    pub rate: Rate,
    /// How many a minute.
    pub quota: u32,
    /// How many are left at once.
    pub left: u32,
    /// Seconds until the quota is full again; of a call too many, until the next is not.
    pub seconds: u32,
}

/// Of whom a call is counted, or only asked about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Who {
    name: String,
    counts: bool,
}

type Bucket = RateLimiter<Who, Remembered, Steady, StateInformationMiddleware>;

fn bucket(most: u32, clock: &Steady) -> Option<Bucket> {
    let quota = Quota::per_minute(NonZeroU32::new(most)?);
    let limiter = RateLimiter::new(quota, Remembered::default(), clock.clone());
    Some(limiter)
}

impl Rates {
    /// By these limits.
    pub fn new(limits: &RateLimits, clock: Clock) -> Self {
        Self(Arc::new(Buckets::new(limits, clock)))
    }

    /// Counts one call of `who`. The error is a call too many; nothing comes back where there is no
    /// limit.
    pub fn count(&self, rate: Rate, who: &str) -> Result<Option<Measure>, Measure> {
        let Some(bucket) = self.0.of(rate) else {
            return Ok(None);
        };
        let who = Who {
            name: who.to_owned(),
            counts: true,
        };
        match bucket.check_key(&who) {
            Ok(state) => {
                let quota = state.quota().burst_size().get();
                let left = state.remaining_burst_capacity();
                let used = u64::from(quota.saturating_sub(left));
                let seconds = used.saturating_mul(WINDOW_S.into()).div_ceil(quota.into());
                Ok(Some(Measure {
                    rate,
                    quota,
                    left,
                    seconds: u32::try_from(seconds).unwrap_or(WINDOW_S),
                }))
            }
            Err(until) => {
                let wait = until.wait_time_from(self.0.clock.now());
                let seconds = wait.as_millis().div_ceil(1000).max(1);
                Err(Measure {
                    rate,
                    quota: until.quota().burst_size().get(),
                    left: 0,
                    seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
                })
            }
        }
    }

    /// Whether the next call of `who` would be one too many; asking counts nothing.
    pub fn is_used_up(&self, rate: Rate, who: &str) -> bool {
        let who = Who {
            name: who.to_owned(),
            counts: false,
        };
        let bucket = self.0.of(rate);
        bucket.is_some_and(|bucket| bucket.check_key(&who).is_err())
    }
}

/// Our clock, as `governor` wants to read it.
#[derive(Debug, Clone)]
struct Steady(Clock);

impl governor::clock::Clock for Steady {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let nanos = self.0.steady().as_nanos();
        Nanos::new(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// When the next call of each source would come if all came evenly; the later, the emptier is its
/// quota.
#[derive(Debug, Default)]
struct Remembered(Mutex<HashMap<String, Nanos>>);

impl StateStore for Remembered {
    type Key = Who;

    fn measure_and_replace<T, F, E>(&self, who: &Who, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !who.counts {
            let next = all.get(&who.name).copied();
            return decide(next).map(|(outcome, _)| outcome);
        }
        if let Some(next) = all.get_mut(&who.name) {
            let (outcome, after) = decide(Some(*next))?;
            *next = after;
            return Ok(outcome);
        }
        let (outcome, after) = decide(None)?;
        if all.len() >= REMEMBERED {
            forget(&mut all);
        }
        all.insert(who.name.clone(), after);
        Ok(outcome)
    }
}

/// Makes room by an eighth, so that a flood of new sources does not search the whole for each.
fn forget(all: &mut HashMap<String, Nanos>) {
    let mut times: Vec<Nanos> = all.values().copied().collect();
    let (_, last, _) = times.select_nth_unstable(REMEMBERED / 8);
    let last = *last;
    all.retain(|_, next| *next > last);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Timestamp;

    fn rates(most: u32) -> (Rates, Clock) {
        let clock = Clock::manual(Timestamp::from_seconds(1_700_000_000));
        let limits = RateLimits {
            pairings: most,
            ..RateLimits::default()
        };
        (Rates::new(&limits, clock.clone()), clock)
    }

    #[test]
    fn the_eleventh_pairing_waits_for_a_tenth_of_a_minute() {
        let (rates, clock) = rates(10);
        for left in (0..10).rev() {
            let measure = rates.count(Rate::Pairings, "a").unwrap().unwrap();
            assert_eq!((measure.quota, measure.left), (10, left));
            assert_eq!(measure.seconds, (10 - left) * 6);
        }
        let many = rates.count(Rate::Pairings, "a").unwrap_err();
        assert_eq!((many.left, many.seconds), (0, 6));
        assert!(rates.count(Rate::Pairings, "b").is_ok());
        assert!(rates.count(Rate::Receipts, "a").is_ok());
        clock.advance(Duration::from_secs(5));
        assert_eq!(rates.count(Rate::Pairings, "a").unwrap_err().seconds, 1);
        clock.advance(Duration::from_secs(1));
        assert_eq!(
            rates.count(Rate::Pairings, "a").unwrap().unwrap().left,
            0,
            "one was filled in, and used"
        );
        clock.advance(Duration::from_mins(1));
        assert_eq!(rates.count(Rate::Pairings, "a").unwrap().unwrap().left, 9);
    }

    #[test]
    fn whether_a_quota_is_used_up_can_be_asked_without_using_it() {
        let (rates, clock) = rates(2);
        let asks = |times: usize| (0..times).any(|_| rates.is_used_up(Rate::Pairings, "a"));
        assert!(!asks(10), "nobody has called yet");
        rates.count(Rate::Pairings, "a").unwrap();
        assert!(!asks(10));
        rates.count(Rate::Pairings, "a").unwrap();
        assert!(asks(1));
        assert!(!rates.is_used_up(Rate::Pairings, "b"));
        clock.advance(Duration::from_secs(30));
        assert!(!asks(10));
        assert!(rates.count(Rate::Pairings, "a").is_ok());
        assert!(asks(1));
    }

    #[test]
    fn nought_is_no_limit() {
        let (rates, _) = rates(0);
        for _ in 0..1000 {
            assert_eq!(rates.count(Rate::Pairings, "a"), Ok(None));
        }
        assert!(!rates.is_used_up(Rate::Pairings, "a"));
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for_and_who_tried_often_stays() {
        let (rates, clock) = rates(10);
        for _ in 0..10 {
            rates.count(Rate::Pairings, "often").unwrap();
        }
        for number in 0..3 * REMEMBERED {
            clock.advance(Duration::from_millis(u64::from(number % 20 == 0)));
            rates.count(Rate::Pairings, &number.to_string()).unwrap();
        }
        assert!(rates.count(Rate::Pairings, "often").is_err());
        let Buckets { pairings, .. } = Arc::into_inner(rates.0).unwrap();
        let remembered = pairings.unwrap().into_state_store().0.into_inner().unwrap();
        assert!(remembered.len() <= REMEMBERED);
        assert!(remembered.len() > REMEMBERED / 2);
    }
}
