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
fn within(luma: &[u8], width: usize, reach: usize, more: impl Fn(u8, u8) -> u8 + Copy) -> Vec<u8> {
    let mut extremes = luma.to_vec();
    let mut before = vec![0; width];
    for row in extremes.chunks_exact_mut(width) {
        spread(row, &mut before, 1, reach, more);
    }
    before.resize(extremes.len(), 0);
    spread(&mut extremes, &mut before, width, reach, more);
    extremes
}

/// Makes each the extreme of itself and its neighbours on both sides, which are `apart`; `before`
/// has room for as many.
fn spread(
    line: &mut [u8],
    before: &mut [u8],
    apart: usize,
    reach: usize,
    more: impl Fn(u8, u8) -> u8,
) {
    // From twice as many each time: first those behind, then those before.
    for is_behind in [true, false] {
        let mut done = 1;
        while done <= reach {
            let step = done.min(reach + 1 - done);
            before.copy_from_slice(line);
            let (at, other) = if is_behind {
                (0, step * apart)
            } else {
                (step * apart, 0)
            };
            let others = before.get(other..).unwrap_or_default();
            let cells = line.get_mut(at..).unwrap_or_default();
            for (cell, other) in cells.iter_mut().zip(others) {
                *cell = more(*cell, *other);
            }
            done += step;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_extremes_are_those_of_the_square(
            luma in proptest::collection::vec(any::<u8>(), 15 * 11),
            reach in 4_usize..20,
        ) {
            let seen = within(&luma, 15, reach, u8::max);
            for (at, seen) in seen.iter().enumerate() {
                let near = luma.iter().enumerate().filter(|(other, _)| {
                    let across = (at % 15).abs_diff(other % 15);
                    across <= reach && (at / 15).abs_diff(other / 15) <= reach
                });
                prop_assert_eq!(Some(seen), near.map(|(_, luma)| luma).max());
            }
        }
    }
}
