//! Long lists are read a page at a time, by the id of the last row seen.

/// Which part of a list, in the order of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    after: String,
    limit: i64,
}

/// One answer shows at most this many rows.
pub const PAGE_MAX: u32 = 200;

impl Page {
    /// The rows behind `after` (from the beginning if absent), as many as `limit` allows.
    pub fn new(after: Option<&str>, limit: u32) -> Self {
        Self {
            after: after.unwrap_or_default().to_owned(),
            limit: i64::from(limit.clamp(1, PAGE_MAX)),
        }
    }

    pub(super) fn after(&self) -> &str {
        &self.after
    }

    pub(super) const fn limit(&self) -> i64 {
        self.limit
    }
}
