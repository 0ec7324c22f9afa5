//! What a library's reader cannot see, drawn: each of these is read by the laid grid alone.

use image::{GrayImage, ImageFormat, Luma, imageops};

use super::super::{Found, PictureError, read};
use crate::qr::png;
use crate::qr::symbol::{Level, QuietZone, Symbol};

const TEXT: &str = "HTTPS://PAY.EXAMPLE.COM/Q/DCS2LJNFUWS2LJNFUWS2LJNFUWSQ";
/// Pixels of a module.
const MODULE: u32 = 8;

fn found(photo: &GrayImage) -> Result<Vec<Found>, PictureError> {
    let mut file = std::io::Cursor::new(Vec::new());
    photo.write_to(&mut file, ImageFormat::Png).unwrap();
    read(file.get_ref(), &|| false)
}

fn texts(photo: &GrayImage) -> Vec<String> {
    let found = found(photo).unwrap_or_default();
    found.into_iter().map(|found| found.text).collect()
}

fn code(text: &str, level: Level) -> GrayImage {
    let symbol = Symbol::new(text, level).unwrap();
    let file = png::render(&symbol, QuietZone::default(), MODULE).unwrap();
    image::load_from_memory(&file).unwrap().into_luma8()
}

/// The code on a grey wall, each pixel from where `from` says.
fn bent(code: &GrayImage, from: impl Fn(f64, f64) -> (f64, f64)) -> GrayImage {
    let (width, height) = (code.width() + 160, code.height() + 160);
    GrayImage::from_fn(width, height, |x, y| {
        let (x, y) = from(f64::from(x) - 80.0, f64::from(y) - 80.0);
        let place = [x, y].map(|place| super::field::whole(place).map(u32::try_from));
        let [Some(Ok(x)), Some(Ok(y))] = place else {
            return Luma([120]);
        };
        code.get_pixel_checked(x, y).copied().unwrap_or(Luma([120]))
    })
}

fn flat(code: &GrayImage) -> GrayImage {
    bent(code, |x, y| (x, y))
}

#[test]
fn a_code_around_a_cup_is_read_where_it_is() {
    let code = code(TEXT, Level::M);
    let side = f64::from(code.width());
    let radius = side * 0.56;
    let middle = side / 2.0;
    let photo = bent(&code, |x, y| {
        let angle = ((x - middle) / radius).clamp(-1.0, 1.0).asin();
        let sag = 0.12 * side * (1.0 - angle.cos());
        (middle + angle * radius * 0.85, y + sag)
    });
    let found = found(&photo).unwrap();
    assert_eq!(found[0].text, TEXT);
    // The paper's corner is that of the picture, the symbol's four modules from it.
    let corner = f64::from(4 * MODULE);
    let angle = (corner - middle) / (radius * 0.85);
    let there = (
        80.0 + middle + radius * angle.sin(),
        80.0 + corner - 0.12 * side * (1.0 - angle.cos()),
    );
    let [x, y] = found[0].position[0].map(f64::from);
    let off = (x - there.0).hypot(y - there.1);
    assert!(off < 8.0, "{x} {y} instead of {there:?}");
}

#[test]
fn a_code_on_paper_that_got_wet_is_read() {
    let code = code(TEXT, Level::M);
    let side = f64::from(code.width());
    let photo = bent(&code, |x, y| {
        let (s, t) = (x / side - 0.5, y / side - 0.5);
        (
            x + side * 0.5 * s * t * t,
            y + side * 0.55 * (s * s - 0.15) + side * 0.4 * s * s * s,
        )
    });
    assert_eq!(texts(&photo), [TEXT]);
}

#[test]
fn a_hard_shadow_across_a_finder_pattern_does_not_hide_the_code() {
    let mut photo = flat(&code(TEXT, Level::M));
    for (x, y, pixel) in photo.enumerate_pixels_mut() {
        if x + y / 4 > 160 {
            pixel.0 = [pixel.0[0] / 4];
        }
    }
    let soft = imageops::fast_blur(&photo, 2.0);
    assert_eq!(texts(&soft), [TEXT]);
}

