//! `/docs`: the API for people, made from the OpenAPI document on this server; nothing is fetched
//! from elsewhere. `/problems`: what every refusal means.

mod curl;
pub(crate) mod examples;
mod guide;
mod reader;
mod shape;
mod view;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use maud::Markup;

use super::answer::{Camera, page};
use super::lang::Lang;
use super::layout::Shell;
use crate::app::App;
use crate::http::problem::{Kind, Problem, kinds};
use crate::word::Mode;

/// `GET /docs`
pub(super) async fn index(request: HttpRequest, app: Data<App>) -> HttpResponse {
    let lang = Lang::of(&request);
    let title = lang.of_two("通码 API 文档", "The tongma API");
    show(&request, &app, lang, title, &view::index(lang))
}

/// `GET /docs/{operation}`
pub(super) async fn operation(
    request: HttpRequest,
    app: Data<App>,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = reader::operation(&name).ok_or_else(|| Problem::new(&kinds::NOT_FOUND))?;
    let lang = Lang::of(&request);
    let content = view::operation(found, lang);
    Ok(show(&request, &app, lang, found.name(), &content))
}

/// `GET /docs/examples/{file}`
pub(super) async fn example(
    request: HttpRequest,
    app: Data<App>,
    file: Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = examples::of(&file).ok_or_else(|| Problem::new(&kinds::NOT_FOUND))?;
    let lang = Lang::of(&request);
    let content = view::example(found, lang);
    Ok(show(&request, &app, lang, found.file, &content))
}

/// `/problems` for a browser.
pub(crate) fn problem_list(request: &HttpRequest, app: &App) -> HttpResponse {
    let lang = Lang::of(request);
    let title = lang.of_two("通码 API 的错误代码", "Problems of the tongma API");
    show(request, app, lang, title, &view::problem_list(lang))
}

/// `/problems/{code}` for a browser.
pub(crate) fn problem(request: &HttpRequest, app: &App, kind: &'static Kind) -> HttpResponse {
    let lang = Lang::of(request);
    show(request, app, lang, kind.code, &view::problem(kind, lang))
}

fn show(
    request: &HttpRequest,
    app: &App,
    lang: Lang,
    title: &str,
    content: &Markup,
) -> HttpResponse {
    let shell = Shell {
        lang,
        title,
        here: request.path(),
        form: &[],
        kind: "reading",
        scripts: &["docs.js"],
        is_test: app.mode == Mode::Test,
    };
    let mut answer = page(StatusCode::OK, lang, Camera::Off, shell.wrap(content));
    // One address answers programs and people, in two languages.
    answer.headers_mut().insert(
        header::VARY,
        header::HeaderValue::from_static("accept, accept-language"),
    );
    answer
}
