//! A code in EMV's form: what it says besides its run, and the accounts in other networks that may
//! stand beside ours.

use crate::app::App;
use crate::code::emv::{self, WriteError};
use crate::code::emv_form::{self, EmvFormError};
use crate::code::run::Body;
use crate::crypto::keys::SigningKey;
use crate::db::{self, Tx};
use crate::flow::FlowError;
use crate::id::{AdoptionId, MerchantId};
use crate::merchant::{NetworkAccount, emv_fields};
use crate::money::{Amount, Currency};
use crate::payment::adoption::Standing;

/// What a code says besides its run.
pub(super) struct Said<'a> {
    /// Who is paid.
    pub(super) merchant: &'a MerchantId,
    /// In what.
    pub(super) currency: Currency,
    /// How much, where the payment that it asks for says so.
    pub(super) amount: Option<Amount>,
    /// The merchant's accounts in other networks.
    pub(super) accounts: &'a [NetworkAccount],
    /// Codes that the merchant has adopted, whose accounts stand there as well.
    pub(super) adopted: &'a [AdoptionId],
}

/// The text of a code that says this.
pub(super) async fn text(
    app: &App,
    tx: &mut Tx,
    said: &Said<'_>,
    (body, key): (&Body, &SigningKey),
) -> Result<String, FlowError> {
    let merchant = db::merchants::find(tx, said.merchant)
        .await?
        .ok_or(FlowError::NotFound("merchant"))?;
    let mut accounts = said.accounts.to_vec();
    for id in said.adopted {
        accounts.extend(of_adopted(tx, said.merchant, id).await?);
    }
    let fields = emv_fields(&merchant, said.currency, said.amount, &accounts)
        .map_err(|why| FlowError::field("/network_accounts", "field-invalid", why))?;
    emv_form::issue(&app.origin, body, &fields, |message| key.sign(message)).map_err(refused)
}

/// The accounts of an EMV code that the merchant has proven to be its own.
async fn of_adopted(
    tx: &mut Tx,
    merchant: &MerchantId,
    id: &AdoptionId,
) -> Result<Vec<NetworkAccount>, FlowError> {
    let adoption = db::adoptions::find_of(tx, merchant, id)
        .await?
        .ok_or(FlowError::NotFound("adoption"))?;
    let refused = |why: &str| {
        let detail = format!("{id} {why}");
        FlowError::field("/adopted", "field-invalid", detail)
    };
    if !matches!(adoption.standing, Standing::Proven { .. }) {
        return Err(refused("is not proven"));
    }
    // In the letters of whoever issued it: a network's name is compared as it was printed.
    let payload = emv::parse(&adoption.said)
        .map_err(|_| refused("is no EMV code, so no accounts stand in it"))?;
    let accounts = payload.fields.merchant_accounts.into_iter();
    Ok(accounts.map(NetworkAccount::of).collect())
}

/// What the merchant can do about it is in the accounts, or in the amount.
fn refused(why: EmvFormError) -> FlowError {
    let pointer = match &why {
        EmvFormError::Host(_) => "/form",
        EmvFormError::Amount => "/amount_minor",
        EmvFormError::Write(WriteError::Refused(error))
            if error.object.as_deref() == Some("54") =>
        {
            "/amount_minor"
        }
        EmvFormError::NoRoom(..) | EmvFormError::Own(_) | EmvFormError::Write(_) => {
            "/network_accounts"
        }
    };
    FlowError::field(pointer, "field-invalid", why)
}
