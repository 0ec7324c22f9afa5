//! What others reach over HTTP.

mod extract;
mod frame;
mod json;
pub mod page;
pub(crate) mod problem;
