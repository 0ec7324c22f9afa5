//! That nothing on a print lies over anything else or beside the paper, whatever it says.

use super::mark::Place;
use super::*;

/// As long as a static signed code of a usual host.
fn code() -> String {
    format!("HTTPS://PAY.EXAMPLE.COM/Q/{}", "CAAQEAYE".repeat(17))
}

fn sign(name: &str) -> Sign {
    let tags = [
        ("微信支付", "07c160"),
        ("支付宝", "1677ff"),
        ("云闪付", "e60012"),
        ("JD Pay", "e1251b"),
        ("翼支付", "ff6a00"),
        ("和包支付", "e4007f"),
        ("沃支付", "e5702a"),
        ("数字人民币", "c1272d"),
    ];
    let tag = |(name, colour): (&str, &str)| Tag {
        name: name.to_owned(),
        colour: colour.parse().unwrap(),
    };
    Sign {
        merchant: name.to_owned(),
        store: "人民广场总店".to_owned(),
        counter: Some("前台 1".to_owned()),
        short_id: "7F3K2Q".to_owned(),
        amount: Some("¥ 12.50".to_owned()),
        host: "pay.example.com".to_owned(),
        text: code(),
        wallets: tags.map(tag).into(),
        is_test: true,
    }
}

fn wish(template: Template, lang: PrintLang) -> Wish {
    Wish {
        template,
        lang,
        level: None,
        ink: Rgb::BLACK,
        paper: Rgb::WHITE,
        logo: None,
        distance: None,
        copies: None,
    }
}

fn print(name: &str, wish: &Wish) -> Result<Print, PrintError> {
    lay_out(&[sign(name)], wish, &Guess)
}

/// Where the letters of a line and the symbol with its quiet zone are. A line's letters reach from
/// nine tenths above the baseline to two tenths below it.
pub(super) fn boxes(piece: &Piece) -> Vec<(String, Place)> {
    let text = |text: &mark::Text| Place {
        x: text.x,
        y: text.baseline - text.size * 9 / 10,
        width: text.width,
        height: text.size * 11 / 10,
    };
    let found = piece.marks.iter().filter_map(|mark| match mark {
        Mark::Text(line) => Some((line.says.clone(), text(line))),
        Mark::Symbol {
            x,
            y,
            module,
            modules,
            ..
        } => {
            let side = symbol::modules(modules.side()) * module;
            let quiet = symbol::quiet() * module;
            let place = Place {
                x: x - quiet,
                y: y - quiet,
                width: side + 2 * quiet,
                height: side + 2 * quiet,
            };
            Some(("the symbol".to_owned(), place))
        }
        Mark::Area { .. } | Mark::Frame { .. } | Mark::Line { .. } | Mark::Picture { .. } => None,
    });
    found.collect()
}

pub(super) fn overlap(a: Place, b: Place) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

