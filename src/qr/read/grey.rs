//! From colours to grey, and smaller, in one pass over the pixels.
//!
//! The image library does either by itself, each with a whole picture in between; of a photograph
//! of 16 megapixels that was a third of the time that a picture may take.

use image::{DynamicImage, GrayImage, ImageBuffer, Pixel};

use super::blur;
use super::fit::Place;

/// A picture in grey, perhaps shrunk.
#[derive(Debug, Clone)]
pub(super) struct Grey {
    pixels: GrayImage,
    scale: Scale,
}

/// How many pixels of the original one pixel stands for, in thousandths.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale(u64);

impl Scale {
    /// Where a place is in the original.
    pub(super) fn place(self, here: i32) -> i32 {
        let factor = i64::try_from(self.0).unwrap_or(i64::MAX);
        let there = i64::from(here).saturating_mul(factor) / 1_000;
        i32::try_from(there).unwrap_or(i32::MAX)
    }

    /// The pixel of the original at a place between pixels.
    pub(super) fn place_exactly(self, x: f64, y: f64) -> [i32; 2] {
        let there = self.back(Place::new(x, y));
        [there.x, there.y].map(nearest)
    }

    /// Where a place between pixels is in the original.
    pub(super) fn back(self, here: Place) -> Place {
        here * self.factor()
    }

    /// Where a place of the original is here.
    pub(super) fn here(self, there: Place) -> Place {
        there * self.factor().recip()
    }

    #[expect(
        clippy::float_arithmetic,
        reason = "places between pixels are no whole numbers"
    )]
    fn factor(self) -> f64 {
        u32::try_from(self.0).map_or(1.0, f64::from) / 1_000.0
    }

    fn times(self, from: u32, to: u32) -> Self {
        let wider = self.0.saturating_mul(from.into());
        Self(wider.checked_div(to.into()).unwrap_or(self.0))
    }
}

impl Grey {
    /// Pixels each of which stands for `shrunk` in a row of the original.
    pub(super) fn new(pixels: GrayImage, shrunk: u32) -> Self {
        Self {
            pixels,
            scale: Scale(1_000).times(shrunk, 1),
        }
    }

    pub(super) fn width(&self) -> u32 {
        self.pixels.width()
    }

    pub(super) fn height(&self) -> u32 {
        self.pixels.height()
    }

    pub(super) fn shorter(&self) -> u32 {
        self.width().min(self.height())
    }

    pub(super) const fn scale(&self) -> Scale {
        self.scale
    }

    /// Row after row.
    pub(super) fn luma(&self) -> &[u8] {
        self.pixels.as_raw()
    }

    /// Takes the mean of squares of `factor` × `factor` pixels.
    pub(super) fn smaller(&self, factor: u32) -> Self {
        Self {
            pixels: means(&self.pixels, factor, |[luma]| luma),
            scale: self.scale.times(factor, 1),
        }
    }

    /// The picture with sides of so many pixels at most.
    pub(super) fn no_longer_than(&self, side: u32) -> Self {
        let longer = self.width().max(self.height());
        if longer <= side {
            return self.clone();
        }
        let [width, height] = [self.width(), self.height()].map(|pixels| {
            let shrunk = u64::from(pixels).saturating_mul(side.into());
            let shrunk = shrunk.checked_div(longer.into()).unwrap_or(0);
            u32::try_from(shrunk).unwrap_or(0).max(1)
        });
        Self {
            pixels: thinned(&self.pixels, width, height),
            scale: self.scale.times(longer, side),
        }
    }

    /// The picture with other pixels.
    pub(super) fn with_luma(&self, luma: Vec<u8>) -> Self {
        Self {
            pixels: GrayImage::from_raw(self.width(), self.height(), luma).unwrap_or_default(),
            scale: self.scale,
        }
    }

    /// Each pixel mixed with its neighbours.
    pub(super) fn blurred(&self) -> Self {
        let width = usize::try_from(self.width()).unwrap_or(0).max(1);
        self.with_luma(blur::blurred(self.luma(), width))
    }
}

