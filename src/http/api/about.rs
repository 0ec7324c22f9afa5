//! What anyone may know: our public keys, the document, the list of problems, and how we are.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::crypto::jwk::JwkSet;
use crate::event::hub::Hub;
use crate::http::api::answer::Refusals;
use crate::http::document;
use crate::http::page::docs;
use crate::http::problem::{Kind, Problem, advice, kinds};

/// The document as it is sent; it is the same for the life of the program.
static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| document::openapi().to_json().unwrap_or_default());

/// A problem that a client can meet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindView {
    /// What programs look at.
    #[schema(example = "payment-held")]
    code: &'static str,
    /// The HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// In Chinese.
    title_zh: &'static str,
    /// In English.
    title_en: &'static str,
    /// What to do, in Chinese.
    advice_zh: &'static str,
    /// What to do, in English.
    advice_en: &'static str,
}

impl From<&'static Kind> for KindView {
    fn from(kind: &'static Kind) -> Self {
        let advice = advice::of(kind.code);
        Self {
            code: kind.code,
            status: kind.status,
            title_zh: kind.zh,
            title_en: kind.en,
            advice_zh: advice.map_or("", |advice| advice.zh),
            advice_en: advice.map_or("", |advice| advice.en),
        }
    }
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Our public keys: with them anyone can check a printed code, a resolution or a receipt.
#[utoipa::path(tag = "about", operation_id = "jwks",
    responses((status = 200, body = JwkSet), Refusals), security(()))]
#[get("/.well-known/jwks.json")]
pub(crate) async fn jwks(app: Data<App>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(app.keys.jwks())
}

/// This document.
#[utoipa::path(tag = "about", operation_id = "openapi",
    responses((status = 200, body = Object), Refusals), security(()))]
#[get("/openapi.json")]
pub(crate) async fn openapi() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .content_type(header::ContentType::json())
        .body(DOCUMENT.as_str())
}

/// Every problem that a client can meet; for people with a browser, as a page.
#[utoipa::path(tag = "about", operation_id = "problems",
    responses((status = 200, content((Vec<KindView> = "application/json"),
        (String = "text/html"))), Refusals), security(()))]
#[get("/problems")]
pub(crate) async fn problems(request: HttpRequest, app: Data<App>) -> HttpResponse {
    if wants_page(&request) {
        return docs::problem_list(&request, &app);
    }
    let all: Vec<KindView> = kinds::ALL.iter().copied().map(KindView::from).collect();
    explained(all)
}

/// One problem, where its `type` leads to: what it means and what to do. For people with a browser,
/// as a page.
#[utoipa::path(tag = "about", operation_id = "problem",
    params(("code" = String, Path, description = "as in `code`", example = "payment-held")),
    responses((status = 200, content((KindView = "application/json"), (String = "text/html"))),
        Refusals), security(()))]
#[get("/problems/{code}")]
pub(crate) async fn problem(
    request: HttpRequest,
    app: Data<App>,
    code: Path<String>,
) -> Result<HttpResponse, Problem> {
    let kind = kinds::by_code(&code).ok_or_else(|| Problem::not_found("problem"))?;
    Ok(if wants_page(&request) {
        docs::problem(&request, &app, kind)
    } else {
        explained(KindView::from(kind))
    })
}

fn wants_page(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    accept.is_some_and(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
}

fn explained(what: impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::VARY, "accept, accept-language"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(what)
}

/// Whether the process answers.
#[utoipa::path(tag = "about", operation_id = "healthz",
    responses((status = 200, body = Health), Refusals), security(()))]
#[get("/healthz")]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether requests should come here: the database answers, as was seen within the last quarter of a
/// second, and the server is not being stopped.
#[utoipa::path(tag = "about", operation_id = "readyz",
    responses((status = 200, body = Health), Refusals), security(()))]
#[get("/readyz")]
pub(crate) async fn readyz(app: Data<App>, hub: Data<Hub>) -> Result<Json<Health>, Problem> {
    if hub.is_stopping() {
        return Err(Problem::draining());
    }
    let looks = async || app.db.read().await?.commit().await;
    if app.readiness.ask(looks).await? {
        Ok(Json(Health { status: "ok" }))
    } else {
        Err(Problem::busy())
    }
}
