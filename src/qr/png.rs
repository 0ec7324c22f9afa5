//! A symbol as a PNG with one bit for each pixel: small, sharp, readable by everything.

use super::symbol::{QuietZone, Symbol, SymbolError};

/// A side of 4,096 pixels prints 35 cm wide at 300 dots an inch.
pub const SIDE_PIXELS_MAX: u32 = 4_096;

/// Draws each module as a square of `scale` pixels (1 or more).
pub fn render(symbol: &Symbol, quiet: QuietZone, scale: u32) -> Result<Vec<u8>, SymbolError> {
    let side = side_pixels(symbol, quiet, scale);
    if !(1..=SIDE_PIXELS_MAX).contains(&side) {
        return Err(SymbolError::TooLarge {
            side,
            limit: SIDE_PIXELS_MAX,
        });
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&packed(symbol, quiet, scale, side)))
        .map_err(|error| SymbolError::Encoding(error.to_string()))?;
    Ok(file)
}

fn side_pixels(symbol: &Symbol, quiet: QuietZone, scale: u32) -> u32 {
    let frame = u32::from(quiet.modules()).saturating_mul(2);
    let modules = u32::try_from(symbol.width())
        .unwrap_or(u32::MAX)
        .saturating_add(frame);
    modules.saturating_mul(scale)
}

/// The rows of the picture, eight pixels a byte, white set, each row filled up to a whole byte.
fn packed(symbol: &Symbol, quiet: QuietZone, scale: u32, side: u32) -> Vec<u8> {
    let scale = usize::try_from(scale).unwrap_or(0);
    let frame = usize::from(quiet.modules()).saturating_mul(scale);
    let side = usize::try_from(side).unwrap_or(0);
    let white_row = pack_row(std::iter::repeat_n(true, side));
    let frame_rows = white_row.repeat(frame);

    let mut rows = frame_rows.clone();
    for row in symbol.rows() {
        let white = std::iter::repeat_n(true, frame);
        let modules = row.flat_map(|dark| std::iter::repeat_n(!dark, scale));
        rows.extend(pack_row(white.clone().chain(modules).chain(white)).repeat(scale));
    }
    rows.extend(frame_rows);
    rows
}

fn pack_row(pixels: impl Iterator<Item = bool>) -> Vec<u8> {
    let pixels: Vec<bool> = pixels.collect();
    pixels
        .chunks(8)
        .map(|eight| {
            let bits = eight
                .iter()
                .fold(0_u8, |byte, white| byte << 1 | u8::from(*white));
            bits << 8_usize.saturating_sub(eight.len())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qr::symbol::Level;

    #[test]
    fn the_picture_has_the_size_that_was_asked_for() {
        let symbol = Symbol::new("HTTPS://PAY.EXAMPLE.COM", Level::M).unwrap();
        let file = render(&symbol, QuietZone::try_from(2).unwrap(), 3).unwrap();
        let decoder = png::Decoder::new(std::io::Cursor::new(file));
        let info = decoder.read_info().unwrap().info().clone();
        let side = u32::try_from((symbol.width() + 4) * 3).unwrap();
        assert_eq!(
            (info.width, info.height, info.bit_depth),
            (side, side, png::BitDepth::One)
        );
    }

    #[test]
    fn a_poster_larger_than_the_limit_and_a_picture_of_nothing_are_refused() {
        let symbol = Symbol::new("A", Level::L).unwrap();
        for scale in [0, 142, u32::MAX] {
            let refused = render(&symbol, QuietZone::default(), scale);
            assert!(
                matches!(refused, Err(SymbolError::TooLarge { .. })),
                "{scale}"
            );
        }
        assert!(render(&symbol, QuietZone::default(), 141).is_ok());
    }
}
