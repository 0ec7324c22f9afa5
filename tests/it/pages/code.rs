//! The page behind a printed code, and the payer's way from it to the receipt.

use tongma::code::run::CodeKind;
use tongma::crypto::sealing::Sealer;
use tongma::flow;
use tongma::flow::confirm::Outcome;
use tongma::flow::start::Started;
use tongma::merchant::CodeEvent;
use tongma::payment::ResultClaims;

use super::site::{DESKTOP, JD, Site, WECHAT, damaged};
use crate::support::wire::{Request, send};
use crate::support::{Backend, on_both};

async fn the_page_says_who_is_paid_and_by_which_route(backend: Backend) {
    let site = Site::open(backend).await;
    let sticker = site.shop.sticker().await;

    let page = site.browser(JD).get(&site.page_of(&sticker.text)).await;

    assert_eq!(page.status, 200);
    for text in [
        "<bdi>老王面馆</bdi>",
        "<bdi>南京路店</bdi>",
        "京东支付",
        "微信支付",
        "通过互联互通",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    // The operator's word for the channel is not for payers.
    assert!(!page.body.contains("netsunion"), "{}", page.body);
    let (_, short) = sticker.id.as_str().split_at(sticker.id.as_str().len() - 6);
    assert!(page.body.contains(&short.to_ascii_uppercase()));
    assert!(page.body.contains("name=\"amount\""));
}
on_both![the_page_says_who_is_paid_and_by_which_route];

/// T066, T064
async fn opening_a_page_takes_nothing_however_often_and_by_whom(backend: Backend) {
    let site = Site::open(backend).await;
    let (_, order) = site.shop.sells(1200).await;
    let path = site.page_of(&order.text);
    site.settled().await;
    let before = site.traces().await;

    for user_agent in [JD, WECHAT, DESKTOP] {
        for _ in 0..30 {
            assert_eq!(site.browser(user_agent).get(&path).await.status, 200);
        }
    }
    let preview = Request {
        method: "HEAD".to_owned(),
        ..Request::get(&path).with("User-Agent", JD)
    };
    let authority = site.origin.trim_start_matches("http://");
    for _ in 0..10 {
        let seen = send(authority, &preview).await;
        assert_eq!((seen.status, seen.body.len()), (200, 0));
    }

    assert_eq!(site.traces().await, before);
    let started = site.shop.starts("jd_pay", &order, 1200).await;
    assert!(started.is_ok(), "nobody holds it: {started:?}");
}
on_both![opening_a_page_takes_nothing_however_often_and_by_whom];

/// T065
async fn a_browser_that_is_no_wallet_gets_to_choose_one(backend: Backend) {
    let site = Site::open(backend).await;
    let sticker = site.shop.sticker().await;
    let path = site.page_of(&sticker.text);

    for user_agent in ["", DESKTOP, "\u{202e}ssegnesseM", &"M".repeat(8000)] {
        let page = site.browser(user_agent).get(&path).await;
        assert_eq!(page.status, 200, "{user_agent}");
        assert!(page.body.contains("用钱包扫这个码"));
        assert!(!page.body.contains("<form"), "nothing to pay with");
    }
    for length in [9_000, 64 * 1024] {
        let page = site.browser(&"M".repeat(length)).get(&path).await;
        assert_eq!(page.status, 431, "{length}");
    }
    let claims = format!("UnionPay/1.0 CloudPay {WECHAT} AlipayClient/10.5");
    let page = site.browser(&claims).get(&path).await;
    assert!(page.body.contains("w-alipay"), "always the same of three");
}
on_both![a_browser_that_is_no_wallet_gets_to_choose_one];

/// T067
async fn nobody_keeps_a_page_for_the_next_payer(backend: Backend) {
    let site = Site::open(backend).await;
    let sticker = site.shop.sticker().await;

    let page = site.browser(JD).get(&site.page_of(&sticker.text)).await;

    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("vary"), "User-Agent, Accept-Language");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let policy = page.header("content-security-policy");
    for rule in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ] {
        assert!(policy.contains(rule), "{rule}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
}
on_both![nobody_keeps_a_page_for_the_next_payer];

/// T046
async fn what_a_changed_page_says_about_the_price_is_refused(backend: Backend) {
    let site = Site::open(backend).await;
    let fixed = site.shop.code(CodeKind::Fixed, Some(8800)).await;
    let path = site.page_of(&fixed.text);
    let payer = site.browser(WECHAT);
    let page = payer.get(&path).await;
    let token = page.between("name=\"token\" value=\"", "\"").to_owned();
    site.settled().await;
    let before = site.traces().await;

    for more in [
        ("amount", "0.01"),
        ("paid", "true"),
        ("amount_minor", "1"),
        ("token", "x"),
    ] {
        let form = [("token", token.as_str()), more];
        let seen = payer.post(&format!("{path}/start"), &form).await;
        assert_eq!(seen.status, 422, "{more:?}");
    }
    let forged = payer
        .post(&format!("{path}/start"), &[("token", "AAAA")])
        .await;

    assert_eq!(forged.status, 422);
    assert_eq!(site.traces().await, before);
}
on_both![what_a_changed_page_says_about_the_price_is_refused];

/// T039
async fn an_amount_is_read_as_it_was_typed_or_not_at_all(backend: Backend) {
    let site = Site::open(backend).await;
    let sticker = site.shop.sticker().await;
    let payer = site.browser(WECHAT);
    site.settled().await;
    let before = site.traces().await;

    for typed in [
        "1.005",
        "0.1+0.2",
        "1e2",
        "-1",
        "0",
        "",
        ".",
        "99999999999999999999",
        "1,5",
    ] {
        let seen = payer.starts(&sticker.text, Some(typed)).await;
        assert_eq!(seen.status, 422, "{typed}");
        assert!(
            seen.body.contains("role=\"alert\""),
            "says so beside the field"
        );
    }
    let seen = payer
        .starts(&sticker.text, Some("12345678901234567890"))
        .await;
    let largest = "金额最多 90,071,992,547,409.91。";
    assert!(seen.body.contains(largest), "{}", seen.body);
    assert_eq!(site.traces().await, before);

    for (typed, minor) in [("1.10", 110), ("１２．５", 1250), ("5.", 500), (".5", 50)] {
        let seen = payer.starts(&sticker.text, Some(typed)).await;
        let attempt = attempt_of(&site, &seen.attempt()).await;
        assert_eq!(attempt.amount.minor(), minor, "{typed}");
        let shown = format!(">{}<", attempt.amount.decimal());
        assert!(seen.body.contains(&shown), "{}", seen.body);
    }
}
on_both![an_amount_is_read_as_it_was_typed_or_not_at_all];

/// T090
async fn a_form_of_another_site_starts_nothing(backend: Backend) {
    let site = Site::open(backend).await;
    let fixed = site.shop.code(CodeKind::Fixed, Some(8800)).await;
    let path = site.page_of(&fixed.text);
    let payer = site.browser(WECHAT);
    let page = payer.get(&path).await;
    let token = page.between("name=\"token\" value=\"", "\"").to_owned();
    site.settled().await;
    let before = site.traces().await;

    for origin in [
        None,
        Some("null"),
        Some("https://evil.test"),
        Some("http://localhost:1"),
    ] {
        let form = [("token", token.as_str())];
        let seen = payer
            .post_from(&format!("{path}/start"), &form, origin)
            .await;
        assert_eq!(seen.status, 403, "{origin:?}");
    }

    assert_eq!(site.traces().await, before);
}
on_both![a_form_of_another_site_starts_nothing];

async fn a_double_tap_is_one_attempt(backend: Backend) {
    let site = Site::open(backend).await;
    let fixed = site.shop.code(CodeKind::Fixed, Some(8800)).await;
    let path = site.page_of(&fixed.text);
    let payer = site.browser(WECHAT);
    let page = payer.get(&path).await;
    let token = page.between("name=\"token\" value=\"", "\"").to_owned();

    let form = [("token", token.as_str())];
    let first = payer.post(&format!("{path}/start"), &form).await;
    let second = payer.post(&format!("{path}/start"), &form).await;

    assert_eq!(first.attempt(), second.attempt());
}
on_both![a_double_tap_is_one_attempt];

async fn a_code_that_cannot_be_paid_says_so_in_words(backend: Backend) {
    let site = Site::open(backend).await;
    let app = &site.shop.app;
    let merchant = &site.shop.merchant.id;
    let (_, order) = site.shop.sells(1200).await;
    let revoked = site.shop.sticker().await;
    let suspended = site.shop.sticker().await;
    for (code, event) in [
        (&revoked, CodeEvent::Revoke),
        (&suspended, CodeEvent::Suspend),
    ] {
        flow::change_code::change(app, merchant, &code.id, event)
            .await
            .unwrap();
    }
    let genuine = site.shop.sticker().await.text;
    let forged = damaged(&genuine, 9);
    let cut = genuine.split_at(genuine.len() - 8).0.to_owned();
    site.shop.advance(3 * 3600);

    let table = [
        (order.text, 410, "这个码已过期", true),
        (revoked.text, 410, "这个码已作废", true),
        (suspended.text, 410, "这个码暂停使用", true),
        (forged, 422, "这不是真的收款码", false),
        (cut, 422, "这个码读不出来", false),
    ];
    for (text, status, words, is_named) in table {
        let page = site.browser(JD).get(&site.page_of(&text)).await;
        assert_eq!(
            (page.status, page.body.contains(words)),
            (status, true),
            "{words}"
        );
        for name in ["<bdi>老王面馆</bdi>", "<bdi>南京路店</bdi>"] {
            assert_eq!(page.body.contains(name), is_named, "{words}: {name}");
        }
        let english = format!("{}?lang=en", site.page_of(&text));
        assert!(
            site.browser(JD)
                .get(&english)
                .await
                .body
                .contains("<html lang=\"en\"")
        );
        assert!(!page.body.contains("<form"));
    }
}
on_both![a_code_that_cannot_be_paid_says_so_in_words];

async fn the_operators_marks_choose_a_page(backend: Backend) {
    let site = Site::open(backend).await;
    let sticker = site.shop.sticker().await;
    let path = site.page_of(&sticker.text);

    let marked = site.browser("Mozilla/5.0 RenminbiApp/3").get(&path).await;
    let other = site.browser("Mozilla/5.0 RenminbiWeb/3").get(&path).await;

    assert!(marked.body.contains("w-ecny"), "{}", marked.body);
    assert!(marked.body.contains("<form"), "{}", marked.body);
    assert!(other.body.contains("用钱包扫这个码"));
}
on_both![the_operators_marks_choose_a_page];

async fn an_app_without_our_bridge_scans_the_payees_own_code(backend: Backend) {
    let site = Site::open(backend).await;
    let fixed = site.shop.code(CodeKind::Fixed, Some(8800)).await;

    let seen = site.browser(WECHAT).starts(&fixed.text, None).await;

    let attempt = attempt_of(&site, &seen.attempt()).await;
    let handover: serde_json::Value =
        serde_json::from_str(attempt.handover.as_deref().unwrap()).unwrap();
    let picture = seen.between("src=\"data:image/png;base64,", "\"");
    let png = data_encoding::BASE64.decode(picture.as_bytes()).unwrap();
    let read = tongma::qr::read::read(&png, &|| false).unwrap();
    assert_eq!(read[0].text, handover["text"].as_str().unwrap());
    assert!(seen.body.contains("或用其他应用扫此码"), "{}", seen.body);
}
on_both![an_app_without_our_bridge_scans_the_payees_own_code];

/// T107
async fn no_address_leads_away_from_here(backend: Backend) {
    let site = Site::open(backend).await;
    let sticker = site.shop.sticker().await;
    let path = site.page_of(&sticker.text);

    for next in [
        "//evil.test",
        "/%5Cevil.test",
        "https:evil.test",
        "javascript:alert(1)",
        "%0d%0aLocation:%20x",
    ] {
        let page = site
            .browser(DESKTOP)
            .get(&format!("{path}?next={next}&lang={next}"))
            .await;
        assert_eq!((page.status, page.header("location")), (200, ""), "{next}");
        assert!(!page.body.contains("evil.test"), "{next}");
        let form = [("code", "ABCD-2345")];
        let paired = site
            .browser(DESKTOP)
            .post(&format!("/counter/leave?next={next}&lang={next}"), &form)
            .await;
        assert_eq!(
            (paired.status, paired.header("location")),
            (303, "/counter"),
            "{next}"
        );
    }
}
on_both![no_address_leads_away_from_here];

/// T123
async fn a_name_is_text_whatever_stands_in_it(backend: Backend) {
    let site = Site::open(backend).await;
    for name in [
        "<script>alert(1)</script>",
        "\"><svg onload=alert(1)>",
        "</title>{{7*7}}",
    ] {
        let code = code_of_merchant(&site, name).await;
        let page = site.browser(DESKTOP).get(&site.page_of(&code)).await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains(name), "{}", page.body);
        let escaped = name
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        assert!(page.body.contains(&escaped), "{}", page.body);
    }
}
on_both![a_name_is_text_whatever_stands_in_it];

