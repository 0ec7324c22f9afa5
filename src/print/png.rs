//! A page as PNG, so many dots an inch. Modules begin and end on whole pixels.
#![expect(
    clippy::float_arithmetic,
    reason = "the rasteriser counts in fractions of a pixel; whole micrometres become such here and \
              nowhere else"
)]

use tiny_skia::{
    FillRule, FilterQuality, LineCap, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Rect, Stroke,
    StrokeDash, Transform,
};

use super::colour::Rgb;
use super::face::{EM, Fonts, Point, Step};
use super::logo::Logo;
use super::mark::{Mark, Page, Piece, Place, Text, Um};
use super::symbol::Modules;
use super::{Print, PrintError};

/// Dots an inch where nothing is said: what paper shows.
pub const DPI: u32 = 300;
/// The fewest and the most that are drawn.
pub const DPI_BOUNDS: std::ops::RangeInclusive<u32> = 72..=1_200;
/// A sheet of A4 at 300 dots an inch; larger ones are for printing houses, who take PDF.
pub const PIXELS_MAX: u64 = 9_000_000;
/// Fewer pixels a module, and some reader fails.
const MODULE_PIXELS_MIN: u32 = 3;
/// What printers call 203 dots an inch are eight dots a millimetre.
const THERMAL: (u32, i64) = (203, 2_032);

/// How many pixels there are to an inch, in tenths.
#[derive(Debug, Clone, Copy)]
struct Dots(i64);

/// Writes the only page of a print.
pub fn write(
    print: &Print,
    page: &Page,
    fonts: &Fonts<'_>,
    dpi: u32,
) -> Result<Vec<u8>, PrintError> {
    let stock = Stock::draw(page, print.facts.module_um, fonts, dpi, PIXELS_MAX)?;
    encode(&stock.pixmap, Depth::of(print.mono), Some(stock.dots))
}

/// What is the same in many pictures, drawn once.
pub(super) struct Stock<'a> {
    pixmap: Pixmap,
    fonts: &'a Fonts<'a>,
    dots: Dots,
}

/// What colours a file has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// All of them.
    Colours,
    /// From black to white.
    Greys,
    /// Black and white, for a printer that has no others.
    Bits,
}

impl Depth {
    const fn of(mono: bool) -> Self {
        if mono { Self::Bits } else { Self::Colours }
    }
}

impl<'a> Stock<'a> {
    /// A page whose modules are so wide; one that nobody could read, or of more pixels than `most`,
    /// is refused.
    pub(super) fn draw(
        page: &Page,
        module: Um,
        fonts: &'a Fonts<'a>,
        dpi: u32,
        most: u64,
    ) -> Result<Self, PrintError> {
        check_module(module, dpi)?;
        let dots = Dots::of(dpi);
        check_size(page, dots, dpi, most)?;
        Ok(Self {
            pixmap: raster(page, Some(fonts), dots)?,
            fonts,
            dots,
        })
    }

    /// The picture with these on it, as a file in greys.
    pub(super) fn with(&self, pieces: &[Piece]) -> Result<Vec<u8>, PrintError> {
        let mut pixmap = self.pixmap.clone();
        draw_pieces(&mut pixmap, pieces, Some(self.fonts), self.dots);
        encode(&pixmap, Depth::Greys, Some(self.dots))
    }
}

/// A page without text, a millimetre being `pixels` wide; `mono` for a printer of black and white.
pub(super) fn bare(page: &Page, pixels: u32, mono: bool) -> Result<Vec<u8>, PrintError> {
    let pixmap = raster(page, None, Dots(i64::from(pixels) * 254))?;
    encode(&pixmap, Depth::of(mono), None)
}

/// A picture as a file.
pub(super) fn packed(logo: &Logo) -> Result<Vec<u8>, PrintError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, logo.width, logo.height);
    encoder.set_color(png::ColorType::Rgba);
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&logo.pixels));
    written.map_err(|error| PrintError::Writer(error.to_string()))?;
    Ok(file)
}

impl Dots {
    fn of(dpi: u32) -> Self {
        if dpi == THERMAL.0 {
            Self(THERMAL.1)
        } else {
            Self(i64::from(dpi) * 10)
        }
    }

