//! A chain with more shops than a phone can list: staff reach each of them, and each till.

use serde_json::json;

use tongma::clock::Clock;
use tongma::db;
use tongma::id::{CounterId, StoreId};
use tongma::merchant::{Counter, Store};

use super::counter::{invite, paired};
use super::site::{DESKTOP, Seen, Site, Visitor};
use super::story::keep;
use crate::support::plates::plate;
use crate::support::{Backend, Browser, on_both};

/// More than a list offers, besides the shop's first.
const SHOPS: usize = 230;
/// More than one page shows.
const TILLS: usize = 55;
/// A name in which every character means itself.
const ODD: &str = "Harbour 100%_";

/// Opens the shops, the last of them with tills; answers that one.
async fn chain(site: &Site) -> Store {
    let (app, merchant) = (&site.shop.app, &site.shop.merchant.id);
    let mut tx = app.db.begin().await.unwrap();
    let mut last = None;
    for n in 1..=SHOPS {
        let name = if n == 100 {
            ODD.to_owned()
        } else {
            format!("分店 {n:03}")
        };
        let store = Store {
            id: StoreId::new(tx.now(), &*app.entropy),
            merchant: merchant.clone(),
            name: name.parse().unwrap(),
            ..site.shop.store.clone()
        };
        db::stores::insert(&mut tx, &store).await.unwrap();
        last = Some(store);
    }
    let last = last.unwrap();
    for n in 1..=TILLS {
        let till = Counter {
            id: CounterId::new(tx.now(), &*app.entropy),
            merchant: merchant.clone(),
            store: last.id.clone(),
            name: format!("收银 {n:02}").parse().unwrap(),
            created_at: tx.now(),
        };
        db::counters::insert(&mut tx, &till).await.unwrap();
    }
    tx.commit().await.unwrap();
    last
}

/// The places of a page: where each leads, and its name.
fn rows(seen: &Seen) -> Vec<(String, String)> {
    let list = seen.between("<ul class=\"places\">", "</ul>");
    let row = |row: &str| {
        let (link, rest) = row.split_once('"').unwrap();
        let name = rest
            .split_once('>')
            .unwrap()
            .1
            .split_once("</a>")
            .unwrap()
            .0;
        let name = name.replace("<bdi>", "").replace("</bdi>", "");
        (link.replace("&amp;", "&"), name)
    };
    list.split("<a href=\"").skip(1).map(row).collect()
}

/// All places of a search, page by page.
async fn all(staff: &Visitor<'_>, from: &str) -> Vec<(String, String)> {
    let (mut found, mut place) = (Vec::new(), from.to_owned());
    loop {
        let seen = staff.get(&place).await;
        assert_eq!(seen.status, 200, "{place}: {}", seen.body);
        found.extend(rows(&seen));
        if !seen.body.contains("id=\"more\"") {
            return found;
        }
        let more = seen.between("id=\"more\" href=\"", "\"");
        place = more.replace("&amp;", "&");
    }
}

