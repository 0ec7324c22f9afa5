//! How often anything changed that decides how scans are routed. The database counts it by itself,
//! whoever changes something: this process, another, or somebody by hand.

use crate::db::{DbError, Tx, each_backend};

const VERSION: &str = "SELECT version FROM rules";

/// The count, to be read before what it vouches for.
pub async fn version(tx: &mut Tx) -> Result<i64, DbError> {
    Ok(each_backend!(tx, conn => sqlx::query_scalar(VERSION).fetch_one(conn).await)?)
}
