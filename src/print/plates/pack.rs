//! A part as a ZIP of pictures, one a plate, each named by its number and short id.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::PlateWish;
use super::face::Pattern;
use crate::print::mark::Page;
use crate::print::svg::{self, Ink};
use crate::print::{Blank, Fonts, PrintError, png};

/// As pixels. They are packed already, so the ZIP only holds them together.
pub(super) fn png(
    blanks: &[Blank],
    wish: &PlateWish,
    fonts: &Fonts<'_>,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Vec<u8>, PrintError> {
    let pattern = pattern(blanks, wish, fonts)?;
    let page = Page {
        width: pattern.width,
        height: pattern.height,
        pieces: pattern.fixed.clone(),
    };
    let count = u64::try_from(blanks.len()).unwrap_or(u64::MAX).max(1);
    let most = png::PIXELS_MAX.min(wish.pixels_max / count);
    let stock = png::Stock::draw(&page, pattern.module, fonts, wish.dpi, most)?;
    packed(
        blanks,
        "png",
        CompressionMethod::Stored,
        is_stopped,
        |blank| stock.with(&pattern.own(blank, fonts)?),
    )
}

/// As vectors, letters as their outlines.
pub(super) fn svg(
    blanks: &[Blank],
    wish: &PlateWish,
    fonts: &Fonts<'_>,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Vec<u8>, PrintError> {
    let pattern = pattern(blanks, wish, fonts)?;
    let ink = Ink::Outlines(fonts);
    let fixed = svg::pieces(&pattern.fixed, &ink)?;
    packed(
        blanks,
        "svg",
        CompressionMethod::Deflated,
        is_stopped,
        |blank| {
            let own = svg::pieces(&pattern.own(blank, fonts)?, &ink)?;
            let size = (pattern.width, pattern.height);
            Ok(svg::paper(size, &blank.short_id, &[&fixed, &own]).into_bytes())
        },
    )
}

fn pattern(blanks: &[Blank], wish: &PlateWish, fonts: &Fonts<'_>) -> Result<Pattern, PrintError> {
    let first = blanks.first().ok_or(PrintError::Pieces)?;
    Pattern::new(&first.text, wish, fonts, false)
}

fn packed(
    blanks: &[Blank],
    ending: &str,
    method: CompressionMethod,
    is_stopped: &dyn Fn() -> bool,
    draw: impl Fn(&Blank) -> Result<Vec<u8>, PrintError>,
) -> Result<Vec<u8>, PrintError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // The same moment in every file: a part is the same whenever it is made.
    let options = SimpleFileOptions::default()
        .compression_method(method)
        .last_modified_time(DateTime::default());
    for blank in blanks {
        if is_stopped() {
            return Err(PrintError::Stopped);
        }
        let picture = draw(blank)?;
        let begun = zip.start_file(name(blank, ending), options);
        begun.map_err(|error| PrintError::Writer(error.to_string()))?;
        let written = zip.write_all(&picture);
        written.map_err(|error| PrintError::Writer(error.to_string()))?;
    }
    let whole = zip.finish();
    let whole = whole.map_err(|error| PrintError::Writer(error.to_string()))?;
    Ok(whole.into_inner())
}

/// Letters, digits and dashes only, whatever a short id may become.
fn name(blank: &Blank, ending: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let short_id: String = blank.short_id.chars().filter(is_plain).collect();
    format!("{:06}-{short_id}.{ending}", blank.number)
}