/// The picture in grey on white paper, each pixel the mean of `factor` × `factor`.
pub(super) fn small(picture: DynamicImage, factor: u32) -> GrayImage {
    if factor == 1 && picture.as_luma8().is_some() {
        return picture.into_luma8();
    }
    if let Some(pixels) = picture.as_luma8() {
        return means(pixels, factor, |[luma]| luma);
    }
    if let Some(pixels) = picture.as_rgb8() {
        return means(pixels, factor, luma);
    }
    if let Some(pixels) = picture.as_rgba8() {
        return means(pixels, factor, |[r, g, b, alpha]| {
            on_white(luma([r, g, b]), alpha)
        });
    }
    // Sixteen bits and floats, which are rare.
    if picture.color().has_alpha() {
        let both = picture.to_luma_alpha8();
        return means(&both, factor, |[luma, alpha]| on_white(luma, alpha));
    }
    means(&picture.to_luma8(), factor, |[luma]| luma)
}

/// The means of squares; what is left over at the right and below is less than a square.
fn means<P, const N: usize>(
    pixels: &ImageBuffer<P, Vec<u8>>,
    factor: u32,
    grey: impl Fn([u8; N]) -> u8,
) -> GrayImage
where
    P: Pixel<Subpixel = u8>,
{
    let side = usize::try_from(factor).unwrap_or(1).max(1);
    let [width, height] =
        [pixels.width(), pixels.height()].map(|side| side.checked_div(factor).unwrap_or(0));
    let across = usize::try_from(pixels.width()).unwrap_or(0);
    let row_bytes = across.saturating_mul(N).max(1);
    let mean = Mean::of(side.saturating_mul(side));
    let mut sums = vec![0_u32; across];
    let mut means = Vec::with_capacity(pixels.as_raw().len() / N / mean.count);
    for band in pixels.as_raw().chunks_exact(row_bytes.saturating_mul(side)) {
        sums.fill(0);
        for row in band.chunks_exact(row_bytes) {
            let (row, _) = row.as_chunks::<N>();
            for (sum, pixel) in sums.iter_mut().zip(row) {
                *sum += u32::from(grey(*pixel));
            }
        }
        means.extend(
            sums.chunks_exact(side)
                .map(|run| mean.below(run.iter().sum())),
        );
    }
    GrayImage::from_raw(width, height, means).unwrap_or_default()
}

/// The means of rectangles that share the picture out evenly, each of whole pixels.
fn thinned(pixels: &GrayImage, width: u32, height: u32) -> GrayImage {
    let columns = shares(pixels.width(), width);
    let row_bytes = usize::try_from(pixels.width()).unwrap_or(0).max(1);
    let mut sums = vec![0_u32; row_bytes];
    // The sums of all columns before each.
    let mut before = vec![0_u32; row_bytes.saturating_add(1)];
    let mut means = Vec::new();
    let mut mean = Mean::of(1);
    for rows in shares(pixels.height(), height).array_windows() {
        let [top, bottom] = *rows;
        sums.fill(0);
        let some = pixels.as_raw().chunks_exact(row_bytes).skip(top);
        for row in some.take(bottom - top) {
            for (sum, luma) in sums.iter_mut().zip(row) {
                *sum += u32::from(*luma);
            }
        }
        let mut sum = 0;
        for (before, column) in before.iter_mut().skip(1).zip(&sums) {
            sum += column;
            *before = sum;
        }
        let before = |at: usize| before.get(at).copied().unwrap_or(0);
        means.extend(columns.array_windows().map(|[left, right]| {
            mean = mean.or_of((bottom - top) * (right - left));
            mean.nearest(before(*right) - before(*left))
        }));
    }
    GrayImage::from_raw(width, height, means).unwrap_or_default()
}

/// Where each share of so many pixels begins, and where the last one ends.
fn shares(pixels: u32, among: u32) -> Vec<usize> {
    let start = |at: u32| {
        let whole = u64::from(at).saturating_mul(pixels.into());
        usize::try_from(whole.div_ceil(u64::from(among).max(1))).unwrap_or(usize::MAX)
    };
    (0..=among).map(start).collect()
}

