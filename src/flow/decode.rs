//! What is this code? About a text, and about the codes in a picture. Stores nothing.

use tokio::sync::Semaphore;

use crate::app::App;
use crate::clock::thread_time;
use crate::code::{self, DecodeAnswer, PictureAnswer};
use crate::flow::read_text::{parsed, with_context};
use crate::flow::{FlowError, keys};
use crate::qr::read::{self, Codes, PictureError};

/// Unpacked pictures are large; two at a time keep within 256 MiB.
static PICTURES: Semaphore = Semaphore::const_new(2);

/// About one text. A bad text is an answer, too.
pub async fn text(app: &App, text: &str) -> Result<DecodeAnswer, FlowError> {
    fetch_key(app, text).await?;
    Ok(with_context(app, |context| code::decode(text, context)))
}

/// Whether a text is what a payer shows: scanned in the wrong place, it is told and kept nowhere.
pub fn is_payers(app: &App, text: &str) -> bool {
    with_context(app, |context| code::is_payers(text, context))
}

/// Has the key on the ring that a code of ours names, though another instance made it just now.
async fn fetch_key(app: &App, text: &str) -> Result<(), FlowError> {
    let parsed = parsed(app, text);
    let ours = parsed.ok().filter(|parsed| parsed.origin == app.origin);
    if let Some(short) = ours.and_then(|parsed| parsed.run.body.key()) {
        keys::of_code(app, short.0).await?;
    }
    Ok(())
}

/// About every code in a picture.
pub async fn picture(app: &App, file: Vec<u8>) -> Result<PictureAnswer, FlowError> {
    let Codes { found, was_cut } = seen_in(file, read::codes).await?;
    for one in &found {
        fetch_key(app, &one.text).await?;
    }
    let found = found.into_iter().map(|found| (found.text, found.position));
    Ok(with_context(app, |context| {
        code::decode_all(found, was_cut, context)
    }))
}

/// How to read a picture: what is found in time, or all.
type Read<T> = fn(&[u8], &dyn Fn() -> bool) -> Result<T, PictureError>;

async fn seen_in<T: Send + 'static>(file: Vec<u8>, read: Read<T>) -> Result<T, FlowError> {
    let reading = in_turn(move || {
        let before = thread_time();
        read(&file, &|| {
            thread_time().saturating_sub(before) > read::CPU_MAX
        })
    });
    // A reader that panicked is answered like a file that is damaged.
    Ok(reading.await.unwrap_or(Err(PictureError::Broken))?)
}

/// Does the work on one picture when its turn comes; nothing where it panicked. The turn lasts as
/// long as the work, also where whoever asked hangs up meanwhile: asking and leaving brings nobody
/// more turns.
async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let turn = PICTURES.acquire().await;
    let working = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    working.await.ok()
}

/// The texts of all codes in a picture, for whoever looks for one of them: of a picture that was not
/// looked at whole nobody knows that it is the one.
pub(super) async fn texts(file: Vec<u8>) -> Result<Vec<String>, FlowError> {
    let found = seen_in(file, read::read_whole).await?;
    Ok(found.into_iter().map(|found| found.text).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_turn_lasts_as_long_as_its_work_whoever_hangs_up() {
        let all = PICTURES.available_permits();
        let mut ends = Vec::new();
        for _ in 0..all {
            let (end, is_over) = mpsc::channel::<()>();
            let asked = Box::pin(in_turn(move || is_over.recv().is_err()));
            // It begins, and its client is gone.
            assert!(asked.now_or_never().is_none());
            ends.push(end);
        }
        assert_eq!(PICTURES.available_permits(), 0);
        let mut next = Box::pin(in_turn(|| "read"));
        assert!(next.as_mut().now_or_never().is_none());

        drop(ends);
        assert_eq!(next.await, Some("read"));
        assert_eq!(in_turn(|| panic!("broken")).await, None::<()>);
        assert_eq!(in_turn(|| "read").await, Some("read"));
    }
}
