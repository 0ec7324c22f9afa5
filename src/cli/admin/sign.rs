//! `tongma code check`: is this our sign?

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;

use crate::cli::admin::{Desk, shown};
use crate::cli::error::CliError;
use crate::flow::check_sign::{self, SignVerdict};
use crate::id::{CounterId, MerchantId, StoreId};

/// What hangs on the wall, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the code on the wall says
    #[arg(required_unless_present = "picture", conflicts_with = "picture")]
    text: Option<String>,
    /// Or a PNG, JPEG or WebP picture of it
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Whose wall
    #[arg(long)]
    merchant: MerchantId,
    /// In which store it hangs
    #[arg(long)]
    store: Option<StoreId>,
    /// At which till
    #[arg(long)]
    counter: Option<CounterId>,
}

impl Args {
    /// Looks at it; exit 1 where it is not the merchant's own, in use, and where it belongs.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(Value, ExitCode), CliError> {
        let mut tx = desk.db.read().await?;
        desk.merchant(&mut tx, &self.merchant).await?;
        tx.commit().await?;
        let app = desk.app().await?;
        let text = match (self.text, self.picture) {
            (_, Some(path)) => {
                let unreadable = |error| CliError::File(path.display().to_string(), error);
                let file = std::fs::read(&path).map_err(unreadable)?;
                check_sign::text_in(file).await?
            }
            (text, None) => text.unwrap_or_default(),
        };
        let place = (self.store.as_ref(), self.counter.as_ref());
        let checked = check_sign::check(&app, &self.merchant, place, text.trim()).await?;
        let code = match checked.verdict {
            SignVerdict::Ours => ExitCode::SUCCESS,
            SignVerdict::Elsewhere
            | SignVerdict::Stopped
            | SignVerdict::Unbound
            | SignVerdict::Strangers
            | SignVerdict::Forged
            | SignVerdict::PayerCode
            | SignVerdict::Foreign => ExitCode::FAILURE,
        };
        Ok((shown(&checked), code))
    }
}