/// Division by one number again and again, which is slow, as multiplication.
#[derive(Debug, Clone, Copy)]
struct Mean {
    count: usize,
    half: u64,
    part: u64,
}

impl Mean {
    /// So fine that the mean of up to 65,536 pixels is exact.
    const BITS: u32 = 40;

    fn of(count: usize) -> Self {
        let wide = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        Self {
            count,
            half: wide / 2,
            part: (1_u64 << Self::BITS).div_ceil(wide),
        }
    }

    fn or_of(self, count: usize) -> Self {
        if self.count == count {
            self
        } else {
            Self::of(count)
        }
    }

    fn nearest(self, sum: u32) -> u8 {
        self.times(u64::from(sum).saturating_add(self.half))
    }

    fn below(self, sum: u32) -> u8 {
        self.times(sum.into())
    }

    fn times(self, sum: u64) -> u8 {
        let mean = sum.saturating_mul(self.part) >> Self::BITS;
        u8::try_from(mean).unwrap_or(u8::MAX)
    }
}

/// The nearest whole number.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "places are within a few times the picture; a wild one is cut off, which is harmless"
)]
fn nearest(number: f64) -> i32 {
    number.round() as i32
}

/// How bright a colour looks: the weights of Rec. 709 in 256ths.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 54 * u32::from(red) + 183 * u32::from(green) + 19 * u32::from(blue);
    u8::try_from(sum >> 8).unwrap_or(u8::MAX)
}

/// Transparent pixels show the paper under them; as stored they are often black.
fn on_white(luma: u8, alpha: u8) -> u8 {
    let (luma, alpha) = (u32::from(luma), u32::from(alpha));
    let blended = (luma * alpha + (255 - alpha) * 255) / 255;
    u8::try_from(blended).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use image::{Luma, LumaA, Rgb, Rgba, imageops};

    use super::*;

    #[test]
    fn colours_turn_into_the_grey_that_they_look_like() {
        let one = |colour: [u8; 3]| {
            let picture = image::RgbImage::from_pixel(3, 2, Rgb(colour));
            small(DynamicImage::ImageRgb8(picture), 1).get_pixel(2, 1).0
        };
        assert_eq!(one([0, 0, 0]), [0]);
        assert_eq!(one([255, 255, 255]), [255]);
        assert_eq!(one([255, 0, 0]), [53]);
        assert_eq!(one([0, 255, 0]), [182]);
        assert_eq!(one([0, 0, 255]), [18]);
    }

    #[test]
    fn what_is_transparent_is_paper() {
        let clear = image::RgbaImage::from_pixel(2, 2, Rgba([0, 0, 0, 0]));
        let half = image::GrayAlphaImage::from_pixel(2, 2, LumaA([0, 127]));
        assert_eq!(small(DynamicImage::ImageRgba8(clear), 2).into_raw(), [255]);
        assert_eq!(small(DynamicImage::ImageLumaA8(half), 2).into_raw(), [128]);
    }

    #[test]
    fn a_thinned_picture_is_the_library_s() {
        let grain = GrayImage::from_fn(301, 137, |x, y| {
            Luma([u8::try_from((x * x * 7 + y * 131 + x * y) % 256).unwrap()])
        });
        for (width, height) in [(300, 136), (200, 91), (100, 45), (37, 16), (1, 1)] {
            let theirs = imageops::thumbnail(&grain, width, height);
            assert_eq!(thinned(&grain, width, height), theirs, "{width}");
        }
    }

    #[test]
    fn a_small_pixel_is_the_mean_of_its_square_and_the_rest_is_left_out() {
        let columns = GrayImage::from_fn(5, 5, |x, y| Luma([u8::try_from(x * 10 + y).unwrap()]));
        let halved = means(&columns, 2, |[luma]| luma);
        assert_eq!(halved.dimensions(), (2, 2));
        assert_eq!(halved.into_raw(), [5, 25, 7, 27]);
        assert_eq!(means(&columns, 1, |[luma]| luma), columns);
        assert_eq!(means(&columns, 6, |[luma]| luma).dimensions(), (0, 0));
    }
}
