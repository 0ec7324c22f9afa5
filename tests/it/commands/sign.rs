//! What an operator is told about a sign.

use super::Desk;
use crate::support::{Backend, on_both};

fn check<'a>(of: [&'a str; 2], what: &[&'a str]) -> Vec<&'a str> {
    [&["code", "check"][..], what, &of].concat()
}

async fn a_sign_is_checked_by_its_text_or_its_picture(backend: Backend) {
    let desk = Desk::new(backend).await;
    let code = desk.shop_with_a_code();
    let [id, merchant, text] = ["id", "merchant", "text"].map(|name| code[name].as_str().unwrap());
    let of = ["--merchant", merchant];
    let said = desk.does(&check(of, &[text]));
    assert_eq!(
        (&said["verdict"], &said["code"]),
        (&"ours".into(), &id.into())
    );

    let png = desk.home.path().join("sign.png");
    let png = png.to_str().unwrap();
    desk.does(&[&["code", "show", id, "--png", png][..], &of].concat());
    assert_eq!(
        desk.does(&check(of, &["--picture", png]))["verdict"],
        "ours"
    );

    let (front, last) = text.split_at(text.len() - 9);
    let swapped: String = last.chars().rev().collect();
    desk.says(&check(of, &[&format!("{front}{swapped}")]), 1, "forged");
    desk.says(&check(of, &["https://example.com/"]), 1, "foreign");
    desk.says(&check(of, &["130144458886891718"]), 1, "payer-code");
    desk.refuses(&check(of, &[]), 2, "<TEXT>");
    desk.refuses(&check(of, &[text, "--picture", png]), 2, "--picture");
    desk.refuses(
        &check(of, &["--picture", "/nowhere.png"]),
        2,
        "/nowhere.png",
    );
    desk.does(&[&["code", "change", id, "suspend"][..], &of].concat());
    desk.says(&check(of, &[text]), 1, "stopped");
}

on_both![a_sign_is_checked_by_its_text_or_its_picture];
