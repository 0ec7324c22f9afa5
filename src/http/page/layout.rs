//! What every page has around its content.

use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::lang::Lang;

/// A page without its content.
#[derive(Debug, Clone)]
pub(crate) struct Shell<'a> {
    /// The language.
    pub(crate) lang: Lang,
    /// The window's title.
    pub(crate) title: &'a str,
    /// The page's own address without its language, for the switch of languages; of a page that answers
    /// a form, the address of the page with the form. Empty where there is none.
    pub(crate) here: &'a str,
    /// Where the switch has to send a form again to come to this page: what it sends.
    pub(crate) form: &'a [(&'static str, &'a str)],
    /// Which kind of page; a class in the style sheet.
    pub(crate) kind: &'static str,
    /// Scripts by name.
    pub(crate) scripts: &'static [&'static str],
    /// Play money: says so at the top.
    pub(crate) is_test: bool,
}

impl Shell<'_> {
    /// The whole document.
    pub(crate) fn wrap(&self, content: &Markup) -> Markup {
        let lang = self.lang;
        html! {
            (DOCTYPE)
            html lang=(lang.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    meta name="format-detection" content="telephone=no";
                    // As in the header.
                    meta name="referrer" content="same-origin";
                    title { (self.title) }
                    link rel="icon" href=(assets::path("icon.svg"));
                    link rel="stylesheet" href=(assets::path("page.css"));
                    link rel="stylesheet" href=(assets::path("tags.css"));
                    @for script in self.scripts {
                        script src=(assets::path(script)) defer {}
                    }
                }
                body class=(self.kind) {
                    @if self.is_test {
                        p.test-mode {
                            (lang.of_two("测试环境，不产生真实扣款", "Test mode: no real money moves"))
                        }
                    }
                    (content)
                    footer.foot {
                        span { "通码 tongma" }
                        (self.switch())
                    }
                }
            }
        }
    }
}

impl Shell<'_> {
    /// The way to the same page in the other language.
    fn switch(&self) -> Markup {
        let other = self.lang.other();
        let and = if self.here.contains('?') { '&' } else { '?' };
        let place = format!("{}{and}lang={}", self.here, other.word());
        let name = other.of_two("中文", "English");
        html! {
            @if self.here.is_empty() {
            } @else if self.form.is_empty() {
                a href=(place) hreflang=(other.tag()) lang=(other.tag()) { (name) }
            } @else {
                form method="post" action=(place) {
                    @for (field, value) in self.form {
                        input type="hidden" name=(field) value=(value);
                    }
                    button type="submit" lang=(other.tag()) { (name) }
                }
            }
        }
    }
}

/// A text with the same in the other language below it, smaller.
pub(crate) fn both(lang: Lang, zh: &'static str, en: &'static str) -> Markup {
    html! {
        span.first { (lang.of_two(zh, en)) }
        span.second lang=(lang.other().tag()) { (lang.other().of_two(zh, en)) }
    }
}