#[test]
fn nothing_lies_over_anything_else_or_beside_the_paper() {
    let long = "中华老字号".repeat(12);
    let names = [
        "馆",
        "老王牛肉面馆",
        long.as_str(),
        "Neighbour & Sons, Purveyors of Noodles to the People’s Square",
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    ];
    for template in Template::ALL {
        for lang in PrintLang::ALL {
            for name in names {
                let about = format!("{template} {lang} {name}");
                let print = print(name, &wish(*template, *lang))
                    .unwrap_or_else(|error| panic!("{about}: {error}"));
                for piece in &print.pages[0].pieces {
                    let all = boxes(piece);
                    for (index, (first, place)) in all.iter().enumerate() {
                        let inside = place.x >= 0
                            && place.y >= 0
                            && place.x + place.width <= piece.width
                            && place.y + place.height <= piece.height;
                        assert!(inside, "{about}: {first} is at {place:?}");
                        for (second, other) in all.iter().skip(index + 1) {
                            assert!(!overlap(*place, *other), "{about}: {first} / {second}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_print_says_everything_that_a_payer_needs() {
    for template in Template::ALL {
        for lang in PrintLang::ALL {
            let print = print("老王牛肉面馆", &wish(*template, *lang)).unwrap();
            let pieces = print.pages[0].pieces.iter();
            let said: String = pieces
                .flat_map(boxes)
                .map(|(text, _)| text.replace(' ', ""))
                .collect();
            for part in [
                "老王牛肉面馆",
                "人民广场总店·前台1",
                "7F3K2Q",
                "¥12.50",
                "微信支付",
                "数字人民币",
            ] {
                assert!(
                    said.contains(part),
                    "{template} {lang}: {part} not in {said}"
                );
            }
            let check = match lang {
                PrintLang::Zh => "验真",
                PrintLang::En => "enuine",
            };
            assert!(said.contains(check), "{template} {lang}: {said}");
        }
    }
}

#[test]
fn modules_of_thermal_paper_are_whole_dots() {
    for template in [Template::Receipt58, Template::Receipt80] {
        let facts = print("馆", &wish(template, PrintLang::Zh)).unwrap().facts;
        assert_eq!(facts.module_um % 125, 0, "{facts:?}");
    }
}

#[test]
fn what_no_phone_would_read_is_refused_with_what_would_do() {
    let from = |template, millimetres: Um| {
        let wish = Wish {
            distance: Some(millimetres * 1_000),
            ..wish(template, PrintLang::Zh)
        };
        print("老王牛肉面馆", &wish)
    };
    let Err(PrintError::TooSmall {
        works: Some(works),
        needed_um,
        side_mm,
        ..
    }) = from(Template::Sticker60, 300)
    else {
        panic!("a sticker cannot be read from 30 cm")
    };
    assert_eq!(needed_um, 1_200);
    assert_eq!(side_mm, (1_200 * 53 + 999) / 1_000);
    let facts = from(works, 300).unwrap().facts;
    assert!(facts.scan_distance_mm >= 300, "{facts:?}");
    for smaller in Template::BY_SIZE
        .iter()
        .take_while(|other| **other != works)
    {
        assert!(from(*smaller, 300).is_err(), "{smaller} has room as well");
    }
    let Err(PrintError::TooSmall { works: None, .. }) = from(Template::PosterA4, 5_000) else {
        panic!("nothing here can be read from 5 m")
    };
}

#[test]
fn a_roll_has_neither_colours_nor_sheets() {
    let plain = wish(Template::Receipt58, PrintLang::En);
    let coloured = Wish {
        ink: Rgb(0, 0x26, 0x5f),
        ..plain.clone()
    };
    assert_eq!(
        print("馆", &coloured).unwrap_err(),
        PrintError::NoColour(Template::Receipt58)
    );
    let laid = Wish {
        copies: Some(4),
        ..plain
    };
    assert_eq!(
        print("馆", &laid).unwrap_err(),
        PrintError::NoSheet(Template::Receipt58)
    );
}

#[test]
fn a_sheet_is_full_unless_asked_otherwise() {
    let on_sheets = |copies| {
        let wish = Wish {
            copies: Some(copies),
            ..wish(Template::Sticker60, PrintLang::Zh)
        };
        print("馆", &wish)
    };
    let facts = on_sheets(0).unwrap().facts;
    assert_eq!((facts.pages, facts.per_page), (1, 12));
    assert_eq!(
        (facts.page_width_um, facts.page_height_um),
        (210_000, 297_000)
    );
    assert_eq!(on_sheets(13).unwrap().facts.pages, 2);
    assert_eq!(on_sheets(501).unwrap_err(), PrintError::Pieces);
}

#[test]
fn a_logo_that_is_a_code_itself_is_not_printed() {
    let other = crate::qr::symbol::Symbol::new("HTTP://EVIL.EXAMPLE", Level::L).unwrap();
    let quiet = crate::qr::symbol::QuietZone::default();
    let file = crate::qr::png::render(&other, quiet, 8).unwrap();
    let with = |logo: Logo| {
        let wish = Wish {
            logo: Some(Arc::new(logo)),
            level: Some(Level::H),
            ..wish(Template::StandA6, PrintLang::Zh)
        };
        print("馆", &wish)
    };
    let red = with(Logo::plain(40, 40, [0xe1, 0x25, 0x1b, 0xff])).unwrap();
    assert!(red.facts.covered_modules * 20 <= red.facts.modules * red.facts.modules);
    assert!(red.facts.covered_modules > 0);
    assert_eq!(
        with(Logo::read(&file).unwrap()).unwrap_err(),
        PrintError::Unreadable
    );
}
