//! Pictures: whatever the file, an answer within bounds; and what is printed is what is read.

use std::cell::Cell;
use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma};
use qrcode::bits::Bits;
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::{Color, EcLevel, Version, ec};
use tongma::qr::png;
use tongma::qr::read::{Found, PICTURE_BYTES_MAX, PictureError, read};
use tongma::qr::symbol::{Level, QuietZone, Symbol};

use super::is_code;

/// How often a reader asks whether it is late: a few times while unpacking, then once a trial.
const QUESTIONS_MAX: u32 = 1_100;
/// A trial is at most one code.
const CODES_MAX: usize = 1_000;
/// No symbol holds more.
const TEXT_CHARS_MAX: usize = 7_089;
/// The largest symbol with its frame, a pixel a module.
const PIXELS_WIDE_MAX: u32 = 185;

/// The first byte says what the rest is: a file, the pixels of a picture, or what stands in a
/// symbol, bit by bit.
pub fn check(data: &[u8]) -> bool {
    match data.split_first() {
        Some((b'p', rest)) => check_file(&pixels(rest)),
        Some((b's', rest)) => symbol(rest).is_some_and(|file| check_file(&file)),
        Some((_, rest)) => check_file(rest),
        None => false,
    }
}

fn check_file(file: &[u8]) -> bool {
    let asked = Cell::new(0_u32);
    let verdict = read(file, &|| {
        asked.set(asked.get() + 1);
        false
    });
    assert!(asked.get() <= QUESTIONS_MAX, "asked {} times", asked.get());
    is_late_when_told(file, asked.get());
    match verdict {
        Ok(found) => {
            assert!(
                (1..=CODES_MAX).contains(&found.len()),
                "{} codes",
                found.len()
            );
            found.iter().for_each(can_be_printed);
            true
        }
        Err(refused) => {
            assert!(is_code(refused.code()));
            let is_long = file.len() > PICTURE_BYTES_MAX;
            assert_eq!(is_long, matches!(refused, PictureError::TooLarge { .. }));
            false
        }
    }
}

/// Once the time is up nothing more is asked, and what is told is what was come to before.
fn is_late_when_told(file: &[u8], questions: u32) {
    if questions == 0 {
        return;
    }
    assert_eq!(read(file, &|| true), Err(PictureError::TooSlow));
    let asked = Cell::new(0_u32);
    let at = questions / 2 + 1;
    let verdict = read(file, &|| {
        asked.set(asked.get() + 1);
        asked.get() >= at
    });
    assert_eq!(asked.get(), at);
    // The last look is for what no reader need see, so a late one is as good as none.
    assert!(
        matches!(
            verdict,
            Ok(_) | Err(PictureError::TooSlow | PictureError::NoCode)
        ),
        "{verdict:?}"
    );
}

/// A text that was found is one that a symbol can hold. Printed by us and read again it is the same;
/// of what is not ASCII that holds where it was UTF-8, which a reader has to guess.
fn can_be_printed(found: &Found) {
    let text = &found.text;
    assert!(text.chars().count() <= TEXT_CHARS_MAX);
    let Ok(symbol) = Symbol::new(text, Level::L) else {
        return;
    };
    if text.is_empty() || !text.is_ascii() || symbol.version() > 10 {
        return;
    }
    let file = png::render(&symbol, QuietZone::default(), 3).expect("a small symbol");
    let again = read(&file, &|| false).expect("what we print can be read");
    let [again] = again.as_slice() else {
        panic!("{} codes in the picture of one", again.len());
    };
    assert_eq!(again.text, *text, "what is printed is what is read");
}

/// A width, and a byte of grey for each pixel.
fn pixels(data: &[u8]) -> Vec<u8> {
    let (width, grey) = data.split_first().unwrap_or((&1, &[]));
    let width = u32::from(*width).clamp(1, PIXELS_WIDE_MAX);
    let height = u32::try_from(grey.len())
        .unwrap_or(1)
        .div_ceil(width)
        .max(1);
    let picture = GrayImage::from_fn(width * 2, height * 2, |x, y| {
        let at = usize::try_from(y / 2 * width + x / 2).unwrap_or(0);
        Luma([grey.get(at).copied().unwrap_or(255)])
    });
    encoded(&picture)
}

