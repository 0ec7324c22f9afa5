//! That every plate is printed once, with what it needs and nothing over anything else.

use std::ops::RangeInclusive;

use super::face::Pattern;
use super::*;
use crate::print::Guess;
use crate::print::mark::{Item, Mark, Piece};
use crate::print::sheet::Grid;
use crate::print::tests::{boxes, overlap};

/// All that can be cut out of a sheet.
const TEMPLATES: &[PlateTemplate] = PlateTemplate::ALL;

/// Plates whose texts are as long as those of a usual host, each another.
pub(super) fn blanks(numbers: RangeInclusive<u32>) -> Vec<Blank> {
    let blank = |number: u32| {
        let mut state = number.wrapping_mul(2_654_435_761).max(1);
        let letter = |_: u32| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::try_from(state % 32).unwrap()])
        };
        let run: String = (0..136).map(letter).collect();
        Blank {
            number,
            short_id: format!("P{number:05}"),
            text: format!("HTTPS://PAY.EXAMPLE.COM/Q/{run}"),
            claim: format!("CLAIM-{number:05}"),
        }
    };
    numbers.map(blank).collect()
}

pub(super) fn wish(format: PlateFormat, template: PlateTemplate) -> PlateWish {
    PlateWish {
        format,
        template,
        lang: PrintLang::Zh,
        dpi: 300,
        pixels_max: u64::MAX,
        claims: true,
        host: "pay.example.com".to_owned(),
        bind_url: "https://pay.example.com/plates/bind".to_owned(),
        is_test: true,
    }
}

/// All of a plate that is cut out of a PDF's sheet.
fn pieces(blank: &Blank, wish: &PlateWish, with_claim: bool) -> Vec<Piece> {
    let pattern = Pattern::new(&blank.text, wish, &Guess, with_claim).unwrap();
    let own = pattern.own(blank, &Guess).unwrap();
    let both = pattern.fixed.into_iter().zip(own);
    let joined = both.map(|(fixed, own)| Piece {
        marks: [fixed.marks, own.marks].concat(),
        ..fixed
    });
    joined.collect()
}

fn said(pieces: &[Piece]) -> String {
    let all = pieces.iter().flat_map(boxes);
    all.map(|(says, _)| says + "\n").collect()
}

#[test]
fn every_plate_is_in_one_part() {
    for count in [1, 479, 480, 481, 10_000, 100_000] {
        let all: Vec<u32> = (1..=parts(count))
            .flat_map(|part| numbers(count, part).unwrap())
            .collect();
        assert_eq!(all, (1..=count).collect::<Vec<u32>>());
        assert_eq!(numbers(count, 0), None);
        assert_eq!(numbers(count, parts(count) + 1), None);
        assert_eq!(numbers(count, u32::MAX), None);
    }
}

#[test]
fn a_part_is_whole_sheets_and_a_strip_costs_no_plate() {
    for template in TEMPLATES.iter().copied() {
        let blank = &blanks(1..=1)[0];
        let wish = wish(PlateFormat::Pdf, template);
        let each = |with_claim| {
            let pattern = Pattern::new(&blank.text, &wish, &Guess, with_claim).unwrap();
            u32::try_from(Grid::of(pattern.width, pattern.height).count()).unwrap()
        };
        assert_eq!(PLATES_A_PART % each(true), 0, "{template}");
        assert_eq!(each(true), each(false), "{template}");
    }
}

