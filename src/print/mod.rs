//! Signs on paper: what a merchant hangs on the wall or stands on the counter.
//!
//! A [`Sign`] says what is shown, a [`Wish`] how; [`lay_out`] makes pages of them in whole
//! micrometres, and [`pdf`], [`svg`], [`png`] and [`html`] write the same pages down. Whether a phone
//! will read the symbol is decided here, by the width of its modules, before anything is printed.
//!
//! Nothing here reads a file: fonts and pictures come in as bytes.

mod blank;
mod colour;
mod corner;
mod face;
pub mod html;
mod layout;
mod lines;
mod logo;
mod mark;
pub mod pdf;
pub mod plates;
pub mod png;
mod proof;
mod sheet;
pub mod svg;
mod symbol;
mod tags;
mod template;
mod words;

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use crate::qr::read::PictureError;
use crate::qr::symbol::{Level, SymbolError};

pub use blank::Blank;
pub use colour::{CONTRAST_MIN_TENTHS, Rgb};
pub use face::{FontFile, Fonts, Guess, Letters, Weight};
pub use logo::{LOGO_BYTES_MAX, Logo};
pub use mark::{Page, Um};
pub use tags::Tag;
pub use template::{PrintFormat, PrintLang, Template};

use layout::{Face, Look, NoRoom};
use mark::{Item, Mark, Piece};
use sheet::Grid;
use symbol::Drawing;
use template::TENT_HEIGHT;

/// Signs in one print at most.
pub const PIECES_MAX: usize = 500;
/// A line to fold along.
const FOLD: Um = 150;

/// What one sign says.
#[derive(Debug, Clone)]
pub struct Sign {
    /// Who is paid.
    pub merchant: String,
    /// In which store.
    pub store: String,
    /// At which till.
    pub counter: Option<String>,
    /// What people tell two signs apart by.
    pub short_id: String,
    /// How much, of a code with a fixed amount.
    pub amount: Option<String>,
    /// Where the code's page is.
    pub host: String,
    /// What the symbol says.
    pub text: String,
    /// Which wallets can pay.
    pub wallets: Vec<Tag>,
    /// Play money.
    pub is_test: bool,
}

/// How signs are to be printed.
#[derive(Debug, Clone)]
pub struct Wish {
    /// On what.
    pub template: Template,
    /// In which language.
    pub lang: PrintLang,
    /// How much of the symbol may be dirty; M, or Q where there is a logo.
    pub level: Option<Level>,
    /// The dark colour.
    pub ink: Rgb,
    /// The light colour.
    pub paper: Rgb,
    /// The merchant's own picture.
    pub logo: Option<Arc<Logo>>,
    /// From how far it must be readable.
    pub distance: Option<Um>,
    /// On sheets of A4, this many of each sign; 0 fills the last sheet.
    pub copies: Option<u16>,
}

/// A print, laid out.
#[derive(Debug)]
pub struct Print {
    /// Its pages.
    pub pages: Vec<Page>,
    /// What it measures.
    pub facts: Facts,
    /// Drawn without greys, because the printer has none.
    pub mono: bool,
}

/// What a print measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Facts {
    /// On what.
    pub template: Template,
    /// In which language.
    pub lang: PrintLang,
    /// How many pages.
    pub pages: usize,
    /// How many signs on a page.
    pub per_page: usize,
    /// A page's width in micrometres.
    pub page_width_um: i64,
    /// A page's height in micrometres.
    pub page_height_um: i64,
    /// How much of the symbol may be dirty.
    pub level: Level,
    /// The symbol's version, 1 to 40.
    pub version: i16,
    /// Modules a side, without the quiet zone.
    pub modules: usize,
    /// A module's side in micrometres.
    pub module_um: i64,
    /// The symbol's side in micrometres, without the quiet zone.
    pub symbol_um: i64,
    /// The quiet zone in modules.
    pub quiet_modules: i64,
    /// From how far any phone reads it, in millimetres.
    pub scan_distance_mm: i64,
    /// Modules that a logo covers, of `modules` squared.
    pub covered_modules: usize,
}

