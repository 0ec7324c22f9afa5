//! The counter: who is let in, and what it says about a receipt.

use serde_json::json;

use tongma::flow::pair;

use super::site::{DESKTOP, Site, Visitor, damaged};
use crate::support::beside::{number as number_of, run};
use crate::support::{Backend, on_both};

async fn a_code_lets_one_device_in_and_no_second(backend: Backend) {
    let site = Site::open(backend).await;
    let (till, late) = (site.browser(DESKTOP), site.browser(DESKTOP));
    let code = invite(&site).await;
    assert!(till.get("/counter").await.body.contains("name=\"code\""));

    let paired = till.post("/counter/pair", &[("code", &code)]).await;
    let again = late.post("/counter/pair", &[("code", &code)]).await;

    assert_eq!(
        (paired.status, paired.header("location")),
        (303, "/counter")
    );
    let page = till.get("/counter").await;
    for text in [
        "老王面馆",
        "南京路店",
        "1 号柜台",
        // Noon in Shanghai.
        "data-day=\"2026-11-21\"",
    ] {
        assert!(page.body.contains(text), "{text}");
    }
    assert_eq!(again.status, 422);
    assert!(late.get("/counter").await.body.contains("name=\"code\""));
}
on_both![a_code_lets_one_device_in_and_no_second];

/// T089
async fn the_session_is_a_cookie_that_scripts_and_other_sites_cannot_use(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);

    let paired = till
        .post("/counter/pair", &[("code", &invite(&site).await)])
        .await;

    let cookie = paired.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    // 256 bits in base64url.
    assert!(till.cookie("tongma_counter").unwrap().len() >= 43);
}
on_both![the_session_is_a_cookie_that_scripts_and_other_sites_cannot_use];

/// T088
async fn a_session_is_new_after_pairing_and_gone_after_leaving(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    till.take_cookie("tongma_counter", "planted");
    let first = paired(&site, &till).await;
    assert_ne!(first, "planted");
    let second = paired(&site, &till).await;
    assert_ne!(first, second);

    let old = site.browser(DESKTOP);
    old.take_cookie("tongma_counter", &first);
    assert_eq!(old.get("/counter/session").await.status, 401, "replaced");
    assert_eq!(till.get("/counter/session").await.status, 204);
    till.post("/counter/leave", &[]).await;

    let kept = site.browser(DESKTOP);
    kept.take_cookie("tongma_counter", &second);
    assert_eq!(kept.get("/counter/session").await.status, 401, "left");
    assert_eq!(kept.get("/counter/feed").await.status, 401);
    let verify = kept
        .post_json("/counter/verify", &json!({"number": "123456"}))
        .await;
    assert_eq!(verify.status, 401);
}
on_both![a_session_is_new_after_pairing_and_gone_after_leaving];

/// T090
async fn another_site_cannot_pair_leave_or_check(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let code = invite(&site).await;

    for origin in [None, Some("https://evil.test"), Some("null")] {
        for path in [
            "/counter/pair",
            "/counter/leave",
            "/counter/verify",
            "/bridge/pay",
            "/phone/scan",
        ] {
            let seen = till.post_from(path, &[("code", &code)], origin).await;
            assert!(
                matches!(seen.status, 400 | 403 | 415),
                "{path} {origin:?} {}",
                seen.status
            );
        }
        let seen = till.post_from("/counter/leave", &[], origin).await;
        assert_eq!(seen.status, 403);
    }

    assert_eq!(
        till.get("/counter/session").await.status,
        204,
        "still let in"
    );
    let other = site.browser(DESKTOP);
    assert_eq!(
        other.post("/counter/pair", &[("code", &code)]).await.status,
        303,
        "unused"
    );
}
on_both![another_site_cannot_pair_leave_or_check];

/// T129
async fn a_receipt_gets_one_of_five_verdicts(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let (number, jws) = receipt(&site).await;
    let forged = damaged(&jws, 5);
    let (_, of_neighbour) = receipt_of_neighbour(&site).await;

    assert_eq!(verdict(&till, json!({"receipt": forged})).await, "forged");
    assert_eq!(verdict(&till, json!({"receipt": "hello"})).await, "forged");
    assert_eq!(
        verdict(&till, json!({"receipt": of_neighbour})).await,
        "other-store"
    );
    assert_eq!(verdict(&till, json!({"receipt": jws})).await, "genuine");
    assert_eq!(
        verdict(&till, json!({"receipt": jws})).await,
        "already-shown"
    );
    assert_eq!(
        verdict(&till, json!({"number": number})).await,
        "already-shown"
    );
    let (unseen, _) = receipt(&site).await;
    site.shop.advance(601);
    assert_eq!(verdict(&till, json!({"number": unseen})).await, "too-old");
}
on_both![a_receipt_gets_one_of_five_verdicts];

