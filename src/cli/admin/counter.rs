//! `tongma counter`.

use serde_json::Value;

use crate::cli::admin::{Desk, PageArgs, shown};
use crate::cli::error::CliError;
use crate::db::{counters, stores};
use crate::id::{CounterId, MerchantId, StoreId};
use crate::merchant::{Counter, Name, Quota};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Enter a till
    Create {
        /// What people call it
        name: Name,
        /// Whose it is
        #[arg(long)]
        merchant: MerchantId,
        /// The store it stands in
        #[arg(long)]
        store: StoreId,
    },
    /// List a merchant's tills
    List {
        /// Whose
        #[arg(long)]
        merchant: MerchantId,
        #[command(flatten)]
        page: PageArgs,
    },
}

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        match self {
            Self::Create {
                name,
                merchant,
                store,
            } => {
                let mut tx = desk.db.begin().await?;
                let missing = || CliError::NotFound("store", store.to_string());
                stores::find(&mut tx, &merchant, &store)
                    .await?
                    .ok_or_else(missing)?;
                let counter = Counter {
                    id: CounterId::new(tx.now(), &desk.entropy),
                    merchant,
                    store,
                    name,
                    created_at: tx.now(),
                };
                desk.room_for_one(&mut tx, &counter.merchant, Quota::Counters)
                    .await?;
                counters::insert(&mut tx, &counter).await?;
                let (owner, id) = (&counter.merchant, counter.id.as_str());
                desk.done(tx, "counter.create", Some(owner), id).await?;
                Ok(shown(&counter))
            }
            Self::List { merchant, page } => {
                let mut tx = desk.db.read().await?;
                desk.merchant(&mut tx, &merchant).await?;
                Ok(shown(
                    &counters::list(&mut tx, &merchant, &page.page()).await?,
                ))
            }
        }
    }
}
