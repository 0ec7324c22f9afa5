//! Is this our sign? Staff scan what hangs on the wall, because somebody may have stuck another over
//! it. Stores nothing.

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{App, Opened};
use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::flow::{FlowError, decode, open_code, resolve};
use crate::id::{CodeId, CounterId, MerchantId, StoreId};
use crate::merchant::CodeState;
use crate::merchant::plate::ShortId;
use crate::word::words;

words! {
    /// What staff are told about a sign.
    SignVerdict {
        /// Ours, genuine, in use, and where it belongs.
        Ours = "ours",
        /// Ours and genuine, but of another store or till.
        Elsewhere = "elsewhere",
        /// Ours and genuine, but nobody can pay it any more.
        Stopped = "stopped",
        /// A genuine plate that no shop is paid by yet: bind it.
        Unbound = "unbound",
        /// Genuine, but somebody else's: take it down.
        Strangers = "strangers",
        /// Looks as if it was issued here, and was not: take it down.
        Forged = "forged",
        /// No sign: what a payer shows to be charged.
        PayerCode = "payer-code",
        /// No code of this server.
        Foreign = "foreign",
    }
}

/// What staff are told; facts only about the merchant's own signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckedSign {
    /// The verdict.
    pub verdict: SignVerdict,
    /// Which code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeId>,
    /// In which store it belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
    /// At which till.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counter: Option<CounterId>,
    /// Whether it may be paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<CodeState>,
    /// Since when it belongs there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When somebody paid by it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_paid_at: Option<Timestamp>,
}

impl CheckedSign {
    const fn only(verdict: SignVerdict) -> Self {
        Self {
            verdict,
            code: None,
            store: None,
            counter: None,
            state: None,
            since: None,
            last_paid_at: None,
        }
    }
}

/// Looks at a sign that is said to hang in this store, at this till.
pub async fn check(
    app: &App,
    merchant: &MerchantId,
    place: (Option<&StoreId>, Option<&CounterId>),
    text: &str,
) -> Result<CheckedSign, FlowError> {
    let scanned = match open_code::read(app, text).await {
        Ok(scanned) => scanned,
        Err(FlowError::CodeMalformed(_)) if decode::is_payers(app, text) => {
            return Ok(CheckedSign::only(SignVerdict::PayerCode));
        }
        Err(FlowError::CodeMalformed(_) | FlowError::NotFound(_)) => {
            return Ok(CheckedSign::only(SignVerdict::Foreign));
        }
        Err(FlowError::CodeSignatureInvalid) => {
            return Ok(CheckedSign::only(SignVerdict::Forged));
        }
        Err(error) => return Err(error),
    };
    let mut tx = app.db.read().await?;
    let opened = match open_code::find(&mut tx, &scanned).await {
        Ok(opened) => opened,
        // Another institution's, which nobody here has adopted.
        Err(FlowError::NotAdopted) => return Ok(CheckedSign::only(SignVerdict::Foreign)),
        Err(FlowError::NotFound(_) | FlowError::CodeSignatureInvalid) => {
            return Ok(CheckedSign::only(SignVerdict::Forged));
        }
        Err(FlowError::PlateUnbound { short_id }) => {
            let verdict = of_plate(&mut tx, merchant, &short_id, SignVerdict::Unbound).await?;
            return Ok(CheckedSign::only(verdict));
        }
        Err(FlowError::PlateVoid { short_id }) => {
            let verdict = of_plate(&mut tx, merchant, &short_id, SignVerdict::Stopped).await?;
            return Ok(CheckedSign::only(verdict));
        }
        Err(error) => return Err(error),
    };
    if opened.code.merchant != *merchant {
        return Ok(CheckedSign::only(SignVerdict::Strangers));
    }
    let verdict = match resolve::payable(tx.now(), &opened) {
        Ok(()) => by_place(&opened, place),
        Err(FlowError::CodeStopped(_) | FlowError::State { .. }) => SignVerdict::Stopped,
        Err(error) => return Err(error),
    };
    let last_paid_at = db::payments::last_paid(&mut tx, &opened.code.id).await?;
    tx.commit().await?;
    let code = opened.code;
    Ok(CheckedSign {
        verdict,
        code: Some(code.id),
        store: Some(code.store),
        counter: code.counter,
        state: Some(code.state),
        since: Some(code.created_at),
        last_paid_at,
    })
}

/// The verdict on a plate that no shop is paid by: one of another merchant's batch is a stranger's, and
/// nobody here can bind it.
async fn of_plate(
    tx: &mut Tx,
    merchant: &MerchantId,
    short_id: &ShortId,
    verdict: SignVerdict,
) -> Result<SignVerdict, FlowError> {
    let Some(plate) = db::plates::by_short_id(tx, short_id).await? else {
        return Ok(SignVerdict::Forged);
    };
    let batch = db::plate_batches::find(tx, &plate.batch).await?;
    let owner = batch.and_then(|batch| batch.merchant);
    Ok(match owner {
        Some(owner) if owner != *merchant => SignVerdict::Strangers,
        Some(_) | None => verdict,
    })
}

/// What the one code in a picture of a sign says. Of two nobody knows which was meant.
pub async fn text_in(file: Vec<u8>) -> Result<String, FlowError> {
    let mut texts = decode::texts(file).await?;
    texts.sort();
    texts.dedup();
    match (texts.pop(), texts.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(FlowError::PictureAmbiguous),
        (None, _) => Err(FlowError::NotFound("code in the picture")),
    }
}

/// A sign for a whole store hangs right at each of its tills.
fn by_place(
    opened: &Opened,
    (store, counter): (Option<&StoreId>, Option<&CounterId>),
) -> SignVerdict {
    let code = &opened.code;
    let is_store = store.is_none_or(|store| *store == code.store);
    let is_counter = match (counter, &code.counter) {
        (Some(here), Some(bound)) => here == bound,
        (_, None) | (None, _) => true,
    };
    if is_store && is_counter {
        SignVerdict::Ours
    } else {
        SignVerdict::Elsewhere
    }
}
