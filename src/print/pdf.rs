//! A print as PDF: vectors, the symbol as one path, and of the fonts only the glyphs that are used.
#![expect(
    clippy::float_arithmetic,
    reason = "PDF measures in points; whole micrometres become points here and nowhere else"
)]

use std::ops::Range;
use std::sync::Arc;

use krilla::color::rgb;
use krilla::geom::{Path, PathBuilder, Point, Rect, Size, Transform};
use krilla::graphic::Graphic;
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke, StrokeDash};
use krilla::surface::{Location, Surface};
use krilla::text::{Font, Glyph as PdfGlyph, GlyphId};
use krilla::{Document, SerializeSettings};

use super::colour::Rgb;
use super::face::{EM, Fonts, Glyph, Point as FacePoint, Step, Weight};
use super::logo::Logo;
use super::mark::{Mark, Page, Piece, Place, Text, Um};
use super::symbol::Modules;
use super::{Print, PrintError, PrintLang};

/// A document that grows by a page at a time. It says nothing about when it was made, so that the
/// same pages make the same bytes.
pub(super) struct Book {
    document: Document,
    letters: Letters,
    stamp: Option<Graphic>,
}

struct Letters {
    regular: Font,
    bold: Font,
}

/// Writes the whole print.
pub fn write(print: &Print, fonts: &Fonts<'_>, title: &str) -> Result<Vec<u8>, PrintError> {
    let mut book = Book::open(fonts, title, print.facts.lang)?;
    for page in &print.pages {
        book.add(page)?;
    }
    book.close()
}

impl Book {
    /// An empty one.
    pub(super) fn open(
        fonts: &Fonts<'_>,
        title: &str,
        lang: PrintLang,
    ) -> Result<Self, PrintError> {
        let mut document = Document::new_with(SerializeSettings::default());
        document.set_metadata(
            Metadata::new()
                .title(title.to_owned())
                .language(lang.as_str().to_owned())
                .creator("tongma".to_owned()),
        );
        Ok(Self {
            document,
            letters: Letters {
                regular: font(fonts, Weight::Regular)?,
                bold: font(fonts, Weight::Bold)?,
            },
            stamp: None,
        })
    }

    /// One more page.
    pub(super) fn add(&mut self, page: &Page) -> Result<(), PrintError> {
        self.add_stamped(page, &[], &[])
    }

    /// One more page, with the same pieces at many places below what stands on it. They are written
    /// once for the whole document, so they are taken from the first page that has any.
    pub(super) fn add_stamped(
        &mut self,
        page: &Page,
        stamp: &[Piece],
        places: &[(Um, Um)],
    ) -> Result<(), PrintError> {
        let settings = PageSettings::from_wh(points(page.width), points(page.height));
        let settings =
            settings.ok_or_else(|| PrintError::Writer("a page without a size".to_owned()))?;
        let mut drawn = self.document.start_page_with(settings);
        let mut surface = drawn.surface();
        if self.stamp.is_none() && !places.is_empty() {
            let mut builder = surface.stream_builder();
            let mut below = builder.surface();
            draw_pieces(&mut below, stamp, &self.letters);
            below.finish();
            self.stamp = Some(Graphic::new(builder.finish(), false));
        }
        if let Some(stamp) = &self.stamp {
            for (x, y) in places {
                surface.push_transform(&Transform::from_translate(points(*x), points(*y)));
                surface.draw_graphic(stamp.clone());
                surface.pop();
            }
        }
        draw_pieces(&mut surface, &page.pieces, &self.letters);
        surface.finish();
        drawn.finish();
        Ok(())
    }

    /// The whole file.
    pub(super) fn close(self) -> Result<Vec<u8>, PrintError> {
        let written = self.document.finish();
        written.map_err(|error| PrintError::Writer(format!("{error:?}")))
    }
}

fn font(fonts: &Fonts<'_>, weight: Weight) -> Result<Font, PrintError> {
    let file = fonts.file(weight);
    let shared = Arc::clone(&file.bytes);
    let bytes: Arc<dyn AsRef<[u8]> + Send + Sync> = shared;
    Font::new(bytes.into(), file.index).ok_or(PrintError::NoFont)
}

fn draw_pieces(surface: &mut Surface<'_>, pieces: &[Piece], letters: &Letters) {
    for piece in pieces {
        surface.push_transform(&place_of(piece));
        for mark in &piece.marks {
            draw(surface, mark, letters);
        }
        surface.pop();
    }
}

fn place_of(piece: &Piece) -> Transform {
    if piece.turned {
        let (x, y) = (piece.x + piece.width, piece.y + piece.height);
        Transform::from_row(-1.0, 0.0, 0.0, -1.0, points(x), points(y))
    } else {
        Transform::from_translate(points(piece.x), points(piece.y))
    }
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, letters: &Letters) {
    match mark {
        Mark::Area {
            place,
            radius,
            colour,
        } => fill(surface, rounded(*place, *radius), *colour),
        Mark::Frame {
            place,
            radius,
            line,
            colour,
        } => {
            stroke(
                surface,
                rounded(place.inside(*line), *radius),
                *line,
                false,
                *colour,
            );
        }
        Mark::Line {
            ends: [from, to],
            line,
            dashed,
            colour,
        } => {
            let mut path = PathBuilder::new();
            path.move_to(points(from.0), points(from.1));
            path.line_to(points(to.0), points(to.1));
            stroke(surface, path.finish(), *line, *dashed, *colour);
        }
        Mark::Symbol {
            x,
            y,
            module,
            modules,
            colour,
        } => {
            // In modules, so that most of a file is small whole numbers.
            let side = points(*module);
            let scale = Transform::from_row(side, 0.0, 0.0, side, points(*x), points(*y));
            surface.push_transform(&scale);
            fill(surface, symbol(modules), *colour);
            surface.pop();
        }
        Mark::Text(text) => write_text(surface, text, letters),
        Mark::Picture { place, logo } => draw_logo(surface, *place, logo),
    }
}

