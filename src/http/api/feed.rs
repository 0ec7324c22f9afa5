//! `/v1/feed`: what happens, as it happens. The form to come back to is `/v1/events`.

use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use utoipa::IntoParams;

use crate::app::App;
use crate::event::hub::Hub;
use crate::http::api::answer::Refusals;
use crate::http::auth::{Caller, ReadFeed};
use crate::http::page::feed::{self, Reader};
use crate::http::problem::Problem;

/// From where on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "read by hand, because Last-Event-ID comes first")]
struct FeedQuery {
    /// The `id` of the last event seen; 0 is the beginning, absent is now. `Last-Event-ID` wins.
    after: Option<i64>,
}

/// Server-sent events: `id` is the place in the merchant's sequence, `event` the type, `data` the
/// same JSON as in `/v1/events`. Comments keep the connection alive; it ends within five seconds
/// when the key is revoked.
#[utoipa::path(tag = "events", operation_id = "followEvents", params(FeedQuery),
    responses((status = 200, description = "a stream without end",
        body = String, content_type = "text/event-stream"), Refusals),
    security(("api_key" = ["feed:read"])))]
#[get("/v1/feed")]
pub(crate) async fn live(
    request: HttpRequest,
    app: Data<App>,
    hub: Data<Hub>,
    caller: Caller<ReadFeed>,
) -> Result<HttpResponse, Problem> {
    let after = feed::position(&request)?;
    // The caller was let in by this header; the stream asks again with the same.
    let header = request.headers().get(AUTHORIZATION);
    let text = header.and_then(|value| value.to_str().ok());
    let token = text.and_then(|text| text.split_once(' '));
    let reader = Reader::Program {
        token: token.map_or_else(String::new, |(_, token)| token.trim().to_owned()),
    };
    let merchant = &caller.principal.merchant;
    Ok(feed::open(&app, &hub, merchant, after, reader).await?)
}
