//! How many requests are worked on at once. The rest wait, a bounded number for a bounded time, and
//! beyond that are told at once to come back: a server that takes everything finishes nothing.
//!
//! Three lanes have seats of their own, so that none can take another's: what institutions say
//! about money, what payers and tills do, and what is listed and looked up. A seat stands for work
//! at the database; while an institution is asked or a body is awaited, it is given up, because one
//! that answers slowly, or sends nothing, must not stop the others' payments.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A notice waits so much longer than others: it is money, and its sender comes back all the same.
const NOTICES_WAIT: u32 = 20;

/// Who waits with whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Confirming, reporting, closing, revoking.
    Notices,
    /// Payers and tills.
    Payers,
    /// Lists and look-ups.
    Listings,
}

/// How wide it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateLimits {
    /// Seats of payers and tills.
    pub payers: u16,
    /// Seats of notices.
    pub notices: u16,
    /// Seats of lists.
    pub listings: u16,
    /// How many may wait in each lane.
    pub waiting: u16,
    /// For how long.
    pub wait: Duration,
}

impl Default for GateLimits {
    /// As `config.default.toml` has them: more seats than database connections keeps these busy,
    /// and no more than that helps.
    fn default() -> Self {
        Self {
            payers: 64,
            notices: 32,
            listings: 16,
            waiting: 256,
            wait: Duration::from_millis(75),
        }
    }
}

/// Lets requests in; clones are one gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Lanes>);

#[derive(Debug)]
struct Lanes {
    notices: Arc<Seats>,
    payers: Arc<Seats>,
    listings: Arc<Seats>,
}

#[derive(Debug)]
struct Seats {
    free: Arc<Semaphore>,
    waiting: Semaphore,
    wait: Duration,
}

/// There is no seat, and none soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// A place at the database, until the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Seat(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    of: Arc<Seats>,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

tokio::task_local! {
    static SEAT: Seat;
}

impl Gate {
    /// As wide as this.
    pub fn new(limits: &GateLimits) -> Self {
        let seats = |count: u16, factor: u32| {
            Arc::new(Seats {
                free: Arc::new(Semaphore::new(count.into())),
                waiting: Semaphore::new(limits.waiting.into()),
                wait: limits.wait.saturating_mul(factor),
            })
        };
        Self(Arc::new(Lanes {
            notices: seats(limits.notices, NOTICES_WAIT),
            payers: seats(limits.payers, 1),
            listings: seats(limits.listings, 1),
        }))
    }

    /// Takes a seat, now or soon.
    pub async fn enter(&self, lane: Lane) -> Result<Seat, Full> {
        let seats = match lane {
            Lane::Notices => &self.0.notices,
            Lane::Payers => &self.0.payers,
            Lane::Listings => &self.0.listings,
        };
        let permit = seats.take().await?;
        Ok(Seat(Arc::new(Taken {
            of: Arc::clone(seats),
            permit: Mutex::new(Some(permit)),
        })))
    }
}

impl Seats {
    async fn take(&self) -> Result<OwnedSemaphorePermit, Full> {
        match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => Ok(permit),
            Err(_) => self.wait().await,
        }
    }

    async fn wait(&self) -> Result<OwnedSemaphorePermit, Full> {
        let _in_line = self.waiting.try_acquire().map_err(|_| Full)?;
        let free = Arc::clone(&self.free).acquire_owned();
        match tokio::time::timeout(self.wait, free).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Full),
        }
    }
}

impl Seat {
    /// Works on this seat.
    pub async fn during<T>(self, work: impl Future<Output = T>) -> T {
        SEAT.scope(self, work).await
    }

    /// The seat of whoever asks; workers beside the requests have none.
    pub fn current() -> Option<Self> {
        SEAT.try_with(Clone::clone).ok()
    }

    fn put(&self, permit: Option<OwnedSemaphorePermit>) {
        *self.0.permit.lock().unwrap_or_else(PoisonError::into_inner) = permit;
    }
}

/// Gives the seat up while somebody else works, and takes one again before going on. Whoever comes
/// back is not turned away: it has something to write.
pub async fn outside<T>(work: impl Future<Output = T>) -> T {
    let Some(seat) = Seat::current() else {
        return work.await;
    };
    seat.put(None);
    let done = work.await;
    // Nobody closes the semaphore.
    let permit = Arc::clone(&seat.0.of.free).acquire_owned().await;
    seat.put(permit.ok());
    done
}

/// As [`outside`], for whoever has nothing to lose yet: it takes a seat again as one that comes in,
/// and is turned away where there is none soon.
pub async fn before_work<T>(arrives: impl Future<Output = T>) -> Result<T, Full> {
    let Some(seat) = Seat::current() else {
        return Ok(arrives.await);
    };
    seat.put(None);
    let arrived = arrives.await;
    seat.put(Some(seat.0.of.take().await?));
    Ok(arrived)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(seats: u16, waiting: u16) -> Gate {
        Gate::new(&GateLimits {
            payers: seats,
            notices: 1,
            listings: 1,
            waiting,
            wait: Duration::from_millis(20),
        })
    }

    #[tokio::test]
    async fn beyond_the_seats_some_wait_and_the_rest_are_told_at_once() {
        let gate = gate(1, 1);
        let first = gate.enter(Lane::Payers).await.unwrap();
        assert!(gate.enter(Lane::Notices).await.is_ok(), "another lane");
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(Lane::Payers).await.map(drop) }
        });
        tokio::task::yield_now().await;
        // The line is full: no time passes.
        assert_eq!(gate.enter(Lane::Payers).await.err(), Some(Full));
        drop(first);
        assert_eq!(waiting.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn who_waits_in_vain_is_told_so() {
        let gate = gate(1, 9);
        let _first = gate.enter(Lane::Payers).await.unwrap();
        assert_eq!(gate.enter(Lane::Payers).await.err(), Some(Full));
    }

    #[tokio::test]
    async fn a_seat_is_free_while_its_holder_is_outside() {
        let gate = gate(1, 1);
        let seat = gate.enter(Lane::Payers).await.unwrap();
        seat.during(async {
            outside(async {
                assert!(gate.enter(Lane::Payers).await.is_ok());
            })
            .await;
            assert!(gate.enter(Lane::Payers).await.is_err(), "back again");
        })
        .await;
        assert!(gate.enter(Lane::Payers).await.is_ok(), "and gone");
    }

    #[tokio::test]
    async fn whoever_is_awaited_has_no_seat_and_comes_in_as_others_do() {
        let gate = gate(1, 1);
        let seat = gate.enter(Lane::Payers).await.unwrap();
        let other = seat
            .during(async {
                let other = before_work(gate.enter(Lane::Payers)).await;
                assert_eq!(other.err(), Some(Full), "the other has it");
                // And is gone with what nobody took.
                let other = before_work(gate.enter(Lane::Listings)).await.unwrap();
                assert!(gate.enter(Lane::Payers).await.is_err(), "back again");
                other
            })
            .await;
        drop(other);
        assert!(gate.enter(Lane::Payers).await.is_ok(), "and gone");
    }

    #[tokio::test]
    async fn who_hangs_up_outside_leaves_no_seat_taken() {
        let gate = gate(1, 1);
        let seat = gate.enter(Lane::Payers).await.unwrap();
        let gone = seat.during(outside(std::future::pending::<()>()));
        assert!(
            tokio::time::timeout(Duration::from_millis(5), gone)
                .await
                .is_err()
        );
        assert!(gate.enter(Lane::Payers).await.is_ok());
    }
}
