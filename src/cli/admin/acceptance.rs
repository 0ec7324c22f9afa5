//! `tongma acceptance`.

use serde_json::{Value, json};

use crate::cli::admin::{Desk, PageArgs};
use crate::cli::error::CliError;
use crate::clock::Timestamp;
use crate::db::acceptances;
use crate::id::{AcceptanceId, MerchantId};
use crate::merchant::{
    Acceptance, AcceptanceEvent, AcceptanceState, InstitutionId, Label, Merchant, ProtectionClass,
};
use crate::money::Amount;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Enter that a merchant takes an institution
    Create(New),
    /// List what a merchant takes
    List {
        /// Whose
        #[arg(long)]
        merchant: MerchantId,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Apply, enable, suspend, resume or close
    Change {
        /// Which acceptance
        id: AcceptanceId,
        /// What happens: apply, enable, suspend, resume or close
        event: AcceptanceEvent,
        /// Whose
        #[arg(long)]
        merchant: MerchantId,
    },
    /// Set how well payments by printed codes are protected, which decides their day limit
    Protect {
        /// Which acceptance
        id: AcceptanceId,
        /// The class: a, b, c or d
        class: ProtectionClass,
        /// Whose
        #[arg(long)]
        merchant: MerchantId,
    },
    /// Note that the merchant agreed to what a platform rolls out
    Consent {
        /// Which acceptance
        id: AcceptanceId,
        /// Whose
        #[arg(long)]
        merchant: MerchantId,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// Who takes it
    #[arg(long)]
    merchant: MerchantId,
    /// What is taken
    #[arg(long)]
    institution: InstitutionId,
    /// invited, applied or enabled
    #[arg(long, default_value = "enabled")]
    state: AcceptanceState,
    /// The platform that rolls it out
    #[arg(long)]
    platform: Option<Label>,
    /// Which wave of the roll-out
    #[arg(long)]
    cohort: Option<Label>,
    /// Not payable before
    #[arg(long, value_name = "TIME")]
    opens_at: Option<Timestamp>,
    /// When the merchant agreed
    #[arg(long, value_name = "TIME")]
    consent_at: Option<Timestamp>,
    /// The most that one payment may be, such as 1000.00
    #[arg(long, value_name = "AMOUNT")]
    payment_limit: Option<String>,
    /// The most that one payer may pay in a day, by codes of every kind; static codes have a limit of
    /// their own besides
    #[arg(long, value_name = "AMOUNT")]
    day_limit: Option<String>,
    /// How well payments by printed codes are protected: a, b, c or d
    #[arg(long, default_value = "d")]
    protection: ProtectionClass,
}

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        match self {
            Self::Create(new) => create(desk, new).await,
            Self::List { merchant, page } => {
                let mut tx = desk.db.read().await?;
                desk.merchant(&mut tx, &merchant).await?;
                let found = acceptances::list(&mut tx, &merchant, &page.page()).await?;
                Ok(found.iter().map(view).collect())
            }
            Self::Change {
                id,
                event,
                merchant,
            } => {
                let mut tx = desk.db.begin().await?;
                let missing = || CliError::NotFound("acceptance", id.to_string());
                let found = acceptances::find(&mut tx, &merchant, &id).await?;
                let now = found.ok_or_else(missing)?;
                let state = now.state.apply(event)?;
                acceptances::change(&mut tx, &merchant, &id, now.state, state).await?;
                desk.done(
                    tx,
                    &format!("acceptance.{event}"),
                    Some(&merchant),
                    id.as_str(),
                )
                .await?;
                Ok(view(&Acceptance { state, ..now }))
            }
            Self::Protect {
                id,
                class,
                merchant,
            } => protect(desk, &merchant, &id, class).await,
            Self::Consent { id, merchant } => {
                let mut tx = desk.db.begin().await?;
                let missing = || CliError::NotFound("acceptance", id.to_string());
                let found = acceptances::find(&mut tx, &merchant, &id).await?;
                let now = found.ok_or_else(missing)?;
                if now.consent_at.is_some() {
                    return Err(CliError::Taken("the merchant agreed before".to_owned()));
                }
                let at = tx.now();
                acceptances::consent(&mut tx, &merchant, &id, at).await?;
                desk.done(tx, "acceptance.consent", Some(&merchant), id.as_str())
                    .await?;
                Ok(view(&Acceptance {
                    consent_at: Some(at),
                    ..now
                }))
            }
        }
    }
}

