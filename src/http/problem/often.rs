//! Refusals of those who try too often.

use crate::app::{App, Tried};
use crate::flow::FlowError;
use crate::http::problem::{Kind, Problem, kinds};

/// Counts one try, and refuses one too many.
pub(crate) fn may_try(app: &App, tried: Tried, source: &str) -> Result<(), Problem> {
    let now = app.clock.now();
    app.throttle
        .count(tried, source, now)
        .map_err(|seconds| Problem::new(kind(tried)).retry_after(seconds))
}

/// The refusal of a code. Whoever sends many that we did not issue hears no longer which they are;
/// codes that we issued are answered all the same, because others may come from the same place.
pub(crate) fn refused_code(
    app: &App,
    tried: Tried,
    source: &str,
    error: FlowError,
) -> Result<FlowError, Problem> {
    let is_miss = matches!(
        error,
        FlowError::NotFound("code") | FlowError::CodeSignatureInvalid
    );
    if is_miss {
        may_try(app, tried, source)?;
    }
    Ok(error)
}

const fn kind(tried: Tried) -> &'static Kind {
    match tried {
        Tried::CodeByInstitution | Tried::CodeByBrowser => &kinds::TOO_MANY_MISSES,
        Tried::Receipt => &kinds::TOO_MANY_CHECKS,
        Tried::Pairing => &kinds::TOO_MANY_PAIRINGS,
    }
}
