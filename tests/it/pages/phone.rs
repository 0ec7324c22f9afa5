//! The simulated phone says what became of money that came otherwise than agreed.

use serde_json::json;

use tongma::clock::Clock;
use tongma::wallet::WireRequest;
use tongma::wallet::client::Call;

use super::site::Site;
use super::story::{keep, play_wallets};
use crate::support::{Backend, Browser, on_both};

async fn a_payer_whose_money_does_not_fit_is_told_so_in_words(backend: Backend) {
    let site = Site::open_at(backend, Clock::System).await;
    let town = play_wallets(&site).await;
    let sticker = site.shop.sticker().await;
    let fault = json!({"wrong_amount": true});
    let call = Call {
        request: WireRequest::post_json("/app/faults".to_owned(), &fault),
        headers: Vec::new(),
    };
    let wallets = &site.shop.app.wallets;
    let set = wallets
        .call(&town.running["wechat_pay"].url, &call, None)
        .await
        .unwrap();
    assert!(set.reply.is_ok());
    let browser = Browser::start();
    for (lang, title, why, width) in [
        ("zh", "钱到了，但对不上", "到账金额与应付金额不同", 390),
        (
            "en",
            "Money came, but it does not fit",
            "It is another amount than was asked for",
            1280,
        ),
    ] {
        let phone = browser.page(json!({"width": width})).await;
        let place = format!(
            "{}/phone?wallet=jd_pay&lang={lang}#{}",
            site.origin, sticker.text
        );
        phone.goto(&place).await;
        phone.wait_for("#bill-payee", "老王面馆").await;
        phone.fill("#bill-amount", "12.00").await;
        phone.click("#bill-form button[type=submit]").await;
        phone.wait_for("#result-title", title).await;
        phone.wait_for("#result-why", why).await;
        assert_ne!(phone.text("#result-came .figure").await, "12.00");
        keep(&phone, &format!("phone-unfit-{width}")).await;
        assert_eq!(phone.ask("problems", json!({})).await, json!([]));
    }
}

on_both![a_payer_whose_money_does_not_fit_is_told_so_in_words];
