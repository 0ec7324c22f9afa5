//! `tongma adoption`: what an operator can do about a code that hangs on the wall.

use serde_json::Value;

use tongma::clock::Clock;
use tongma::db;
use tongma::qr::png;
use tongma::qr::symbol::{Level, QuietZone, Symbol};

use super::Desk;
use crate::support::{Backend, on_both};

/// UnionPay's code of a shop, as printed.
const TEXT: &str = "HTTPS://QR.95516.COM/00010002/01234567890123456789";

/// A desk with an institution that can be asked, a merchant with an account there, and a store.
fn shop(desk: &Desk) -> (String, String) {
    let names = ["--name-zh", "云闪付", "--name-en", "UnionPay"];
    let reached = ["--base-url", "https://unionpay.example"];
    desk.does(&[&["institution", "create", "unionpay"][..], &names, &reached].concat());
    let about = ["--mcc", "5812", "--city", "Shanghai"];
    let merchant = desk.makes(&[&["merchant", "create", "老王面馆"][..], &about].concat());
    let of = ["--merchant", merchant.as_str()];
    let store = desk.makes(&[&["store", "create", "一号店"][..], &of].concat());
    let account = [
        "account",
        "create",
        "--institution",
        "unionpay",
        "--reference",
        "898310",
    ];
    desk.makes(&[&account[..], &of].concat());
    (merchant, store)
}

async fn an_operator_asks_for_a_code_looks_and_gives_it_up(backend: Backend) {
    let desk = Desk::new(backend).await;
    let (merchant, store) = shop(&desk);
    let of = ["--merchant", merchant.as_str()];
    let create = ["adoption", "create", "--store", store.as_str()];
    let create = [&create[..], &of].concat();
    let asked = desk.does(&[&create[..], &[TEXT]].concat());
    assert_eq!(asked["state"], "requested");
    assert_eq!(
        asked["text"],
        "https://qr.95516.com/00010002/01234567890123456789"
    );
    desk.refuses(&[&create[..], &[TEXT]].concat(), 1, "adoption is requested");
    desk.refuses(
        &[&create[..], &["130123456789012345"]].concat(),
        1,
        "a payer shows",
    );
    desk.refuses(&create, 2, "TEXT");

    let id = asked["id"].as_str().unwrap();
    let list = [&["adoption", "list"][..], &of].concat();
    assert_eq!(desk.does(&list), Value::from(vec![asked.clone()]));
    let show = [&["adoption", "show", id][..], &of].concat();
    assert_eq!(desk.does(&show), asked);
    let end = [&["adoption", "end", id][..], &of].concat();
    for _ in 0..2 {
        let ended = desk.does(&end);
        assert_eq!(
            (&ended["state"], &ended["reason"]),
            (&"ended".into(), &"cancelled".into())
        );
    }
    let nothing = format!("adp_{}", "0".repeat(26));
    desk.refuses(
        &[&["adoption", "end", &nothing][..], &of].concat(),
        1,
        "no such adoption",
    );

    let db = desk.database.open(Clock::System).await;
    let mut tx = db.read().await.unwrap();
    let lines = db::audit::latest(&mut tx, 20).await.unwrap();
    let told = |action: &str| lines.iter().filter(|line| line.action == action).count();
    assert_eq!((told("adoption.request"), told("adoption.end")), (1, 1));
    assert!(lines.iter().all(|line| line.actor == "cli"));
}

async fn a_picture_will_do(backend: Backend) {
    let desk = Desk::new(backend).await;
    let (merchant, store) = shop(&desk);
    let symbol = Symbol::new(TEXT, Level::M).unwrap();
    let picture = png::render(&symbol, QuietZone::default(), 8).unwrap();
    let path = desk.home.path().join("wall.png");
    std::fs::write(&path, picture).unwrap();
    let asked = desk.does(&[
        "adoption",
        "create",
        "--picture",
        path.to_str().unwrap(),
        "--merchant",
        &merchant,
        "--store",
        &store,
    ]);
    assert_eq!(asked["network"], "unionpay");
}

on_both![
    an_operator_asks_for_a_code_looks_and_gives_it_up,
    a_picture_will_do,
];
