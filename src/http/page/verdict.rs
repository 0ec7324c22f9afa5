//! What the cashier reads when a receipt was checked.

use super::code_view::{grouped, symbol};
use super::lang::Lang;
use super::pay_view::spaced;
use crate::app::App;
use crate::code::native::PAYER_CODE;
use crate::code::{DecodeAnswer, Format};
use crate::flow::decode;
use crate::flow::receipt::{Checked, Presented};
use crate::money::{Amount, Currency};
use crate::payment::receipt::ReceiptVerdict;

/// What a cashier is told who shows something else than a receipt; nothing of what may be one.
pub(super) async fn no_receipt(
    app: &App,
    presented: &Presented,
    lang: Lang,
) -> Option<(&'static str, &'static str)> {
    let Presented::Token(text) = presented else {
        return None;
    };
    // What cannot be looked up now is judged as the receipt that it was said to be.
    let Ok(DecodeAnswer::Read(reading)) = decode::text(app, text.trim()).await else {
        return None;
    };
    let is_payers = reading.kind == PAYER_CODE || reading.format == Format::EmvCpm;
    if is_payers {
        Some((
            lang.of_two(
                "这是付款码，不是收据",
                "This is a payer’s code, not a receipt",
            ),
            lang.of_two(
                "请付款人打开付款结果里的收据。",
                "Ask the payer to open the receipt of the payment.",
            ),
        ))
    } else {
        reading.network.is_some().then(|| {
            (
                lang.of_two(
                    "这是收款码，不是收据",
                    "This is a receiving code, not a receipt",
                ),
                lang.of_two(
                    "请扫付款人手机上的收据。",
                    "Scan the receipt on the payer’s phone.",
                ),
            )
        })
    }
}

/// One strong word and one line of facts; times in the merchant's zone.
pub(super) fn words(checked: &Checked, zone: &str, lang: Lang) -> (&'static str, String) {
    let title = match checked.verdict {
        ReceiptVerdict::Genuine => lang.of_two("真的，已收款", "Genuine: paid"),
        ReceiptVerdict::AlreadyShown => lang.of_two("已经核对过一次", "Shown before"),
        ReceiptVerdict::OtherStore => lang.of_two("别的门店的收据", "Another shop’s receipt"),
        ReceiptVerdict::TooOld => lang.of_two("收据已过期", "Too old"),
        ReceiptVerdict::Forged => lang.of_two("没有这张收据", "No such receipt"),
    };
    let mut facts = Vec::new();
    if checked.verdict == ReceiptVerdict::Forged {
        facts.push(
            lang.of_two(
                "不是我们签发的，钱没有到账。",
                "We did not sign it; no money has come.",
            )
            .to_owned(),
        );
    }
    if let Some(money) = amount(checked) {
        facts.push(money);
    }
    if let Some(number) = &checked.number {
        facts.push(spaced(number));
    }
    if let Some(at) = checked.paid_at {
        let paid = lang.of_two("付款", "paid");
        facts.push(format!("{} {paid}", at.time_in(zone)));
    }
    if let Some(at) = checked.first_shown_at {
        let shown = lang.of_two("首次核对", "first shown");
        let place = checked.first_shown_where.as_deref().unwrap_or_default();
        facts.push(
            format!("{shown} {} {place}", at.time_in(zone))
                .trim()
                .to_owned(),
        );
    }
    (title, facts.join(" · "))
}

fn amount(checked: &Checked) -> Option<String> {
    let code = checked.currency.as_deref()?;
    let currency: Currency = code.parse().ok()?;
    let amount = Amount::new(checked.amount_minor?, currency).ok()?;
    let sign = symbol(code);
    Some(format!("{sign}{}", grouped(&amount.decimal())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_that_was_shown_says_when_and_where() {
        let checked = Checked {
            verdict: ReceiptVerdict::AlreadyShown,
            payment: None,
            amount_minor: Some(128_800),
            currency: Some("CNY".to_owned()),
            number: Some("482913".to_owned()),
            paid_at: Some("2026-11-21T04:00:00Z".parse().unwrap()),
            first_shown_at: Some("2026-11-21T04:00:09Z".parse().unwrap()),
            first_shown_where: Some("二号收银台".to_owned()),
        };
        let (title, detail) = words(&checked, "Asia/Shanghai", Lang::Zh);
        assert_eq!(title, "已经核对过一次");
        assert_eq!(
            detail,
            "¥1,288.00 · 482 913 · 12:00:00 付款 · 首次核对 12:00:09 二号收银台"
        );
    }
}
