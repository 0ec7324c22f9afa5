//! The light taken out of a picture.
//!
//! At the edge of a shadow the paper changes as much as from paper to ink. What is lightest and what
//! is darkest around each pixel tells ink from paper on either side of the edge: the least of the
//! greatest and the greatest of the least within reach, which end where the shadow ends.

use super::super::grey::Grey;

/// The reach is this share of the longer side: some modules of a symbol of the usual size.
const REACH_SHARE: u32 = 18;
/// What is less between light and dark, in grey levels, is left faint.
const CONTRAST_MIN: i32 = 32;

/// Each pixel between the darkest and the lightest around it.
pub(super) fn flat(grey: &Grey) -> Grey {
    let width = usize::try_from(grey.width()).unwrap_or(0).max(1);
    let longer = grey.width().max(grey.height());
    let reach = usize::try_from(longer / REACH_SHARE).unwrap_or(0).max(4);
    let luma = grey.luma();
    let paper = within(&within(luma, width, reach, u8::max), width, reach, u8::min);
    let ink = within(&within(luma, width, reach, u8::min), width, reach, u8::max);
    let flat = luma.iter().zip(paper).zip(ink).map(|((luma, paper), ink)| {
        let [luma, paper, ink] = [*luma, paper, ink].map(i32::from);
        let contrast = (paper - ink).max(CONTRAST_MIN);
        let middle = i32::midpoint(paper, ink);
        let flat = 128 + (luma - middle) * 255 / contrast;
        u8::try_from(flat.clamp(0, 255)).unwrap_or(0)
    });
    grey.with_luma(flat.collect())
}

/// The extreme in a square of so many pixels around each.
fn within(luma: &[u8], width: usize, reach: usize, more: fn(u8, u8) -> u8) -> Vec<u8> {
    let mut rows = luma.to_vec();
    for row in rows.chunks_exact_mut(width) {
        spread(row, 1, reach, more);
    }
    spread(&mut rows, width, reach, more);
    rows
}

/// Makes each the extreme of itself and its neighbours on both sides, which are `apart`.
fn spread(line: &mut [u8], apart: usize, reach: usize, more: fn(u8, u8) -> u8) {
    // From twice as many each time: first those behind, then those before.
    let mut done = 1;
    while done <= reach {
        let step = done.min(reach + 1 - done);
        for at in 0..line.len().saturating_sub(step * apart) {
            join(line, at, at + step * apart, more);
        }
        done += step;
    }
    let mut done = 1;
    while done <= reach {
        let step = done.min(reach + 1 - done);
        for at in (step * apart..line.len()).rev() {
            join(line, at, at - step * apart, more);
        }
        done += step;
    }
}

fn join(line: &mut [u8], at: usize, other: usize, more: fn(u8, u8) -> u8) {
    let other = line.get(other).copied();
    if let (Some(cell), Some(other)) = (line.get_mut(at), other) {
        *cell = more(*cell, other);
    }
}
