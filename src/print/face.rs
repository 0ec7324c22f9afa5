//! Letters: how wide a text is, which glyphs it is drawn with, and their outlines.
//!
//! The bytes of a font come from outside. Where there is none, [`Guess`] knows well enough how wide
//! letters are, so that a page can be laid out which somebody else's fonts will draw.
#![expect(
    clippy::float_arithmetic,
    reason = "outlines come as fractions of the font's own unit and leave as whole parts of an em"
)]

use std::sync::Arc;

use rustybuzz::ttf_parser::{GlyphId, OutlineBuilder};
use rustybuzz::{UnicodeBuffer, shape};

use super::PrintError;

/// Parts of an em, the side of a Chinese character, in which letters are measured.
pub(super) const EM: i64 = 10_000;

/// How thick strokes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// For reading.
    Regular,
    /// For finding.
    Bold,
}

/// The bytes of a font file, and which face in it.
#[derive(Debug, Clone)]
pub struct FontFile {
    /// The file.
    pub bytes: Arc<Vec<u8>>,
    /// Which face, of a collection.
    pub index: u32,
}

/// One glyph of a line, measured in parts of an em.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glyph {
    /// Which, in the font.
    pub id: u16,
    /// The bytes of the text that it stands for.
    pub bytes: std::ops::Range<usize>,
    /// Where it begins, from the line's beginning.
    pub x: i64,
    /// How far above the baseline it is moved.
    pub y: i64,
    /// How far the next one is.
    pub advance: i64,
}

/// A line as it will be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shaped {
    /// Its width in parts of an em.
    pub width: i64,
    /// Its glyphs from left to right; none where somebody else draws it.
    pub glyphs: Vec<Glyph>,
}

/// A place in an outline, in parts of an em, up being positive.
pub(super) type Point = (i64, i64);

/// A step of an outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Begin a contour.
    Move(Point),
    /// A straight line.
    Line(Point),
    /// A curve: its control point, and where it ends.
    Quad([Point; 2]),
    /// A curve: its control points, and where it ends.
    Cubic([Point; 3]),
    /// End the contour.
    Close,
}

/// Knows how letters are drawn.
pub trait Letters {
    /// How wide a text is, near enough to break lines by: never narrower than it will be drawn.
    fn width(&self, weight: Weight, text: &str) -> i64;

    /// The line as it will be drawn.
    fn shape(&self, weight: Weight, text: &str) -> Result<Shaped, PrintError>;
}

/// Fonts that were read.
pub struct Fonts<'a> {
    regular: Face<'a>,
    bold: Face<'a>,
}

struct Face<'a> {
    face: rustybuzz::Face<'a>,
    file: &'a FontFile,
}

/// No font: letters are as wide as they usually are.
#[derive(Debug, Clone, Copy)]
pub struct Guess;

impl<'a> Fonts<'a> {
    /// Both weights, from their files.
    pub fn open(regular: &'a FontFile, bold: &'a FontFile) -> Result<Self, PrintError> {
        Ok(Self {
            regular: Face::open(regular)?,
            bold: Face::open(bold)?,
        })
    }

    pub(super) fn file(&self, weight: Weight) -> &'a FontFile {
        self.face(weight).file
    }

    /// How a glyph is drawn.
    pub(super) fn outline(&self, weight: Weight, id: u16) -> Vec<Step> {
        let face = &self.face(weight).face;
        let mut drawn = Drawn {
            per_em: f32::from(face.as_ref().units_per_em()),
            steps: Vec::new(),
        };
        face.outline_glyph(GlyphId(id), &mut drawn);
        drawn.steps
    }

    const fn face(&self, weight: Weight) -> &Face<'a> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }
}

impl<'a> Face<'a> {
    fn open(file: &'a FontFile) -> Result<Self, PrintError> {
        let face = rustybuzz::Face::from_slice(&file.bytes, file.index);
        let face = face.ok_or(PrintError::NoFont)?;
        Ok(Self { face, file })
    }

