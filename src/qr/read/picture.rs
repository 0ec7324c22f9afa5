//! From a file to grey pixels, within limits.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::grey::{self, Grey};
use super::{PICTURE_BYTES_MAX, PIXELS_MAX, PictureError, UNPACKED_BYTES_MAX, cost, jpeg};

/// A code that fills a tenth of such a picture still has three pixels a module. Searching a larger
/// one takes longer and finds no more, since sensors that large are no sharper.
const SEARCHED_PIXELS_MAX: u64 = 4_000_000;

/// A picture as its file has it.
pub(super) struct Unpacked {
    pub(super) picture: DynamicImage,
    /// How it is to be turned for viewing.
    pub(super) orientation: Orientation,
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
    let Unpacked {
        picture,
        orientation,
    } = unpacked(file)?;
    in_time()?;

    let shrunk = factor(picture.width(), picture.height());
    let mut small = DynamicImage::ImageLuma8(grey::small(picture, shrunk));
    // Corners are then those of the picture as people see it.
    small.apply_orientation(orientation);
    in_time()?;
    Ok(Grey::new(small.into_luma8(), shrunk))
}

fn unpacked(file: &[u8]) -> Result<Unpacked, PictureError> {
    match image::guess_format(file) {
        Ok(ImageFormat::Jpeg) => match jpeg::unpack(file)? {
            Some(unpacked) => Ok(unpacked),
            None => coloured(file, ImageFormat::Jpeg),
        },
        Ok(format @ (ImageFormat::Png | ImageFormat::WebP)) => coloured(file, format),
        _ => Err(PictureError::Unsupported),
    }
}

fn coloured(file: &[u8], format: ImageFormat) -> Result<Unpacked, PictureError> {
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(UNPACKED_BYTES_MAX);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(|error| refused(&error))?;

    let pixels = check_pixels(decoder.dimensions())?;
    if format == ImageFormat::WebP {
        cost::check_webp(pixels, file)?;
    }
    limits
        .reserve(decoder.total_bytes())
        .map_err(|error| refused(&error))?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    Ok(Unpacked {
        picture,
        orientation,
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

/// How many pixels there are.
pub(super) fn check_pixels((width, height): (u32, u32)) -> Result<u64, PictureError> {
    let pixels = u64::from(width).saturating_mul(u64::from(height));
    if pixels > PIXELS_MAX {
        return Err(PictureError::TooManyPixels { limit: PIXELS_MAX });
    }
    Ok(pixels)
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
