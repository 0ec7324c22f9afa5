//! Chromium, as a person in front of it would use it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};

use super::lines::Lines;

/// One browser; its pages know nothing of each other, like people with a phone each.
pub(crate) struct Browser {
    lines: Arc<Lines>,
}

/// One tab with its own cookies, user agent and screen.
pub(crate) struct Page {
    lines: Arc<Lines>,
    number: u64,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/peers/browser");
        let mut command = Command::new("node");
        command
            .arg(folder.join("browser.mjs"))
            .stderr(Stdio::inherit());
        Self {
            lines: Arc::new(Lines::start(&mut command)),
        }
    }

    /// A page; `how` may set `user_agent`, `width`, `height`, `locale`, `headers` and `before`, a
    /// script that runs before those of the page.
    pub(crate) async fn page(&self, how: Value) -> Page {
        let number = self.lines.ask("open", how).await.as_u64().unwrap();
        Page {
            lines: Arc::clone(&self.lines),
            number,
        }
    }
}

impl Page {
    /// Goes to an address; answers with `status`, `headers` and `url`.
    pub(crate) async fn goto(&self, url: &str) -> Value {
        self.ask("goto", json!({"url": url})).await
    }

    /// What a person reads there.
    pub(crate) async fn text(&self, at: &str) -> String {
        self.ask("text", json!({"at": at}))
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(crate) async fn click(&self, at: &str) {
        self.ask("click", json!({"at": at})).await;
    }

    pub(crate) async fn fill(&self, at: &str, value: &str) {
        self.ask("fill", json!({"at": at, "value": value})).await;
    }

    /// Waits until something visible there holds the text.
    pub(crate) async fn wait_for(&self, at: &str, has_text: &str) {
        self.ask("wait", json!({"at": at, "has_text": has_text}))
            .await;
    }

    /// Anything else that `tests/peers/browser/browser.mjs` does.
    pub(crate) async fn ask(&self, what: &str, arguments: Value) -> Value {
        let mut arguments = arguments;
        arguments["page"] = self.number.into();
        self.lines.ask(what, arguments).await
    }
}
