//! What a use case is given: the database, time, chance, keys, the sender, and the limits.
//!
//! Plain data: making an [`App`] starts nothing. What runs beside the requests (the outbox worker,
//! the sweep, the scan log) is started by the command that serves.

mod fonts;
mod fresh;
mod gate;
mod key_log;
mod keyring;
mod leaks;
mod nobody;
mod proxies;
mod rates;
mod readiness;
mod recent;
mod scrape;
mod streams;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use crate::clock::Clock;
use crate::code::origin::Origin;
use crate::crypto::sealing::Sealer;
use crate::db::Db;
use crate::db::codes::Scan;
use crate::entropy::Entropy;
use crate::merchant::{InstitutionId, Quotas, SilenceRule, StaticLimits};
use crate::money::{Amount, Currency};
use crate::telemetry::metrics::Metrics;
use crate::wallet::client::Client;
use crate::word::Mode;

pub use fonts::{FontFiles, FontShelf, NoFonts};
pub use fresh::{Fresh, Reading};
pub use gate::{Full, Gate, GateLimits, Lane, Seat, before_work, outside};
pub use key_log::KeyLog;
pub use keyring::{KeyRing, KeyRingError, signs};
pub use leaks::{Leak, Leaks};
pub use nobody::Nobody;
pub use proxies::Proxies;
pub use rates::{Measure, Rate, RateLimits, Rates, WINDOW_S};
pub use readiness::Readiness;
pub use recent::{Ground, Opened, Recent, Resolution, Signer};
pub use scrape::Scrape;
pub use streams::{StreamLimits, StreamPlace, Streams};
pub use tally::{Place, Tally};

/// Everything a use case needs; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// What is kept.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Where we are reached, as printed in codes.
    pub origin: Origin,
    /// Play money or real money.
    pub mode: Mode,
    /// Seals what is stored or given to browsers.
    pub sealer: Arc<Sealer>,
    /// Opened where no shared secret is.
    pub nobody: Nobody,
    /// Our signing keys.
    pub keys: KeyRing,
    /// The only sender to institutions.
    pub wallets: Client,
    /// What is allowed.
    pub limits: Limits,
    /// What signs are printed with.
    pub fonts: FontShelf,
    /// Marks by which the operator knows wallets' browsers, besides the wallets' own.
    pub user_agent_marks: Arc<[(InstitutionId, String)]>,
    /// Which keys were used lately.
    pub key_log: KeyLog,
    /// Which API keys were lately seen where they do not belong.
    pub leaks: Leaks,
    /// How often somebody may ask.
    pub rates: Rates,
    /// How many requests are worked on at once.
    pub gate: Gate,
    /// Whether the database answers.
    pub readiness: Readiness,
    /// How many live feeds there are.
    pub streams: Streams,
    /// Who may speak for others.
    pub proxies: Proxies,
    /// Wakes the outbox worker.
    pub bell: Bell,
    /// Wakes the sweep that asks institutions.
    pub sweep_bell: Bell,
    /// What was just told, and may be told again.
    pub recent: Recent,
    /// Takes scans; drops them rather than making a payer wait.
    pub scans: ScanLog,
    /// What is counted.
    pub metrics: Metrics,
    /// Who may read what is counted.
    pub scrape: Scrape,
}

/// What is allowed, with the defaults of `config.default.toml`.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long a payer may take before the order is closed at the institution.
    pub pay_before: Duration,
    /// How long an order code lives unless asked otherwise, and at most.
    pub order_lifetime: Duration,
    /// What one payer may pay by static codes of one merchant a day.
    pub static_limits: StaticLimits,
    /// Whether codes of class personal may be paid.
    pub personal_codes: bool,
    /// How many of each kind one merchant may have.
    pub quotas: Quotas,
    /// How often unidentified browsers at one address may start the payment of one order, in all.
    pub starts_per_source: i64,
    /// When a code that payers use counts as silent.
    pub silence: SilenceRule,
    /// How long a body may take to arrive.
    pub body_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pay_before: Duration::from_mins(1),
            order_lifetime: Duration::from_hours(2),
            // PBoC 银发〔2017〕296号: a customer and day, by class; static codes are class D.
            static_limits: StaticLimits {
                b: yuan(5000),
                c: yuan(1000),
                d: yuan(500),
            },
            personal_codes: false,
            quotas: Quotas::default(),
            starts_per_source: 3,
            silence: SilenceRule::default(),
            body_within: Duration::from_secs(30),
        }
    }
}

fn yuan(whole: i64) -> Amount {
    let fen = whole.saturating_mul(100);
    Amount::new(fen, Currency::CNY).unwrap_or(Amount::zero(Currency::CNY))
}

/// Rings for one worker; rings between two looks count as one.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Wakes the worker, or has it go on at once if it is busy.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits for the next ring.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}

/// The way of scans to the disk.
#[derive(Debug, Clone)]
pub struct ScanLog(mpsc::Sender<Scan>);

/// Scans that wait to be written; a second of a busy server.
const SCANS_WAITING: usize = 4096;

impl ScanLog {
    /// The log and the end that the writer reads.
    pub fn channel() -> (Self, mpsc::Receiver<Scan>) {
        let (sender, receiver) = mpsc::channel(SCANS_WAITING);
        (Self(sender), receiver)
    }

    /// Notes a scan, unless too many wait already; says whether it was noted.
    pub fn note(&self, scan: Scan) -> bool {
        let noted = self.0.try_send(scan).is_ok();
        if !noted {
            tracing::debug!("a scan was not noted: too many wait to be written");
        }
        noted
    }
}
