//! The whole way in a real browser: the phone reads the printed picture and pays, the counter shows
//! it, the receipt is genuine once.
//!
//! `TONGMA_SCREENSHOTS` may name a folder for pictures of the pages, to be looked at.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use tongma::cli::simulator::{Participants, Running, SetUp, World, start};
use tongma::clock::Clock;
use tongma::merchant::{PrintedCode, Scopes};
use tongma::wallet::WireRequest;

use super::code::{claims_of, settle};
use super::counter::invite;
use super::site::{DESKTOP, JD, Site, WECHAT};
use crate::support::server::new_key;
use crate::support::shop::{ACCOUNTS, WALLETS};
use crate::support::{Backend, Browser, Page, on_both};

async fn the_phone_reads_the_print_pays_and_its_receipt_holds_once(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let _town = play_wallets(&site).await;
    let folder = tempfile::tempdir().unwrap();
    let print = folder.path().join("code.png");
    std::fs::write(&print, printed(&site, &site.shop.sticker().await).await).unwrap();
    let browser = Browser::start();
    let till = open_till(&site, &browser, 1280).await;
    let phone = browser.page(json!({"width": 390})).await;

    phone
        .goto(&format!("{}/phone?wallet=jd_pay", site.origin))
        .await;
    keep(&phone, "phone-390").await;
    upload(&phone, "#picture", &print).await;
    phone.wait_for("#bill-payee", "老王面馆").await;
    assert!(phone.text("#bill-route").await.contains("微信支付"));
    phone.fill("#bill-amount", "288.50").await;
    keep(&phone, "phone-bill-390").await;
    phone.click("#bill-form button[type=submit]").await;
    phone.wait_for("#result-title", "已付款").await;
    keep(&phone, "phone-receipt-390").await;

    till.wait_for("#now .figure", "288.50").await;
    till.wait_for("#now .by", "京东支付").await;
    let number = phone.text("#result-number").await;
    till.wait_for("#now .number", &number).await;
    assert!(till.text("#rows").await.contains(&number));

    till.fill("#digits", &number).await;
    till.click("#by-number button").await;
    till.wait_for("#verdict", "真的，已收款").await;
    keep(&till, "counter-genuine-1280").await;
    let receipt = picture_of(&phone, "#result-qr", folder.path()).await;
    // The shop's own sign hangs behind it.
    let both = side_by_side([&receipt, &print], folder.path());
    upload(&till, "#check [data-picture]", &both).await;
    till.wait_for("#verdict", "已经核对过一次").await;

    // T114: of two signs none is taken for the one that was meant.
    let other = folder.path().join("other.png");
    std::fs::write(&other, printed(&site, &site.shop.sticker().await).await).unwrap();
    let both = side_by_side([&other, &print], folder.path());
    upload(&till, "#check [data-picture]", &both).await;
    till.wait_for("#verdict", "图片里有多个码").await;
    phone.click("[data-again]").await;
    upload(&phone, "#picture", &both).await;
    phone.wait_for("#says", "图片里有多个码").await;

    for page in [&phone, &till] {
        assert_eq!(page.ask("problems", json!({})).await, json!([]));
    }
}
on_both![the_phone_reads_the_print_pays_and_its_receipt_holds_once];

async fn a_payer_in_the_wallets_browser_pays_on_the_page(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let _town = play_wallets(&site).await;
    let sticker = site.shop.sticker().await;
    let browser = Browser::start();
    let till = open_till(&site, &browser, 390).await;
    for (user_agent, amount) in [(JD, "36.00"), (WECHAT, "8.00")] {
        let payer = browser.page(json!({"user_agent": user_agent})).await;

        payer
            .goto(&format!("{}{}", site.origin, site.page_of(&sticker.text)))
            .await;
        payer.wait_for("h1", "老王面馆").await;
        payer.fill("#amount", amount).await;
        payer.click("button[type=submit]").await;
        payer.click("[data-answer=pay]").await;
        payer.wait_for("h1", "已付款").await;

        keep(&payer, &format!("receipt-{amount}-390")).await;
        till.wait_for("#now .figure", amount).await;
        let number = payer.text(".receipt .number").await;
        till.wait_for("#now .number", &number).await;
        assert_eq!(payer.ask("problems", json!({})).await, json!([]));
    }
    assert!(till.text("#sum").await.contains("2 笔"));
    assert_eq!(till.ask("problems", json!({})).await, json!([]));
}
on_both![a_payer_in_the_wallets_browser_pays_on_the_page];

