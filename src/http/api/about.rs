//! What anyone may know: our public keys, the document, the list of problems, and how we are.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get};
use maud::{DOCTYPE, html};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::crypto::jwk::JwkSet;
use crate::event::hub::Hub;
use crate::http::api::answer::Refusals;
use crate::http::document;
use crate::http::problem::{Language, Problem, kinds};

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
pub(crate) async fn problems(request: HttpRequest) -> HttpResponse {
    let accepts = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let language = Language::asked(request.headers().get(header::ACCEPT_LANGUAGE));
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::VARY, "accept, accept-language"));
    answer.insert_header((header::CACHE_CONTROL, "public, max-age=300"));
    if accepts("accept").is_some_and(|accept| accept.contains("text/html")) {
        answer.insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ));
        return answer
            .content_type(header::ContentType::html())
            .body(page(language));
    }
    let view = |kind: &&kinds::Kind| KindView {
        code: kind.code,
        status: kind.status,
        title_zh: kind.zh,
        title_en: kind.en,
    };
    let all: Vec<KindView> = kinds::ALL.iter().map(view).collect();
    answer.json(all)
}

fn page(language: Language) -> String {
    let heading = match language {
        Language::Zh => "通码 API 的错误代码",
        Language::En => "Problems of the tongma API",
    };
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (heading) }
            }
            body {
                h1 { (heading) }
                dl {
                    @for kind in kinds::ALL {
                        dt id=(kind.code) { code { (kind.code) } " " (kind.status) }
                        dd { (kind.title(language)) }
                    }
                }
            }
        }
    }
    .into_string()
}

/// Whether the process answers.
#[utoipa::path(tag = "about", operation_id = "healthz",
    responses((status = 200, body = Health), Refusals), security(()))]
#[get("/healthz")]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether requests should come here: the database answers, and the server is not being stopped.
#[utoipa::path(tag = "about", operation_id = "readyz",
    responses((status = 200, body = Health), Refusals), security(()))]
#[get("/readyz")]
pub(crate) async fn readyz(app: Data<App>, hub: Data<Hub>) -> Result<Json<Health>, Problem> {
    if hub.is_stopping() {
        return Err(Problem::draining());
    }
    let tx = app.db.read().await?;
    tx.commit().await?;
    Ok(Json(Health { status: "ok" }))
}
