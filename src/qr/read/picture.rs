//! From a file to grey pixels, within limits.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{PICTURE_BYTES_MAX, PIXELS_MAX, PictureError, UNPACKED_BYTES_MAX};

/// A picture in grey, perhaps shrunk.
pub(super) struct Grey {
    pixels: GrayImage,
    /// One pixel stands for this many in a row of the original.
    pub(super) shrunk: u32,
}

/// A code that fills a tenth of such a picture still has three pixels a module. Searching a larger
/// one takes longer and finds no more, since sensors that large are no sharper.
const SEARCHED_PIXELS_MAX: u64 = 4_000_000;

/// A progressive JPEG is unpacked whole before the first pixel is known: nine bytes a pixel.
const PROGRESSIVE_PIXELS_MAX: u64 = 12_500_000;

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
        let [width, height] =
            [self.width(), self.height()].map(|side| side.checked_div(factor).unwrap_or(0).max(1));
        Self {
            pixels: image::imageops::thumbnail(&self.pixels, width, height),
            shrunk: self.shrunk.saturating_mul(factor),
        }
    }
}

pub(super) fn unpack(
    file: &[u8],
    in_time: &dyn Fn() -> Result<(), PictureError>,
) -> Result<Grey, PictureError> {
    if file.len() > PICTURE_BYTES_MAX {
        return Err(PictureError::TooLarge {
            limit: PICTURE_BYTES_MAX,
        });
    }
    let Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) =
        image::guess_format(file)
    else {
        return Err(PictureError::Unsupported);
    };
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

    // Corners are then those of the picture as people see it.
    let mut grey = DynamicImage::ImageLuma8(on_white(picture));
    grey.apply_orientation(orientation);
    in_time()?;
    Ok(shrink(grey.into_luma8()))
}

fn check_pixels(
    (width, height): (u32, u32),
    file: &[u8],
    format: ImageFormat,
) -> Result<(), PictureError> {
    let progressive = format == ImageFormat::Jpeg && is_progressive(file);
    let limit = if progressive {
        PROGRESSIVE_PIXELS_MAX
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

/// Looks for the frame header of a progressive JPEG among the segments before the first scan.
fn is_progressive(file: &[u8]) -> bool {
    const PROGRESSIVE_FRAME: u8 = 0xC2;
    const SCAN: u8 = 0xDA;
    let mut rest = file.get(2..).unwrap_or_default();
    while let [0xFF, marker, high, low, ..] = rest {
        match *marker {
            PROGRESSIVE_FRAME => return true,
            SCAN => return false,
            _ => {}
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        rest = rest.get(length.saturating_add(2)..).unwrap_or_default();
    }
    false
}

/// Transparent pixels show the paper under them; as stored they are often black.
fn on_white(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let both = picture.into_luma_alpha8();
    GrayImage::from_fn(both.width(), both.height(), |x, y| {
        let image::LumaA([luma, alpha]) = *both.get_pixel(x, y);
        let [luma, alpha] = [luma, alpha].map(u32::from);
        let paper = 255_u32.saturating_sub(alpha).saturating_mul(255);
        let blended = luma.saturating_mul(alpha).saturating_add(paper) / 255;
        image::Luma([u8::try_from(blended).unwrap_or(u8::MAX)])
    })
}

/// Shrinks the picture until it can be searched quickly.
fn shrink(pixels: GrayImage) -> Grey {
    let grey = Grey { pixels, shrunk: 1 };
    let pixels = u64::from(grey.width()).saturating_mul(u64::from(grey.height()));
    let fits = |factor: &u32| {
        let square = u64::from(*factor).saturating_mul(u64::from(*factor));
        pixels.checked_div(square).unwrap_or(0) <= SEARCHED_PIXELS_MAX
    };
    match (1..=8).find(fits).unwrap_or(8) {
        1 => grey,
        factor => grey.smaller(factor),
    }
}
