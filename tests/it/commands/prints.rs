//! What an operator prints.

use serde_json::Value;

use super::Desk;
use crate::support::paper::{drawn, look_at};
use crate::support::{Backend, on_both, read_symbol};

/// The command that prints a code into a file.
fn print<'a>(code: &'a Value, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let [id, merchant] = ["id", "merchant"].map(|name| code[name].as_str().unwrap());
    let words = ["code", "print", id, "--merchant", merchant, "--out", out];
    [&words[..], more].concat()
}

async fn a_sign_is_printed_into_a_file(backend: Backend) {
    let desk = Desk::new(backend).await;
    let code = desk.shop_with_a_code();
    let text = code["text"].as_str().unwrap().to_owned();
    let file = |name: &str| desk.home.path().join(name).to_str().unwrap().to_owned();

    let pdf = file("sign.pdf");
    let facts = desk.does(&print(
        &code,
        &pdf,
        &["--template", "stand-a5", "--lang", "en"],
    ));
    assert_eq!(facts["page_width_um"], 148_000);
    assert_eq!(facts["file"], pdf.as_str());
    let pdf = std::fs::read(&pdf).unwrap();
    assert_eq!(look_at(&pdf).size, (14_800, 21_000));
    let read = read_symbol(&drawn(&pdf, 150));
    assert_eq!(read, [vec![text.clone()], vec![text.clone()]]);

    let png = file("strip.png");
    let strip = ["--template", "receipt-58", "--dpi", "203"];
    desk.does(&print(&code, &png, &strip));
    let read = read_symbol(&std::fs::read(&png).unwrap());
    assert_eq!(read, [vec![text.clone()], vec![text]]);
    let html = file("sign.html");
    desk.does(&print(&code, &html, &["--template", "tent"]));
    assert!(std::fs::read_to_string(&html).unwrap().contains("一号店"));
    let sheet = file("sheet.pdf");
    let facts = desk.does(&print(
        &code,
        &sheet,
        &["--template", "sticker-80", "--sheet"],
    ));
    assert_eq!(facts["per_page"], 6);

    let other = file("sign.docx");
    desk.refuses(&print(&code, &other, &[]), 2, ".pdf, .svg, .png or .html");
    let far = ["--template", "sticker-60", "--distance", "300"];
    desk.refuses(&print(&code, &sheet, &far), 1, "smallest template");
    let pale = ["--ink", "cccccc"];
    desk.refuses(&print(&code, &sheet, &pale), 1, "4.5 : 1");
    let copies = ["--copies", "3"];
    desk.refuses(&print(&code, &sheet, &copies), 2, "--sheet");
}

async fn a_font_that_is_named_is_read_at_the_start(backend: Backend) {
    let desk = Desk::new(backend).await;
    let missing = desk.home.path().join("missing.ttf");
    let set = format!("print.font_file={}", missing.display());
    let words = ["key", "list", "--set", &set];
    // Nothing is printed, so nothing is read.
    desk.does(&words);
    let code = desk.shop_with_a_code();
    let out = desk.home.path().join("sign.pdf");
    let words = print(&code, out.to_str().unwrap(), &["--set", &set]);
    desk.refuses(&words, 2, "missing.ttf");
    std::fs::write(&missing, "no font at all").unwrap();
    desk.refuses(&words, 2, "print.font_file");
}

on_both![
    a_sign_is_printed_into_a_file,
    a_font_that_is_named_is_read_at_the_start,
];