async fn a_payers_cookie_of_another_server_opens_nothing(backend: Backend) {
    let site = Site::open(backend).await;
    let fixed = site.shop.code(CodeKind::Fixed, Some(8800)).await;
    let payer = site.browser(WECHAT);
    let id = payer.starts(&fixed.text, None).await.attempt();
    let other = Sealer::new([9; 32]);
    let plain = serde_json::json!({ "attempts": [id] }).to_string();
    let entropy = &*site.shop.app.entropy;
    let purpose = tongma::crypto::sealing::Purpose::Cookie;
    let forged = other
        .seal_text(purpose, b"tongma_payer", plain.as_bytes(), entropy)
        .unwrap();

    payer.take_cookie("tongma_payer", &forged);

    assert_eq!(payer.get(&format!("/pay/{id}")).await.status, 404);
}
on_both![a_payers_cookie_of_another_server_opens_nothing];

pub(super) async fn attempt_of(site: &Site, id: &str) -> tongma::payment::Attempt {
    let mut tx = site.shop.app.db.read().await.unwrap();
    let id = id.parse().unwrap();
    tongma::db::attempts::find(&mut tx, &id)
        .await
        .unwrap()
        .unwrap()
}

/// What the payee institution would state of the attempt if it was paid in full.
pub(super) async fn claims_of(site: &Site, id: &str) -> ResultClaims {
    let attempt = attempt_of(site, id).await;
    let view = flow::report::attempt(&site.shop.app, &attempt.payer, &attempt.id)
        .await
        .unwrap();
    let started = Started {
        attempt: attempt.id.clone(),
        payment: attempt.payment.clone(),
        order_number: attempt.order_number.clone(),
        amount: attempt.amount,
        pay_before: attempt.pay_before,
        handover: serde_json::from_str(attempt.handover.as_deref().unwrap()).unwrap(),
        route: view.route,
        is_new: true,
    };
    site.shop.paid(attempt.payee.as_str(), &started)
}

