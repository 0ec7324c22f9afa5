//! What the operator is told: lines about what happens, the trace that each belongs to, and numbers.
//!
//! * [`start`] sends lines to standard error, one an event. What the fields of a line are called is
//!   a promise: [`FIELDS`].
//! * [`trace`] follows a piece of work from one system to the next (W3C Trace Context): taken from
//!   whoever calls, told to whomever we call, and written into lines and problems.
//! * [`metrics`] counts, for Prometheus.
//!
//! None of them may ever hold a secret, and numbers not even an id. Spans are not exported: the
//! lines of one `trace_id` are what there is of a trace here.

mod fields;
mod lines;
pub mod metrics;
mod process;
pub mod trace;

pub use fields::FIELDS;
#[cfg(test)]
pub(crate) use lines::logged;
pub use lines::start;
