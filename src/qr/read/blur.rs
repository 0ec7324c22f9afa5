//! A picture a little out of focus.
//!
//! The image library does it with numbers that have fractions, pixel by pixel, which took longer
//! than to read the code; here are the same greys, a row at a time.

/// Each pixel mixed with its neighbours, nearly as by a bell curve of one pixel: three times with
/// those next to it.
pub(super) fn blurred(luma: &[u8], width: usize) -> Vec<u8> {
    const TIMES: usize = 3;

    let mut blurred = luma.to_vec();
    for _ in 0..TIMES {
        blurred = mixed_down(&mixed_across(&blurred, width), width);
    }
    blurred
}

/// Each pixel the mean of itself and those to its left and right.
fn mixed_across(luma: &[u8], width: usize) -> Vec<u8> {
    let mut mixed = luma.to_vec();
    for (mixed, row) in mixed.chunks_exact_mut(width).zip(luma.chunks_exact(width)) {
        let (heres, rights) = (row.iter().skip(1), row.iter().skip(2));
        for (((mixed, left), here), right) in
            mixed.iter_mut().skip(1).zip(row).zip(heres).zip(rights)
        {
            *mixed = mean_of_three(*left, *here, *right);
        }
        if let ([first, .., last], [one, second, ..], [.., before, other]) = (mixed, row, row) {
            *first = mean_of_three(*one, *one, *second);
            *last = mean_of_three(*before, *other, *other);
        }
    }
    mixed
}

/// Each pixel the mean of itself and those above and below.
fn mixed_down(luma: &[u8], width: usize) -> Vec<u8> {
    let rows: Vec<&[u8]> = luma.chunks_exact(width).collect();
    let mut mixed = luma.to_vec();
    for (at, mixed) in mixed.chunks_exact_mut(width).enumerate() {
        let row = |at: usize| rows.get(at.min(rows.len().saturating_sub(1))).copied();
        let above = row(at.saturating_sub(1)).unwrap_or_default();
        let here = row(at).unwrap_or_default();
        let below = row(at.saturating_add(1)).unwrap_or_default();
        for (((mixed, above), here), below) in mixed.iter_mut().zip(above).zip(here).zip(below) {
            *mixed = mean_of_three(*above, *here, *below);
        }
    }
    mixed
}

/// The nearest whole number to the mean.
fn mean_of_three(one: u8, other: u8, third: u8) -> u8 {
    /// A third of 65,536, and a little, so that what is whole stays so.
    const THIRD: u32 = 21_846;

    let sum = u16::from(one) + u16::from(other) + u16::from(third);
    let [_, _, mean, _] = (u32::from(sum + 1) * THIRD).to_le_bytes();
    mean
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma, imageops};

    use super::*;

    #[test]
    fn a_blurred_picture_is_the_library_s() {
        for (width, height) in [(301, 137), (64, 2), (1, 40), (1, 1)] {
            let grain = GrayImage::from_fn(width, height, |x, y| {
                Luma([u8::try_from((x * x * 7 + y * 131 + x * y) % 256).unwrap()])
            });
            let theirs = imageops::fast_blur(&grain, 1.0);
            let ours = blurred(&grain, usize::try_from(width).unwrap());
            assert_eq!(ours, theirs.into_raw(), "{width}");
        }
    }
}
