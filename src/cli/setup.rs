//! From settings to what use cases are given.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use tokio::sync::mpsc::Receiver;

use crate::app::{
    App, Bell, FontFiles, FontShelf, Gate, GateLimits, KeyLog, KeyRingError, Leaks, Limits, Nobody,
    Proxies, RateLimits, Rates, Readiness, Recent, ScanLog, Scrape, StreamLimits, Streams,
};
use crate::clock::Clock;
use crate::code::origin::{Origin, OriginError};
use crate::config::Config;
use crate::crypto::sealing::{SealError, Sealer};
use crate::db::codes::Scan;
use crate::db::{Db, DbSettings, OpenError};
use crate::entropy::{Entropy, SystemEntropy};
use crate::flow::{FlowError, keys};
use crate::http::{Listening, Patience};
use crate::merchant::{InstitutionId, Quotas, SilenceRule, StaticLimits};
use crate::money::{Amount, Currency, MoneyError};
use crate::print::{FontFile, Fonts, PrintError};
use crate::telemetry::metrics::Metrics;
use crate::wallet::Client;
use crate::wallet::client::SendError;
use crate::word::Mode;

/// Whoever guesses the token learns what a shop sells.
const SCRAPE_TOKEN_MIN: usize = 24;

/// An app, and the end of its scan log that somebody must read.
pub(crate) struct SetUp {
    /// What use cases are given.
    pub(crate) app: App,
    /// Scans that wait to be written.
    pub(crate) scans: Receiver<Scan>,
}

/// Why there is no app.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SetupError {
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{0} must hold 32 bytes in base64 (openssl rand -base64 32)")]
    MasterKey(PathBuf),
    #[error("the master key {0} is missing: nothing can be checked without the one that sealed it")]
    NoMasterKey(PathBuf),
    #[error("{0} must hold a token of at least {SCRAPE_TOKEN_MIN} characters")]
    ScrapeToken(PathBuf),
    #[error("print.font_file, print.bold_font_file: {0}")]
    Font(PrintError),
    #[error("wallets.user_agent_marks: {0:?} must be an institution, its marks not empty")]
    Mark(String),
    #[error("public_url: {0}")]
    Origin(#[from] OriginError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Keys(KeyRingError),
    #[error("the signing keys cannot be opened: {0}")]
    Flow(FlowError),
    #[error(transparent)]
    Client(#[from] SendError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl From<FlowError> for SetupError {
    fn from(error: FlowError) -> Self {
        Self::Flow(error)
    }
}

/// Opens everything that a use case needs; `origin` is what codes will say.
pub(crate) async fn app(
    config: &Config,
    origin: Origin,
    clock: Clock,
) -> Result<SetUp, SetupError> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let db = database(config, clock.clone()).await?;
    let sealer = sealer(config, &*entropy)?;
    let keys = keys::open(&db, &sealer, &*entropy).await?;
    let nobody = Nobody::new(&sealer, &*entropy)?;
    let (log, scans) = ScanLog::channel();
    let app = App {
        wallets: Client::new(clock.clone(), Arc::clone(&entropy))?,
        db,
        entropy,
        origin,
        mode: config.mode,
        nobody,
        sealer: Arc::new(sealer),
        keys,
        limits: limits(config)?,
        fonts: fonts(config)?,
        rates: Rates::new(&rates(config), clock.clone()),
        gate: Gate::new(&gate(config)),
        readiness: Readiness::default(),
        streams: Streams::new(StreamLimits {
            most: config.connections.feeds,
            per_reader: config.connections.feeds_per_reader,
            per_source: config.connections.feeds_per_source,
        }),
        proxies: Proxies {
            trusted: config.proxies.trusted.as_slice().into(),
            header: config.proxies.header,
        },
        user_agent_marks: user_agent_marks(config)?,
        bell: Bell::default(),
        sweep_bell: Bell::default(),
        key_log: KeyLog::default(),
        leaks: Leaks::default(),
        recent: Recent::default(),
        scans: log,
        clock,
        metrics: Metrics::default(),
        scrape: scrape(config)?,
    };
    Ok(SetUp { app, scans })
}

/// Opens the database and brings its schema up to this version.
pub(crate) async fn database(config: &Config, clock: Clock) -> Result<Db, SetupError> {
    if config.is_embedded() {
        make_folder(&config.data_dir)?;
    }
    let settings = DbSettings {
        url: config.database_url().reveal().to_owned(),
        connections: config.database.connections,
    };
    Ok(Db::open(&settings, clock).await?)
}

