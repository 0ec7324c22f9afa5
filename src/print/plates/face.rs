//! One plate: what all plates of a print have in common is laid out once; what is a plate's own, its
//! symbol, its short id and its claim, is put where the pattern has room for it.

use super::words::{Words, words};
use super::{PlateTemplate, PlateWish};
use crate::print::face::{Letters, Weight};
use crate::print::layout::{Face, HAIR, Look, NoRoom};
use crate::print::lines::{Block, Setting, line_of};
use crate::print::mark::{Item, Mark, Piece, Place, Text, Um};
use crate::print::symbol::{Drawing, module_for};
use crate::print::{Blank, PrintError, Rgb, Template, sheet, tent, too_small};

/// As wide as most: what is wider becomes smaller in the same place.
const SHORT_ID: &str = "HHHH-HHHH";
const CLAIM: &str = "HHHHH-HHHHH";
/// The lines below and above which a strip's letters stand, and the line that it is cut along.
const STRIP_PAD: Um = 1_500;
const CUT: Um = 150;
/// How much of the ink a label has that will be written over.
const LABEL_PERCENT: u8 = 55;

/// What plates look like.
pub(super) struct Pattern {
    pub(super) width: Um,
    pub(super) height: Um,
    /// A module's side.
    pub(super) module: Um,
    /// What all plates have.
    pub(super) fixed: Vec<Piece>,
    /// Where on each piece its own stands.
    room: Vec<Room>,
    /// How wide a module must be.
    needed: Um,
    template: Template,
    words: Words,
}

/// What is a plate's own on one of its pieces.
struct Room {
    /// Without marks.
    piece: Piece,
    symbol: Option<Place>,
    lines: Vec<(Own, Text)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    ShortId,
    Claim,
}

impl Pattern {
    /// The pattern for symbols of texts like this one. `with_claim` where secrets may be on it.
    pub(super) fn new(
        text: &str,
        wish: &PlateWish,
        letters: &dyn Letters,
        with_claim: bool,
    ) -> Result<Self, PrintError> {
        let template = Template::from(wish.template);
        let drawing = Drawing::new(text, None, None)?;
        let style = template.style();
        let words = words(wish, style.brief);
        let face = match face(template, wish, letters, &drawing)? {
            Ok(face) => face,
            Err(lacking) => {
                let has_room = |other: &Template| {
                    face(*other, wish, letters, &drawing).is_ok_and(|face| face.is_ok())
                };
                return Err(too_small(template, &lacking, &drawing, has_room));
            }
        };
        let module = face.module;
        let mut item = if template == Template::Tent {
            tent(face.piece)
        } else {
            Item::of(face.piece)
        };
        if with_claim && has_strip(wish.template) {
            let strip = strip(&look(template, letters), &words, item.height)?;
            item.height += strip.height;
            item.pieces.push(strip);
        }
        let owns = [
            (Own::ShortId, words.short_id(SHORT_ID)),
            (Own::Claim, words.claim(SHORT_ID, CLAIM)),
        ];
        let (fixed, room) = item
            .pieces
            .into_iter()
            .map(|piece| apart(piece, &owns))
            .unzip();
        Ok(Self {
            width: item.width,
            height: item.height,
            module,
            fixed,
            room,
            needed: module_for(style.distance),
            template,
            words,
        })
    }

    /// What is this plate's own, for each piece.
    pub(super) fn own(
        &self,
        blank: &Blank,
        letters: &dyn Letters,
    ) -> Result<Vec<Piece>, PrintError> {
        let drawing = Drawing::new(&blank.text, None, None)?;
        let each = self.room.iter();
        each.map(|room| self.filled(room, blank, &drawing, letters))
            .collect()
    }

    fn filled(
        &self,
        room: &Room,
        blank: &Blank,
        drawing: &Drawing,
        letters: &dyn Letters,
    ) -> Result<Piece, PrintError> {
        let mut marks = Vec::new();
        if let Some(place) = room.symbol {
            // Texts of one batch may differ by a version: digits take less room than letters.
            let module = place.width / drawing.framed();
            if module < self.needed {
                let needed = self.needed;
                let lacking = NoRoom { module, needed };
                return Err(too_small(self.template, &lacking, drawing, |_| false));
            }
            let spare = (place.width - module * drawing.framed()) / 2;
            let drawn = drawing.marks(module, Rgb::BLACK).into_iter();
            marks.extend(drawn.map(|mark| mark.moved(place.x + spare, place.y + spare)));
        }
        for (own, pattern) in &room.lines {
            let says = match own {
                Own::ShortId => self.words.short_id(&blank.short_id),
                Own::Claim => self.words.claim(&blank.short_id, &blank.claim),
            };
            marks.push(Mark::Text(in_place_of(pattern, &says, letters)?));
        }
        Ok(Piece {
            marks,
            ..room.piece.clone()
        })
    }
}

/// Stickers are handed over one by one, so the claim comes along.
pub(super) const fn has_strip(template: PlateTemplate) -> bool {
    matches!(
        template,
        PlateTemplate::Sticker60 | PlateTemplate::Sticker80
    )
}

