//! What time it is, as an argument.
//!
//! Nothing else in the crate reads a clock, so every rule about time can be tested without
//! waiting; only what is measured and not decided by goes by a [`Stopwatch`]. Instances that share a PostgreSQL database take the time from it (`db::Tx::now`), so
//! that clocks which disagree do not matter.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// A moment in milliseconds since 1970-01-01 00:00 UTC; RFC 3339 UTC in text and JSON.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[serde(try_from = "String", into = "String")]
#[sqlx(transparent)]
pub struct Timestamp(i64);

/// Why a text is not a moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an RFC 3339 time with an offset between the years 2000 and 2200")]
pub struct TimestampError(String);

/// 2000-01-01 and 2200-01-01: no payment of ours lies outside.
const SANE_MS: std::ops::Range<i64> = 946_684_800_000..7_258_118_400_000;

impl Timestamp {
    /// From milliseconds since the epoch, as stored.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// From whole seconds since the epoch, as in JWS claims.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `span` later; stops at the end of time rather than wrapping.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// This moment less `span`.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// The time since `earlier`, zero if that lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The calendar day (`2026-11-21`) in an IANA time zone; UTC where the zone is unknown.
    pub fn day_in(self, zone: &str) -> String {
        self.zoned(zone)
            .map_or_else(|| "1970-01-01".to_owned(), |at| at.date().to_string())
    }

    /// Hours, minutes and seconds (`22:52:57`) in an IANA time zone, for pages.
    pub fn time_in(self, zone: &str) -> String {
        self.zoned(zone)
            .map_or_else(String::new, |at| at.strftime("%H:%M:%S").to_string())
    }

    /// When this moment's day began in an IANA time zone.
    #[must_use]
    pub fn day_start_in(self, zone: &str) -> Self {
        let start = self.zoned(zone).and_then(|at| at.start_of_day().ok());
        start.map_or(self, |at| Self(at.timestamp().as_millisecond()))
    }

    /// This moment so many calendar days earlier: the same hour by the clocks of an IANA time zone.
    #[must_use]
    pub fn days_before_in(self, days: i32, zone: &str) -> Self {
        let before = self.zoned(zone).and_then(|at| {
            let span = jiff::Span::new().try_days(days).ok()?;
            at.checked_sub(span).ok()
        });
        before.map_or(self, |at| Self(at.timestamp().as_millisecond()))
    }

    fn zoned(self, zone: &str) -> Option<jiff::Zoned> {
        let zone = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
        Some(
            jiff::Timestamp::from_millisecond(self.0)
                .ok()?
                .to_zoned(zone),
        )
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(at) => write!(f, "{at:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Takes RFC 3339 with any offset; a leap second counts as the second before it.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let refused = || TimestampError(text.chars().take(40).collect());
        let at: jiff::Timestamp = text.parse().map_err(|_| refused())?;
        let ms = at.as_millisecond();
        if SANE_MS.contains(&ms) {
            Ok(Self(ms))
        } else {
            Err(refused())
        }
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> Self {
        at.to_string()
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                utoipa::openapi::KnownFormat::DateTime,
            )))
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

/// Where the time comes from: the machine, or a test's hand.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that a test moves.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at` until it is moved.
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.millis())))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(jiff::Timestamp::now().as_millisecond()),
            Self::Manual(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }

    /// The time since some moment, for measuring: it never jumps, whatever is done to the machine's
    /// clock.
    #[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
    pub fn steady(&self) -> Duration {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => BEGAN.elapsed(),
            Self::Manual(_) => self.now().since(Timestamp(0)),
        }
    }

    /// Moves a manual clock on; the machine's clock stays as it is.
    pub fn advance(&self, span: Duration) {
        if let Self::Manual(at) = self {
            at.fetch_add(
                i64::try_from(span.as_millis()).unwrap_or(0),
                Ordering::SeqCst,
            );
        }
    }
}

/// The processor time that the calling thread has used so far, for bounds on work that must not
/// depend on how busy the machine is with something else.
pub fn thread_time() -> Duration {
    #[cfg(unix)]
    {
        use rustix::time::{ClockId, clock_gettime};
        let used = clock_gettime(ClockId::ThreadCPUTime);
        let seconds = u64::try_from(used.tv_sec).unwrap_or(0);
        let nanos = u32::try_from(used.tv_nsec).unwrap_or(0);
        Duration::new(seconds, nanos)
    }
    #[cfg(not(unix))]
    {
        // Time that passes is the nearest thing to it there.
        Clock::System.now().since(Timestamp(0))
    }
}

/// Measures how long something takes, whatever is done to the clock meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Begins to measure.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where durations are measured"
    )]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// How long it has been.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_text() {
        let at: Timestamp = "2026-11-21T22:52:57.123Z".parse().unwrap();
        assert_eq!(at.to_string(), "2026-11-21T22:52:57.123Z");
        assert_eq!(at.day_in("Asia/Shanghai"), "2026-11-22");
        assert_eq!(
            at.day_start_in("Asia/Shanghai").to_string(),
            "2026-11-21T16:00:00.000Z"
        );
    }

    #[test]
    fn a_leap_second_is_normalised() {
        let at: Timestamp = "2016-12-31T23:59:60Z".parse().unwrap();
        assert_eq!(at.to_string(), "2016-12-31T23:59:59.000Z");
    }

    #[test]
    fn absurd_and_local_times_are_refused() {
        for text in [
            "1970-01-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
            "2026-11-21T22:52:57",
            "",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
