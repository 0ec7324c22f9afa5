//! `tongma adoption`.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::admin::Desk;
use crate::cli::error::CliError;
use crate::db::adoptions;
use crate::flow::adopt::{self, NewAdoption};
use crate::id::{AdoptionId, CounterId, MerchantId, PaymentAccountId, StoreId};
use crate::payment::adoption::{Adoption, Standing};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Ask for a code that hangs on the wall: names the amount that proves it
    Create(New),
    /// List a merchant's adoptions, the newest first
    List {
        /// Whose
        #[arg(long)]
        merchant: MerchantId,
        /// Go on behind this id
        #[arg(long, value_name = "ID")]
        after: Option<AdoptionId>,
        /// At most this many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=200))]
        limit: i64,
    },
    /// Show one adoption
    Show(Which),
    /// Let a code go, or give up asking for it
    End(Which),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Which adoption
    id: AdoptionId,
    /// Whose
    #[arg(long)]
    merchant: MerchantId,
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// What the code says
    #[arg(required_unless_present = "picture")]
    text: Option<String>,
    /// A picture in which it is the one code that can be adopted
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    picture: Option<PathBuf>,
    /// Who asks
    #[arg(long)]
    merchant: MerchantId,
    /// In which store it hangs
    #[arg(long)]
    store: StoreId,
    /// At which till
    #[arg(long)]
    counter: Option<CounterId>,
    /// The account that it pays into; needed where several fit
    #[arg(long)]
    account: Option<PaymentAccountId>,
}

/// Who did it, for the audit log.
const ACTOR: &str = "cli";

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        match self {
            Self::Create(new) => create(desk, new).await,
            Self::List {
                merchant,
                after,
                limit,
            } => {
                let mut tx = desk.db.read().await?;
                desk.merchant(&mut tx, &merchant).await?;
                let found = adoptions::list(&mut tx, &merchant, after.as_ref(), limit).await?;
                Ok(found.iter().map(view).collect())
            }
            Self::Show(which) => {
                let mut tx = desk.db.read().await?;
                let found = adoptions::find_of(&mut tx, &which.merchant, &which.id).await?;
                let missing = || CliError::NotFound("adoption", which.id.to_string());
                Ok(view(&found.ok_or_else(missing)?))
            }
            Self::End(which) => {
                let app = desk.app().await?;
                let ended = adopt::end(&app, &which.merchant, &which.id, ACTOR).await?;
                Ok(view(&ended))
            }
        }
    }
}

/// The institution is told by the server that runs.
async fn create(desk: &Desk, new: New) -> Result<Value, CliError> {
    let app = desk.app().await?;
    let text = match (new.text, new.picture) {
        (Some(text), _) => text,
        (None, Some(path)) => {
            let file = std::fs::read(&path);
            let file = file.map_err(|error| CliError::File(path.display().to_string(), error))?;
            adopt::in_picture(&app, file).await?
        }
        (None, None) => return Err(CliError::Usage("give a text or --picture".to_owned())),
    };
    let mut tx = desk.db.begin().await?;
    desk.merchant(&mut tx, &new.merchant).await?;
    let wanted = NewAdoption {
        merchant: new.merchant,
        store: new.store,
        counter: new.counter,
        account: new.account,
        text,
    };
    let adoption = adopt::request(&app, &mut tx, wanted, ACTOR).await?;
    tx.commit().await?;
    Ok(view(&adoption))
}

fn view(adoption: &Adoption) -> Value {
    let (tries_left, reason) = match &adoption.standing {
        Standing::Requested { tries_left } => (Some(*tries_left), None),
        Standing::Proven { .. } => (None, None),
        Standing::Ended { why, .. } => (None, Some(*why)),
    };
    json!({
        "id": adoption.id,
        "merchant": adoption.merchant,
        "store": adoption.store,
        "counter": adoption.counter,
        "network": adoption.network,
        "text": adoption.text,
        "account": adoption.account,
        "institution": adoption.institution,
        "amount_minor": adoption.amount.minor(),
        "currency": adoption.amount.currency(),
        "pay_before": adoption.pay_before,
        "opened_at": adoption.opened_at,
        "state": adoption.standing.state(),
        "tries_left": tries_left,
        "reason": reason,
        "code": adoption.standing.code(),
        "requested_at": adoption.requested_at,
    })
}