/// Why something cannot be printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// No phone would read it.
    #[error(
        "the modules of {template} would be {module_um} micrometres wide, and must be {needed_um}: \
         the symbol with its quiet zone needs {side_mm} mm; {}", or_smaller(*.works)
    )]
    TooSmall {
        /// On what.
        template: Template,
        /// How wide a module would be.
        module_um: Um,
        /// How wide it must be.
        needed_um: Um,
        /// How large the symbol must be.
        side_mm: Um,
        /// The smallest template that has room.
        works: Option<Template>,
    },
    /// A picture with more pixels than anyone prints.
    #[error(
        "{dpi} dpi makes {pixels} pixels, at most {limit} are drawn: ask for {dpi_max} dpi or for PDF"
    )]
    TooManyPixels {
        /// What was asked for.
        dpi: u32,
        /// How many that are.
        pixels: u64,
        /// How many may be.
        limit: u64,
        /// What would do.
        dpi_max: u32,
    },
    /// Modules smaller than a few pixels.
    #[error("a module needs {pixels} pixels; ask for {needed} dpi or more")]
    DpiTooLow {
        /// How many pixels.
        pixels: u32,
        /// What would do.
        needed: u32,
    },
    /// Not six hexadecimal digits.
    #[error("a colour is six hexadecimal digits, such as 00265f")]
    Colour,
    /// Ink and paper that look alike.
    #[error("the contrast of ink on paper is {found} : 1, and must be {}.{} : 1, the ink being darker", CONTRAST_MIN_TENTHS / 10, CONTRAST_MIN_TENTHS % 10)]
    Contrast {
        /// What it is.
        found: String,
    },
    /// A thermal printer knows black and white.
    #[error("{0} is printed in black on white, without colours")]
    NoColour(Template),
    /// A logo covers what levels L and M cannot mend.
    #[error("a logo needs level Q or H")]
    LogoLevel,
    /// What comes from a roll is on no sheet.
    #[error("{0} is printed on a roll, not on sheets")]
    NoSheet(Template),
    /// None, or more than a print may have.
    #[error("a print has 1 to {PIECES_MAX} signs")]
    Pieces,
    /// A picture is of one page.
    #[error("{format} has one page, and this print has {pages}; ask for pdf")]
    OnePage {
        /// In which form.
        format: PrintFormat,
        /// How many pages there are.
        pages: usize,
    },
    /// A character that the font does not have.
    #[error("the font has no glyph for {0:?} (U+{code:04X})", code = u32::from(*.0))]
    NoGlyph(char),
    /// The file is no font.
    #[error("the font file holds no such font")]
    NoFont,
    /// The symbol itself.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// The logo's file.
    #[error(transparent)]
    Logo(#[from] PictureError),
    /// Our own reader does not find the text.
    #[error("the code cannot be read back with this logo and these colours")]
    Unreadable,
    /// The file could not be written.
    #[error("cannot be written: {0}")]
    Writer(String),
    /// Whoever asked for it does not wait for it any more.
    #[error("stopped before it was whole")]
    Stopped,
}

fn or_smaller(works: Option<Template>) -> String {
    works.map_or_else(
        || "no template has that much room".to_owned(),
        |works| format!("the smallest template with room is {works}"),
    )
}

/// Makes pages of signs; what a phone could not read is refused.
pub fn lay_out(signs: &[Sign], wish: &Wish, letters: &dyn Letters) -> Result<Print, PrintError> {
    let style = wish.template.style();
    let has_colours = wish.ink != Rgb::BLACK || wish.paper != Rgb::WHITE;
    if style.mono && has_colours {
        return Err(PrintError::NoColour(wish.template));
    }
    if style.mono && wish.copies.is_some() {
        return Err(PrintError::NoSheet(wish.template));
    }
    if signs.is_empty() || signs.len() > PIECES_MAX {
        return Err(PrintError::Pieces);
    }
    colour::check_contrast(wish.ink, wish.paper)?;
    if let Some(logo) = &wish.logo
        && corner::is_in(logo, wish.paper)
    {
        return Err(PrintError::Unreadable);
    }
    let mut items = Vec::new();
    let mut finest: Option<(Drawing, Um)> = None;
    for sign in signs {
        let drawing = Drawing::new(&sign.text, wish.level, wish.logo.as_ref())?;
        if has_colours || wish.logo.is_some() {
            proof::read_back(&drawing, wish, &sign.text)?;
        }
        let (item, module) = item(sign, wish, letters, &drawing)?;
        items.push(item);
        // Of several, the finest decides from how far all can be read.
        if finest.as_ref().is_none_or(|(_, width)| module < *width) {
            finest = Some((drawing, module));
        }
    }
    let (drawing, module) = finest.ok_or(PrintError::Pieces)?;
    let (pages, per_page) = paged(items, wish.copies)?;
    Ok(Print {
        facts: facts(wish, &pages, per_page, &drawing, module),
        pages,
        mono: style.mono,
    })
}