async fn protect(
    desk: &Desk,
    merchant: &MerchantId,
    id: &AcceptanceId,
    protection: ProtectionClass,
) -> Result<Value, CliError> {
    let mut tx = desk.db.begin().await?;
    let missing = || CliError::NotFound("acceptance", id.to_string());
    let found = acceptances::find(&mut tx, merchant, id).await?;
    let now = found.ok_or_else(missing)?;
    check_class(protection, now.day_limit)?;
    acceptances::protect(&mut tx, merchant, id, protection).await?;
    let action = format!("acceptance.protect.{protection}");
    desk.done(tx, &action, Some(merchant), id.as_str()).await?;
    Ok(view(&Acceptance { protection, ..now }))
}

async fn create(desk: &Desk, new: New) -> Result<Value, CliError> {
    match new.state {
        AcceptanceState::Invited | AcceptanceState::Applied | AcceptanceState::Enabled => {}
        AcceptanceState::Suspended | AcceptanceState::Closed => {
            let rule = "an acceptance begins as invited, applied or enabled";
            return Err(CliError::Usage(rule.to_owned()));
        }
    }
    let mut tx = desk.db.begin().await?;
    let owner = desk.merchant(&mut tx, &new.merchant).await?;
    desk.institution(&mut tx, &new.institution).await?;
    let acceptance = Acceptance {
        id: AcceptanceId::new(tx.now(), &desk.entropy),
        payment_limit: limit(new.payment_limit.as_deref(), &owner)?,
        day_limit: limit(new.day_limit.as_deref(), &owner)?,
        merchant: new.merchant,
        protection: new.protection,
        institution: new.institution,
        state: new.state,
        platform: new.platform,
        cohort: new.cohort,
        opens_at: new.opens_at,
        consent_at: new.consent_at,
        created_at: tx.now(),
    };
    check_class(acceptance.protection, acceptance.day_limit)?;
    if !acceptances::insert(&mut tx, &acceptance).await? {
        let what = &acceptance.institution;
        return Err(CliError::Taken(format!(
            "this merchant has an acceptance of {what}"
        )));
    }
    let (owner, id) = (&acceptance.merchant, acceptance.id.as_str());
    desk.done(tx, "acceptance.create", Some(owner), id).await?;
    Ok(view(&acceptance))
}

/// Class A is by agreement: the agreement is the day limit.
fn check_class(class: ProtectionClass, day_limit: Option<Amount>) -> Result<(), CliError> {
    if class == ProtectionClass::A && day_limit.is_none() {
        let rule = "an acceptance of class a needs a day limit";
        return Err(CliError::Usage(rule.to_owned()));
    }
    Ok(())
}

fn limit(text: Option<&str>, merchant: &Merchant) -> Result<Option<Amount>, CliError> {
    Ok(text
        .map(|text| Amount::from_decimal(text, merchant.currency))
        .transpose()?)
}

fn view(acceptance: &Acceptance) -> Value {
    json!({
        "id": acceptance.id,
        "merchant": acceptance.merchant,
        "institution": acceptance.institution,
        "state": acceptance.state,
        "platform": acceptance.platform,
        "cohort": acceptance.cohort,
        "opens_at": acceptance.opens_at,
        "consent_at": acceptance.consent_at,
        "payment_limit_minor": acceptance.payment_limit.map(Amount::minor),
        "day_limit_minor": acceptance.day_limit.map(Amount::minor),
        "protection": acceptance.protection,
        "created_at": acceptance.created_at,
    })
}
