//! What is the same around every route: the request's name and trace, the limits of its head, one
//! spelling of paths, `HEAD`, the language of problems, and an answer even to a panic.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use actix_web::body::{self, BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::{Error, InternalError, UrlencodedError};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpResponse};
use data_encoding::HEXLOWER;
use tracing::Instrument;

use crate::app::App;
use crate::http::extract::broken_off;
use crate::http::listen::{self, Kept, Turn};
use crate::http::problem::{Counted, Kind, Language, Problem, kinds};
use crate::http::watch::{self, Watch};
use crate::http::{admit, discreet, page};
use crate::telemetry::trace::{self, Trace};

/// The longest header value that anything here needs is a signature of a few hundred bytes.
const HEADER_VALUE_MAX: usize = 8 * 1024;
/// The longest address is a code's page with its query.
const URI_MAX: usize = 8 * 1024;
/// What a client may call its request.
const REQUEST_ID_MAX: usize = 64;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Goes around all routes.
pub(crate) async fn frame(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        // Every route is given one where all of them are put together.
        return Err(Problem::new(&kinds::INTERNAL).into());
    };
    let trace = watch::trace_of(&request, &app);
    trace::within(trace, framed(request, next, &app, trace)).await
}

async fn framed(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    app: &Data<App>,
    trace: Trace,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let watch = Watch::begin(&request, app);
    let id = name(&request, app);
    let language = Language::asked(request.headers().get(header::ACCEPT_LANGUAGE));
    let is_secure = app.origin.is_secure();
    let method = request.method().clone();

    if let Err(problem) = check_head(&request) {
        let page = page::refusal(request.request(), app, &problem);
        let mut answer = page.unwrap_or_else(|| problem.render(language, &id));
        // Whatever else comes on such a connection is not worth reading.
        answer.head_mut().set_connection_type(ConnectionType::Close);
        let mut response = request.into_response(answer);
        finish(response.response_mut(), &id, is_secure);
        watch.end(response.response());
        return Ok(response);
    }
    // A wallet signs its method; everywhere else what answers GET answers HEAD, and the server
    // leaves the body out.
    if method == Method::HEAD && !request.path().starts_with("/wallet/") {
        request.head_mut().method = Method::GET;
    }

    let turn = listen::answering(&request);
    let counted = Counted::default();
    request.extensions_mut().insert(counted.clone());
    let began = app.clock.now();
    // Its fields are made only where somebody reads them.
    let span = tracing::info_span!(
        "request", request_id = %id, trace_id = trace.trace_id(), span_id = trace.span_id(),
        %method, path = discreet::path(request.path()),
    );
    let outcome = unpanicked(admit::in_turn(Some(app.clone()), request, next))
        .instrument(span.clone())
        .await;
    let mut result = match outcome {
        Ok(Ok(response)) => {
            let answer = explained(response, app, language, &id);
            Ok(if method == Method::HEAD {
                without_end(answer)
            } else {
                answer
            })
        }
        Ok(Err(error)) => Err(problem_of(&error).render(language, &id)),
        // What a panic says may hold anything; where it was, the hook has logged.
        Err(_) => {
            span.in_scope(|| tracing::error!("a request panicked"));
            Err(Problem::new(&kinds::INTERNAL).render(language, &id))
        }
    };
    let response = match &mut result {
        Ok(response) => response.response_mut(),
        Err(response) => response,
    };
    finish(response, &id, is_secure);
    counted.tell(response.headers_mut());
    watch.end(response);
    keep(response, turn);
    let elapsed_ms = app.clock.now().since(began).as_millis();
    let status = response.status().as_u16();
    span.in_scope(|| tracing::info!(status, elapsed_ms, "answered {status}"));
    result.map_err(|response| InternalError::from_response("refused", response).into())
}

/// The client's name for the request if it can be one and is no secret, else ours.
fn name(request: &ServiceRequest, app: &App) -> String {
    let theirs = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|text| {
            let fits =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            (1..=REQUEST_ID_MAX).contains(&text.len())
                && text.bytes().all(fits)
                && !discreet::looks_secret(text)
        });
    theirs.map_or_else(
        || format!("req_{}", HEXLOWER.encode(&app.entropy.bytes::<12>())),
        str::to_owned,
    )
}