    fn part(&self, units: i32) -> i64 {
        i64::from(units) * EM / i64::from(self.face.units_per_em()).max(1)
    }
}

impl Letters for Fonts<'_> {
    fn width(&self, weight: Weight, text: &str) -> i64 {
        let face = self.face(weight);
        let advance = |c: char| {
            let glyph = face.face.glyph_index(c);
            glyph.and_then(|glyph| face.face.glyph_hor_advance(glyph))
        };
        let each = text
            .chars()
            .map(|c| advance(c).map_or(EM, |units| face.part(i32::from(units))));
        each.sum()
    }

    fn shape(&self, weight: Weight, text: &str) -> Result<Shaped, PrintError> {
        let face = self.face(weight);
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        let shaped = shape(&face.face, &[], buffer);
        let infos = shaped.glyph_infos();
        // From left to right, the bytes of a cluster end where the nearest later one begins.
        let mut starts: Vec<usize> = infos.iter().map(|info| place(info.cluster)).collect();
        starts.push(text.len());
        starts.sort_unstable();
        starts.dedup();
        let mut line = Shaped {
            width: 0,
            glyphs: Vec::with_capacity(infos.len()),
        };
        for (info, position) in infos.iter().zip(shaped.glyph_positions()) {
            let from = place(info.cluster);
            let to = starts.iter().find(|at| **at > from);
            let bytes = from..to.copied().unwrap_or(text.len());
            let id = u16::try_from(info.glyph_id).unwrap_or(0);
            if id == 0 {
                let character = text.get(bytes).and_then(|part| part.chars().next());
                return Err(PrintError::NoGlyph(character.unwrap_or('\u{fffd}')));
            }
            let advance = face.part(position.x_advance);
            line.glyphs.push(Glyph {
                id,
                bytes,
                x: line.width + face.part(position.x_offset),
                y: face.part(position.y_offset),
                advance,
            });
            line.width += advance;
        }
        Ok(line)
    }
}

fn place(cluster: u32) -> usize {
    usize::try_from(cluster).unwrap_or(usize::MAX)
}

impl Letters for Guess {
    fn width(&self, weight: Weight, text: &str) -> i64 {
        let plain: i64 = text.chars().map(usual_width).sum();
        match weight {
            Weight::Regular => plain,
            Weight::Bold => plain * 106 / 100,
        }
    }

    fn shape(&self, weight: Weight, text: &str) -> Result<Shaped, PrintError> {
        Ok(Shaped {
            width: self.width(weight, text),
            glyphs: Vec::new(),
        })
    }
}

/// What the widest of the usual sans-serif fonts gives a letter.
fn usual_width(c: char) -> i64 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' => EM * 35 / 100,
        'W' | 'M' | '@' | '%' | 'm' | 'w' => EM,
        'A'..='Z' | '&' => EM * 78 / 100,
        '\u{21}'..='\u{2ff}' => EM * 64 / 100,
        _ => EM,
    }
}

struct Drawn {
    per_em: f32,
    steps: Vec<Step>,
}

impl Drawn {
    fn point(&self, x: f32, y: f32) -> Point {
        (self.part(x), self.part(y))
    }

    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a font's coordinate has at most five digits; a wild one is cut off, which is harmless"
    )]
    fn part(&self, units: f32) -> i64 {
        (units * EM as f32 / self.per_em).round() as i64
    }
}

impl OutlineBuilder for Drawn {
    fn move_to(&mut self, x: f32, y: f32) {
        self.steps.push(Step::Move(self.point(x, y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.steps.push(Step::Line(self.point(x, y)));
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let points = [self.point(x1, y1), self.point(x, y)];
        self.steps.push(Step::Quad(points));
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let points = [self.point(x1, y1), self.point(x2, y2), self.point(x, y)];
        self.steps.push(Step::Cubic(points));
    }

    fn close(&mut self) {
        self.steps.push(Step::Close);
    }
}
