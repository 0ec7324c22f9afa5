//! `/orders`: what tongma asks of the institution.

use std::io;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;

use super::{Office, refused};
use crate::wallet::{Method, WireBody, WireReply, WireRequest};

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/orders", web::post().to(answer))
        .route("/orders/{number}", web::get().to(answer))
        .route("/orders/{number}/close", web::post().to(answer));
}

async fn answer(office: Data<Office>, request: HttpRequest, body: Bytes) -> HttpResponse {
    if let Err(refusal) = office.only_tongma(&request, &body).await {
        return refused(&refusal);
    }
    let is_get = request.method() == actix_web::http::Method::GET;
    let asked = WireRequest {
        method: if is_get { Method::Get } else { Method::Post },
        path: request.uri().path().to_owned(),
        body: (!body.is_empty()).then(|| WireBody {
            content_type: "application/json",
            bytes: body.to_vec(),
        }),
    };
    let (now, entropy) = (office.world.clock.now(), office.world.entropy.as_ref());
    let mut books = office.books();
    let reply = books.answer(&asked, now, entropy);
    let lost = books.faults.lost_answer;
    drop(books);
    if lost { cut_off() } else { respond(&reply) }
}

/// The answer as it goes over the wire.
pub(super) fn respond(reply: &WireReply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    HttpResponse::build(status)
        .content_type(reply.content_type.as_str())
        .body(reply.body.clone())
}

/// An answer that breaks off before it says anything.
fn cut_off() -> HttpResponse {
    let nothing =
        stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::BrokenPipe)) });
    HttpResponse::Ok()
        .content_type("application/json")
        .streaming(nothing)
}
