//! From grey to black and white.
//!
//! Every picture goes through here once or more, so that the loops go over whole rows and without
//! branches, as processors like it: many pixels at a time.

use rxing::common::{BitArray, BitMatrix, GlobalHistogramBinarizer};
use rxing::{Binarizer, Luma8LuminanceSource};

use super::PictureError;
use super::grey::Grey;
use super::squares;

/// What is darker than its small square of the picture: the library's way, right for most.
pub(super) fn by_squares(grey: &Grey) -> Result<BitMatrix, PictureError> {
    match squares::limits(grey) {
        Some(limits) => drawn(grey, |y, luma, dark| limits.judge(y, luma, dark)),
        None => by_histogram(grey),
    }
}

/// What is darker than one grey for the whole picture, which lies between its two commonest.
pub(super) fn by_histogram(grey: &Grey) -> Result<BitMatrix, PictureError> {
    let luma = grey.luma().to_vec();
    let source = Luma8LuminanceSource::new(luma, grey.width(), grey.height())
        .map_err(|_| PictureError::Broken)?;
    // A picture of one colour has no two commonest.
    match GlobalHistogramBinarizer::new(source).get_black_matrix() {
        Ok(black) => Ok(black.clone()),
        Err(_) => BitMatrix::new(1, 1).map_err(|_| PictureError::Broken),
    }
}

/// What is darker than the mean of its surroundings, however little: sees the faintest print, and
/// grain where there is nothing.
pub(super) fn by_surroundings(grey: &Grey) -> Result<BitMatrix, PictureError> {
    /// The surroundings are a square of twice this share of the longer side.
    const REACH_SHARE: u32 = 20;

    let width = usize::try_from(grey.width()).unwrap_or(0).max(1);
    let rows: Vec<&[u8]> = grey.luma().chunks_exact(width).collect();
    let reach = (grey.width().max(grey.height()) / REACH_SHARE).max(8);
    let reach = usize::try_from(reach).unwrap_or(usize::MAX);

    // The sums of each column over the rows within reach, kept up from row to row.
    let mut columns = vec![0_u32; width];
    let mut rows_in_reach = 0_u32;
    for row in rows.iter().take(reach) {
        add(&mut columns, row);
        rows_in_reach = rows_in_reach.saturating_add(1);
    }
    // The sums of all columns before each.
    let mut before = vec![0_u32; width.saturating_add(1)];
    drawn(grey, |y, luma, dark| {
        if let Some(below) = rows.get(y.saturating_add(reach)) {
            add(&mut columns, below);
            rows_in_reach = rows_in_reach.saturating_add(1);
        }
        if let Some(above) = y.checked_sub(reach.saturating_add(1)) {
            take(&mut columns, rows.get(above).copied().unwrap_or_default());
            rows_in_reach = rows_in_reach.saturating_sub(1);
        }
        let mut sum = 0;
        for (before, column) in before.iter_mut().skip(1).zip(&columns) {
            sum += column;
            *before = sum;
        }
        let around = Around {
            before: &before,
            reach,
            rows: rows_in_reach,
        };
        around.judge(luma, dark);
    })
}

/// What is around the pixels of a row.
struct Around<'a> {
    /// The sums of the columns before each.
    before: &'a [u32],
    reach: usize,
    rows: u32,
}

impl Around<'_> {
    fn judge(&self, luma: &[u8], dark: &mut [u8]) {
        let width = luma.len();
        let span = self.reach.saturating_mul(2).saturating_add(1);
        let inner = width.saturating_sub(span.saturating_sub(1));
        let rights = self.before.get(span..).unwrap_or_default();
        let lumas = luma.get(self.reach..).unwrap_or_default();
        let darks = dark.get_mut(self.reach..).unwrap_or_default();
        let pixels = self.pixels(span);
        let sums = rights.iter().zip(self.before);
        for ((dark, luma), (right, left)) in darks.iter_mut().zip(lumas).zip(sums) {
            *dark = u8::from(is_darker(*luma, pixels, right - left));
        }
        // Where the surroundings end at the picture's edge.
        let left = 0..self.reach.min(width);
        let right = self.reach.saturating_add(inner).min(width).max(left.end)..width;
        for at in left.chain(right) {
            let from = at.saturating_sub(self.reach);
            let to = at.saturating_add(self.reach).saturating_add(1).min(width);
            let sum = |at: usize| self.before.get(at).copied().unwrap_or(0);
            let pixels = self.pixels(to.saturating_sub(from));
            if let (Some(dark), Some(luma)) = (dark.get_mut(at), luma.get(at)) {
                *dark = u8::from(is_darker(*luma, pixels, sum(to).saturating_sub(sum(from))));
            }
        }
    }

    /// How many there are over so many columns.
    fn pixels(&self, columns: usize) -> u32 {
        let columns = u32::try_from(columns).unwrap_or(u32::MAX);
        columns.saturating_mul(self.rows)
    }
}

/// Whether a pixel is darker than the mean of so many with such a sum.
fn is_darker(luma: u8, pixels: u32, sum: u32) -> bool {
    /// Grain and rounding are no print.
    const DARKER_BY: u32 = 2;

    (u32::from(luma) + DARKER_BY) * pixels < sum
}

