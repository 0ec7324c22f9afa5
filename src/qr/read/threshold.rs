//! From grey to black and white.

use rxing::common::{BitMatrix, GlobalHistogramBinarizer, HybridBinarizer};
use rxing::{Binarizer, Luma8LuminanceSource};

use super::PictureError;
use super::grey::Grey;

/// What is darker than its small square of the picture: the library's way, right for most.
pub(super) fn by_squares(grey: &Grey) -> Result<BitMatrix, PictureError> {
    black(&HybridBinarizer::new(source(grey)?))
}

/// What is darker than one grey for the whole picture, which lies between its two commonest.
pub(super) fn by_histogram(grey: &Grey) -> Result<BitMatrix, PictureError> {
    black(&GlobalHistogramBinarizer::new(source(grey)?))
}

fn source(grey: &Grey) -> Result<Luma8LuminanceSource, PictureError> {
    let luma = grey.luma().to_vec();
    Luma8LuminanceSource::new(luma, grey.width(), grey.height()).map_err(|_| PictureError::Broken)
}

fn black(binarizer: &impl Binarizer) -> Result<BitMatrix, PictureError> {
    // A picture of one colour has no two commonest.
    match binarizer.get_black_matrix() {
        Ok(black) => Ok(black.clone()),
        Err(_) => BitMatrix::new(1, 1).map_err(|_| PictureError::Broken),
    }
}

/// What is darker than the mean of its surroundings, however little: sees the faintest print, and
/// grain where there is nothing.
pub(super) fn by_surroundings(grey: &Grey) -> Result<BitMatrix, PictureError> {
    /// The surroundings are a square of twice this share of the longer side.
    const REACH_SHARE: u32 = 20;
    /// Grain and rounding are no print.
    const DARKER_BY: u32 = 2;

    let mut black =
        BitMatrix::new(grey.width(), grey.height()).map_err(|_| PictureError::Broken)?;
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
    for (y, row) in (0_u32..).zip(&rows) {
        let at = usize::try_from(y).unwrap_or(usize::MAX);
        if let Some(below) = rows.get(at.saturating_add(reach)) {
            add(&mut columns, below);
            rows_in_reach = rows_in_reach.saturating_add(1);
        }
        if let Some(above) = at.checked_sub(reach.saturating_add(1)) {
            take(&mut columns, rows.get(above).copied().unwrap_or_default());
            rows_in_reach = rows_in_reach.saturating_sub(1);
        }
        let mut sum: u32 = columns.iter().take(reach).sum();
        let mut in_reach = u32::try_from(reach.min(width)).unwrap_or(u32::MAX);
        for (x, luma) in (0_u32..).zip(*row) {
            let at = usize::try_from(x).unwrap_or(usize::MAX);
            if let Some(right) = columns.get(at.saturating_add(reach)) {
                sum = sum.saturating_add(*right);
                in_reach = in_reach.saturating_add(1);
            }
            if let Some(left) = at.checked_sub(reach.saturating_add(1)) {
                sum = sum.saturating_sub(columns.get(left).copied().unwrap_or(0));
                in_reach = in_reach.saturating_sub(1);
            }
            let darker = u32::from(*luma).saturating_add(DARKER_BY);
            if darker.saturating_mul(in_reach.saturating_mul(rows_in_reach)) < sum {
                black.set(x, y);
            }
        }
    }
    Ok(black)
}

fn add(columns: &mut [u32], row: &[u8]) {
    for (sum, luma) in columns.iter_mut().zip(row) {
        *sum = sum.saturating_add(u32::from(*luma));
    }
}

fn take(columns: &mut [u32], row: &[u8]) {
    for (sum, luma) in columns.iter_mut().zip(row) {
        *sum = sum.saturating_sub(u32::from(*luma));
    }
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
    fn a_picture_of_one_grey_is_blank_to_all() {
        let blank = Grey::new(GrayImage::from_pixel(50, 40, Luma([120])), 1);
        for black in [by_surroundings, by_squares, by_histogram] {
            let black = black(&blank).unwrap();
            let dark = (0..black.height()).any(|y| (0..black.width()).any(|x| black.get(x, y)));
            assert!(!dark);
        }
    }
}