async fn a_payer_who_declines_has_paid_nothing(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let _town = play_wallets(&site).await;
    let (_, order) = site.shop.sells(3600).await;
    let browser = Browser::start();
    let payer = browser
        .page(json!({"user_agent": JD, "locale": "en"}))
        .await;

    payer
        .goto(&format!("{}{}", site.origin, site.page_of(&order.text)))
        .await;
    payer.click("button[type=submit]").await;
    payer.click("[data-answer=decline]").await;

    payer.wait_for("h1", "Not paid").await;
    assert_eq!(payer.ask("problems", json!({})).await, json!([]));
}
on_both![a_payer_who_declines_has_paid_nothing];

/// The wallet around the page is gone: the payer is told in words, in the language of the page.
async fn a_sheet_that_did_not_work_says_so(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let (_, order) = site.shop.sells(3600).await;
    let browser = Browser::start();
    let payer = browser
        .page(json!({"user_agent": JD, "locale": "en"}))
        .await;
    payer
        .goto(&format!("{}{}", site.origin, site.page_of(&order.text)))
        .await;
    payer.click("button[type=submit]").await;
    payer.wait_for("[data-answer=pay]", "Pay").await;
    move_to(site.shop.database.url(), "jd_pay", "http://127.0.0.1:1").await;

    payer.click("[data-answer=pay]").await;

    payer.wait_for("#says", "That did not work").await;
    // The switch sends the form again, and the same sheet comes back.
    payer.click("footer button").await;
    payer.wait_for("footer", "English").await;
    payer.wait_for("[data-answer=pay]", "确认付款").await;
    payer.click("[data-answer=pay]").await;
    payer.wait_for("#says", "没有成功").await;
    keep(&payer, "sheet-failed-390").await;
}
on_both![a_sheet_that_did_not_work_says_so];

async fn a_page_that_said_not_paid_changes_when_the_money_comes_after_all(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let sticker = site.shop.sticker().await;
    let browser = Browser::start();
    let payer = browser.page(json!({"user_agent": WECHAT})).await;
    payer
        .goto(&format!("{}{}", site.origin, site.page_of(&sticker.text)))
        .await;
    payer.fill("#amount", "36.00").await;
    payer.click("button[type=submit]").await;
    payer.wait_for("h1", "老王面馆").await;
    let id = payer
        .ask("attribute", json!({"at": "main", "name": "data-attempt"}))
        .await;
    let id = id.as_str().unwrap();
    payer.goto(&format!("{}/pay/{id}", site.origin)).await;
    payer.wait_for("h1", "等待付款结果").await;
    settle(&site, id, "closed").await;
    payer.wait_for("h1", "没有付款").await;

    site.shop
        .confirms(&claims_of(&site, id).await)
        .await
        .unwrap();

    payer.wait_for("h1", "钱到了，但对不上").await;
    payer.wait_for(".unfit", "请不要再付").await;
    keep(&payer, "unfit-390").await;
    assert_eq!(payer.ask("problems", json!({})).await, json!([]));
}
on_both![a_page_that_said_not_paid_changes_when_the_money_comes_after_all];

async fn a_payer_who_leaves_before_an_amount_has_begun_nothing(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let _town = play_wallets(&site).await;
    let sticker = site.shop.sticker().await;
    let browser = Browser::start();
    let phone = browser.page(json!({"width": 390})).await;
    let place = format!("{}/phone?wallet=jd_pay#{}", site.origin, sticker.text);
    phone.goto(&place).await;
    phone.wait_for("#bill-payee", "老王面馆").await;
    site.settled().await;

    phone.click("[data-decline]").await;

    phone.wait_for("#result-title", "没有付款").await;
    let begun = crate::support::digest::business_digest(&site.shop.database).await;
    assert_eq!(begun.rows("attempts").len(), 0);
    phone.click("[data-again]").await;
    phone.goto(&format!("{}/phone", site.origin)).await;
    phone.goto(&place).await;
    phone.fill("#bill-amount", "abc").await;
    phone.click("#bill-form button[type=submit]").await;
    phone.wait_for("#bill-says", "金额不对").await;
}
on_both![a_payer_who_leaves_before_an_amount_has_begun_nothing];

