//! Texts that pretend to be codes: look-alike hosts, things smuggled in, broken EMV payloads.

use tongma::flow::resolve::{look, resolve};
use tongma::flow::{FlowError, start};

use super::still_sells;
use crate::support::digest::business_digest;
use crate::support::shop::{Shop, order};
use crate::support::{Backend, on_both};

async fn t061_a_host_that_looks_like_ours_is_not_ours(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let run = sticker.text.rsplit_once('/').unwrap().1.to_owned();
    let texts = [
        "HTTP://LOCALHOST:8080@EVIL.EXAMPLE/Q/",
        "HTTP://EVIL.EXAMPLE@LOCALHOST:8080/Q/",
        "HTTP://USER:SECRET@LOCALHOST:8080/Q/",
        "HTTP://LOCALHOST:8080.EVIL.EXAMPLE/Q/",
        "HTTP://XN--LCALHOST-G9F:8080/Q/",
        "http://loc\u{430}lhost:8080/Q/",
        "http://localhost\u{3002}:8080/Q/",
        "HTTP://LOCALHOST./Q/",
        "HTTP://LOCALHOST:08080/Q/",
        "HTTP://LOCALHOST:8081/Q/",
        "HTTP://LOCALHOST/Q/",
        "HTTP://127.0.0.1:8080/Q/",
        "HTTPS://LOCALHOST:8080/Q/",
        "FTP://LOCALHOST:8080/Q/",
        "JAVASCRIPT://LOCALHOST:8080/Q/",
        "//LOCALHOST:8080/Q/",
        "LOCALHOST:8080/Q/",
        " HTTP://LOCALHOST:8080/Q/",
        "HTTP:\\\\LOCALHOST:8080\\Q\\",
        "HTTP://LOCALHOST:8080//Q/",
        "HTTP://LOCALHOST:8080/../Q/",
        "HTTP://LOCALHOST:8080/q/",
        "HTTP://LOCALHOST:8080/%51/",
    ];
    all_refused(&shop, texts.map(|text| format!("{text}{run}"))).await;
}
on_both![t061_a_host_that_looks_like_ours_is_not_ours];

async fn t062_nothing_can_be_smuggled_into_a_code(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let tails = [
        "?amount=1",
        "&amount=1",
        "&notify_url=https://evil.example",
        "#amount=1",
        "/",
        "/../X",
        "=",
        "A",
        "%20",
        " ",
        "\n",
        "\0",
        "\u{feff}",
        "\u{202e}",
    ];
    let tailed = tails.map(|tail| format!("{}{tail}", sticker.text));
    let lower = sticker.text.to_lowercase();
    all_refused(&shop, tailed.into_iter().chain([lower])).await;

    // A payer's price is no price where the code has one.
    let (payment, code) = shop.sells(10_000).await;
    let before = business_digest(&shop.database).await;
    let cheap = shop.starts("jd_pay", &code, 1).await;
    assert!(matches!(cheap, Err(FlowError::Field { .. })), "{cheap:?}");
    let asked = start::StartOrder {
        payment: Some(payment.id),
        ..order("jd_pay", &sticker.text, 1, "S-1")
    };
    let other = start::start(&shop.app, asked).await;
    assert!(matches!(other, Err(FlowError::Field { .. })), "{other:?}");
    assert_eq!(
        business_digest(&shop.database).await.counted_since(&before),
        ""
    );
}
on_both![t062_nothing_can_be_smuggled_into_a_code];

async fn t063_broken_payloads_are_refused_where_they_break(backend: Backend) {
    let shop = Shop::open(backend).await;
    let nested = (0..100).fold("00021".to_owned(), |inner, _| {
        let inner = inner.get(..95).unwrap_or(&inner);
        format!("26{:02}{inner}", inner.len())
    });
    let every: String = (0..100).fold(String::new(), |all, tag| format!("{all}{tag:02}011"));
    let texts = [
        String::new(),
        "000201".to_owned(),
        "00020101021226".to_owned(),
        "0002010102122699".to_owned(),
        "00020101021153031565802CN5904TEST6002BJ6304FFFF".to_owned(),
        "000201000201000201".to_owned(),
        nested,
        every,
        "9".repeat(1_000_000),
        "\u{1f4b0}".repeat(1000),
        "00\u{0660}\u{0661}01".to_owned(),
    ];
    all_refused(&shop, texts).await;
}
on_both![t063_broken_payloads_are_refused_where_they_break];

async fn texts_that_a_database_cannot_keep_are_refused(backend: Backend) {
    let shop = Shop::open(backend).await;
    let sticker = shop.sticker().await;
    let before = business_digest(&shop.database).await;
    let long = "9".repeat(129);
    for text in ["", "a\0b", "a\nb", "\u{7f}", long.as_str()] {
        let by_reference = order("jd_pay", &sticker.text, 100, text);
        let by_payer = start::StartOrder {
            payer_ref: Some(text.to_owned()),
            ..order("jd_pay", &sticker.text, 100, "OK-1")
        };
        for asked in [by_reference, by_payer] {
            let outcome = start::start(&shop.app, asked).await;
            assert!(
                matches!(outcome, Err(FlowError::Field { .. })),
                "{text:?}: {outcome:?}"
            );
        }
    }
    assert_eq!(
        business_digest(&shop.database).await.counted_since(&before),
        ""
    );
    still_sells(&shop).await;
}
on_both![texts_that_a_database_cannot_keep_are_refused];

/// Neither resolved, nor shown, nor started, and nothing was written.
async fn all_refused(shop: &Shop, texts: impl IntoIterator<Item = String>) {
    let before = business_digest(&shop.database).await;
    let jd = "jd_pay".parse().unwrap();
    for text in texts {
        let outcomes = [
            resolve(&shop.app, &jd, &text).await.map(|_| ()),
            look(&shop.app, &text, None).await.map(|_| ()),
            start::start(&shop.app, order("jd_pay", &text, 100, "T-1"))
                .await
                .map(|_| ()),
        ];
        for outcome in outcomes {
            let head: String = text.chars().take(80).collect();
            assert!(
                matches!(
                    outcome,
                    Err(FlowError::CodeMalformed(_)
                        | FlowError::CodeSignatureInvalid
                        | FlowError::NotFound("code"))
                ),
                "{head:?}: {outcome:?}"
            );
        }
    }
    assert_eq!(
        business_digest(&shop.database).await.counted_since(&before),
        ""
    );
    still_sells(shop).await;
}
