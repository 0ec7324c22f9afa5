//! Blank plates as files for a printing house, opened and read by other people's programs.

use std::cell::Cell;
use std::ops::RangeInclusive;

use serde_json::json;

use tongma::app::{FontFiles, FontShelf};
use tongma::clock::thread_time;
use tongma::print::plates::{self, PLATES_A_PART, PlateFormat, PlateTemplate, PlateWish};
use tongma::print::{Blank, Fonts, PrintError, PrintLang};

use crate::support::paper::{all_drawn, cut_out, look_at, text_of};
use crate::support::{Browser, read_symbols, rows, unpacked};

/// Templates, how many plates a sheet of A4 has, and how many symbols a plate.
const TEMPLATES: [(PlateTemplate, u32, usize); 6] = [
    (PlateTemplate::Sticker60, 12, 1),
    (PlateTemplate::Sticker80, 6, 1),
    (PlateTemplate::StandA6, 4, 1),
    (PlateTemplate::StandA5, 2, 1),
    (PlateTemplate::PosterA4, 1, 1),
    (PlateTemplate::Tent, 2, 2),
];
/// What a plain office printer makes of a page.
const DPI: u32 = 200;
/// The goal is 20 s for 10,000 plates on two cores: 1.9 s of a core for a part. Ten times that is no
/// measurement, and what a test's build of this code still does.
const PART_CPU_MAX_S: u64 = 20;

fn blanks(numbers: RangeInclusive<u32>) -> Vec<Blank> {
    let blank = |number: u32| {
        let mut state = number.wrapping_mul(0x9e37_79b1).max(1);
        let mut letter = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
            char::from(letters[usize::try_from(state % 32).unwrap()])
        };
        let mut letters = |count: usize| (0..count).map(|_| letter()).collect::<String>();
        Blank {
            number,
            text: format!("HTTPS://PAY.EXAMPLE.COM/Q/{}", letters(136)),
            short_id: format!("{}-{}", letters(4), letters(4)),
            claim: format!("{}-{}", letters(5), letters(5)),
        }
    };
    numbers.map(blank).collect()
}

fn wish(format: PlateFormat, template: PlateTemplate) -> PlateWish {
    PlateWish {
        format,
        template,
        lang: PrintLang::Zh,
        dpi: DPI,
        pixels_max: u64::MAX,
        claims: true,
        host: "pay.example.com".to_owned(),
        bind_url: "https://pay.example.com/plates/bind".to_owned(),
        is_test: false,
    }
}

fn files() -> FontFiles {
    let files = FontShelf::of_system().files();
    files.expect("tests/run installs a font")
}

fn write(blanks: &[Blank], wish: &PlateWish) -> Vec<u8> {
    let files = files();
    let fonts = Fonts::open(&files.regular, &files.bold).unwrap();
    plates::write(blanks, wish, "bat_1 · 1–480", &fonts, &|| false).unwrap()
}

fn sorted(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.into_iter().collect();
    texts.sort();
    texts
}

#[test]
fn every_plate_on_every_sheet_is_read_by_others() {
    for (template, each, symbols) in TEMPLATES {
        let has_strip = matches!(
            template,
            PlateTemplate::Sticker60 | PlateTemplate::Sticker80
        );
        for lang in [PrintLang::Zh, PrintLang::En] {
            let about = format!("{template} {lang}");
            // The last sheet is not full.
            let all = blanks(1..=each + 1);
            let wish = PlateWish {
                lang,
                ..wish(PlateFormat::Pdf, template)
            };
            let pdf = write(&all, &wish);
            let paper = look_at(&pdf);
            let (width, height) = paper.size;
            assert_eq!(width.min(height), 21_000, "{about}");
            assert_eq!(width.max(height), 29_700, "{about}");
            assert_eq!(paper.fonts, [[true; 3]; 2], "{about}");
            assert_eq!(paper.pages, if has_strip { 2 } else { 3 }, "{about}");
            let pages = read_symbols(&all_drawn(&pdf, DPI));
            for (page, plates) in pages.iter().zip(all.chunks(each.try_into().unwrap())) {
                let texts = plates.iter().map(|blank| blank.text.clone());
                let expected = texts.flat_map(|text| vec![text; symbols]);
                assert_eq!(sorted(page.clone()), sorted(expected), "{about}");
            }
            let sheets = text_of(&pdf, 1, 2);
            let list = if has_strip {
                String::new()
            } else {
                text_of(&pdf, 3, 3)
            };
            for blank in &all {
                assert!(sheets.contains(&blank.short_id), "{about}: {sheets}");
                assert_eq!(sheets.contains(&blank.claim), has_strip, "{about}");
                let mut lines = list.lines().map(|line| line.split_whitespace());
                let number = blank.number.to_string();
                let line = [&number, &blank.short_id, &blank.claim];
                let is_listed = lines.any(|words| words.eq(line));
                assert_eq!(is_listed, !has_strip, "{about}: {list}");
            }
        }
    }
}

