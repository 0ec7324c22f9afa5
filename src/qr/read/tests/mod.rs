//! What we print is read back; what is meant to hurt does not.

mod profile;

use std::cell::Cell;

use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgba, RgbaImage, imageops};
use rxing::common::{PerspectiveTransform, Quadrilateral};

use super::{Found, PICTURE_BYTES_MAX, PictureError, codes, read, read_whole};
use crate::clock::thread_time;
use crate::qr::png;
use crate::qr::symbol::{Level, QuietZone, Symbol};

const TEXT: &str = "HTTPS://PAY.EXAMPLE.COM/Q/DCS2LJNFUWS2LJNFUWS2LJNFUWSQ";

fn in_time() -> bool {
    false
}

fn printed(text: &str, level: Level, scale: u32) -> Vec<u8> {
    png::render(
        &Symbol::new(text, level).unwrap(),
        QuietZone::default(),
        scale,
    )
    .unwrap()
}

fn grey(text: &str) -> GrayImage {
    image::load_from_memory(&printed(text, Level::M, 4))
        .unwrap()
        .into_luma8()
}

fn texts(found: Result<Vec<Found>, PictureError>) -> Vec<String> {
    let mut texts: Vec<String> = found.unwrap().into_iter().map(|found| found.text).collect();
    texts.sort();
    texts
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A PNG made of the given chunks, each with its right checksum.
fn png_file(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in chunks {
        file.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let named = [name.as_slice(), data].concat();
        file.extend(&named);
        file.extend(crc.checksum(&named).to_be_bytes());
    }
    file
}

fn header(side: u32) -> Vec<u8> {
    [
        &side.to_be_bytes()[..],
        &side.to_be_bytes(),
        &[8, 0, 0, 0, 0],
    ]
    .concat()
}

/// A zlib stream of a few kilobytes that unpacks to 64 MB.
fn bomb() -> Vec<u8> {
    let file = encoded(GrayImage::new(8_000, 8_000), ImageFormat::Png);
    let mut data = Vec::new();
    let mut at = 8;
    while at < file.len() {
        let length = u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
        let length = usize::try_from(length).unwrap();
        if &file[at + 4..at + 8] == b"IDAT" {
            data.extend(&file[at + 8..at + 8 + length]);
        }
        at += 12 + length;
    }
    data
}

#[test]
fn what_is_printed_is_read_back_at_every_level() {
    for level in [Level::L, Level::M, Level::Q, Level::H] {
        for text in [TEXT, "老王牛肉面馆 12.50 元", "000201 plain text"] {
            assert_eq!(
                texts(read(&printed(text, level, 3), &in_time)),
                [text],
                "{level:?}"
            );
        }
    }
}

#[test]
fn jpeg_and_webp_are_read_like_png() {
    for format in [ImageFormat::Jpeg, ImageFormat::WebP] {
        assert_eq!(texts(read(&encoded(grey(TEXT), format), &in_time)), [TEXT]);
        let coloured = DynamicImage::ImageLuma8(grey(TEXT)).into_rgb8();
        assert_eq!(texts(read(&encoded(coloured, format), &in_time)), [TEXT]);
    }
}

#[test]
fn every_code_in_a_picture_is_found_where_it_is() {
    let (left, right) = (grey(TEXT), grey("another"));
    let mut both = GrayImage::from_pixel(left.width() + right.width(), 400, Luma([255]));
    imageops::replace(&mut both, &left, 0, 0);
    imageops::replace(&mut both, &right, i64::from(left.width()), 100);

    let found = read(&encoded(both, ImageFormat::Png), &in_time).unwrap();
    let corners = |text: &str| found.iter().find(|f| f.text == text).unwrap().position;
    let square = |code: &GrayImage, [x, y]: [u32; 2]| {
        let side = code.width() - 32;
        [[x, y], [x + side, y], [x + side, y + side], [x, y + side]]
            .map(|corner| corner.map(|place| i32::try_from(place + 16).unwrap()))
    };
    assert_eq!(corners(TEXT), square(&left, [0, 0]));
    assert_eq!(corners("another"), square(&right, [left.width(), 100]));
}

#[test]
fn a_large_photograph_is_shrunk_and_its_corners_are_still_those_of_the_original() {
    let code = image::load_from_memory(&printed(TEXT, Level::M, 20))
        .unwrap()
        .into_luma8();
    let mut photo = GrayImage::from_pixel(4_000, 3_000, Luma([230]));
    imageops::replace(&mut photo, &code, 1_200, 900);

    let found = read(&encoded(photo, ImageFormat::Png), &in_time).unwrap();
    let [x, y] = found[0].position[0];
    assert!((x - 1_280).abs() < 12 && (y - 980).abs() < 12, "{x} {y}");
}

/// Finder patterns of one pixel a module, as close as they stand.
fn wall(side: u32) -> GrayImage {
    GrayImage::from_fn(side, side, |x, y| {
        let (x, y) = (x % 9, y % 9);
        let ring = |from, to| (from..=to).contains(&x) && (from..=to).contains(&y);
        let dark = ring(0, 6) && (!ring(1, 5) || ring(2, 4));
        Luma([if dark { 0 } else { 255 }])
    })
}

#[test]
fn a_wall_of_finder_patterns_does_not_keep_the_reader_busy() {
    let dark = wall(2_000);
    let mut light = dark.clone();
    imageops::invert(&mut light);
    for wall in [dark, light] {
        let file = encoded(wall, ImageFormat::Png);
        let before = thread_time();
        assert_eq!(read(&file, &in_time), Err(PictureError::NoCode));
        // The library alone takes minutes, this less than a second.
        assert!(thread_time().saturating_sub(before).as_secs() < 15);
    }
}

#[test]
fn a_code_beside_such_a_wall_is_still_found_where_it_is() {
    let code = image::load_from_memory(&printed(TEXT, Level::M, 12))
        .unwrap()
        .into_luma8();
    let mut photo = wall(1_600);
    imageops::replace(&mut photo, &code, 600, 800);

    let found = read(&encoded(photo, ImageFormat::Png), &in_time).unwrap();
    let [x, y] = found[0].position[0];
    assert_eq!((found.len(), found[0].text.as_str()), (1, TEXT));
    assert!((x - 648).abs() < 16 && (y - 848).abs() < 16, "{x} {y}");
}

#[test]
fn a_sheet_of_fifty_codes_is_read_whole() {
    let mut sheet = GrayImage::from_pixel(2_000, 2_000, Luma([255]));
    for at in 0..50 {
        let code = grey(&format!("HTTPS://PAY.EXAMPLE.COM/Q/{at:0>26}"));
        imageops::replace(&mut sheet, &code, at % 8 * 245, at / 8 * 245);
    }
    assert_eq!(
        read(&encoded(sheet, ImageFormat::Png), &in_time)
            .unwrap()
            .len(),
        50
    );
}

#[test]
fn a_transparent_background_counts_as_paper() {
    let code = grey(TEXT);
    let clear = RgbaImage::from_fn(code.width(), code.height(), |x, y| {
        Rgba([0, 0, 0, 255 - code.get_pixel(x, y).0[0]])
    });
    assert_eq!(
        texts(read(&encoded(clear, ImageFormat::Png), &in_time)),
        [TEXT]
    );
}

#[test]
fn corners_follow_the_orientation_that_the_camera_noted() {
    let mut photo = GrayImage::from_pixel(600, 400, Luma([255]));
    imageops::replace(&mut photo, &grey(TEXT), 400, 0);
    let plain = encoded(photo, ImageFormat::Jpeg);
    // Exif with one entry: orientation 6, to be turned a quarter clockwise for viewing.
    let exif =
        b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let noted = [&plain[..2], exif, &plain[2..]].concat();

    let seen = |file: &[u8]| read(file, &in_time).unwrap()[0].position[0];
    let [[x, y], [turned_x, turned_y]] = [seen(&plain), seen(&noted)];
    assert!(
        (turned_x - (400 - y)).abs() < 4 && (turned_y - x).abs() < 4,
        "{turned_x} {turned_y}"
    );
}

#[test]
fn a_flood_of_pixels_dies_at_its_header() {
    let flood = png_file(&[(b"IHDR", &header(65_535)), (b"IDAT", &[0x78, 1])]);
    let refused = read(&flood, &in_time).unwrap_err();
    assert_eq!(refused.code(), "picture-too-many-pixels");
}

#[test]
fn a_bomb_in_the_pixels_or_in_a_profile_unpacks_no_further_than_the_picture() {
    let bomb = bomb();
    let profile = [b"x\0\0".as_slice(), &bomb].concat();
    for file in [
        png_file(&[(b"IHDR", &header(100)), (b"IDAT", &bomb), (b"IEND", &[])]),
        png_file(&[
            (b"IHDR", &header(100)),
            (b"iCCP", &profile),
            (b"IDAT", &bomb),
            (b"IEND", &[]),
        ]),
    ] {
        assert!(file.len() < 900_000);
        assert!(read(&file, &in_time).is_err());
    }
}

#[test]
fn sixteen_bits_a_colour_do_not_pass_the_memory_limit() {
    let deep = [
        &3_900_u32.to_be_bytes()[..],
        &3_900_u32.to_be_bytes(),
        &[16, 6, 0, 0, 0],
    ]
    .concat();
    let file = png_file(&[(b"IHDR", &deep), (b"IDAT", &bomb()), (b"IEND", &[])]);
    let refused = read(&file, &in_time).unwrap_err();
    assert_eq!(refused.code(), "picture-too-much-memory");
}

#[test]
fn a_truncated_jpeg_is_refused_or_empty_and_nothing_worse() {
    let file = encoded(grey(TEXT), ImageFormat::Jpeg);
    for keep in [3, 20, 200, file.len() / 3] {
        let refused = read(&file[..keep], &in_time).unwrap_err();
        assert!(
            matches!(refused, PictureError::Broken | PictureError::NoCode),
            "{keep}: {refused}"
        );
    }
}

#[test]
fn other_formats_are_refused_by_their_first_bytes_whatever_follows() {
    let png = printed(TEXT, Level::M, 4);
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>";
    for front in [
        b"GIF89a".as_slice(),
        svg,
        b"%PDF-1.4\n",
        b"PK\x03\x04",
        b"BM",
        b"II*\0",
        b"x",
        b"",
    ] {
        let polyglot = if front.is_empty() {
            Vec::new()
        } else {
            [front, &png].concat()
        };
        assert_eq!(read(&polyglot, &in_time), Err(PictureError::Unsupported));
    }
}

#[test]
fn a_page_appended_to_a_picture_changes_nothing() {
    let polyglot = [
        printed(TEXT, Level::M, 4),
        b"<script>alert(1)</script>PK\x05\x06".to_vec(),
    ];
    assert_eq!(texts(read(&polyglot.concat(), &in_time)), [TEXT]);
}

#[test]
fn too_long_too_slow_and_empty_pictures_say_so() {
    let limit = PICTURE_BYTES_MAX;
    assert_eq!(
        read(&vec![0; limit + 1], &in_time),
        Err(PictureError::TooLarge { limit })
    );
    assert_eq!(
        read(&printed(TEXT, Level::M, 4), &|| true),
        Err(PictureError::TooSlow)
    );
    let white = GrayImage::from_pixel(300, 300, Luma([255]));
    assert_eq!(
        read(&encoded(white, ImageFormat::Png), &in_time),
        Err(PictureError::NoCode)
    );
    let dot = GrayImage::new(1, 1);
    assert_eq!(
        read(&encoded(dot, ImageFormat::Png), &in_time),
        Err(PictureError::NoCode)
    );
}

#[test]
fn light_codes_on_dark_are_read() {
    let mut code = grey(TEXT);
    imageops::invert(&mut code);
    assert_eq!(
        texts(read(&encoded(code, ImageFormat::Png), &in_time)),
        [TEXT]
    );
}

/// Both halves of a look count: who found the dark one has not seen all.
#[test]
fn a_light_code_beside_a_dark_one_is_read_too() {
    let (dark, mut light) = (grey("dark"), grey("light"));
    imageops::invert(&mut light);
    let mut both = GrayImage::from_pixel(dark.width() + light.width() + 40, 240, Luma([255]));
    imageops::replace(&mut both, &dark, 20, 20);
    imageops::replace(&mut both, &light, i64::from(dark.width()) + 20, 20);
    let file = encoded(both, ImageFormat::Png);
    assert_eq!(texts(read(&file, &in_time)), ["dark", "light"]);
}

/// The library takes a square of so little contrast for blank.
#[test]
fn a_print_that_the_sun_has_bleached_is_read() {
    let mut code = grey(TEXT);
    for pixel in code.pixels_mut() {
        pixel.0 = [150 + pixel.0[0] / 16];
    }
    assert_eq!(
        texts(read(&encoded(code, ImageFormat::Png), &in_time)),
        [TEXT]
    );
}

/// The first look sees the plain one alone.
#[test]
fn a_faint_code_beside_a_plain_one_is_read_too() {
    let (plain, mut faint) = (grey("plain"), grey("faint"));
    for pixel in faint.pixels_mut() {
        pixel.0 = [150 + pixel.0[0] / 16];
    }
    let mut both = GrayImage::from_pixel(plain.width() + faint.width(), 200, Luma([165]));
    imageops::replace(&mut both, &plain, 0, 0);
    imageops::replace(&mut both, &faint, i64::from(plain.width()), 0);
    assert_eq!(
        texts(read(&encoded(both, ImageFormat::Png), &in_time)),
        ["faint", "plain"]
    );
}

/// A code on white, its paper's corners at these places: clockwise from the one drawn top left.
fn seen_at(
    text: &str,
    level: Level,
    corners: [[i32; 2]; 4],
    [width, height]: [u32; 2],
) -> GrayImage {
    let code = image::load_from_memory(&printed(text, level, 10))
        .unwrap()
        .into_luma8();
    let side = i32::try_from(code.width()).unwrap();
    let seen = corners.map(|[x, y]| rxing::PointI { x, y });
    let place = PerspectiveTransform::quadrilateralToQuadrilateral(
        Quadrilateral::from(seen.map(rxing::Point::from)),
        Quadrilateral::rectangle(side, side, None),
    )
    .unwrap();
    GrayImage::from_fn(width, height, |x, y| {
        let [x, y] = [x, y].map(|place| i32::try_from(place).unwrap());
        let there = place.transform_point(rxing::PointI { x, y }.into());
        let there = rxing::PointI::from(there);
        let [x, y] = [there.x, there.y].map(|place| u32::try_from(place).unwrap_or(u32::MAX));
        code.get_pixel_checked(x, y).copied().unwrap_or(Luma([255]))
    })
}

/// The library takes patterns of which one is more than twice as large as another for chance.
#[test]
fn a_code_seen_from_the_side_is_read() {
    let corners = [[120, 80], [520, 150], [460, 420], [60, 800]];
    let photo = seen_at(TEXT, Level::M, corners, [700, 900]);
    let found = read(&encoded(photo, ImageFormat::Png), &in_time).unwrap();
    assert_eq!(found[0].text, TEXT);
}

/// The library looks for no code of which a corner is outside the picture.
#[test]
fn a_code_with_a_corner_cut_off_beside_a_whole_one_is_read_too() {
    let corners = [[420, 300], [560, 200], [660, 340], [520, 440]];
    let mut both = seen_at(TEXT, Level::H, corners, [625, 640]);
    imageops::replace(&mut both, &grey("plain"), 20, 20);
    assert_eq!(
        texts(read(&encoded(both, ImageFormat::Png), &in_time)),
        [TEXT, "plain"]
    );
}

#[test]
fn what_was_found_in_time_counts_although_more_was_promised() {
    let code = grey(TEXT);
    let mut photo = GrayImage::from_pixel(code.width() + 300, 400, Luma([255]));
    imageops::replace(&mut photo, &code, 0, 0);
    // Three patterns without a code between them: there may be one that further looks would read.
    let pattern = imageops::crop_imm(&code, 16, 16, 28, 28).to_image();
    for [x, y] in [[40, 40], [240, 40], [40, 240]] {
        imageops::replace(&mut photo, &pattern, i64::from(code.width()) + x, y);
    }
    let file = encoded(photo, ImageFormat::Png);
    assert_eq!(texts(read(&file, &in_time)), [TEXT]);
    // As often as the first look asks, the time is not up.
    let asked = Cell::new(0_u32);
    let never = || {
        asked.set(asked.get() + 1);
        false
    };
    assert_eq!(texts(read(&file, &never)), [TEXT]);
    let whole = asked.get();
    let later = Cell::new(0_u32);
    let late_at_last = || {
        later.set(later.get() + 1);
        later.get() + 1 >= whole
    };
    assert_eq!(texts(read(&file, &late_at_last)), [TEXT]);
    // For whoever looks for the one code in the picture, it does not while looks are left.
    let asks = (1..whole).step_by(usize::try_from(whole / 16).unwrap().max(1));
    let half_seen = asks.filter(|at| {
        let late = Cell::new(0_u32);
        let is_late = || {
            late.set(late.get() + 1);
            late.get() >= *at
        };
        let seen = codes(&file, &is_late);
        late.set(0);
        let refused = read_whole(&file, &is_late) == Err(PictureError::TooSlow);
        if let Ok(seen) = &seen {
            assert_eq!(seen.was_cut, refused, "after {at} questions");
        }
        seen.is_ok() && refused
    });
    assert!(half_seen.count() > 0);
    assert_eq!(texts(read_whole(&file, &in_time)), [TEXT]);
}