fn facts(wish: &Wish, pages: &[Page], per_page: usize, drawing: &Drawing, module: Um) -> Facts {
    let paper = pages.first().map(|page| (page.width, page.height));
    let (page_width_um, page_height_um) = paper.unwrap_or_default();
    let side = drawing.modules.side();
    Facts {
        template: wish.template,
        lang: wish.lang,
        pages: pages.len(),
        per_page,
        page_width_um,
        page_height_um,
        level: drawing.level,
        version: drawing.version,
        modules: side,
        module_um: module,
        symbol_um: symbol::modules(side) * module,
        quiet_modules: symbol::quiet(),
        scan_distance_mm: symbol::distance(module) / 1_000,
        covered_modules: drawing.field.saturating_mul(drawing.field),
    }
}

/// What is cut out of a sheet for one sign, and how wide its modules became.
fn item(
    sign: &Sign,
    wish: &Wish,
    letters: &dyn Letters,
    drawing: &Drawing,
) -> Result<(Item, Um), PrintError> {
    match face(sign, wish, wish.template, letters, drawing)? {
        Ok(face) if wish.template == Template::Tent => Ok((tent(face.piece), face.module)),
        Ok(face) => Ok((Item::of(face.piece), face.module)),
        Err(lacking) => {
            let has_room = |other: &Template| {
                face(sign, wish, *other, letters, drawing).is_ok_and(|face| face.is_ok())
            };
            Err(too_small(wish.template, &lacking, drawing, has_room))
        }
    }
}

/// What is too small, with the smallest template that is not.
fn too_small(
    template: Template,
    &NoRoom { module, needed }: &NoRoom,
    drawing: &Drawing,
    has_room: impl FnMut(&Template) -> bool,
) -> PrintError {
    let side = needed * drawing.framed();
    PrintError::TooSmall {
        template,
        module_um: module,
        needed_um: needed,
        side_mm: side.div_euclid(1_000) + Um::from(side % 1_000 > 0),
        works: Template::BY_SIZE.into_iter().find(has_room),
    }
}

fn face(
    sign: &Sign,
    wish: &Wish,
    template: Template,
    letters: &dyn Letters,
    drawing: &Drawing,
) -> Result<Result<Face, NoRoom>, PrintError> {
    let style = template.style();
    let words = words::words(sign, wish.lang, style.brief);
    let look = Look {
        letters,
        style,
        ink: wish.ink,
        paper: wish.paper,
        distance: wish.distance,
    };
    look.face(sign, &words, drawing)
}

/// Two faces, head to head, with lines to fold along and flaps below their feet.
fn tent(face: Piece) -> Item {
    let (width, height) = (face.width, face.height);
    let flap = TENT_HEIGHT / 2 - height;
    let middle = flap + height;
    let folds = [flap, middle, middle + height].map(|y| Mark::Line {
        ends: [(0, y), (width, y)],
        line: FOLD,
        dashed: true,
        colour: sheet::GREY,
    });
    let far = Piece {
        y: flap,
        turned: true,
        ..face.clone()
    };
    let near = Piece { y: middle, ..face };
    let lines = Piece {
        y: 0,
        height: TENT_HEIGHT,
        marks: folds.into(),
        ..near.clone()
    };
    Item {
        width,
        height: TENT_HEIGHT,
        pieces: vec![far, near, lines],
    }
}

/// One sign a page, or as many as a sheet holds.
fn paged(items: Vec<Item>, copies: Option<u16>) -> Result<(Vec<Page>, usize), PrintError> {
    let Some(copies) = copies else {
        return Ok((items.into_iter().map(Page::of).collect(), 1));
    };
    let paper = items.first().map(|item| (item.width, item.height));
    let (width, height) = paper.unwrap_or((1, 1));
    let grid = Grid::of(width, height);
    let per_page = usize::try_from(grid.count()).unwrap_or(1).max(1);
    let each = match usize::from(copies) {
        0 => (per_page / items.len().max(1)).max(1),
        asked => asked,
    };
    if items.len().saturating_mul(each) > PIECES_MAX {
        return Err(PrintError::Pieces);
    }
    let repeated = |item| std::iter::repeat_n(item, each);
    let all: Vec<Item> = items.into_iter().flat_map(repeated).collect();
    Ok((grid.sheets(&all), per_page))
}

#[cfg(test)]
mod tests;