/// A line in the middle of where the pattern has one, and no wider.
fn in_place_of(pattern: &Text, says: &str, letters: &dyn Letters) -> Result<Text, PrintError> {
    let setting = Setting {
        size: pattern.size,
        size_min: pattern.size,
        lines_max: 1,
        weight: pattern.weight,
        colour: pattern.colour,
    };
    let mut line = line_of(letters, setting, pattern.size, says)?;
    if line.width > pattern.width {
        line.size = line.size * pattern.width / line.width.max(1);
        line.width = pattern.width;
    }
    line.x = pattern.x + (pattern.width - line.width) / 2;
    line.baseline = pattern.baseline;
    Ok(line)
}

/// A piece without what is a plate's own, and where that stood.
fn apart(piece: Piece, owns: &[(Own, String)]) -> (Piece, Room) {
    let mut fixed = Vec::new();
    let (mut symbol, mut lines) = (None, Vec::new());
    for mark in piece.marks {
        match mark {
            Mark::Symbol {
                x,
                y,
                module,
                modules,
                ..
            } => {
                let quiet = crate::print::symbol::quiet() * module;
                let side = crate::print::symbol::modules(modules.side()) * module + 2 * quiet;
                symbol = Some(Place {
                    x: x - quiet,
                    y: y - quiet,
                    width: side,
                    height: side,
                });
            }
            Mark::Text(text) => match owns.iter().find(|(_, says)| *says == text.says) {
                Some((own, _)) => lines.push((*own, text)),
                None => fixed.push(Mark::Text(text)),
            },
            Mark::Area { .. } | Mark::Frame { .. } | Mark::Line { .. } | Mark::Picture { .. } => {
                fixed.push(mark);
            }
        }
    }
    let bare = Piece {
        marks: Vec::new(),
        ..piece
    };
    let room = Room {
        piece: bare.clone(),
        symbol,
        lines,
    };
    let fixed = Piece {
        marks: fixed,
        ..bare
    };
    (fixed, room)
}

fn look(template: Template, letters: &dyn Letters) -> Look<'_> {
    Look {
        letters,
        style: template.style(),
        ink: Rgb::BLACK,
        paper: Rgb::WHITE,
        distance: None,
    }
}

fn face(
    template: Template,
    wish: &PlateWish,
    letters: &dyn Letters,
    drawing: &Drawing,
) -> Result<Result<Face, NoRoom>, PrintError> {
    let look = look(template, letters);
    let words = words(wish, look.style.brief);
    let style = &look.style;
    let id = look.setting(style.short_id, style.short_id, 1, Weight::Bold);
    let id = look.text(id, &words.short_id(SHORT_ID))?;
    let mut above = Vec::new();
    if style.band > 0 {
        above.push(look.band(words.headline)?);
    }
    above.push(label(&look, &words)?);
    let lead = look.setting(style.lead, style.lead * 6 / 10, 1, Weight::Bold);
    let check = look.setting(style.check, style.check * 8 / 10, 6, Weight::Regular);
    // Where room is scarce, one line says what is most important.
    let (first, play) = match words.play {
        Some(play) if style.brief => (play, None),
        play => (words.lead, play),
    };
    let mut below = vec![look.text(lead, first)?, look.text(check, &words.check)?];
    if style.brief {
        above.push(id);
    } else {
        below.push(id);
    }
    if let Some(play) = play {
        below.push(look.text(check, play)?);
    }
    Ok(look.arranged(above, below, drawing))
}

/// Room for the shop's name, which will be written or stuck over the label.
fn label(look: &Look<'_>, words: &Words) -> Result<Block, PrintError> {
    let style = &look.style;
    let height = style.name * 19 / 10;
    let colour = look.ink.in_other(look.paper, LABEL_PERCENT);
    let setting = Setting {
        colour,
        ..look.setting(style.check, style.check * 8 / 10, 1, Weight::Regular)
    };
    let text = look.text(setting, words.room)?;
    let mut marks = vec![Mark::Frame {
        place: Place {
            x: 0,
            y: 0,
            width: style.inner(),
            height,
        },
        radius: style.name / 4,
        line: HAIR,
        colour,
    }];
    // At the lower edge, so that what is written stands above it.
    let down = height - text.height - HAIR;
    marks.extend(text.marks.into_iter().map(|mark| mark.moved(0, down)));
    Ok(Block { height, marks })
}

/// What is cut off below a plate before it hangs anywhere.
fn strip(look: &Look<'_>, words: &Words, y: Um) -> Result<Piece, PrintError> {
    let style = &look.style;
    let claim = look.setting(style.place * 11 / 10, style.place * 7 / 10, 1, Weight::Bold);
    let claim = look.text(claim, &words.claim(SHORT_ID, CLAIM))?;
    let note = look.setting(style.check, style.check * 7 / 10, 1, Weight::Regular);
    let [keep, bind] = &words.strip;
    let (keep, bind) = (look.text(note, keep)?, look.text(note, bind)?);
    let mut marks = vec![Mark::Line {
        ends: [(0, 0), (style.width, 0)],
        line: CUT,
        dashed: true,
        colour: sheet::GREY,
    }];
    let mut down = STRIP_PAD;
    for (block, gap) in [(claim, style.gap), (keep, 0), (bind, 0)] {
        let moved = block.marks.into_iter();
        marks.extend(moved.map(|mark| mark.moved(style.margin, down)));
        down += block.height + gap;
    }
    // To whole millimetres, which is what paper is cut to.
    let height = (down + STRIP_PAD + 999) / 1_000 * 1_000;
    Ok(Piece {
        x: 0,
        y,
        width: style.width,
        height,
        turned: false,
        marks,
    })
}
