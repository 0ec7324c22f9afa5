//! The form's token: proof that the form is ours and fresh, and the payer's number for one payment,
//! so that a double tap starts one attempt.

use std::time::Duration;

use crate::app::App;
use crate::clock::Timestamp;
use crate::crypto::digest::hex;
use crate::crypto::sealing::Purpose;

/// A page that lay open longer is opened again first.
const LIFETIME: Duration = Duration::from_hours(1);

/// A token for the form of one code, made now; another instance may get the form.
pub(super) fn seal(app: &App, run: &str, now: Timestamp) -> Option<String> {
    let chance: [u8; 16] = app.entropy.bytes();
    let made = now.millis().to_be_bytes();
    let plain = [chance.as_slice(), made.as_slice()].concat();
    let entropy = app.entropy.as_ref();
    let sealed = app
        .sealer
        .seal_text(Purpose::Form, run.as_bytes(), &plain, entropy);
    sealed.ok()
}

/// The payer's number inside a token of ours for this code; nothing if it is not, or too old.
pub(super) fn open(app: &App, run: &str, token: &str, now: Timestamp) -> Option<String> {
    let plain = app
        .sealer
        .open_text(Purpose::Form, run.as_bytes(), token)
        .ok()?;
    let (chance, made) = plain.split_first_chunk::<16>()?;
    let made = Timestamp::from_millis(i64::from_be_bytes(made.try_into().ok()?));
    let is_fresh = now.since(made) <= LIFETIME;
    is_fresh.then(|| format!("page-{}", hex(chance)))
}
