//! At the counter: is the sign on the wall ours, and how is another printed?

use serde_json::{Value, json};

use tongma::clock::Clock;
use tongma::merchant::PrintedCode;
use tongma::payment::event::{EventData, EventKind, NewEvent};
use tongma::qr::png;
use tongma::qr::symbol::{Level, QuietZone, Symbol};

use super::counter::paired;
use super::site::{DESKTOP, Site, Visitor, damaged};
use super::story::{keep, open_till, printed, upload};
use crate::support::beside::run;
use crate::support::{Backend, Browser, on_both, read_symbol};

async fn checked(till: &Visitor<'_>, text: &str) -> Value {
    let seen = till
        .post_json("/counter/sign?lang=en", &json!({"text": text}))
        .await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    seen.json()
}

async fn paid(site: &Site, code: &PrintedCode) {
    let started = site.shop.starts("wechat_pay", code, 700).await.unwrap();
    site.shop
        .confirms(&site.shop.paid("wechat_pay", &started))
        .await
        .unwrap();
}

async fn a_cashier_hears_of_each_sign_what_it_is(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let (ours, elsewhere) = (site.shop.sticker().await, site.shop.sticker().await);
    let moved = format!(
        "UPDATE codes SET counter_id = '{}' WHERE id = '{}'",
        site.shop.counters[1].id, elsewhere.id
    );
    run(&site.shop.database, &moved).await;
    let stopped = site.shop.sticker().await;
    let revoke = tongma::merchant::CodeEvent::Revoke;
    let merchant = &site.shop.merchant.id;
    tongma::flow::change_code::change(&site.shop.app, merchant, &stopped.id, revoke)
        .await
        .unwrap();
    let strangers = super::code::code_of_merchant(&site, "别家").await;

    let before = checked(&till, &ours.text).await;
    let facts = format!(
        "{} · 南京路店 · 1 号柜台 · since 2026-11-21 · never paid yet",
        ours.id.short()
    );
    assert_eq!(
        (&before["verdict"], &before["detail"]),
        (&json!("ours"), &json!(facts))
    );
    paid(&site, &ours).await;
    let after = checked(&till, &format!(" {}\n", ours.text)).await;
    let last = after["detail"].as_str().unwrap();
    assert!(last.ends_with("last paid 2026-11-21 12:00:00"), "{last}");
    for (text, verdict, title) in [
        (
            elsewhere.text.as_str(),
            "elsewhere",
            "Ours, but it belongs elsewhere",
        ),
        (
            stopped.text.as_str(),
            "stopped",
            "Ours, but it takes no money any more",
        ),
        (
            strangers.as_str(),
            "strangers",
            "It pays somebody else: take it down",
        ),
        (
            damaged(&ours.text, 9).as_str(),
            "forged",
            "Forged: take it down",
        ),
        (
            "wxp://f2f0AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
            "foreign",
            "Not one of our codes",
        ),
        (
            "130144458886891718",
            "payer-code",
            "A payer's code, and no sign",
        ),
    ] {
        let said = checked(&till, text).await;
        assert_eq!(
            (&said["verdict"], &said["title"]),
            (&json!(verdict), &json!(title)),
            "{text}"
        );
    }
    let zh = till
        .post_json("/counter/sign?lang=zh", &json!({"text": strangers}))
        .await
        .json();
    assert_eq!(zh["title"], "钱会付给别人，请取下");
    assert!(!zh.to_string().contains("别家"), "{zh}");
}

async fn only_a_device_that_was_let_in_may_ask_or_print(backend: Backend) {
    let site = Site::open(backend).await;
    let nobody = site.browser(DESKTOP);
    let sticker = site.shop.sticker().await;
    let asked = nobody
        .post_json("/counter/sign", &json!({"text": sticker.text}))
        .await;
    assert_eq!(asked.status, 401);
    let print = format!("/counter/print/{}?template=stand-a6&lang=zh", sticker.id);
    assert_eq!(nobody.get("/counter/print").await.status, 401);
    assert_eq!(nobody.get(&print).await.status, 401);

    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    assert_eq!(till.get(&print).await.status, 200);
    let moved = format!(
        "UPDATE codes SET counter_id = '{}' WHERE id = '{}'",
        site.shop.counters[1].id, sticker.id
    );
    run(&site.shop.database, &moved).await;
    assert_eq!(till.get(&print).await.status, 404, "hangs at another till");
    let wrong = format!("/counter/print/{}?template=stand-a7&lang=zh", sticker.id);
    assert_eq!(till.get(&wrong).await.status, 400);
    for body in [json!({}), json!({"text": "A", "store": site.shop.store.id})] {
        assert_eq!(
            till.post_json("/counter/sign", &body).await.status,
            422,
            "{body}"
        );
    }
}