    /// To the nearest whole pixel.
    const fn pixels(self, um: Um) -> i64 {
        (um * self.0 * 2 + 254_000).div_euclid(508_000)
    }

    fn exact(self, um: Um) -> f32 {
        exact(um * self.0) / 254_000.0
    }
}

/// Not rounded: of modules that are nearly three pixels wide, some have two.
fn check_module(module: Um, dpi: u32) -> Result<(), PrintError> {
    let enough = u64::from(MODULE_PIXELS_MIN) * 254_000;
    let module = module.unsigned_abs();
    if module.saturating_mul(Dots::of(dpi).0.unsigned_abs()) >= enough {
        return Ok(());
    }
    let needed = (enough / 10).div_ceil(module.max(1));
    Err(PrintError::DpiTooLow {
        pixels: MODULE_PIXELS_MIN,
        needed: u32::try_from(needed).unwrap_or(u32::MAX),
    })
}

fn check_size(page: &Page, dots: Dots, dpi: u32, most: u64) -> Result<(), PrintError> {
    let size = |dots: Dots| {
        let sides = [page.width, page.height].map(|side| dots.pixels(side).unsigned_abs());
        let [width, height] = sides;
        width.saturating_mul(height)
    };
    let pixels = size(dots);
    if pixels <= most {
        return Ok(());
    }
    let fits = |dpi: &u32| size(Dots::of(*dpi)) <= most;
    Err(PrintError::TooManyPixels {
        dpi,
        pixels,
        limit: most,
        dpi_max: DPI_BOUNDS.rev().find(fits).unwrap_or(*DPI_BOUNDS.start()),
    })
}

fn raster(page: &Page, fonts: Option<&Fonts<'_>>, dots: Dots) -> Result<Pixmap, PrintError> {
    let side = |um| u32::try_from(dots.pixels(um)).unwrap_or(0);
    let pixmap = Pixmap::new(side(page.width), side(page.height));
    let mut pixmap =
        pixmap.ok_or_else(|| PrintError::Writer("a page without a size".to_owned()))?;
    pixmap.fill(tiny_skia::Color::WHITE);
    draw_pieces(&mut pixmap, &page.pieces, fonts, dots);
    Ok(pixmap)
}

fn draw_pieces(pixmap: &mut Pixmap, pieces: &[Piece], fonts: Option<&Fonts<'_>>, dots: Dots) {
    for piece in pieces {
        let canvas = &mut Canvas {
            pixmap,
            fonts,
            dots,
            piece,
        };
        piece.marks.iter().for_each(|mark| canvas.draw(mark));
    }
}

struct Canvas<'a> {
    pixmap: &'a mut Pixmap,
    fonts: Option<&'a Fonts<'a>>,
    dots: Dots,
    piece: &'a Piece,
}

