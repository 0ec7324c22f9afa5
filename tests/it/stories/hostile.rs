//! Pictures and texts that mean no good, sent to a server that has better things to do.

use std::time::Duration;

use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, Luma};
use serde_json::json;

use tongma::qr::png;
use tongma::qr::symbol::{Level, QuietZone, Symbol};

use crate::support::server::Server;
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both};

/// No picture may keep the server busy for longer; in a debug build, beside other tests.
const QUICKLY: Duration = Duration::from_secs(5);

async fn decodes(server: &Server, media_type: &str, file: Vec<u8>) -> Answer {
    let asked = server.ask(Request::post("/v1/decode", media_type, file));
    let answer = tokio::time::timeout(QUICKLY, asked).await.unwrap();
    server.is_ready().await;
    answer
}

/// T113
async fn pictures_that_mean_no_good_are_refused_quickly(backend: Backend) {
    let server = Server::open(backend).await;
    let before = server.business_digest().await;
    let symbol = symbol();
    let cases = [
        (
            "a flood of pixels",
            "image/png",
            png_file(&header(65_535), &zeros(10)),
            (413, "picture-too-many-pixels"),
        ),
        (
            "a bomb behind an honest header",
            "image/png",
            png_file(&header(64), &zeros(64_000_000)),
            // Only what the header promises is unpacked.
            (422, "no-code"),
        ),
        (
            "a header that promises less than a bomb",
            "image/png",
            png_file(&deep_header(4_000), &zeros(64_000_000)),
            (413, "picture-too-much-memory"),
        ),
        (
            "half a JPEG",
            "image/jpeg",
            jpeg()[..2_000].to_vec(),
            // What has come is looked at, and there is nothing in it.
            (422, "no-code"),
        ),
        (
            "the first bytes of a JPEG",
            "image/jpeg",
            jpeg()[..40].to_vec(),
            (422, "picture-broken"),
        ),
        (
            "six megabytes",
            "image/png",
            [symbol.clone(), vec![0; 6_000_000]].concat(),
            (413, "body-too-large"),
        ),
        (
            "a GIF",
            "image/gif",
            b"GIF89a\x01\x00\x01\x00\x80\x00\x00".to_vec(),
            (415, "media-type"),
        ),
        (
            "a GIF that says PNG",
            "image/png",
            b"GIF89a\x01\x00\x01\x00\x80\x00\x00".to_vec(),
            (415, "picture-unsupported"),
        ),
        ("an SVG", "image/svg+xml", SVG.into(), (415, "media-type")),
        (
            "an SVG that says PNG",
            "image/png",
            SVG.into(),
            (415, "picture-unsupported"),
        ),
        (
            "nothing",
            "image/png",
            Vec::new(),
            (415, "picture-unsupported"),
        ),
    ];
    for (what, media_type, file, (status, code)) in cases {
        let answer = decodes(&server, media_type, file).await;
        let told = (answer.status, answer.code());
        assert_eq!(told, (status, code.to_owned()), "{what}");
        assert!(!answer.text().contains("root:"), "{what}");
    }
    let changes = server.business_digest().await.since(&before);
    assert_eq!(changes, Vec::<String>::new());
}
on_both![pictures_that_mean_no_good_are_refused_quickly];

/// T113: a file that is a picture and a page at once is answered as a picture, and the answer is
/// never run.
async fn a_polyglot_is_only_a_picture(backend: Backend) {
    let server = Server::open(backend).await;
    let page = b"<html><script>alert(1)</script></html>PK\x03\x04";
    let answer = decodes(&server, "image/png", [symbol(), page.to_vec()].concat()).await;
    if answer.status == 200 {
        assert_eq!(answer.json()["codes"][0]["ok"], true, "{}", answer.text());
    } else {
        assert_eq!(answer.code(), "picture-broken");
    }
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(!answer.text().contains("<script>"), "{}", answer.text());
}
on_both![a_polyglot_is_only_a_picture];

