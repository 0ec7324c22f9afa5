//! From a file to grey pixels, within limits.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{PICTURE_BYTES_MAX, PIXELS_MAX, PictureError, UNPACKED_BYTES_MAX, grey, kind};

/// A picture in grey, perhaps shrunk.
pub(super) struct Grey {
    pixels: GrayImage,
    /// One pixel stands for this many in a row of the original.
    pub(super) shrunk: u32,
}

/// A code that fills a tenth of such a picture still has three pixels a module. Searching a larger
/// one takes longer and finds no more, since sensors that large are no sharper.
const SEARCHED_PIXELS_MAX: u64 = 4_000_000;

/// A progressive JPEG is unpacked whole before the first pixel is known: nine bytes a pixel, and
/// twice the time of another. Room for 8 megapixels, as telephones count them.
const PROGRESSIVE_PIXELS_MAX: u64 = 8_400_000;

/// A lossy WebP takes some 15 ms a megapixel and 60 ms a megabyte to unpack, four times as much as
/// a JPEG. Cameras do not make them; what programs save of a screen or of a camera's frame is
/// smaller.
const LOSSY_WEBP_PIXELS_MAX: u64 = 5_000_000;
const LOSSY_WEBP_BYTES_MAX: usize = 2 * 1024 * 1024;

impl Grey {
    pub(super) fn width(&self) -> u32 {
        self.pixels.width()
    }

    pub(super) fn height(&self) -> u32 {
        self.pixels.height()
    }

    pub(super) fn luma(&self) -> Vec<u8> {
        self.pixels.as_raw().clone()
    }

    /// Takes the mean of squares of `factor` × `factor` pixels.
    pub(super) fn smaller(self, factor: u32) -> Self {
        Self {
            pixels: grey::means(&self.pixels, factor, |[luma]| luma),
            shrunk: self.shrunk.saturating_mul(factor),
        }
    }
}

pub(super) fn unpack(
    file: &[u8],
    in_time: &dyn Fn() -> Result<(), PictureError>,
) -> Result<Grey, PictureError> {
    check_bytes(file, PICTURE_BYTES_MAX)?;
    let Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) =
        image::guess_format(file)
    else {
        return Err(PictureError::Unsupported);
    };
    if format == ImageFormat::WebP && kind::is_lossy_webp(file) {
        check_bytes(file, LOSSY_WEBP_BYTES_MAX)?;
    }
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(UNPACKED_BYTES_MAX);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(|error| refused(&error))?;

    check_pixels(decoder.dimensions(), file, format)?;
    limits
        .reserve(decoder.total_bytes())
        .map_err(|error| refused(&error))?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    in_time()?;

    let shrunk = factor(picture.width(), picture.height());
    let mut small = DynamicImage::ImageLuma8(grey::small(&picture, shrunk));
    drop(picture);
    // Corners are then those of the picture as people see it.
    small.apply_orientation(orientation);
    in_time()?;
    Ok(Grey {
        pixels: small.into_luma8(),
        shrunk,
    })
}

/// By how much the picture is shrunk before it is searched.
fn factor(width: u32, height: u32) -> u32 {
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    let fits = |factor: &u32| {
        let square = u64::from(*factor).saturating_mul(u64::from(*factor));
        pixels.checked_div(square).unwrap_or(0) <= SEARCHED_PIXELS_MAX
    };
    (1..=8).find(fits).unwrap_or(8)
}

fn check_bytes(file: &[u8], limit: usize) -> Result<(), PictureError> {
    if file.len() > limit {
        return Err(PictureError::TooLarge { limit });
    }
    Ok(())
}

fn check_pixels(
    (width, height): (u32, u32),
    file: &[u8],
    format: ImageFormat,
) -> Result<(), PictureError> {
    let limit = if format == ImageFormat::Jpeg && kind::is_progressive_jpeg(file) {
        PROGRESSIVE_PIXELS_MAX
    } else if format == ImageFormat::WebP && kind::is_lossy_webp(file) {
        LOSSY_WEBP_PIXELS_MAX
    } else {
        PIXELS_MAX
    };
    if u64::from(width).saturating_mul(u64::from(height)) > limit {
        return Err(PictureError::TooManyPixels { limit });
    }
    Ok(())
}

fn refused(error: &ImageError) -> PictureError {
    match error {
        ImageError::Limits(_) => PictureError::TooMuchMemory {
            limit: UNPACKED_BYTES_MAX,
        },
        ImageError::Unsupported(_) => PictureError::Unsupported,
        ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_)
        | ImageError::IoError(_) => PictureError::Broken,
    }
}
