//! The cashier checks what a payer shows.

use serde::Serialize;

use crate::app::App;
use crate::clock::Timestamp;
use crate::crypto::jwk::KeyUse;
use crate::crypto::jws;
use crate::db::{self, Tx};
use crate::flow::{FlowError, keys};
use crate::id::{MerchantId, PaymentId, ReceiptId, StoreId};
use crate::payment::receipt::{Receipt, ReceiptClaims, ReceiptVerdict, TYP};

/// What the payer shows.
#[derive(Debug, Clone)]
pub enum Presented {
    /// The signed receipt, scanned or pasted.
    Token(String),
    /// Its six digits.
    Number(String),
}

/// What the cashier is told; facts only about the merchant's own receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Checked {
    /// The verdict.
    pub verdict: ReceiptVerdict,
    /// What was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentId>,
    /// Minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// ISO 4217 letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// The six digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// When the payment was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When the receipt was shown first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_shown_at: Option<Timestamp>,
    /// Where it was shown first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_shown_where: Option<String>,
}

/// Checks a receipt; the first check of a genuine one is one guarded update, so of all that race
/// exactly one is told `genuine`.
pub async fn verify(
    app: &App,
    merchant: &MerchantId,
    store: Option<&StoreId>,
    shown_where: &str,
    presented: Presented,
) -> Result<Checked, FlowError> {
    // A signature is checked before anything is begun: its key may have to be fetched.
    let found = match presented {
        Presented::Token(text) => match signed_by_us(app, text.trim()).await? {
            Some(id) => Shown::Signed(id),
            None => return Ok(Checked::bare(ReceiptVerdict::Forged)),
        },
        Presented::Number(number) => Shown::Number(number),
    };
    let mut tx = app.db.begin().await?;
    let found = match found {
        Shown::Signed(id) => by_id(&mut tx, merchant, &id).await?,
        Shown::Number(number) => by_number(&mut tx, merchant, store, &number).await?,
    };
    let checked = match found {
        Found::Not(verdict) => Checked::bare(verdict),
        Found::Receipt(receipt) => check(&mut tx, merchant, store, shown_where, &receipt).await?,
    };
    tx.commit().await?;
    Ok(checked)
}

/// What was shown, as far as it can be read without the database.
enum Shown {
    Signed(ReceiptId),
    Number(String),
}

enum Found {
    Receipt(Box<Receipt>),
    Not(ReceiptVerdict),
}

/// The receipt that a text is, if we signed it.
async fn signed_by_us(app: &App, text: &str) -> Result<Option<ReceiptId>, FlowError> {
    let Ok(unverified) = jws::parse(text, TYP) else {
        return Ok(None);
    };
    let Some(key) = keys::public(app, KeyUse::Receipt, unverified.kid()).await? else {
        return Ok(None);
    };
    let ours = app.origin.to_string();
    let claims = unverified.verify::<ReceiptClaims>(&key).ok();
    let claims = claims.map(|verified| verified.claims);
    Ok(claims
        .filter(|claims| claims.iss == ours)
        .map(|claims| claims.jti))
}

async fn by_id(tx: &mut Tx, merchant: &MerchantId, id: &ReceiptId) -> Result<Found, FlowError> {
    // Signed by us but not this merchant's: of another shop, and nothing more is said about it.
    Ok(db::receipts::find(tx, merchant, id)
        .await?
        .map_or(Found::Not(ReceiptVerdict::OtherStore), |found| {
            Found::Receipt(Box::new(found))
        }))
}

async fn by_number(
    tx: &mut Tx,
    merchant: &MerchantId,
    store: Option<&StoreId>,
    number: &str,
) -> Result<Found, FlowError> {
    let number = number.trim();
    if number.len() != 6 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FlowError::field(
            "/number",
            "number-invalid",
            "must be six digits",
        ));
    }
    let zone = db::merchants::find(tx, merchant)
        .await?
        .map(|found| found.time_zone);
    let zone = zone.as_ref().map_or("UTC", |zone| zone.as_str());
    // A receipt of a minute before midnight is looked for under the day before.
    let now = tx.now();
    let days = [
        now.day_in(zone),
        now.minus(crate::payment::receipt::LIFETIME).day_in(zone),
    ];
    for day in days {
        let mut found = db::receipts::by_number(tx, merchant, number, &day, store).await?;
        if store.is_none() && found.len() > 1 {
            let detail = "two stores have this number today; name the one where it is shown";
            return Err(FlowError::field("/store", "store-required", detail));
        }
        if !found.is_empty() {
            return Ok(Found::Receipt(Box::new(found.swap_remove(0))));
        }
    }
    Ok(Found::Not(ReceiptVerdict::Forged))
}

async fn check(
    tx: &mut Tx,
    merchant: &MerchantId,
    store: Option<&StoreId>,
    shown_where: &str,
    receipt: &Receipt,
) -> Result<Checked, FlowError> {
    let verdict = if store.is_some_and(|store| *store != receipt.store) {
        ReceiptVerdict::OtherStore
    } else if db::receipts::show(tx, &receipt.id, shown_where).await? {
        ReceiptVerdict::Genuine
    } else if tx.now() >= receipt.expires_at {
        ReceiptVerdict::TooOld
    } else {
        ReceiptVerdict::AlreadyShown
    };
    let payment = db::payments::find_of(tx, merchant, &receipt.payment).await?;
    // Whoever was faster has written when and where.
    let first = match verdict {
        ReceiptVerdict::AlreadyShown => db::receipts::find(tx, merchant, &receipt.id).await?,
        ReceiptVerdict::Genuine
        | ReceiptVerdict::OtherStore
        | ReceiptVerdict::TooOld
        | ReceiptVerdict::Forged => None,
    };
    Ok(Checked {
        verdict,
        amount_minor: payment.as_ref().map(|payment| payment.amount.minor()),
        currency: payment
            .as_ref()
            .map(|payment| payment.amount.currency().code().to_owned()),
        paid_at: payment.as_ref().and_then(|payment| payment.state.paid_at()),
        payment: payment.map(|payment| payment.id),
        number: Some(receipt.number.clone()),
        first_shown_at: first.as_ref().and_then(|first| first.shown_at),
        first_shown_where: first.and_then(|first| first.shown_where),
    })
}

impl Checked {
    fn bare(verdict: ReceiptVerdict) -> Self {
        Self {
            verdict,
            payment: None,
            amount_minor: None,
            currency: None,
            number: None,
            paid_at: None,
            first_shown_at: None,
            first_shown_where: None,
        }
    }
}