impl Canvas<'_> {
    fn draw(&mut self, mark: &Mark) {
        match mark {
            Mark::Area {
                place,
                radius,
                colour,
            } => self.fill(self.rounded(*place, *radius), *colour),
            Mark::Frame {
                place,
                radius,
                line,
                colour,
            } => {
                self.stroke(
                    self.rounded(place.inside(*line), *radius),
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
                path.move_to(self.dots.exact(from.0), self.dots.exact(from.1));
                path.line_to(self.dots.exact(to.0), self.dots.exact(to.1));
                self.stroke(path.finish(), *line, *dashed, *colour);
            }
            Mark::Symbol {
                x,
                y,
                module,
                modules,
                colour,
            } => self.symbol((*x, *y), *module, modules, *colour),
            Mark::Text(text) => self.fill(self.letters(text), text.colour),
            Mark::Picture { place, logo } => self.picture(*place, logo),
        }
    }

    /// From the piece to the page, in pixels.
    fn transform(&self) -> Transform {
        let piece = self.piece;
        if piece.turned {
            let x = self.dots.exact(piece.x + piece.width);
            let y = self.dots.exact(piece.y + piece.height);
            Transform::from_row(-1.0, 0.0, 0.0, -1.0, x, y)
        } else {
            Transform::from_translate(self.dots.exact(piece.x), self.dots.exact(piece.y))
        }
    }

    fn fill(&mut self, path: Option<Path>, colour: Rgb) {
        if let Some(path) = path {
            let (paint, transform) = (paint(colour), self.transform());
            self.pixmap
                .fill_path(&path, &paint, FillRule::Winding, transform, None);
        }
    }

    fn stroke(&mut self, path: Option<Path>, line: Um, dashed: bool, colour: Rgb) {
        let Some(path) = path else {
            return;
        };
        let dashes = vec![self.dots.exact(2_000), self.dots.exact(1_500)];
        let stroke = Stroke {
            // Thinner lines would be grey.
            width: self.dots.exact(line).max(1.0),
            line_cap: LineCap::Butt,
            dash: dashed.then(|| StrokeDash::new(dashes, 0.0)).flatten(),
            ..Stroke::default()
        };
        let transform = self.transform();
        self.pixmap
            .stroke_path(&path, &paint(colour), &stroke, transform, None);
    }

    /// Each module between the pixels that are nearest to its edges.
    fn symbol(&mut self, (x, y): (Um, Um), module: Um, modules: &Modules, colour: Rgb) {
        let mut paint = paint(colour);
        paint.anti_alias = false;
        for (column, row, length) in modules.runs() {
            let left = self.across(x + column * module);
            let right = self.across(x + (column + length) * module);
            let top = self.down(y + row * module);
            let bottom = self.down(y + (row + 1) * module);
            let rect = Rect::from_ltrb(
                exact(left.min(right)),
                exact(top.min(bottom)),
                exact(left.max(right)),
                exact(top.max(bottom)),
            );
            if let Some(rect) = rect {
                self.pixmap
                    .fill_rect(rect, &paint, Transform::identity(), None);
            }
        }
    }

    fn across(&self, x: Um) -> i64 {
        let piece = self.piece;
        self.dots.pixels(if piece.turned {
            piece.x + piece.width - x
        } else {
            piece.x + x
        })
    }

    fn down(&self, y: Um) -> i64 {
        let piece = self.piece;
        self.dots.pixels(if piece.turned {
            piece.y + piece.height - y
        } else {
            piece.y + y
        })
    }

    fn letters(&self, text: &Text) -> Option<Path> {
        let fonts = self.fonts?;
        let mut path = PathBuilder::new();
        for glyph in &text.glyphs {
            let size = self.dots.exact(text.size) / exact(EM);
            let (left, base) = (self.dots.exact(text.x), self.dots.exact(text.baseline));
            let x = |point: Point| left + exact(glyph.x + point.0) * size;
            let y = |point: Point| base - exact(glyph.y + point.1) * size;
            let at = |point| (x(point), y(point));
            for step in fonts.outline(text.weight, glyph.id) {
                go(&mut path, step, at);
            }
        }
        path.finish()
    }

    fn picture(&mut self, place: Place, logo: &Logo) {
        let size = tiny_skia::IntSize::from_wh(logo.width, logo.height);
        let pixels = size.and_then(|size| Pixmap::from_vec(premultiplied(&logo.pixels), size));
        let Some(pixels) = pixels else {
            return;
        };
        let scale = Transform::from_scale(
            self.dots.exact(place.width) / exact(logo.width.into()),
            self.dots.exact(place.height) / exact(logo.height.into()),
        );
        let (x, y) = (self.dots.exact(place.x), self.dots.exact(place.y));
        let transform = scale.post_translate(x, y).post_concat(self.transform());
        let paint = PixmapPaint {
            quality: FilterQuality::Bilinear,
            ..PixmapPaint::default()
        };
        self.pixmap
            .draw_pixmap(0, 0, pixels.as_ref(), &paint, transform, None);
    }

    fn rounded(&self, place: Place, radius: Um) -> Option<Path> {
        let mut path = PathBuilder::new();
        let at = |(x, y): Point| (self.dots.exact(x), self.dots.exact(y));
        for step in place.outline(radius) {
            go(&mut path, step, at);
        }
        path.finish()
    }
}