/// Whoever cuts gets a plate and, below it, its own secret and no other.
#[test]
fn a_claim_is_cut_off_below_its_own_plate() {
    // In tenths of a millimetre: a sticker, what stands beside it, and its strip below.
    for (template, side, strip, columns, rows) in [
        (PlateTemplate::Sticker60, 600, 120, 3, 4),
        (PlateTemplate::Sticker80, 800, 150, 2, 3),
    ] {
        let all = blanks(1..=u32::try_from(columns * rows).unwrap());
        let pdf = write(&all, &wish(PlateFormat::Pdf, template));
        let left = (2_100 - columns * side) / 2;
        let top = (2_970 - rows * (side + strip)) / 2;
        for (index, blank) in (0..).zip(&all) {
            let x = left + index % columns * side;
            let y = top + index / columns * (side + strip);
            let (picture, face) = cut_out(&pdf, [x, y, side, side]);
            assert_eq!(read_symbols(&[picture]), [[blank.text.clone()]]);
            assert!(face.contains(&blank.short_id), "{template}: {face}");
            let (_, below) = cut_out(&pdf, [x, y + side, side, strip]);
            assert!(below.contains(&blank.claim), "{template}: {below}");
            assert!(below.contains(&blank.short_id), "{template}: {below}");
            for other in &all {
                assert!(!face.contains(&other.claim), "{template}: {face}");
                let is_own = other.number == blank.number;
                assert_eq!(below.contains(&other.claim), is_own, "{template}: {below}");
            }
        }
    }
}

#[test]
fn a_whole_part_is_read_to_the_last_plate() {
    let all = blanks(1..=PLATES_A_PART);
    let before = thread_time();
    let pdf = write(&all, &wish(PlateFormat::Pdf, PlateTemplate::Sticker60));
    let took = thread_time().saturating_sub(before);
    assert!(took.as_secs() < PART_CPU_MAX_S, "{took:?}");
    let pages = read_symbols(&all_drawn(&pdf, DPI));
    assert_eq!(pages.len(), 40);
    let expected = all.iter().map(|blank| blank.text.clone());
    assert_eq!(sorted(pages.concat()), sorted(expected));
    // Vectors, but what plates have in common once, and the fonts' glyphs once.
    let each = pdf.len() / all.len();
    assert!(each < 6_000, "{each} bytes a plate");
}

