//! Signs from the counter: which codes hang here, and each as a page that the browser prints.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use maud::{Markup, html};
use serde::Deserialize;

use super::answer::{self, Camera};
use super::counter::device;
use super::lang::Lang;
use super::layout::{Shell, both};
use super::show::refused;
use super::words::Refusal;
use crate::app::App;
use crate::db;
use crate::flow::authenticate::Device;
use crate::flow::print::{self, Order};
use crate::flow::{FlowError, resolve};
use crate::http::extract::{Id, Query};
use crate::http::problem::Problem;
use crate::id::CodeId;
use crate::merchant::PrintedCode;
use crate::print::{PrintFormat, PrintLang, Rgb, Template, Wish, png};
use crate::word::Mode;

/// How a sign is printed here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignQuery {
    template: Template,
    lang: PrintLang,
}

/// A counter's wall has few codes; the newest are shown.
const SHOWN_MAX: i64 = 20;
/// The print is drawings and their styles: nothing in it runs, and nothing is fetched.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /counter/print`
pub(super) async fn show(req: HttpRequest, app: Data<App>) -> HttpResponse {
    let found = async {
        let device = device(&req, &app).await?;
        Ok::<_, FlowError>(codes(&app, &device).await?)
    };
    let lang = Lang::of(&req);
    match found.await {
        Ok(codes) => {
            let shell = Shell {
                lang,
                title: lang.of_two("打印收款码", "Print a sign"),
                here: "/counter/print",
                form: &[],
                kind: "counter",
                scripts: &[],
                is_test: app.mode == Mode::Test,
            };
            let page = shell.wrap(&choose(lang, &codes));
            answer::page(StatusCode::OK, lang, Camera::Off, page)
        }
        Err(error) => refused(&req, &app, Refusal::from_flow(error), None, Vec::new()),
    }
}

/// `GET /counter/print/{code}`
pub(super) async fn sign(
    req: HttpRequest,
    app: Data<App>,
    id: Id<CodeId>,
    query: Query<SignQuery>,
) -> Result<HttpResponse, Problem> {
    let device = device(&req, &app).await?;
    let (id, query) = (id.read()?, query.read()?);
    let code = resolve::code_of(&app, &device.merchant, &id).await?;
    if !hangs_at(&code, &device) {
        return Err(Problem::not_found("code"));
    }
    let printed = print::print(
        &app,
        Order {
            merchant: device.merchant,
            codes: vec![id],
            wish: Wish {
                template: query.template,
                lang: query.lang,
                level: None,
                ink: Rgb::BLACK,
                paper: Rgb::WHITE,
                logo: None,
                distance: None,
                copies: None,
            },
            format: PrintFormat::Html,
            dpi: png::DPI,
        },
    )
    .await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(printed.file))
}

async fn codes(app: &App, device: &Device) -> Result<Vec<PrintedCode>, db::DbError> {
    let mut tx = app.db.read().await?;
    let place = (&device.store, &device.counter);
    let found = db::codes::at_counter(&mut tx, &device.merchant, place, SHOWN_MAX).await?;
    tx.rollback().await?;
    Ok(found)
}

/// A code of the whole store hangs at each of its tills.
fn hangs_at(code: &PrintedCode, device: &Device) -> bool {
    let is_here = code
        .counter
        .as_ref()
        .is_none_or(|counter| *counter == device.counter);
    code.store == device.store && is_here
}

fn choose(lang: Lang, codes: &[PrintedCode]) -> Markup {
    html! {
        main.card.signs {
            h1 { (both(lang, "打印收款码", "Print a sign")) }
            @if codes.is_empty() {
                p.lead { (lang.of_two(
                    "这个收银台还没有收款码，请管理员先发一张。",
                    "There is no code for this counter yet; your manager can issue one.",
                )) }
            }
            @for code in codes {
                section.of-code {
                    h2 {
                        code { (code.id.short()) } " · "
                        @if code.counter.is_some() {
                            (lang.of_two("本收银台", "this counter"))
                        } @else {
                            (lang.of_two("全店通用", "the whole store"))
                        }
                        @if let Some(amount) = code.amount { " · " (amount) }
                    }
                    ul.prints {
                        @for template in Template::ALL {
                            li { a href=(path(&code.id, *template, lang)) target="_blank" rel="noopener" {
                                (name(lang, *template))
                            } }
                        }
                    }
                }
            }
            p.small { (lang.of_two(
                "打开后用浏览器打印，比例选 100%。",
                "Print the page that opens with your browser, at 100 %.",
            )) }
            a.button.plain href={ "/counter?lang=" (lang.word()) } {
                (lang.of_two("回到收银台", "Back to the counter"))
            }
        }
    }
}

fn path(id: &CodeId, template: Template, lang: Lang) -> String {
    let lang = match lang {
        Lang::Zh => PrintLang::Zh,
        Lang::En => PrintLang::En,
    };
    format!("/counter/print/{id}?template={template}&lang={lang}")
}

fn name(lang: Lang, template: Template) -> &'static str {
    match template {
        Template::StandA6 => lang.of_two("台牌 A6", "Stand A6"),
        Template::StandA5 => lang.of_two("台牌 A5", "Stand A5"),
        Template::PosterA4 => lang.of_two("海报 A4", "Poster A4"),
        Template::Sticker60 => lang.of_two("贴纸 60 毫米", "Sticker 60 mm"),
        Template::Sticker80 => lang.of_two("贴纸 80 毫米", "Sticker 80 mm"),
        Template::Tent => lang.of_two("桌卡", "Table tent"),
        Template::Receipt58 => lang.of_two("小票 58 毫米", "Receipt 58 mm"),
        Template::Receipt80 => lang.of_two("小票 80 毫米", "Receipt 80 mm"),
    }
}
