//! What others reach over HTTP.

pub mod page;
