//! A code in EMV's form: what it says besides its run, and the accounts in other networks that may
//! stand beside ours.

use crate::app::App;
use crate::code::emv::{self, WriteError};
use crate::code::emv_form::{self, EmvFormError};
use crate::code::run::Body;
use crate::crypto::keys::SigningKey;
use crate::db::{self, Tx};
use crate::flow::FlowError;
use crate::flow::issue::NewCode;
use crate::id::{AdoptionId, MerchantId};
use crate::merchant::{NetworkAccount, emv_fields};
use crate::payment::adoption::Standing;

/// The text of a code with these accounts, and with those of adopted codes.
pub(super) async fn text(
    app: &App,
    tx: &mut Tx,
    new: &NewCode,
    (accounts, adopted): (&[NetworkAccount], &[AdoptionId]),
    (body, key): (&Body, &SigningKey),
) -> Result<String, FlowError> {
    let merchant = db::merchants::find(tx, &new.merchant)
        .await?
        .ok_or(FlowError::NotFound("merchant"))?;
    let mut accounts = accounts.to_vec();
    for id in adopted {
        accounts.extend(of_adopted(tx, &new.merchant, id).await?);
    }
    let amount = new.amount.filter(|_| new.payment.is_some());
    let fields = emv_fields(&merchant, new.currency, amount, &accounts)
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
    let payload = emv::parse(&adoption.text)
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
