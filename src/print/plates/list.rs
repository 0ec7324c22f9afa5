//! The claims of plates that have no strip: a list in the order of the sheets, on A4.

use super::words::Words;
use crate::print::face::{Letters, Weight};
use crate::print::layout::HAIR;
use crate::print::lines::{Setting, centred, line_of};
use crate::print::mark::{Mark, Page, Piece, Um};
use crate::print::{Blank, PrintError, Rgb, sheet};

const SIDES: (Um, Um) = (210_000, 297_000);
const MARGIN: Um = 15_000;
/// From one line to the next.
const ROW: Um = 6_000;
/// How many plates stand on a page.
const ROWS: usize = 38;
/// Where the columns begin: number, short id, claim, and room to write.
const COLUMNS: [Um; 4] = [MARGIN, 38_000, 68_000, 118_000];
const LETTERS: Um = 3_600;
/// From a row's lower edge up to its letters.
const DROP: Um = 1_600;

/// The list's pages.
pub(super) fn pages(
    blanks: &[Blank],
    words: &Words,
    title: &str,
    letters: &dyn Letters,
) -> Result<Vec<Page>, PrintError> {
    let each = blanks.chunks(ROWS);
    each.map(|some| page(some, words, title, letters)).collect()
}

fn page(
    blanks: &[Blank],
    words: &Words,
    title: &str,
    letters: &dyn Letters,
) -> Result<Page, PrintError> {
    let (width, height) = SIDES;
    let mut marks = Vec::new();
    let mut y = MARGIN;
    for (says, size, weight) in [
        (title, 4_200, Weight::Bold),
        (words.list.as_str(), 3_200, Weight::Regular),
    ] {
        let block = centred(letters, setting(size, weight), width - 2 * MARGIN, says)?;
        let moved = block.marks.into_iter();
        marks.extend(moved.map(|mark| mark.moved(MARGIN, y)));
        y += block.height + ROW / 3;
    }
    y += ROW;
    row(&mut marks, y, &words.columns, Weight::Bold, letters)?;
    for blank in blanks {
        y += ROW;
        let number = blank.number.to_string();
        let cells = [&number, &blank.short_id, &blank.claim].map(String::as_str);
        row(&mut marks, y, &cells, Weight::Regular, letters)?;
    }
    Ok(Page {
        width,
        height,
        pieces: vec![Piece {
            x: 0,
            y: 0,
            width,
            height,
            turned: false,
            marks,
        }],
    })
}

/// One line of the list, whose lower edge is at `y`.
fn row(
    marks: &mut Vec<Mark>,
    y: Um,
    cells: &[&str],
    weight: Weight,
    letters: &dyn Letters,
) -> Result<(), PrintError> {
    for (x, says) in COLUMNS.into_iter().zip(cells) {
        let mut line = line_of(letters, setting(LETTERS, weight), LETTERS, says)?;
        (line.x, line.baseline) = (x, y - DROP);
        marks.push(Mark::Text(line));
    }
    marks.push(Mark::Line {
        ends: [(MARGIN, y), (SIDES.0 - MARGIN, y)],
        line: HAIR,
        dashed: false,
        colour: sheet::GREY,
    });
    Ok(())
}

const fn setting(size: Um, weight: Weight) -> Setting {
    Setting {
        size,
        size_min: size,
        lines_max: 2,
        weight,
        colour: Rgb::BLACK,
    }
}
