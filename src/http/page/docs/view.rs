//! The pages of the documentation.

use maud::{Markup, html};

use super::reader::{Caller, Operation, contents, problems, text};
use super::shape::{about, kind, shape, words};
use super::{curl, examples, guide, reader};
use crate::http::page::assets;
use crate::http::page::lang::Lang;
use crate::http::problem::{Kind, Language, advice, kinds};

/// Everything that there is to read.
pub(super) fn index(lang: Lang) -> Markup {
    frame(html! {
        h1 { (lang.of_two("通码 API 文档", "The tongma API")) }
        p.lead { (lang.of_two(
            "一张收款码，任何钱包都能付；收银员当场核验。字段说明为英文，与 /openapi.json 相同。",
            "One receiving code; every wallet can pay it; the cashier sees the proof.")) }
        p { a href="/openapi.json" { "openapi.json" } " · "
            a href="/problems" { (lang.of_two("全部错误代码", "all problems")) } " · "
            a href="/.well-known/jwks.json" { (lang.of_two("公钥", "public keys")) } }
        @for part in guide::PARTS {
            section {
                h2 { (lang.of_two(part.heading.0, part.heading.1)) }
                p { (lang.of_two(part.text.0, part.text.1)) }
            }
        }
        section {
            h2 { (lang.of_two("示例", "Examples")) }
            ul.list {
                @for example in examples::ALL {
                    li {
                        a href={ "/docs/examples/" (example.file) } { code { (example.file) } }
                        " " (lang.of_two(example.zh, example.en))
                    }
                }
            }
        }
        @for (tag, about) in reader::tags() {
            section {
                h2 id=(tag) { (tag) }
                p lang="en" { (about) }
                ul.list {
                    @for operation in reader::operations().filter(|o| o.is_about(tag)) {
                        li {
                            a href={ "/docs/" (operation.name()) } { (route(operation)) }
                            " " span lang="en" { (words(operation.summary())) }
                        }
                    }
                }
            }
        }
    })
}

/// One operation.
pub(super) fn operation(operation: Operation, lang: Lang) -> Markup {
    let (caller, scope) = operation.caller();
    frame(html! {
        (back(lang))
        h1 { (route(operation)) }
        p lang="en" { (words(operation.summary())) }
        @if !operation.description().is_empty() {
            p lang="en" { (words(operation.description())) }
        }
        p.rights {
            @match caller {
                Caller::Key => { (lang.of_two("需要 API 密钥", "Needs an API key")) }
                Caller::Signature => { (lang.of_two("需要请求签名", "Needs a signature")) }
                Caller::Anyone => { (lang.of_two("任何人都可以调用", "Anyone may call it")) }
            }
            @if let Some(scope) = scope { " " code { (scope) } }
        }
        (copyable(&curl::command(operation), lang))
        @if operation.parameters().next().is_some() {
            section {
                h2 { (lang.of_two("参数", "Parameters")) }
                dl.fields {
                    @for parameter in operation.parameters() {
                        dt {
                            code { (text(parameter, "name")) }
                            " " span.kind {
                                (text(parameter, "in"))
                                @if let Some(schema) = parameter.get("schema") { ", " (kind(schema)) }
                            }
                            @if parameter.get("required") != Some(&true.into()) {
                                " " span.optional { (lang.of_two("可省略", "optional")) }
                            }
                        }
                        dd lang="en" {
                            (words(text(parameter, "description")))
                            @if text(parameter, "description").is_empty() {
                                @if let Some(schema) = parameter.get("schema") { (words(about(schema))) }
                            }
                        }
                    }
                }
            }
        }
        @if operation.body().next().is_some() {
            section {
                h2 { (lang.of_two("请求正文", "Body")) }
                @for (media, schema) in operation.body() {
                    p { code { (media) } " " span.kind { (kind(schema)) } }
                    (shape(schema, lang))
                }
            }
        }
        section {
            h2 { (lang.of_two("应答", "Answers")) }
            @for (status, answer) in operation.answers() {
                (one_answer(status, answer, lang))
            }
        }
    })
}

