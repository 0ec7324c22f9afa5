//! The pages: for payers, for the counter, and the simulated phone.

mod answer;
mod assets;
mod code;
mod code_view;
pub(crate) mod cookie;
mod counter;
mod counter_view;
pub(crate) mod feed;
mod lang;
mod layout;
mod pay;
mod pay_view;
mod phone;
mod phone_view;
mod picture;
pub(crate) mod same_site;
mod show;
mod tag;
mod token;
mod verdict;
mod words;

use actix_web::http::header::ACCEPT;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use self::words::Refusal;
use crate::app::App;
use crate::http::problem::Problem;
use crate::qr::read::PICTURE_BYTES_MAX;

/// A refusal as a page, for those who wanted one; programs hear the problem itself.
pub(crate) fn refusal(req: &HttpRequest, app: &App, problem: &Problem) -> Option<HttpResponse> {
    let accept = req.headers().get(ACCEPT)?.to_str().ok()?;
    let first = req.path().split('/').nth(1)?;
    let is_page = matches!(first, "Q" | "pay" | "counter" | "phone");
    let refusal = Refusal::of(problem.kind());
    (is_page && accept.contains("text/html"))
        .then(|| show::refused(req, app, refusal, None, Vec::new()))
}

/// The routes of all pages.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/static/{version}/{name}", web::get().to(assets::read))
        .route("/Q/{run}", web::get().to(code::show))
        .route("/Q/{run}/start", web::post().to(code::begin))
        .route("/pay/{attempt}", web::get().to(pay::show))
        .route("/pay/{attempt}/state", web::get().to(pay::poll))
        .route("/bridge/pay", web::post().to(pay::bridge))
        .service(
            web::scope("/counter")
                .route("", web::get().to(counter::show))
                .route("/pair", web::post().to(counter::enter))
                .route("/leave", web::post().to(counter::leave))
                .route("/session", web::get().to(counter::session))
                .route("/feed", web::get().to(feed::of_counter))
                .route("/verify", web::post().to(counter::verify)),
        )
        .service(
            web::scope("/phone")
                .app_data(web::PayloadConfig::new(PICTURE_BYTES_MAX))
                .route("", web::get().to(phone::show))
                .route("/scan", web::post().to(phone::scan))
                .route("/pay", web::post().to(phone::pay))
                .route("/attempt", web::post().to(phone::attempt))
                .route("/decode", web::post().to(phone::decode)),
        );
}