/// T061, T062, T063
async fn texts_that_only_look_like_codes_are_never_taken(backend: Backend) {
    let server = Server::open(backend).await;
    let genuine = server.shop.sticker().await.text;
    let (host, run) = genuine.split_once("/Q/").unwrap();
    let host = host.strip_prefix("HTTP://").unwrap();
    let deep = (0..100).fold("00".to_owned(), |inner, _| {
        format!("26{:02}{inner}", inner.len().min(99))
    });
    let all_tags: Vec<_> = (0..=99).map(|tag| format!("{tag:02}0100")).collect();
    let all_tags = all_tags.concat();
    let texts = [
        format!("HTTP://{host}@EVIL.EXAMPLE/Q/{run}"),
        format!("HTTP://EVIL.EXAMPLE@{host}/Q/{run}"),
        format!("HTTP://{host}.EVIL.EXAMPLE/Q/{run}"),
        format!("HTTP://xn--pay-example-9ub.example/Q/{run}"),
        format!("HTTP://раy.example/Q/{run}"),
        format!("FTP://{host}/Q/{run}"),
        format!("JAVASCRIPT://{host}/Q/{run}"),
        format!("{genuine}#&amount_minor=1"),
        format!("{genuine}?notify_url=http://evil.example"),
        format!("{genuine}&amount=1"),
        format!("{genuine}/../X"),
        format!("{genuine}\u{0}"),
        format!("{genuine} "),
        genuine.to_ascii_lowercase(),
        "00020101021229300012D156000000000510A93FO3230Q5204000053031565802CN5904TEST6002SH63040000"
            .to_owned(),
        "0002010102112699".to_owned(),
        "000201000201".to_owned(),
        deep,
        all_tags,
    ];
    let before = server.business_digest().await;
    for text in texts {
        let asked = Request::post_json("/wallet/v1/resolve", &json!({"text": text}));
        let resolved = server.send(&server.signed("jd_pay", asked)).await;
        assert_eq!(resolved.status, 422, "{text}: {}", resolved.text());

        let asked = Request::post_json("/v1/decode", &json!({"text": text}));
        let decoded = server.ask(asked).await;
        assert_eq!(decoded.status, 200, "{text}");
        let said = decoded.json();
        let is_ours = said["network"] == "tongma" && said["signature"] == "valid";
        assert!(!is_ours, "{text}: {said}");
    }
    let changes = server.business_digest().await.since(&before);
    assert_eq!(changes, Vec::<String>::new());
    server.is_ready().await;
}
on_both![texts_that_only_look_like_codes_are_never_taken];

const SVG: &str = "<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
     <svg xmlns=\"http://www.w3.org/2000/svg\"><text>&x;</text></svg>";

fn symbol() -> Vec<u8> {
    let symbol = Symbol::new("HTTPS://PAY.EXAMPLE.COM/Q/ABC", Level::M).unwrap();
    png::render(&symbol, QuietZone::default(), 4).unwrap()
}

fn jpeg() -> Vec<u8> {
    let mut file = Vec::new();
    let noisy = GrayImage::from_fn(400, 400, |x, y| {
        Luma([((x * 31) ^ (y * 17)).to_le_bytes()[0]])
    });
    JpegEncoder::new(&mut file).encode_image(&noisy).unwrap();
    file
}

/// Of a grey picture of eight bits.
fn header(side: u32) -> Vec<u8> {
    let side = side.to_be_bytes();
    [&side[..], &side, &[8, 0, 0, 0, 0]].concat()
}

/// Of a picture in colours of sixteen bits, with transparency.
fn deep_header(side: u32) -> Vec<u8> {
    let side = side.to_be_bytes();
    [&side[..], &side, &[16, 6, 0, 0, 0]].concat()
}

/// A zlib stream that unpacks to at least this many zeros.
fn zeros(count: u32) -> Vec<u8> {
    let side = count.isqrt() + 1;
    let mut file = std::io::Cursor::new(Vec::new());
    GrayImage::new(side, side)
        .write_to(&mut file, image::ImageFormat::Png)
        .unwrap();
    let file = file.into_inner();
    let mut data = Vec::new();
    let mut at = 8;
    while at < file.len() {
        let length = u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
        let end = at + 8 + usize::try_from(length).unwrap();
        if &file[at + 4..at + 8] == b"IDAT" {
            data.extend(&file[at + 8..end]);
        }
        at = end + 4;
    }
    data
}

fn png_file(header: &[u8], data: &[u8]) -> Vec<u8> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", header), (b"IDAT", data), (b"IEND", &[])] {
        file.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        let named = [name.as_slice(), data].concat();
        file.extend(&named);
        file.extend(crc.checksum(&named).to_be_bytes());
    }
    file
}
