//! The proof before the print: our own reader must find the text in what was drawn.

use super::mark::{Item, Mark, Page, Piece, Place, Um};
use super::symbol::Drawing;
use super::{PrintError, Wish, png};
use crate::qr::read;

/// How wide a module of the proof is; one millimetre.
const MODULE: Um = 1_000;
/// Pixels a module: as a phone sees it close by, and from farther away.
const PIXELS: [u32; 2] = [8, 3];

/// Draws the symbol with its logo and colours and reads it back.
pub(super) fn read_back(drawing: &Drawing, wish: &Wish, text: &str) -> Result<(), PrintError> {
    let side = drawing.framed() * MODULE;
    let mut marks = vec![Mark::Area {
        place: Place {
            x: 0,
            y: 0,
            width: side,
            height: side,
        },
        radius: 0,
        colour: wish.paper,
    }];
    marks.extend(drawing.marks(MODULE, wish.ink));
    let page = Page::of(Item::of(Piece {
        x: 0,
        y: 0,
        width: side,
        height: side,
        turned: false,
        marks,
    }));
    // What leaves as black and white is judged as such, and in its colours as well: a file of vectors
    // has them.
    let mono = wish.template.style().mono;
    let ways = [false, true].into_iter().filter(|bits| mono || !bits);
    for (bits, pixels) in ways.flat_map(|bits| PIXELS.map(|pixels| (bits, pixels))) {
        let file = png::bare(&page, pixels, bits)?;
        // What is drawn here is small and is read at once; nobody need watch the time.
        let found = read::read(&file, &|| false).map_err(|_| PrintError::Unreadable)?;
        match found.as_slice() {
            [one] if one.text == text => {}
            [] | [_, ..] => return Err(PrintError::Unreadable),
        }
    }
    Ok(())
}
