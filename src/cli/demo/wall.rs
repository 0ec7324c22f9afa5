//! The code on the wall: drawn, written, and read back from its picture.

use std::path::PathBuf;

use super::folder::Folder;
use crate::qr::read::{self, PictureError};
use crate::qr::symbol::{Level, QuietZone, Symbol, SymbolError};
use crate::qr::{png, svg};

/// The pictures, and the text that a camera gets out of them.
pub(super) struct Wall {
    pub(super) png: PathBuf,
    pub(super) svg: PathBuf,
    /// As read from the PNG.
    pub(super) text: String,
}

/// Why the picture is of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum WallError {
    /// It cannot be drawn.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// It cannot be written.
    #[error("the picture cannot be written: {0}")]
    File(#[from] std::io::Error),
    /// It cannot be read.
    #[error("the picture cannot be read: {0}")]
    Picture(#[from] PictureError),
    /// It says something else.
    #[error("the picture does not hold the one code that was drawn")]
    Other,
}

/// Pixels a module: fills a phone's camera from half a metre when printed.
const SCALE: u32 = 10;

/// Draws, writes, reads back and compares.
pub(super) fn hang(folder: &Folder, text: &str) -> Result<Wall, WallError> {
    let symbol = Symbol::new(text, Level::M)?;
    let picture = png::render(&symbol, QuietZone::default(), SCALE)?;
    let svg = folder.write(
        "code.svg",
        svg::render(&symbol, QuietZone::default()).as_bytes(),
    )?;
    let png = folder.write("code.png", &picture)?;
    let found = read::read(&std::fs::read(&png)?, &|| false)?;
    match found.as_slice() {
        [one] if one.text == text => Ok(Wall {
            png,
            svg,
            text: one.text.clone(),
        }),
        _ => Err(WallError::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn what_hangs_on_the_wall_is_what_a_camera_reads() {
        let folder = Folder::open(None, &SystemEntropy::new()).unwrap();
        let text = format!("HTTPS://PAY.EXAMPLE/Q/{}", "A2".repeat(68));
        assert_eq!(hang(&folder, &text).unwrap().text, text);
    }
}
