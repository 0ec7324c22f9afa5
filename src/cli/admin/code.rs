//! `tongma code`.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::admin::{Desk, write};
use crate::cli::error::CliError;
use crate::clock::Timestamp;
use crate::code::run::CodeKind;
use crate::db::{codes, stores};
use crate::flow::change_code;
use crate::flow::issue::{self, NewCode, NewForm};
use crate::id::{AdoptionId, CodeId, CounterId, MerchantId, StoreId};
use crate::merchant::{CodeClass, CodeEvent, CodeForm, NetworkAccount, PrintedCode};
use crate::money::Amount;
use crate::qr::symbol::{Level, QuietZone, Symbol};
use crate::qr::{png, svg};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Issue a static or a fixed code
    Create(New),
    /// List a merchant's codes, the newest first
    List {
        /// Whose
        #[arg(long)]
        merchant: MerchantId,
        /// Of one kind only: static, fixed, order or plate
        #[arg(long)]
        kind: Option<CodeKind>,
        /// Go on behind this id
        #[arg(long, value_name = "ID")]
        after: Option<CodeId>,
        /// At most this many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=200))]
        limit: i64,
    },
    /// Show one code, and draw its symbol if asked
    Show {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        pictures: Pictures,
    },
    /// Print signs for codes: stands, posters, stickers, tents, strips of thermal paper
    Print(super::print::Args),
    /// Is this our sign? Genuine, in use, and where it belongs: exit 0, else 1
    Check(super::sign::Args),
    /// Suspend, resume or revoke a code
    Change {
        #[command(flatten)]
        which: Which,
        /// What happens: suspend, resume or revoke
        event: CodeEvent,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Which code
    id: CodeId,
    /// Whose
    #[arg(long)]
    merchant: MerchantId,
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// Who is paid
    #[arg(long)]
    merchant: MerchantId,
    /// In which store it hangs
    #[arg(long)]
    store: StoreId,
    /// At which till
    #[arg(long)]
    counter: Option<CounterId>,
    /// The amount, such as 12.50, which makes it a fixed code; otherwise the payer enters it
    #[arg(long)]
    amount: Option<String>,
    /// business or personal
    #[arg(long, default_value = "business")]
    class: CodeClass,
    /// Without key and signature, for the smallest symbol
    #[arg(long)]
    compact: bool,
    /// url (an address, the smallest symbol) or emv (read all over the world, room for accounts in
    /// other networks)
    #[arg(long, default_value = "url")]
    form: CodeForm,
    /// Of the form emv: an account of the merchant's in another network, as `decode --json` names it:
    /// {"id": "26", "guid": "SG.PAYNOW", "sub": {"01": "2", "02": "201509555BNN1"}}; may be repeated
    #[arg(long, value_name = "JSON")]
    network_account: Vec<NetworkAccount>,
    /// Of the form emv: an EMV code that the merchant has adopted, for the accounts in it; may be
    /// repeated
    #[arg(long, value_name = "ADOPTION")]
    adopted: Vec<AdoptionId>,
    /// Not payable from here on
    #[arg(long, value_name = "TIME")]
    expires_at: Option<Timestamp>,
    #[command(flatten)]
    pictures: Pictures,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Pictures {
    /// Draw the symbol as PNG
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Draw the symbol as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Pixels of one module: 57 modules with their quiet zone make some 520, sharp on any screen.
const PIXELS: u32 = 8;

impl Command {
    pub(crate) async fn run(self, desk: &Desk) -> Result<Value, CliError> {
        match self {
            Self::Create(new) => create(desk, new).await,
            Self::List {
                merchant,
                kind,
                after,
                limit,
            } => {
                let mut tx = desk.db.read().await?;
                desk.merchant(&mut tx, &merchant).await?;
                let kind = kind.map(CodeKind::as_str);
                let found = codes::list(&mut tx, &merchant, after.as_ref(), kind, limit).await?;
                Ok(found.iter().map(view).collect())
            }
            Self::Show { which, pictures } => {
                let mut tx = desk.db.read().await?;
                let found = codes::find_of(&mut tx, &which.merchant, &which.id).await?;
                let missing = || CliError::NotFound("code", which.id.to_string());
                let code = found.ok_or_else(missing)?;
                pictures.draw(&code)?;
                Ok(view(&code))
            }
            Self::Print(args) => args.run(desk).await,
            Self::Check(args) => args.run(desk).await.map(|(answer, _)| answer),
            Self::Change { which, event } => {
                let app = desk.app().await?;
                let code = change_code::change(&app, &which.merchant, &which.id, event).await?;
                let tx = desk.db.begin().await?;
                let (merchant, action) = (&code.merchant, format!("code.{event}"));
                desk.done(tx, &action, Some(merchant), code.id.as_str())
                    .await?;
                Ok(view(&code))
            }
        }
    }
}

async fn create(desk: &Desk, new: New) -> Result<Value, CliError> {
    let app = desk.app().await?;
    let mut tx = desk.db.begin().await?;
    let owner = desk.merchant(&mut tx, &new.merchant).await?;
    let missing = || CliError::NotFound("store", new.store.to_string());
    stores::find(&mut tx, &new.merchant, &new.store)
        .await?
        .ok_or_else(missing)?;
    let amount = new.amount.as_deref();
    let amount = amount
        .map(|text| Amount::from_decimal(text, owner.currency))
        .transpose()?;
    let wanted = NewCode {
        merchant: new.merchant,
        store: new.store,
        counter: new.counter,
        kind: if amount.is_some() {
            CodeKind::Fixed
        } else {
            CodeKind::Static
        },
        class: new.class,
        amount,
        currency: owner.currency,
        form: NewForm::asked(
            Some(new.form),
            new.compact,
            new.network_account,
            new.adopted,
        )?,
        expires_at: new.expires_at,
        payment: None,
    };
    let code = issue::issue(&app, &mut tx, wanted).await?;
    new.pictures.draw(&code)?;
    desk.done(tx, "code.create", Some(&code.merchant), code.id.as_str())
        .await?;
    Ok(view(&code))
}

impl Pictures {
    fn draw(&self, code: &PrintedCode) -> Result<(), CliError> {
        let symbol = Symbol::new(&code.text, Level::M)?;
        let quiet = QuietZone::default();
        if let Some(path) = &self.png {
            write(path, &png::render(&symbol, quiet, PIXELS)?)?;
        }
        if let Some(path) = &self.svg {
            write(path, svg::render(&symbol, quiet).as_bytes())?;
        }
        Ok(())
    }
}

fn view(code: &PrintedCode) -> Value {
    json!({
        "id": code.id,
        "merchant": code.merchant,
        "store": code.store,
        "counter": code.counter,
        "kind": code.kind,
        "class": code.class,
        "amount_minor": code.amount.map(Amount::minor),
        "currency": code.currency,
        "payment": code.payment,
        "state": code.state,
        "form": code.form(),
        "key_id": code.key_id,
        "expires_at": code.expires_at,
        "created_at": code.created_at,
        "text": code.text,
    })
}
