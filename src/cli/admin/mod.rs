//! What an operator enters and looks up: one file for each kind of thing.
//!
//! Each command answers with one JSON value, which `print` shows to people or to programs. What
//! changes something leaves a line in the audit log, in the same transaction.

mod acceptance;
mod account;
mod adoption;
mod agreement;
mod api_key;
mod audit;
mod code;
mod counter;
mod exception;
mod institution;
mod key;
mod merchant;
mod plate;
mod plate_print;
mod print;
mod sign;
mod store;

use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use crate::app::App;
use crate::cli::error::CliError;
use crate::cli::setup;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::audit::{Line, append};
use crate::db::{Db, Page, Tx, institutions, merchants};
use crate::entropy::SystemEntropy;
use crate::flow::quota::room_for_one;
use crate::id::{AuditId, MerchantId};
use crate::merchant::{Institution, InstitutionId, Merchant, Quota};

/// The kinds of things.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Admin {
    /// Payment institutions
    #[command(subcommand)]
    Institution(institution::Command),
    /// Merchants
    #[command(subcommand)]
    Merchant(merchant::Command),
    /// Merchants' stores
    #[command(subcommand)]
    Store(store::Command),
    /// Tills in stores
    #[command(subcommand)]
    Counter(counter::Command),
    /// Merchants' payment accounts at institutions
    #[command(subcommand)]
    Account(account::Command),
    /// Which institutions a merchant takes
    #[command(subcommand)]
    Acceptance(acceptance::Command),
    /// Which institutions' payers may pay into accounts at which others
    #[command(subcommand)]
    Agreement(agreement::Command),
    /// Receiving codes
    #[command(subcommand)]
    Code(code::Command),
    /// Other institutions' codes that hang on merchants' walls already
    #[command(subcommand)]
    Adoption(adoption::Command),
    /// Signs that are printed blank, and bound where they hang
    #[command(subcommand)]
    Plate(plate::Command),
    /// Money that arrived outside the plan
    #[command(subcommand)]
    Exception(exception::Command),
    /// Keys: our own, and those that institutions sign with
    #[command(subcommand)]
    Key(key::Command),
    /// Merchants' API keys
    #[command(subcommand)]
    ApiKey(api_key::Command),
    /// Who did what
    #[command(subcommand)]
    Audit(audit::Command),
}

/// Which part of a list.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PageArgs {
    /// Go on behind this id
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
}

/// What the audit log keeps of a name on the machine.
const SOURCE_CHARS: usize = 64;

/// Where an operator's commands are worked on.
pub(crate) struct Desk {
    config: Config,
    db: Db,
    entropy: SystemEntropy,
    /// Whether a program reads along.
    json: bool,
}

impl Admin {
    /// Does it and answers.
    pub(crate) async fn run(
        self,
        config: Config,
        json: bool,
    ) -> Result<(Value, ExitCode), CliError> {
        let db = setup::database(&config, Clock::System).await?;
        let desk = Desk {
            config,
            db,
            entropy: SystemEntropy::new(),
            json,
        };
        let answer = match self {
            Self::Institution(command) => command.run(&desk).await,
            Self::Merchant(command) => command.run(&desk).await,
            Self::Store(command) => command.run(&desk).await,
            Self::Counter(command) => command.run(&desk).await,
            Self::Account(command) => command.run(&desk).await,
            Self::Acceptance(command) => command.run(&desk).await,
            Self::Agreement(command) => command.run(&desk).await,
            Self::Code(code::Command::Check(args)) => {
                let checked = args.run(&desk).await;
                desk.db.close().await;
                return checked;
            }
            Self::Code(command) => command.run(&desk).await,
            Self::Adoption(command) => command.run(&desk).await,
            Self::Plate(command) => command.run(&desk).await,
            Self::Exception(command) => command.run(&desk).await,
            Self::Key(command) => command.run(&desk).await,
            Self::ApiKey(command) => command.run(&desk).await,
            Self::Audit(command) => command.run(&desk).await,
        };
        desk.db.close().await;
        answer.map(|answer| (answer, ExitCode::SUCCESS))
    }
}

impl PageArgs {
    fn page(&self) -> Page {
        Page::new(self.after.as_deref(), self.limit)
    }
}

impl Desk {
    /// The application as `serve` would have it.
    async fn app(&self) -> Result<App, CliError> {
        let origin = setup::origin(&self.config).map_err(setup::SetupError::from)?;
        Ok(setup::app(&self.config, origin, Clock::System).await?.app)
    }

    /// Refuses one more of what the merchant has enough of.
    async fn room_for_one(
        &self,
        tx: &mut Tx,
        merchant: &MerchantId,
        quota: Quota,
    ) -> Result<(), CliError> {
        let quotas = setup::quotas(&self.config);
        Ok(room_for_one(tx, merchant, quota, &quotas).await?)
    }

    /// Makes what was done durable, with a line in the audit log.
    async fn done(
        &self,
        mut tx: Tx,
        action: &str,
        merchant: Option<&MerchantId>,
        object: &str,
    ) -> Result<(), CliError> {
        let at = tx.now();
        let line = Line {
            id: AuditId::new(at, &self.entropy),
            merchant_id: merchant.cloned(),
            actor: "cli".to_owned(),
            action: action.to_owned(),
            object: object.to_owned(),
            result: "done".to_owned(),
            source: who(),
            at,
        };
        let sealer = setup::sealer(&self.config, &self.entropy)?;
        append(&mut tx, &sealer, &line).await?;
        Ok(tx.commit().await?)
    }

    async fn merchant(&self, tx: &mut Tx, id: &MerchantId) -> Result<Merchant, CliError> {
        let found = merchants::find(tx, id).await?;
        found.ok_or_else(|| CliError::NotFound("merchant", id.to_string()))
    }

    async fn institution(&self, tx: &mut Tx, id: &InstitutionId) -> Result<Institution, CliError> {
        let found = institutions::find(tx, id).await?;
        found.ok_or_else(|| CliError::NotFound("institution", id.to_string()))
    }
}

/// Whose hands are at the keyboard, as far as the machine says.
fn who() -> Option<String> {
    let names = ["SUDO_USER", "USER", "LOGNAME"];
    let name = names.iter().find_map(|name| std::env::var(name).ok())?;
    let plain = name.chars().filter(|c| !c.is_control());
    Some(plain.take(SOURCE_CHARS).collect())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    std::fs::write(path, bytes).map_err(|error| CliError::File(path.display().to_string(), error))
}

/// A value as it will be shown. What is asked for is plain data, so this cannot fail; if it did,
/// nothing would be shown.
fn shown(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
