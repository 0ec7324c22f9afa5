//! The payer's page after the form was sent: how often it may be, sent again, sent otherwise, the receipt,
//! and what it tells of money that came in another way than was agreed.

use tongma::code::run::CodeKind;
use tongma::flow::confirm::Outcome;
use tongma::payment::ResultClaims;

use super::code::{claims_of, settle};
use super::site::{Seen, Site, Visitor, WECHAT};
use crate::support::{Backend, on_both};

/// What every page says about money that does not fit.
const DO_NOT_PAY: &str = "店家已收到通知。请不要再付";

/// The payee institution attests the attempt's money, changed in some way.
async fn attests(site: &Site, id: &str, change: impl FnOnce(&mut ResultClaims)) -> Outcome {
    let mut claims = claims_of(site, id).await;
    change(&mut claims);
    site.shop.confirms(&claims).await.unwrap()
}

async fn word(payer: &Visitor<'_>, id: &str) -> String {
    let told = payer.get(&format!("/pay/{id}/state")).await.json();
    told["state"].as_str().unwrap().to_owned()
}

/// The page's own word is the one that its script hears, or it would be drawn anew for ever.
async fn shown(payer: &Visitor<'_>, id: &str) -> Seen {
    let page = payer.get(&format!("/pay/{id}")).await;
    let own = page.between("data-state=\"", "\"").to_owned();
    assert_eq!(own, word(payer, id).await);
    page
}

async fn money_that_came_too_late_is_told_to_whoever_paid_it(backend: Backend) {
    let site = Site::open(backend).await;
    let fixed = site.shop.code(CodeKind::Fixed, Some(8800)).await;
    let payer = site.browser(WECHAT);
    let id = payer.starts(&fixed.text, None).await.attempt();
    settle(&site, &id, "closed").await;
    let ended = shown(&payer, &id).await;
    assert!(ended.body.contains("没有付款"), "{}", ended.body);
    assert!(!ended.body.contains(DO_NOT_PAY), "{}", ended.body);

    let outcome = attests(&site, &id, |_| {}).await;

    assert!(matches!(outcome, Outcome::Exception(_)), "{outcome:?}");
    assert_eq!(word(&payer, &id).await, "unfit");
    let page = shown(&payer, &id).await;
    for text in [
        "钱到了，但对不上",
        "这笔付款结束后钱才到",
        "88.00",
        DO_NOT_PAY,
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("没有付款"), "{}", page.body);
    let english = payer.get(&format!("/pay/{id}?lang=en")).await;
    assert!(
        english.body.contains("Do not pay again"),
        "{}",
        english.body
    );
}
on_both![money_that_came_too_late_is_told_to_whoever_paid_it];

async fn money_of_another_amount_is_told_until_the_right_one_came(backend: Backend) {
    let site = Site::open(backend).await;
    let fixed = site.shop.code(CodeKind::Fixed, Some(8800)).await;
    let payer = site.browser(WECHAT);
    let id = payer.starts(&fixed.text, None).await.attempt();
    attests(&site, &id, |claims| {
        claims.amount_minor = 7000;
        claims.payer_amount_minor = Some(7000);
    })
    .await;

    let page = shown(&payer, &id).await;
    for text in ["到账金额与应付金额不同", "70.00", "88.00", DO_NOT_PAY] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    // Another payer of the same code is not told what this one did.
    let other = site.browser(WECHAT);
    let theirs = other.starts(&fixed.text, None).await.attempt();
    assert_eq!(word(&other, &theirs).await, "waiting");

    attests(&site, &id, |_| {}).await;
    let page = shown(&payer, &id).await;
    // Paid, and there is money besides that goes back.
    for text in ["已付款", "70.00", DO_NOT_PAY, "给店员看"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
}
on_both![money_of_another_amount_is_told_until_the_right_one_came];

async fn money_in_another_account_is_told_without_saying_whose(backend: Backend) {
    let site = Site::open(backend).await;
    let fixed = site.shop.code(CodeKind::Fixed, Some(8800)).await;
    let payer = site.browser(WECHAT);
    let id = payer.starts(&fixed.text, None).await.attempt();
    attests(&site, &id, |claims| {
        claims.payment_account = "19000001092".to_owned();
    })
    .await;

    let page = shown(&payer, &id).await;

    for text in ["钱没有进这家店的账户", DO_NOT_PAY] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("19000001092"), "{}", page.body);
}
on_both![money_in_another_account_is_told_without_saying_whose];

/// A form and the page that it stands on.
struct Sent<'a> {
    payer: Visitor<'a>,
    place: String,
    token: String,
}

impl<'a> Sent<'a> {
    async fn open(site: &'a Site, text: &str) -> Self {
        let payer = site.browser(WECHAT);
        let page = site.page_of(text);
        let seen = payer.get(&page).await;
        Self {
            token: seen.between("name=\"token\" value=\"", "\"").to_owned(),
            place: format!("{page}/start"),
            payer,
        }
    }

    async fn send(&self, amount: Option<&str>) -> Seen {
        let mut form = vec![("token", self.token.as_str())];
        form.extend(amount.map(|amount| ("amount", amount)));
        self.payer.post(&self.place, &form).await
    }
}

