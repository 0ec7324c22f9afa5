//! What an operator can set.
//!
//! `config.default.toml` is the documentation and the defaults in one: it is built into the program
//! and read before anything else. A file lies over it, variables over the file, flags over all.
//! Nothing unknown is passed over in silence.

mod layers;
mod traffic;
mod values;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::word::{Mode, words};

pub use layers::{Setting, Sources};
pub use traffic::{Connections, Overload, Proxies, ProxyHeader, Rates, Silence};
pub use values::{PublicUrl, Secret};

/// The defaults, with a comment for each.
pub const DEFAULT: &str = include_str!("../../config.default.toml");

words! {
    /// How much is logged.
    LogLevel {
        /// What needs somebody.
        Error = "error",
        /// What might.
        Warn = "warn",
        /// What happened.
        Info = "info",
        /// How it happened.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }

    /// For whom the log is.
    LogFormat {
        /// Machines: one JSON object a line.
        Json = "json",
        /// People: one line of text.
        Text = "text",
    }
}

/// All settings, checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Play money or real money.
    pub mode: Mode,
    /// Where others reach this server, if it is set.
    #[serde(deserialize_with = "values::optional")]
    public_url: Option<PublicUrl>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the embedded database and the keys are.
    pub data_dir: PathBuf,
    /// Threads that answer requests; 0 is one for each processor.
    pub workers: u16,
    /// Seconds between saying not ready and closing the port.
    pub drain_s: u16,
    /// Where things are kept.
    pub database: Database,
    /// What seals them.
    pub keys: Keys,
    /// What encrypts connections.
    pub tls: Tls,
    /// What is allowed.
    pub limits: Limits,
    /// How much one merchant may have.
    pub quotas: Quotas,
    /// When a code on a wall counts as silent.
    pub silence: Silence,
    /// How often somebody may ask.
    pub rates: Rates,
    /// How many connections, and how long each may keep us waiting.
    pub connections: Connections,
    /// How much is worked on at once.
    pub overload: Overload,
    /// Who may speak for others.
    pub proxies: Proxies,
    /// What is known about wallets.
    pub wallets: Wallets,
    /// What signs are printed with.
    pub print: Print,
    /// What is told to the operator.
    pub log: Log,
    /// Who may read the numbers.
    pub metrics: Metrics,
}

/// Where things are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    #[serde(deserialize_with = "values::optional")]
    url: Option<Secret>,
    #[serde(deserialize_with = "values::optional")]
    url_file: Option<PathBuf>,
    /// Connections at most.
    pub connections: u32,
}

/// What seals secrets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    #[serde(deserialize_with = "values::optional")]
    master_file: Option<PathBuf>,
}

/// What encrypts connections.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    #[serde(deserialize_with = "values::optional")]
    certificate_file: Option<PathBuf>,
    #[serde(deserialize_with = "values::optional")]
    key_file: Option<PathBuf>,
}

/// What is allowed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Seconds that a payer may take.
    pub pay_before_s: u32,
    /// Seconds that an order code lives.
    pub order_lifetime_s: u32,
    /// What one payer may pay by static codes of one merchant in a day, in fen.
    pub static_day_limit_fen: i64,
    /// The same for acceptances of class C.
    pub static_day_limit_c_fen: i64,
    /// The same for acceptances of class B.
    pub static_day_limit_b_fen: i64,
    /// Whether codes of class personal may be paid.
    pub personal_codes: bool,
    /// How often unidentified browsers at one address may start the payment of one order, in all.
    pub starts_per_source: u16,
}

/// How much one merchant may have.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    /// Stores.
    pub stores: u32,
    /// Tills.
    pub counters: u32,
    /// Codes, without revoked ones and order codes.
    pub codes: u32,
    /// Other institutions' codes that are adopted or about to be.
    pub adoptions: u32,
    /// Plates, in all its batches.
    pub plates: u32,
    /// API keys, without revoked ones.
    pub api_keys: u32,
    /// Order payments that are neither paid nor over.
    pub open_payments: u32,
}

