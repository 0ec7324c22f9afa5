//! Whoever gave way to another transaction looks again.

use crate::db::DbError;
use crate::flow::FlowError;

/// More often than a few times means trouble.
const TRIES: u32 = 5;

/// How often something was begun.
#[derive(Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// Whether what came of a transaction is that another one was in its way, and it may begin again.
    pub(super) fn once_more<T>(&mut self, done: &Result<T, FlowError>) -> bool {
        self.0 = self.0.saturating_add(1);
        let gave_way = matches!(
            done,
            Err(FlowError::Db(
                DbError::Conflict { .. } | DbError::Crossed(_) | DbError::Busy(_)
            ))
        );
        gave_way && self.0 < TRIES
    }
}
