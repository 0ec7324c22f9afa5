//! How many of something are held at once, in all and by each holder: connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts what is held; clones count together.
#[derive(Debug, Clone)]
pub struct Tally(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    most: u32,
    most_each: u32,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: u32,
    each: HashMap<String, u32>,
}

/// One that is held, until it is dropped.
#[derive(Debug)]
pub struct Place {
    tally: Tally,
    holder: Option<String>,
}

impl Tally {
    /// At most so many in all, and so many by each holder.
    pub fn new(most: u32, most_each: u32) -> Self {
        Self(Arc::new(Counted {
            most,
            most_each,
            held: Mutex::default(),
        }))
    }

    /// Takes one more, if there is room. One that nobody in particular holds counts in all only.
    pub fn take(&self, holder: Option<String>) -> Option<Place> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.all >= self.0.most {
            return None;
        }
        if let Some(holder) = &holder {
            match held.each.get_mut(holder) {
                Some(count) if *count >= self.0.most_each => return None,
                Some(count) => *count = count.saturating_add(1),
                None if self.0.most_each == 0 => return None,
                None => {
                    held.each.insert(holder.clone(), 1);
                }
            }
        }
        held.all = held.all.saturating_add(1);
        Some(Place {
            tally: self.clone(),
            holder,
        })
    }

    /// How many are held in all.
    pub fn held(&self) -> u32 {
        let held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let counted = &self.tally.0;
        let mut held = counted.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all = held.all.saturating_sub(1);
        let Some(holder) = &self.holder else {
            return;
        };
        if let Some(count) = held.each.get_mut(holder) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                held.each.remove(holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_share_and_all_have_the_whole() {
        let by = |name: &str| Some(name.to_owned());
        let tally = Tally::new(3, 2);
        let first = tally.take(by("a")).unwrap();
        let second = tally.take(by("a")).unwrap();
        assert!(tally.take(by("a")).is_none(), "a has its share");
        let third = tally.take(by("b")).unwrap();
        assert!(tally.take(by("c")).is_none(), "all are taken");
        drop(first);
        assert!(tally.take(None).is_some(), "and given back");
        drop((second, third));
        assert_eq!(tally.held(), 0);
        assert!(
            tally.0.held.lock().unwrap().each.is_empty(),
            "nobody is remembered"
        );
    }
}