fn one_answer(status: &'static str, answer: &'static serde_json::Value, lang: Lang) -> Markup {
    let headers = answer.get("headers").and_then(serde_json::Value::as_object);
    html! {
        article.answer {
            h3 { @if status == "default" { (lang.of_two("其他", "otherwise")) } @else { (status) } }
            @if problems(answer).next().is_some() {
                ul.list {
                    @for kind in problems(answer).filter_map(kinds::by_code) {
                        li {
                            a href=(kind.path()) { code { (kind.code) } }
                            " " (kind.title(language(lang)))
                        }
                    }
                }
            } @else {
                p lang="en" { (words(text(answer, "description"))) }
                @for (media, schema) in contents(Some(answer)) {
                    p { code { (media) } " " span.kind { (kind(schema)) } }
                    (shape(schema, lang))
                }
            }
            @if let Some(headers) = headers {
                p.small { @for name in headers.keys() { code { (name) } " " } }
            }
        }
    }
}

/// One program.
pub(super) fn example(example: examples::Example, lang: Lang) -> Markup {
    frame(html! {
        (back(lang))
        h1 { code { (example.file) } }
        p { (lang.of_two(example.zh, example.en)) }
        (copyable(example.text, lang))
    })
}

/// Every problem.
pub(super) fn problem_list(lang: Lang) -> Markup {
    frame(html! {
        (back(lang))
        h1 { (lang.of_two("通码 API 的错误代码", "Problems of the tongma API")) }
        dl.fields {
            @for kind in kinds::ALL {
                dt id=(kind.code) {
                    a href=(kind.path()) { code { (kind.code) } } " " span.kind { (kind.status) }
                }
                dd { (kind.title(language(lang))) }
            }
        }
    })
}

/// One problem: what it means and what to do.
pub(super) fn problem(kind: &'static Kind, lang: Lang) -> Markup {
    let other = lang.other();
    let advice = advice::of(kind.code);
    let answers = |operation: &Operation| {
        let mut all = operation.answers();
        all.any(|(_, answer)| problems(answer).any(|code| code == kind.code))
    };
    frame(html! {
        p { a href="/problems" { "← " (lang.of_two("全部错误代码", "all problems")) } }
        h1 { code { (kind.code) } }
        p { (lang.of_two("HTTP 状态", "HTTP status")) " " strong { (kind.status) } }
        section {
            h2 { (lang.of_two("含义", "What it means")) }
            p { (kind.title(language(lang))) }
            p.small lang=(other.tag()) { (kind.title(language(other))) }
        }
        @if let Some(advice) = advice {
            section {
                h2 { (lang.of_two("怎么办", "What to do")) }
                p { (words(lang.of_two(advice.zh, advice.en))) }
                p.small lang=(other.tag()) { (words(other.of_two(advice.zh, advice.en))) }
            }
        }
        section {
            h2 { (lang.of_two("哪些操作会遇到", "Where it is met")) }
            ul.list {
                @for operation in reader::operations().filter(answers).take(MET_MAX) {
                    li { a href={ "/docs/" (operation.name()) } { (route(operation)) } }
                }
            }
        }
    })
}

/// A problem of every operation needs no list of all of them.
const MET_MAX: usize = 12;

/// A problem's titles know the same two languages.
const fn language(lang: Lang) -> Language {
    match lang {
        Lang::Zh => Language::Zh,
        Lang::En => Language::En,
    }
}

fn frame(content: Markup) -> Markup {
    html! {
        link rel="stylesheet" href=(assets::path("docs.css"));
        main.docs { (content) }
    }
}

fn back(lang: Lang) -> Markup {
    html! { p { a href="/docs" { "← " (lang.of_two("文档首页", "the API")) } } }
}

fn route(operation: Operation) -> Markup {
    html! { span.method { (operation.method) } " " code { (operation.path) } }
}

/// A text with a button that copies it; without scripts it can be marked by hand.
fn copyable(text: &str, lang: Lang) -> Markup {
    html! {
        figure.code {
            button type="button" data-copy hidden data-done=(lang.of_two("已复制", "Copied")) {
                (lang.of_two("复制", "Copy"))
            }
            pre tabindex="0" { code { (text) } }
        }
    }
}
