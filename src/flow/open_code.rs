//! From a scanned text to what it stands for here: checked, found, and still payable.

use crate::app::{App, Opened};
use crate::code::run::{self, Parsed};
use crate::code::{emv, emv_form};
use crate::db::{self, Tx};
use crate::flow::{FlowError, keys};
use crate::merchant::PrintedCode;
use crate::word::Mode;

/// Reads a text and checks its signature; the database is asked at most for a key that is new.
pub(super) async fn read(app: &App, text: &str) -> Result<Parsed, FlowError> {
    let parsed = in_either_form(app, text)?;
    // Genuine elsewhere, perhaps; here it does not exist.
    if parsed.origin != app.origin {
        return Err(FlowError::NotFound("code"));
    }
    let body = &parsed.run.body;
    if let (Some(short), Some(signature)) = (body.key(), &parsed.run.signature) {
        let message = parsed.signed_bytes();
        let holds = keys::of_code(app, short.0)
            .await?
            .iter()
            .any(|key| key.verify(&message, signature).is_ok());
        if !holds {
            return Err(FlowError::CodeSignatureInvalid);
        }
    }
    Ok(parsed)
}

/// The code in an address, or in EMV's form.
fn in_either_form(app: &App, text: &str) -> Result<Parsed, FlowError> {
    let in_test = app.mode == Mode::Test;
    let own = std::slice::from_ref(&app.origin);
    let payload = emv::parse(text).ok();
    let claim = payload.and_then(|p| emv_form::claimed(text, &p, own, in_test));
    match claim {
        Some(claim) if claim.whole => Ok(claim.parsed),
        Some(_) => Err(FlowError::CodeSignatureInvalid),
        None => Ok(run::parse(text, in_test)?),
    }
}

/// Finds what the text stands for, whether or not it is still payable.
pub(super) async fn find(tx: &mut Tx, parsed: &Parsed) -> Result<Opened, FlowError> {
    let code = db::codes::by_random(tx, parsed.run.body.random()).await?;
    as_issued(tx, parsed, code).await
}

/// As [`find`], holding the code against being suspended or revoked until the transaction ends.
pub(super) async fn hold(tx: &mut Tx, parsed: &Parsed) -> Result<Opened, FlowError> {
    let code = db::codes::hold_by_random(tx, parsed.run.body.random()).await?;
    as_issued(tx, parsed, code).await
}

async fn as_issued(
    tx: &mut Tx,
    parsed: &Parsed,
    code: Option<PrintedCode>,
) -> Result<Opened, FlowError> {
    let body = &parsed.run.body;
    let code = code.ok_or(FlowError::NotFound("code"))?;
    // A signed code that was stripped of its signature, or a run put together by hand around an id
    // that exists, is not what we issued.
    let is_as_issued = code.kind == body.kind()
        && code.key_id.is_none() == body.is_compact()
        && (code.amount == body.amount() || code.kind != crate::code::run::CodeKind::Fixed);
    if !is_as_issued {
        return Err(FlowError::CodeSignatureInvalid);
    }
    open(tx, code).await
}

/// Everything around a code that is known to be ours.
pub(super) async fn open(tx: &mut Tx, code: PrintedCode) -> Result<Opened, FlowError> {
    let missing = || FlowError::NotFound("code");
    let merchant = db::merchants::find(tx, &code.merchant)
        .await?
        .ok_or_else(missing)?;
    let store = db::stores::find(tx, &code.merchant, &code.store)
        .await?
        .ok_or_else(missing)?;
    let counter = match &code.counter {
        Some(id) => db::counters::find(tx, &code.merchant, id).await?,
        None => None,
    };
    let payment = match &code.payment {
        Some(id) => db::payments::find(tx, id).await?,
        None => None,
    };
    Ok(Opened {
        code,
        merchant,
        store,
        counter,
        payment,
    })
}
