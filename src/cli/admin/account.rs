//! `tongma account`.

use serde_json::{Value, json};

use crate::cli::admin::{Desk, PageArgs};
use crate::cli::error::CliError;
use crate::db::accounts;
use crate::id::{MerchantId, PaymentAccountId};
use crate::merchant::{
    AccountReference, BasisPoints, InstitutionId, PaymentAccount, PaymentAccountState,
};
use crate::money::Currency;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Enter a payment account
    Create(New),
    /// List a merchant's payment accounts
    List {
        /// Whose
        #[arg(long)]
        merchant: MerchantId,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Let no new order into an account
    Close(Which),
    /// Let orders into an account again
    Open(Which),
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// Whose it is
    #[arg(long)]
    merchant: MerchantId,
    /// Where it is
    #[arg(long)]
    institution: InstitutionId,
    /// The institution's number for it
    #[arg(long)]
    reference: AccountReference,
    /// What it is kept in; the merchant's currency unless told
    #[arg(long)]
    currency: Option<Currency>,
    /// What the institution keeps of each payment, in hundredths of a percent: 60 is 0.6 %
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..=10_000))]
    fee_bps: i64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Which account
    id: PaymentAccountId,
    /// Whose
    #[arg(long)]
    merchant: MerchantId,
}

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        match self {
            Self::Create(new) => create(desk, new).await,
            Self::List { merchant, page } => {
                let mut tx = desk.db.read().await?;
                desk.merchant(&mut tx, &merchant).await?;
                let found = accounts::list(&mut tx, &merchant, &page.page()).await?;
                Ok(found.iter().map(view).collect())
            }
            Self::Close(which) => change(desk, which, PaymentAccountState::Closed).await,
            Self::Open(which) => change(desk, which, PaymentAccountState::Open).await,
        }
    }
}

async fn create(desk: &Desk, new: New) -> Result<Value, CliError> {
    let mut tx = desk.db.begin().await?;
    let owner = desk.merchant(&mut tx, &new.merchant).await?;
    desk.institution(&mut tx, &new.institution).await?;
    let account = PaymentAccount {
        id: PaymentAccountId::new(tx.now(), &desk.entropy),
        merchant: new.merchant,
        institution: new.institution,
        reference: new.reference,
        currency: new.currency.unwrap_or(owner.currency),
        fee: BasisPoints::try_from(new.fee_bps)?,
        state: PaymentAccountState::Open,
        created_at: tx.now(),
    };
    if !accounts::insert(&mut tx, &account).await? {
        let at = &account.institution;
        return Err(CliError::Taken(format!(
            "account {} at {at} exists",
            account.reference
        )));
    }
    desk.done(
        tx,
        "account.create",
        Some(&account.merchant),
        account.id.as_str(),
    )
    .await?;
    Ok(view(&account))
}

async fn change(desk: &Desk, which: Which, to: PaymentAccountState) -> Result<Value, CliError> {
    let Which { id, merchant } = which;
    let mut tx = desk.db.begin().await?;
    let missing = || CliError::NotFound("account", id.to_string());
    let now = accounts::find(&mut tx, &merchant, &id)
        .await?
        .ok_or_else(missing)?;
    if now.state == to {
        return Err(CliError::Taken(format!("account {id} is {to}")));
    }
    accounts::change(&mut tx, &merchant, &id, now.state, to).await?;
    desk.done(tx, &format!("account.{to}"), Some(&merchant), id.as_str())
        .await?;
    Ok(view(&PaymentAccount { state: to, ..now }))
}

fn view(account: &PaymentAccount) -> Value {
    json!({
        "id": account.id,
        "merchant": account.merchant,
        "institution": account.institution,
        "reference": account.masked(),
        "currency": account.currency,
        "fee_bps": account.fee,
        "state": account.state,
        "created_at": account.created_at,
    })
}
