//! The pages: for payers, for the counter, and the simulated phone.

mod answer;
mod assets;
mod code;
mod code_view;
pub(crate) mod cookie;
mod counter;
mod counter_view;
pub(crate) mod docs;
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

use actix_web::web::{self, ServiceConfig};

use crate::qr::read::PICTURE_BYTES_MAX;

/// The routes of all pages.
pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/static/{version}/{name}", web::get().to(assets::read))
        .route("/Q/{run}", web::get().to(code::show))
        .route("/Q/{run}/start", web::post().to(code::begin))
        .route("/pay/{attempt}", web::get().to(pay::show))
        .route("/pay/{attempt}/state", web::get().to(pay::poll))
        .route("/bridge/pay", web::post().to(pay::bridge))
        .route("/docs", web::get().to(docs::index))
        .route("/docs/{operation}", web::get().to(docs::operation))
        .route("/docs/examples/{file}", web::get().to(docs::example))
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
