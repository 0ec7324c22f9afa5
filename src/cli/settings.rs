//! The flags that every command takes, and how they become settings.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::cli::error::CliError;
use crate::config::{Config, Setting, Sources};

#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help = "The settings file (or TONGMA_CONFIG)"
    )]
    config: Option<PathBuf>,
    #[arg(
        long = "set",
        global = true,
        value_name = "NAME=VALUE",
        help = "One setting, over everything else: --set limits.pay_before_s=90"
    )]
    set: Vec<String>,
}

/// The settings that are changed most, as flags of their own.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Where {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where others reach this server, as printed in codes
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Folder for the embedded database and the keys
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Settings {
    /// All settings; `beside` are flags of one command.
    pub(crate) fn load(&self, beside: &Where) -> Result<(Config, Vec<Setting>), CliError> {
        Ok(Config::load(&self.sources(beside)?)?)
    }

    /// Where settings come from; `beside` are flags of one command.
    pub(crate) fn sources(&self, beside: &Where) -> Result<Sources, CliError> {
        let mut flags = beside.flags();
        for pair in &self.set {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(CliError::Usage(format!(
                    "--set {pair}: NAME=VALUE is needed"
                )));
            };
            flags.push((name.to_owned(), value.to_owned()));
        }
        let variables: Vec<(String, String)> = std::env::vars_os()
            .map(|(name, value)| (text(&name), text(&value)))
            .collect();
        let named = variables.iter().find(|(name, _)| name == "TONGMA_CONFIG");
        let file = self
            .config
            .clone()
            .or_else(|| named.map(|(_, path)| PathBuf::from(path)));
        Ok(Sources {
            file,
            variables,
            flags,
        })
    }
}

impl Where {
    fn flags(&self) -> Vec<(String, String)> {
        let listen = self.listen.map(|address| address.to_string());
        let data = self.data.as_ref().map(|path| path.display().to_string());
        [
            ("listen", listen),
            ("public_url", self.public_url.clone()),
            ("data_dir", data),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}

fn text(raw: &std::ffi::OsStr) -> String {
    raw.to_string_lossy().into_owned()
}
