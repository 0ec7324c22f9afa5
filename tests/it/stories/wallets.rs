//! One sticker on the wall, and eight wallets: each pays by its backend and by its browser, and the
//! shop sees every payment.

use serde_json::{Value, json};

use tongma::crypto::jws;
use tongma::merchant::AccountReference;
use tongma::payment::ResultClaims;

use super::town::{Feed, Town, column, cookie_of};
use crate::support::shop::{WALLETS, account_of};
use crate::support::wire::Request;
use crate::support::{Backend, on_both};

/// What the browser inside each wallet calls itself.
const USER_AGENTS: [(&str, &str); 8] = [
    (
        "wechat_pay",
        "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.49.2600(0x28003133) NetType/WIFI",
    ),
    (
        "alipay",
        "Mozilla/5.0 (Linux; U; Android 14) AlipayClient/10.5.90.6100 Language/zh-Hans",
    ),
    (
        "unionpay",
        "Mozilla/5.0 (iPhone) (com.unionpay.chsp) (cordova 4.5.4) (UnionPay/1.0 CloudPay)",
    ),
    (
        "jd_pay",
        "Mozilla/5.0 (iPhone) application=JDJR-App&clientType=ios CpayJS UnionPay/1.0 JDJR",
    ),
    (
        "bestpay",
        "Mozilla/5.0 (Linux; Android 14) Bestpay/10.84.30",
    ),
    (
        "hebao",
        "Mozilla/5.0 (Linux; Android 14) Hebao/9.15.42/com.cmpay.CMPayClient",
    ),
    (
        "wo_pay",
        "Mozilla/5.0 (Linux; Android 14) unicom{version:android@12.0900,desmobile:0}",
    ),
    ("ecny", "Mozilla/5.0 (iPhone) DCEP/1.2.0"),
];

/// Where each wallet's money goes, and how. UnionPay could go to either account: the merchant
/// prefers Alipay's.
fn way_of(wallet: &str) -> (&'static str, &'static str) {
    match wallet {
        "wechat_pay" => ("direct", "wechat_pay"),
        "alipay" => ("direct", "alipay"),
        "unionpay" => ("interop", "alipay"),
        _ => ("interop", "wechat_pay"),
    }
}

/// Each amount names one payment on the feeds.
fn amount_of(at: usize) -> i64 {
    1200 + i64::try_from(at).unwrap()
}

/// Those who watch a shop: its program, and the device at its till.
struct Watch {
    program: Feed,
    till: Feed,
}

impl Watch {
    async fn begin(town: &Town) -> Self {
        Self {
            program: town.feed().await,
            till: town.counter_feed().await,
        }
    }

    /// Both see that this wallet's payment is there, where it should be.
    async fn sees(&mut self, town: &Town, wallet: &str, amount: i64) {
        let told = self.program.sees("payment.paid", amount).await;
        let (_, payee) = way_of(wallet);
        assert_eq!(told["payer_institution"], wallet, "{told}");
        assert_eq!(told["payee_institution"], payee, "{told}");
        let account: AccountReference = account_of(payee).parse().unwrap();
        assert_eq!(told["payment_account"], account.masked(), "{told}");
        let key = *town.server.shop.keys[payee].public();
        let statement = told["evidence"].as_str().unwrap();
        let attested = jws::verify::<ResultClaims>(statement, jws::RESULT, |_| Some(key));
        assert_eq!(attested.unwrap().claims.iss, payee);
        let shown = self.till.sees("paid", amount).await;
        assert_eq!(shown["payer"], wallet, "{shown}");
        assert_eq!(shown["number"], told["number"], "{shown}");
    }
}

async fn every_wallets_backend_pays_by_the_one_sticker(backend: Backend) {
    let town = Town::simulated(backend).await;
    let text = town.server.shop.sticker().await.text;
    let mut watch = Watch::begin(&town).await;

    for (at, wallet) in WALLETS.into_iter().enumerate() {
        let amount = amount_of(at);
        let seen = town.app(wallet, "/app/scan", json!({"text": text})).await;
        assert_eq!(seen.status, 200, "{wallet}: {}", seen.text());
        let seen = seen.json();
        let (kind, payee) = way_of(wallet);
        let route = (&seen["route"]["kind"], &seen["route"]["payee_institution"]);
        assert_eq!(route, (&json!(kind), &json!(payee)), "{wallet}: {seen}");
        assert_eq!(seen["payee"]["merchant"], "老王面馆", "{wallet}");

        let asked = json!({"text": text, "amount_minor": amount, "currency": "CNY"});
        let started = town.app(wallet, "/app/start", asked).await;
        assert_eq!(started.status, 200, "{wallet}: {}", started.text());
        let attempt = started.json()["attempt"].take();
        let paid = town
            .app(wallet, "/app/pay", json!({"attempt": attempt}))
            .await;
        assert_eq!(paid.status, 200, "{wallet}: {}", paid.text());

        watch.sees(&town, wallet, amount).await;
        let path = format!("/app/attempts/{}", attempt.as_str().unwrap());
        let done = town.app(wallet, &path, Value::Null).await.json();
        assert_eq!(done["state"], "paid", "{wallet}: {done}");
        let receipt = done["receipt"].as_str().unwrap();
        assert_eq!(town.verdict(receipt).await, "genuine", "{wallet}");
        assert_eq!(town.verdict(receipt).await, "already-shown", "{wallet}");
    }
    the_books_are_right(&town, &watch).await;
}
on_both![every_wallets_backend_pays_by_the_one_sticker];

