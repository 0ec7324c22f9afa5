//! A part as PDF: sheets of A4, what plates have in common written once for all of them.

use super::face::{Pattern, has_strip};
use super::{PlateWish, list, words};
use crate::print::mark::{Piece, Um};
use crate::print::pdf::Book;
use crate::print::sheet::Grid;
use crate::print::{Blank, Fonts, PrintError};

pub(super) fn write(
    blanks: &[Blank],
    wish: &PlateWish,
    title: &str,
    fonts: &Fonts<'_>,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Vec<u8>, PrintError> {
    let first = blanks.first().ok_or(PrintError::Pieces)?;
    let pattern = Pattern::new(&first.text, wish, fonts, wish.claims)?;
    let size = (pattern.width, pattern.height);
    let grid = Grid::of(size.0, size.1);
    let each = usize::try_from(grid.count()).unwrap_or(1).max(1);
    let cuts = grid.cut_marks(size);
    let mut book = Book::open(fonts, title, wish.lang)?;
    for sheet in blanks.chunks(each) {
        let (mut places, mut pieces) = (Vec::new(), Vec::new());
        for (index, blank) in (0..).zip(sheet) {
            if is_stopped() {
                return Err(PrintError::Stopped);
            }
            let place = grid.place(index, size);
            places.push(place);
            pieces.extend(moved(pattern.own(blank, fonts)?, place));
        }
        pieces.push(cuts.clone());
        book.add_stamped(&grid.page(pieces), &pattern.fixed, &places)?;
    }
    if wish.claims && !has_strip(wish.template) {
        let words = words::words(wish, false);
        for page in list::pages(blanks, &words, title, fonts)? {
            book.add(&page)?;
        }
    }
    book.close()
}

fn moved(pieces: Vec<Piece>, (x, y): (Um, Um)) -> impl Iterator<Item = Piece> {
    pieces.into_iter().map(move |piece| Piece {
        x: piece.x + x,
        y: piece.y + y,
        ..piece
    })
}