/// T129
async fn a_receipt_of_the_merchants_other_store_is_no_receipt_here(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let (number, jws) = receipt(&site).await;
    let store = tongma::merchant::Store {
        id: tongma::id::StoreId::new(site.shop.app.clock.now(), &*site.shop.app.entropy),
        ..site.shop.store.clone()
    };
    let mut tx = site.shop.app.db.begin().await.unwrap();
    tongma::db::stores::insert(&mut tx, &store).await.unwrap();
    tx.commit().await.unwrap();
    let moved = format!("UPDATE receipts SET store_id = '{}'", store.id);
    run(&site.shop.database, &moved).await;

    for presented in [json!({"receipt": jws}), json!({"number": number})] {
        assert_eq!(verdict(&till, presented).await, "other-store");
    }
    let shown = "SELECT COUNT(*) FROM receipts WHERE shown_ms IS NOT NULL";
    assert_eq!(number_of(&site.shop.database, shown).await, 0);
}
on_both![a_receipt_of_the_merchants_other_store_is_no_receipt_here];

/// T123
async fn names_on_the_counters_page_are_text(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    for name in [
        "<script>alert(1)</script>",
        "\"><svg onload=alert(1)>",
        "</title>{{7*7}}",
    ] {
        for table in ["merchants", "stores", "counters"] {
            let named = format!("UPDATE {table} SET name = '{name}'");
            run(&site.shop.database, &named).await;
        }
        let page = till.get("/counter").await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains(name), "{}", page.body);
        let escaped = name
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        assert!(page.body.matches(&escaped).count() >= 3, "{}", page.body);
    }
}
on_both![names_on_the_counters_page_are_text];

async fn of_ten_who_check_at_once_one_is_told_genuine(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let (_, jws) = receipt(&site).await;

    let checks = (0..10).map(|_| verdict(&till, json!({"receipt": jws})));
    let verdicts = futures_util::future::join_all(checks).await;

    let genuine = verdicts.iter().filter(|word| *word == "genuine").count();
    assert_eq!(genuine, 1, "{verdicts:?}");
}
on_both![of_ten_who_check_at_once_one_is_told_genuine];

