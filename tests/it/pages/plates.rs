//! A blank plate explains itself to payers, and staff bind it with the phone in their hand.

use serde_json::json;

use tongma::clock::Clock;
use tongma::flow::plates;
use tongma::merchant::plate::Spot;
use tongma::print::Blank;
use tongma::qr::png;
use tongma::qr::symbol::{Level, QuietZone, Symbol};

use super::counter::{invite, paired};
use super::site::{DESKTOP, JD, Site};
use super::story::{keep, open_till, play_wallets, upload};
use crate::support::beside::number;
use crate::support::plates::{batch, binds, bound, hand, plate, printed};
use crate::support::{Backend, Browser, on_both};

fn at(blank: &Blank) -> String {
    format!("/plates/{}", blank.short_id)
}

async fn a_blank_plate_says_that_nothing_was_paid(backend: Backend) {
    let site = Site::open(backend).await;
    let blank = plate(&site.shop).await;
    let page = site.page_of(&blank.text);
    let before = site.traces().await;
    for (user_agent, lang, told) in [
        (JD, "zh", "还没有绑定商户"),
        (DESKTOP, "en", "has not been bound to a shop yet"),
    ] {
        let payer = site.browser(user_agent);
        let seen = payer.get(&format!("{page}?lang={lang}")).await;
        assert_eq!(seen.status, 409);
        assert!(seen.body.contains(told), "{}", seen.body);
        let detail = seen.between("<p class=\"lead\">", "</p>");
        assert!(detail.contains(&blank.short_id), "{detail}");
        let way = seen
            .between("<a class=\"button plain\" href=\"", "\"")
            .to_owned();
        assert_eq!(way, format!("{}?lang={lang}", at(&blank)));
        // A payer who follows it hears that this is for staff, and nothing about the plate.
        let seen = payer.get(&way).await;
        assert_eq!(seen.status, 401);
        assert!(seen.body.contains("/counter?lang="), "{}", seen.body);
        assert!(!seen.body.contains("name=\"secret\""), "{}", seen.body);
    }
    assert_eq!(site.traces().await.0.since(&before.0), Vec::<String>::new());

    let id = bound(&site.shop, &blank).await.plate.id;
    let payer = site.browser(JD);
    let seen = payer.get(&page).await;
    assert_eq!(seen.status, 200);
    assert!(
        seen.body.contains(&blank.short_id),
        "as on the plate: {}",
        seen.body
    );
    let merchant = &site.shop.merchant.id;
    plates::unbind(&site.shop.app, hand(merchant), &id)
        .await
        .unwrap();
    assert_eq!(payer.get(&page).await.status, 409);
    let own = batch(&site.shop, Some(merchant), 1).await;
    let blank = printed(&site.shop, &own, 1).await.remove(0);
    let id = bound(&site.shop, &blank).await.plate.id;
    plates::void(&site.shop.app, hand(merchant), &id)
        .await
        .unwrap();
    let seen = payer.get(&site.page_of(&blank.text)).await;
    assert_eq!(seen.status, 410);
    assert!(
        seen.body.contains("已作废") && !seen.body.contains("/plates/"),
        "{}",
        seen.body
    );
}

