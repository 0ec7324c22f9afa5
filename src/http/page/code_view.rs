//! The page behind a printed code, as a payer sees it.

use maud::{Markup, html};

use super::lang::Lang;
use super::layout::both;
use super::tag::Tag;

/// Who is paid, and by which sign on the wall.
#[derive(Debug, Clone)]
pub(super) struct Payee {
    pub(super) merchant: String,
    pub(super) store: String,
    pub(super) counter: Option<String>,
    /// The code's last characters, which are printed below it.
    pub(super) short_id: String,
    /// What is paid for.
    pub(super) description: Option<String>,
}

/// The price, or the question for it.
#[derive(Debug, Clone)]
pub(super) enum Price {
    /// It stands in the code.
    Known(Money),
    /// The payer says it.
    Asked {
        currency: String,
        /// What was typed before, when it was refused.
        typed: String,
        /// Why it was refused, in both languages.
        refused: Option<(String, String)>,
    },
}

/// An amount in major units.
#[derive(Debug, Clone)]
pub(super) struct Money {
    pub(super) decimal: String,
    pub(super) currency: String,
}

/// How the money goes, in words. The clearing channel goes by an operator's word that says nothing to a
/// payer, and is left out.
#[derive(Debug, Clone)]
pub(super) struct RouteWords {
    pub(super) payer: Tag,
    pub(super) payee: Tag,
}

/// What a payer in a known wallet gets.
#[derive(Clone)]
pub(super) struct PayView {
    /// Where the page is.
    pub(super) path: String,
    pub(super) payee: Payee,
    pub(super) price: Price,
    pub(super) route: RouteWords,
    /// Proof that the form is ours, and the reason why a double tap pays once.
    pub(super) token: String,
}

/// Who is paid, with the form to pay.
pub(super) fn pay(lang: Lang, view: &PayView) -> Markup {
    let action = format!("{}/start?lang={}", view.path, lang.word());
    html! {
        main.card.pay {
            (payee(lang, &view.payee))
            form method="post" action=(action) autocomplete="off" data-once="" {
                input type="hidden" name="token" value=(view.token);
                @match &view.price {
                    Price::Known(money) => (amount(money)),
                    Price::Asked { currency, typed, refused } => {
                        label.ask for="amount" { (both(lang, "输入金额", "Amount to pay")) }
                        div.field.wrong[refused.is_some()] {
                            span.currency { (symbol(currency)) }
                            input #amount name="amount" type="text" inputmode="decimal" required
                                maxlength="16" placeholder="0.00" value=(typed) autofocus
                                aria-describedby="amount-says";
                        }
                        p #amount-says .says role="alert" {
                            @if let Some((zh, en)) = refused {
                                @match lang { Lang::Zh => (zh), Lang::En => (en) }
                            }
                        }
                    }
                }
                button.primary type="submit" { (both(lang, "付款", "Pay")) }
            }
            (route(lang, &view.route))
        }
    }
}

/// For browsers that are no wallet: which ones can pay here, and how to open them.
pub(super) fn choose(lang: Lang, view: &ChooseView) -> Markup {
    html! {
        main.card.choose {
            (payee(lang, &view.payee))
            @if let Some(money) = &view.money { (amount(money)) }
            @if view.wallets.is_empty() {
                h2 { (both(lang, "现在没有钱包能付这个码", "No wallet can pay this code now")) }
                p.notice { (lang.of_two("请店员用别的方式收款。", "Ask the shop how else you can pay.")) }
            } @else {
                h2 { (both(lang, "用钱包扫这个码", "Scan this code with a wallet")) }
                p.lead {
                    (lang.of_two(
                        "打开任意一个下列钱包，点“扫一扫”，对准同一个码。",
                        "Open any of these wallets, tap “Scan”, and point it at the same code.",
                    ))
                }
            }
            ul.tags.links[view.is_test] {
                @for tag in &view.wallets {
                    li {
                        (tag.markup(lang))
                        @if view.is_test {
                            a.quiet href={ "/phone?wallet=" (tag.id) "&lang=" (lang.word()) "#" (view.text) } {
                                (lang.of_two("模拟打开", "Simulate"))
                            }
                        }
                    }
                }
            }
            @if !view.wallets.is_empty() {
                p.small {
                    (lang.of_two(
                        "请核对上面的店名，付款前钱包会再显示一次。",
                        "Check the shop’s name above; the wallet shows it again before you pay.",
                    ))
                }
            }
        }
    }
}