/// Before any script has run, and however long the page lay open.
async fn the_page_says_what_the_store_took_today(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let sum = async || {
        till.get("/counter")
            .await
            .between("id=\"sum\">", "<")
            .to_owned()
    };
    assert_eq!(sum().await, "0 笔 · ¥0.00");
    let sticker = site.shop.sticker().await;
    for (wallet, minor) in [("jd_pay", 1880), ("wechat_pay", 500), ("jd_pay", 20)] {
        let started = site.shop.starts(wallet, &sticker, minor).await.unwrap();
        let notice = site.shop.paid("wechat_pay", &started);
        site.shop.confirms(&notice).await.unwrap();
    }
    // Begun and not paid.
    site.shop.starts("hebao", &sticker, 700).await.unwrap();
    // Paid in another merchant's store.
    receipt_of_neighbour(&site).await;

    assert_eq!(sum().await, "3 笔 · ¥24.00");
    let page = till.get("/counter").await;
    let totals = page.between("id=\"totals\"", "</ul>");
    let (first, second) = totals.split_once("</li>").unwrap();
    for (line, parts) in [
        (first, ["w-wechat_pay", "1 笔", "¥5.00"]),
        (second, ["w-jd_pay", "2 笔", "¥19.00"]),
    ] {
        for part in parts {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    let english = till.get("/counter?lang=en").await;
    assert_eq!(english.between("id=\"sum\">", "<"), "3 payments · ¥24.00");

    // Midnight in Shanghai is four in the afternoon here.
    site.shop.advance(12 * 3600);
    assert_eq!(sum().await, "0 笔 · ¥0.00");
}
on_both![the_page_says_what_the_store_took_today];

async fn what_is_no_receipt_is_refused_in_words(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;

    for body in [
        json!({}),
        json!({"number": "12"}),
        json!({"number": "１２３４５６"}),
        json!({"receipt": "x", "number": "123456"}),
    ] {
        let seen = till.post_json("/counter/verify", &body).await;
        assert_eq!(seen.status, 422, "{body}");
    }
    let more = till
        .post_json(
            "/counter/verify",
            &json!({"number": "123456", "verdict": "genuine"}),
        )
        .await;
    assert_eq!(more.status, 422);
}
on_both![what_is_no_receipt_is_refused_in_words];

async fn a_code_that_is_no_receipt_is_called_what_it_is(backend: Backend) {
    let site = Site::open(backend).await;
    let till = site.browser(DESKTOP);
    paired(&site, &till).await;
    let sticker = site.shop.sticker().await;
    for (text, title) in [
        (sticker.text.as_str(), "这是收款码，不是收据"),
        (
            "https://qr.alipay.com/fkx12345abcdefghij",
            "这是收款码，不是收据",
        ),
        ("134567890123456789", "这是付款码，不是收据"),
    ] {
        let seen = till
            .post_json("/counter/verify", &json!({"receipt": text}))
            .await;
        assert_eq!(seen.json()["title"], title, "{text}");
        assert_eq!(seen.json()["verdict"], "unsure", "{text}");
    }
}
on_both![a_code_that_is_no_receipt_is_called_what_it_is];

async fn verdict(till: &Visitor<'_>, presented: serde_json::Value) -> String {
    let seen = till.post_json("/counter/verify", &presented).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let answer = seen.json();
    assert!(!answer["title"].as_str().unwrap().is_empty());
    answer["verdict"].as_str().unwrap().to_owned()
}

/// A one-time code for the first counter.
pub(super) async fn invite(site: &Site) -> String {
    let shop = &site.shop;
    let counter = &shop.counters[0].id;
    let invitation = pair::invite(&shop.app, &shop.merchant.id, counter, "story")
        .await
        .unwrap();
    invitation.code.expose().to_owned()
}

/// Lets the device in and answers its session's token.
pub(super) async fn paired(site: &Site, till: &Visitor<'_>) -> String {
    let seen = till
        .post("/counter/pair", &[("code", &invite(site).await)])
        .await;
    assert_eq!(seen.status, 303, "{}", seen.body);
    till.cookie("tongma_counter").unwrap()
}

/// A payment that was paid: its receipt's number and text.
async fn receipt(site: &Site) -> (String, String) {
    let shop = &site.shop;
    let (payment, code) = shop.sells(1200).await;
    let started = shop.starts("jd_pay", &code, 1200).await.unwrap();
    shop.confirms(&shop.paid("wechat_pay", &started))
        .await
        .unwrap();
    let mut tx = shop.app.db.read().await.unwrap();
    let found = tongma::db::receipts::of_payment(&mut tx, &payment.id)
        .await
        .unwrap()
        .unwrap();
    tx.rollback().await.unwrap();
    (found.number, found.jws)
}

/// A receipt that we signed for another merchant.
async fn receipt_of_neighbour(site: &Site) -> (String, String) {
    let shop = &site.shop;
    let (merchant, store, counters) = shop.neighbour().await;
    let mut tx = shop.app.db.begin().await.unwrap();
    let new = tongma::flow::payment::NewPayment {
        merchant: merchant.id.clone(),
        store: store.id.clone(),
        counter: Some(counters[0].id.clone()),
        amount: crate::support::shop::cny(500),
        reference: None,
        description: None,
        form: tongma::merchant::CodeForm::Url,
        lifetime: None,
    };
    let (payment, code) = tongma::flow::payment::create(&shop.app, &mut tx, new)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let started = shop.starts("jd_pay", &code, 500).await.unwrap();
    let mut claims = shop.paid("wechat_pay", &started);
    claims.payment_account = format!("{}2", claims.payment_account);
    shop.confirms(&claims).await.unwrap();
    let mut tx = shop.app.db.read().await.unwrap();
    let found = tongma::db::receipts::of_payment(&mut tx, &payment.id)
        .await
        .unwrap()
        .unwrap();
    tx.rollback().await.unwrap();
    (found.number, found.jws)
}