async fn every_place_of_a_chain_is_reached_without_a_script(backend: Backend) {
    let site = Site::open(backend).await;
    let last = chain(&site).await;
    let blank = plate(&site.shop).await;
    let at = format!("/plates/{}", blank.short_id);
    let staff = site.browser(DESKTOP);
    let places = format!("{at}/places?lang=zh");
    assert_eq!(staff.get(&places).await.status, 401);
    paired(&site, &staff).await;
    let seen = staff.get(&format!("{at}?lang=zh")).await;
    assert_eq!(seen.between("class=\"more-places\" href=\"", "\""), places);

    let stores = all(&staff, &places).await;
    let mut names: Vec<&str> = stores.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names.len(), SHOPS + 1);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SHOPS + 1, "each once");
    let found = async |words: &str| {
        let words: String = form_urlencoded::byte_serialize(words.as_bytes()).collect();
        let found = all(&staff, &format!("{places}&find={words}")).await;
        found.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    assert_eq!(found("店 230").await, ["分店 230"]);
    for words in ["harbour 100%", "%", "_", " HARBOUR "] {
        assert_eq!(found(words).await, [ODD], "{words}");
    }
    assert_eq!(found("\\").await, [""; 0]);
    assert_eq!(found("店 22").await.len(), 10);

    let (way, _) = stores
        .iter()
        .find(|(_, name)| name == last.name.as_str())
        .unwrap();
    let tills = all(&staff, way).await;
    let of_store = tills
        .iter()
        .filter(|(_, name)| name.starts_with("收银"))
        .count();
    assert_eq!(of_store, TILLS);
    assert_eq!(tills[0].1, "全店");
    let (way, _) = tills.iter().find(|(_, name)| name == "收银 55").unwrap();
    let seen = staff.get(way).await;
    assert_eq!(seen.status, 200);
    let spot = seen.body.split("<option value=\"").find(|option| {
        option
            .split_once('>')
            .is_some_and(|(head, _)| head.contains("selected"))
    });
    let spot = spot.unwrap().split('"').next().unwrap();
    assert!(spot.starts_with(last.id.as_str()), "{spot}");
    let form = [("secret", blank.claim.as_str()), ("spot", spot)];
    // A secret that was wrong loses nothing of it.
    let wrong = [("secret", "00000-00000"), ("spot", spot)];
    let seen = staff.post(&format!("{at}/bind"), &wrong).await;
    assert!(
        seen.body.contains(&format!("value=\"{spot}\" selected")),
        "{}",
        seen.body
    );
    assert_eq!(staff.post(&format!("{at}/bind"), &form).await.status, 303);
    let seen = staff.get(&at).await;
    let hangs = seen.between("id=\"hangs\"", "</p>");
    assert!(
        hangs.contains("分店 230") && hangs.contains("收银 55"),
        "{hangs}"
    );
    assert!(
        seen.body.contains(&format!("value=\"{spot}\" selected")),
        "{}",
        seen.body
    );

    // Another merchant's are not there, and what makes no sense is passed over.
    let (_, theirs, _) = site.shop.neighbour().await;
    let seen = staff.get(&format!("{places}&store={}", theirs.id)).await;
    assert_eq!(seen.status, 404, "{}", seen.body);
    assert_eq!(found("Neighbour").await, [""; 0]);
    for odd in [
        "store=nonsense",
        "after=%00",
        "find=%00",
        "find=%ff",
        "spot=x",
    ] {
        assert_eq!(
            staff.get(&format!("{places}&{odd}")).await.status,
            200,
            "{odd}"
        );
        assert_eq!(staff.get(&format!("{at}?{odd}")).await.status, 200, "{odd}");
    }
}

async fn a_phone_finds_the_shop_by_its_name(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    chain(&site).await;
    let blank = plate(&site.shop).await;
    let browser = Browser::start();
    let staff = browser.page(json!({"width": 390})).await;
    staff.goto(&format!("{}/counter", site.origin)).await;
    staff.fill("#code", &invite(&site).await).await;
    staff.click("button[type=submit]").await;
    staff.wait_for("#line", "已连接").await;
    staff
        .goto(&format!("{}/plates/{}", site.origin, blank.short_id))
        .await;
    staff.click(".more-places").await;
    staff.wait_for(".places", "分店").await;
    keep(&staff, "plate-places-390").await;
    let wide = || json!({"code": "document.documentElement.scrollWidth"});
    assert_eq!(staff.ask("evaluate", wide()).await, 390);
    staff.fill("#find", "店 230").await;
    staff.click("#search button").await;
    staff.wait_for(".places li:only-child", "分店 230").await;
    staff.click(".places a").await;
    staff.wait_for("main", "哪个收银台").await;
    staff.fill("#find", "55").await;
    staff.click("#search button").await;
    staff
        .wait_for(".places li:nth-child(2):last-child", "收银 55")
        .await;
    keep(&staff, "plate-tills-390").await;
    assert_eq!(staff.ask("evaluate", wide()).await, 390);
    staff.click(".places li:nth-child(2) a").await;
    staff.fill("#secret", &blank.claim).await;
    staff.click("#bind button").await;
    staff.wait_for("#hangs", "分店 230").await;
    staff.wait_for("#hangs", "收银 55").await;
}

async fn the_other_language_shows_the_same_search(backend: Backend) {
    let site = Site::open(backend).await;
    let blank = plate(&site.shop).await;
    let staff = site.browser(DESKTOP);
    paired(&site, &staff).await;
    let places = format!("/plates/{}/places?lang=zh", blank.short_id);
    let store = &site.shop.store.id;
    for (asked, kept) in [
        ("&find=%26%20till".to_owned(), "find=%26+till".to_owned()),
        (format!("&store={store}"), format!("store={store}")),
        (format!("&after={store}"), format!("after={store}")),
    ] {
        let seen = staff.get(&format!("{places}{asked}")).await;
        let links = seen.between("<a href=\"/plates/", "\" hreflang=\"en\"");
        let other = links.rsplit("<a href=\"").next().unwrap();
        let other = other.replace("&amp;", "&");
        assert!(other.contains(&kept), "{asked}: {other}");
        assert!(other.ends_with("&lang=en"), "{asked}: {other}");
    }
}

on_both![
    every_place_of_a_chain_is_reached_without_a_script,
    the_other_language_shows_the_same_search,
    a_phone_finds_the_shop_by_its_name,
];
