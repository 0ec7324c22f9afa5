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
    /// The page's own address without a query, for the switch of languages. Empty where the page
    /// answers a form and has no address to come back to.
    pub(crate) here: &'a str,
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
                        @if !self.here.is_empty() {
                            a href={ (self.here) "?lang=" (lang.other().word()) }
                                hreflang=(lang.other().tag()) lang=(lang.other().tag()) {
                                (lang.other().of_two("中文", "English"))
                            }
                        }
                    }
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
