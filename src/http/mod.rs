//! What others reach over HTTP: the API, the pages, and one form for every refusal.
//!
//! [`configure`] is all there is of it for whoever serves: a scope around every route with the
//! frame (names of requests, limits, problems), the API's routes and the pages'.

mod admit;
mod api;
mod auth;
mod discreet;
mod document;
mod extract;
mod frame;
mod json;
mod listen;
pub mod page;
pub(crate) mod problem;
mod source;
mod traffic;
mod watch;

use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::app::App;
use crate::event::hub::Hub;
use crate::http::problem::{Problem, kinds};

pub use api::bodies;
pub use document::openapi;
pub use listen::{Listening, Patience, listen};

/// The examples of the documentation: name and text of each.
pub fn examples() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = page::docs::examples::ALL.iter();
    all.map(|example| (example.file, example.text))
}

/// Everything that is served.
pub fn configure(app: Data<App>, hub: Data<Hub>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        let routes = web::scope("")
            .wrap(from_fn(frame::frame))
            .app_data(app.clone())
            .app_data(hub)
            .configure(|config| {
                api::routes(&mut utoipa_actix_web::service_config::ServiceConfig::new(
                    config,
                ));
            })
            .configure(page::configure)
            .default_service(web::to(nothing_here));
        config.app_data(app).service(routes);
    }
}

/// Only the numbers, for an address of their own where nobody is asked who reads.
pub fn configure_metrics(app: Data<App>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(app)
            .route("/metrics", web::get().to(api::metrics::told));
    }
}

/// No such path, or not by this method.
async fn nothing_here(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let methods = document::methods_of(request.path());
    if methods.is_empty() {
        return Err(Problem::new(&kinds::NOT_FOUND));
    }
    let allowed: Vec<&str> = methods
        .iter()
        .map(actix_web::http::Method::as_str)
        .collect();
    Err(Problem::new(&kinds::METHOD_NOT_ALLOWED).with_header(header::ALLOW, &allowed.join(", ")))
}
