//! `tongma api-key`.

use serde_json::{Value, json};

use crate::cli::admin::Desk;
use crate::cli::error::CliError;
use crate::clock::Timestamp;
use crate::crypto::token::ApiToken;
use crate::db::api_keys;
use crate::id::{ApiKeyId, MerchantId};
use crate::merchant::{ApiKey, Name, Quota, Scope, Scopes};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make an API key; its text is shown this once
    Create {
        /// What people call it
        name: Name,
        /// Whose it is
        #[arg(long)]
        merchant: MerchantId,
        /// What it may do; everything unless told
        #[arg(long = "scope", value_delimiter = ',')]
        scopes: Vec<Scope>,
        /// When it ends by itself
        #[arg(long, value_name = "TIME")]
        expires_at: Option<Timestamp>,
    },
    /// List a merchant's API keys
    List {
        /// Whose
        #[arg(long)]
        merchant: MerchantId,
    },
    /// End an API key
    Revoke {
        /// Which
        id: ApiKeyId,
        /// Whose
        #[arg(long)]
        merchant: MerchantId,
    },
}

/// `tm_test_` and four characters: enough to find it in a list, nothing to guess the rest from.
const HINT_CHARS: usize = 12;

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        match self {
            Self::Create {
                name,
                merchant,
                scopes,
                expires_at,
            } => {
                let mut tx = desk.db.begin().await?;
                desk.merchant(&mut tx, &merchant).await?;
                let token = ApiToken::generate(desk.config.mode, &desk.entropy);
                let all = scopes.is_empty();
                let key = ApiKey {
                    id: ApiKeyId::new(tx.now(), &desk.entropy),
                    merchant,
                    name,
                    mode: desk.config.mode,
                    hint: token.expose().chars().take(HINT_CHARS).collect(),
                    scopes: if all {
                        Scopes::all()
                    } else {
                        scopes.into_iter().collect()
                    },
                    expires_at,
                    revoked_at: None,
                    created_at: tx.now(),
                };
                desk.room_for_one(&mut tx, &key.merchant, Quota::ApiKeys)
                    .await?;
                api_keys::insert(&mut tx, &key, &token.hash()).await?;
                desk.done(tx, "api_key.create", Some(&key.merchant), key.id.as_str())
                    .await?;
                let mut answer = view(&key);
                if let Value::Object(fields) = &mut answer {
                    fields.insert("key".to_owned(), token.expose().into());
                }
                Ok(answer)
            }
            Self::List { merchant } => {
                let mut tx = desk.db.read().await?;
                desk.merchant(&mut tx, &merchant).await?;
                Ok(api_keys::list(&mut tx, &merchant)
                    .await?
                    .iter()
                    .map(view)
                    .collect())
            }
            Self::Revoke { id, merchant } => {
                let mut tx = desk.db.begin().await?;
                let found = api_keys::list(&mut tx, &merchant).await?;
                let missing = || CliError::NotFound("api key", id.to_string());
                let key = found
                    .into_iter()
                    .find(|key| key.id == id)
                    .ok_or_else(missing)?;
                if key.revoked_at.is_some() {
                    return Err(CliError::Taken(format!("api key {id} is revoked")));
                }
                let at = tx.now();
                api_keys::revoke(&mut tx, &merchant, &id, at).await?;
                desk.done(tx, "api_key.revoke", Some(&merchant), id.as_str())
                    .await?;
                Ok(view(&ApiKey {
                    revoked_at: Some(at),
                    ..key
                }))
            }
        }
    }
}

fn view(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "merchant": key.merchant,
        "name": key.name,
        "mode": key.mode,
        "hint": key.hint,
        "scopes": key.scopes.to_string(),
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "created_at": key.created_at,
    })
}
