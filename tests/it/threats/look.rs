//! List H: names that look like others', and pictures that are meant to be programs.

use std::collections::BTreeSet;

use serde_json::json;

use tongma::flow::{FlowError, sign_up};
use tongma::id::MerchantId;
use tongma::merchant::{Merchant, Name};

use super::still_sells;
use crate::support::digest::business_digest;
use crate::support::server::{Server, bearer};
use crate::support::shop::Shop;
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

async fn t124_a_name_that_looks_like_another_is_held(backend: Backend) {
    let shop = Shop::open(backend).await;
    let signs_up = async |name: &str, is_reviewed: bool| {
        let mut tx = shop.app.db.begin().await.unwrap();
        let merchant = Merchant {
            id: MerchantId::new(tx.now(), &*shop.app.entropy),
            name: name.parse().unwrap(),
            latin_name: None,
            ..shop.merchant.clone()
        };
        let outcome = sign_up::sign_up(&mut tx, &merchant, is_reviewed).await;
        if outcome.is_ok() {
            tx.commit().await.unwrap();
        }
        outcome
    };
    signs_up("Paypal Noodles", false).await.unwrap();
    let before = business_digest(&shop.database).await;
    for name in [
        "Paypal Noodles",
        "PAYPAL NOODLES",
        "PayPalNoodles",
        "P\u{430}yp\u{430}l N\u{43e}\u{43e}dles",
        "Paypa\u{406} Noodles",
        "老王面馆",
        "⽼王面馆",
    ] {
        let held = signs_up(name, false).await;
        assert!(matches!(held, Err(FlowError::NameHeld { .. })), "{name}");
    }
    for refused in [
        "老王\u{202e}面馆",
        "老王\u{200b}面馆",
        "老王\u{2066}面馆",
        "老王\u{ad}面馆",
        &format!("老{}", "\u{301}".repeat(500)),
        &format!("老{}", "\u{301}".repeat(40)),
        "\u{7}",
        "",
    ] {
        assert!(refused.parse::<Name>().is_err(), "{refused:?}");
    }
    let changes = business_digest(&shop.database).await.counted_since(&before);
    assert_eq!(changes, "");

    signs_up("老王面馆", true).await.unwrap();
    signs_up("Cafe\u{301} 🍜", false).await.unwrap();
    let kept = business_digest(&shop.database).await;
    let changes = kept.counted_since(&before);
    assert_eq!(changes, "merchants+2");
    let is_composed = |row: &String| row.contains("Caf\u{e9} 🍜");
    assert!(kept.rows("merchants").iter().any(is_composed));
    still_sells(&shop).await;
}
on_both![t124_a_name_that_looks_like_another_is_held];

async fn t124_a_name_is_set_apart_from_the_text_around_it(backend: Backend) {
    let server = Server::open(backend).await;
    let sticker = server.shop.sticker().await;
    let (_, run) = sticker.text.split_once("/Q/").unwrap();
    for agent in [
        "Mozilla/5.0 MicroMessenger/8.0.49",
        "Mozilla/5.0 Firefox/140.0",
    ] {
        let page = Request::get(&format!("/Q/{run}")).with("User-Agent", agent);
        let page = server.send(&page).await.text();
        for name in ["老王面馆", "南京路店", "1 号柜台"] {
            let apart = page.matches(&format!("<bdi>{name}</bdi>")).count();
            assert!(apart > 0, "{name} in {page}");
        }
    }
}
on_both![t124_a_name_is_set_apart_from_the_text_around_it];

/// What a symbol is drawn with.
const ELEMENTS: [&str; 4] = ["?xml", "svg", "rect", "path"];
const ATTRIBUTES: [&str; 13] = [
    "version",
    "encoding",
    "standalone",
    "xmlns",
    "width",
    "height",
    "viewBox",
    "shape-rendering",
    "x",
    "y",
    "fill",
    "d",
    "style",
];

async fn t125_a_symbol_is_a_drawing_and_nothing_else(backend: Backend) {
    let server = Server::open(backend).await;
    let sticker = server.shop.sticker().await;
    let path = format!("/v1/codes/{}/symbol.svg", sticker.id);
    let mut attributes = BTreeSet::new();
    for query in ["", "?level=L&quiet=0", "?level=H&quiet=16", "?scale=3"] {
        let answer = server.ask(Request::get(&format!("{path}{query}"))).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"));
        assert_eq!(answer.header("content-type"), Some("image/svg+xml"));
        for tag in answer.text().split('<').skip(1) {
            let tag = tag.split('>').next().unwrap().trim_start_matches('/');
            let name = tag.split([' ', '/', '?']).find(|word| !word.is_empty());
            let is_known = ELEMENTS
                .iter()
                .any(|known| name == Some(known.trim_matches('?')));
            assert!(is_known, "{tag}");
            let names = tag
                .split('"')
                .step_by(2)
                .filter_map(|text| text.trim().strip_suffix('='));
            attributes.extend(names.map(|text| text.rsplit(' ').next().unwrap().to_owned()));
        }
    }
    let known: BTreeSet<String> = ATTRIBUTES.map(str::to_owned).into();
    assert!(attributes.is_subset(&known), "{attributes:?}");

    for more in [
        "label=%3Cscript%3Ealert(1)%3C/script%3E",
        "color=url(javascript:alert(1))",
        "logo=https://evil.example/x.png",
        "level=M%22%20onload=%22alert(1)",
        "quiet=%3C",
        "quiet=-1",
        "quiet=1000",
        "level=Z",
    ] {
        let call = bearer(Request::get(&format!("{path}?{more}")), &server.token);
        server.refuses(&call, 400, "query-invalid").await;
    }
    let shown = server.ask(Request::post_json(
        "/v1/decode",
        &json!({"text": sticker.text}),
    ));
    assert_eq!(shown.await.json()["signature"], "valid");
}
on_both![t125_a_symbol_is_a_drawing_and_nothing_else];
