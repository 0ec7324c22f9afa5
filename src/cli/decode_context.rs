//! What `tongma decode` knows besides the text: the wallets' own texts, and whose keys to check
//! signatures with.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::decode::{self, DecodeArgs};
use crate::cli::error::CliError;
use crate::cli::setup;
use crate::clock::Clock;
use crate::code::origin::Origin;
use crate::code::run::Parsed;
use crate::code::{DecodeContext, SignatureVerdict};
use crate::config::Config;
use crate::crypto::jwk::{JwkSet, KeyUse};
use crate::crypto::keys::PublicKey;
use crate::db::{Db, DbSettings, signing_keys};
use crate::wallet;
use crate::word::Mode;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    args: DecodeArgs,
    /// Check signatures with the keys of /.well-known/jwks.json, saved to a file; with those in
    /// this machine's database unless told
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
}

impl Args {
    pub(crate) async fn run(self, config: &Config) -> Result<ExitCode, CliError> {
        let keys = match &self.jwks {
            Some(path) => published(path)?,
            None => kept(config).await,
        };
        let natives = wallet::natives()
            .map_err(|why| CliError::Usage(format!("the wallets' text patterns: {why:?}")))?;
        // Which address the server takes that nobody named one for is not known here: the demo's,
        // for one, has a port of its own.
        let known = config.has_public_url().then(|| setup::origin(config).ok());
        let origins: Vec<Origin> = known.flatten().into_iter().collect();
        let verify = |parsed: &Parsed| verdict(parsed, &keys);
        let context = DecodeContext {
            natives: &natives,
            own_origins: &origins,
            verify: &verify,
            allow_http: config.mode == Mode::Test,
        };
        Ok(decode::run(&self.args, &context))
    }
}

fn published(path: &PathBuf) -> Result<Vec<PublicKey>, CliError> {
    let of_file = |error| CliError::File(path.display().to_string(), error);
    let text = std::fs::read(path).map_err(of_file)?;
    let set: JwkSet = serde_json::from_slice(&text)
        .map_err(|why| CliError::Usage(format!("{}: {why}", path.display())))?;
    let signs_codes = |key_use: Option<KeyUse>| key_use.is_none_or(|of| of == KeyUse::Code);
    let keys = set.keys.iter().filter(|jwk| signs_codes(jwk.tongma_use));
    Ok(keys.filter_map(|jwk| jwk.public_key().ok()).collect())
}

/// Our own keys, if this machine has our database; reading a code never makes one.
async fn kept(config: &Config) -> Vec<PublicKey> {
    if config.is_embedded() && !config.data_dir.join("tongma.db").exists() {
        return Vec::new();
    }
    let settings = DbSettings {
        url: config.database_url().reveal().to_owned(),
        connections: 1,
    };
    let Ok(db) = Db::connect(&settings, Clock::System).await else {
        return Vec::new();
    };
    let stored = match db.read().await {
        Ok(mut tx) => signing_keys::all(&mut tx).await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    db.close().await;
    let of_codes = stored.iter().filter(|key| key.key_use == KeyUse::Code);
    of_codes
        .filter_map(|key| PublicKey::new(&key.public_key).ok())
        .collect()
}

fn verdict(parsed: &Parsed, keys: &[PublicKey]) -> SignatureVerdict {
    let body = &parsed.run.body;
    let (Some(named), Some(signature)) = (body.key(), &parsed.run.signature) else {
        return SignatureVerdict::Absent;
    };
    let mut named = keys
        .iter()
        .filter(|key| key.short_id() == named.0)
        .peekable();
    if named.peek().is_none() {
        return SignatureVerdict::UnknownKey;
    }
    let message = parsed.signed_bytes();
    if named.any(|key| key.verify(&message, signature).is_ok()) {
        SignatureVerdict::Valid
    } else {
        SignatureVerdict::Invalid
    }
}
