//! Whether the database answers. Anybody may ask that as often as they like and holds no seat for it, so
//! one looks at a time, and what it saw is told for a moment to all others: they must not take the
//! connections of those who pay.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Stopwatch;

/// Whoever balances loads asks once a second or less often.
const TOLD_FOR: Duration = Duration::from_millis(250);

/// The last look; clones look together.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<Option<Look>>>);

#[derive(Debug)]
struct Look {
    ended: Stopwatch,
    was_ready: bool,
}

impl Readiness {
    /// Looks, or says what somebody else has just seen. The error is that of one's own look.
    pub async fn ask<E>(&self, look: impl AsyncFnOnce() -> Result<(), E>) -> Result<bool, E> {
        let mut last = self.0.lock().await;
        if let Some(seen) = last.as_ref().filter(|seen| seen.ended.elapsed() < TOLD_FOR) {
            return Ok(seen.was_ready);
        }
        let seen = look().await;
        *last = Some(Look {
            ended: Stopwatch::start(),
            was_ready: seen.is_ok(),
        });
        seen.map(|()| true)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn of_all_who_ask_at_once_one_looks_and_later_another() {
        let (readiness, looks) = (Readiness::default(), Cell::new(0));
        let ask = async |outcome: Result<(), &'static str>| {
            let looked = readiness.ask(async || {
                looks.set(looks.get() + 1);
                tokio::task::yield_now().await;
                outcome
            });
            looked.await
        };
        let told = join_all((0..100).map(|_| ask(Ok(())))).await;
        assert_eq!((told, looks.get()), (vec![Ok(true); 100], 1));

        tokio::time::sleep(TOLD_FOR).await;
        assert_eq!(ask(Err("away")).await, Err("away"));
        assert_eq!(ask(Ok(())).await, Ok(false), "it was just away");
        assert_eq!(looks.get(), 2);
        tokio::time::sleep(TOLD_FOR).await;
        assert_eq!((ask(Ok(())).await, looks.get()), (Ok(true), 3));
    }
}
