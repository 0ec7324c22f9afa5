//! What a use case is given: the database, time, chance, keys, the sender, and the limits.
//!
//! Plain data: making an [`App`] starts nothing. What runs beside the requests (the outbox worker,
//! the sweep, the scan log) is started by the command that serves.

mod keyring;
mod scrape;
mod throttle;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use crate::clock::Clock;
use crate::code::origin::Origin;
use crate::crypto::sealing::Sealer;
use crate::db::Db;
use crate::db::codes::Scan;
use crate::entropy::Entropy;
use crate::merchant::InstitutionId;
use crate::money::{Amount, Currency};
use crate::telemetry::metrics::Metrics;
use crate::wallet::client::Client;
use crate::word::Mode;

pub use keyring::{KeyRing, KeyRingError};
pub use scrape::Scrape;
pub use throttle::{Throttle, Tried};

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
    /// Our signing keys.
    pub keys: KeyRing,
    /// The only sender to institutions.
    pub wallets: Client,
    /// What is allowed.
    pub limits: Limits,
    /// Marks by which the operator knows wallets' browsers, besides the wallets' own.
    pub user_agent_marks: Arc<[(InstitutionId, String)]>,
    /// How often somebody may try.
    pub throttle: Throttle,
    /// Wakes the outbox worker.
    pub bell: Bell,
    /// Wakes the sweep that asks institutions.
    pub sweep_bell: Bell,
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
    pub static_day_limit: Amount,
    /// How often one unidentified browser may start one payment.
    pub starts_per_source: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pay_before: Duration::from_mins(1),
            order_lifetime: Duration::from_hours(2),
            // PBoC 银发〔2017〕296号: static codes are class D, CNY 500 a customer and day.
            static_day_limit: Amount::new(50_000, Currency::CNY)
                .unwrap_or(Amount::zero(Currency::CNY)),
            starts_per_source: 3,
        }
    }
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
