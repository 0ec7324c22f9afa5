//! Why a command ends without having done what was asked.

use std::process::ExitCode;

use crate::app::KeyRingError;
use crate::cli::setup::SetupError;
use crate::config::ConfigError;
use crate::db::{DbError, OpenError};
use crate::flow::FlowError;
use crate::merchant::{Refused, TextError};
use crate::money::MoneyError;
use crate::print::PrintError;
use crate::qr::symbol::SymbolError;

/// A negative result.
const NEGATIVE: u8 = 1;
/// Usage or configuration.
const USAGE: u8 = 2;

/// Why.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// What was asked for is not there.
    #[error("no {0} {1}")]
    NotFound(&'static str, String),
    /// What was to be made is there.
    #[error("{0}")]
    Taken(String),
    /// What was typed makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A file that was named cannot be read or written.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// Told to stop by a signal.
    #[error("stopped; the same command goes on with what is missing")]
    Stopped,
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    #[error("{}", with_cause(.0))]
    Db(#[from] DbError),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl CliError {
    /// What the shell is told.
    pub(crate) fn exit(&self) -> ExitCode {
        match self {
            Self::NotFound(..)
            | Self::Taken(_)
            | Self::Stopped
            | Self::Refused(_)
            | Self::Symbol(_)
            | Self::Db(_)
            | Self::Flow(_) => ExitCode::from(NEGATIVE),
            Self::Usage(_) | Self::File(..) | Self::Config(_) | Self::Setup(_) | Self::Open(_) => {
                ExitCode::from(USAGE)
            }
        }
    }
}

impl From<MoneyError> for CliError {
    fn from(error: MoneyError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<TextError> for CliError {
    fn from(error: TextError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<PrintError> for CliError {
    fn from(error: PrintError) -> Self {
        Self::Flow(error.into())
    }
}

impl From<KeyRingError> for CliError {
    fn from(error: KeyRingError) -> Self {
        Self::Setup(SetupError::Keys(error))
    }
}

/// The database's own words, which an operator at the machine may read.
fn with_cause(error: &DbError) -> String {
    let mut all = error.to_string();
    let mut below = std::error::Error::source(error);
    while let Some(cause) = below {
        all.extend([": ", &cause.to_string()]);
        below = cause.source();
    }
    all
}
