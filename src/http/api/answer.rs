//! Answers that several resources give alike.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::openapi::schema::{KnownFormat, Schema, SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Response};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use crate::app::{App, Seat};
use crate::crypto::digest::sha256_hex;
use crate::db::{DbError, Tx};
use crate::flow::FlowError;
use crate::flow::idempotent::Once;
use crate::http::problem::{Problem, kinds};
use crate::telemetry::trace;

/// Every route may refuse: said once in the document and pointed at. What each can answer by itself
/// is listed by [`document`](crate::http::openapi).
pub(crate) enum Refusals {}

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let problem = RefOr::Ref(Ref::from_response_name("Problem"));
        BTreeMap::from([("default".to_owned(), problem)])
    }
}

/// The bytes of a picture.
#[derive(Debug)]
pub(crate) enum Picture {}

impl PartialSchema for Picture {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .description(Some("The bytes of a picture"))
            .into()
    }
}

impl ToSchema for Picture {}

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

/// Works to the end even where the client hangs up meanwhile: what was claimed under a key is
/// finished or freed, so that the next try need not wait until the lease ends.
pub(crate) async fn to_the_end<T: 'static>(
    work: impl Future<Output = Result<T, FlowError>> + 'static,
) -> Result<T, Problem> {
    let seat = Seat::current();
    let work = async move {
        match seat {
            Some(seat) => seat.during(work).await,
            None => work.await,
        }
    };
    match actix_web::rt::spawn(trace::taken_along(work)).await {
        Ok(done) => Ok(done?),
        Err(error) => match error.try_into_panic() {
            // The frame around all routes logs it.
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Problem::new(&kinds::INTERNAL)),
        },
    }
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

/// A file under a name that follows from its bytes: sent once to whoever kept it. It may show what it
/// holds, and do nothing.
pub(crate) fn tagged(
    request: &HttpRequest,
    media_type: &str,
    kept: &'static str,
    file: Vec<u8>,
) -> HttpResponse {
    let tag = format!("\"{}\"", sha256_hex(&file));
    let named = request.headers().get_all(header::IF_NONE_MATCH);
    let mut named = named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|value| value.trim().trim_start_matches("W/"));
    let is_known = named.any(|value| value == "*" || value == tag);
    let mut answer = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer.insert_header((header::ETAG, tag));
    answer.insert_header((header::CACHE_CONTROL, kept));
    // Pages that are printed bring their style, and their pictures, along.
    answer.insert_header((
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-modals",
    ));
    if is_known {
        return answer.finish();
    }
    answer.content_type(media_type).body(file)
}
