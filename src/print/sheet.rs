//! Many pieces on sheets of A4, side by side, with marks for whoever cuts them.

use super::colour::Rgb;
use super::mark::{Item, Mark, Page, Piece, Um};

/// How long a cut mark's arm is.
const ARM: Um = 2_000;
const HAIR: Um = 100;
/// Seen by whoever cuts, and no ornament where a cut misses it.
pub(super) const GREY: Rgb = Rgb(0x55, 0x55, 0x55);

/// A sheet's sides, and how many pieces stand beside and below each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) width: Um,
    pub(super) height: Um,
    pub(super) columns: Um,
    pub(super) rows: Um,
}

impl Grid {
    /// The way of laying A4 that holds most pieces of this size; upright where both hold as many.
    pub(super) fn of(width: Um, height: Um) -> Self {
        let laid = |across: Um, down: Um| Self {
            width: across,
            height: down,
            columns: across / width.max(1),
            rows: down / height.max(1),
        };
        let (upright, across) = (laid(210_000, 297_000), laid(297_000, 210_000));
        if across.count() > upright.count() {
            across
        } else {
            upright
        }
    }

    pub(super) const fn count(self) -> Um {
        self.columns * self.rows
    }

    /// The items on as many sheets as they need.
    pub(super) fn sheets(self, items: &[Item]) -> Vec<Page> {
        let each = usize::try_from(self.count()).unwrap_or(1).max(1);
        items.chunks(each).map(|some| self.sheet(some)).collect()
    }

    fn sheet(self, items: &[Item]) -> Page {
        let paper = items.first().map(|item| (item.width, item.height));
        let size = paper.unwrap_or_default();
        let mut pieces = Vec::new();
        for (index, item) in (0..).zip(items) {
            let (x, y) = self.place(index, size);
            pieces.extend(item.pieces.iter().map(|piece| Piece {
                x: x + piece.x,
                y: y + piece.y,
                ..piece.clone()
            }));
        }
        pieces.push(self.cut_marks(size));
        self.page(pieces)
    }

    /// A sheet with these on it.
    pub(super) const fn page(self, pieces: Vec<Piece>) -> Page {
        Page {
            width: self.width,
            height: self.height,
            pieces,
        }
    }

    /// The upper left corner of the piece that is cut out as number `index`, from 0.
    pub(super) const fn place(self, index: Um, (width, height): (Um, Um)) -> (Um, Um) {
        let (left, top) = self.corner((width, height));
        (
            left + index % self.columns * width,
            top + index / self.columns * height,
        )
    }

    /// Where the pieces begin that stand in the middle of the sheet.
    const fn corner(self, (width, height): (Um, Um)) -> (Um, Um) {
        (
            (self.width - self.columns * width) / 2,
            (self.height - self.rows * height) / 2,
        )
    }

    /// A small cross at every corner of every piece; what lies outside the paper is left out by it.
    pub(super) fn cut_marks(self, (width, height): (Um, Um)) -> Piece {
        let (left, top) = self.corner((width, height));
        let mut marks = Vec::new();
        for column in 0..=self.columns {
            for row in 0..=self.rows {
                let (x, y) = (left + column * width, top + row * height);
                for ends in [[(x - ARM, y), (x + ARM, y)], [(x, y - ARM), (x, y + ARM)]] {
                    marks.push(Mark::Line {
                        ends,
                        line: HAIR,
                        dashed: false,
                        colour: GREY,
                    });
                }
            }
        }
        Piece {
            x: 0,
            y: 0,
            width: self.width,
            height: self.height,
            turned: false,
            marks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_holds_as_many_as_there_is_room_for() {
        for ((width, height), count) in [
            ((105_000, 148_000), 4),
            ((148_000, 210_000), 2),
            ((210_000, 297_000), 1),
            ((60_000, 60_000), 12),
            ((80_000, 80_000), 6),
            ((105_000, 297_000), 2),
        ] {
            assert_eq!(Grid::of(width, height).count(), count, "{width} x {height}");
        }
    }

    #[test]
    fn pieces_lie_side_by_side_and_on_the_paper() {
        let piece = Piece {
            x: 0,
            y: 0,
            width: 60_000,
            height: 60_000,
            turned: false,
            marks: Vec::new(),
        };
        let item = Item::of(piece);
        let sheets = Grid::of(60_000, 60_000).sheets(&vec![item; 13]);
        assert_eq!(sheets.len(), 2);
        let first = sheets.first().unwrap();
        let mut places: Vec<_> = first
            .pieces
            .iter()
            .map(|piece| (piece.x, piece.y))
            .collect();
        places.pop();
        places.dedup();
        assert_eq!(places.len(), 12);
        assert!(places.iter().all(|(x, y)| *x >= 0
            && *y >= 0
            && x + 60_000 <= first.width
            && y + 60_000 <= first.height));
        assert_eq!(sheets.last().unwrap().pieces.len(), 2);
    }
}