/// What codes say about where they come from.
pub(crate) fn origin(config: &Config) -> Result<Origin, OriginError> {
    Origin::parse(&config.public_url(config.listen), config.mode == Mode::Test)
}

/// Who may read the numbers, by the token in the file that was named.
fn scrape(config: &Config) -> Result<Scrape, SetupError> {
    let Some(path) = config.metrics.token_file() else {
        return Ok(Scrape::default());
    };
    let token = std::fs::read_to_string(path).map_err(|source| SetupError::File {
        path: path.to_owned(),
        source,
    })?;
    let token = token.trim();
    if token.len() < SCRAPE_TOKEN_MIN {
        return Err(SetupError::ScrapeToken(path.to_owned()));
    }
    Ok(Scrape::by(token))
}

/// The fonts that were named, read now so that a wrong one is heard of at the start; else those that
/// the system has, when they are needed.
fn fonts(config: &Config) -> Result<FontShelf, SetupError> {
    let Some(named) = config.print.fonts() else {
        return Ok(FontShelf::of_system());
    };
    let [regular, bold] = named.map(|(path, index)| {
        let read = std::fs::read(path).map_err(|source| SetupError::File {
            path: path.to_owned(),
            source,
        });
        read.map(|bytes| FontFile {
            bytes: Arc::new(bytes),
            index,
        })
    });
    let files = FontFiles {
        regular: regular?,
        bold: bold?,
    };
    Fonts::open(&files.regular, &files.bold).map_err(SetupError::Font)?;
    Ok(FontShelf::with(files))
}

fn user_agent_marks(config: &Config) -> Result<Arc<[(InstitutionId, String)]>, SetupError> {
    let given = config.wallets.user_agent_marks.iter();
    let pairs = given.flat_map(|(id, marks)| marks.iter().map(move |mark| (id, mark)));
    pairs
        .map(|(id, mark)| match id.parse() {
            Ok(parsed) if !mark.is_empty() => Ok((parsed, mark.clone())),
            Ok(_) | Err(_) => Err(SetupError::Mark(id.clone())),
        })
        .collect()
}

fn limits(config: &Config) -> Result<Limits, MoneyError> {
    let limits = &config.limits;
    Ok(Limits {
        pay_before: Duration::from_secs(limits.pay_before_s.into()),
        order_lifetime: Duration::from_secs(limits.order_lifetime_s.into()),
        static_limits: StaticLimits {
            b: Amount::positive(limits.static_day_limit_b_fen, Currency::CNY)?,
            c: Amount::positive(limits.static_day_limit_c_fen, Currency::CNY)?,
            d: Amount::positive(limits.static_day_limit_fen, Currency::CNY)?,
        },
        personal_codes: limits.personal_codes,
        quotas: quotas(config),
        starts_per_source: limits.starts_per_source.into(),
        silence: SilenceRule {
            window: Duration::from_mins(config.silence.minutes.into()),
            payments_an_hour: config.silence.payments_an_hour,
        },
        body_within: Duration::from_secs(config.connections.body_s.into()),
    })
}

fn rates(config: &Config) -> RateLimits {
    let rates = &config.rates;
    RateLimits {
        api_key: rates.api_key,
        institution: rates.institution,
        notices: rates.notices,
        source: rates.source,
        refusals: rates.refusals,
        misses: rates.misses,
        receipts: rates.receipts,
        claims: rates.claims,
        pairings: rates.pairings,
    }
}

fn gate(config: &Config) -> GateLimits {
    let overload = &config.overload;
    GateLimits {
        payers: overload.seats,
        notices: overload.notice_seats,
        listings: overload.listing_seats,
        waiting: overload.waiting,
        wait: Duration::from_millis(overload.wait_ms.into()),
    }
}

/// How connections are taken.
pub(crate) fn listening(config: &Config) -> Listening {
    let connections = &config.connections;
    let seconds = |count: u32| Duration::from_secs(count.into());
    Listening {
        workers: match config.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            asked => asked.into(),
        },
        most: connections.most,
        most_each: connections.most_per_source,
        patience: Patience {
            head: seconds(connections.head_s),
            idle: seconds(connections.idle_s),
            stalled: seconds(connections.stalled_s),
        },
        ..Listening::default()
    }
}

