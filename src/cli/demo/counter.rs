//! The demo's till: a paired device that follows the counter's live feed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::phone::{Browser, Form};
use crate::clock::{Clock, Timestamp};
use crate::wallet::client::Call;
use crate::wallet::{Client, WireRequest};

/// A till that sees payments as they come.
pub(super) struct Till {
    seen: Arc<Seen>,
    following: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    /// When a paid amount was first seen. Amounts name the demo's payments: no two are alike.
    paid: Mutex<BTreeMap<i64, Timestamp>>,
    news: Notify,
}

/// What the demo reads of an event at the counter.
#[derive(Deserialize)]
struct Event {
    kind: String,
    amount_minor: i64,
}

/// Why the till sees nothing.
#[derive(Debug, thiserror::Error)]
#[error("the till was not let in: {0}")]
pub(super) struct TillError(String);

impl Till {
    /// Pairs with the one-time code and begins to follow.
    pub(super) async fn pair(
        client: &Client,
        clock: &Clock,
        base_url: &str,
        code: &str,
    ) -> Result<Self, TillError> {
        let agent = format!("tongma-demo-till/{}", env!("CARGO_PKG_VERSION"));
        let mut browser = Browser::new(client.clone(), base_url, agent);
        let refused = |why: String| TillError(why);
        let page = browser
            .open("/counter")
            .await
            .map_err(|error| refused(error.to_string()))?;
        let mut form = page.form().unwrap_or_else(|| Form {
            action: "/counter/pair".to_owned(),
            fields: Vec::new(),
        });
        form.set("code", code.to_owned());
        let page = browser
            .submit(&form)
            .await
            .map_err(|error| refused(error.to_string()))?;
        let cookie = browser
            .cookie_header()
            .filter(|_| page.status < 400)
            .ok_or_else(|| refused(format!("the answer was {}", page.status)))?;
        let request = WireRequest::get("/counter/feed?after=0".to_owned());
        let call = Call {
            request,
            headers: vec![cookie, ("accept", "text/event-stream".to_owned())],
        };
        let mut feed = client
            .follow(base_url, &call)
            .await
            .map_err(|error| refused(error.to_string()))?;
        if feed.status() != 200 {
            return Err(refused(format!("the feed answered {}", feed.status())));
        }
        let seen: Arc<Seen> = Arc::default();
        let (eyes, clock) = (Arc::clone(&seen), clock.clone());
        let following = tokio::spawn(async move {
            let mut waiting = Vec::new();
            while let Ok(Some(chunk)) = feed.next().await {
                waiting.extend_from_slice(&chunk);
                for data in complete(&mut waiting) {
                    eyes.note(&data, clock.now());
                }
            }
        });
        Ok(Self {
            seen,
            following: Some(following),
        })
    }

    /// When a payment of this amount was seen as paid; waits for it at most `patience`.
    pub(super) async fn sees(&self, amount_minor: i64, patience: Duration) -> Option<Timestamp> {
        let seen = async {
            loop {
                let news = self.seen.news.notified();
                if let Some(at) = self.seen.at(amount_minor) {
                    return at;
                }
                news.await;
            }
        };
        tokio::time::timeout(patience, seen).await.ok()
    }
}

impl Drop for Till {
    fn drop(&mut self) {
        if let Some(following) = &self.following {
            following.abort();
        }
    }
}

impl Seen {
    fn at(&self, amount_minor: i64) -> Option<Timestamp> {
        self.paid
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&amount_minor)
            .copied()
    }

    fn note(&self, data: &str, now: Timestamp) {
        let Ok(event) = serde_json::from_str::<Event>(data) else {
            return;
        };
        if event.kind == "paid" {
            let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
            paid.entry(event.amount_minor).or_insert(now);
            drop(paid);
            self.news.notify_waiters();
        }
    }
}

/// Takes the complete events out of what has come and gives their data.
fn complete(waiting: &mut Vec<u8>) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(end) = waiting.windows(2).position(|pair| pair == b"\n\n") {
        let event: Vec<u8> = waiting.drain(..end.saturating_add(2)).collect();
        let text = String::from_utf8_lossy(&event);
        let data: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .map(str::trim)
            .collect();
        if !data.is_empty() {
            found.push(data.join("\n"));
        }
    }
    found
}

#[cfg(test)]
impl Till {
    /// One that nobody tells anything.
    pub(super) fn alone() -> Self {
        Self {
            seen: Arc::default(),
            following: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_once_it_is_whole() {
        let mut waiting = b"event: beat\n\nid: 7\nevent: counter\ndata: {\"kind\"".to_vec();
        assert!(complete(&mut waiting).is_empty());
        waiting.extend_from_slice(b":\"paid\"}\n\n: x\n");
        assert_eq!(complete(&mut waiting), ["{\"kind\":\"paid\"}"]);
        assert_eq!(waiting, b": x\n");
    }

    #[tokio::test]
    async fn the_till_tells_when_it_first_saw_a_payment() {
        let till = Till::alone();
        let at = Timestamp::from_seconds;
        till.seen
            .note(r#"{"kind":"waiting","amount_minor":5}"#, at(1_790_000_000));
        assert_eq!(till.sees(5, Duration::from_millis(1)).await, None);
        till.seen
            .note(r#"{"kind":"paid","amount_minor":5}"#, at(1_790_000_001));
        till.seen
            .note(r#"{"kind":"paid","amount_minor":5}"#, at(1_790_000_002));
        assert_eq!(
            till.sees(5, Duration::from_millis(1)).await,
            Some(at(1_790_000_001))
        );
    }
}