async fn a_plate_is_bound_moved_and_let_go_without_a_script(backend: Backend) {
    let site = Site::open(backend).await;
    let blank = plate(&site.shop).await;
    let staff = site.browser(DESKTOP);
    paired(&site, &staff).await;
    let seen = staff.get("/plates/bind").await;
    assert_eq!(seen.status, 200);
    for typed in [
        blank.text.clone(),
        blank.short_id.replace('-', " ").to_lowercase(),
    ] {
        let seen = staff.post("/plates/find", &[("plate", &typed)]).await;
        assert_eq!(
            (seen.status, seen.header("location")),
            (303, at(&blank).as_str())
        );
    }
    let seen = staff.post("/plates/find", &[("plate", "7F3K-2QZD")]).await;
    assert_eq!(seen.status, 404);
    assert!(seen.body.contains("没有这块码牌"), "{}", seen.body);
    let shown = "130144458886891718";
    let seen = staff.post("/plates/find", &[("plate", shown)]).await;
    assert_eq!(seen.status, 404);
    assert!(seen.body.contains("顾客的付款码"), "{}", seen.body);
    assert!(!seen.body.contains(shown), "{}", seen.body);

    let (store, till) = (&site.shop.store.id, &site.shop.counters[1].id);
    let bind = async |secret: &str, spot: &str| {
        let form = [("secret", secret), ("spot", spot)];
        staff.post(&format!("{}/bind", at(&blank)), &form).await
    };
    let seen = bind("00000-00000", store.as_str()).await;
    assert_eq!(seen.status, 422);
    assert!(seen.body.contains("再错 4 次"), "{}", seen.body);
    let seen = bind("ABC", store.as_str()).await;
    assert!(
        seen.status == 422 && seen.body.contains("10 个字符"),
        "{}",
        seen.body
    );
    assert_eq!(bind(&blank.claim, "sto_nonsense").await.status, 404);
    for _ in 0..2 {
        // Sent twice it is bound once.
        let seen = bind(&blank.claim, store.as_str()).await;
        assert_eq!(
            (seen.status, seen.header("location")),
            (303, at(&blank).as_str())
        );
    }
    let seen = staff.get(&at(&blank)).await;
    assert!(
        seen.body.contains("已绑定") && seen.body.contains("老王面馆"),
        "{}",
        seen.body
    );

    let spot = format!("{store}.{till}");
    let seen = staff
        .post(&format!("{}/move", at(&blank)), &[("spot", &spot)])
        .await;
    assert_eq!(seen.status, 303);
    let seen = staff.get(&at(&blank)).await;
    assert!(
        seen.between("id=\"hangs\"", "</p>").contains("2 号柜台"),
        "{}",
        seen.body
    );
    let seen = staff.post(&format!("{}/unbind", at(&blank)), &[]).await;
    assert_eq!(seen.status, 303);
    let seen = staff.get(&at(&blank)).await;
    assert!(seen.body.contains("还没有绑定"), "{}", seen.body);
    let log = "SELECT COUNT(*) FROM plate_bindings WHERE actor LIKE 'ses_%'";
    assert_eq!(number(&site.shop.database, log).await, 3);
}

async fn another_site_and_another_merchant_cannot_bind(backend: Backend) {
    let site = Site::open(backend).await;
    let blank = plate(&site.shop).await;
    let staff = site.browser(DESKTOP);
    let store = site.shop.store.id.as_str();
    let form = [("secret", blank.claim.as_str()), ("spot", store)];
    let bind = format!("{}/bind", at(&blank));
    let before = site.traces().await.0;
    assert_eq!(staff.post(&bind, &form).await.status, 401);
    paired(&site, &staff).await;
    let paired_now = site.traces().await.0;
    for (path, form) in [
        (bind.as_str(), &form[..]),
        ("/plates/find", &[("plate", blank.short_id.as_str())]),
        (&format!("{}/move", at(&blank)), &form[1..]),
        (&format!("{}/unbind", at(&blank)), &[]),
    ] {
        for origin in [Some("https://evil.example"), None] {
            let seen = staff.post_from(path, form, origin).await;
            assert_eq!(seen.status, 403, "{path}");
        }
    }
    let extra = [form[0], form[1], ("merchant", "mer_x")];
    assert_eq!(staff.post(&bind, &extra).await.status, 422);
    assert_eq!(
        site.traces().await.0.since(&paired_now),
        Vec::<String>::new()
    );
    assert_ne!(site.traces().await.0.since(&before), Vec::<String>::new());

    // The neighbour's store is not there, its own plates neither, and what it bound is not shown.
    let (rival, theirs, _) = site.shop.neighbour().await;
    let form = [
        ("secret", blank.claim.as_str()),
        ("spot", theirs.id.as_str()),
    ];
    assert_eq!(staff.post(&bind, &form).await.status, 404);
    let own = batch(&site.shop, Some(&rival.id), 1).await;
    let hidden = printed(&site.shop, &own, 1).await.remove(0);
    assert_eq!(staff.get(&at(&hidden)).await.status, 404);
    let spot = Spot {
        merchant: rival.id,
        store: theirs.id,
        counter: None,
    };
    binds(&site.shop.app, &spot, &blank.text, &blank.claim)
        .await
        .unwrap();
    let seen = staff.get(&at(&blank)).await;
    assert!(seen.body.contains("已绑定到另一家商户"), "{}", seen.body);
    assert!(!seen.body.contains("Neighbour"), "{}", seen.body);
    for what in ["unbind", "move"] {
        let form = [("spot", store)];
        let form = if what == "move" { &form[..] } else { &[] };
        let seen = staff.post(&format!("{}/{what}", at(&blank)), form).await;
        assert_eq!(seen.status, 404, "{what}");
    }
}