#[test]
fn every_picture_is_its_plate_and_bears_no_claim() {
    for (template, _, symbols) in TEMPLATES {
        for lang in [PrintLang::Zh, PrintLang::En] {
            let all = blanks(7..=9);
            let wish = PlateWish {
                lang,
                ..wish(PlateFormat::Png, template)
            };
            let pictures = unpacked(&write(&all, &wish));
            let names: Vec<&str> = pictures.iter().map(|(name, _)| name.as_str()).collect();
            let expected = all
                .iter()
                .map(|blank| format!("{:06}-{}.png", blank.number, blank.short_id));
            assert_eq!(names, expected.collect::<Vec<_>>());
            let files: Vec<Vec<u8>> = pictures.into_iter().map(|(_, file)| file).collect();
            let read = read_symbols(&files);
            let texts = all.iter().map(|blank| vec![blank.text.clone(); symbols]);
            assert_eq!(read, texts.collect::<Vec<_>>(), "{template} {lang}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_vector_picture_is_its_plate_in_a_browser() {
    let browser = Browser::start();
    let folder = tempfile::tempdir().unwrap();
    let (file, picture) = (folder.path().join("a.html"), folder.path().join("a.png"));
    for (template, _, symbols) in TEMPLATES {
        let all = blanks(7..=8);
        let pictures = unpacked(&write(&all, &wish(PlateFormat::Svg, template)));
        assert_eq!(pictures.len(), 2);
        for ((name, svg), blank) in pictures.iter().zip(&all) {
            let expected = format!("{:06}-{}.svg", blank.number, blank.short_id);
            assert_eq!(name, &expected);
            let svg = String::from_utf8(svg.clone()).unwrap();
            assert!(!svg.contains(&blank.claim), "{name}");
            assert!(!svg.contains("<text"), "{name}: letters are outlines");
            let svg = data_encoding::BASE64.encode(svg.as_bytes());
            let image = format!("<img width=800 src=\"data:image/svg+xml;base64,{svg}\">");
            std::fs::write(&file, image).unwrap();
            let tab = browser.page(json!({"width": 1000, "height": 2400})).await;
            tab.goto(&format!("file://{}", file.display())).await;
            tab.ask("screenshot", json!({"path": picture})).await;
            let read = read_symbols(&[std::fs::read(&picture).unwrap()]);
            assert_eq!(read, [vec![blank.text.clone(); symbols]], "{template}");
        }
    }
}

#[test]
fn a_table_is_read_by_another_program() {
    let all = blanks(1..=PLATES_A_PART);
    let mut wish = wish(PlateFormat::Csv, PlateTemplate::Sticker60);
    let row = |blank: &Blank| {
        json!({
            "number": blank.number.to_string(), "short_id": blank.short_id, "text": blank.text,
            "claim_secret": blank.claim, "bind_url": "https://pay.example.com/plates/bind",
        })
    };
    let expected: Vec<_> = all.iter().map(row).collect();
    assert_eq!(rows(&plates::table(&all, &wish).unwrap()), expected);
    wish.claims = false;
    let apart = String::from_utf8(plates::table(&all, &wish).unwrap()).unwrap();
    assert!(all.iter().all(|blank| !apart.contains(&blank.claim)));
    assert!(all.iter().all(|blank| apart.contains(&blank.text)));
}

/// So that a print which was interrupted goes on elsewhere, later, and fits.
#[test]
fn a_part_is_the_same_whenever_it_is_made() {
    for format in PlateFormat::ALL {
        for template in [PlateTemplate::Sticker60, PlateTemplate::Tent] {
            let wish = wish(*format, template);
            let make = |from: u32| write(&blanks(from..=from + 12), &wish);
            let first = make(1);
            let again = std::thread::scope(|scope| scope.spawn(|| make(1)).join().unwrap());
            assert!(first == again, "{format} {template}");
            assert!(first != make(31), "{format} {template}");
        }
    }
}

#[test]
fn a_wish_without_claims_has_none_in_it() {
    for template in [PlateTemplate::Sticker60, PlateTemplate::StandA6] {
        let all = blanks(1..=5);
        let wish = PlateWish {
            claims: false,
            ..wish(PlateFormat::Pdf, template)
        };
        let paper = look_at(&write(&all, &wish));
        for blank in &all {
            assert!(paper.text.contains(&blank.short_id), "{}", paper.text);
            assert!(!paper.text.contains(&blank.claim), "{}", paper.text);
        }
    }
}

#[test]
fn nobody_who_left_is_printed_for() {
    let files = files();
    let fonts = Fonts::open(&files.regular, &files.bold).unwrap();
    for format in [PlateFormat::Pdf, PlateFormat::Png, PlateFormat::Svg] {
        let asked = Cell::new(0);
        let is_stopped = || {
            asked.set(asked.get() + 1);
            asked.get() > 3
        };
        let wish = wish(format, PlateTemplate::Sticker60);
        let stopped = plates::write(&blanks(1..=40), &wish, "bat_1", &fonts, &is_stopped);
        assert_eq!(stopped, Err(PrintError::Stopped), "{format}");
        assert_eq!(asked.get(), 4, "{format}");
    }
}
