//! `tongma store`.

use serde_json::Value;

use crate::cli::admin::{Desk, PageArgs, shown};
use crate::cli::error::CliError;
use crate::db::stores;
use crate::id::{MerchantId, StoreId};
use crate::merchant::{City, Name, Quota, Store};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Enter a store
    Create {
        /// What people call it
        name: Name,
        /// Whose it is
        #[arg(long)]
        merchant: MerchantId,
        /// Where it is; the merchant's city unless told
        #[arg(long)]
        city: Option<City>,
    },
    /// List a merchant's stores
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
                city,
            } => {
                let mut tx = desk.db.begin().await?;
                let owner = desk.merchant(&mut tx, &merchant).await?;
                let store = Store {
                    id: StoreId::new(tx.now(), &desk.entropy),
                    merchant,
                    name,
                    city: city.unwrap_or(owner.city),
                    created_at: tx.now(),
                };
                desk.room_for_one(&mut tx, &store.merchant, Quota::Stores)
                    .await?;
                stores::insert(&mut tx, &store).await?;
                desk.done(tx, "store.create", Some(&store.merchant), store.id.as_str())
                    .await?;
                Ok(shown(&store))
            }
            Self::List { merchant, page } => {
                let mut tx = desk.db.read().await?;
                desk.merchant(&mut tx, &merchant).await?;
                Ok(shown(
                    &stores::list(&mut tx, &merchant, &page.page()).await?,
                ))
            }
        }
    }
}
