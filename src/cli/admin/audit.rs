//! `tongma audit`: who did what. Reading it is written there as well.

use serde_json::{Value, json};

use crate::cli::admin::Desk;
use crate::cli::error::CliError;
use crate::crypto::digest::hex;
use crate::db::audit::{self, Chained};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the audit log, newest first
    List {
        /// Go on before this number
        #[arg(long, value_name = "NUMBER")]
        before: Option<i64>,
        /// At most this many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
    },
}

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        let Self::List { before, limit } = self;
        let mut tx = desk.db.begin().await?;
        let lines = audit::before(&mut tx, before.unwrap_or(i64::MAX), limit).await?;
        let shown = match (lines.first(), lines.last()) {
            (Some(newest), Some(oldest)) => format!("{}-{}", oldest.number, newest.number),
            (None, _) | (_, None) => "none".to_owned(),
        };
        // Nobody sees what nobody will know was seen.
        desk.done(tx, "audit.read", None, &shown).await?;
        Ok(lines.iter().map(view).collect())
    }
}

fn view(chained: &Chained) -> Value {
    let line = &chained.line;
    json!({
        "number": chained.number,
        "id": line.id,
        "at": line.at,
        "actor": line.actor,
        "from": line.source,
        "action": line.action,
        "object": line.object,
        "result": line.result,
        "merchant": line.merchant_id,
        "link": hex(&chained.link),
    })
}
