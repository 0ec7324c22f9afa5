//! `/metrics`: what is counted, told to those who may know.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use crate::app::App;
use crate::clock::Timestamp;
use crate::db::{DbError, gauges};
use crate::http::api::answer::{Refusals, reading};
use crate::http::auth::bearer;
use crate::http::problem::{Problem, kinds};
use crate::telemetry::metrics::{Exposition, Measured};
use crate::word::Mode;

/// What somebody in front of us adds, so that the address that we see is not the reader's.
const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "via"];

/// What is counted, for Prometheus, in its text format or as `OpenMetrics`. It tells what a shop sells:
/// told to whoever has the operator's token, and in test mode to the machine itself.
#[utoipa::path(tag = "about", operation_id = "metrics",
    responses((status = 200, content_type = "text/plain", body = String), Refusals),
    security(("metrics_token" = []), ()))]
#[get("/metrics")]
pub(crate) async fn read(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    may_read(&app, &request)?;
    Ok(told(app, request).await)
}

/// The same, to anyone.
pub(crate) async fn told(app: Data<App>, request: HttpRequest) -> HttpResponse {
    let found = reading(&app, async |tx| {
        let (here, there) = (app.clock.now(), tx.now());
        let outbox = gauges::outbox(tx).await?;
        let attempts = gauges::open_attempts(tx).await?;
        Ok::<_, DbError>(Measured {
            outbox_depth: outbox.count,
            outbox_oldest: outbox.oldest,
            open_attempts: attempts.count,
            oldest_attempt: attempts.oldest,
            nonces: gauges::nonces(tx).await?,
            clock_offset_ms: offset_ms(here, there),
        })
    });
    // A database that is away is told, not answered with: the rest is needed all the more.
    let found = found.await.ok();
    app.metrics.measured(found, &app.db.connections());
    let accept = request.headers().get(header::ACCEPT);
    let exposition = Exposition::asked(accept.and_then(|value| value.to_str().ok()).unwrap_or(""));
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_TYPE, exposition.media_type()))
        .insert_header((header::VARY, "accept"))
        .body(app.metrics.told(exposition))
}

/// The transaction's time is taken on its way here, so a few milliseconds are no offset.
fn offset_ms(here: Timestamp, there: Timestamp) -> i64 {
    here.millis().saturating_sub(there.millis())
}

fn may_read(app: &App, request: &HttpRequest) -> Result<(), Problem> {
    let token = bearer(request)?;
    if token.is_some_and(|token| app.scrape.lets_in(token)) {
        return Ok(());
    }
    let is_here = request
        .peer_addr()
        .is_some_and(|peer| peer.ip().is_loopback());
    let is_forwarded = FORWARDED
        .iter()
        .any(|name| request.headers().contains_key(*name));
    if app.mode == Mode::Test && is_here && !is_forwarded {
        return Ok(());
    }
    // Where nobody can be let in there is nothing.
    if app.scrape.has_token() {
        Err(Problem::metrics_token())
    } else {
        Err(Problem::new(&kinds::NOT_FOUND))
    }
}
