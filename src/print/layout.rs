//! One face of a print: who is paid above, the symbol in the middle, how and with what below.
//!
//! Text takes the height that it needs; the symbol gets what is left, and is refused where that is
//! too little to be read.

use super::colour::Rgb;
use super::face::{EM, Letters, Weight};
use super::lines::{Block, Setting, centred};
use super::mark::{Mark, Piece, Place, Um};
use super::symbol::{Drawing, module_for};
use super::tags;
use super::template::Style;
use super::words::Words;
use super::{PrintError, Sign};

/// How a face is drawn.
pub(super) struct Look<'a> {
    pub(super) letters: &'a dyn Letters,
    pub(super) style: Style,
    pub(super) ink: Rgb,
    pub(super) paper: Rgb,
    /// From how far it must be readable, where somebody asks for more than the template.
    pub(super) distance: Option<Um>,
}

/// A face, and how wide its modules became.
pub(super) struct Face {
    pub(super) piece: Piece,
    pub(super) module: Um,
}

/// Why a symbol has no room.
pub(super) struct NoRoom {
    pub(super) module: Um,
    pub(super) needed: Um,
}

/// Text never becomes smaller than this: four points, the smallest print that is still sharp.
const SIZE_MIN: Um = 1_500;
/// Thin lines, which every printer draws.
pub(super) const HAIR: Um = 200;

