//! What a store took today, wallet by wallet, as the counter's page says it before its script has
//! heard anything. The script goes on in the same words.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::code_view::{grouped, symbol};
use super::lang::Lang;
use super::tag::Tag;
use crate::db::receipts::Taken;
use crate::merchant::InstitutionId;
use crate::money::Currency;

/// A line a wallet and currency, in the order in which all pages name wallets.
pub(super) fn lines(lang: Lang, taken: &[Taken]) -> Markup {
    let payers: Vec<InstitutionId> = taken.iter().map(|line| line.payer.clone()).collect();
    let mut order: Vec<Tag> = Tag::sorted(&payers);
    order.dedup();
    html! {
        @for tag in order {
            @for line in taken.iter().filter(|line| line.payer.as_str() == tag.id) {
                li {
                    (tag.markup(lang))
                    span.count { (count(lang, line.payments)) }
                    span.sum-of { (money(line.minor, line.currency)) }
                }
            }
        }
    }
}

/// How many payments, and how much in each currency; the merchant's own where there is none.
pub(super) fn sum(lang: Lang, own: Currency, taken: &[Taken]) -> String {
    let mut sums: BTreeMap<&str, (Currency, i128)> = BTreeMap::new();
    let mut payments: i64 = 0;
    for line in taken {
        let (_, minor) = sums
            .entry(line.currency.code())
            .or_insert((line.currency, 0));
        *minor = minor.saturating_add(line.minor);
        payments = payments.saturating_add(line.payments);
    }
    if sums.is_empty() {
        sums.insert(own.code(), (own, 0));
    }
    let sums: Vec<String> = sums
        .into_values()
        .map(|(currency, minor)| money(minor, currency))
        .collect();
    format!("{} · {}", count(lang, payments), sums.join(" + "))
}

fn count(lang: Lang, payments: i64) -> String {
    let noun = if payments == 1 {
        lang.of_two("笔", "payment")
    } else {
        lang.of_two("笔", "payments")
    };
    format!("{payments} {noun}")
}

fn money(minor: i128, currency: Currency) -> String {
    let decimals = usize::try_from(currency.decimals()).unwrap_or(0);
    let digits = format!("{minor:0>width$}", width = decimals.saturating_add(1));
    let (whole, part) = digits.split_at(digits.len().saturating_sub(decimals));
    let decimal = if part.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{part}")
    };
    match symbol(currency.code()) {
        sign if sign == currency.code() => format!("{sign} {}", grouped(&decimal)),
        sign => format!("{sign}{}", grouped(&decimal)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(payer: &str, currency: &str, payments: i64, minor: i128) -> Taken {
        Taken {
            payer: payer.parse().unwrap(),
            currency: currency.parse().unwrap(),
            payments,
            minor,
        }
    }

    #[test]
    fn nothing_is_nothing_of_the_merchants_own_money() {
        assert_eq!(sum(Lang::Zh, Currency::CNY, &[]), "0 笔 · ¥0.00");
        assert_eq!(
            sum(Lang::En, "JPY".parse().unwrap(), &[]),
            "0 payments · JPY 0"
        );
    }

    #[test]
    fn currencies_are_never_added_to_each_other() {
        let taken = [
            line("jd_pay", "CNY", 2, 128_850),
            line("wechat_pay", "CNY", 1, 5),
            line("wechat_pay", "USD", 1, 100),
        ];
        assert_eq!(
            sum(Lang::En, Currency::CNY, &taken),
            "4 payments · ¥1,288.55 + USD 1.00"
        );
    }

    #[test]
    fn a_wallet_stands_once_for_each_currency_and_more_than_a_number_holds_is_shown() {
        let much = i128::from(i64::MAX) * 100;
        let taken = [
            line("wechat_pay", "CNY", 1, much),
            line("wechat_pay", "USD", 1, 100),
            line("jd_pay", "CNY", 1, 1),
        ];
        let shown = lines(Lang::En, &taken).into_string();
        assert_eq!(shown.matches("<li>").count(), 3, "{shown}");
        assert!(shown.contains("¥9,223,372,036,854,775,807.00"), "{shown}");
        let (first, last) = (shown.find("w-wechat_pay"), shown.rfind("w-jd_pay"));
        assert!(first < last, "{shown}");
    }
}