async fn a_phone_binds_a_plate_and_a_payer_pays_it(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let _town = play_wallets(&site).await;
    let blank = plate(&site.shop).await;
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("plate.png");
    let symbol = Symbol::new(&blank.text, Level::M).unwrap();
    let drawn = png::render(&symbol, QuietZone::default(), 8).unwrap();
    std::fs::write(&picture, drawn).unwrap();
    let browser = Browser::start();
    let page_of = format!("{}{}", site.origin, site.page_of(&blank.text));

    // A payer scans it before it hangs anywhere.
    let payer = browser.page(json!({"user_agent": JD, "width": 390})).await;
    payer.goto(&page_of).await;
    payer.wait_for("h1", "还没有绑定商户").await;
    payer.wait_for("main", "没有扣款").await;
    keep(&payer, "plate-unbound-390").await;

    // The shop's phone is let in by the link on that page, as a till is.
    let staff = browser.page(json!({"width": 390})).await;
    staff.goto(&page_of).await;
    staff.click("a.button").await;
    staff.wait_for("h1", "还没有连接").await;
    staff.click("a.button").await;
    staff.fill("#code", &invite(&site).await).await;
    staff.click("button[type=submit]").await;
    staff.wait_for("#line", "已连接").await;
    staff.click("a[href^='/plates/bind']").await;
    keep(&staff, "plate-find-390").await;
    upload(&staff, "#find [data-picture]", &picture).await;
    staff.wait_for("#hangs", "还没有绑定").await;
    staff.fill("#secret", "00000-00000").await;
    let spot = format!("{}.{}", site.shop.store.id, site.shop.counters[0].id);
    let chosen = json!({"at": "#spot", "value": spot});
    staff.ask("select", chosen).await;
    staff.click("#bind button").await;
    // The choice stays; the secret is typed again.
    staff.wait_for("#secret-says", "再错 4 次").await;
    let typed = blank.claim.to_lowercase().replace('-', " ");
    staff.fill("#secret", &typed).await;
    keep(&staff, "plate-bind-390").await;
    staff.click("#bind button").await;
    staff.wait_for("#hangs", "老王面馆").await;
    staff.wait_for("#hangs", "1 号柜台").await;
    keep(&staff, "plate-bound-390").await;
    let wide = json!({"code": "document.documentElement.scrollWidth"});
    assert_eq!(staff.ask("evaluate", wide).await, 390);

    let till = open_till(&site, &browser, 390).await;
    payer.goto(&page_of).await;
    payer.wait_for("h1", "老王面馆").await;
    payer.fill("#amount", "36.00").await;
    payer.click("button[type=submit]").await;
    payer.click("[data-answer=pay]").await;
    payer.wait_for("h1", "已付款").await;
    till.wait_for("#now .figure", "36.00").await;

    // Taken off again, it says so.
    staff.click("details.off summary").await;
    staff.click("#unbind button").await;
    staff.wait_for("#hangs", "还没有绑定").await;
    payer.goto(&page_of).await;
    payer.wait_for("h1", "还没有绑定商户").await;
}

on_both![
    a_blank_plate_says_that_nothing_was_paid,
    a_plate_is_bound_moved_and_let_go_without_a_script,
    another_site_and_another_merchant_cannot_bind,
    a_phone_binds_a_plate_and_a_payer_pays_it,
];
