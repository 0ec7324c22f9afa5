//! `tongma key`.

use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::cli::admin::Desk;
use crate::cli::error::CliError;
use crate::cli::setup;
use crate::clock::{Clock, Timestamp};
use crate::crypto::jwk::{self, KeyUse};
use crate::crypto::keys::HmacKey;
use crate::crypto::sealing::Purpose;
use crate::db::{institutions, signing_keys};
use crate::flow::{FlowError, keys};
use crate::merchant::{InstitutionId, InstitutionKey, KeyMaterial};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Register a key that an institution signs with
    Create(New),
    /// List our own keys, or an institution's
    List {
        /// Whose; ours unless told
        #[arg(long)]
        institution: Option<InstitutionId>,
    },
    /// Take an institution's key out of use for good
    Revoke {
        /// Which
        key_id: String,
    },
    /// Replace one of our own keys; what the old one signed verifies for ever
    Rotate {
        /// Which: code, resolution, receipt or request
        key_use: KeyUse,
    },
}

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("material").required(true)))]
pub(crate) struct New {
    /// Whose key it is
    #[arg(long)]
    institution: InstitutionId,
    /// A file with an Ed25519 public key as JWK
    #[arg(long, value_name = "FILE", group = "material")]
    jwk: Option<PathBuf>,
    /// A file with a shared secret in base64; such a key can never confirm a payment
    #[arg(long, value_name = "FILE", group = "material")]
    hmac: Option<PathBuf>,
    /// What the institution names in keyid; the key's thumbprint unless told
    #[arg(long)]
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
            Self::Create(new) => create(desk, new).await,
            Self::List {
                institution: Some(id),
            } => {
                let mut tx = desk.db.read().await?;
                desk.institution(&mut tx, &id).await?;
                Ok(institutions::keys(&mut tx, &id)
                    .await?
                    .iter()
                    .map(view)
                    .collect())
            }
            Self::List { institution: None } => ours(desk).await,
            Self::Revoke { key_id } => {
                let mut tx = desk.db.begin().await?;
                let missing = || CliError::NotFound("key", key_id.clone());
                let found = institutions::find_key(&mut tx, &key_id).await?;
                let (key, _) = found.ok_or_else(missing)?;
                if key.revoked_at.is_some() {
                    return Err(CliError::Taken(format!("key {key_id} is revoked")));
                }
                let at = tx.now();
                institutions::revoke_key(&mut tx, &key_id, at).await?;
                desk.done(tx, "key.revoke", None, &key_id).await?;
                Ok(view(&InstitutionKey {
                    revoked_at: Some(at),
                    ..key
                }))
            }
            Self::Rotate { key_use } => {
                let origin = setup::origin(&desk.config).map_err(setup::SetupError::from)?;
                let set_up = setup::app(&desk.config, origin, Clock::System).await?;
                keys::rotate(&set_up.app, key_use).await?;
                let tx = desk.db.begin().await?;
                desk.done(tx, "key.rotate", None, key_use.as_str()).await?;
                ours(desk).await
            }
        }
    }
}

async fn create(desk: &Desk, new: New) -> Result<Value, CliError> {
    let (thumbprint, material) = match (&new.jwk, &new.hmac) {
        (Some(path), _) => {
            let key = jwk::parse_foreign(&read(path)?)
                .map_err(|why| CliError::Usage(format!("{}: {why}", path.display())))?;
            (key.key_id().to_string(), Material::Public(*key.as_bytes()))
        }
        (None, Some(path)) => {
            let refused = |why: &str| CliError::Usage(format!("{}: {why}", path.display()));
            let text = read(path)?;
            let secret = BASE64
                .decode(text.trim_ascii())
                .map_err(|_| refused("not base64"))?;
            let key = HmacKey::new(secret.clone()).map_err(|why| refused(&why.to_string()))?;
            (key.key_id().to_string(), Material::Shared(secret))
        }
        (None, None) => return Err(CliError::Usage("a key is needed".to_owned())),
    };
    let key_id = new.key_id.unwrap_or(thumbprint);
    if !(1..=128).contains(&key_id.len()) || !key_id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(CliError::Usage(
            "--key-id must be 1 to 128 visible characters".to_owned(),
        ));
    }
    let mut tx = desk.db.begin().await?;
    desk.institution(&mut tx, &new.institution).await?;
    let not_before = new.not_before.unwrap_or_else(|| tx.now());
    if new.not_after.is_some_and(|end| end <= not_before) {
        return Err(CliError::Usage("a key ends after it begins".to_owned()));
    }
    let key = InstitutionKey {
        material: material.kept(desk, &key_id)?,
        key_id,
        institution: new.institution,
        not_before,
        not_after: new.not_after,
        revoked_at: None,
        created_at: tx.now(),
    };
    if !institutions::insert_key(&mut tx, &key).await? {
        return Err(CliError::Taken(format!("key {} exists", key.key_id)));
    }
    desk.done(tx, "key.create", None, &key.key_id).await?;
    Ok(view(&key))
}

/// A key as it was read from a file.
enum Material {
    Public([u8; 32]),
    Shared(Vec<u8>),
}

impl Material {
    /// As it is kept: a shared secret only sealed.
    fn kept(self, desk: &Desk, key_id: &str) -> Result<KeyMaterial, CliError> {
        match self {
            Self::Public(bytes) => Ok(KeyMaterial::Ed25519(bytes)),
            Self::Shared(secret) => {
                let seals = setup::sealer(&desk.config, &desk.entropy)?;
                let purpose = Purpose::SharedSecret;
                let sealed = seals
                    .seal(purpose, key_id.as_bytes(), &secret, &desk.entropy)
                    .map_err(FlowError::from)?;
                Ok(KeyMaterial::HmacSha256(sealed))
            }
        }
    }
}

async fn ours(desk: &Desk) -> Result<Value, CliError> {
    let mut tx = desk.db.read().await?;
    let stored = signing_keys::all(&mut tx).await?;
    let view = |key: &signing_keys::StoredKey| {
        json!({
            "key_id": key.key_id,
            "use": key.key_use,
            "created_at": key.created_at,
            "retired_at": key.retired_at,
        })
    };
    Ok(stored.iter().map(view).collect())
}

fn view(key: &InstitutionKey) -> Value {
    json!({
        "key_id": key.key_id,
        "institution": key.institution,
        "algorithm": key.material.algorithm(),
        "not_before": key.not_before,
        "not_after": key.not_after,
        "revoked_at": key.revoked_at,
        "created_at": key.created_at,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|error| CliError::File(path.display().to_string(), error))
}