async fn a_form_sent_again_after_the_end_leads_to_how_it_ended(backend: Backend) {
    let site = Site::open(backend).await;
    let (_, order) = site.shop.sells(1200).await;
    let fixed = site.shop.code(CodeKind::Fixed, Some(8800)).await;
    for (text, status, words) in [
        (&order.text, "closed", "没有付款"),
        (&order.text, "paid", "已付款"),
        (&fixed.text, "failed", "没有付款"),
        (&fixed.text, "paid", "已付款"),
    ] {
        let sent = Sent::open(&site, text).await;
        let id = sent.send(None).await.attempt();
        assert_eq!(sent.send(None).await.attempt(), id, "a double tap");
        settle(&site, &id, status).await;
        site.settled().await;
        let before = site.traces().await;

        let again = sent.send(None).await;

        assert_eq!(again.status, 303, "{status}: {}", again.body);
        let place = again.header("location");
        assert_eq!(place, format!("/pay/{id}?lang=zh"));
        let page = sent.payer.get(place).await;
        assert!(page.body.contains(words), "{words}: {}", page.body);
        assert_eq!(site.traces().await, before);
    }
}
on_both![a_form_sent_again_after_the_end_leads_to_how_it_ended];

async fn a_form_sent_again_with_another_amount_says_so_and_how_to_go_on(backend: Backend) {
    let site = Site::open(backend).await;
    let sticker = site.shop.sticker().await;
    let sent = Sent::open(&site, &sticker.text).await;
    sent.send(Some("5.00")).await.attempt();

    let other = sent.send(Some("6.00")).await;

    assert_eq!(other.status, 409);
    let page = site.page_of(&sticker.text);
    for text in [
        "这一笔已经开始付了",
        "要付另一个金额，请重新打开付款页",
        &format!("href=\"{page}?lang=zh\""),
        "href=\"start?lang=en\"",
    ] {
        assert!(other.body.contains(text), "{text}: {}", other.body);
    }
    assert_eq!(sent.payer.get(&page).await.status, 200);
}
on_both![a_form_sent_again_with_another_amount_says_so_and_how_to_go_on];

/// The sheet is an answer to the form: its switch sends the form again, which begins nothing new.
async fn an_answer_to_a_form_has_the_switch_of_languages(backend: Backend) {
    let site = Site::open(backend).await;
    let sticker = site.shop.sticker().await;
    let sent = Sent::open(&site, &sticker.text).await;
    let refused = sent.send(Some("1.005")).await;
    let link = "href=\"start?lang=en\"";
    assert!(refused.body.contains(link), "{}", refused.body);
    let sheet = sent.send(Some("5.00")).await;
    let id = sheet.attempt();

    let action = sheet
        .between("<form method=\"post\" action=\"", "\"")
        .to_owned();
    let fields = ["token", "amount"].map(|name| {
        let before = format!("name=\"{name}\" value=\"");
        (name, sheet.between(&before, "\"").to_owned())
    });
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let english = sent.payer.post(&action, &fields).await;

    assert_eq!(english.attempt(), id);
    assert!(
        english.body.contains("<html lang=\"en\""),
        "{}",
        english.body
    );
}
on_both![an_answer_to_a_form_has_the_switch_of_languages];

async fn a_fourth_start_of_one_browser_is_too_many(backend: Backend) {
    let site = Site::open(backend).await;
    let (_, order) = site.shop.sells(1200).await;
    let payer = site.browser(WECHAT);
    for _ in 0..3 {
        let id = payer.starts(&order.text, None).await.attempt();
        settle(&site, &id, "failed").await;
    }

    let fourth = payer.starts(&order.text, None).await;

    // To wait would be of no use, so nobody is told to.
    assert_eq!(fourth.status, 429);
    assert_eq!(fourth.header("retry-after"), "");
    assert!(fourth.body.contains("请店员重新收款"), "{}", fourth.body);
    assert!(!fourth.body.contains("再试"), "{}", fourth.body);
    site.shop.advance(3600);
    assert_eq!(payer.starts(&order.text, None).await.status, 429);
}
on_both![a_fourth_start_of_one_browser_is_too_many];

async fn one_too_many_at_a_sticker_waits_until_another_has_ended(backend: Backend) {
    let site = Site::open(backend).await;
    let sticker = site.shop.sticker().await;
    let payer = site.browser(WECHAT);
    let mut first = None;
    let many = loop {
        let seen = payer.starts(&sticker.text, Some("1.00")).await;
        if seen.status != 200 {
            break seen;
        }
        first = first.or(Some(seen.attempt()));
    };

    assert_eq!((many.status, many.header("retry-after")), (429, "60"));
    assert!(many.body.contains("其中一笔结束后再试"), "{}", many.body);
    settle(&site, &first.unwrap(), "failed").await;
    let again = payer.starts(&sticker.text, Some("1.00")).await;
    assert_eq!(again.status, 200, "{}", again.body);
}
on_both![one_too_many_at_a_sticker_waits_until_another_has_ended];

async fn only_the_browser_that_paid_sees_the_receipt(backend: Backend) {
    let site = Site::open(backend).await;
    let fixed = site.shop.code(CodeKind::Fixed, Some(8800)).await;
    let (payer, stranger) = (site.browser(WECHAT), site.browser(WECHAT));
    let id = payer.starts(&fixed.text, None).await.attempt();
    stranger.starts(&fixed.text, None).await.attempt();
    let path = format!("/pay/{id}");
    assert_eq!(
        payer.get(&format!("{path}/state")).await.json()["state"],
        "waiting"
    );

    settle(&site, &id, "paid").await;

    let page = payer.get(&path).await;
    assert!(page.body.contains("已付款"), "{}", page.body);
    assert!(
        page.body.contains("data:image/png;base64,"),
        "the receipt as a picture"
    );
    assert_eq!(
        payer.get(&format!("{path}/state")).await.json()["state"],
        "paid"
    );
    for path in [path.clone(), format!("{path}/state")] {
        let seen = stranger.get(&path).await;
        assert_eq!(seen.status, 404, "{path}");
        assert!(!seen.body.contains("8800") && !seen.body.contains("88.00"));
    }
}
on_both![only_the_browser_that_paid_sees_the_receipt];
