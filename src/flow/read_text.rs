//! The text of a code as this server reads it: with its own address, its keys and its wallets.

use std::sync::LazyLock;

use crate::app::App;
use crate::code::adopt::{self, Adoptable, NotAdoptable};
use crate::code::native::Natives;
use crate::code::run::{self, Parsed};
use crate::code::{DecodeContext, SignatureVerdict, emv, emv_form};
use crate::crypto::jwk::KeyUse;
use crate::flow::FlowError;
use crate::wallet;
use crate::word::Mode;

static NATIVES: LazyLock<Natives> = LazyLock::new(natives);

/// The code in an address, or in EMV's form.
pub(super) fn parsed(app: &App, text: &str) -> Result<Parsed, FlowError> {
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

/// Whether a text that somebody else issued may be adopted, and what it is known by.
pub(super) fn adoptable(app: &App, text: &str) -> Result<Adoptable, NotAdoptable> {
    with_context(app, |context| {
        adopt::read(text, context, wallet::stands_for)
    })
}

/// Does what needs to know where it is done.
pub(super) fn with_context<T>(app: &App, decode: impl FnOnce(&DecodeContext<'_>) -> T) -> T {
    let verify = |parsed: &Parsed| judge(app, parsed);
    decode(&DecodeContext {
        natives: &NATIVES,
        own_origins: std::slice::from_ref(&app.origin),
        verify: &verify,
        allow_http: app.mode == Mode::Test,
    })
}

fn judge(app: &App, parsed: &Parsed) -> SignatureVerdict {
    let (Some(short), Some(signature)) = (parsed.run.body.key(), &parsed.run.signature) else {
        return SignatureVerdict::Absent;
    };
    let keys = app.keys.by_short_id(KeyUse::Code, short.0);
    if keys.is_empty() {
        return SignatureVerdict::UnknownKey;
    }
    let message = parsed.signed_bytes();
    if keys
        .iter()
        .any(|key| key.verify(&message, signature).is_ok())
    {
        SignatureVerdict::Valid
    } else {
        SignatureVerdict::Invalid
    }
}

#[expect(
    clippy::expect_used,
    reason = "constants that the wallets' own tests read"
)]
fn natives() -> Natives {
    wallet::natives().expect("the wallets' patterns are regular expressions")
}
