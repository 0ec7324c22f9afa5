//! What an operator's settings mean to the demo: most count as they do for a server; those about where
//! it stands and what it keeps are the demo's own, and setting one is refused rather than passed over.

use crate::config::{Config, ConfigError, Log, LogFormat, LogLevel, Setting, Sources};

/// What `--help` says below the flags.
pub(super) const HELP: &str = "The demo takes the server's settings as well (--set limits.pay_before_s=90), \
    but none about where it listens, what it keeps, its keys, TLS and mode: these are its own.";

/// The settings that the demo makes itself, and how to have what they would do.
const OWN: &[(&str, &str)] = &[
    ("mode", "the demo moves play money only"),
    ("listen", "say where by --listen"),
    ("public_url", "say it by --public-url"),
    ("data_dir", "name a folder by --data"),
    (
        "database.url",
        "the demo has a database of its own, in the folder of --data",
    ),
    (
        "database.url_file",
        "the demo has a database of its own, in the folder of --data",
    ),
    ("keys.master_file", "the demo makes a key of its own"),
    ("tls.certificate_file", "the demo speaks plain HTTP"),
    ("tls.key_file", "the demo speaks plain HTTP"),
    ("drain_s", "the demo stops at once"),
];

/// Why the demo does not begin with these settings.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettingsError {
    /// A setting that is not for the demo.
    #[error("{name} (set by {from}) is not for the demo: {instead}")]
    Own {
        /// Which.
        name: &'static str,
        /// Who set it.
        from: String,
        /// What to do.
        instead: &'static str,
    },
    /// A setting that no server would take.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Settings that were given to the demo.
pub(super) struct Given {
    sources: Sources,
    settings: Vec<Setting>,
    asked: Config,
}

impl Given {
    /// Refuses those that are the demo's own, unless they say what is so anyway.
    pub(super) fn read(sources: Sources) -> Result<Self, SettingsError> {
        let settings = Config::settings(&sources)?;
        let usual = Config::settings(&Sources::default())?;
        for (name, instead) in OWN {
            let of = |all: &[Setting]| all.iter().find(|one| one.name == *name).cloned();
            let (given, usual) = (of(&settings), of(&usual));
            if let (Some(given), Some(usual)) = (given, usual)
                && given.value != usual.value
            {
                return Err(SettingsError::Own {
                    name,
                    from: given.from,
                    instead,
                });
            }
        }
        let (asked, _) = Config::load(&sources)?;
        Ok(Self {
            sources,
            settings,
            asked,
        })
    }

    /// All settings, with the demo's own.
    pub(super) fn load(&self, own: &[(&str, String)]) -> Result<Config, SettingsError> {
        let mut sources = self.sources.clone();
        let own = own.iter();
        sources
            .flags
            .extend(own.map(|(name, value)| ((*name).to_owned(), value.clone())));
        Ok(Config::load(&sources)?.0)
    }

    /// The demo writes for people, and logs only what goes wrong, unless it is asked to do otherwise.
    pub(super) fn log(&self) -> Log {
        let Log { level, format } = self.asked.log;
        Log {
            level: if self.is_given("log.level") {
                level
            } else {
                LogLevel::Error
            },
            format: if self.is_given("log.format") {
                format
            } else {
                LogFormat::Text
            },
        }
    }

    /// How many threads, if that was said.
    pub(super) fn workers(&self) -> Option<usize> {
        let workers = self.asked.workers;
        (workers > 0).then(|| workers.into())
    }

    fn is_given(&self, name: &str) -> bool {
        let given = self.settings.iter().find(|setting| setting.name == name);
        given.is_some_and(|setting| setting.from != DEFAULT)
    }
}

/// Where a setting comes from that nobody set.
const DEFAULT: &str = "default";

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Result<Given, SettingsError> {
        let flags = pairs.iter();
        Given::read(Sources {
            flags: flags
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Sources::default()
        })
    }

    #[test]
    fn every_setting_of_the_demos_own_is_refused_with_what_to_do() {
        for (name, instead) in OWN {
            let value = match *name {
                "mode" => "live",
                "drain_s" => "3",
                _ => "x",
            };
            let Err(why) = given(&[(name, value)]) else {
                panic!("{name} was taken");
            };
            let said = format!("{name} (set by flag) is not for the demo: {instead}");
            assert_eq!(why.to_string(), said);
        }
        assert!(given(&[("mode", "test"), ("drain_s", "0")]).is_ok());
    }

    #[test]
    fn other_settings_count() {
        let given = given(&[
            ("limits.pay_before_s", "90"),
            ("workers", "3"),
            ("log.level", "warn"),
        ]);
        let given = given.ok().unwrap();
        let config = given.load(&[("listen", "127.0.0.1:1".to_owned())]);
        let config = config.ok().unwrap();
        assert_eq!(config.limits.pay_before_s, 90);
        assert_eq!(config.listen.port(), 1);
        assert_eq!(given.workers(), Some(3));
        let log = given.log();
        assert_eq!((log.level, log.format), (LogLevel::Warn, LogFormat::Text));
    }
}
