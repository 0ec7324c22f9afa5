//! The institution tells tongma that money came.

use std::sync::Arc;
use std::time::Duration;

use super::Office;
use crate::clock::Timestamp;
use crate::payment::OrderNumber;

/// When to try again while tongma does not answer.
const RETRY_AFTER: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
];

impl Office {
    /// Attests the end of an order. Says when, unless the institution is late or silent.
    pub(super) async fn confirm(self: &Arc<Self>, number: &OrderNumber) -> Option<Timestamp> {
        let faults = self.books().faults;
        if faults.silent {
            return None;
        }
        if faults.late_ms > 0 {
            let (office, number) = (Arc::clone(self), number.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(faults.late_ms)).await;
                office.deliver(&number, &RETRY_AFTER).await;
            });
            return None;
        }
        let attested_at = self.world.clock.now();
        if !self.deliver(number, &[]).await {
            let (office, number) = (Arc::clone(self), number.clone());
            tokio::spawn(async move { office.deliver(&number, &RETRY_AFTER).await });
        }
        if faults.duplicate_confirm {
            self.deliver(number, &[]).await;
        }
        Some(attested_at)
    }

    /// Sends a fresh statement until tongma takes or refuses it. Says whether it did.
    async fn deliver(&self, number: &OrderNumber, retry_after: &[Duration]) -> bool {
        let mut pauses = retry_after.iter();
        loop {
            let (now, entropy) = (self.world.clock.now(), self.world.entropy.as_ref());
            let statement = self.books().attest(number, now, entropy);
            let Some((notify_url, statement)) = statement else {
                return true;
            };
            match self.tongma.notify(&notify_url, statement).await {
                Ok(reply) if reply.status < 500 => return true,
                Ok(reply) => tracing::debug!(institution = %self.id, order_number = %number,
                    "tongma answered {} to the result of {number}", reply.status),
                Err(error) => tracing::debug!(institution = %self.id, order_number = %number,
                    "tongma did not take the result of {number}: {error}"),
            }
            let Some(pause) = pauses.next() else {
                return false;
            };
            tokio::time::sleep(*pause).await;
        }
    }
}
