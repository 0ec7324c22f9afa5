//! A page as SVG: in millimetres, the symbol as one path, letters as their outlines, so that it
//! looks the same wherever it is opened.

use std::fmt::Write as _;

use data_encoding::BASE64;

use super::PrintError;
use super::face::{EM, Fonts, Point, Step, Weight};
use super::logo::Logo;
use super::mark::{Mark, Page, Piece, Place, Text, Um};
use super::symbol::Modules;

/// How letters get into the picture.
pub(super) enum Ink<'a> {
    /// As their outlines.
    Outlines(&'a Fonts<'a>),
    /// As text, in a font of whoever shows it.
    Text,
}

/// The fonts that systems have for Chinese, and what they have else.
const FAMILIES: &str = "'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',\
    'WenQuanYi Micro Hei',sans-serif";

/// Writes one page.
pub fn write(page: &Page, fonts: &Fonts<'_>, title: &str) -> Result<String, PrintError> {
    draw(page, &Ink::Outlines(fonts), title)
}

pub(super) fn draw(page: &Page, ink: &Ink<'_>, title: &str) -> Result<String, PrintError> {
    let drawn = pieces(&page.pieces, ink)?;
    Ok(paper((page.width, page.height), title, &[&drawn]))
}

/// A sheet with what was drawn for it.
pub(super) fn paper((width, height): (Um, Um), title: &str, drawn: &[&str]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}mm\" height=\"{}mm\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\"><title>{}</title>\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>",
        millimetres(width),
        millimetres(height),
        escaped(title),
    );
    svg.extend(drawn.iter().copied());
    svg.push_str("</svg>\n");
    svg
}

/// Pieces as they stand on some sheet.
pub(super) fn pieces(pieces: &[Piece], ink: &Ink<'_>) -> Result<String, PrintError> {
    let mut svg = String::new();
    for piece in pieces {
        draw_piece(&mut svg, piece, ink)?;
    }
    Ok(svg)
}

fn draw_piece(svg: &mut String, piece: &Piece, ink: &Ink<'_>) -> Result<(), PrintError> {
    let transform = if piece.turned {
        let (x, y) = (piece.x + piece.width, piece.y + piece.height);
        format!("matrix(-1 0 0 -1 {x} {y})")
    } else {
        format!("translate({} {})", piece.x, piece.y)
    };
    put(svg, format_args!("<g transform=\"{transform}\">"));
    for mark in &piece.marks {
        draw_mark(svg, mark, ink)?;
    }
    svg.push_str("</g>");
    Ok(())
}

fn draw_mark(svg: &mut String, mark: &Mark, ink: &Ink<'_>) -> Result<(), PrintError> {
    match mark {
        Mark::Area {
            place,
            radius,
            colour,
        } => {
            rect(svg, *place, *radius);
            put(svg, format_args!(" fill=\"{colour}\"/>"));
        }
        Mark::Frame {
            place,
            radius,
            line,
            colour,
        } => {
            rect(svg, place.inside(*line), *radius);
            let stroke =
                format_args!(" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{line}\"/>");
            put(svg, stroke);
        }
        Mark::Line {
            ends: [(x1, y1), (x2, y2)],
            line,
            dashed,
            colour,
        } => {
            let dash = if *dashed {
                " stroke-dasharray=\"2000 1500\""
            } else {
                ""
            };
            put(
                svg,
                format_args!(
                    "<path d=\"M{x1} {y1}L{x2} {y2}\" stroke=\"{colour}\" \
                     stroke-width=\"{line}\"{dash}/>"
                ),
            );
        }
        Mark::Symbol {
            x,
            y,
            module,
            modules,
            colour,
        } => {
            let path = symbol(*x, *y, *module, modules);
            put(
                svg,
                format_args!(
                    "<path shape-rendering=\"crispEdges\" fill=\"{colour}\" d=\"{path}\"/>"
                ),
            );
        }
        Mark::Text(text) => match ink {
            Ink::Outlines(fonts) => outline(svg, text, fonts),
            Ink::Text => write_text(svg, text),
        },
        Mark::Picture { place, logo } => picture(svg, *place, logo)?,
    }
    Ok(())
}

fn rect(svg: &mut String, place: Place, radius: Um) {
    let Place {
        x,
        y,
        width,
        height,
    } = place;
    put(
        svg,
        format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\""
        ),
    );
}

fn symbol(x: Um, y: Um, module: Um, modules: &Modules) -> String {
    let mut path = String::new();
    for (column, row, length) in modules.runs() {
        let (left, top, across) = (x + column * module, y + row * module, length * module);
        put(
            &mut path,
            format_args!("M{left} {top}h{across}v{module}h-{across}z"),
        );
    }
    path
}

fn outline(svg: &mut String, text: &Text, fonts: &Fonts<'_>) {
    let mut path = String::new();
    for glyph in &text.glyphs {
        let at = |point: Point| {
            let across = text.x + (glyph.x + point.0) * text.size / EM;
            let down = text.baseline - (glyph.y + point.1) * text.size / EM;
            format!("{across} {down}")
        };
        for step in fonts.outline(text.weight, glyph.id) {
            match step {
                Step::Move(to) => put(&mut path, format_args!("M{}", at(to))),
                Step::Line(to) => put(&mut path, format_args!("L{}", at(to))),
                Step::Quad([by, to]) => put(&mut path, format_args!("Q{} {}", at(by), at(to))),
                Step::Cubic([by, and, to]) => put(
                    &mut path,
                    format_args!("C{} {} {}", at(by), at(and), at(to)),
                ),
                Step::Close => path.push('Z'),
            }
        }
    }
    let said = escaped(&text.says);
    put(
        svg,
        format_args!(
            "<path aria-label=\"{said}\" fill=\"{}\" d=\"{path}\"/>",
            text.colour
        ),
    );
}

/// In the middle of where it was to stand: another font is narrower, and then it still looks right.
fn write_text(svg: &mut String, text: &Text) {
    let weight = match text.weight {
        Weight::Regular => "400",
        Weight::Bold => "700",
    };
    put(
        svg,
        format_args!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\" font-weight=\"{weight}\" fill=\"{}\" \
             text-anchor=\"middle\" font-family=\"{FAMILIES}\">{}</text>",
            text.x + text.width / 2,
            text.baseline,
            text.size,
            text.colour,
            escaped(&text.says),
        ),
    );
}

fn picture(svg: &mut String, place: Place, logo: &Logo) -> Result<(), PrintError> {
    let file = BASE64.encode(&super::png::packed(logo)?);
    let Place {
        x,
        y,
        width,
        height,
    } = place;
    put(
        svg,
        format_args!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
             href=\"data:image/png;base64,{file}\"/>"
        ),
    );
    Ok(())
}

/// Writing into a text cannot fail.
fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(what);
}

pub(super) fn millimetres(um: Um) -> String {
    format!("{}.{:03}", um / 1_000, um % 1_000)
}

pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}
