//! Who follows which merchant, in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::db::wake::Wake;
use crate::id::MerchantId;

/// Wakes those who follow a merchant.
#[derive(Debug, Clone)]
pub struct Hub {
    bells: Arc<Mutex<HashMap<MerchantId, watch::Sender<()>>>>,
    stage: watch::Sender<Stage>,
}

/// How far the process has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// It serves on, while whoever sends requests here learns to send them elsewhere.
    Draining,
    Closed,
}

/// A follower's ear: hears that there may be something new, also when it was not listening just
/// then.
#[derive(Debug)]
pub struct Ear(watch::Receiver<()>);

impl Default for Hub {
    fn default() -> Self {
        Self {
            bells: Arc::default(),
            stage: watch::Sender::new(Stage::Open),
        }
    }
}

impl Hub {
    /// Asks for no more requests: the process is about to stop.
    pub fn drain(&self) {
        self.stage.send_replace(Stage::Draining);
    }

    /// Ends all feeds: the process stops, and their readers shall come back to the next one.
    pub fn close(&self) {
        self.stage.send_replace(Stage::Closed);
    }

    /// Whether the process stops, or is about to.
    pub fn is_stopping(&self) -> bool {
        *self.stage.borrow() != Stage::Open
    }

    /// Returns when feeds are to end.
    pub async fn closed(&self) {
        let mut stage = self.stage.subscribe();
        let _ = stage.wait_for(|stage| *stage == Stage::Closed).await;
    }

    /// Begins to follow a merchant.
    pub fn follow(&self, merchant: &MerchantId) -> Ear {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        let bell = bells
            .entry(merchant.clone())
            .or_insert_with(|| watch::Sender::new(()));
        Ear(bell.subscribe())
    }

    /// Wakes followers, and forgets merchants whom nobody follows any more.
    pub fn wake(&self, whom: &Wake) {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        match whom {
            Wake::Merchant(merchant) => {
                let unheard = bells
                    .get(merchant)
                    .is_some_and(|bell| bell.send(()).is_err());
                if unheard {
                    bells.remove(merchant);
                }
            }
            Wake::All => bells.retain(|_, bell| bell.send(()).is_ok()),
        }
    }
}

impl Ear {
    /// Returns when there may be something new since the last return.
    pub async fn heard(&mut self) {
        if self.0.changed().await.is_err() {
            // The hub forgot us, which it does only when the process ends.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::clock::Timestamp;
    use crate::entropy::SystemEntropy;

    fn merchant() -> MerchantId {
        MerchantId::new(
            Timestamp::from_seconds(1_790_000_000),
            &SystemEntropy::new(),
        )
    }

    #[test]
    fn a_follower_hears_its_own_merchant_only() {
        let (hub, ours, theirs) = (Hub::default(), merchant(), merchant());
        let mut ear = hub.follow(&ours);
        hub.wake(&Wake::Merchant(theirs));
        assert!(ear.heard().now_or_never().is_none());
        hub.wake(&Wake::Merchant(ours));
        assert!(ear.heard().now_or_never().is_some());
        assert!(ear.heard().now_or_never().is_none(), "once for once");
    }

    #[test]
    fn whoever_left_is_forgotten() {
        let (hub, ours) = (Hub::default(), merchant());
        drop(hub.follow(&ours));
        hub.wake(&Wake::All);
        assert!(hub.bells.lock().unwrap().is_empty());
    }
}