/// What is known about wallets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wallets {
    /// Texts in the `User-Agent`, by institution.
    pub user_agent_marks: BTreeMap<String, Vec<String>>,
}

/// What signs are printed with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Print {
    #[serde(deserialize_with = "values::optional")]
    font_file: Option<PathBuf>,
    font_face: u32,
    #[serde(deserialize_with = "values::optional")]
    bold_font_file: Option<PathBuf>,
    bold_font_face: u32,
}

/// What is told to the operator.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// How much.
    pub level: LogLevel,
    /// For whom.
    pub format: LogFormat,
}

/// Who may read the numbers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Where they are told to anyone who can get there.
    #[serde(deserialize_with = "values::optional")]
    pub listen: Option<SocketAddr>,
    #[serde(deserialize_with = "values::optional")]
    token_file: Option<PathBuf>,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was named cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("{path} is not TOML: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
    /// A name that no setting has.
    #[error("unknown setting {name} in {place}; config.default.toml lists all there are")]
    Unknown {
        /// The name.
        name: String,
        /// Where it stands.
        place: String,
    },
    /// A value that a setting cannot have.
    #[error("{0}")]
    Value(String),
    /// Values that cannot be together.
    #[error("{0}")]
    Together(&'static str),
    /// A number outside its bounds.
    #[error("{name} must be {min} to {max}, found {found}")]
    Bounds {
        /// The setting.
        name: &'static str,
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
        /// What it is.
        found: i64,
    },
}

impl Config {
    /// Reads all sources and checks them; with where each value came from.
    pub fn load(sources: &Sources) -> Result<(Self, Vec<Setting>), ConfigError> {
        let (merged, settings) = layers::merge(sources)?;
        let mut config: Self = merged.try_into().map_err(|error: toml::de::Error| {
            ConfigError::Value(error.to_string().trim().replace('\n', ": "))
        })?;
        config.database.read_url()?;
        config.check()?;
        Ok((config, settings))
    }

    /// Who had the last word on each setting, before any value is checked.
    pub fn settings(sources: &Sources) -> Result<Vec<Setting>, ConfigError> {
        layers::merge(sources).map(|(_, settings)| settings)
    }

    /// The database's address.
    pub fn database_url(&self) -> Secret {
        self.database.url.clone().unwrap_or_else(|| {
            Secret::new(format!(
                "sqlite:{}",
                self.data_dir.join("tongma.db").display()
            ))
        })
    }

    /// Whether the database is a file in `data_dir`.
    pub fn is_embedded(&self) -> bool {
        self.database.url.is_none()
    }

    /// Whether somebody said where others reach this server.
    pub fn has_public_url(&self) -> bool {
        self.public_url.is_some()
    }

    /// Where others reach a server that listens at `bound`: as set, or that address.
    pub fn public_url(&self, bound: SocketAddr) -> String {
        let scheme = if self.tls_files().is_some() {
            "https"
        } else {
            "http"
        };
        self.public_url.as_ref().map_or_else(
            || format!("{scheme}://{bound}"),
            |url| url.as_str().to_owned(),
        )
    }

    /// The file with the master key; whether it may be made if it is missing.
    pub fn master_key_file(&self) -> (PathBuf, bool) {
        match &self.keys.master_file {
            Some(path) => (path.clone(), false),
            None => (self.data_dir.join("master.key"), true),
        }
    }

    /// The certificate and key files, where connections are encrypted here.
    pub fn tls_files(&self) -> Option<(&Path, &Path)> {
        Some((
            self.tls.certificate_file.as_deref()?,
            self.tls.key_file.as_deref()?,
        ))
    }

    /// Rules about more than one value, and the database's address.
    fn check(&self) -> Result<(), ConfigError> {
        let together = |broken, message| {
            if broken {
                Err(ConfigError::Together(message))
            } else {
                Ok(())
            }
        };
        together(
            self.database.url.as_ref().is_some_and(|url| {
                let known = ["sqlite:", "postgres://", "postgresql://"];
                !known.iter().any(|front| url.reveal().starts_with(front))
            }),
            "database.url must begin with sqlite: or postgres://",
        )?;
        let live = self.mode == Mode::Live;
        let secure = self.public_url.as_ref().map(PublicUrl::is_secure);
        let private = self.public_url.as_ref().is_none_or(PublicUrl::is_private);
        let tls = (&self.tls.certificate_file, &self.tls.key_file);
        together(
            tls.0.is_some() != tls.1.is_some(),
            "tls.certificate_file and tls.key_file are needed together",
        )?;
        together(
            live && self.tls_files().is_none(),
            "live mode needs tls.certificate_file and tls.key_file",
        )?;
        together(live && secure.is_none(), "live mode needs public_url")?;
        together(
            live && secure == Some(false),
            "live mode needs a public_url with https://",
        )?;
        together(
            secure == Some(false) && !private,
            "public_url with http:// must be a loopback or private address",
        )?;
        together(
            secure == Some(false) && self.tls_files().is_some(),
            "public_url must begin with https:// where TLS files are given",
        )?;
        together(
            self.public_url.is_none() && self.listen.ip().is_unspecified(),
            "public_url is needed where listen is every address of the machine",
        )?;
        let address = self.listen.ip();
        together(
            self.tls_files().is_none()
                && !(address.is_unspecified() || values::is_private(address)),
            "without TLS files listen must be a loopback or private address",
        )?;
        together(
            self.print.font_file.is_none() && self.print.bold_font_file.is_some(),
            "print.bold_font_file needs print.font_file",
        )?;
        together(
            self.metrics
                .listen
                .is_some_and(|address| !values::is_private(address.ip())),
            "metrics.listen must be a loopback or private address: it is neither encrypted nor asks who reads",
        )?;
        self.check_bounds()
    }

    /// Rules about one number.
    fn check_bounds(&self) -> Result<(), ConfigError> {
        let limits = &self.limits;
        for (name, min, max, found) in [
            (
                "limits.pay_before_s",
                10,
                3600,
                i64::from(limits.pay_before_s),
            ),
            (
                "limits.order_lifetime_s",
                60,
                86_400,
                i64::from(limits.order_lifetime_s),
            ),
            (
                "limits.static_day_limit_fen",
                1,
                100_000_000,
                limits.static_day_limit_fen,
            ),
            (
                "limits.static_day_limit_c_fen",
                1,
                100_000_000,
                limits.static_day_limit_c_fen,
            ),
            (
                "limits.static_day_limit_b_fen",
                1,
                100_000_000,
                limits.static_day_limit_b_fen,
            ),
            (
                "limits.starts_per_source",
                1,
                100,
                i64::from(limits.starts_per_source),
            ),
            (
                "database.connections",
                1,
                1000,
                i64::from(self.database.connections),
            ),
            ("silence.minutes", 15, 1440, i64::from(self.silence.minutes)),
            ("workers", 0, 1024, i64::from(self.workers)),
            ("drain_s", 0, 15, i64::from(self.drain_s)),
        ]
        .into_iter()
        .chain(self.connections.bounds())
        .chain(self.overload.bounds())
        {
            if !(min..=max).contains(&found) {
                return Err(ConfigError::Bounds {
                    name,
                    min,
                    max,
                    found,
                });
            }
        }
        Ok(())
    }
}

impl Metrics {
    /// The file with the token that lets in at the address where everything else is served.
    pub fn token_file(&self) -> Option<&Path> {
        self.token_file.as_deref()
    }
}

impl Print {
    /// The files of the regular and the bold font that were named, and which face of each.
    pub fn fonts(&self) -> Option<[(&Path, u32); 2]> {
        let regular = (self.font_file.as_deref()?, self.font_face);
        let bold = self.bold_font_file.as_deref();
        Some([
            regular,
            bold.map_or(regular, |path| (path, self.bold_font_face)),
        ])
    }
}

impl Database {
    fn read_url(&mut self) -> Result<(), ConfigError> {
        let Some(path) = &self.url_file else {
            return Ok(());
        };
        if self.url.is_some() {
            return Err(ConfigError::Together(
                "database.url and database.url_file exclude each other",
            ));
        }
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.clone(),
            source,
        })?;
        self.url = Some(Secret::new(text.trim().to_owned()));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