/// In pixels of the symbol's own.
fn cover(photo: &mut GrayImage, [x, y]: [u32; 2], [width, height]: [u32; 2], grey: u8) {
    let corner = 80 + 4 * MODULE;
    for down in 0..height {
        for right in 0..width {
            photo.put_pixel(corner + x + right, corner + y + down, Luma([grey]));
        }
    }
}

#[test]
fn scratches_through_two_finder_patterns_do_not_hide_the_code() {
    let mut photo = flat(&code(TEXT, Level::Q));
    let side = photo.width() - 160 - 8 * MODULE;
    for (x, grey) in [(18, 20), (30, 240), (side - 25, 240), (side - 40, 20)] {
        cover(&mut photo, [x, 0], [5, 60], grey);
    }
    assert_eq!(texts(&photo), [TEXT]);
}

#[test]
fn a_finder_pattern_that_is_all_but_lost_is_guessed_from_the_other_two() {
    for corner in 0..3 {
        let mut photo = flat(&code(TEXT, Level::Q));
        let side = photo.width() - 160 - 8 * MODULE;
        let far = side - 7 * MODULE;
        let [x, y] = [[0, 0], [far, 0], [0, far]][corner];
        // A thumb over all but the lower right of the pattern.
        cover(&mut photo, [x, y], [7 * MODULE, 7 * MODULE / 2], 140);
        assert_eq!(texts(&photo), [TEXT], "{corner}");
    }
}

#[test]
fn what_a_moving_hand_has_smeared_is_read() {
    let photo = flat(&code(TEXT, Level::M));
    let smeared = GrayImage::from_fn(photo.width() - 14, photo.height(), |x, y| {
        let sum: u32 = (0..14)
            .map(|off| u32::from(photo.get_pixel(x + off, y).0[0]))
            .sum();
        Luma([u8::try_from(sum / 14).unwrap()])
    });
    assert_eq!(texts(&smeared), [TEXT]);
}

#[test]
fn light_on_dark_and_bent_is_read_too() {
    let mut code = code(TEXT, Level::M);
    imageops::invert(&mut code);
    let side = f64::from(code.width());
    let photo = bent(&code, |x, y| {
        (x, y + side * 0.45 * (x / side - 0.5).powi(2))
    });
    assert_eq!(texts(&photo), [TEXT]);
}

#[test]
fn a_large_bent_symbol_is_followed_by_its_alignment_patterns() {
    let long = "0123456789ABCDEF".repeat(14);
    let code = code(&long, Level::M);
    let side = f64::from(code.width());
    let photo = bent(&code, |x, y| {
        let (s, t) = (x / side - 0.5, y / side - 0.5);
        (x + side * 0.25 * t * t, y + side * 0.4 * (s * s - 0.15))
    });
    assert_eq!(texts(&photo), [long]);
}

#[test]
fn patterns_without_a_code_between_them_are_no_code() {
    let code = code(TEXT, Level::M);
    let pattern = imageops::crop_imm(&code, 32, 32, 56, 56).to_image();
    let mut photo = GrayImage::from_pixel(500, 500, Luma([230]));
    for [x, y] in [[60, 60], [270, 60], [60, 270]] {
        imageops::replace(&mut photo, &pattern, x, y);
    }
    // Some modules by chance.
    let mut state = 7_u32;
    for at in 0..600_u32 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [x, y] = [at % 25 * 8 + 122, at / 25 * 8 + 60];
        if state >> 31 == 1 {
            let dark = GrayImage::from_pixel(8, 8, Luma([10]));
            imageops::replace(&mut photo, &dark, i64::from(x), i64::from(y));
        }
    }
    assert_eq!(found(&photo), Err(PictureError::NoCode));
}
