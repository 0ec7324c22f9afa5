//! The payer's page from the hand-over to the receipt.

use maud::{Markup, html};

use super::code_view::{Money, Payee, amount, payee};
use super::lang::Lang;
use super::layout::both;
use super::tag::Tag;
use crate::payment::ExceptionCode;

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
    /// The stage in the word that the page's script compares with what it hears.
    pub(super) word: &'static str,
}

/// The ends, and the way there.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// Nobody has said yet how it ended.
    Waiting,
    /// The money is there; perhaps there is more of it than was asked for.
    Paid(Option<ReceiptView>, Option<Arrived>),
    /// Money came that does not settle it.
    Unfit(Arrived),
    /// It failed or was closed.
    Ended,
}

/// Money that came and does not fit.
#[derive(Debug, Clone)]
pub(super) struct Arrived {
    pub(super) why: ExceptionCode,
    pub(super) money: Money,
}

impl Arrived {
    /// Whether what was asked for has to be shown beside it.
    const fn is_another_sum(&self) -> bool {
        match self.why {
            ExceptionCode::AmountMismatch | ExceptionCode::CurrencyMismatch => true,
            ExceptionCode::PayeeMismatch
            | ExceptionCode::Unmatched
            | ExceptionCode::Late
            | ExceptionCode::Duplicate => false,
        }
    }
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
                    p.says #says role="status" data-failed=(lang.of_two(
                        "没有成功。请查看结果，或再试一次。",
                        "That did not work. See the result, or try again.",
                    )) {
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

/// Waiting, paid with the receipt, money that does not fit, or not paid.
pub(super) fn state(lang: Lang, view: &StateView) -> Markup {
    // Also behind what has ended, money may come.
    let poll = match view.stage {
        Stage::Waiting | Stage::Unfit(_) | Stage::Ended => format!("/pay/{}/state", view.attempt),
        Stage::Paid(..) => String::new(),
    };
    html! {
        main.card.state data-poll=(poll) data-state=(view.word) {
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
                Stage::Paid(receipt, more) => {
                    div.sign.good aria-hidden="true" { "✓" }
                    h1 { (both(lang, "已付款", "Paid")) }
                    (amount(&view.money))
                    @if let Some(more) = more { (unfit(lang, more)) }
                    @if let Some(receipt) = receipt { (receipt_card(lang, receipt)) }
                }
                Stage::Unfit(arrived) => {
                    div.sign aria-hidden="true" { "!" }
                    h1 role="alert" { (both(lang, "钱到了，但对不上", "Money came, but it does not fit")) }
                    (unfit(lang, arrived))
                    @if arrived.is_another_sum() {
                        p.small { (lang.of_two("这一笔应付：", "Asked for: ")) }
                        (amount(&view.money))
                    }
                }
                Stage::Ended => {
                    div.sign aria-hidden="true" { "×" }
                    h1 { (both(lang, "没有付款", "Not paid")) }
                    (amount(&view.money))
                    p.lead { (lang.of_two(
                        "店家没有收到这笔钱。要付款请重新扫码；如果钱包显示已付款，请先问店员。",
                        "The shop has not received this money. Scan the code again to pay; if your \
                         wallet shows that you paid, ask the shop first.",
                    )) }
                }
            }
            (payee(lang, &view.payee))
        }
    }
}

/// What came instead, why it does not fit, and what to do now.
fn unfit(lang: Lang, arrived: &Arrived) -> Markup {
    let why = unfit_words(lang, arrived.why);
    html! {
        section.unfit {
            p.small { (lang.of_two("到账：", "What came: ")) }
            (amount(&arrived.money))
            p { (why) }
            p { strong { (lang.of_two(
                "店家已收到通知。请不要再付，给店员看本页。",
                "The shop has been told. Do not pay again; show this page at the counter.",
            )) } }
        }
    }
}

/// Why money does not fit.
pub(super) const fn unfit_words(lang: Lang, why: ExceptionCode) -> &'static str {
    match why {
        ExceptionCode::AmountMismatch => lang.of_two(
            "到账金额与应付金额不同。",
            "It is another amount than was asked for.",
        ),
        ExceptionCode::CurrencyMismatch => lang.of_two(
            "到账币种与应付币种不同。",
            "It is in another currency than was asked for.",
        ),
        ExceptionCode::PayeeMismatch => lang.of_two(
            "钱没有进这家店的账户。",
            "It is not in this shop’s account.",
        ),
        ExceptionCode::Late | ExceptionCode::Unmatched => lang.of_two(
            "这笔付款结束后钱才到。",
            "It came after this payment had ended.",
        ),
        ExceptionCode::Duplicate => lang.of_two(
            "这笔已经付清，又付了一次。",
            "This had been paid already, and was paid again.",
        ),
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