/// As staff do it: the page is open, the sign is in their hand.
async fn staff_check_their_sign_and_print_another(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let sticker = site.shop.sticker().await;
    paid(&site, &sticker).await;
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("sign.png");
    std::fs::write(&picture, printed(&site, &sticker).await).unwrap();
    let payers = folder.path().join("payers.png");
    let symbol = Symbol::new("130144458886891718", Level::M).unwrap();
    let drawn = png::render(&symbol, QuietZone::default(), 4).unwrap();
    std::fs::write(&payers, drawn).unwrap();
    let browser = Browser::start();
    for width in [390, 1280] {
        let till = open_till(&site, &browser, width).await;
        upload(&till, "#sign [data-picture]", &picture).await;
        till.wait_for("#sign-verdict", "是我们的码，真的").await;
        till.wait_for("#sign-verdict", &sticker.id.short()).await;
        keep(&till, &format!("sign-ours-{width}")).await;

        // Of a payer's code the server says no more than that.
        upload(&till, "#sign [data-picture]", &payers).await;
        till.wait_for("#sign-verdict", "付款码").await;

        till.click("#sign [data-paste]").await;
        till.fill("#sign-text textarea", &damaged(&sticker.text, 9))
            .await;
        till.click("#sign-text button").await;
        till.wait_for("#sign-verdict", "假码，请取下").await;
        keep(&till, &format!("sign-forged-{width}")).await;
        // It fills its column, as the check of receipts above it does.
        let column = "document.querySelector('#sign').clientWidth \
             - document.querySelector('#check').clientWidth";
        assert_eq!(till.ask("evaluate", json!({"code": column})).await, 0);
        let wide = json!({"code": "document.documentElement.scrollWidth"});
        assert_eq!(till.ask("evaluate", wide.clone()).await, width);

        till.click("a.print").await;
        till.wait_for("h1", "打印收款码").await;
        till.wait_for(".of-code h2", &sticker.id.short()).await;
        keep(&till, &format!("sign-print-{width}")).await;
        assert_eq!(till.ask("evaluate", wide).await, width);
        let link = json!({"at": ".prints li:nth-child(3) a", "name": "href"});
        let link = till.ask("attribute", link).await;
        till.goto(&format!("{}{}", site.origin, link.as_str().unwrap()))
            .await;
        let page = folder.path().join("page.png");
        till.ask("screenshot", json!({"path": page})).await;
        if width == 1280 {
            let read = read_symbol(&std::fs::read(&page).unwrap());
            assert_eq!(
                read,
                [vec![sticker.text.clone()], vec![sticker.text.clone()]]
            );
        }
        assert_eq!(till.ask("problems", json!({})).await, json!([]));
    }
}

/// Something is told of a sign.
async fn tells(site: &Site, sign: &PrintedCode, kind: EventKind) {
    let mut tx = site.shop.app.db.begin().await.unwrap();
    let event = NewEvent {
        merchant: site.shop.merchant.id.clone(),
        kind,
        data: EventData {
            paid_at: Some(site.shop.app.clock.now()),
            ..EventData::of_sign(&sign.id, &sign.store, sign.counter.as_ref())
        },
    };
    let id = tongma::id::EventId::new(tx.now(), &*site.shop.app.entropy);
    tongma::db::events::insert(&mut tx, &id, &event)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    site.shop.app.bell.ring();
}

/// Amber, and it takes nothing away from the day's sums.
async fn a_silent_code_is_shown_amber(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let sticker = site.shop.sticker().await;
    let browser = Browser::start();
    let till = open_till(&site, &browser, 390).await;
    paid(&site, &sticker).await;
    till.wait_for("#now .figure", "7.00").await;
    tells(&site, &sticker, EventKind::CodeSilent).await;

    till.wait_for("#now[data-kind=silent] .label", "请去看看")
        .await;
    till.wait_for("#now .figure", &sticker.id.short()).await;
    till.wait_for("#rows li[data-kind=silent] .what", "上次收款")
        .await;
    keep(&till, "silent-390").await;
    assert!(till.text("#sum").await.contains("1 笔"));
    paid(&site, &sticker).await;
    till.wait_for("#sum", "2 笔").await;
    // That it is used again stands in its place; the payment stays in sight.
    tells(&site, &sticker, EventKind::CodePaidAgain).await;
    till.wait_for("#rows li[data-kind=again] .what", "又有人付")
        .await;
    assert!(!till.text("#rows").await.contains("请去看看"));
    till.wait_for("#now[data-kind=paid] .figure", "7.00").await;
    assert!(till.text("#sum").await.contains("2 笔"));
    assert_eq!(till.ask("problems", json!({})).await, json!([]));
}

on_both![
    a_cashier_hears_of_each_sign_what_it_is,
    only_a_device_that_was_let_in_may_ask_or_print,
    staff_check_their_sign_and_print_another,
    a_silent_code_is_shown_amber,
];
