//! `/v1/feed`: what happens, as it happens.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::event::hub::Hub;
use crate::http::api::answer::Refusals;
use crate::http::auth::{Caller, ReadFeed, bearer};
use crate::http::page::feed::{self, Reader};
use crate::http::problem::Problem;
use crate::payment::event::EventKind;

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what the stream reads itself")]
pub(crate) struct FeedQuery {
    /// The `id` of the last event seen; from now on where nothing is said.
    after: Option<i64>,
}

/// One event of the stream.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeedEvent {
    /// The place in the merchant's sequence.
    #[schema(pattern = "^[1-9][0-9]*$", example = "42")]
    id: String,
    event: EventKind,
    /// `EventData` as JSON.
    data: String,
}

/// The merchant's events as server-sent events: `id` is the place in the merchant's sequence. A
/// reader that comes back with `Last-Event-ID` misses nothing and gets nothing twice. One that opens
/// more than its share ends its oldest stream.
#[utoipa::path(tag = "events", operation_id = "followEvents",
    params(FeedQuery, ("Last-Event-ID" = Option<i64>, Header, description = "goes before `after`")),
    responses((status = 200, content_type = "text/event-stream", body = FeedEvent), Refusals),
    security(("api_key" = ["feed:read"])))]
#[get("/v1/feed")]
pub(crate) async fn follow(
    app: Data<App>,
    hub: Data<Hub>,
    caller: Caller<ReadFeed>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let after = feed::position(&request)?;
    let token = bearer(&request)?.unwrap_or_default().to_owned();
    let reader = Reader::Program { token };
    let principal = &caller.principal;
    let place = feed::place_for(&request, &app, principal.key.as_str())?;
    Ok(feed::open(&app, &hub, &principal.merchant, after, reader, place).await?)
}
