//! Who goes on to the routes, and who is told to come back: counted by source, seated at the
//! database, and with a bounded time for the body.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{Error, PayloadError};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage as _, HttpRequest};
use futures_util::{Stream, StreamExt as _, stream};

use crate::app::{App, Rate, Seat};
use crate::http::problem::{Problem, kinds, may_call};
use crate::http::traffic::Traffic;
use crate::http::{page, source};

/// Calls the routes when it is this request's turn.
pub(crate) async fn in_turn(
    app: Option<Data<App>>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = app else {
        let response = next.call(request).await?;
        return Ok(response.map_into_boxed_body());
    };
    let traffic = Traffic::of(request.method(), request.path());
    let seat = match seated(&app, &request, traffic).await {
        Ok(seat) => seat,
        Err(problem) => {
            return match page::refusal(request.request(), &app, &problem) {
                Some(answer) => Ok(request.into_response(answer)),
                None => Err(problem.into()),
            };
        }
    };
    bound_body(&mut request, app.limits.body_within);
    let response = match seat {
        Some(seat) => seat.during(next.call(request)).await?,
        None => next.call(request).await?,
    };
    if response.status().as_u16() == kinds::API_KEY_INVALID.status && !traffic.by_source {
        let request = response.request();
        may_call(&app, request, Rate::Refusals, &from(&app, request))?;
    }
    Ok(response.map_into_boxed_body())
}

async fn seated(
    app: &App,
    request: &ServiceRequest,
    traffic: Traffic,
) -> Result<Option<Seat>, Problem> {
    if traffic.by_source {
        let request = request.request();
        may_call(app, request, Rate::Source, &from(app, request))?;
    }
    let Some(lane) = traffic.lane else {
        return Ok(None);
    };
    let seat = app.gate.enter(lane).await;
    seat.map(Some).map_err(|_| Problem::overloaded())
}

/// Where a request comes from; looked for only where it counts.
fn from(app: &App, request: &HttpRequest) -> String {
    let peer = request.peer_addr().map(|peer| peer.ip());
    source::of(peer, request.headers(), &app.proxies)
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

/// A body that takes longer breaks off, whoever reads it.
fn bound_body(request: &mut ServiceRequest, within: Duration) {
    let payload = request.take_payload();
    let bounded = match payload {
        Payload::None => Payload::None,
        Payload::H1 { .. } | Payload::Stream { .. } => {
            let stream: Chunks = Box::pin(bounded(payload, within));
            Payload::Stream { payload: stream }
        }
    };
    request.set_payload(bounded);
}

fn bounded(payload: Payload, within: Duration) -> impl Stream<Item = Result<Bytes, PayloadError>> {
    let over = Box::pin(tokio::time::sleep(within));
    stream::unfold((payload, over), |(mut payload, mut over)| async move {
        tokio::select! {
            biased;
            chunk = payload.next() => chunk.map(|chunk| (chunk, (payload, over))),
            () = &mut over => {
                let late = PayloadError::Io(io::ErrorKind::TimedOut.into());
                Some((Err(late), (Payload::None, over)))
            }
        }
    })
}
