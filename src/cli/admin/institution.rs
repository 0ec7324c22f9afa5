//! `tongma institution`.

use serde_json::Value;

use crate::cli::admin::{Desk, PageArgs, shown};
use crate::cli::error::CliError;
use crate::db::institutions;
use crate::merchant::{Institution, InstitutionId, InstitutionState, Name};
use crate::word::Mode;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Sign up an institution
    Create {
        /// Its word, such as `lotus_pay`
        id: InstitutionId,
        /// Its Chinese name
        #[arg(long)]
        name_zh: Name,
        /// Its English name
        #[arg(long)]
        name_en: Name,
        /// Where it speaks our outbound contract
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
    },
    /// List institutions
    List(PageArgs),
    /// Lock an institution out
    Suspend {
        /// Which
        id: InstitutionId,
    },
    /// Let an institution in again
    Resume {
        /// Which
        id: InstitutionId,
    },
}

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        match self {
            Self::Create {
                id,
                name_zh,
                name_en,
                base_url,
            } => {
                if let Some(url) = &base_url {
                    check_address(url, desk.config.mode)?;
                }
                let mut tx = desk.db.begin().await?;
                let state = InstitutionState::Active;
                let created_at = tx.now();
                let new = Institution {
                    id,
                    name_zh,
                    name_en,
                    base_url,
                    state,
                    created_at,
                };
                if !institutions::insert(&mut tx, &new).await? {
                    return Err(CliError::Taken(format!("institution {} exists", new.id)));
                }
                desk.done(tx, "institution.create", None, new.id.as_str())
                    .await?;
                Ok(shown(&new))
            }
            Self::List(page) => {
                let mut tx = desk.db.read().await?;
                Ok(shown(&institutions::list(&mut tx, &page.page()).await?))
            }
            Self::Suspend { id } => change(desk, &id, InstitutionState::Suspended).await,
            Self::Resume { id } => change(desk, &id, InstitutionState::Active).await,
        }
    }
}

async fn change(desk: &Desk, id: &InstitutionId, to: InstitutionState) -> Result<Value, CliError> {
    let mut tx = desk.db.begin().await?;
    let now = desk.institution(&mut tx, id).await?;
    if now.state == to {
        return Err(CliError::Taken(format!("institution {id} is {to}")));
    }
    institutions::change(&mut tx, id, now.state, to).await?;
    desk.done(tx, &format!("institution.{to}"), None, id.as_str())
        .await?;
    Ok(shown(&Institution { state: to, ..now }))
}

/// Requests to it carry our signature, and its answers decide about money.
fn check_address(url: &str, mode: Mode) -> Result<(), CliError> {
    let plain = mode == Mode::Test && url.starts_with("http://");
    let good = (plain || url.starts_with("https://"))
        && url.bytes().all(|b| b.is_ascii_graphic())
        && !url.contains(['@', '?', '#', '\\']);
    if good {
        Ok(())
    } else {
        let rule = "--base-url must be https://HOST[:PORT][/PATH]; http:// in test mode only";
        Err(CliError::Usage(rule.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_institutions_address_is_encrypted_and_plain() {
        assert!(check_address("https://api.lotus.example/v1", Mode::Live).is_ok());
        assert!(check_address("http://127.0.0.1:9000", Mode::Test).is_ok());
        for bad in [
            "http://lotus.example",
            "ftp://x",
            "https://me@x",
            "https://x/?a=1",
            "https://x\n",
        ] {
            assert!(check_address(bad, Mode::Live).is_err(), "{bad}");
        }
    }
}
