//! Every template, in every form and language, at its stated size, read by everybody.

use serde_json::json;

use super::{TEMPLATES, logo, measures, printed, symbols};
use crate::support::paper::{drawn, look_at};
use crate::support::server::Server;
use crate::support::wire::Request;
use crate::support::{Backend, Browser, on_both, read_symbol};

/// What a plain office printer makes of a page.
const DPI: u32 = 200;
/// A subset of two fonts, not the fonts: these have 20 MB each.
const PDF_MAX: usize = 80_000;

/// All readers read the text as often as it is printed, and nothing else.
fn everybody_reads(png: &[u8], text: &str, times: usize, about: &str) {
    let [zxing, zbar] = read_symbol(png);
    assert_eq!(zxing, vec![text; times], "{about}");
    // Two codes come from zbar without anything between them.
    assert_eq!(zbar.concat(), text.repeat(times), "{about}");
    let found = tongma::qr::read::read(png, &|| false).unwrap();
    let ours: Vec<_> = found.into_iter().map(|found| found.text).collect();
    assert!(ours.iter().all(|own| own == text), "{about}: {ours:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pdf_has_its_size_its_fonts_and_a_code_that_everybody_reads() {
    let server = Server::open(Backend::Sqlite).await;
    let code = server.shop.sticker().await;
    let id = code.id.as_str();
    for (template, (width, height)) in TEMPLATES {
        for lang in ["zh", "en"] {
            let about = format!("{template} {lang}");
            let how = format!("template={template}&lang={lang}");
            let answer = printed(&server, id, &how).await;
            assert_eq!(answer.header("content-type"), Some("application/pdf"));
            let paper = look_at(&answer.body);
            assert_eq!(paper.size.0, width, "{about}");
            assert!(
                height.is_none_or(|height| paper.size.1 == height),
                "{about}"
            );
            assert_eq!(paper.pages, 1);
            assert_eq!(paper.fonts, [[true; 3]; 2], "{about}");
            assert!(
                answer.body.len() < PDF_MAX,
                "{about}: {}",
                answer.body.len()
            );
            assert!(paper.text.contains("老王面馆"), "{about}: {}", paper.text);
            assert!(paper.text.contains(&code.id.short()), "{about}");
            let page = drawn(&answer.body, DPI);
            everybody_reads(&page, &code.text, symbols(template), &about);

            let facts = measures(&server, id, &how).await;
            let um = |name: &str| facts[name].as_i64().unwrap();
            assert_eq!(um("page_width_um"), width * 10, "{facts}");
            assert_eq!(um("symbol_um"), um("module_um") * um("modules"));
            assert_eq!((um("quiet_modules"), &facts["level"]), (4, &json!("M")));
            assert!(um("scan_distance_mm") >= 100, "{facts}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_png_has_its_size_and_a_code_that_everybody_reads() {
    let server = Server::open(Backend::Sqlite).await;
    let code = server.shop.sticker().await;
    for (template, (width, _)) in TEMPLATES {
        for lang in ["zh", "en"] {
            let how = format!("template={template}&lang={lang}&format=png&dpi=203");
            let answer = printed(&server, code.id.as_str(), &how).await;
            let decoder = png::Decoder::new(std::io::Cursor::new(&answer.body));
            let info = decoder.read_info().unwrap().info().clone();
            // 203 dots an inch are eight a millimetre.
            assert_eq!(i64::from(info.width), width * 8 / 100, "{how}");
            let dots = info.pixel_dims.unwrap();
            assert_eq!((dots.xppu, dots.unit), (8_000, png::Unit::Meter));
            let is_thermal = template.starts_with("receipt");
            assert_eq!(info.bit_depth == png::BitDepth::One, is_thermal, "{how}");
            everybody_reads(&answer.body, &code.text, symbols(template), &how);
        }
    }
}

/// Drawn by somebody else, with letters of its own where it is HTML.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_svg_and_page_has_a_code_that_everybody_reads() {
    let server = Server::open(Backend::Sqlite).await;
    let code = server.shop.sticker().await;
    let browser = Browser::start();
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("drawn.png");
    for (template, _) in TEMPLATES {
        for lang in ["zh", "en"] {
            let how = format!("template={template}&lang={lang}&format=svg");
            let svg = printed(&server, code.id.as_str(), &how).await.text();
            assert!(svg.contains("mm\""), "{how}");
            assert!(!svg.contains("<text"), "{how}: letters are outlines");
            let how = format!("template={template}&lang={lang}&format=html");
            let html = printed(&server, code.id.as_str(), &how).await.text();
            // A strip is as long as its letters make it, and a browser's are others.
            let end = if template.starts_with("receipt") {
                " height"
            } else {
                " viewBox"
            };
            let size = svg.split(end).next().unwrap();
            let size = size.split("/svg\"").nth(1).unwrap();
            assert!(html.contains(size), "{how}: another size than{size}");
            let svg = data_encoding::BASE64.encode(svg.as_bytes());
            let image = format!("<img width=800 src=\"data:image/svg+xml;base64,{svg}\">");
            // A page is shown at 96 dots an inch; a printer has twice as many or more.
            let zoomed = html.replacen("<style>", "<style>body{zoom:2}", 1);
            for (kind, page) in [("svg", image), ("html", zoomed)] {
                let file = folder.path().join("page.html");
                std::fs::write(&file, page).unwrap();
                let tab = browser.page(json!({"width": 1700, "height": 2400})).await;
                tab.goto(&format!("file://{}", file.display())).await;
                tab.ask("screenshot", json!({"path": picture})).await;
                let drawn = std::fs::read(&picture).unwrap();
                let about = format!("{template} {lang} {kind}");
                let text = code.text.as_str();
                everybody_reads(&drawn, text, symbols(template), &about);
            }
        }
    }
}

async fn a_sheet_holds_many_and_all_of_them_are_read(backend: Backend) {
    let server = Server::open(backend).await;
    let (first, second) = (server.shop.sticker().await, server.shop.sticker().await);
    let how = format!("template=sticker-60&sheet=true&copies=6&more={}", second.id);
    let answer = printed(&server, first.id.as_str(), &how).await;
    let paper = look_at(&answer.body);
    assert_eq!((paper.size, paper.pages), ((21_000, 29_700), 1));
    let [zxing, _] = read_symbol(&drawn(&answer.body, DPI));
    let count = |text: &str| zxing.iter().filter(|read| *read == text).count();
    assert_eq!((count(&first.text), count(&second.text)), (6, 6));
    assert!(answer.body.len() < 2 * PDF_MAX, "{}", answer.body.len());
}

async fn a_logo_and_colours_are_printed_where_they_can_be_read(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await;
    let colours = "ink=00265f&paper=fff4d6";
    for template in ["stand-a6", "sticker-60", "tent"] {
        let path = format!("/v1/codes/{}/print?template={template}&{colours}", code.id);
        let post = |how: &str| Request::post(&format!("{path}{how}"), "image/png", logo());
        let pdf = server.ask(post("")).await;
        assert_eq!(pdf.status, 200, "{template}: {}", pdf.text());
        let count = symbols(template);
        everybody_reads(&drawn(&pdf.body, 300), &code.text, count, template);
        let png = server.ask(post("&format=png&level=H")).await;
        everybody_reads(&png.body, &code.text, count, template);
        let facts = server.ask(post("&format=json")).await.json();
        assert_eq!(facts["level"], "Q");
        let (side, covered) = (&facts["modules"], &facts["covered_modules"]);
        let (side, covered) = (side.as_i64().unwrap(), covered.as_i64().unwrap());
        assert!((1..=side * side / 20).contains(&covered), "{facts}");
    }
}

async fn a_print_is_sent_once_to_whoever_kept_it(backend: Backend) {
    let server = Server::open(backend).await;
    let code = server.shop.sticker().await;
    let path = format!("/v1/codes/{}/print?template=sticker-80", code.id);
    let first = server.ask(Request::get(&path)).await;
    let name = first.header("content-disposition").unwrap();
    assert!(name.contains(&format!("{}-sticker-80.pdf", code.id.short())));
    let again = Request::get(&path).with("If-None-Match", first.header("etag").unwrap());
    let again = server.ask(again).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let stranger = server.send(&Request::get(&path)).await;
    assert_eq!(stranger.status, 401);
}

async fn a_fixed_price_stands_on_the_sign(backend: Backend) {
    let server = Server::open(backend).await;
    let kind = tongma::code::run::CodeKind::Fixed;
    let code = server.shop.code(kind, Some(1250)).await;
    let pdf = printed(&server, code.id.as_str(), "lang=en").await;
    let text = look_at(&pdf.body).text;
    assert!(
        text.contains("¥ 12.50") || text.contains("¥12.50"),
        "{text}"
    );
}

on_both![
    a_sheet_holds_many_and_all_of_them_are_read,
    a_logo_and_colours_are_printed_where_they_can_be_read,
    a_print_is_sent_once_to_whoever_kept_it,
    a_fixed_price_stands_on_the_sign,
];