/// How many of each kind one merchant may have.
pub(crate) fn quotas(config: &Config) -> Quotas {
    let quotas = &config.quotas;
    Quotas {
        stores: quotas.stores.into(),
        counters: quotas.counters.into(),
        codes: quotas.codes.into(),
        adoptions: quotas.adoptions.into(),
        plates: quotas.plates.into(),
        api_keys: quotas.api_keys.into(),
        open_payments: quotas.open_payments.into(),
    }
}

/// Seals with the master key, which must be there: for whoever looks at what was sealed before.
pub(crate) fn kept_sealer(config: &Config) -> Result<Sealer, SetupError> {
    let (path, _) = config.master_key_file();
    match std::fs::read_to_string(&path) {
        Ok(text) => read_master_key(path, &text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(SetupError::NoMasterKey(path)),
        Err(source) => Err(SetupError::File { path, source }),
    }
}

/// Seals with the master key; the first start without a named one makes it.
pub(crate) fn sealer(config: &Config, entropy: &dyn Entropy) -> Result<Sealer, SetupError> {
    let (path, may_make) = config.master_key_file();
    let of_file = |source| SetupError::File {
        path: path.clone(),
        source,
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if may_make && error.kind() == io::ErrorKind::NotFound => {
            make_folder(&config.data_dir)?;
            make_master_key(&path, entropy).map_err(of_file)?;
            tracing::warn!(
                file = %path.display(),
                "made a new master key in {}; keep a copy of it elsewhere", path.display()
            );
            // Read back, because another process may have been first.
            std::fs::read_to_string(&path).map_err(of_file)?
        }
        Err(error) => return Err(of_file(error)),
    };
    read_master_key(path, &text)
}

fn read_master_key(path: PathBuf, text: &str) -> Result<Sealer, SetupError> {
    let bytes = BASE64.decode(text.trim().as_bytes()).ok();
    let key: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
    key.map(Sealer::new).ok_or(SetupError::MasterKey(path))
}

fn make_folder(path: &Path) -> Result<(), SetupError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    // Payments and keys are nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| SetupError::File {
        path: path.to_owned(),
        source,
    })
}

/// Whole or not at all: written beside, then linked to its name, which fails if that is taken.
fn make_master_key(path: &Path, entropy: &dyn Entropy) -> io::Result<()> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    writeln!(file, "{}", BASE64.encode(&entropy.bytes::<32>()))?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Ok(()) | Err(_) => linked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    #[test]
    fn a_master_key_is_made_once_and_only_where_none_was_named() {
        let home = tempfile::tempdir().unwrap();
        let entropy = SystemEntropy::new();
        let config = |flags: &[(&str, &str)]| {
            let flags = flags
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect();
            Config::load(&Sources {
                flags,
                ..Sources::default()
            })
            .unwrap()
            .0
        };
        let data = home.path().join("data");
        let given = config(&[("data_dir", data.to_str().unwrap())]);
        sealer(&given, &entropy).unwrap();
        let first = std::fs::read(data.join("master.key")).unwrap();
        sealer(&given, &entropy).unwrap();
        assert_eq!(std::fs::read(data.join("master.key")).unwrap(), first);

        let missing = home.path().join("missing.key");
        let named = config(&[("keys.master_file", missing.to_str().unwrap())]);
        assert!(matches!(
            sealer(&named, &entropy),
            Err(SetupError::File { .. })
        ));
        std::fs::write(&missing, "c2hvcnQ=").unwrap();
        assert!(matches!(
            sealer(&named, &entropy),
            Err(SetupError::MasterKey(_))
        ));
    }

    #[test]
    fn marks_belong_to_institutions_and_are_not_empty() {
        let marks = |text: &str| {
            let flags = vec![("wallets.user_agent_marks".to_owned(), text.to_owned())];
            let sources = Sources {
                flags,
                ..Sources::default()
            };
            user_agent_marks(&Config::load(&sources).unwrap().0)
        };
        let found = marks(r#"{ ecny = ["A/", "B/"], bank_x = ["C/"] }"#).unwrap();
        let texts: Vec<&str> = found.iter().map(|(_, mark)| mark.as_str()).collect();
        assert_eq!(texts, ["C/", "A/", "B/"]);
        for bad in [r#"{ ecny = [""] }"#, r#"{ "BANK X" = ["X/"] }"#] {
            assert!(matches!(marks(bad), Err(SetupError::Mark(_))), "{bad}");
        }
    }
}
