//! The wallets that are taken, as plain names on their colours: no logo is anybody's but its
//! owner's.

use super::face::{Letters, Weight};
use super::lines::{Block, Setting, line_of};
use super::mark::{Mark, Place, Text, Um};
use super::template::Style;
use super::{PrintError, colour::Rgb};

/// A wallet's name and colour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// In the print's language.
    pub name: String,
    /// What its own pages are coloured like.
    pub colour: Rgb,
}

/// White on colours needs strokes that do not drown.
const WEIGHT: Weight = Weight::Bold;

/// Rows of tags in the middle of the page.
pub(super) fn rows(
    letters: &dyn Letters,
    style: &Style,
    ink: Rgb,
    tags: &[Tag],
) -> Result<Block, PrintError> {
    let size = style.tag * 56 / 100;
    let (pad, gap) = (style.tag * 45 / 100, style.tag * 26 / 100);
    let mut rows: Vec<Row> = Vec::new();
    for tag in tags {
        let colour = if style.mono {
            ink
        } else {
            tag.colour.letters()
        };
        let setting = Setting {
            size,
            size_min: size,
            lines_max: 1,
            weight: WEIGHT,
            colour,
        };
        let name = fitting(letters, size, style.inner() - 2 * pad, &tag.name);
        let text = line_of(letters, setting, size, &name)?;
        let width = text.width + 2 * pad;
        let pill = (text, width, tag.colour);
        match rows.last_mut() {
            Some(row) if row.width + gap + width <= style.inner() => {
                row.width += gap + width;
                row.pills.push(pill);
            }
            Some(_) | None => rows.push(Row {
                width,
                pills: vec![pill],
            }),
        }
    }
    even(&mut rows, gap, style.inner());
    let mut marks = Vec::new();
    let mut y = 0;
    for row in rows {
        let mut x = (style.inner() - row.width) / 2;
        for (mut text, width, colour) in row.pills {
            let place = Place {
                x,
                y,
                width,
                height: style.tag,
            };
            let radius = style.tag / 2;
            marks.push(if style.mono {
                Mark::Frame {
                    place,
                    radius,
                    line: 2 * style.dot,
                    colour: ink,
                }
            } else {
                Mark::Area {
                    place,
                    radius,
                    colour,
                }
            });
            text.x = x + pad;
            // A Chinese character's middle is two fifths of it above the baseline.
            text.baseline = y + style.tag / 2 + size * 38 / 100;
            marks.push(Mark::Text(text));
            x += width + gap;
        }
        y += style.tag + gap;
    }
    Ok(Block {
        height: (y - gap).max(0),
        marks,
    })
}

struct Row {
    width: Um,
    pills: Vec<(Text, Um, Rgb)>,
}

/// Moves a pill down where the last row would stand alone with much less than the one above.
fn even(rows: &mut [Row], gap: Um, inner: Um) {
    let [.., above, last] = rows else {
        return;
    };
    while let Some((_, width, _)) = above.pills.last() {
        let moved = width + gap;
        if last.width + moved > inner || last.width + moved > above.width - moved {
            break;
        }
        if let Some(pill) = above.pills.pop() {
            last.pills.insert(0, pill);
        }
        above.width -= moved;
        last.width += moved;
    }
}

/// A name that an operator made longer than a page is wide is cut, and shows it.
fn fitting(letters: &dyn Letters, size: Um, room: Um, name: &str) -> String {
    let width = |text: &str| letters.width(WEIGHT, text) * size / super::face::EM;
    if width(name) <= room {
        return name.to_owned();
    }
    let mut short: String = name.to_owned();
    while width(&short) + size > room && short.pop().is_some() {}
    short.push('…');
    short
}
