//! The payer's page from the hand-over to the receipt.

use maud::{Markup, html};

use super::code_view::{Money, Payee, amount, payee};
use super::lang::Lang;
use super::layout::both;
use super::tag::Tag;

/// A payment in the payer's hands.
#[derive(Debug, Clone)]
pub(super) struct HandoverView {
    pub(super) attempt: String,
    pub(super) payee: Payee,
    pub(super) money: Money,
    pub(super) wallet: Tag,
    /// The hand-over as JSON.
    pub(super) handover: String,
    /// Where to go, of a hand-over that is an address.
    pub(super) redirect: Option<String>,
    /// The payee's code for this one order as a picture, for a wallet that knows no bridge of ours.
    pub(super) picture: Option<String>,
    /// The payer's own institution plays a wallet here.
    pub(super) is_simulated: bool,
}

/// Where an attempt stands, for the browser that began it.
#[derive(Debug, Clone)]
pub(super) struct StateView {
    pub(super) attempt: String,
    pub(super) payee: Payee,
    pub(super) money: Money,
    pub(super) stage: Stage,
}

/// The three ends, and the way there.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// Nobody has said yet how it ended.
    Waiting,
    /// The money is there.
    Paid(Option<ReceiptView>),
    /// It failed or was closed.
    Ended,
}

/// What the payer shows at the counter.
#[derive(Debug, Clone)]
pub(super) struct ReceiptView {
    pub(super) number: String,
    /// The signed text.
    pub(super) text: String,
    /// The same as a picture, for an `img`.
    pub(super) picture: String,
    /// Until when, in the merchant's time.
    pub(super) until: String,
}

/// Hands the payment to the wallet around this page.
pub(super) fn handover(lang: Lang, view: &HandoverView) -> Markup {
    let status = format!("/pay/{}?lang={}", view.attempt, lang.word());
    let bridge = if view.is_simulated { "/bridge/pay" } else { "" };
    html! {
        main.card.handover data-attempt=(view.attempt) data-handover=(view.handover)
            data-bridge=(bridge) data-status=(status) {
            (payee(lang, &view.payee))
            (amount(&view.money))
            @if let Some(url) = &view.redirect {
                a.button.primary href=(url) rel="noreferrer" { (both(lang, "打开钱包付款", "Open the wallet")) }
            }
            @if view.is_simulated {
                section.sheet #sheet hidden {
                    p.from { (view.wallet.markup(lang)) span.badge { (lang.of_two("模拟", "simulated")) } }
                    p.says #says role="status" {
                        (lang.of_two("确认从余额中付款？", "Pay from your balance?"))
                    }
                    button.primary type="button" data-answer="pay" { (both(lang, "确认付款", "Pay")) }
                    button.plain type="button" data-answer="decline" { (both(lang, "取消", "Decline")) }
                }
            }
            @if let Some(picture) = &view.picture {
                section.other {
                    p.lead { (both(lang, "或用其他应用扫此码", "or scan this with another app")) }
                    img.qr src=(picture) alt=(lang.of_two("这一笔的收款码", "The code for this payment"));
                }
            }
            p.lead { a href=(status) { (lang.of_two("已付款？查看结果", "Paid already? See the result")) } }
        }
    }
}

/// Waiting, paid with the receipt, or not paid.
pub(super) fn state(lang: Lang, view: &StateView) -> Markup {
    let poll = match view.stage {
        Stage::Waiting => format!("/pay/{}/state", view.attempt),
        Stage::Paid(_) | Stage::Ended => String::new(),
    };
    html! {
        main.card.state data-poll=(poll) {
            @match &view.stage {
                Stage::Waiting => {
                    div.spinner aria-hidden="true" {}
                    h1 role="status" { (both(lang, "等待付款结果", "Waiting for the result")) }
                    (amount(&view.money))
                    p.lead { (lang.of_two(
                        "钱包确认后，本页会自动更新。",
                        "This page changes by itself once the wallet has answered.",
                    )) }
                }
                Stage::Paid(receipt) => {
                    div.sign.good aria-hidden="true" { "✓" }
                    h1 { (both(lang, "已付款", "Paid")) }
                    (amount(&view.money))
                    @if let Some(receipt) = receipt { (receipt_card(lang, receipt)) }
                }
                Stage::Ended => {
                    div.sign aria-hidden="true" { "×" }
                    h1 { (both(lang, "没有付款", "Not paid")) }
                    (amount(&view.money))
                    p.lead { (lang.of_two(
                        "钱没有付出。要付款请重新扫码。",
                        "No money has left your wallet. Scan the code again to pay.",
                    )) }
                }
            }
            (payee(lang, &view.payee))
        }
    }
}

/// Six digits to say, a symbol to scan, and the text behind both.
pub(super) fn receipt_card(lang: Lang, receipt: &ReceiptView) -> Markup {
    html! {
        section.receipt {
            h2 { (both(lang, "给店员看", "Show this at the counter")) }
            p.number { (spaced(&receipt.number)) }
            img.qr src=(receipt.picture) alt=(lang.of_two("收据二维码", "Receipt as a QR code"));
            p.small {
                (lang.of_two("有效至 ", "Valid until ")) (receipt.until)
            }
            details {
                summary { (lang.of_two("收据原文", "Receipt as text")) }
                textarea.jws readonly rows="5" spellcheck="false" { (receipt.text) }
            }
        }
    }
}

/// `482 913`: three and three are read aloud without a mistake.
pub(super) fn spaced(number: &str) -> String {
    match number.split_at_checked(3) {
        Some((first, last)) if !last.is_empty() => format!("{first} {last}"),
        Some(_) | None => number.to_owned(),
    }
}
