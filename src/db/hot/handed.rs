//! An order that is open: how the payer's wallet gets at it.

use serde::Serialize;

use crate::id::AttemptId;

/// An attempt that is to wait for its money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOver {
    /// Which.
    pub attempt: AttemptId,
    /// Its version then; it must have begun, and be one version younger.
    pub version: i64,
    /// How the payer's wallet gets at the order, as JSON.
    pub handover: String,
}

/// The same, column by column.
#[derive(Debug, Serialize)]
pub(super) struct Columns<'a> {
    pub(super) attempt: &'a str,
    pub(super) version: i64,
    pub(super) handover: &'a str,
}

impl HandedOver {
    pub(super) fn columns(&self) -> Columns<'_> {
        Columns {
            attempt: self.attempt.as_str(),
            version: self.version,
            handover: &self.handover,
        }
    }
}