/// What an unknown browser gets.
#[derive(Debug, Clone)]
pub(super) struct ChooseView {
    pub(super) payee: Payee,
    pub(super) money: Option<Money>,
    pub(super) wallets: Vec<Tag>,
    /// The code's text as it stands in an address, for the simulated phone.
    pub(super) text: String,
    pub(super) is_test: bool,
}

/// A way on from a page that stops.
#[derive(Debug, Clone)]
pub(super) struct Onward {
    /// A path of ours.
    pub(super) path: String,
    /// What is there, in both languages.
    pub(super) words: (&'static str, &'static str),
}

/// A page that says why there is nothing to pay, and what to do instead.
#[derive(Debug, Clone)]
pub(super) struct StopView {
    pub(super) payee: Option<Payee>,
    pub(super) title: (&'static str, &'static str),
    pub(super) detail: (String, String),
    /// Where to go on.
    pub(super) onward: Vec<Onward>,
    /// Wallets that would work.
    pub(super) instead: Vec<Tag>,
}

/// Nothing to pay here.
pub(super) fn stop(lang: Lang, view: &StopView) -> Markup {
    html! {
        main.card.stop {
            div.sign aria-hidden="true" { "!" }
            h1 { (both(lang, view.title.0, view.title.1)) }
            p.lead {
                @match lang { Lang::Zh => (view.detail.0), Lang::En => (view.detail.1) }
            }
            @for onward in &view.onward {
                a.button.plain href={ (onward.path) "?lang=" (lang.word()) } {
                    (both(lang, onward.words.0, onward.words.1))
                }
            }
            @if !view.instead.is_empty() {
                h2 { (both(lang, "可以使用", "These wallets work")) }
                ul.tags { @for tag in &view.instead { li { (tag.markup(lang)) } } }
            }
            @if let Some(payee) = &view.payee { (small_payee(lang, payee)) }
        }
    }
}

/// Who is paid: the name first and largest, because a code can be stuck over another.
pub(super) fn payee(lang: Lang, payee: &Payee) -> Markup {
    html! {
        header.payee {
            p.to { (both(lang, "付款给", "Pay to")) }
            h1 { bdi { (payee.merchant) } }
            p.where {
                bdi { (payee.store) }
                @if let Some(counter) = &payee.counter { " · " bdi { (counter) } }
            }
            @if let Some(description) = &payee.description { p.what { bdi { (description) } } }
            p.short { (lang.of_two("码号", "Code")) " " code { (payee.short_id) } }
        }
    }
}

fn small_payee(lang: Lang, payee: &Payee) -> Markup {
    html! {
        p.small {
            bdi { (payee.merchant) } " · " bdi { (payee.store) } " · "
            (lang.of_two("码号", "Code")) " " code { (payee.short_id) }
        }
    }
}

/// An amount, large.
pub(super) fn amount(money: &Money) -> Markup {
    html! {
        p.amount {
            span.currency { (symbol(&money.currency)) }
            span.figure { (grouped(&money.decimal)) }
        }
    }
}

/// The sign that people write; the letters where there is no common one.
pub(super) fn symbol(currency: &str) -> &str {
    match currency {
        "CNY" => "¥",
        other => other,
    }
}

/// `1,288.00`: thousands set apart, for people.
pub(super) fn grouped(decimal: &str) -> String {
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits = whole.len();
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && digits.saturating_sub(at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !part.is_empty() {
        text.push('.');
        text.push_str(part);
    }
    text
}

fn route(lang: Lang, words: &RouteWords) -> Markup {
    html! {
        div.route {
            p {
                (words.payer.markup(lang))
                @if words.payer != words.payee { span.arrow { "→" } (words.payee.markup(lang)) }
            }
            @if words.payer == words.payee {
                p { (lang.of_two("直接付到商户在该机构的账户", "Straight into the shop’s account there")) }
            } @else {
                p { (lang.of_two("通过互联互通，付到商户在收款机构的账户", "By interconnection, into the shop’s account there")) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (plain, shown) in [
            ("0.01", "0.01"),
            ("999.00", "999.00"),
            ("1288.00", "1,288.00"),
            ("90071992547409.91", "90,071,992,547,409.91"),
            ("120000", "120,000"),
        ] {
            assert_eq!(grouped(plain), shown);
        }
    }
}
