//! Signs on paper, asked for as a shop's program does, and read by other people's programs.

mod hostile;
mod plates;
mod refused;
mod signs;
mod templates;

use serde_json::Value;

use crate::support::server::Server;
use crate::support::wire::{Answer, Request};

/// The names of all templates, and how large their paper is in hundredths of a millimetre; what
/// comes from a roll is as long as it needs.
pub(crate) const TEMPLATES: [(&str, (i64, Option<i64>)); 8] = [
    ("stand-a6", (10_500, Some(14_800))),
    ("stand-a5", (14_800, Some(21_000))),
    ("poster-a4", (21_000, Some(29_700))),
    ("sticker-60", (6_000, Some(6_000))),
    ("sticker-80", (8_000, Some(8_000))),
    ("tent", (10_500, Some(29_700))),
    ("receipt-58", (5_800, None)),
    ("receipt-80", (8_000, None)),
];

/// How many symbols there are on one.
pub(crate) fn symbols(template: &str) -> usize {
    if template == "tent" { 2 } else { 1 }
}

pub(crate) async fn prints(server: &Server, code: &str, how: &str) -> Answer {
    let path = format!("/v1/codes/{code}/print?{how}");
    server.ask(Request::get(&path)).await
}

/// The same, where it must be done.
async fn printed(server: &Server, code: &str, how: &str) -> Answer {
    let answer = prints(server, code, how).await;
    assert_eq!(answer.status, 200, "{how}: {}", answer.text());
    answer
}

async fn measures(server: &Server, code: &str, how: &str) -> Value {
    printed(server, code, &format!("{how}&format=json"))
        .await
        .json()
}

/// A logo: a coloured square with a hole.
pub(crate) fn logo() -> Vec<u8> {
    let side = 64_usize;
    let pixel = |x: usize, y: usize| {
        let hole = (24..40).contains(&x) && (24..40).contains(&y);
        if hole {
            [0, 0, 0, 0]
        } else {
            [0xe1, 0x25, 0x1b, 0xff]
        }
    };
    let pixels = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
    let pixels: Vec<u8> = pixels.flat_map(|(x, y)| pixel(x, y)).collect();
    let mut file = Vec::new();
    let side = u32::try_from(side).unwrap();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    drop(writer);
    file
}
