//! The same request twice has one effect and one answer.
//!
//! ```text
//! claim the key ── commit ── do the work ─┬─ done: keep the answer ── commit both together
//!                                         ├─ refused: free the key
//!                                         └─ begun: keep what was begun ── commit ── go on
//! ```
//!
//! The claim stands before the work begins, so a twin that comes meanwhile is told to wait. A worker
//! that dies leaves a lease that runs out; whoever takes over becomes the owner, and the former
//! one's transaction can no longer commit. Of work that is too long for one transaction, whoever takes
//! over goes on with what was begun.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use crate::app::App;
use crate::crypto::digest::{hex, sha256};
use crate::db::idempotency::{self, Kept, Lease, Slot};
use crate::db::{DbError, Tx};
use crate::flow::FlowError;

/// How long an answer is kept and replayed.
pub const RETENTION: Duration = Duration::from_hours(30 * 24);

/// The work, or each step of it, is one transaction of milliseconds; a minute means that its process
/// is gone.
const LEASE: Duration = Duration::from_mins(1);

/// Between two steps. Another process that waits for SQLite's one writer looks whether it is free every
/// few milliseconds at first, and every hundred later: it has to find it free before it gives up.
const REST: Duration = Duration::from_millis(20);

/// Why a key is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdempotencyError {
    /// No key on a request that creates something.
    #[error("Idempotency-Key is required on this route")]
    Missing,
    /// Not one key of 1 to 255 characters.
    #[error("Idempotency-Key must be sent once, 1 to 255 visible ASCII characters, bare or quoted")]
    Malformed,
    /// The key was used for another body.
    #[error("this Idempotency-Key was used with another body")]
    Reused,
    /// The first request with this key still runs.
    #[error("the first request with this Idempotency-Key is still running")]
    InFlight,
}

/// A request that is to have one effect.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Where the key counts.
    pub slot: Slot,
    /// SHA-256 of the raw body.
    pub fingerprint: [u8; 32],
    /// The status of success.
    pub status: u16,
}

/// An answer, given now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The status.
    pub status: u16,
    /// The body, byte for byte.
    pub body: String,
    /// Whether it was given before.
    pub replayed: bool,
}

/// How far work is that is done in steps.
#[derive(Debug)]
pub enum Step<B, T> {
    /// There is more to do, with what has this name.
    Begun(B),
    /// All is done.
    Done(T),
}

/// A key that is ours now.
struct Taken<'a> {
    claim: &'a Claim,
    owner: String,
    begun: Option<String>,
}

impl Claim {
    /// For this body.
    pub fn new(slot: Slot, body: &[u8], status: u16) -> Self {
        Self {
            slot,
            fingerprint: sha256(body),
            status,
        }
    }
}

/// Does `work` unless it was done under this key before, and answers as it was answered then.
pub async fn once<T: Serialize>(
    app: &App,
    claim: Claim,
    work: impl AsyncFnOnce(&mut Tx) -> Result<T, FlowError>,
) -> Result<Once, FlowError> {
    let nothing = async || Ok(());
    once_after(app, claim, nothing, async |tx, ()| work(tx).await).await
}

/// As [`once`], where something comes first that stays whether or not the work is done, as the count
/// of secrets that were tried: it is not done again for an answer that was given.
pub async fn once_after<A, T: Serialize>(
    app: &App,
    claim: Claim,
    first: impl AsyncFnOnce() -> Result<A, FlowError>,
    work: impl AsyncFnOnce(&mut Tx, A) -> Result<T, FlowError>,
) -> Result<Once, FlowError> {
    at_most_once(app, &claim, async |taken| {
        let found = first().await?;
        let mut tx = app.db.begin().await?;
        let answer = work(&mut tx, found).await?;
        finish(tx, taken, &answer).await
    })
    .await
}

/// As [`once`], of work that is too long for one transaction: each step is one, and is told what was
/// begun, under this key and perhaps by somebody else. So what was cut off is finished by asking
/// again, and others that write come in between.
pub async fn in_steps<B: FromStr + fmt::Display, T: Serialize>(
    app: &App,
    claim: Claim,
    step: impl AsyncFn(&mut Tx, Option<B>) -> Result<Step<B, T>, FlowError>,
) -> Result<Once, FlowError> {
    at_most_once(app, &claim, async |taken| {
        let mut begun = taken.begun()?;
        loop {
            let mut tx = app.db.begin().await?;
            match step(&mut tx, begun).await? {
                Step::Done(answer) => return finish(tx, taken, &answer).await,
                Step::Begun(name) => {
                    let (slot, until) = (&claim.slot, tx.now().plus(LEASE));
                    let kept = name.to_string();
                    idempotency::go_on(&mut tx, slot, &taken.owner, &kept, until).await?;
                    tx.commit().await?;
                    begun = Some(name);
                    give_way().await;
                }
            }
        }
    })
    .await
}

