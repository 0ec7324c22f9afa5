//! `tongma merchant`.

use serde_json::Value;

use crate::cli::admin::{Desk, PageArgs, shown};
use crate::cli::error::CliError;
use crate::db::{Tx, merchants};
use crate::flow::sign_up;
use crate::id::MerchantId;
use crate::merchant::{City, Country, InstitutionId, LatinName, Mcc, Merchant, Name, Zone};
use crate::money::Currency;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Sign up a merchant
    Create(New),
    /// List merchants
    List(PageArgs),
    /// Say which payee institutions a merchant likes best
    Prefer {
        /// Which merchant
        id: MerchantId,
        /// Best first; others follow in the order of ids
        institutions: Vec<InstitutionId>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// What payers see
    name: Name,
    /// The same where only Latin letters are read, for codes in EMV's form: at most 25; spelled from
    /// the name where nothing is said
    #[arg(long)]
    latin_name: Option<LatinName>,
    /// ISO 18245 category of the trade, such as 5812 for a restaurant
    #[arg(long)]
    mcc: Mcc,
    /// The city
    #[arg(long)]
    city: City,
    /// ISO 3166 country
    #[arg(long, default_value = "CN")]
    country: Country,
    /// IANA time zone, in which days begin
    #[arg(long, default_value = "Asia/Shanghai")]
    time_zone: Zone,
    /// ISO 4217 currency
    #[arg(long, default_value = "CNY")]
    currency: Currency,
    /// Payee institutions in the order of preference
    #[arg(long, value_delimiter = ',', value_name = "INSTITUTIONS")]
    prefer: Vec<InstitutionId>,
    /// The name may look like another merchant's: somebody has looked at both
    #[arg(long)]
    reviewed: bool,
}

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        match self {
            Self::Create(new) => create(desk, new).await,
            Self::List(page) => {
                let mut tx = desk.db.read().await?;
                Ok(shown(&merchants::list(&mut tx, &page.page()).await?))
            }
            Self::Prefer { id, institutions } => {
                let mut tx = desk.db.begin().await?;
                let merchant = desk.merchant(&mut tx, &id).await?;
                check(desk, &mut tx, &institutions).await?;
                merchants::prefer(&mut tx, &id, &institutions).await?;
                desk.done(tx, "merchant.prefer", Some(&id), id.as_str())
                    .await?;
                Ok(shown(&Merchant {
                    preference: institutions,
                    ..merchant
                }))
            }
        }
    }
}

async fn create(desk: &Desk, new: New) -> Result<Value, CliError> {
    let mut tx = desk.db.begin().await?;
    check(desk, &mut tx, &new.prefer).await?;
    let merchant = Merchant {
        id: MerchantId::new(tx.now(), &desk.entropy),
        name: new.name,
        latin_name: new.latin_name,
        mcc: new.mcc,
        city: new.city,
        country: new.country,
        time_zone: new.time_zone,
        currency: new.currency,
        preference: new.prefer,
        mode: desk.config.mode,
        created_at: tx.now(),
    };
    sign_up::sign_up(&mut tx, &merchant, new.reviewed).await?;
    let id = &merchant.id;
    let action = if new.reviewed {
        "merchant.create-reviewed"
    } else {
        "merchant.create"
    };
    desk.done(tx, action, Some(id), id.as_str()).await?;
    Ok(shown(&merchant))
}

/// A misspelt institution would be a preference for nothing.
async fn check(desk: &Desk, tx: &mut Tx, preferred: &[InstitutionId]) -> Result<(), CliError> {
    for institution in preferred {
        desk.institution(tx, institution).await?;
    }
    Ok(())
}
