//! The pages: for payers, for the counter, and the simulated phone.

mod answer;
mod assets;
mod call;
mod code;
mod code_view;
pub(crate) mod cookie;
mod counter;
mod counter_print;
mod counter_view;
pub(crate) mod docs;
pub(crate) mod feed;
mod home;
mod lang;
mod layout;
mod pay;
mod pay_view;
mod phone;
mod phone_view;
mod picture;
mod plate;
pub(crate) mod same_site;
mod show;
mod sign;
mod speech;
mod tag;
mod takings;
mod token;
mod verdict;
mod words;

use std::future::ready;

use actix_web::http::header::{self, ACCEPT};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder};

use self::words::Refusal;
use crate::app::App;
use crate::http::problem::{Problem, Refused, kinds};

/// A refusal as a page, for a browser that wanted one; programs hear the problem itself.
pub(crate) fn refusal(req: &HttpRequest, app: &App, problem: &Problem) -> Option<HttpResponse> {
    let accept = req.headers().get(ACCEPT)?.to_str().ok()?;
    let first = req.path().split('/').nth(1)?;
    let is_page = !matches!(first, "v1" | "wallet" | ".well-known" | "static");
    if !is_page || !accept.contains("text/html") {
        return None;
    }
    let refusal = Refusal::of(problem.kind());
    let mut page = show::refused(req, app, refusal, None, Vec::new());
    for (name, value) in problem.headers() {
        page.headers_mut().insert(name.clone(), value.clone());
    }
    page.extensions_mut().insert(Refused(problem.kind().code));
    Some(page)
}

/// The routes of all pages.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(shown("/", home::show))
        .service(shown("/static/{version}/{name}", assets::read))
        .service(shown("/Q/{run}", code::show))
        // A tab that was restored asks for the address of the form that it had sent.
        .service(otherwise(
            web::resource("/Q/{run}/start")
                .get(code::back)
                .post(code::begin),
            "GET, HEAD, POST",
        ))
        .service(shown("/pay/{attempt}", pay::show))
        .service(shown("/pay/{attempt}/state", pay::poll))
        .service(sent("/bridge/pay", pay::bridge))
        .service(shown("/docs", docs::index))
        .service(shown("/docs/{operation}", docs::operation))
        .service(shown("/docs/examples/{file}", docs::example))
        .service(shown("/counter", counter::show))
        .service(sent("/counter/pair", counter::enter))
        .service(sent("/counter/leave", counter::leave))
        .service(shown("/counter/session", counter::session))
        .service(shown("/counter/feed", feed::of_counter))
        .service(sent("/counter/verify", counter::verify))
        .service(shown("/plates/bind", plate::start))
        .service(sent("/plates/find", plate::find))
        .service(shown("/plates/{short_id}", plate::show))
        .service(shown("/plates/{short_id}/places", plate::choose))
        .service(sent("/plates/{short_id}/bind", plate::bind))
        .service(sent("/plates/{short_id}/move", plate::relocate))
        .service(sent("/plates/{short_id}/unbind", plate::unbind))
        .service(sent("/counter/sign", sign::check))
        .service(shown("/counter/print", counter_print::show))
        .service(shown("/counter/print/{id}", counter_print::sign))
        .service(shown("/phone", phone::show))
        .service(sent("/phone/scan", phone::scan))
        .service(sent("/phone/pay", phone::pay))
        .service(sent("/phone/attempt", phone::attempt))
        .service(sent("/phone/decode", phone::decode));
}

/// A page, or what one asks for; the frame makes a `GET` of a `HEAD`.
fn shown<F, A>(path: &'static str, handler: F) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
{
    otherwise(web::resource(path).get(handler), "GET, HEAD")
}

/// What a page of ours sends.
fn sent<F, A>(path: &'static str, handler: F) -> Resource
where
    F: Handler<A, Output: Responder + 'static>,
    A: FromRequest + 'static,
{
    otherwise(web::resource(path).post(handler), "POST")
}

/// Any other method hears which there are.
fn otherwise(resource: Resource, allowed: &'static str) -> Resource {
    resource.default_service(web::to(move || {
        let refused = Problem::new(&kinds::METHOD_NOT_ALLOWED);
        let refused = refused.with_header(header::ALLOW, allowed);
        ready(Err::<HttpResponse, Problem>(refused))
    }))
}
