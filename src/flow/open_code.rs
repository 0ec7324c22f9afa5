//! From a scanned text to what it stands for here: checked, found, and still payable.

use crate::app::{App, Opened};
use crate::code::run::{CodeKind, Parsed};
use crate::crypto::digest::sha256;
use crate::db::{self, Tx};
use crate::flow::read_text::{adoptable, parsed};
use crate::flow::{FlowError, keys};
use crate::merchant::plate::PlateState;
use crate::merchant::{CodeForm, CodeState, PrintedCode};

/// A text that may stand for something here.
#[derive(Debug, Clone)]
pub(super) enum Scanned {
    /// One of our own codes.
    Ours(Box<Parsed>),
    /// A code that another institution issued.
    Foreign {
        /// Whose.
        network: &'static str,
        /// SHA-256 of its one spelling.
        text_hash: [u8; 32],
    },
}

/// Reads a text and checks its signature; the database is asked at most for a key that is new.
pub(super) async fn read(app: &App, text: &str) -> Result<Scanned, FlowError> {
    let parsed = match parsed(app, text) {
        Ok(parsed) => parsed,
        Err(error @ FlowError::CodeMalformed(_)) => return foreign(app, text).ok_or(error),
        Err(error) => return Err(error),
    };
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
    Ok(Scanned::Ours(Box::new(parsed)))
}

/// Another institution's code that a merchant may have adopted.
fn foreign(app: &App, text: &str) -> Option<Scanned> {
    let found = adoptable(app, text).ok()?;
    Some(Scanned::Foreign {
        network: found.network,
        text_hash: sha256(found.canonical.as_bytes()),
    })
}

/// Finds what the text stands for, whether or not it is still payable.
pub(super) async fn find(tx: &mut Tx, scanned: &Scanned) -> Result<Opened, FlowError> {
    match scanned {
        Scanned::Ours(parsed) if parsed.run.body.kind() == CodeKind::Plate => {
            let code = db::codes::by_plate(tx, parsed.run.body.random()).await?;
            as_bound(tx, parsed, code).await
        }
        Scanned::Ours(parsed) => {
            let code = db::codes::by_random(tx, parsed.run.body.random()).await?;
            as_issued(tx, parsed, code).await
        }
        Scanned::Foreign { network, text_hash } => {
            let code = db::codes::by_foreign(tx, network, text_hash).await?;
            as_adopted(tx, code).await
        }
    }
}

/// As [`find`], holding the code against being suspended or revoked until the transaction ends.
pub(super) async fn hold(tx: &mut Tx, scanned: &Scanned) -> Result<Opened, FlowError> {
    match scanned {
        Scanned::Ours(parsed) if parsed.run.body.kind() == CodeKind::Plate => {
            let random = parsed.run.body.random();
            let mut code = db::codes::hold_by_plate(tx, random).await?;
            if code.as_ref().is_some_and(is_over) {
                // Whoever moved the plate meanwhile was waited for: it hangs elsewhere now.
                code = db::codes::hold_by_plate(tx, random).await?;
            }
            as_bound(tx, parsed, code).await
        }
        Scanned::Ours(parsed) => {
            let code = db::codes::hold_by_random(tx, parsed.run.body.random()).await?;
            as_issued(tx, parsed, code).await
        }
        Scanned::Foreign { network, text_hash } => {
            let code = db::codes::hold_by_foreign(tx, network, text_hash).await?;
            as_adopted(tx, code).await
        }
    }
}

/// The code of ours behind an adopted one. Who lets go of that ends this one with it, so a start
/// that waited meanwhile finds an end and no code.
async fn as_adopted(tx: &mut Tx, code: Option<PrintedCode>) -> Result<Opened, FlowError> {
    let adopted = code.filter(|code| !is_over(code));
    open(tx, adopted.ok_or(FlowError::NotAdopted)?).await
}

/// The code of ours behind a plate, while a shop is paid by it.
async fn as_bound(
    tx: &mut Tx,
    parsed: &Parsed,
    code: Option<PrintedCode>,
) -> Result<Opened, FlowError> {
    let body = &parsed.run.body;
    let plate = db::plates::by_random(tx, body.random()).await?;
    let plate = plate.ok_or(FlowError::NotFound("code"))?;
    // Plates are never printed without a signature.
    if body.is_compact() {
        return Err(FlowError::CodeSignatureInvalid);
    }
    let (state, short_id) = (plate.state(), plate.short_id);
    match code.filter(|code| !is_over(code)) {
        Some(code) => Ok(Opened {
            plate: Some(short_id),
            ..open(tx, code).await?
        }),
        None if state == PlateState::Void => Err(FlowError::PlateVoid { short_id }),
        None => Err(FlowError::PlateUnbound { short_id }),
    }
}

fn is_over(code: &PrintedCode) -> bool {
    code.state == CodeState::Revoked
}

async fn as_issued(
    tx: &mut Tx,
    parsed: &Parsed,
    code: Option<PrintedCode>,
) -> Result<Opened, FlowError> {
    let body = &parsed.run.body;
    let code = code.ok_or(FlowError::NotFound("code"))?;
    // A signed code that was stripped of its signature, a run put together by hand around an id that
    // exists, or one that was written in the other form is not what we issued.
    let form = if parsed.is_emv() {
        CodeForm::Emv
    } else {
        CodeForm::Url
    };
    let is_as_issued = code.kind == body.kind()
        && code.form() == form
        && code.key_id.is_none() == body.is_compact()
        && (code.amount == body.amount() || code.kind != CodeKind::Fixed);
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
        plate: None,
    })
}
