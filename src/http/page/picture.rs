//! Symbols inside pages.

use data_encoding::BASE64;

use crate::qr::png;
use crate::qr::symbol::{Level, QuietZone, Symbol};

/// Pixels a module: sharp on a phone without growing the page much.
const SCALE: u32 = 4;

/// A text as a picture for an `img`; empty where the text is too long for any symbol. Level L, so
/// that the modules of a long text stay large enough for another phone's camera.
pub(super) fn data_url(text: &str) -> String {
    let drawn = Symbol::new(text, Level::L)
        .and_then(|symbol| png::render(&symbol, QuietZone::default(), SCALE));
    drawn.map_or_else(
        |_| String::new(),
        |file| format!("data:image/png;base64,{}", BASE64.encode(&file)),
    )
}
