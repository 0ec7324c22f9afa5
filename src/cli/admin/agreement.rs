//! `tongma agreement`.

use serde_json::{Value, json};

use crate::cli::admin::{Desk, PageArgs};
use crate::cli::error::CliError;
use crate::clock::Timestamp;
use crate::db::agreements;
use crate::id::AgreementId;
use crate::merchant::{Agreement, AgreementEvent, AgreementState, InstitutionId, Label, Way, Ways};
use crate::money::{Amount, Currency};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Enter an agreement
    Create(New),
    /// List agreements
    List(PageArgs),
    /// Suspend, resume or end
    Change {
        /// Which agreement
        id: AgreementId,
        /// What happens: suspend, resume or end
        event: AgreementEvent,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// Whose payers
    #[arg(long, value_name = "INSTITUTION")]
    payer: InstitutionId,
    /// Into whose accounts
    #[arg(long, value_name = "INSTITUTION")]
    payee: InstitutionId,
    #[arg(
        long = "way",
        help = "By which ways: merchant_presented, payer_presented",
        value_delimiter = ',',
        default_value = "merchant_presented"
    )]
    ways: Vec<Way>,
    /// The channel that clears between the two
    #[arg(long)]
    clearing: Label,
    /// A clearing institution that may also say that money came
    #[arg(long, value_name = "INSTITUTION")]
    attester: Option<InstitutionId>,
    /// In force from here; from now unless told
    #[arg(long, value_name = "TIME")]
    starts_at: Option<Timestamp>,
    /// In force until here
    #[arg(long, value_name = "TIME")]
    ends_at: Option<Timestamp>,
    /// What it clears in
    #[arg(long, default_value = "CNY")]
    currency: Currency,
    /// The most that one payment may be, such as 1000.00
    #[arg(long, value_name = "AMOUNT")]
    payment_limit: Option<String>,
}

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        match self {
            Self::Create(new) => create(desk, new).await,
            Self::List(page) => {
                let mut tx = desk.db.read().await?;
                let found = agreements::list(&mut tx, &page.page()).await?;
                Ok(found.iter().map(view).collect())
            }
            Self::Change { id, event } => {
                let mut tx = desk.db.begin().await?;
                let missing = || CliError::NotFound("agreement", id.to_string());
                let now = agreements::find(&mut tx, &id).await?.ok_or_else(missing)?;
                let state = now.state.apply(event)?;
                agreements::change(&mut tx, &id, now.state, state).await?;
                desk.done(tx, &format!("agreement.{event}"), None, id.as_str())
                    .await?;
                Ok(view(&Agreement { state, ..now }))
            }
        }
    }
}

async fn create(desk: &Desk, new: New) -> Result<Value, CliError> {
    let usage = |rule: &str| Err(CliError::Usage(rule.to_owned()));
    if new.payer == new.payee {
        return usage("an agreement is between two institutions");
    }
    let mut tx = desk.db.begin().await?;
    let starts_at = new.starts_at.unwrap_or_else(|| tx.now());
    if new.ends_at.is_some_and(|end| end <= starts_at) {
        return usage("an agreement ends after it starts");
    }
    for institution in [&new.payer, &new.payee].into_iter().chain(&new.attester) {
        desk.institution(&mut tx, institution).await?;
    }
    let limit = new.payment_limit.as_deref();
    let agreement = Agreement {
        id: AgreementId::new(tx.now(), &desk.entropy),
        payer: new.payer,
        payee: new.payee,
        ways: Ways {
            merchant_presented: new.ways.contains(&Way::MerchantPresented),
            payer_presented: new.ways.contains(&Way::PayerPresented),
        },
        clearing: new.clearing,
        attester: new.attester,
        starts_at,
        ends_at: new.ends_at,
        state: AgreementState::Active,
        currency: new.currency,
        payment_limit: limit
            .map(|t| Amount::from_decimal(t, new.currency))
            .transpose()?,
        created_at: tx.now(),
    };
    if !agreements::insert(&mut tx, &agreement).await? {
        let (from, to, through) = (&agreement.payer, &agreement.payee, &agreement.clearing);
        let what = format!("an agreement from {from} to {to} through {through} exists");
        return Err(CliError::Taken(what));
    }
    desk.done(tx, "agreement.create", None, agreement.id.as_str())
        .await?;
    Ok(view(&agreement))
}

fn view(agreement: &Agreement) -> Value {
    json!({
        "id": agreement.id,
        "payer": agreement.payer,
        "payee": agreement.payee,
        "ways": agreement.ways,
        "clearing": agreement.clearing,
        "attester": agreement.attester,
        "starts_at": agreement.starts_at,
        "ends_at": agreement.ends_at,
        "state": agreement.state,
        "currency": agreement.currency,
        "payment_limit_minor": agreement.payment_limit.map(Amount::minor),
        "created_at": agreement.created_at,
    })
}