impl Look<'_> {
    /// The face of a sign; or how much room its symbol lacks.
    pub(super) fn face(
        &self,
        sign: &Sign,
        words: &Words,
        drawing: &Drawing,
    ) -> Result<Result<Face, NoRoom>, PrintError> {
        let above = self.above(sign, words)?;
        let below = self.below(sign, words)?;
        Ok(self.arranged(above, below, drawing))
    }

    /// A symbol between blocks, from margin to margin.
    pub(super) fn arranged(
        &self,
        above: Vec<Block>,
        below: Vec<Block>,
        drawing: &Drawing,
    ) -> Result<Face, NoRoom> {
        let style = &self.style;
        let height_of =
            |blocks: &[Block]| -> Um { blocks.iter().map(|block| block.height + style.gap).sum() };
        let (top, bottom) = (height_of(&above), height_of(&below));
        let tall = style.height - 2 * style.margin - top - bottom;
        let room = if style.height == 0 {
            style.inner()
        } else {
            style.inner().min(tall)
        };
        let module = room.max(0) / drawing.framed() / style.dot * style.dot;
        let needed = module_for(self.distance.unwrap_or(style.distance));
        if module < needed {
            return Err(NoRoom { module, needed });
        }
        let side = module * drawing.framed();
        let height = if style.height == 0 {
            2 * style.margin + top + side + bottom
        } else {
            style.height
        };
        let mut marks = Vec::new();
        if self.paper != Rgb::WHITE {
            marks.push(Mark::Area {
                place: Place {
                    x: 0,
                    y: 0,
                    width: style.width,
                    height,
                },
                radius: 0,
                colour: self.paper,
            });
        }
        let mut y = style.margin;
        self.put(&mut marks, &mut y, above);
        let spare = height - style.margin - bottom - y - side;
        self.put_symbol(&mut marks, drawing, module, y + spare / 2);
        // The gap that stands above each block below closes the page as well.
        let mut y = height - style.margin - bottom + style.gap;
        self.put(&mut marks, &mut y, below);
        let piece = Piece {
            x: 0,
            y: 0,
            width: style.width,
            height,
            turned: false,
            marks,
        };
        Ok(Face { piece, module })
    }

    fn put(&self, marks: &mut Vec<Mark>, y: &mut Um, blocks: Vec<Block>) {
        for block in blocks {
            let (right, down) = (self.style.margin, *y);
            let moved = block.marks.into_iter().map(|mark| mark.moved(right, down));
            marks.extend(moved);
            *y += block.height + self.style.gap;
        }
    }

    fn put_symbol(&self, marks: &mut Vec<Mark>, drawing: &Drawing, module: Um, y: Um) {
        let side = module * drawing.framed();
        let x = (self.style.width - side) / 2;
        if !self.style.mono && !self.style.brief {
            marks.push(Mark::Frame {
                place: Place {
                    x,
                    y,
                    width: side,
                    height: side,
                },
                radius: module * 2,
                line: HAIR,
                colour: self.ink.in_other(self.paper, 25),
            });
        }
        let drawn = drawing.marks(module, self.ink);
        marks.extend(drawn.into_iter().map(|mark| mark.moved(x, y)));
    }

    fn above(&self, sign: &Sign, words: &Words) -> Result<Vec<Block>, PrintError> {
        let style = &self.style;
        let mut blocks = Vec::new();
        if style.band > 0 {
            blocks.push(self.band(words.headline)?);
        } else if style.headline > 0 {
            let headline = self.setting(style.headline, style.headline, 1, Weight::Bold);
            blocks.push(self.text(headline, words.headline.0)?);
        }
        blocks.push(self.text(self.name(&sign.merchant), &sign.merchant)?);
        let place = self.setting(style.place, style.place * 6 / 10, 2, Weight::Regular);
        let beside = if style.brief {
            format!("{} · {}", words.place, words.short_id)
        } else {
            words.place.clone()
        };
        blocks.push(self.text(place, &beside)?);
        if let Some(amount) = &sign.amount {
            let amount_setting = self.setting(style.amount, style.amount / 2, 1, Weight::Bold);
            blocks.push(self.text(amount_setting, amount)?);
        }
        Ok(blocks)
    }

    fn below(&self, sign: &Sign, words: &Words) -> Result<Vec<Block>, PrintError> {
        let style = &self.style;
        let lead = self.setting(style.lead, style.lead * 6 / 10, 2, Weight::Bold);
        let mut blocks = Vec::new();
        // Where room is scarce, one line says what is most important.
        let (first, play) = match words.play {
            Some(play) if style.brief => (play, None),
            play => (words.lead, play),
        };
        if !sign.wallets.is_empty() {
            blocks.push(self.text(lead, first)?);
            blocks.push(tags::rows(self.letters, style, self.ink, &sign.wallets)?);
        }
        let check = self.setting(style.check, style.check * 8 / 10, 6, Weight::Regular);
        blocks.push(self.text(check, &words.check)?);
        if !style.brief {
            let id = self.setting(style.short_id, style.short_id, 1, Weight::Bold);
            blocks.push(self.text(id, &words.short_id)?);
        }
        if let Some(play) = play {
            blocks.push(self.text(check, play)?);
        }
        Ok(blocks)
    }

    /// A name stands on one line as long as it can be large; then on as many as it may, smaller.
    fn name(&self, name: &str) -> Setting {
        let size = self.style.name;
        let smaller = size * 55 / 100;
        let width = self.letters.width(Weight::Bold, name) * smaller / EM;
        if width <= self.style.inner() {
            self.setting(size, smaller, 1, Weight::Bold)
        } else {
            self.setting(smaller, size * 4 / 10, self.style.name_lines, Weight::Bold)
        }
    }

    /// The headline in both languages, on a field of ink.
    pub(super) fn band(&self, headline: (&str, &str)) -> Result<Block, PrintError> {
        let style = &self.style;
        let on_ink = |size, weight| Setting {
            colour: self.paper,
            ..self.setting(size, size, 1, weight)
        };
        let first = self.text(on_ink(style.headline, Weight::Bold), headline.0)?;
        let small = style.headline * 45 / 100;
        let second = self.text(on_ink(small, Weight::Regular), headline.1)?;
        let free = style.band - first.height - second.height;
        let mut marks = vec![Mark::Area {
            place: Place {
                x: 0,
                y: 0,
                width: style.inner(),
                height: style.band,
            },
            radius: style.band / 5,
            colour: self.ink,
        }];
        let moved = |block: Block, down: Um| {
            let marks = block.marks.into_iter();
            marks.map(move |mark| mark.moved(0, down))
        };
        let below = free / 2 + first.height;
        marks.extend(moved(first, free / 2));
        marks.extend(moved(second, below));
        Ok(Block {
            height: style.band,
            marks,
        })
    }

    pub(super) fn text(&self, setting: Setting, text: &str) -> Result<Block, PrintError> {
        centred(self.letters, setting, self.style.inner(), text)
    }

    pub(super) fn setting(
        &self,
        size: Um,
        size_min: Um,
        lines_max: usize,
        weight: Weight,
    ) -> Setting {
        Setting {
            size,
            size_min: size_min.max(SIZE_MIN).min(size),
            lines_max,
            weight,
            colour: self.ink,
        }
    }
}