/// One spelling: no path of ours has an escape, a doubled slash, a dot segment or a parameter, so
/// the router and the signature base see the same bytes.
fn check_head(request: &ServiceRequest) -> Result<(), Problem> {
    let uri = request.uri();
    let length = uri
        .path()
        .len()
        .saturating_add(uri.query().map_or(0, str::len));
    if length > URI_MAX {
        return Err(Problem::new(&kinds::URI_TOO_LONG));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let path = uri.path();
    let dots = path.split('/').any(|segment| matches!(segment, "." | ".."));
    if !path.bytes().all(plain) || path.contains("//") || dots {
        return Err(Problem::new(&kinds::NOT_FOUND));
    }
    // A proxy that agreed to another protocol would pass on unread what follows.
    if request.headers().contains_key(header::UPGRADE) {
        let why = "no other protocol is spoken here; leave Upgrade out";
        return Err(Problem::because(&kinds::BAD_REQUEST, why));
    }
    if let Some((name, _)) = request
        .headers()
        .iter()
        .find(|(_, value)| value.len() > HEADER_VALUE_MAX)
    {
        return Err(Problem::because(
            &kinds::HEADER_TOO_LARGE,
            format!("{name} is longer than {HEADER_VALUE_MAX} bytes"),
        ));
    }
    Ok(())
}

/// Runs to its end, or to its panic.
async fn unpanicked<T>(work: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut work = pin!(work);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}

/// The answer, a refusal in the client's language: as a page for a browser that opens one.
fn explained(
    response: ServiceResponse<BoxBody>,
    app: &App,
    language: Language,
    id: &str,
) -> ServiceResponse<BoxBody> {
    let answer = match response.response().error() {
        Some(error) => {
            let problem = problem_of(error);
            let page = page::refusal(response.request(), app, &problem);
            page.unwrap_or_else(|| problem.render(language, id))
        }
        None => return response,
    };
    response.into_response(answer)
}

/// The head alone of a stream: nobody reads what follows it, and a feed would be written for ever.
fn without_end(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    match response.response().body().size() {
        BodySize::Stream => response.map_body(|_, _| BoxBody::new(body::None::new())),
        BodySize::None | BodySize::Sized(_) => response,
    }
}

/// What an error of the framework is here; ours are problems already.
fn problem_of(error: &Error) -> Problem {
    match error.as_error::<Problem>() {
        Some(problem) => problem.again(),
        None => Problem::new(kind_of(error)),
    }
}

/// Which problem an error of the framework is.
pub(crate) fn kind_of(error: &Error) -> &'static Kind {
    if let Some(UrlencodedError::Payload(why)) = error.as_error() {
        return broken_off(why).kind();
    }
    let status = error.as_response_error().status_code();
    match status {
        StatusCode::NOT_FOUND => &kinds::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => &kinds::METHOD_NOT_ALLOWED,
        StatusCode::REQUEST_TIMEOUT => &kinds::REQUEST_TIMEOUT,
        StatusCode::PAYLOAD_TOO_LARGE => &kinds::BODY_TOO_LARGE,
        StatusCode::URI_TOO_LONG => &kinds::URI_TOO_LONG,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => &kinds::MEDIA_TYPE,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => &kinds::HEADER_TOO_LARGE,
        other if other.is_client_error() => &kinds::BAD_REQUEST,
        _ => {
            tracing::error!(%error, "a request failed below the routes");
            &kinds::INTERNAL
        }
    }
}

/// Lets the connection's turn last until the answer is gone.
fn keep(response: &mut HttpResponse<BoxBody>, turn: Option<Turn>) {
    let empty = HttpResponse::new(response.status());
    let whole = std::mem::replace(response, empty);
    *response = whole.map_body(|_, body| Kept::around(body, turn));
}

/// What every answer says.
fn finish(response: &mut HttpResponse<BoxBody>, id: &str, is_secure: bool) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if is_secure {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App as Routes, web};

    use super::*;
    use crate::cli::setup;
    use crate::clock::Clock;
    use crate::config::{Config, LogFormat, LogLevel, Sources};
    use crate::telemetry::logged;
    use crate::telemetry::metrics::Exposition;

    const CANARY: &str = "tm_test_canary7x";

    /// T131: what a panic or a failure says may hold anything.
    #[test]
    fn a_panic_is_answered_and_its_words_are_kept_from_everybody() {
        let home = tempfile::tempdir().unwrap();
        let mut told = Vec::new();
        let log = logged(LogFormat::Json, LogLevel::Trace, || {
            actix_web::rt::System::new().block_on(async {
                let app = Data::new(app(home.path()).await);
                let metrics = app.metrics.clone();
                let routes = Routes::new().app_data(app).wrap(from_fn(frame)).route(
                    "/boom",
                    web::get().to(async || -> HttpResponse { panic!("{CANARY}") }),
                );
                let service = init_service(routes).await;
                let request = TestRequest::get().uri("/boom").to_request();
                let answer = try_call_service(&service, request).await;
                let answer = answer.map_or_else(|error| error.error_response(), Into::into);
                assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
                let body = actix_web::body::to_bytes(answer.into_body()).await;
                told.push(String::from_utf8(body.unwrap().to_vec()).unwrap());
                told.push(metrics.told(Exposition::Prometheus));
            });
        });
        told.push(log);
        let all = told.concat();
        assert!(all.contains("a request panicked"), "{all}");
        assert!(all.contains("\"code\":\"internal\""), "{all}");
        assert!(
            all.contains("tongma_problems_total{code=\"internal\"} 1"),
            "{all}"
        );
        assert!(!all.contains(CANARY), "{all}");
    }

    async fn app(home: &std::path::Path) -> App {
        let flags = vec![("data_dir".to_owned(), home.display().to_string())];
        let sources = Sources {
            flags,
            ..Sources::default()
        };
        let (config, _) = Config::load(&sources).unwrap();
        let origin = setup::origin(&config).unwrap();
        let set_up = setup::app(&config, origin, Clock::System).await;
        set_up.unwrap().app
    }
}
