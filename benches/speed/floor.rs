//! Servers on loopback with one worker each: tongma's own routes, and beside them what no resolve
//! can do without. The floor verifies the same signed request with a key that it holds in memory
//! and signs a constant statement; below it, a handler reads the same body and answers a constant.

use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::{Bytes, Data, Json, ServiceConfig};
use actix_web::{App as Routes, HttpRequest, HttpResponse, HttpServer, post};
use serde::Deserialize;

use tongma::app::{App, RateLimits, Rates};
use tongma::clock::Clock;
use tongma::crypto::http_signature::{RequestParts, SignatureHeaders, parse};
use tongma::crypto::jws;
use tongma::crypto::keys::{SigningKey, VerifyingKey};
use tongma::event::hub::Hub;
use tongma::http::{self, Listening};

/// A server that ends with its holder.
pub(crate) struct Served {
    pub(crate) authority: String,
    handle: ServerHandle,
}

/// What the floor holds in memory.
pub(crate) struct Floor {
    pub(crate) verifies: VerifyingKey,
    pub(crate) signs: SigningKey,
    /// A resolution as tongma gives it, claims only.
    pub(crate) claims: serde_json::Value,
}

pub(crate) fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    (listener, authority)
}

/// More calls a minute than a measurement makes. They are counted as ever; a few seconds of these
/// clients would use up what an institution has by default.
pub(crate) const CALLS: u32 = 1_000_000;

/// tongma as `serve` serves it, its connections watched and bounded, on one worker.
pub(crate) fn tongma(listener: TcpListener, app: &App, hub: &Hub) -> Served {
    let limits = RateLimits {
        institution: CALLS,
        notices: CALLS,
        ..RateLimits::default()
    };
    let app = Data::new(App {
        rates: Rates::new(&limits, app.clock.clone()),
        ..app.clone()
    });
    let listening = Listening {
        workers: 1,
        ..Listening::default()
    };
    let authority = listener.local_addr().unwrap().to_string();
    let server = http::listen(listener, &listening, None, app, Data::new(hub.clone())).unwrap();
    run(authority, server)
}

/// What cannot be left out.
pub(crate) fn floor(listener: TcpListener, floor: Floor) -> Served {
    let floor = Data::from(Arc::new(floor));
    serve(listener, move |config| {
        config
            .app_data(floor.clone())
            .service(verify_and_sign)
            .service(constant);
    })
}

fn serve(
    listener: TcpListener,
    configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Served {
    let authority = listener.local_addr().unwrap().to_string();
    let server = HttpServer::new(move || Routes::new().configure(configure.clone()))
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
    run(authority, server)
}

fn run(authority: String, server: Server) -> Served {
    let handle = server.handle();
    std::thread::spawn(move || actix_web::rt::System::new().block_on(server));
    Served { authority, handle }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

#[post("/wallet/v1/resolve")]
async fn verify_and_sign(floor: Data<Floor>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let parsed = parse(&SignatureHeaders {
        signature_input: header("signature-input"),
        signature: header("signature"),
        content_digest: header("content-digest"),
    });
    let parts = RequestParts {
        method: request.method().as_str(),
        authority: header("host").unwrap_or_default(),
        path: request.uri().path(),
        query: request.uri().query(),
        content_type: header("content-type"),
        body: &body,
        idempotency_key: None,
    };
    let now = Clock::System.now();
    let verified = parsed.and_then(|parsed| parsed.verify(&floor.verifies, &parts, now));
    if verified.is_err() {
        return HttpResponse::Unauthorized().finish();
    }
    HttpResponse::Ok()
        .content_type("application/jose")
        .body(jws::sign(&floor.signs, jws::RESOLUTION, &floor.claims))
}

#[derive(Deserialize)]
struct Scanned {
    text: String,
}

#[post("/constant")]
async fn constant(scanned: Json<Scanned>) -> HttpResponse {
    if scanned.text.is_empty() {
        return HttpResponse::BadRequest().finish();
    }
    HttpResponse::Ok().json(CONSTANT)
}

/// As many fields as a resolution has.
const CONSTANT: [(&str, &str); 7] = [
    ("kind", "static"),
    ("merchant", "Noodles"),
    ("store", "Nanjing Road"),
    ("mcc", "5812"),
    ("city", "Shanghai"),
    ("currency", "CNY"),
    ("route", "interop"),
];