async fn every_wallets_browser_pays_by_the_one_sticker(backend: Backend) {
    let town = Town::simulated(backend).await;
    let text = town.server.shop.sticker().await.text;
    let page = text.split_once("/Q/").unwrap().1;
    let mut watch = Watch::begin(&town).await;

    for (at, (wallet, user_agent)) in USER_AGENTS.into_iter().enumerate() {
        let amount = amount_of(at);
        let opened = Request::get(&format!("/Q/{page}")).with("User-Agent", user_agent);
        let opened = town.server.send(&opened).await;
        assert_eq!(opened.status, 200, "{wallet}: {}", opened.text());
        let html = opened.text();
        assert!(html.contains("老王面馆"), "{wallet}: {html}");
        let token = attribute(&html, "name=\"token\" value=\"");

        let fields = format!("token={}&amount=12.{:02}", escaped(&token), at);
        let form = town.form(&format!("/Q/{page}/start"), &fields);
        let begun = town.server.send(&form.with("User-Agent", user_agent)).await;
        assert_eq!(begun.status, 200, "{wallet}: {}", begun.text());
        let cookie = cookie_of(&begun);
        let html = begun.text();
        let attempt = attribute(&html, "data-attempt=\"");
        let handover: Value = serde_json::from_str(&attribute(&html, "data-handover=\"")).unwrap();

        let tapped = json!({"attempt": attempt, "handover": handover, "answer": "pay"});
        let bridge = Request::post_json("/bridge/pay", &tapped)
            .with("Origin", &town.server.shop.app.origin.to_string())
            .with("Cookie", &cookie);
        let bridged = town.server.send(&bridge).await;
        assert_eq!(bridged.status, 200, "{wallet}: {}", bridged.text());

        watch.sees(&town, wallet, amount).await;
        let status = format!("/pay/{attempt}");
        let own = Request::get(&status).with("Cookie", &cookie);
        let html = town.server.send(&own).await.text();
        let receipt = html.split_once("spellcheck=\"false\">").unwrap().1;
        let receipt = receipt.split('<').next().unwrap();
        assert_eq!(town.verdict(receipt).await, "genuine", "{wallet}");
        assert_eq!(town.verdict(receipt).await, "already-shown", "{wallet}");
        let stranger = town.server.send(&Request::get(&status)).await;
        assert_eq!(stranger.status, 404, "{wallet}: {}", stranger.text());
    }
    the_books_are_right(&town, &watch).await;
}
on_both![every_wallets_browser_pays_by_the_one_sticker];

async fn a_payer_who_declines_has_paid_nothing(backend: Backend) {
    let town = Town::simulated(backend).await;
    let text = town.server.shop.sticker().await.text;
    let mut watch = Watch::begin(&town).await;

    for wallet in ["wechat_pay", "jd_pay"] {
        let asked = json!({"text": text, "amount_minor": 800, "currency": "CNY"});
        let started = town.app(wallet, "/app/start", asked).await.json();
        let no = json!({"attempt": started["attempt"], "decline": true});
        let declined = town.app(wallet, "/app/pay", no).await;
        assert_eq!(declined.status, 200, "{wallet}: {}", declined.text());
        let path = format!("/app/attempts/{}", started["attempt"].as_str().unwrap());
        let done = town.app(wallet, &path, Value::Null).await.json();
        assert_eq!(done["state"], "failed", "{wallet}: {done}");
        assert_eq!(done["receipt"], Value::Null, "{wallet}");
    }
    watch.program.sees("payment.released", 800).await;
    assert!(town.server.shop.balances().await.is_empty());
}
on_both![a_payer_who_declines_has_paid_nothing];

/// Everything that was paid is owed to the merchant; what one institution owes another stands in
/// the memorandum beside it; and each payment was told once.
async fn the_books_are_right(town: &Town, watch: &Watch) {
    let shop = &town.server.shop;
    let all: i64 = (0..WALLETS.len()).map(amount_of).sum();
    let balances = shop.balances().await;
    assert_eq!(
        balances[&format!("sales:{}", shop.merchant.id)],
        -i128::from(all)
    );

    let mut owed = column(
        &shop.database,
        "SELECT payer_institution_id || ' ' || payee_institution_id || ' ' || amount_minor \
         FROM positions",
    )
    .await;
    owed.sort();
    let mut expected: Vec<String> = WALLETS
        .into_iter()
        .enumerate()
        .filter(|(_, wallet)| way_of(wallet).0 == "interop")
        .map(|(at, wallet)| format!("{wallet} {} {}", way_of(wallet).1, amount_of(at)))
        .collect();
    expected.sort();
    assert_eq!(owed, expected);

    let told = watch.program.events();
    let paid = told.iter().filter(|(kind, _)| kind == "payment.paid");
    assert_eq!(paid.count(), WALLETS.len());
}

/// What stands behind this in a page, up to the closing quote.
fn attribute(html: &str, before: &str) -> String {
    let (_, after) = html
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {html}"));
    let text = after.split('"').next().unwrap();
    text.replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// As a form's field.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let escape = |byte: u8| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(escape).collect::<Vec<_>>().concat()
}
