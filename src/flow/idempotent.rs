//! The same request twice has one effect and one answer.
//!
//! ```text
//! claim the key ── commit ── do the work ─┬─ done: keep the answer ── commit both together
//!                                         └─ refused: free the key
//! ```
//!
//! The claim stands before the work begins, so a twin that comes meanwhile is told to wait. A worker
//! that dies leaves a lease that runs out; whoever takes over becomes the owner, and the former
//! one's transaction can no longer commit.

use std::time::Duration;

use serde::Serialize;

use crate::app::App;
use crate::crypto::digest::{hex, sha256};
use crate::db::Tx;
use crate::db::idempotency::{self, Kept, Lease, Slot};
use crate::flow::FlowError;

/// How long an answer is kept and replayed.
pub const RETENTION: Duration = Duration::from_hours(30 * 24);

/// The work is one transaction of milliseconds; a minute means that its process is gone.
const LEASE: Duration = Duration::from_mins(1);

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
    let owner = hex(&app.entropy.bytes::<16>());
    if let Some(before) = take(app, &claim, &owner).await? {
        return Ok(before);
    }
    let done = match first().await {
        Ok(found) => finish(app, &claim, &owner, async |tx| work(tx, found).await).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(body) => {
            app.bell.ring();
            Ok(Once {
                status: claim.status,
                body,
                replayed: false,
            })
        }
        Err(error) => {
            release(app, &claim.slot, &owner).await;
            Err(error)
        }
    }
}

/// Makes the slot ours, or finds the answer that was given.
async fn take(app: &App, claim: &Claim, owner: &str) -> Result<Option<Once>, FlowError> {
    let mut tx = app.db.begin().await?;
    let now = tx.now();
    let lease = Lease {
        owner: owner.to_owned(),
        fingerprint: claim.fingerprint,
        until: now.plus(LEASE),
    };
    if idempotency::claim(&mut tx, &claim.slot, &lease, now).await? {
        tx.commit().await?;
        return Ok(None);
    }
    let Some(kept) = idempotency::find(&mut tx, &claim.slot).await? else {
        // Freed in between: the client's next try will find it free.
        return Err(IdempotencyError::InFlight.into());
    };
    let is_over = kept.created_at.plus(RETENTION) <= now
        || (kept.answer.is_none() && kept.lease.until <= now);
    if !is_over {
        return replay(kept, claim).map(Some);
    }
    let former = &kept.lease.owner;
    let times = (now, now.minus(RETENTION));
    if idempotency::take_over(&mut tx, &claim.slot, former, &lease, times).await? {
        tx.commit().await?;
        Ok(None)
    } else {
        Err(IdempotencyError::InFlight.into())
    }
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

/// The work and its answer in one transaction.
#[expect(
    clippy::expect_used,
    reason = "answers are structs of ours: strings, numbers and lists"
)]
async fn finish<T: Serialize>(
    app: &App,
    claim: &Claim,
    owner: &str,
    work: impl AsyncFnOnce(&mut Tx) -> Result<T, FlowError>,
) -> Result<String, FlowError> {
    let mut tx = app.db.begin().await?;
    let answer = work(&mut tx).await?;
    let body = serde_json::to_string(&answer).expect("answers are JSON");
    idempotency::finish(&mut tx, &claim.slot, owner, claim.status, &body).await?;
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
