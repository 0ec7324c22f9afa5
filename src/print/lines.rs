//! Text that has to fit: broken into lines where its script allows, and shrunk before it is cut.

use super::PrintError;
use super::colour::Rgb;
use super::face::{EM, Letters, Weight};
use super::mark::{Mark, Text, Um};

/// How a text may be set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// How large it is where there is room.
    pub(super) size: Um,
    /// How small it may become.
    pub(super) size_min: Um,
    /// How many lines it may take.
    pub(super) lines_max: usize,
    /// How thick.
    pub(super) weight: Weight,
    /// Its colour.
    pub(super) colour: Rgb,
}

/// Lines below each other, centred, as high as they need.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// How high.
    pub(super) height: Um,
    /// The shapes, from its own top left corner.
    pub(super) marks: Vec<Mark>,
}

/// From one baseline to the next, in parts of an em.
const LINE: i64 = 13_200;
/// From a line's upper edge to its baseline.
const RISE: i64 = 10_100;

/// Never at the beginning of a line.
const CLOSING: &str = "，。；：！？、）》”’」』】…,.;:!?)]}%";
/// Never at the end of a line.
const OPENING: &str = "（《“‘「『【([{";

/// A text in the middle of `width`.
pub(super) fn centred(
    letters: &dyn Letters,
    setting: Setting,
    width: Um,
    text: &str,
) -> Result<Block, PrintError> {
    let (size, lines) = fit(letters, setting, width, text);
    let mut marks = Vec::new();
    let mut top = 0;
    for line in &lines {
        let mut text = line_of(letters, setting, size, line)?;
        text.x = (width - text.width) / 2;
        text.baseline = top + size * RISE / EM;
        marks.push(Mark::Text(text));
        top += size * LINE / EM;
    }
    Ok(Block { height: top, marks })
}

/// One line at its place: its left end and baseline are zero.
pub(super) fn line_of(
    letters: &dyn Letters,
    setting: Setting,
    size: Um,
    text: &str,
) -> Result<Text, PrintError> {
    let shaped = letters.shape(setting.weight, text)?;
    Ok(Text {
        x: 0,
        baseline: 0,
        size,
        width: shaped.width * size / EM,
        weight: setting.weight,
        colour: setting.colour,
        says: text.to_owned(),
        glyphs: shaped.glyphs,
    })
}

/// The size and lines that fit; a text that does not fit at its smallest is cut, and shows it.
fn fit(letters: &dyn Letters, setting: Setting, width: Um, text: &str) -> (Um, Vec<String>) {
    let words = words(text);
    let mut size = setting.size;
    loop {
        let room = width * EM / size.max(1);
        let lines = broken(letters, setting.weight, &words, room);
        let is_smallest = size <= setting.size_min;
        if lines.len() <= setting.lines_max {
            return (size, balanced(letters, setting.weight, &words, room, lines));
        }
        if is_smallest {
            return (size, cut(letters, setting, room, lines));
        }
        size = (size * 95 / 100).max(setting.size_min);
    }
}

/// The pieces that a line may be broken between.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in text.chars() {
        let is_wide = |c: char| u32::from(c) >= 0x2e80;
        let joins = !before.is_whitespace()
            && (!is_wide(c) && !is_wide(before) || CLOSING.contains(c))
            || OPENING.contains(before)
            || c.is_whitespace();
        match words.last_mut() {
            Some(word) if joins => word.push(c),
            Some(_) | None => words.push(c.to_string()),
        }
        before = c;
    }
    words
}

/// As many words on each line as go there. A word that is wider than a line is broken anywhere.
fn broken(letters: &dyn Letters, weight: Weight, words: &[String], room: i64) -> Vec<String> {
    let width = |text: &str| letters.width(weight, text.trim_end());
    let mut lines = vec![String::new()];
    let mut put = |part: &str| {
        let joined = format!("{}{part}", lines.last().map_or("", String::as_str));
        match lines.last_mut() {
            Some(line) if line.is_empty() || width(&joined) <= room => *line = joined,
            Some(_) | None => lines.push(part.to_owned()),
        }
    };
    for word in words {
        if width(word) <= room {
            put(word);
        } else {
            word.chars().for_each(|c| put(c.encode_utf8(&mut [0; 4])));
        }
    }
    lines.iter().map(|line| line.trim().to_owned()).collect()
}

/// The same number of lines, as even as they can be: no lonely character on the last one.
fn balanced(
    letters: &dyn Letters,
    weight: Weight,
    words: &[String],
    room: i64,
    mut lines: Vec<String>,
) -> Vec<String> {
    if lines.len() < 2 {
        return lines;
    }
    // A word is not torn for the sake of evenness.
    let longest = words
        .iter()
        .map(|word| letters.width(weight, word.trim_end()));
    let longest = longest.max().unwrap_or_default();
    let mut narrower = room * 97 / 100;
    while narrower > longest {
        let tried = broken(letters, weight, words, narrower);
        if tried.len() != lines.len() {
            break;
        }
        lines = tried;
        narrower = narrower * 97 / 100;
    }
    lines
}

fn cut(letters: &dyn Letters, setting: Setting, room: i64, mut lines: Vec<String>) -> Vec<String> {
    lines.truncate(setting.lines_max.max(1));
    if let Some(last) = lines.last_mut() {
        while letters.width(setting.weight, last) + EM > room && last.pop().is_some() {}
        last.push('…');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::face::Guess;

    const SETTING: Setting = Setting {
        size: 10_000,
        size_min: 5_000,
        lines_max: 2,
        weight: Weight::Regular,
        colour: Rgb::BLACK,
    };

    fn lines(text: &str, width: Um) -> (Um, Vec<String>) {
        fit(&Guess, SETTING, width, text)
    }

    #[test]
    fn a_short_text_keeps_its_size_and_stands_on_one_line() {
        assert_eq!(
            lines("老王面馆", 40_000),
            (10_000, vec!["老王面馆".to_owned()])
        );
    }

    #[test]
    fn chinese_breaks_anywhere_but_never_before_a_stop_or_after_a_bracket() {
        assert_eq!(lines("老王面馆总店", 40_000).1, ["老王面", "馆总店"]);
        assert_eq!(
            lines("老王面馆，在上海", 40_000).1,
            ["老王面馆，", "在上海"]
        );
        assert_eq!(words("馆（总）店"), ["馆", "（总）", "店"]);
    }

    #[test]
    fn english_breaks_between_words() {
        let (size, lines) = lines("Neighbour and Sons of Shanghai", 100_000);
        assert_eq!(size, 10_000);
        assert_eq!(lines, ["Neighbour and", "Sons of Shanghai"]);
    }

    #[test]
    fn a_long_text_shrinks_before_it_is_cut() {
        let (size, shrunk) = lines(&"馆".repeat(12), 40_000);
        assert!((5_000..10_000).contains(&size), "{size}");
        assert_eq!(shrunk.concat(), "馆".repeat(12));
        let (size, cut) = lines(&"馆".repeat(40), 40_000);
        assert_eq!((size, cut.len()), (5_000, 2));
        assert!(cut.iter().all(|line| line.chars().count() <= 8), "{cut:?}");
        assert!(cut.last().unwrap().ends_with('…'));
    }

    #[test]
    fn a_word_that_is_wider_than_the_line_is_broken() {
        let (_, lines) = lines(&"x".repeat(18), 60_000);
        assert_eq!(lines.concat(), "x".repeat(18));
        assert_eq!(lines.len(), 2);
    }
}
