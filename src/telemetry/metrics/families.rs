//! Every family of numbers: its name, what it says, and the labels that it has.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

use crate::telemetry::process::Process;

/// Labels with their words.
type Labels<const N: usize> = [(&'static str, String); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Histograms<const N: usize> = Family<Labels<N>, Histogram, fn() -> Histogram>;
type Seconds = Gauge<f64, AtomicU64>;

/// What is counted as it happens.
pub(super) struct Counted {
    pub(super) requests: Counters<3>,
    pub(super) request_duration: Histograms<2>,
    pub(super) problems: Counters<1>,
    pub(super) signature_failures: Counters<1>,
    pub(super) resolves: Counters<1>,
    pub(super) decisions: Counters<2>,
    pub(super) attempts_started: Counters<3>,
    pub(super) ways: Counters<2>,
    pub(super) attempts_ended: Counters<2>,
    pub(super) paid: Counters<2>,
    pub(super) exceptions: Counters<1>,
    pub(super) sweep_queries: Counters<1>,
    pub(super) calls: Counters<2>,
    pub(super) call_duration: Histograms<1>,
    pub(super) scans_dropped: Counter,
}

/// What goes up and down.
pub(super) struct Gauges {
    pub(super) feeds: Family<Labels<1>, Gauge>,
    pub(super) outbox_depth: Gauge,
    pub(super) outbox_oldest: Seconds,
    pub(super) open_attempts: Gauge,
    pub(super) oldest_attempt: Seconds,
    pub(super) nonces: Gauge,
    pub(super) connections: Family<Labels<2>, Gauge>,
    pub(super) connections_max: Family<Labels<1>, Gauge>,
    pub(super) database_up: Gauge,
    pub(super) clock_offset: Seconds,
}

/// Registers each metric where it is made.
pub(super) struct Registration(Registry);

impl Counted {
    pub(super) fn register(all: &mut Registration) -> Self {
        Self {
            requests: all.labelled("http_requests", "Requests that were answered"),
            request_duration: all.seconds(
                "http_request_duration",
                "How long answers took, to the head of a stream",
                Family::new_with_constructor(DURATIONS),
            ),
            problems: all.labelled("problems", "Refusals, by problem code"),
            signature_failures: all.labelled(
                "signature_failures",
                "Calls of institutions whose signature was refused",
            ),
            resolves: all.labelled("resolves", "What wallets' scans came to"),
            decisions: all.labelled("route_decisions", "Decisions of the router"),
            attempts_started: all.labelled("attempts_started", "Attempts that began"),
            ways: all.labelled(
                "ways_taken",
                "Starts and confirmations, by whether they were written at once or the long way",
            ),
            attempts_ended: all.labelled("attempts_ended", "Attempts that were decided"),
            paid: all.labelled("payments_paid", "Payments that were paid"),
            exceptions: all.labelled("payment_exceptions", "Money that arrived outside the plan"),
            sweep_queries: all.labelled(
                "sweep_queries",
                "Follow-ups of silent orders at their institutions",
            ),
            calls: all.labelled("institution_calls", "Our calls to institutions"),
            call_duration: all.seconds(
                "institution_call_duration",
                "How long institutions took to answer",
                Family::new_with_constructor(DURATIONS),
            ),
            scans_dropped: all.add(
                "scans_dropped",
                "Scans that were not written to the scan log",
                Counter::default(),
            ),
        }
    }
}

impl Gauges {
    pub(super) fn register(all: &mut Registration) -> Self {
        Self {
            feeds: all.add("feeds_open", "Live feeds that are read", Family::default()),
            outbox_depth: all.gauge("outbox_depth", "Events that wait for their place"),
            outbox_oldest: all.seconds(
                "outbox_oldest_age",
                "How long the first of these has waited",
                Seconds::default(),
            ),
            open_attempts: all.gauge(
                "open_attempts",
                "Attempts whose end the institution has not told",
            ),
            oldest_attempt: all.seconds(
                "open_attempt_oldest_age",
                "How long the first of these has been open",
                Seconds::default(),
            ),
            nonces: all.gauge("nonces", "Nonces that are kept against replay"),
            connections: all.add(
                "database_connections",
                "Connections by pool",
                Family::default(),
            ),
            connections_max: all.add(
                "database_connections_max",
                "Connections that a pool may have",
                Family::default(),
            ),
            database_up: all.gauge("database_up", "Whether the database answered just now"),
            clock_offset: all.seconds(
                "clock_offset",
                "How far this clock is before the database's",
                Seconds::default(),
            ),
        }
    }
}

impl Registration {
    pub(super) fn begin() -> Self {
        let mut registry = Registry::with_prefix("tongma");
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The program that answers", Info::new(version));
        Self(registry)
    }

    pub(super) fn finish(mut self) -> Registry {
        self.0.register_collector(Box::new(Process::started()));
        self.0
    }

    fn add<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }

    fn labelled<const N: usize>(&mut self, name: &str, help: &str) -> Counters<N> {
        self.add(name, help, Counters::default())
    }

    fn gauge(&mut self, name: &str, help: &str) -> Gauge {
        self.add(name, help, Gauge::default())
    }

    fn seconds<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0
            .register_with_unit(name, help, Unit::Seconds, metric.clone());
        metric
    }
}

/// Counts one.
pub(super) fn count<const N: usize>(counters: &Counters<N>, labels: [(&'static str, &str); N]) {
    let labels = labels.map(|(name, word)| (name, word.to_owned()));
    counters.get_or_create(&labels).inc();
}

const DURATIONS: fn() -> Histogram = durations;

/// From what a cached answer takes to where a payer gives up.
fn durations() -> Histogram {
    Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
    ])
}
