//! Files for a printing house: blank plates by the thousand, each to be bound to a shop later.
//!
//! ```text
//! batch of 100,000 ─┬─ part 1: plates 1 to 480 ──── one file
//!                   ├─ part 2: plates 481 to 960 ── one file
//!                   └─ …
//! ```
//!
//! A part is a whole number of sheets, and its file follows from its plates and the wish alone, byte
//! for byte: no clock, no chance. So a print needs the memory of one part however large the batch is,
//! and one that was interrupted goes on with the parts that are missing.
//!
//! **Where the claim secret stands.** Whoever has it binds the plate, so it must not hang on a wall.
//! A sticker is handed over by itself, so its secret comes along: on a strip below it, which is cut
//! off along the dashed line. Stands, tents and posters fill their sheet and go into a frame as they
//! are: their secrets are a list behind the last sheet of the part, in the sheets' order, for plain
//! paper. Pictures never bear it: a printing house that puts it elsewhere (under a scratch layer, into
//! a letter) takes it from the CSV. A wish without claims leaves it out everywhere, for a printing
//! house that is not to know it.

mod csv;
mod face;
mod list;
mod pack;
mod sheets;
mod words;

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use crate::word::words;

use super::{Blank, Fonts, PrintError, PrintLang, Template};

/// Plates in one part: whole sheets of every template, which have 12, 6, 4, 2 or 1 of them.
pub const PLATES_A_PART: u32 = 480;

words! {
    /// In which form plates are printed.
    PlateFormat {
        /// Sheets of A4 with cut marks, for a printing house.
        Pdf = "pdf",
        /// A ZIP of pictures, one a plate, without claim secrets.
        Png = "png",
        /// A ZIP of vector pictures, one a plate, without claim secrets.
        Svg = "svg",
        /// What is on the plates, for a printing house that lays them out itself.
        Csv = "csv",
    }
}

words! {
    /// What plates are printed on: all that is cut out of a sheet.
    PlateTemplate {
        /// 60 mm square, 12 a sheet.
        Sticker60 = "sticker-60",
        /// 80 mm square, 6 a sheet.
        Sticker80 = "sticker-80",
        /// Stands at the counter: 105 by 148 mm, 4 a sheet.
        StandA6 = "stand-a6",
        /// Stands at the counter: 148 by 210 mm, 2 a sheet.
        StandA5 = "stand-a5",
        /// Hangs on a wall: 210 by 297 mm.
        PosterA4 = "poster-a4",
        /// Folds into a roof with two faces, 2 a sheet.
        Tent = "tent",
    }
}

/// How plates are to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlateWish {
    /// In which form.
    pub format: PlateFormat,
    /// On what.
    pub template: PlateTemplate,
    /// In which language.
    pub lang: PrintLang,
    /// Dots an inch, of PNG.
    pub dpi: u32,
    /// How many pixels all pictures of a part may have; pictures of pixels take longest to draw.
    pub pixels_max: u64,
    /// Whether claim secrets are to be in the file.
    pub claims: bool,
    /// Where the codes' pages are.
    pub host: String,
    /// Where a plate is bound.
    pub bind_url: String,
    /// Play money.
    pub is_test: bool,
}

impl PlateFormat {
    /// What the file of a part is.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png | Self::Svg => "application/zip",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }
}

impl From<PlateTemplate> for Template {
    fn from(template: PlateTemplate) -> Self {
        match template {
            PlateTemplate::Sticker60 => Self::Sticker60,
            PlateTemplate::Sticker80 => Self::Sticker80,
            PlateTemplate::StandA6 => Self::StandA6,
            PlateTemplate::StandA5 => Self::StandA5,
            PlateTemplate::PosterA4 => Self::PosterA4,
            PlateTemplate::Tent => Self::Tent,
        }
    }
}

impl PlateWish {
    /// What the file of a part of `parts` is called.
    pub fn file_name(&self, batch: &str, part: u32, parts: u32) -> String {
        let digits = parts.to_string().len();
        let ending = match self.format {
            PlateFormat::Pdf => "pdf",
            PlateFormat::Png => "png.zip",
            PlateFormat::Svg => "svg.zip",
            PlateFormat::Csv => "csv",
        };
        let stem = self.stem(batch);
        format!("{stem}-{part:0digits$}-of-{parts}.{ending}")
    }

    /// What the list of all its files is called.
    pub fn manifest_name(&self, batch: &str) -> String {
        let stem = self.stem(batch);
        format!("{stem}.{}.manifest.json", self.format)
    }

    /// All that makes a file another one.
    fn stem(&self, batch: &str) -> String {
        let Self {
            template,
            lang,
            dpi,
            ..
        } = self;
        let apart = if self.claims { "" } else { "-no-claims" };
        match self.format {
            PlateFormat::Pdf => format!("{batch}-{template}-{lang}{apart}"),
            PlateFormat::Png => format!("{batch}-{template}-{lang}-{dpi}dpi"),
            PlateFormat::Svg => format!("{batch}-{template}-{lang}"),
            PlateFormat::Csv => format!("{batch}{apart}"),
        }
    }
}

/// How many parts so many plates have.
pub const fn parts(count: u32) -> u32 {
    count.div_ceil(PLATES_A_PART)
}

/// The numbers of a part's plates; none of a part that the batch does not have.
pub fn numbers(count: u32, part: u32) -> Option<RangeInclusive<u32>> {
    let before = part.checked_sub(1)?.checked_mul(PLATES_A_PART)?;
    let last = before.saturating_add(PLATES_A_PART).min(count);
    (before < count).then(|| before.saturating_add(1)..=last)
}

/// A part as a table. It needs no fonts.
pub fn table(blanks: &[Blank], wish: &PlateWish) -> Result<Vec<u8>, PrintError> {
    csv::write(blanks, wish)
}

/// A part as its file. Whether anybody still waits for it is asked before every plate.
pub fn write(
    blanks: &[Blank],
    wish: &PlateWish,
    title: &str,
    fonts: &Fonts<'_>,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Vec<u8>, PrintError> {
    match wish.format {
        PlateFormat::Pdf => sheets::write(blanks, wish, title, fonts, is_stopped),
        PlateFormat::Png => pack::png(blanks, wish, fonts, is_stopped),
        PlateFormat::Svg => pack::svg(blanks, wish, fonts, is_stopped),
        PlateFormat::Csv => table(blanks, wish),
    }
}
