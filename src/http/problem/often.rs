//! Refusals of those who ask too often, and how everybody else is told where they stand.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::HttpMessage as _;
use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::app::{App, Measure, Rate, WINDOW_S};
use crate::flow::FlowError;
use crate::http::problem::{Kind, Problem, kinds};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What was counted for one request, so that the answer can say it; the frame makes it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted(Rc<RefCell<Vec<Measure>>>);

impl Counted {
    /// Says where the caller stands, in the fields of the HTTP working group's draft.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let measures = self.0.borrow();
        if measures.is_empty() {
            return;
        }
        let list = |each: &dyn Fn(&Measure) -> String| {
            let all: Vec<String> = measures.iter().map(each).collect();
            HeaderValue::from_str(&all.join(", "))
        };
        let policy = list(&|m| format!("\"{}\";q={};w={WINDOW_S}", m.rate.as_str(), m.quota));
        let limit = list(&|m| format!("\"{}\";r={};t={}", m.rate.as_str(), m.left, m.seconds));
        if let (Ok(policy), Ok(limit)) = (policy, limit) {
            headers.insert(POLICY, policy);
            headers.insert(LIMIT, limit);
        }
    }
}

/// Counts one call, and refuses one too many; the answer says where the caller stands.
pub(crate) fn may_call(
    app: &App,
    request: &HttpRequest,
    rate: Rate,
    who: &str,
) -> Result<(), Problem> {
    let outcome = app.rates.count(rate, who);
    let measure = match &outcome {
        Ok(measure) => *measure,
        Err(measure) => Some(*measure),
    };
    if let Some(counted) = request.extensions().get::<Counted>() {
        counted.0.borrow_mut().extend(measure);
    }
    outcome.map(drop).map_err(too_often)
}

/// Counts one try, and refuses one too many.
pub(crate) fn may_try(app: &App, rate: Rate, who: &str) -> Result<(), Problem> {
    app.rates.count(rate, who).map(drop).map_err(too_often)
}

/// The refusal of a code. Whoever sends many that we did not issue hears no longer which they are;
/// codes that we issued are answered all the same, because others may come from the same place.
pub(crate) fn refused_code(
    app: &App,
    source: &str,
    error: FlowError,
) -> Result<FlowError, Problem> {
    let is_miss = matches!(
        error,
        FlowError::NotFound("code") | FlowError::CodeSignatureInvalid
    );
    if is_miss {
        may_try(app, Rate::Misses, source)?;
    }
    Ok(error)
}

fn too_often(measure: Measure) -> Problem {
    let (name, quota) = (measure.rate.as_str(), measure.quota);
    Problem::because(
        kind(measure.rate),
        format!("{name}: at most {quota} in {WINDOW_S} seconds"),
    )
    .with("policy", name)
    .retry_after(measure.seconds)
}

const fn kind(rate: Rate) -> &'static Kind {
    match rate {
        Rate::ApiKey | Rate::Institution | Rate::Notices | Rate::Source | Rate::Refusals => {
            &kinds::RATE_LIMITED
        }
        Rate::Misses => &kinds::TOO_MANY_MISSES,
        Rate::Receipts => &kinds::TOO_MANY_CHECKS,
        Rate::Claims => &kinds::TOO_MANY_CLAIMS,
        Rate::Pairings => &kinds::TOO_MANY_PAIRINGS,
    }
}