/// The payee institution says how the attempt ended.
pub(super) async fn settle(site: &Site, id: &str, status: &str) {
    let mut claims = claims_of(site, id).await;
    claims.status = status.to_owned();
    let outcome = site.shop.confirms(&claims).await.unwrap();
    assert!(matches!(outcome, Outcome::Settled { .. }), "{outcome:?}");
}

/// A static code of a merchant who is called this.
pub(super) async fn code_of_merchant(site: &Site, name: &str) -> String {
    let shop = &site.shop;
    let mut tx = shop.app.db.begin().await.unwrap();
    let merchant = tongma::merchant::Merchant {
        id: tongma::id::MerchantId::new(tx.now(), &*shop.app.entropy),
        name: name.parse().unwrap(),
        ..shop.merchant.clone()
    };
    tongma::db::merchants::insert(&mut tx, &merchant)
        .await
        .unwrap();
    let store = tongma::merchant::Store {
        id: tongma::id::StoreId::new(tx.now(), &*shop.app.entropy),
        merchant: merchant.id.clone(),
        name: name.parse().unwrap(),
        ..shop.store.clone()
    };
    tongma::db::stores::insert(&mut tx, &store).await.unwrap();
    let new = flow::issue::NewCode {
        merchant: merchant.id,
        store: store.id,
        counter: None,
        kind: CodeKind::Static,
        class: tongma::merchant::CodeClass::Business,
        amount: None,
        currency: tongma::money::Currency::CNY,
        form: flow::issue::NewForm::SIGNED,
        expires_at: None,
        payment: None,
    };
    let code = flow::issue::issue(&shop.app, &mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
    code.text
}