async fn money_that_is_not_as_agreed_is_seen_at_the_counter(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let browser = Browser::start();
    let till = open_till(&site, &browser, 390).await;
    let sticker = site.shop.sticker().await;

    let reported = site.shop.starts("bestpay", &sticker, 3600).await.unwrap();
    report(&site, "bestpay", &reported).await;
    till.wait_for("#rows li[data-kind=reported]", "36.00").await;
    let paid = site
        .shop
        .starts("wechat_pay", &sticker, 1250)
        .await
        .unwrap();
    site.shop
        .confirms(&site.shop.paid("wechat_pay", &paid))
        .await
        .unwrap();
    till.wait_for("#rows li[data-kind=paid]", "12.50").await;
    let wrong = site.shop.starts("jd_pay", &sticker, 8800).await.unwrap();
    let mut claims = site.shop.paid("wechat_pay", &wrong);
    claims.amount_minor = 7000;
    claims.payer_amount_minor = Some(7000);
    site.shop.confirms(&claims).await.unwrap();

    till.wait_for("#rows li[data-kind=exception]", "金额不符")
        .await;
    assert_eq!(till.text("#now .figure").await, "70.00");
    keep(&till, "counter-390").await;
    let wide = open_till(&site, &browser, 1280).await;
    wide.wait_for("#rows li[data-kind=exception]", "金额不符")
        .await;
    keep(&wide, "counter-1280").await;
    // Amber turns to green when the money is there.
    site.shop
        .confirms(&site.shop.paid("wechat_pay", &reported))
        .await
        .unwrap();
    till.wait_for("#rows li[data-kind=paid]", "36.00").await;
    assert_eq!(
        till.ask("count", json!({"at": "#rows li[data-kind=reported]"}))
            .await,
        0
    );
}
on_both![money_that_is_not_as_agreed_is_seen_at_the_counter];

async fn the_counter_goes_on_where_it_was_after_the_connection_was_lost(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let browser = Browser::start();
    let till = open_till(&site, &browser, 390).await;
    let sticker = site.shop.sticker().await;
    let pay = async |minor: i64| {
        let started = site
            .shop
            .starts("wechat_pay", &sticker, minor)
            .await
            .unwrap();
        site.shop
            .confirms(&site.shop.paid("wechat_pay", &started))
            .await
            .unwrap();
    };
    pay(100).await;
    till.wait_for("#sum", "1 笔").await;

    till.ask("offline", json!({"is": true})).await;
    till.wait_for("#banner", "连接中断").await;
    pay(200).await;
    pay(300).await;
    till.ask("offline", json!({"is": false})).await;

    till.wait_for("#sum", "3 笔 · ¥6.00").await;
}
on_both![the_counter_goes_on_where_it_was_after_the_connection_was_lost];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_fit_the_smallest_phone_and_a_desk() {
    let site = Site::open_at(Backend::Sqlite, Clock::System).await;
    let browser = Browser::start();
    let sticker = site.page_of(&site.shop.sticker().await.text);
    let (_, order) = site.shop.sells(128_800).await;
    let order = site.page_of(&order.text);
    let gone = site.shop.sticker().await;
    let revoke = tongma::merchant::CodeEvent::Revoke;
    let merchant = &site.shop.merchant.id;
    tongma::flow::change_code::change(&site.shop.app, merchant, &gone.id, revoke)
        .await
        .unwrap();
    let gone = site.page_of(&gone.text);

    let pages = [
        ("code-amount", JD, sticker.as_str()),
        ("code-fixed", JD, order.as_str()),
        ("code-choose", DESKTOP, sticker.as_str()),
        ("code-revoked", JD, gone.as_str()),
        ("phone", DESKTOP, "/phone?wallet=ecny"),
        ("pair", DESKTOP, "/counter"),
    ];
    for (name, user_agent, path) in pages {
        for (width, lang) in [(320, "en"), (390, "zh"), (1280, "zh")] {
            let page = browser
                .page(json!({"user_agent": user_agent, "width": width}))
                .await;
            page.goto(&format!("{}{path}", site.origin)).await;
            let joint = if path.contains('?') { '&' } else { '?' };
            page.goto(&format!("{}{path}{joint}lang={lang}", site.origin))
                .await;
            let wide = page
                .ask(
                    "evaluate",
                    json!({"code": "document.documentElement.scrollWidth"}),
                )
                .await;
            assert_eq!(wide, width, "{name} is wider than the screen");
            assert_eq!(
                page.ask("problems", json!({})).await,
                problems_of(name),
                "{name}"
            );
            keep(&page, &format!("{name}-{width}")).await;
            page.ask("close", json!({})).await;
        }
    }
}

/// A page whose status is an error is reported as such by the browser, and nothing else is.
fn problems_of(name: &str) -> Value {
    let told = "Failed to load resource: the server responded with a status of 410 (Gone)";
    if name == "code-revoked" {
        json!([told, told])
    } else {
        json!([])
    }
}

/// A till that was let in and is connected.
pub(super) async fn open_till(site: &Site, browser: &Browser, width: u32) -> Page {
    let till = browser.page(json!({"width": width, "height": 800})).await;
    till.goto(&format!("{}/counter", site.origin)).await;
    till.fill("#code", &invite(site).await).await;
    till.click("button[type=submit]").await;
    till.wait_for("#line", "已连接").await;
    till
}

