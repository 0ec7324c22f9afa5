//! `tongma exception`: money that arrived outside the plan.

use serde_json::Value;

use crate::cli::admin::{Desk, shown};
use crate::cli::error::CliError;
use crate::db::results;
use crate::id::{ExceptionId, MerchantId};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List a merchant's exceptions, or the money for orders that nobody knows; newest first
    List {
        /// Whose; without it, the unmatched money that is the operator's to clear up
        #[arg(long)]
        merchant: Option<MerchantId>,
        /// Go on behind this id
        #[arg(long, value_name = "ID")]
        after: Option<ExceptionId>,
        /// At most this many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=200))]
        limit: i64,
    },
}

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        let Self::List {
            merchant,
            after,
            limit,
        } = self;
        let mut tx = desk.db.read().await?;
        let found = match merchant {
            Some(merchant) => {
                desk.merchant(&mut tx, &merchant).await?;
                results::exceptions(&mut tx, &merchant, after.as_ref(), limit).await?
            }
            None => results::unmatched(&mut tx, after.as_ref(), limit).await?,
        };
        Ok(shown(&found))
    }
}
