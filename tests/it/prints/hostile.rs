//! Names and pictures that were chosen to break a print.

use tongma::merchant::{Name, PrintedCode};

use super::prints;
use crate::support::beside::run;
use crate::support::server::{Server, bearer};
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both, read_symbol};

/// Scripts that run the other way, characters beyond the first plane, marks, what means something to
/// XML, to HTML and to PDF, and names as long and as wide as names may be.
fn names() -> Vec<String> {
    let fixed = [
        "שלום עולם",
        "مطعم الشرق",
        "😀😀 Pizza",
        "𠮷野家",
        "e\u{301}\u{323}cole",
        "<script>alert(1)</script>",
        "]]>&amp;'\"--><!--",
        ") Tj ET (\\",
        "\u{fffd}\u{fdfa}",
        "ﬁ ﬂ Ǆ İ ẞ",
        "( ( ( ( (",
        "，，，，，，",
    ];
    let mut all: Vec<String> = fixed.map(str::to_owned).to_vec();
    all.extend(["W", "馆", "i", "“", "ﷺ"].map(|c| c.repeat(60)));
    all
}

async fn no_name_breaks_a_print(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await;
    let mut tried = 0;
    for name in names() {
        // What no merchant can be called is refused long before.
        let Ok(known) = name.parse::<Name>() else {
            continue;
        };
        tried += 1;
        let quoted = known.as_str().replace('\'', "''");
        let rename = format!(
            "UPDATE merchants SET name = '{quoted}' WHERE id = '{}'",
            code.merchant
        );
        run(&server.shop.database, &rename).await;
        for template in ["sticker-60", "receipt-58", "stand-a6"] {
            for format in ["json", "html", "svg", "pdf"] {
                let how = format!("template={template}&format={format}");
                let answer = prints(&server, code.id.as_str(), &how).await;
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                match answer.status {
                    200 => {
                        assert!(!text.contains("<script>alert"), "{name} {how}");
                        let is_whole = match format {
                            "html" => text.trim_end().ends_with("</html>"),
                            "svg" => text.trim_end().ends_with("</svg>"),
                            "pdf" => text.trim_end().ends_with("%%EOF"),
                            _ => true,
                        };
                        assert!(is_whole, "{name} {how}");
                    }
                    422 => {
                        let told = answer.code();
                        let is_told = ["glyph-missing", "print-too-small"].contains(&told.as_str());
                        assert!(is_told, "{name} {how}: {text}");
                    }
                    _ => panic!("{name} {how}: {} {text}", answer.status),
                }
            }
        }
    }
    assert!(tried >= 10, "{tried}");
    server.is_ready().await;
}

/// A picture of so many pixels, each as it is said.
fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    let pixels: Vec<u8> = places.flat_map(|(x, y)| pixel(x, y)).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    drop(writer);
    file
}

/// What stands in a symbol's corners, in this colour on white.
fn rings(ink: [u8; 4]) -> Vec<u8> {
    picture(70, 70, |x, y| {
        let ring = x.min(y).min(69 - x).min(69 - y) / 10;
        if ring == 1 { [255; 4] } else { ink }
    })
}

async fn prints_with(server: &Server, code: &PrintedCode, how: &str, logo: &[u8]) -> Answer {
    let path = format!("/v1/codes/{}/print?{how}", code.id);
    let call = Request::post(&path, "image/png", logo.to_owned());
    server.send(&bearer(call, &server.token)).await
}

/// Whatever is put into the middle: what leaves the server is read by others, or it does not leave.
async fn no_picture_makes_a_print_that_cannot_be_read(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await;
    let black = |_, _| [0, 0, 0, 255];
    let pictures = [
        ("black", picture(64, 64, black)),
        ("one pixel", picture(1, 1, black)),
        ("a line", picture(4096, 1, black)),
        ("a pole", picture(1, 4096, black)),
        ("nothing", picture(64, 64, |_, _| [0; 4])),
        (
            "stripes",
            picture(
                64,
                64,
                |x, _| if x % 8 < 4 { [0, 0, 0, 255] } else { [255; 4] },
            ),
        ),
        (
            "squares",
            picture(64, 64, |x, y| {
                if (x / 4 + y / 4) % 2 == 0 {
                    [0, 0, 0, 255]
                } else {
                    [255; 4]
                }
            }),
        ),
        ("a finder pattern", rings([0, 0, 0, 255])),
        ("haze", picture(64, 64, |_, _| [128, 128, 128, 128])),
    ];
    let mut made = 0;
    for (what, file) in pictures {
        let ways = [
            "stand-a6&format=png&dpi=150",
            "receipt-58&format=png&dpi=203",
        ];
        for (template, level) in ways.iter().flat_map(|on| [(on, "Q"), (on, "H")]) {
            let how = format!("template={template}&level={level}");
            let answer = prints_with(&server, &code, &how, &file).await;
            if what == "a finder pattern" {
                // Our own reader is not misled by it, but others are.
                assert_eq!(answer.code(), "print-unreadable");
            } else if answer.status == 200 {
                made += 1;
                let [zxing, zbar] = read_symbol(&answer.body);
                assert_eq!(zxing, *std::slice::from_ref(&code.text), "{what} on {how}");
                // Of one code in many with squares as wide as its modules zbar finds nothing.
                assert!(
                    zbar.iter().all(|text| *text == code.text),
                    "{what} on {how}: {zbar:?}"
                );
            } else {
                assert_eq!(
                    answer.code(),
                    "print-unreadable",
                    "{what}: {}",
                    answer.text()
                );
            }
        }
    }
    assert!(made >= 20, "{made}");
    server.is_ready().await;
}

/// A logo that is bright to a reader, and dark to whoever looks at its green alone: in black and white
/// it is paper, and no fourth corner.
async fn a_receipt_has_the_brightness_that_was_read_back(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await;
    let how = "template=receipt-58&format=png&dpi=203";
    let printed = async |ink| {
        let answer = prints_with(&server, &code, how, &rings(ink)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let [zxing, _] = read_symbol(&answer.body);
        assert_eq!(zxing, *std::slice::from_ref(&code.text));
        answer.body
    };
    let (pink, white) = (printed([255, 100, 255, 255]).await, printed([255; 4]).await);
    assert!(pink == white, "they differ");
    // Dark to a reader, and bright to whoever looks at its green alone.
    let green = prints_with(&server, &code, how, &rings([0, 140, 0, 255])).await;
    assert_eq!(green.code(), "print-unreadable");
}

on_both![
    a_receipt_has_the_brightness_that_was_read_back,
    no_name_breaks_a_print,
    no_picture_makes_a_print_that_cannot_be_read,
];