#[test]
fn nothing_on_a_plate_lies_over_anything_else_or_beside_it() {
    for template in TEMPLATES.iter().copied() {
        for lang in PrintLang::ALL {
            for (short_id, claim) in [
                ("7F3K-2QZD", "ABCDE-FGHJK"),
                ("WWWW-WWWW-WW", "WWWWW-WWWWW"),
            ] {
                let wish = PlateWish {
                    lang: *lang,
                    ..wish(PlateFormat::Pdf, template)
                };
                let mut blank = blanks(1..=1).remove(0);
                (blank.short_id, blank.claim) = (short_id.to_owned(), claim.to_owned());
                let pieces = pieces(&blank, &wish, true);
                for piece in &pieces {
                    let all = boxes(piece);
                    for (index, (first, place)) in all.iter().enumerate() {
                        let inside = place.x >= 0
                            && place.y >= 0
                            && place.x + place.width <= piece.width
                            && place.y + place.height <= piece.height;
                        assert!(inside, "{template} {lang}: {first} is at {place:?}");
                        for (second, other) in all.iter().skip(index + 1) {
                            let about = format!("{template} {lang}: {first} / {second}");
                            assert!(!overlap(*place, *other), "{about}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_plate_says_what_payers_and_shops_need() {
    for template in TEMPLATES.iter().copied() {
        for (lang, parts) in [
            (
                PrintLang::Zh,
                ["任一钱包", "待绑定", "验真", "P00007", "测试码"],
            ),
            (
                PrintLang::En,
                ["any wallet", "To be bound", "enuine", "P00007", "Test code"],
            ),
        ] {
            for is_test in [true, false] {
                let wish = PlateWish {
                    lang,
                    is_test,
                    ..wish(PlateFormat::Pdf, template)
                };
                let said = said(&pieces(&blanks(7..=7)[0], &wish, true)).replace('\n', "");
                let [lead, rest @ .., play] = parts;
                // A sticker has room for one of the two.
                let is_said =
                    said.contains(lead) || (is_test && Template::from(template).style().brief);
                assert!(is_said, "{template} {lang}: {said}");
                for part in rest {
                    assert!(
                        said.contains(part),
                        "{template} {lang}: {part} not in {said}"
                    );
                }
                assert_eq!(said.contains(play), is_test, "{template} {lang}: {said}");
            }
        }
    }
}

#[test]
fn a_claim_stands_on_what_is_cut_off_and_nowhere_else() {
    for template in TEMPLATES.iter().copied() {
        let blank = &blanks(7..=7)[0];
        let wish = wish(PlateFormat::Pdf, template);
        let with = pieces(blank, &wish, true);
        let has_strip = matches!(
            template,
            PlateTemplate::Sticker60 | PlateTemplate::Sticker80
        );
        let bearing: Vec<&Piece> = with
            .iter()
            .filter(|piece| said(std::slice::from_ref(piece)).contains(&blank.claim))
            .collect();
        assert_eq!(bearing.len(), usize::from(has_strip), "{template}");
        for strip in bearing {
            let is_symbol = |mark: &Mark| matches!(mark, Mark::Symbol { .. });
            assert!(!strip.marks.iter().any(is_symbol), "{template}");
            assert!(
                strip.y >= Template::from(template).style().height,
                "{template}"
            );
        }
        let without = said(&pieces(blank, &wish, false));
        assert!(!without.contains(&blank.claim), "{template}: {without}");
    }
}

#[test]
fn a_symbol_of_another_version_has_the_same_place() {
    let wish = wish(PlateFormat::Pdf, PlateTemplate::Sticker60);
    let pattern = Pattern::new(&blanks(1..=1)[0].text, &wish, &Guess, false).unwrap();
    let mut other = blanks(2..=2).remove(0);
    other.text = "HTTPS://A.EXAMPLE/Q/A".to_owned();
    let own = pattern.own(&other, &Guess).unwrap();
    let place = |marks: &[Mark]| {
        let piece = Piece {
            marks: marks.to_vec(),
            ..own[0].clone()
        };
        boxes(&piece)[0].1
    };
    let usual = pattern.own(&blanks(1..=1)[0], &Guess).unwrap();
    let (usual, small) = (place(&usual[0].marks), place(&own[0].marks));
    assert!(
        small.x >= usual.x && small.y >= usual.y,
        "{small:?} {usual:?}"
    );
    assert!(small.width <= usual.width && small.width + 30 * 50 > usual.width);
    other.text = format!("HTTPS://A.EXAMPLE/Q/{}", "A".repeat(2_000));
    let refused = pattern.own(&other, &Guess).unwrap_err();
    assert!(matches!(refused, PrintError::TooSmall { .. }), "{refused}");
}

#[test]
fn files_of_different_wishes_have_different_names() {
    let (mut names, mut manifests) = (Vec::new(), Vec::new());
    for format in PlateFormat::ALL {
        for lang in PrintLang::ALL {
            for claims in [true, false] {
                for part in [1, 21] {
                    let wish = PlateWish {
                        lang: *lang,
                        claims,
                        ..wish(*format, PlateTemplate::Tent)
                    };
                    names.push(wish.file_name("bat_1", part, 21));
                    manifests.push(wish.manifest_name("bat_1"));
                }
            }
        }
    }
    assert_eq!(names[0], "bat_1-tent-zh-01-of-21.pdf");
    assert_eq!(manifests[0], "bat_1-tent-zh.pdf.manifest.json");
    for all in [&mut names, &mut manifests] {
        all.sort();
        all.dedup();
    }
    // Pictures bear no claims and a table has no language.
    assert_eq!(manifests.len(), 4 + 2 + 2 + 2, "{manifests:?}");
    assert_eq!(names.len(), 2 * manifests.len(), "{names:?}");
}

#[test]
fn a_list_has_a_line_for_every_plate_in_order() {
    let all = blanks(1..=100);
    let wish = wish(PlateFormat::Pdf, PlateTemplate::StandA6);
    let words = super::words::words(&wish, false);
    let pages = super::list::pages(&all, &words, "bat_1", &Guess).unwrap();
    let said: String = pages.iter().map(|page| said(&page.pieces)).collect();
    let mut rest = said.as_str();
    for blank in &all {
        let line = format!("{}\n{}\n{}\n", blank.number, blank.short_id, blank.claim);
        let found = rest.split_once(&line);
        (_, rest) = found.unwrap_or_else(|| panic!("{line} in {said}"));
    }
    for page in &pages {
        let boxes = boxes(&page.pieces[0]);
        assert!(
            boxes
                .iter()
                .all(|(_, place)| place.y + place.height < page.height)
        );
        let lowest = boxes.iter().map(|(_, place)| place.y + place.height).max();
        assert!(lowest.unwrap() < page.height - 10_000, "{lowest:?}");
    }
    let item = Item::of(pages[0].pieces[0].clone());
    assert_eq!((item.width, item.height), (210_000, 297_000));
}
