//! What is counted, for Prometheus.
//!
//! Every name begins with `tongma_` and ends with its unit, every label is one of a few known words:
//! a route's template and never its ids, an institution that the operator signed up, a problem's
//! code. What only the database knows (how much waits, and for how long) is measured when somebody
//! asks, and told here as [`Measured`].
//!
//! Who may read it is not decided here; how many payments a shop takes is its own business.

mod families;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use self::families::{Counted, Gauges, Registration, count};

/// Counts; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    counted: Counted,
    gauges: Gauges,
}

/// What only the database knows, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Events that wait for their place.
    pub outbox_depth: i64,
    /// How long the first of them has waited.
    pub outbox_oldest: Duration,
    /// Attempts whose institution has not said how they ended.
    pub open_attempts: i64,
    /// How long the first of them has been open.
    pub oldest_attempt: Duration,
    /// Nonces that are kept.
    pub nonces: i64,
    /// How far this machine's clock is before the database's, in milliseconds.
    pub clock_offset_ms: i64,
}

/// The connections of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Which pool.
    pub pool: &'static str,
    /// Open, and not used just now.
    pub idle: u32,
    /// Used just now.
    pub used: u32,
    /// At most.
    pub max: u32,
}

/// Counts a feed for as long as it is open.
#[derive(Debug)]
pub struct OpenFeed(Gauge);

