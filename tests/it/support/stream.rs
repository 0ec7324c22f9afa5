//! A stream of server-sent events, read as a program reads it: whole events only, and the place of
//! the last one to come back with.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

use tongma::wallet::WireRequest;
use tongma::wallet::client::{Call, Client, Following};

/// Nothing at all for so long is a dead stream: the server beats every four seconds.
const SILENCE: Duration = Duration::from_secs(30);

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// Its place in the merchant's sequence.
    pub(crate) id: i64,
    /// What kind.
    pub(crate) kind: String,
    /// What is told, as it stands.
    pub(crate) data: String,
}

/// A stream that was let in.
pub(crate) struct Stream {
    following: Following,
    /// What came and is not yet a whole line.
    bytes: Vec<u8>,
    /// Whole frames, without their empty line.
    frames: VecDeque<String>,
    frame: String,
}

impl Told {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

impl Stream {
    /// Opens a stream; nothing where the server cannot be reached or stops.
    pub(crate) async fn try_open(
        client: &Client,
        origin: &str,
        path: &str,
        headers: Vec<(&'static str, String)>,
    ) -> Option<Self> {
        let call = Call {
            request: WireRequest::get(path.to_owned()),
            headers,
        };
        let following = client.follow(origin, &call).await.ok()?;
        (following.status() == 200).then(|| Self {
            following,
            bytes: Vec::new(),
            frames: VecDeque::new(),
            frame: String::new(),
        })
    }

    /// A program's stream of everything behind a place; 0 is the beginning.
    pub(crate) async fn of_program(client: &Client, origin: &str, token: &str, last: i64) -> Self {
        let mut headers = vec![("authorization", format!("Bearer {token}"))];
        if last > 0 {
            headers.push(("last-event-id", last.to_string()));
        }
        let opened = Self::try_open(client, origin, "/v1/feed?after=0", headers).await;
        opened.unwrap_or_else(|| panic!("{origin} does not let us follow"))
    }

    /// The next event, heartbeats left out; nothing at the end.
    pub(crate) async fn told(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = event(&self.frame().await?) {
                return Some(told);
            }
        }
    }

    /// The next frame as it stands, heartbeats too; nothing at the end, where half a frame is none.
    pub(crate) async fn frame(&mut self) -> Option<String> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            let next = tokio::time::timeout(SILENCE, self.following.next());
            let bytes = next.await.expect("the stream is silent").ok()??;
            self.take(&bytes);
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte != b'\n' {
                self.bytes.push(*byte);
                continue;
            }
            let line = String::from_utf8(std::mem::take(&mut self.bytes)).unwrap();
            if line.is_empty() {
                self.frames.push_back(std::mem::take(&mut self.frame));
            } else {
                self.frame.push_str(&line);
                self.frame.push('\n');
            }
        }
    }
}

/// What a frame tells; nothing for a heartbeat.
fn event(frame: &str) -> Option<Told> {
    let field = |name: &str| {
        frame
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    };
    let kind = field("event").filter(|kind| *kind != "beat")?;
    Some(Told {
        id: field("id").unwrap().parse().unwrap(),
        kind: kind.to_owned(),
        data: field("data").unwrap().to_owned(),
    })
}
