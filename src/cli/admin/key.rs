//! `tongma key`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::cli::admin::Desk;
use crate::cli::error::CliError;
use crate::cli::setup;
use crate::clock::Timestamp;
use crate::crypto::jwk::{self, KeyUse};
use crate::crypto::keys::{HmacKey, KeyError};
use crate::db::signing_keys::{self, StoredKey};
use crate::entropy::Entropy;
use crate::flow::FlowError;
use crate::flow::institution_keys::{self, KeyRefused, Material, NewKey};
use crate::flow::keys::{self, Rotation};
use crate::merchant::{InstitutionId, InstitutionKey, KeyAlgorithm, KeyDirection};

// A key's own name is a hash in base64, and one in 64 begins with a hyphen.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Register a key that an institution signs with
    Create {
        /// Whose key it is
        #[arg(long)]
        institution: InstitutionId,
        #[command(flatten)]
        key: Given,
    },
    /// Register a key in place of another, which counts a while longer
    Replace {
        /// The old key
        #[arg(allow_hyphen_values = true)]
        old: String,
        #[command(flatten)]
        key: Given,
        /// How long the old key counts after the new one has begun; a week unless told
        #[arg(long, value_name = "SECONDS", default_value_t = 604_800)]
        overlap_s: u32,
    },
    /// Have a key that still counts end at another time
    End {
        /// Which
        #[arg(allow_hyphen_values = true)]
        key_id: String,
        /// When
        #[arg(long, value_name = "TIME")]
        at: Timestamp,
    },
    /// List our own keys; or those between an institution and us, in both directions, with when
    /// each was last used
    List {
        /// Which institution
        #[arg(long)]
        institution: Option<InstitutionId>,
    },
    /// Take an institution's key out of use for good
    Revoke {
        /// Which
        #[arg(allow_hyphen_values = true)]
        key_id: String,
    },
    /// Replace one of our own keys; what the old one signed verifies for ever
    Rotate {
        /// Which: code, resolution, receipt or request
        key_use: KeyUse,
        /// Replace the request key for this institution only, which has one of its own from then
        /// on; without it, for all that have none
        #[arg(long)]
        institution: Option<InstitutionId>,
        /// How long the old key goes on signing while the new one is already published
        #[arg(long, value_name = "SECONDS", default_value_t = 0)]
        overlap_s: u32,
    },
}

/// A key, and from when to when it counts.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("material").required(true)))]
pub(crate) struct Given {
    /// A file with an Ed25519 public key as JWK
    #[arg(long, value_name = "FILE", group = "material")]
    jwk: Option<PathBuf>,
    /// A file with a shared secret in base64; such a key can never confirm a payment
    #[arg(long, value_name = "FILE", group = "material")]
    hmac: Option<PathBuf>,
    /// Make a shared secret and show it once; such a key can never confirm a payment
    #[arg(long, group = "material")]
    generate_hmac: bool,
    /// What the institution names in keyid; the key's own name unless told
    #[arg(long, allow_hyphen_values = true)]
    key_id: Option<String>,
    /// Counts from here; from now unless told
    #[arg(long, value_name = "TIME")]
    not_before: Option<Timestamp>,
    /// Counts until here
    #[arg(long, value_name = "TIME")]
    not_after: Option<Timestamp>,
}

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        match self {
            Self::Create { institution, key } => create(desk, &institution, key).await,
            Self::Replace {
                old,
                key,
                overlap_s,
            } => replace(desk, &old, key, Duration::from_secs(overlap_s.into())).await,
            Self::End { key_id, at } => {
                let mut tx = desk.db.begin().await?;
                let now = tx.now();
                let ended = institution_keys::end(&mut tx, &key_id, at).await;
                let key = ended.map_err(|error| named(error, &key_id))?;
                desk.done(tx, "key.end", None, &key_id).await?;
                Ok(view(&key, now))
            }
            Self::List {
                institution: Some(id),
            } => between(desk, &id).await,
            Self::List { institution: None } => ours(desk).await,
            Self::Revoke { key_id } => {
                let mut tx = desk.db.begin().await?;
                let now = tx.now();
                let revoked = institution_keys::revoke(&mut tx, &key_id).await;
                let key = revoked.map_err(|error| named(error, &key_id))?;
                desk.done(tx, "key.revoke", None, &key_id).await?;
                Ok(view(&key, now))
            }
            Self::Rotate {
                key_use,
                institution,
                overlap_s,
            } => {
                let rotation = Rotation {
                    key_use,
                    institution,
                    overlap: Duration::from_secs(overlap_s.into()),
                };
                rotate(desk, &rotation).await
            }
        }
    }
}

async fn create(desk: &Desk, id: &InstitutionId, given: Given) -> Result<Value, CliError> {
    let (new, secret) = given.read(desk)?;
    let seals = setup::sealer(&desk.config, &desk.entropy)?;
    let mut tx = desk.db.begin().await?;
    desk.institution(&mut tx, id).await?;
    let now = tx.now();
    let key = institution_keys::register(&mut tx, &seals, &desk.entropy, id, new).await?;
    desk.done(tx, "key.create", None, &key.key_id).await?;
    Ok(with_secret(view(&key, now), secret))
}

