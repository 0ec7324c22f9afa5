//! What is dark in its small square of the picture: the library's rule, a row of pixels at a time.
//!
//! A square's own grey is the mean of its pixels. Where it is of one colour there is no telling
//! which: it is then taken for light, or for what its neighbours above and to the left call dark.
//! What is no lighter than the mean over five squares by five is dark.

use super::grey::Grey;

/// A square's side in pixels. The last ones of a row and a column lie over those before them.
const SIDE: usize = 8;
/// What varies no more, in grey levels, is of one colour.
const ONE_COLOUR: u8 = 24;
/// The mean is taken over so many squares to either side.
const REACH: usize = 2;

/// What is dark at most, square by square.
#[derive(Debug)]
pub(super) struct Limits {
    width: usize,
    height: usize,
    /// For each row of squares, each of its pixels' limit.
    rows: Vec<Vec<u8>>,
}

/// Nothing if the picture is so small that there are no five squares.
pub(super) fn limits(grey: &Grey) -> Option<Limits> {
    let [width, height] =
        [grey.width(), grey.height()].map(|side| usize::try_from(side).unwrap_or(0));
    let enough = SIDE * (2 * REACH + 1);
    if width < enough || height < enough {
        return None;
    }
    let (across, down) = (width.div_ceil(SIDE), height.div_ceil(SIDE));
    let own = own_greys(grey.luma(), [width, height], across, down);
    let rows = (0..down).map(|row| spread(&means(&own, [across, down], row), width));
    Some(Limits {
        width,
        height,
        rows: rows.collect(),
    })
}

impl Limits {
    /// Says of each pixel of a row whether it is dark.
    pub(super) fn judge(&self, y: usize, luma: &[u8], dark: &mut [u8]) {
        let row = |at: usize| self.rows.get(at).map(Vec::as_slice).unwrap_or_default();
        compare(luma, row(y / SIDE), dark);
        let last = self.rows.len().saturating_sub(1);
        if y / SIDE < last && y.saturating_add(SIDE) >= self.height {
            let mut also = vec![0; self.width];
            compare(luma, row(last), &mut also);
            for (dark, also) in dark.iter_mut().zip(also) {
                *dark |= also;
            }
        }
    }
}

fn compare(luma: &[u8], limits: &[u8], dark: &mut [u8]) {
    for ((dark, luma), limit) in dark.iter_mut().zip(luma).zip(limits) {
        *dark = u8::from(luma <= limit);
    }
}

/// Where a square begins.
const fn start(at: usize, whole: usize) -> usize {
    let (start, last) = (at * SIDE, whole.saturating_sub(SIDE));
    if start < last { start } else { last }
}

/// The grey of each square by itself, row after row.
fn own_greys(luma: &[u8], [width, height]: [usize; 2], across: usize, down: usize) -> Vec<u32> {
    let mut own: Vec<u32> = Vec::with_capacity(across * down);
    let mut sums = vec![0_u16; width];
    let (mut least, mut most) = (vec![0_u8; width], vec![0_u8; width]);
    for row in 0..down {
        sums.fill(0);
        least.fill(u8::MAX);
        most.fill(u8::MIN);
        let pixels = luma.get(start(row, height) * width..).unwrap_or_default();
        for pixels in pixels.chunks_exact(width).take(SIDE) {
            for (sum, luma) in sums.iter_mut().zip(pixels) {
                *sum += u16::from(*luma);
            }
            for (least, luma) in least.iter_mut().zip(pixels) {
                *least = (*least).min(*luma);
            }
            for (most, luma) in most.iter_mut().zip(pixels) {
                *most = (*most).max(*luma);
            }
        }
        for column in 0..across {
            let from = start(column, width);
            let sum: u16 = run(&sums, from).iter().sum();
            let darkest = run(&least, from).iter().copied().min().unwrap_or(0);
            let lightest = run(&most, from).iter().copied().max().unwrap_or(0);
            let mut grey = u32::from(sum) / 64;
            if lightest.saturating_sub(darkest) <= ONE_COLOUR {
                let of = |at: Option<usize>| at.and_then(|at| own.get(at).copied());
                let here = own.len();
                let above = of(here.checked_sub(across)).filter(|_| column > 0);
                let corner = of(here.checked_sub(across + 1)).filter(|_| column > 0);
                grey = u32::from(darkest) / 2;
                if let (Some(above), Some(corner), Some(left)) =
                    (above, corner, of(here.checked_sub(1)))
                {
                    let around = (above + 2 * left + corner) / 4;
                    if u32::from(darkest) < around {
                        grey = around;
                    }
                }
            }
            own.push(grey);
        }
    }
    own
}

fn run<T>(line: &[T], from: usize) -> &[T] {
    line.get(from..from + SIDE).unwrap_or_default()
}

/// The means over the squares about each of a row; at the picture's edge they are those further in.
fn means(own: &[u32], [across, down]: [usize; 2], row: usize) -> Vec<u8> {
    const SQUARES: u32 = 25;

    let inside = |at: usize, whole: usize| at.clamp(REACH, whole - 1 - REACH);
    let top = inside(row, down) - REACH;
    let mut sums = vec![0_u32; across];
    for above in own.chunks_exact(across).skip(top).take(2 * REACH + 1) {
        for (sum, own) in sums.iter_mut().zip(above) {
            *sum += own;
        }
    }
    (0..across)
        .map(|column| {
            let left = inside(column, across) - REACH;
            let five = sums.get(left..=left + 2 * REACH).unwrap_or_default();
            u8::try_from(five.iter().sum::<u32>() / SQUARES).unwrap_or(u8::MAX)
        })
        .collect()
}

/// A limit for each pixel; where squares overlap, either may call it dark.
fn spread(means: &[u8], width: usize) -> Vec<u8> {
    let mut limits = vec![0; width];
    for (at, mean) in means.iter().enumerate() {
        let from = start(at, width);
        for limit in limits.iter_mut().skip(from).take(SIDE) {
            *limit = (*mean).max(*limit);
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma};
    use proptest::prelude::*;
    use rxing::common::HybridBinarizer;
    use rxing::{Binarizer, Luma8LuminanceSource};

    use super::super::threshold;
    use super::*;

    proptest! {
        /// Patches of one colour and of many, in pictures of any size.
        #[test]
        fn what_is_dark_is_what_the_library_calls_so(
            width in 20_u32..120,
            height in 20_u32..120,
            patches in proptest::collection::vec(any::<(u8, u8)>(), 64),
            grain in proptest::collection::vec(any::<u8>(), 997),
        ) {
            let picture = GrayImage::from_fn(width, height, |x, y| {
                let patch = usize::try_from((x / 17 + y / 13 * 8) % 64).unwrap();
                let (base, span) = patches[patch];
                let grain = grain[usize::try_from(x + y * 31).unwrap() % grain.len()];
                let grain = u16::from(grain) * u16::from(span) / 256;
                Luma([base.saturating_add(u8::try_from(grain).unwrap())])
            });
            let source = Luma8LuminanceSource::new(picture.to_vec(), width, height).unwrap();
            let theirs = HybridBinarizer::new(source);
            let ours = threshold::by_squares(&Grey::new(picture, 1)).unwrap();
            // What is too small for squares, and of one colour, is nothing to the library.
            if let Ok(theirs) = theirs.get_black_matrix() {
                prop_assert_eq!(&ours, theirs);
            } else {
                prop_assert_eq!(ours.width(), 1);
            }
        }
    }
}
