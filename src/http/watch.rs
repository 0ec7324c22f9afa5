//! What is counted of every request, and the trace that it is a part of.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::http::document;
use crate::http::problem::Refused;
use crate::http::source;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::trace::{self, Trace};

/// Paths that lead nowhere are counted together: strangers make them up.
const NO_ROUTE: &str = "none";
/// What institutions call, signed.
const SIGNED: &str = "/wallet/";
/// Problems that a wrong signature, or a wrong signed statement, is answered with.
const SIGNATURE_PROBLEMS: &[&str] = &[
    "signature-missing",
    "signature-invalid",
    "signature-insufficient",
    "digest-mismatch",
    "digest-algorithm",
    "clock-skew",
    "nonce-syntax",
    "nonce-reused",
    "malformed",
    "alg-not-allowed",
    "wrong-token-type",
    "expired",
];

/// One request, from its head to the head of its answer.
pub(crate) struct Watch {
    metrics: Metrics,
    method: &'static str,
    route: Cow<'static, str>,
    began: Stopwatch,
}

impl Watch {
    /// Begins with the request's head.
    pub(crate) fn begin(request: &ServiceRequest, app: &App) -> Self {
        Self {
            metrics: app.metrics.clone(),
            method: known(request.method()),
            route: route(request),
            began: Stopwatch::start(),
        }
    }

    /// Counts what was answered.
    pub(crate) fn end(&self, answer: &HttpResponse<BoxBody>) {
        let status = answer.status().as_u16();
        let took = self.began.elapsed();
        self.metrics
            .answered(self.method, &self.route, status, took);
        let refused = answer.extensions().get::<Refused>().copied();
        if let Some(Refused(code)) = refused {
            self.metrics.refused(code);
            if self.route.starts_with(SIGNED) && SIGNATURE_PROBLEMS.contains(&code) {
                self.metrics.signature_failed(code);
            }
        }
    }
}

/// The template of the request's path.
fn route(request: &ServiceRequest) -> Cow<'static, str> {
    if let Some(path) = document::literal(request.path()) {
        return path.into();
    }
    let pattern = request.match_pattern();
    pattern.map_or(NO_ROUTE.into(), Cow::from)
}

/// The trace that the client names, or a new one.
pub(crate) fn trace_of(request: &ServiceRequest, app: &App) -> Trace {
    let mut named = request.headers().get_all(trace::TRACEPARENT);
    let header = named.next().and_then(|value| value.to_str().ok());
    // Two names are none.
    let header = header.filter(|_| named.next().is_none());
    let entropy = &*app.entropy;
    let trace = header.and_then(|header| Trace::after(header, entropy));
    let peer = request.peer_addr().map(|peer| peer.ip());
    trace
        .unwrap_or_else(|| Trace::root(entropy))
        .asked_from(source::address(peer, request.headers(), &app.proxies))
}

/// Methods are words that strangers choose.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::problem::kinds;

    #[test]
    fn every_problem_of_a_signature_exists() {
        for code in SIGNATURE_PROBLEMS {
            assert!(kinds::by_code(code).is_some(), "{code}");
        }
    }
}
