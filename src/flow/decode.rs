//! What is this code? About a text, and about the codes in a picture. Stores nothing.

use std::sync::LazyLock;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::app::App;
use crate::code::native::Natives;
use crate::code::run::Parsed;
use crate::code::{self, DecodeAnswer, DecodeContext, PictureAnswer, SignatureVerdict};
use crate::crypto::jwk::KeyUse;
use crate::flow::FlowError;
use crate::qr::read::{self, PictureError};
use crate::wallet;
use crate::word::Mode;

/// Longer than any sharp picture takes; a camera sends the next frame soon.
const PICTURE_TIME: Duration = Duration::from_millis(300);

/// Unpacked pictures are large; two at a time keep within 256 MiB.
static PICTURES: Semaphore = Semaphore::const_new(2);

static NATIVES: LazyLock<Natives> = LazyLock::new(natives);

/// About one text. A bad text is an answer, too.
pub fn text(app: &App, text: &str) -> DecodeAnswer {
    with_context(app, |context| code::decode(text, context))
}

/// About every code in a picture.
pub async fn picture(app: &App, file: Vec<u8>) -> Result<PictureAnswer, FlowError> {
    let permit = PICTURES.acquire().await;
    let clock = app.clock.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let began = clock.now();
        read::read(&file, &|| clock.now().since(began) > PICTURE_TIME)
    });
    // A reader that panicked is answered like a file that is damaged.
    let found = reading.await.unwrap_or(Err(PictureError::Broken))?;
    drop(permit);
    let found = found.into_iter().map(|found| (found.text, found.position));
    Ok(with_context(app, |context| {
        code::decode_all(found, context)
    }))
}

fn with_context<T>(app: &App, decode: impl FnOnce(&DecodeContext<'_>) -> T) -> T {
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