/// A version, and the bits that a reader finds after it has mended the symbol: any, not only those
/// that an encoder would write.
fn symbol(data: &[u8]) -> Option<Vec<u8>> {
    let (version, bits) = data.split_first()?;
    let version = Version::Normal(i16::from(version % 10) + 1);
    let room = Bits::new(version).max_len(EcLevel::L).ok()? / 8;
    let mut bytes = bits.get(..room.min(bits.len()))?.to_vec();
    bytes.resize(room, 0);
    let (data, correction) = ec::construct_codewords(&bytes, version, EcLevel::L).ok()?;
    let mut canvas = Canvas::new(version, EcLevel::L);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    canvas.apply_mask(MaskPattern::Checkerboard);
    let modules = canvas.into_colors();
    let width = u32::try_from(version.width()).ok()?;
    let (frame, scale) = (4, 3);
    let side = (width + 2 * frame) * scale;
    let picture = GrayImage::from_fn(side, side, |x, y| {
        let inside = |at: u32| (at / scale).checked_sub(frame).filter(|at| *at < width);
        let (Some(x), Some(y)) = (inside(x), inside(y)) else {
            return Luma([255]);
        };
        let at = usize::try_from(y * width + x).unwrap_or(0);
        Luma([if modules.get(at) == Some(&Color::Dark) {
            0
        } else {
            255
        }])
    });
    Some(encoded(&picture))
}

fn encoded(picture: &GrayImage) -> Vec<u8> {
    in_format(picture, ImageFormat::Png)
}

fn in_format(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture
        .write_to(&mut file, format)
        .expect("a picture in memory");
    file.into_inner()
}

const TEXT: &str = "HTTPS://PAY.EXAMPLE.COM/Q/DCS2LJNFUWS2LJNFUWS2LJNFUWSQ";

pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let symbol = Symbol::new(TEXT, Level::M).expect("a symbol");
    let printed = png::render(&symbol, QuietZone::default(), 3).expect("a picture");
    let grey = image::load_from_memory(&printed)
        .expect("a picture")
        .into_luma8();
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        seeds.push([b"f", in_format(&grey, format).as_slice()].concat());
    }
    seeds.push([b"f", printed.as_slice()].concat());

    let small = Symbol::new("7", Level::L).expect("a symbol");
    let small = png::render(&small, QuietZone::default(), 1).expect("a picture");
    let small = image::load_from_memory(&small)
        .expect("a picture")
        .into_luma8();
    let width = [u8::try_from(small.width()).unwrap_or(u8::MAX)];
    seeds.push([b"p", width.as_slice(), small.as_raw()].concat());

    for (version, text) in [(0, "7"), (1, TEXT), (2, "\u{8001}\u{738b}"), (9, "a b")] {
        let mut bits = Bits::new(Version::Normal(version + 1));
        let pushed = bits.push_byte_data(text.as_bytes());
        if pushed
            .and_then(|()| bits.push_terminator(EcLevel::L))
            .is_ok()
        {
            let version = [u8::try_from(version).unwrap_or(0)];
            seeds.push([b"s", version.as_slice(), &bits.into_bytes()].concat());
        }
    }
    for push in [
        |bits: &mut Bits| bits.push_numeric_data(b"0123456789"),
        |bits: &mut Bits| bits.push_alphanumeric_data(b"HTTPS://A"),
        |bits: &mut Bits| bits.push_kanji_data(b"\x93\x5f\xe4\xaa"),
        |bits: &mut Bits| {
            bits.push_eci_designator(26)
                .and_then(|()| bits.push_byte_data(b"a"))
        },
        |bits: &mut Bits| bits.push_fnc1_first_position(),
    ] {
        let mut bits = Bits::new(Version::Normal(2));
        if push(&mut bits)
            .and_then(|()| bits.push_terminator(EcLevel::L))
            .is_ok()
        {
            seeds.push([b"s\x01", bits.into_bytes().as_slice()].concat());
        }
    }
    seeds
}

pub fn words() -> Vec<String> {
    [
        "IHDR", "PLTE", "tRNS", "IDAT", "IEND", "RIFF", "WEBP", "VP8 ", "VP8L", "VP8X", "ALPH",
        "Exif",
    ]
    .map(str::to_owned)
    .to_vec()
}
