//! From a JPEG to its brightness.
//!
//! A JPEG keeps brightness and colour apart, and codes are read in the former alone. To leave
//! colour packed takes a third off the time, and two bytes of three off the memory.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::PictureError;
use super::cost::Jpeg;
use super::picture::{Unpacked, check_pixels};

/// The picture, or nothing if its brightness is not kept apart: those for printers, in four colours.
pub(super) fn unpack(file: &[u8]) -> Result<Option<Unpacked>, PictureError> {
    // Damaged files are shown as far as they go, as browsers do it.
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    let broken = |_| PictureError::Broken;
    decoder.decode_headers().map_err(broken)?;
    let head = decoder.info().ok_or(PictureError::Broken)?;
    let pixels = check_pixels((u32::from(head.width), u32::from(head.height)))?;

    let has_brightness = matches!(
        decoder.input_colorspace(),
        Some(ColorSpace::YCbCr | ColorSpace::Luma)
    );
    let cost = Jpeg {
        pixels,
        channels: u64::from(head.components),
        pixel_bytes: if has_brightness { 1 } else { 3 },
    };
    cost.check(file)?;
    if !has_brightness {
        return Ok(None);
    }
    let brightness = decoder.decode().map_err(broken)?;
    let orientation = head
        .exif_data
        .as_deref()
        .and_then(Orientation::from_exif_chunk);
    let grey = GrayImage::from_raw(head.width.into(), head.height.into(), brightness)
        .ok_or(PictureError::Broken)?;
    Ok(Some(Unpacked {
        picture: DynamicImage::ImageLuma8(grey),
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
    }))
}