async fn replace(
    desk: &Desk,
    old: &str,
    given: Given,
    overlap: Duration,
) -> Result<Value, CliError> {
    let (new, secret) = given.read(desk)?;
    let seals = setup::sealer(&desk.config, &desk.entropy)?;
    let mut tx = desk.db.begin().await?;
    let now = tx.now();
    let entropy: &dyn Entropy = &desk.entropy;
    let replaced = institution_keys::replace(&mut tx, &seals, entropy, old, new, overlap).await;
    let [old, new] = replaced.map_err(|error| named(error, old))?;
    let what = format!("{} by {}", old.key_id, new.key_id);
    desk.done(tx, "key.replace", None, &what).await?;
    Ok(json!({
        "old": view(&old, now),
        "new": with_secret(view(&new, now), secret),
    }))
}

async fn rotate(desk: &Desk, rotation: &Rotation) -> Result<Value, CliError> {
    let seals = setup::sealer(&desk.config, &desk.entropy)?;
    let mut tx = desk.db.begin().await?;
    if let Some(id) = &rotation.institution {
        desk.institution(&mut tx, id).await?;
    }
    keys::rotate(&mut tx, &seals, &desk.entropy, rotation).await?;
    let what = match &rotation.institution {
        Some(id) => format!("{} to {id}", rotation.key_use),
        None => rotation.key_use.to_string(),
    };
    desk.done(tx, "key.rotate", None, &what).await?;
    match &rotation.institution {
        Some(id) => between(desk, id).await,
        None => ours(desk).await,
    }
}

impl Given {
    /// The key; with its secret where it was made here and has to be shown.
    fn read(self, desk: &Desk) -> Result<(NewKey, Option<String>), CliError> {
        let weak = |why| CliError::from(FlowError::from(KeyRefused::Weak(why)));
        let mut shown = None;
        let material = match (&self.jwk, &self.hmac) {
            (Some(path), _) => match jwk::parse_foreign(&read(path)?) {
                Ok(key) => Material::Public(key),
                Err(why @ KeyError::NotJwk) => {
                    return Err(CliError::Usage(format!("{}: {why}", path.display())));
                }
                Err(why) => return Err(weak(why)),
            },
            (None, Some(path)) => {
                let text = read(path)?;
                let secret = BASE64
                    .decode(text.trim_ascii())
                    .map_err(|_| CliError::Usage(format!("{}: not base64", path.display())))?;
                Material::Shared(HmacKey::chosen(secret).map_err(weak)?)
            }
            (None, None) => {
                let entropy: &dyn Entropy = &desk.entropy;
                let key = HmacKey::from_random(entropy.bytes());
                shown = Some(BASE64.encode(key.expose()));
                Material::Shared(key)
            }
        };
        let new = NewKey {
            material,
            key_id: self.key_id,
            not_before: self.not_before,
            not_after: self.not_after,
        };
        Ok((new, shown))
    }
}

/// The keys of both directions in one shape: theirs first, then those that we call them with.
async fn between(desk: &Desk, id: &InstitutionId) -> Result<Value, CliError> {
    let mut tx = desk.db.read().await?;
    desk.institution(&mut tx, id).await?;
    let now = tx.now();
    let found = institution_keys::overview(&mut tx, id).await?;
    let inbound = found.inbound.iter().map(|(key, last)| {
        let row = with(view(key, now), "direction", json!(KeyDirection::Inbound));
        with(row, "last_used_at", json!(last))
    });
    let outbound = found.outbound.iter().map(|(key, state, last)| {
        json!({
            "direction": KeyDirection::Outbound,
            "key_id": key.key_id,
            "institution": id,
            "algorithm": KeyAlgorithm::Ed25519,
            "state": state,
            "not_before": key.signs_from,
            "not_after": key.retired_at,
            "revoked_at": null,
            "created_at": key.created_at,
            "last_used_at": last,
        })
    });
    Ok(inbound.chain(outbound).collect())
}

async fn ours(desk: &Desk) -> Result<Value, CliError> {
    let mut tx = desk.db.read().await?;
    let stored = signing_keys::all(&mut tx).await?;
    let view = |key: &StoredKey| {
        json!({
            "key_id": key.key_id,
            "use": key.key_use,
            "institution": key.institution,
            "created_at": key.created_at,
            "signs_from": key.signs_from,
            "retired_at": key.retired_at,
        })
    };
    Ok(stored.iter().map(view).collect())
}

fn view(key: &InstitutionKey, now: Timestamp) -> Value {
    json!({
        "key_id": key.key_id,
        "institution": key.institution,
        "algorithm": key.material.algorithm(),
        "state": key.state_at(now),
        "not_before": key.not_before,
        "not_after": key.not_after,
        "revoked_at": key.revoked_at,
        "created_at": key.created_at,
    })
}

/// A secret that was made here is shown with its key, and never again.
fn with_secret(view: Value, secret: Option<String>) -> Value {
    match secret {
        Some(secret) => with(view, "secret", json!(secret)),
        None => view,
    }
}

fn with(mut view: Value, name: &str, value: Value) -> Value {
    if let Some(fields) = view.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
    view
}

/// What is not there is named as it was asked for.
fn named(error: FlowError, key_id: &str) -> CliError {
    if let FlowError::NotFound(what) = error {
        CliError::NotFound(what, key_id.to_owned())
    } else {
        error.into()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|error| CliError::File(path.display().to_string(), error))
}
