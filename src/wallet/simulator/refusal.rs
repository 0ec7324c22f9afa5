//! A definite no.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::wallet::WireReply;

/// A definite no, as a problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// The status of the answer.
    pub status: u16,
    /// The word for programs.
    pub code: Cow<'static, str>,
    /// The sentence for people.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its reason.
    pub fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
        }
    }

    /// As an answer.
    pub fn reply(&self) -> WireReply {
        WireReply::json(self.status, &self.problem())
    }

    /// As a problem document.
    pub fn problem(&self) -> Value {
        json!({"status": self.status, "code": self.code, "detail": self.detail})
    }

    pub(super) fn no_order() -> Self {
        Self::new(404, "order-unknown", "no such order here")
    }
}