/// One step further along an outline, in pixels.
fn go(path: &mut PathBuilder, step: Step, at: impl Fn(Point) -> (f32, f32)) {
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

fn paint(Rgb(red, green, blue): Rgb) -> Paint<'static> {
    let mut paint = Paint {
        anti_alias: true,
        ..Paint::default()
    };
    paint.set_color_rgba8(red, green, blue, u8::MAX);
    paint
}

fn premultiplied(pixels: &[u8]) -> Vec<u8> {
    let pixel = |rgba: &[u8]| match rgba {
        &[red, green, blue, alpha] => {
            let colour = tiny_skia::ColorU8::from_rgba(red, green, blue, alpha).premultiply();
            [colour.red(), colour.green(), colour.blue(), colour.alpha()]
        }
        _ => [0; 4],
    };
    pixels.chunks(4).flat_map(pixel).collect()
}

/// As a file that says how large its pixels are.
fn encode(pixmap: &Pixmap, depth: Depth, dots: Option<Dots>) -> Result<Vec<u8>, PrintError> {
    let (width, height) = (pixmap.width(), pixmap.height());
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    if let Some(dots) = dots {
        // Dots a metre: an inch is 0.0254 of one.
        let per_metre = u32::try_from((dots.0 * 10_000 + 1_270) / 2_540).unwrap_or(u32::MAX);
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: png::Unit::Meter,
        }));
    }
    let opaque = pixmap.pixels().iter();
    let pixels = match depth {
        Depth::Colours => {
            encoder.set_color(png::ColorType::Rgb);
            opaque
                .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
                .collect()
        }
        Depth::Greys => {
            encoder.set_color(png::ColorType::Grayscale);
            opaque.map(|pixel| pixel.green()).collect()
        }
        Depth::Bits => {
            encoder.set_color(png::ColorType::Grayscale);
            encoder.set_depth(png::BitDepth::One);
            bits(pixmap)
        }
    };
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels));
    written.map_err(|error| PrintError::Writer(error.to_string()))?;
    Ok(file)
}

/// Eight pixels a byte, white set, each row filled up to a whole byte. A pixel is white by its
/// brightness, as a reader and the check of logos see it.
fn bits(pixmap: &Pixmap) -> Vec<u8> {
    let width = usize::try_from(pixmap.width()).unwrap_or(1).max(1);
    let rows = pixmap.pixels().chunks(width);
    let eight = |pixels: &[tiny_skia::PremultipliedColorU8]| {
        let set = pixels.iter().fold(0_u8, |byte, pixel| {
            let colour = Rgb(pixel.red(), pixel.green(), pixel.blue());
            byte << 1 | u8::from(colour.brightness() >= Rgb::WHITE.brightness() / 2)
        });
        set << 8_usize.saturating_sub(pixels.len())
    };
    rows.flat_map(|row| row.chunks(8).map(eight)).collect()
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a page has some thousand pixels a side, and a letter some thousand parts"
)]
fn exact(whole: i64) -> f32 {
    whole as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_has_three_whole_pixels_or_is_told_how_many_dots_it_needs() {
        for (module, needed) in [(620, 123), (600, 127), (250, 305), (300, 254)] {
            let refused = PrintError::DpiTooLow { pixels: 3, needed };
            for too_few in [72, 103, needed - 1] {
                assert_eq!(check_module(module, too_few), Err(refused.clone()));
            }
            assert_eq!(check_module(module, needed), Ok(()));
        }
        // A thermal printer's dots are a little finer than their name says.
        assert_eq!(check_module(375, 203), Ok(()));
        assert!(check_module(0, 1_200).is_err());
    }

    #[test]
    fn black_and_white_are_told_apart_by_brightness() {
        let mut pixmap = Pixmap::new(9, 1).unwrap();
        let colours = [
            [0, 0, 0],
            [255, 255, 255],
            [255, 100, 255],
            [0, 140, 0],
            [127; 3],
            [128; 3],
            [255, 0, 0],
            [255, 255, 0],
            [0, 0, 255],
        ];
        for (pixel, [red, green, blue]) in pixmap.pixels_mut().iter_mut().zip(colours) {
            *pixel = tiny_skia::ColorU8::from_rgba(red, green, blue, 255).premultiply();
        }
        assert_eq!(bits(&pixmap), [0b0110_0101, 0b0000_0000]);
    }
}