fn fill(surface: &mut Surface<'_>, path: Option<Path>, colour: Rgb) {
    if let Some(path) = path {
        surface.set_stroke(None);
        surface.set_fill(Some(ink(colour)));
        surface.draw_path(&path);
    }
}

fn stroke(surface: &mut Surface<'_>, path: Option<Path>, line: Um, dashed: bool, colour: Rgb) {
    if let Some(path) = path {
        surface.set_fill(None);
        surface.set_stroke(Some(Stroke {
            paint: pdf_colour(colour).into(),
            width: points(line),
            dash: dashed.then(|| StrokeDash {
                array: vec![points(2_000), points(1_500)],
                offset: 0.0,
            }),
            ..Stroke::default()
        }));
        surface.draw_path(&path);
        surface.set_stroke(None);
    }
}

fn ink(colour: Rgb) -> Fill {
    Fill {
        paint: pdf_colour(colour).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }
}

fn pdf_colour(Rgb(red, green, blue): Rgb) -> rgb::Color {
    rgb::Color::new(red, green, blue)
}

/// All modules in one path, so that no viewer leaves a seam between two.
fn symbol(modules: &Modules) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (column, row, length) in modules.runs() {
        let rect = Rect::from_xywh(exact(column), exact(row), exact(length), 1.0);
        if let Some(rect) = rect {
            path.push_rect(rect);
        }
    }
    path.finish()
}

fn rounded(place: Place, radius: Um) -> Option<Path> {
    let mut path = PathBuilder::new();
    let at = |(x, y): FacePoint| (points(x), points(y));
    for step in place.outline(radius) {
        match step {
            Step::Move(to) => path.move_to(at(to).0, at(to).1),
            Step::Line(to) => path.line_to(at(to).0, at(to).1),
            Step::Quad([by, to]) => path.quad_to(at(by).0, at(by).1, at(to).0, at(to).1),
            Step::Cubic([by, and, to]) => {
                let [(x1, y1), (x2, y2), (x, y)] = [by, and, to].map(at);
                path.cubic_to(x1, y1, x2, y2, x, y);
            }
            Step::Close => path.close(),
        }
    }
    path.finish()
}

fn write_text(surface: &mut Surface<'_>, text: &Text, letters: &Letters) {
    let font = match text.weight {
        Weight::Regular => &letters.regular,
        Weight::Bold => &letters.bold,
    };
    surface.set_stroke(None);
    surface.set_fill(Some(ink(text.colour)));
    let mut at = 0;
    let placed: Vec<Placed> = text
        .glyphs
        .iter()
        .map(|glyph| {
            let moved = glyph.x - at;
            at += glyph.advance;
            Placed {
                glyph: glyph.clone(),
                moved,
            }
        })
        .collect();
    let start = Point::from_xy(points(text.x), points(text.baseline));
    let size = points(text.size);
    surface.draw_glyphs(start, &placed, font.clone(), &text.says, size, false);
}

/// A glyph with what moves it from where it would stand.
struct Placed {
    glyph: Glyph,
    moved: i64,
}

impl PdfGlyph for Placed {
    fn glyph_id(&self) -> GlyphId {
        GlyphId::new(self.glyph.id.into())
    }

    fn text_range(&self) -> Range<usize> {
        self.glyph.bytes.clone()
    }

    fn x_advance(&self, size: f32) -> f32 {
        ems(self.glyph.advance) * size
    }

    fn x_offset(&self, size: f32) -> f32 {
        ems(self.moved) * size
    }

    fn y_offset(&self, size: f32) -> f32 {
        ems(self.glyph.y) * size
    }

    fn y_advance(&self, _: f32) -> f32 {
        0.0
    }

    fn location(&self) -> Option<Location> {
        None
    }
}

fn draw_logo(surface: &mut Surface<'_>, place: Place, logo: &Logo) {
    let Some(size) = Size::from_wh(points(place.width), points(place.height)) else {
        return;
    };
    let image = Image::from_rgba8(logo.pixels.clone(), logo.width, logo.height);
    surface.push_transform(&Transform::from_translate(points(place.x), points(place.y)));
    surface.draw_image(image, size);
    surface.pop();
}

fn ems(parts: i64) -> f32 {
    exact(parts) / exact(EM)
}

/// 72 points are an inch, which is 25,400 micrometres.
fn points(um: Um) -> f32 {
    exact(um) * 72.0 / 25_400.0
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "paper is less than a metre: twenty bits of the twenty-four that are exact"
)]
fn exact(whole: i64) -> f32 {
    whole as f32
}
