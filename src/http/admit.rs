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
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use tokio::time::Sleep;

use crate::app::{App, Full, Rate, Seat, before_work};
use crate::http::extract::JSON_MAX;
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

/// A body that takes longer breaks off, whoever reads it; and whoever lets us wait for it holds no
/// seat meanwhile, or some dozens of connections that send nothing would stop everybody.
fn bound_body(request: &mut ServiceRequest, within: Duration) {
    let payload = request.take_payload();
    let bounded = match payload {
        Payload::None => Payload::None,
        Payload::H1 { .. } | Payload::Stream { .. } => {
            let body = Arriving {
                payload,
                over: Box::pin(tokio::time::sleep(within)),
                bytes: 0,
            };
            let stream: Chunks = Box::pin(stream::unfold(body, Arriving::next));
            Payload::Stream { payload: stream }
        }
    };
    request.set_payload(bounded);
}

struct Arriving {
    payload: Payload,
    over: Pin<Box<Sleep>>,
    bytes: usize,
}

impl Arriving {
    async fn next(mut self) -> Option<(Result<Bytes, PayloadError>, Self)> {
        let arrived = {
            let mut next = Box::pin(chunk(&mut self.payload, &mut self.over));
            match next.as_mut().now_or_never() {
                Some(arrived) => Ok(arrived),
                // Pictures: so much is kept for no more senders than there are seats.
                None if self.bytes > JSON_MAX => Ok(next.await),
                None => before_work(next).await,
            }
        };
        let chunk = match arrived {
            Ok(chunk) => chunk?,
            Err(Full) => Err(PayloadError::Io(io::ErrorKind::ResourceBusy.into())),
        };
        match &chunk {
            Ok(chunk) => self.bytes = self.bytes.saturating_add(chunk.len()),
            Err(_) => self.payload = Payload::None,
        }
        Some((chunk, self))
    }
}

async fn chunk(
    payload: &mut Payload,
    over: &mut Pin<Box<Sleep>>,
) -> Option<Result<Bytes, PayloadError>> {
    tokio::select! {
        biased;
        chunk = payload.next() => chunk,
        () = over => Some(Err(PayloadError::Io(io::ErrorKind::TimedOut.into()))),
    }
}