/// Lets others write, between two steps of long work.
pub async fn give_way() {
    tokio::time::sleep(REST).await;
}

/// Works under a key that is made ours, unless it was answered before.
async fn at_most_once(
    app: &App,
    claim: &Claim,
    work: impl AsyncFnOnce(&Taken<'_>) -> Result<String, FlowError>,
) -> Result<Once, FlowError> {
    let mut taken = Taken {
        claim,
        owner: hex(&app.entropy.bytes::<16>()),
        begun: None,
    };
    if let Some(before) = take(app, &mut taken).await? {
        return Ok(before);
    }
    match work(&taken).await {
        Ok(body) => {
            app.bell.ring();
            Ok(Once {
                status: claim.status,
                body,
                replayed: false,
            })
        }
        Err(error) => {
            release(app, &claim.slot, &taken.owner).await;
            Err(error)
        }
    }
}

impl Taken<'_> {
    /// What was begun under this key.
    fn begun<B: FromStr>(&self) -> Result<Option<B>, FlowError> {
        let broken = |text: &String| DbError::Inconsistent {
            table: "idempotency_keys",
            column: "begun",
            id: self.claim.slot.key.clone(),
            found: text.clone(),
        };
        let read = |text: &String| text.parse().map_err(|_| broken(text));
        Ok(self.begun.as_ref().map(read).transpose()?)
    }
}

/// Makes the slot ours, or finds the answer that was given.
async fn take(app: &App, taken: &mut Taken<'_>) -> Result<Option<Once>, FlowError> {
    let claim = taken.claim;
    let mut tx = app.db.begin().await?;
    let now = tx.now();
    let lease = Lease {
        owner: taken.owner.clone(),
        fingerprint: claim.fingerprint,
        until: now.plus(LEASE),
    };
    if idempotency::claim(&mut tx, &claim.slot, &lease, now).await? {
        keep(app, tx, taken).await?;
        return Ok(None);
    }
    let Some(kept) = idempotency::find(&mut tx, &claim.slot).await? else {
        // Freed in between: the client's next try will find it free.
        return Err(IdempotencyError::InFlight.into());
    };
    let is_old = kept.created_at.plus(RETENTION) <= now;
    let is_over = is_old || (kept.answer.is_none() && kept.lease.until <= now);
    if !is_over {
        return replay(kept, claim).map(Some);
    }
    let begun = kept.begun.filter(|_| !is_old);
    if begun.is_some() && kept.lease.fingerprint != claim.fingerprint {
        // It is gone on with as it was asked for.
        return Err(IdempotencyError::Reused.into());
    }
    let former = &kept.lease.owner;
    let times = (now, now.minus(RETENTION));
    if idempotency::take_over(&mut tx, &claim.slot, former, &lease, times).await? {
        keep(app, tx, taken).await?;
        taken.begun = begun;
        Ok(None)
    } else {
        Err(IdempotencyError::InFlight.into())
    }
}

/// Makes the claim durable. Where the answer to that is lost, it may stand all the same, and nobody works
/// under it: then it is given up, so that the client's next try need not wait for the lease.
async fn keep(app: &App, tx: Tx, taken: &Taken<'_>) -> Result<(), DbError> {
    let kept = tx.commit().await;
    if kept.is_err() {
        release(app, &taken.claim.slot, &taken.owner).await;
    }
    kept
}

fn replay(kept: Kept, claim: &Claim) -> Result<Once, FlowError> {
    if kept.lease.fingerprint != claim.fingerprint {
        return Err(IdempotencyError::Reused.into());
    }
    let (status, body) = kept.answer.ok_or(IdempotencyError::InFlight)?;
    Ok(Once {
        status,
        body,
        replayed: true,
    })
}

/// Keeps the answer in the work's own transaction.
#[expect(
    clippy::expect_used,
    reason = "answers are structs of ours: strings, numbers and lists"
)]
async fn finish<T: Serialize>(
    mut tx: Tx,
    taken: &Taken<'_>,
    answer: &T,
) -> Result<String, FlowError> {
    let body = serde_json::to_string(answer).expect("answers are JSON");
    let Claim { slot, status, .. } = taken.claim;
    idempotency::finish(&mut tx, slot, &taken.owner, *status, &body).await?;
    tx.commit().await?;
    Ok(body)
}

/// Frees the slot; where even that fails, the lease runs out by itself.
async fn release(app: &App, slot: &Slot, owner: &str) {
    let freed = async {
        let mut tx = app.db.begin().await?;
        idempotency::release(&mut tx, slot, owner).await?;
        tx.commit().await
    };
    if let Err(error) = freed.await {
        tracing::warn!(%error, "an idempotency key stays taken until its lease ends");
    }
}