/// In which form numbers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposition {
    /// What everything reads: the text format of Prometheus, 0.0.4.
    Prometheus,
    /// `OpenMetrics`, where it is asked for.
    OpenMetrics,
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Self {
        let mut all = Registration::begin();
        let counted = Counted::register(&mut all);
        let gauges = Gauges::register(&mut all);
        Self(Arc::new(Inner {
            counted,
            gauges,
            registry: all.finish(),
        }))
    }

    /// A request was answered. `route` is its template.
    pub fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let class = match status / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        let route = ("route", route.to_owned());
        let method = ("method", method.to_owned());
        let duration = [method.clone(), route.clone()];
        let count = [method, route, ("status", class.to_owned())];
        self.0.counted.requests.get_or_create(&count).inc();
        let durations = self.0.counted.request_duration.get_or_create(&duration);
        durations.observe(took.as_secs_f64());
    }

    /// A request was refused.
    pub fn refused(&self, code: &'static str) {
        count(&self.0.counted.problems, [("code", code)]);
    }

    /// An institution's call was refused for its signature.
    pub fn signature_failed(&self, reason: &'static str) {
        count(&self.0.counted.signature_failures, [("reason", reason)]);
    }

    /// A wallet asked who stands behind a text.
    pub fn resolved(&self, outcome: &str) {
        count(&self.0.counted.resolves, [("outcome", outcome)]);
    }

    /// The router decided; `kind` is `none` where it found no way.
    pub fn decided(&self, kind: &str, reason: &str) {
        count(
            &self.0.counted.decisions,
            [("kind", kind), ("reason", reason)],
        );
    }

    /// An attempt began.
    pub fn attempt_started(&self, payer: &str, route: &str, way: &str) {
        let labels = [("payer", payer), ("route", route), ("way", way)];
        count(&self.0.counted.attempts_started, labels);
    }

    /// A start or a confirmation was read, decided and written in one step.
    pub fn took_one_step(&self, what: &'static str) {
        count(&self.0.counted.ways, [("what", what), ("way", "at_once")]);
    }

    /// A start or a confirmation went the long way, which knows every case.
    pub fn took_the_long_way(&self, what: &'static str) {
        count(&self.0.counted.ways, [("what", what), ("way", "long")]);
    }

    /// An attempt was decided.
    pub fn attempt_ended(&self, payer: &str, state: &str) {
        count(
            &self.0.counted.attempts_ended,
            [("payer", payer), ("state", state)],
        );
    }

    /// A payment was paid.
    pub fn paid(&self, payer: &str, route: &str) {
        count(&self.0.counted.paid, [("payer", payer), ("route", route)]);
    }

    /// Money arrived outside the plan.
    pub fn exception(&self, code: &str) {
        count(&self.0.counted.exceptions, [("code", code)]);
    }

    /// A silent order was followed up.
    pub fn followed_up(&self, outcome: &str) {
        count(&self.0.counted.sweep_queries, [("outcome", outcome)]);
    }

    /// An institution was called.
    pub fn called(&self, institution: &str, outcome: &str, took: Duration) {
        let labels = [("institution", institution), ("outcome", outcome)];
        count(&self.0.counted.calls, labels);
        let of = [("institution", institution.to_owned())];
        self.0
            .counted
            .call_duration
            .get_or_create(&of)
            .observe(took.as_secs_f64());
    }

    /// Scans were not written.
    pub fn scans_dropped(&self, scans: usize) {
        let scans = u64::try_from(scans).unwrap_or(u64::MAX);
        self.0.counted.scans_dropped.inc_by(scans);
    }

    /// A feed is opened, and closed when the value is dropped.
    pub fn feed_opened(&self, reader: &str) -> OpenFeed {
        let gauge = self
            .0
            .gauges
            .feeds
            .get_or_create_owned(&[("reader", reader.to_owned())]);
        gauge.inc();
        OpenFeed(gauge)
    }

    /// Tells what was measured; nothing where the database did not answer.
    pub fn measured(&self, found: Option<Measured>, connections: &[Connections]) {
        let inner = &self.0.gauges;
        inner.database_up.set(found.is_some().into());
        if let Some(found) = found {
            inner.outbox_depth.set(found.outbox_depth);
            inner.outbox_oldest.set(found.outbox_oldest.as_secs_f64());
            inner.open_attempts.set(found.open_attempts);
            inner.oldest_attempt.set(found.oldest_attempt.as_secs_f64());
            inner.nonces.set(found.nonces);
            let offset = Duration::from_millis(found.clock_offset_ms.unsigned_abs());
            let sign = if found.clock_offset_ms < 0 { -1.0 } else { 1.0 };
            inner.clock_offset.set(offset.as_secs_f64().copysign(sign));
        }
        for of in connections {
            for (state, number) in [("idle", of.idle), ("used", of.used)] {
                let labels = [("pool", of.pool.to_owned()), ("state", state.to_owned())];
                inner.connections.get_or_create(&labels).set(number.into());
            }
            let pool = [("pool", of.pool.to_owned())];
            inner
                .connections_max
                .get_or_create(&pool)
                .set(of.max.into());
        }
    }

    /// Everything that was counted, as text.
    pub fn told(&self, exposition: Exposition) -> String {
        let mut told = String::new();
        let written = match exposition {
            Exposition::Prometheus => prometheus_text::encode(&mut told, &self.0.registry),
            Exposition::OpenMetrics => text::encode(&mut told, &self.0.registry),
        };
        // Writing into a string cannot fail; half an answer would be read as the whole.
        if written.is_err() {
            told.clear();
        }
        told
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Drop for OpenFeed {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Exposition {
    /// What a reader that sends this `Accept` wants.
    pub fn asked(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told_in_both_forms() {
        let metrics = Metrics::new();
        metrics.answered("GET", "/v1/payments/{id}", 404, Duration::from_millis(3));
        metrics.paid("lotus_pay", "direct");
        metrics.paid("lotus_pay", "direct");
        let told = metrics.told(Exposition::Prometheus);
        for line in [
            "tongma_payments_paid_total{payer=\"lotus_pay\",route=\"direct\"} 2",
            "tongma_http_requests_total{method=\"GET\",route=\"/v1/payments/{id}\",status=\"4xx\"} 1",
            "tongma_http_request_duration_seconds_bucket{method=\"GET\",route=\"/v1/payments/{id}\",le=\"0.005\"} 1",
            "# TYPE tongma_build_info gauge",
        ] {
            assert!(told.lines().any(|found| found == line), "{line} in\n{told}");
        }
        let open = metrics.told(Exposition::OpenMetrics);
        assert!(open.ends_with("# EOF\n"), "{open}");
        assert!(
            open.contains("tongma_payments_paid_total{payer=\"lotus_pay\",route=\"direct\"} 2")
        );
    }

    #[test]
    fn a_feed_is_open_until_it_is_dropped() {
        let metrics = Metrics::new();
        let open = |metrics: &Metrics| {
            let told = metrics.told(Exposition::Prometheus);
            let line = told
                .lines()
                .find(|line| line.starts_with("tongma_feeds_open{"));
            line.unwrap().to_owned()
        };
        let feed = metrics.feed_opened("program");
        assert_eq!(open(&metrics), "tongma_feeds_open{reader=\"program\"} 1");
        drop(feed);
        assert_eq!(open(&metrics), "tongma_feeds_open{reader=\"program\"} 0");
    }

    #[test]
    fn a_clock_that_is_behind_has_a_negative_offset() {
        let metrics = Metrics::new();
        let found = Measured {
            outbox_depth: 3,
            outbox_oldest: Duration::from_millis(1_500),
            open_attempts: 0,
            oldest_attempt: Duration::ZERO,
            nonces: 0,
            clock_offset_ms: -250,
        };
        metrics.measured(Some(found), &[]);
        metrics.measured(None, &[]);
        let told = metrics.told(Exposition::Prometheus);
        for line in [
            "tongma_clock_offset_seconds -0.25",
            "tongma_outbox_depth 3",
            "tongma_outbox_oldest_age_seconds 1.5",
            "tongma_database_up 0",
        ] {
            assert!(told.lines().any(|found| found == line), "{line} in\n{told}");
        }
    }
}