fn add(columns: &mut [u32], row: &[u8]) {
    for (sum, luma) in columns.iter_mut().zip(row) {
        *sum += u32::from(*luma);
    }
}

fn take(columns: &mut [u32], row: &[u8]) {
    for (sum, luma) in columns.iter_mut().zip(row) {
        *sum -= u32::from(*luma);
    }
}

/// The picture in black and white; a row of its pixels is judged at once, 1 is dark and 0 is light.
fn drawn(
    grey: &Grey,
    mut judge: impl FnMut(usize, &[u8], &mut [u8]),
) -> Result<BitMatrix, PictureError> {
    let mut black =
        BitMatrix::new(grey.width(), grey.height()).map_err(|_| PictureError::Broken)?;
    let width = usize::try_from(grey.width()).unwrap_or(0).max(1);
    let word_bits = usize::try_from(usize::BITS).unwrap_or(64);
    let mut dark = vec![0_u8; width];
    let mut bits = BitArray::with_size(width);
    for (y, luma) in grey.luma().chunks_exact(width).enumerate() {
        judge(y, luma, &mut dark);
        for (at, some) in dark.chunks(word_bits).enumerate() {
            bits.setBulk(at.saturating_mul(word_bits), word(some));
        }
        black.setRow(u32::try_from(y).unwrap_or(u32::MAX), &bits);
    }
    Ok(black)
}

/// A bit for each of so many ones and zeros, the first the lowest.
fn word(dark: &[u8]) -> usize {
    let (eights, rest) = dark.as_chunks::<8>();
    let last = rest
        .iter()
        .rev()
        .fold(0, |bits, dark| bits << 1 | usize::from(*dark));
    eights
        .iter()
        .rev()
        .fold(last, |bits, eight| bits << 8 | usize::from(byte(*eight)))
}

/// As one byte. Each lowest bit is multiplied to its place in the highest byte.
fn byte(dark: [u8; 8]) -> u8 {
    const TO_THE_TOP: u64 = 0x0102_0408_1020_4080;

    let [.., top] = u64::from_le_bytes(dark)
        .wrapping_mul(TO_THE_TOP)
        .to_le_bytes();
    top
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma};

    use super::*;

    /// Dark stripes eight pixels wide, light ones beside them, in a light that fades.
    fn stripes(contrast: u8) -> Grey {
        let striped = GrayImage::from_fn(200, 60, |x, _| {
            let light = 220 - u8::try_from(x).unwrap();
            let dark = if (x / 8).is_multiple_of(2) {
                contrast
            } else {
                0
            };
            Luma([light.saturating_sub(dark)])
        });
        Grey::new(striped, 1)
    }

    #[test]
    fn faint_stripes_in_a_fading_light_are_told_by_their_surroundings_alone() {
        let faint = stripes(12);
        let seen = by_surroundings(&faint).unwrap();
        let squares = by_squares(&faint).unwrap();
        let histogram = by_histogram(&faint).unwrap();
        // Away from the picture's edges, in the middle of each stripe.
        let middles = (20..180).filter(|x| x % 8 == 4);
        let right = |black: &BitMatrix| {
            let told = |x: &u32| black.get(*x, 30) == (x / 8).is_multiple_of(2);
            middles.clone().filter(told).count()
        };
        assert_eq!(right(&seen), middles.clone().count());
        assert!(right(&squares) < middles.clone().count());
        assert!(right(&histogram) < middles.clone().count());
    }

    #[test]
    fn surroundings_end_at_the_edge_of_the_picture() {
        // The reach is eight pixels: more than there are to one side, or to both.
        for (width, height) in [(70, 24), (10, 30), (1, 1), (65, 9)] {
            let grain = GrayImage::from_fn(width, height, |x, y| {
                Luma([u8::try_from((x * x * 7 + y * 131 + x * y) % 256).unwrap()])
            });
            let black = by_surroundings(&Grey::new(grain.clone(), 1)).unwrap();
            for (x, y, luma) in grain.enumerate_pixels() {
                let around = grain
                    .enumerate_pixels()
                    .filter(|(column, row, _)| x.abs_diff(*column) <= 8 && y.abs_diff(*row) <= 8);
                let (sum, count) = around.fold((0, 0), |(sum, count), (_, _, luma)| {
                    (sum + u32::from(luma.0[0]), count + 1)
                });
                let is_dark = (u32::from(luma.0[0]) + 2) * count < sum;
                assert_eq!(black.get(x, y), is_dark, "{width} {x} {y}");
            }
        }
    }

    #[test]
    fn a_picture_of_one_grey_is_blank_to_all() {
        let blank = Grey::new(GrayImage::from_pixel(50, 40, Luma([120])), 1);
        for black in [by_surroundings, by_squares, by_histogram] {
            let black = black(&blank).unwrap();
            let dark = (0..black.height()).any(|y| (0..black.width()).any(|x| black.get(x, y)));
            assert!(!dark);
        }
    }
}
