//! List G: pictures that keep a reader busy, and codes that say what no payment code says.

use std::time::Duration;

use image::{GrayImage, ImageFormat, Luma};
use qrcode::bits::{Bits, ExtendedMode};
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::support::server::Server;
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both};

/// Ten times what a picture may take, and more: a debug build beside other tests.
const QUICKLY: Duration = Duration::from_secs(10);

async fn decodes(server: &Server, picture: &GrayImage) -> Answer {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    let asked = server.ask(Request::post("/v1/decode", "image/png", file.into_inner()));
    tokio::time::timeout(QUICKLY, asked).await.unwrap()
}

/// A symbol with four pixels a module and four modules around it.
fn drawn(code: &QrCode) -> GrayImage {
    let (width, colors) = (u32::try_from(code.width()).unwrap(), code.to_colors());
    GrayImage::from_fn((width + 8) * 4, (width + 8) * 4, |x, y| {
        let (x, y) = (x / 4, y / 4);
        let inside = (4..width + 4).contains(&x) && (4..width + 4).contains(&y);
        let at = || usize::try_from((y - 4) * width + x - 4).unwrap();
        let is_dark = inside && colors[at()] == Color::Dark;
        Luma([if is_dark { 0 } else { 255 }])
    })
}

pub(super) fn symbol(data: &[u8]) -> GrayImage {
    drawn(&QrCode::with_error_correction_level(data, EcLevel::L).unwrap())
}

/// A symbol whose segments are written by hand.
fn with_bits(version: i16, write: impl FnOnce(&mut Bits)) -> GrayImage {
    let mut bits = Bits::new(Version::Normal(version));
    write(&mut bits);
    bits.push_terminator(EcLevel::L).unwrap();
    drawn(&QrCode::with_bits(bits, EcLevel::L).unwrap())
}

async fn t114_pictures_full_of_patterns_noise_and_codes(backend: Backend) {
    let server = Server::open(backend).await;
    let before = server.business_digest().await;
    // Some fifty thousand finder patterns, and what a camera in the dark sees.
    let wall = GrayImage::from_fn(2_000, 2_000, |x, y| {
        let (x, y) = (x % 9, y % 9);
        let ring = |from, to| (from..=to).contains(&x) && (from..=to).contains(&y);
        let dark = ring(0, 6) && (!ring(1, 5) || ring(2, 4));
        Luma([if dark { 0 } else { 255 }])
    });
    let mut state = 88_172_645_463_325_252_u64;
    let noise = GrayImage::from_fn(1_500, 1_500, |_, _| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Luma([state.to_le_bytes()[0]])
    });
    for picture in [wall, noise] {
        let answer = decodes(&server, &picture).await;
        let code = answer.code();
        assert_eq!(answer.status, 422);
        assert!(
            ["no-code", "picture-too-slow"].contains(&code.as_str()),
            "{code}"
        );
    }
    // Of fifty codes all are told, or none: never the first for the one that was meant.
    let mut sheet = GrayImage::from_pixel(2_000, 2_000, Luma([255]));
    for at in 0..50_i64 {
        let code = symbol(format!("HTTPS://PAY.EXAMPLE.COM/Q/{at:0>26}").as_bytes());
        image::imageops::replace(&mut sheet, &code, at % 8 * 240, at / 8 * 240);
    }
    let answer = decodes(&server, &sheet).await;
    match answer.status {
        200 => assert_eq!(answer.json()["codes"].as_array().unwrap().len(), 50),
        _ => assert_eq!(answer.code(), "picture-too-slow"),
    }
    let changes = server.business_digest().await.since(&before);
    assert_eq!(changes, Vec::<String>::new());
    server.is_ready().await;
}
on_both![t114_pictures_full_of_patterns_noise_and_codes];

async fn t115_codes_that_say_what_no_payment_code_says(backend: Backend) {
    let server = Server::open(backend).await;
    let sticker = server.shop.sticker().await.text;
    let before = server.business_digest().await;
    let half = sticker.len() / 2;
    let pictures = [
        ("NUL", symbol(format!("{sticker}\0").as_bytes())),
        ("bidi", symbol(format!("{sticker}\u{202e}").as_bytes())),
        ("no UTF-8", symbol(&[0xff, 0xfe, 0x00, 0xc3, 0x28])),
        ("7,089 digits", symbol("7".repeat(7_089).as_bytes())),
        (
            "kanji",
            with_bits(2, |bits| bits.push_kanji_data(b"\x93\x5f\xe4\xaa").unwrap()),
        ),
        (
            "ECI",
            with_bits(9, |bits| {
                bits.push_eci_designator(26).unwrap();
                bits.push_byte_data(format!("{sticker}?").as_bytes())
                    .unwrap();
            }),
        ),
        (
            "an ECI that is none",
            with_bits(9, |bits| {
                bits.push_eci_designator(999_999).unwrap();
                bits.push_byte_data(b"HTTPS://A.EXAMPLE").unwrap();
            }),
        ),
        (
            // The second half stands in another symbol, which nobody shows.
            "structured append",
            with_bits(9, |bits| {
                bits.push_mode_indicator(ExtendedMode::StructuredAppend)
                    .unwrap();
                // Its header of two bytes follows; these read as one: the first of two.
                bits.push_byte_data(&sticker.as_bytes()[..half]).unwrap();
            }),
        ),
    ];
    for (what, picture) in pictures {
        let answer = decodes(&server, &picture).await;
        assert!(
            [200, 422].contains(&answer.status),
            "{what}: {}",
            answer.text()
        );
        let told = answer.json();
        for code in told["codes"].as_array().into_iter().flatten() {
            let is_ours = code["network"] == "tongma" && code["signature"] == "valid";
            assert!(!is_ours, "{what}: {code}");
        }
    }
    // The same picture without anything added is ours.
    let told = decodes(&server, &symbol(sticker.as_bytes())).await.json();
    assert_eq!(told["codes"][0]["signature"], "valid", "{told}");
    let changes = server.business_digest().await.since(&before);
    assert_eq!(changes, Vec::<String>::new());
    server.is_ready().await;
}
on_both![t115_codes_that_say_what_no_payment_code_says];
