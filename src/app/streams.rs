//! How many live feeds are read: in all, by each reader, and from each place. A reader's share is
//! never full: one more ends its oldest, which nobody may be listening to any more, because a
//! connection that was torn is noticed late.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// In all.
    pub most: u32,
    /// Of one API key or device.
    pub per_reader: u32,
    /// From one address.
    pub per_source: u32,
}

/// The feeds that are open; clones count together.
#[derive(Debug, Clone)]
pub struct Streams(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    limits: StreamLimits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: u32,
    sources: HashMap<String, u32>,
    /// Each reader's, the oldest first.
    readers: HashMap<String, VecDeque<Kept>>,
}

#[derive(Debug)]
struct Kept {
    number: u64,
    source: String,
    end: Arc<Notify>,
}

/// One feed, until it is dropped or has to give way.
#[derive(Debug)]
pub struct StreamPlace {
    streams: Streams,
    reader: String,
    number: u64,
    end: Arc<Notify>,
}

impl Default for StreamLimits {
    /// As `config.default.toml` has them.
    fn default() -> Self {
        Self {
            most: 2_000,
            per_reader: 20,
            per_source: 100,
        }
    }
}

impl Streams {
    /// None yet.
    pub fn new(limits: StreamLimits) -> Self {
        Self(Arc::new(Counted {
            limits,
            open: Mutex::default(),
        }))
    }

    /// One more, if there is room, or if the reader's oldest makes it by giving way.
    pub fn open(&self, reader: &str, source: &str) -> Option<StreamPlace> {
        let limits = self.0.limits;
        let mut open = self.locked();
        let theirs = open.readers.get(reader);
        let is_full = theirs.map_or(0, VecDeque::len) >= usize::try_from(limits.per_reader).ok()?;
        let oldest = theirs.and_then(VecDeque::front).filter(|_| is_full);
        if is_full && oldest.is_none() {
            return None;
        }
        let left = u32::from(oldest.is_some());
        let left_there = u32::from(oldest.is_some_and(|oldest| oldest.source == source));
        let there = open.sources.get(source).copied().unwrap_or(0);
        if open.all.saturating_sub(left) >= limits.most
            || there.saturating_sub(left_there) >= limits.per_source
        {
            return None;
        }
        if let Some(oldest) = oldest.map(|oldest| oldest.number) {
            open.leave(reader, oldest);
        }
        let end = Arc::new(Notify::new());
        let number = open.enter(reader, source, Arc::clone(&end));
        Some(StreamPlace {
            streams: self.clone(),
            reader: reader.to_owned(),
            number,
            end,
        })
    }

    fn locked(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn enter(&mut self, reader: &str, source: &str, end: Arc<Notify>) -> u64 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.all = self.all.saturating_add(1);
        let there = self.sources.entry(source.to_owned()).or_default();
        *there = there.saturating_add(1);
        let theirs = self.readers.entry(reader.to_owned()).or_default();
        theirs.push_back(Kept {
            number,
            source: source.to_owned(),
            end,
        });
        number
    }

    /// Tells a feed to end and counts it no more; nothing where it had left before.
    fn leave(&mut self, reader: &str, number: u64) {
        let Some(theirs) = self.readers.get_mut(reader) else {
            return;
        };
        let at = theirs.iter().position(|kept| kept.number == number);
        let Some(left) = at.and_then(|at| theirs.remove(at)) else {
            return;
        };
        if theirs.is_empty() {
            self.readers.remove(reader);
        }
        left.end.notify_one();
        self.all = self.all.saturating_sub(1);
        if let Some(there) = self.sources.get_mut(&left.source) {
            *there = there.saturating_sub(1);
            if *there == 0 {
                self.sources.remove(&left.source);
            }
        }
    }
}

impl StreamPlace {
    /// Waits until a newer feed of the same reader takes the place.
    pub async fn given_up(&self) {
        self.end.notified().await;
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        self.streams.locked().leave(&self.reader, self.number);
    }
}

impl Default for Streams {
    fn default() -> Self {
        Self::new(StreamLimits::default())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn streams() -> Streams {
        Streams::new(StreamLimits {
            most: 4,
            per_reader: 2,
            per_source: 3,
        })
    }

    fn has_ended(place: &StreamPlace) -> bool {
        place.given_up().now_or_never().is_some()
    }

    #[test]
    fn one_more_ends_the_readers_oldest_and_nobody_elses() {
        let streams = streams();
        let other = streams.open("b", "here").unwrap();
        let first = streams.open("a", "here").unwrap();
        let second = streams.open("a", "here").unwrap();
        let third = streams.open("a", "here").unwrap();
        assert!(has_ended(&first));
        assert!(![&other, &second, &third].into_iter().any(has_ended));
        // What gave way is counted once.
        drop(first);
        let fourth = streams.open("a", "here").unwrap();
        assert!(has_ended(&second));
        drop((other, second, third, fourth));
        let open = streams.locked();
        assert_eq!(open.all, 0);
        assert!(open.readers.is_empty() && open.sources.is_empty());
    }

    #[test]
    fn a_place_and_all_have_their_limits_which_end_nobody() {
        let streams = streams();
        let held: Vec<StreamPlace> = ["a", "a", "b"]
            .into_iter()
            .map(|reader| streams.open(reader, "here").unwrap())
            .collect();
        assert!(streams.open("b", "here").is_none(), "here has its share");
        let there = streams.open("b", "there").unwrap();
        assert!(streams.open("c", "there").is_none(), "all are taken");
        assert!(!held.iter().chain([&there]).any(has_ended));
        // Whoever gives way makes room for itself.
        let again = streams.open("a", "here").unwrap();
        assert!(has_ended(&held[0]));
        drop(again);
    }

    #[test]
    fn no_share_is_no_feed() {
        let none = StreamLimits {
            per_reader: 0,
            ..StreamLimits::default()
        };
        assert!(Streams::new(none).open("a", "here").is_none());
    }
}
