//! A merchant's own picture, from a stranger's file.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::imageops::{FilterType, resize};
use image::{ImageFormat, ImageReader, Limits, RgbaImage};

use super::mark::{Place, Um};
use crate::qr::read::PictureError;

/// A logo is drawn a few millimetres wide: a larger file holds nothing that paper shows.
pub const LOGO_BYTES_MAX: usize = 512 * 1024;
/// What is unpacked at most.
const PIXELS_MAX: u64 = 4 * 1024 * 1024;
/// What is kept: at 600 dots an inch, more than any template has room for.
const SIDE_MAX: u32 = 512;
const UNPACKED_BYTES_MAX: u64 = 4 * PIXELS_MAX;

/// A picture, unpacked.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Red, green, blue and how opaque, row by row.
    pub pixels: Vec<u8>,
}

impl std::fmt::Debug for Logo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Logo({} x {})", self.width, self.height)
    }
}

impl Logo {
    /// Unpacks a PNG, JPEG or WebP file.
    pub fn read(file: &[u8]) -> Result<Self, PictureError> {
        if file.len() > LOGO_BYTES_MAX {
            let limit = LOGO_BYTES_MAX;
            return Err(PictureError::TooLarge { limit });
        }
        // The libraries are memory-safe and yet panic on the odd file.
        let unpacked = catch_unwind(AssertUnwindSafe(|| unpack(file)));
        let picture = unpacked.unwrap_or(Err(PictureError::Broken))?;
        let picture = shrunk(picture);
        Ok(Self {
            width: picture.width(),
            height: picture.height(),
            pixels: picture.into_raw(),
        })
    }

    /// Of one colour.
    #[cfg(test)]
    pub(super) fn plain(width: u32, height: u32, pixel: [u8; 4]) -> Self {
        let pixels = pixel.repeat(usize::try_from(width * height).unwrap());
        Self {
            width,
            height,
            pixels,
        }
    }

    /// The largest place of its shape in the middle of another.
    pub(super) fn inside(&self, outer: Place) -> Place {
        let (across, down) = (Um::from(self.width).max(1), Um::from(self.height).max(1));
        let width = outer.width.min(outer.height * across / down);
        let height = outer.height.min(outer.width * down / across);
        Place {
            x: outer.x + (outer.width - width) / 2,
            y: outer.y + (outer.height - height) / 2,
            width,
            height,
        }
    }
}

fn unpack(file: &[u8]) -> Result<RgbaImage, PictureError> {
    let format = image::guess_format(file).map_err(|_| PictureError::Unsupported)?;
    if !matches!(
        format,
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP
    ) {
        return Err(PictureError::Unsupported);
    }
    let reader = || {
        let mut limits = Limits::default();
        limits.max_alloc = Some(UNPACKED_BYTES_MAX);
        let mut reader = ImageReader::with_format(Cursor::new(file), format);
        reader.limits(limits);
        reader
    };
    let broken = |_| PictureError::Broken;
    let (width, height) = reader().into_dimensions().map_err(broken)?;
    if u64::from(width).saturating_mul(u64::from(height)) > PIXELS_MAX {
        let limit = PIXELS_MAX;
        return Err(PictureError::TooManyPixels { limit });
    }
    let picture = reader().decode().map_err(|error| match error {
        image::ImageError::Limits(_) => PictureError::TooMuchMemory {
            limit: UNPACKED_BYTES_MAX,
        },
        image::ImageError::Decoding(_)
        | image::ImageError::Encoding(_)
        | image::ImageError::Parameter(_)
        | image::ImageError::Unsupported(_)
        | image::ImageError::IoError(_) => PictureError::Broken,
    })?;
    Ok(picture.into_rgba8())
}

fn shrunk(picture: RgbaImage) -> RgbaImage {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= SIDE_MAX {
        return picture;
    }
    let scaled = |side: u32| {
        let side = u64::from(side) * u64::from(SIDE_MAX) / u64::from(longer);
        u32::try_from(side).unwrap_or(SIDE_MAX).max(1)
    };
    resize(
        &picture,
        scaled(width),
        scaled(height),
        FilterType::Triangle,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let row = usize::try_from(width.div_ceil(8)).unwrap();
        let rows = vec![0xa5; row * usize::try_from(height).unwrap()];
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&rows).unwrap();
        drop(writer);
        file
    }

    #[test]
    fn a_logo_is_unpacked_and_no_larger_than_it_can_be_seen() {
        let small = Logo::read(&png(30, 20)).unwrap();
        assert_eq!((small.width, small.height), (30, 20));
        assert_eq!(small.pixels.len(), 30 * 20 * 4);
        let large = Logo::read(&png(2000, 1000)).unwrap();
        assert_eq!((large.width, large.height), (512, 256));
        assert_eq!(large.pixels.len(), 512 * 256 * 4);
    }

    #[test]
    fn what_is_no_picture_or_too_much_of_one_is_refused() {
        assert_eq!(Logo::read(b"<svg/>"), Err(PictureError::Unsupported));
        assert_eq!(Logo::read(b"GIF89a"), Err(PictureError::Unsupported));
        let whole = png(30, 20);
        let torn = whole.get(..whole.len() / 2).unwrap();
        assert_eq!(Logo::read(torn), Err(PictureError::Broken));
        let limit = PIXELS_MAX;
        assert_eq!(
            Logo::read(&png(4096, 1025)),
            Err(PictureError::TooManyPixels { limit })
        );
        let limit = LOGO_BYTES_MAX;
        assert_eq!(
            Logo::read(&vec![0; LOGO_BYTES_MAX + 1]),
            Err(PictureError::TooLarge { limit })
        );
    }

    #[test]
    fn a_wide_logo_keeps_its_shape() {
        let logo = Logo::plain(40, 10, [0; 4]);
        let outer = Place {
            x: 100,
            y: 100,
            width: 80,
            height: 80,
        };
        let place = logo.inside(outer);
        assert_eq!((place.width, place.height), (80, 20));
        assert_eq!((place.x, place.y), (100, 130));
    }
}
