//! Answers that several resources give alike.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use serde::Deserialize;
use utoipa::IntoResponses;
use utoipa::openapi::{Ref, RefOr, Response};

use crate::app::App;
use crate::db::{DbError, Tx};
use crate::flow::idempotent::Once;
use crate::http::problem::Problem;

/// Every route may refuse: said once in the document and pointed at.
pub(crate) enum Refusals {}

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let problem = RefOr::Ref(Ref::from_response_name("Problem"));
        BTreeMap::from([("default".to_owned(), problem)])
    }
}

/// Reads in one transaction.
pub(crate) async fn reading<T>(
    app: &App,
    read: impl AsyncFnOnce(&mut Tx) -> Result<T, DbError>,
) -> Result<T, Problem> {
    let mut tx = app.db.read().await?;
    let found = read(&mut tx).await?;
    tx.commit().await?;
    Ok(found)
}

/// What was done under an Idempotency-Key, now or before; `place` is where such things are found.
pub(crate) fn once(once: Once, place: &str) -> HttpResponse {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    let status = StatusCode::from_u16(once.status).unwrap_or(StatusCode::OK);
    let mut answer = HttpResponse::build(status);
    answer.content_type(header::ContentType::json());
    if let Ok(Named { id }) = serde_json::from_str(&once.body) {
        answer.insert_header((header::LOCATION, format!("{place}/{id}")));
    }
    if once.replayed {
        answer.insert_header(("idempotent-replayed", "true"));
    }
    answer.body(once.body)
}