/// The symbol of a code as our server prints it.
pub(super) async fn printed(site: &Site, code: &PrintedCode) -> Vec<u8> {
    let token = new_key(&site.shop, &site.shop.merchant.id, Scopes::all()).await;
    let call = tongma::wallet::client::Call {
        request: WireRequest::get(format!("/v1/codes/{}/symbol.png", code.id)),
        headers: vec![("authorization", format!("Bearer {token}"))],
    };
    let answer = site
        .shop
        .app
        .wallets
        .call(&site.origin, &call, None)
        .await
        .unwrap();
    assert_eq!(answer.reply.status, 200);
    answer.reply.body
}

/// What an `img` shows, as a file.
async fn picture_of(page: &Page, at: &str, folder: &Path) -> PathBuf {
    let source = page
        .ask("attribute", json!({"at": at, "name": "src"}))
        .await;
    let encoded = source
        .as_str()
        .unwrap()
        .strip_prefix("data:image/png;base64,")
        .unwrap();
    let file = folder.join("receipt.png");
    std::fs::write(
        &file,
        data_encoding::BASE64.decode(encoded.as_bytes()).unwrap(),
    )
    .unwrap();
    file
}

/// Two pictures of codes in one.
fn side_by_side(files: [&Path; 2], folder: &Path) -> PathBuf {
    let [left, right] = files.map(|file| image::open(file).unwrap().into_luma8());
    let height = left.height().max(right.height());
    let width = left.width() + right.width();
    let mut both = image::GrayImage::from_pixel(width, height, image::Luma([255]));
    image::imageops::replace(&mut both, &left, 0, 0);
    image::imageops::replace(&mut both, &right, left.width().into(), 0);
    let file = folder.join("both.png");
    both.save(&file).unwrap();
    file
}

pub(super) async fn upload(page: &Page, at: &str, file: &Path) {
    page.ask("files", json!({"at": at, "paths": [file]})).await;
}

pub(super) async fn keep(page: &Page, name: &str) {
    if let Ok(folder) = std::env::var("TONGMA_SCREENSHOTS") {
        let path = Path::new(&folder).join(format!("{name}.png"));
        page.ask("screenshot", json!({"path": path})).await;
    }
}

/// The payer's wallet says that it paid, which proves nothing.
async fn report(site: &Site, payer: &str, started: &tongma::flow::start::Started) {
    let app = &site.shop.app;
    let mut tx = app.db.read().await.unwrap();
    let attempt = tongma::db::attempts::find(&mut tx, &started.attempt)
        .await
        .unwrap()
        .unwrap();
    tx.rollback().await.unwrap();
    let reference = &attempt.payer_reference;
    let payer = payer.parse().unwrap();
    tongma::flow::report::report(app, &payer, &started.attempt, "paid", reference)
        .await
        .unwrap();
}

/// Eight simulated institutions in the place of the shop's silent ones.
pub(super) async fn play_wallets(site: &Site) -> Town {
    let app = &site.shop.app;
    let world = World {
        client: app.wallets.clone(),
        clock: app.clock.clone(),
        entropy: app.entropy.clone(),
        clearing: Participants::default(),
    };
    let mut town = BTreeMap::new();
    for id in WALLETS {
        let accounts = ACCOUNTS.iter().filter(|(holder, _)| *holder == id);
        let set_up = SetUp {
            id: id.parse().unwrap(),
            key: site.shop.keys[id].clone(),
            accounts: accounts
                .map(|(_, number)| number.parse().unwrap())
                .collect(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            origin: site.origin.clone(),
            tongma_url: site.origin.clone(),
        };
        let running = start(set_up, &world).unwrap();
        move_to(site.shop.database.url(), id, &running.url).await;
        town.insert(id, running);
    }
    Town { running: town }
}

/// The institutions, as long as the story is told.
pub(super) struct Town {
    pub(super) running: BTreeMap<&'static str, Running>,
}

/// Institutions do not move by themselves in this program; a story may move them.
async fn move_to(database: &str, id: &str, url: &str) {
    const SQL: &str = "UPDATE institutions SET base_url = $2 WHERE id = $1";
    if database.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(database).await.unwrap();
        sqlx::query(SQL)
            .bind(id)
            .bind(url)
            .execute(&mut connection)
            .await
            .unwrap();
    } else {
        let mut connection = PgConnection::connect(database).await.unwrap();
        sqlx::query(SQL)
            .bind(id)
            .bind(url)
            .execute(&mut connection)
            .await
            .unwrap();
    }
}
