//! What others reach over HTTP: the API, the pages, and one form for every refusal.
//!
//! [`configure`] is all there is of it for whoever serves: a scope around every route with the
//! frame (names of requests, limits, problems), the API's routes and the pages'.

mod api;
mod auth;
mod discreet;
mod document;
mod extract;
mod frame;
mod json;
pub mod page;
pub(crate) mod problem;

use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::app::App;
use crate::event::hub::Hub;
use crate::http::problem::{Problem, kinds};

pub use api::bodies;
pub use document::openapi;

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
