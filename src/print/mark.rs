//! What a page is made of: a handful of shapes at whole micrometres, from the top left corner.

use std::sync::Arc;

use super::colour::Rgb;
use super::face::{Glyph, Step, Weight};
use super::logo::Logo;
use super::symbol::Modules;

/// Micrometres: fine enough for any printer, and whole, so that nothing drifts.
pub type Um = i64;

/// One side of a sheet of paper.
#[derive(Debug, Clone)]
pub struct Page {
    /// How wide it is.
    pub width: Um,
    /// How high it is.
    pub height: Um,
    /// What stands on it.
    pub pieces: Vec<Piece>,
}

/// Shapes that belong together, with their place on the page.
#[derive(Debug, Clone)]
pub struct Piece {
    /// Where its left edge is.
    pub x: Um,
    /// Where its upper edge is.
    pub y: Um,
    /// How wide it is.
    pub width: Um,
    /// How high it is.
    pub height: Um,
    /// Upside down, for the far side of something that is folded.
    pub turned: bool,
    /// The shapes, the lowest first.
    pub marks: Vec<Mark>,
}

/// One shape.
#[derive(Debug, Clone)]
pub enum Mark {
    /// A filled area.
    Area {
        /// Where.
        place: Place,
        /// How round its corners are.
        radius: Um,
        /// Its colour.
        colour: Rgb,
    },
    /// The edge of an area; the line lies inside.
    Frame {
        /// Where.
        place: Place,
        /// How round its corners are.
        radius: Um,
        /// How thick the line is.
        line: Um,
        /// Its colour.
        colour: Rgb,
    },
    /// A straight line.
    Line {
        /// From where, to where.
        ends: [(Um, Um); 2],
        /// How thick.
        line: Um,
        /// Where paper is folded, and not cut.
        dashed: bool,
        /// Its colour.
        colour: Rgb,
    },
    /// The dark squares of a QR code.
    Symbol {
        /// The left edge of the first module.
        x: Um,
        /// Its upper edge.
        y: Um,
        /// A module's side.
        module: Um,
        /// Which are dark.
        modules: Arc<Modules>,
        /// Their colour.
        colour: Rgb,
    },
    /// One line of text.
    Text(Text),
    /// The merchant's own picture.
    Picture {
        /// Where.
        place: Place,
        /// What.
        logo: Arc<Logo>,
    },
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The left edge.
    pub x: Um,
    /// The upper edge.
    pub y: Um,
    /// How wide.
    pub width: Um,
    /// How high.
    pub height: Um,
}

/// Control points of a quarter of a circle, in thousandths of its radius.
const ROUND: Um = 552;

impl Place {
    /// Where the middle of a line runs that lies along the edge, inside.
    pub(super) const fn inside(self, line: Um) -> Self {
        Self {
            x: self.x + line / 2,
            y: self.y + line / 2,
            width: self.width - line,
            height: self.height - line,
        }
    }

    /// Its edge from the upper left, round at the corners; no rounder than it is long.
    pub(super) fn outline(self, radius: Um) -> Vec<Step> {
        let (left, top) = (self.x, self.y);
        let (right, bottom) = (left + self.width, top + self.height);
        let r = radius.min(self.width / 2).min(self.height / 2);
        if r <= 0 {
            return vec![
                Step::Move((left, top)),
                Step::Line((right, top)),
                Step::Line((right, bottom)),
                Step::Line((left, bottom)),
                Step::Close,
            ];
        }
        let bend = r - r * ROUND / 1_000;
        vec![
            Step::Move((left + r, top)),
            Step::Line((right - r, top)),
            Step::Cubic([(right - bend, top), (right, top + bend), (right, top + r)]),
            Step::Line((right, bottom - r)),
            Step::Cubic([
                (right, bottom - bend),
                (right - bend, bottom),
                (right - r, bottom),
            ]),
            Step::Line((left + r, bottom)),
            Step::Cubic([
                (left + bend, bottom),
                (left, bottom - bend),
                (left, bottom - r),
            ]),
            Step::Line((left, top + r)),
            Step::Cubic([(left, top + bend), (left + bend, top), (left + r, top)]),
            Step::Close,
        ]
    }
}

/// One line of text.
#[derive(Debug, Clone)]
pub struct Text {
    /// Where it begins.
    pub x: Um,
    /// Where its letters stand.
    pub baseline: Um,
    /// The side of a Chinese character.
    pub size: Um,
    /// How wide the line is.
    pub width: Um,
    /// How thick its strokes are.
    pub weight: Weight,
    /// Its colour.
    pub colour: Rgb,
    /// What it says.
    pub says: String,
    /// How it is drawn; empty where whoever draws it chooses the font.
    pub glyphs: Vec<Glyph>,
}

/// What is cut out of a sheet in one piece.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) width: Um,
    pub(super) height: Um,
    pub(super) pieces: Vec<Piece>,
}

impl Page {
    /// A page as large as what is on it.
    pub(super) fn of(item: Item) -> Self {
        Self {
            width: item.width,
            height: item.height,
            pieces: item.pieces,
        }
    }
}

impl Item {
    /// One that has one side.
    pub(super) fn of(piece: Piece) -> Self {
        Self {
            width: piece.width,
            height: piece.height,
            pieces: vec![piece],
        }
    }
}

impl Mark {
    /// The same somewhere else.
    pub(super) fn moved(mut self, right: Um, down: Um) -> Self {
        match &mut self {
            Self::Area { place, .. } | Self::Frame { place, .. } | Self::Picture { place, .. } => {
                place.x += right;
                place.y += down;
            }
            Self::Line { ends, .. } => {
                for (x, y) in ends {
                    *x += right;
                    *y += down;
                }
            }
            Self::Symbol { x, y, .. } => {
                *x += right;
                *y += down;
            }
            Self::Text(text) => {
                text.x += right;
                text.baseline += down;
            }
        }
        self
    }
}
