//! The institutions' side of the outbound contract, as a story wants it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App as HttpApp, HttpResponse, HttpServer, web};
use serde_json::json;

use tongma::payment::ResultClaims;

/// Longer than anybody waits for an answer.
const SILENCE: Duration = Duration::from_mins(1);

/// Opens what it is asked to open, and says of an order what the story told it to say.
pub(crate) struct Payee {
    pub(crate) url: String,
    answers: Arc<Mutex<Answers>>,
    server: actix_web::dev::ServerHandle,
}

#[derive(Default)]
struct Answers {
    /// Signed statements by order number, for queries and closes.
    results: HashMap<String, String>,
    /// The same, for institutions that know an order only once it was opened.
    once_opened: Vec<(String, String)>,
    /// Statuses instead of opening, first come first served.
    openings: Vec<u16>,
    /// The status of every answer about an order, while there is a fault.
    fault: Option<u16>,
    /// How many openings more are taken in and not answered.
    silent: usize,
    /// What the payer is handed; a code's text unless told.
    handover: Option<serde_json::Value>,
    /// How long the next opening takes.
    thinks: Option<Duration>,
    is_thinking: bool,
    /// What was asked: method, path.
    calls: Vec<(String, String)>,
    /// Under which trace each call came.
    traces: Vec<String>,
}

impl Payee {
    pub(super) fn listen() -> Self {
        let answers = Arc::new(Mutex::new(Answers::default()));
        let data = web::Data::from(Arc::clone(&answers));
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = HttpServer::new(move || {
            HttpApp::new()
                .app_data(data.clone())
                .default_service(web::to(payee_answers))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        // The server lives on a thread of its own: stories run on tokio's threads, not actix's.
        std::thread::spawn(move || actix_web::rt::System::new().block_on(server));
        Self {
            url,
            answers,
            server: handle,
        }
    }

    /// From now on the institution says this of the order.
    pub(crate) fn will_say(&self, claims: &ResultClaims, jws: String) {
        self.answers
            .lock()
            .unwrap()
            .results
            .insert(claims.order_number.clone(), jws);
    }

    /// The same, but not before an order has been opened.
    pub(crate) fn will_say_once_opened(&self, claims: &ResultClaims, jws: String) {
        let mut answers = self.answers.lock().unwrap();
        answers.once_opened.push((claims.order_number.clone(), jws));
    }

    /// The next opening is answered with this status and nothing else.
    pub(crate) fn will_not_open(&self, status: u16) {
        self.answers.lock().unwrap().openings.push(status);
    }

    /// From now on whoever asks about an order gets this status and nothing else, or is answered again.
    pub(crate) fn has_a_fault(&self, status: Option<u16>) {
        self.answers.lock().unwrap().fault = status;
    }

    /// The next openings, so many, are taken in, and nobody hears of it.
    pub(crate) fn will_keep_silent(&self, openings: usize) {
        self.answers.lock().unwrap().silent = openings;
    }

    /// From now on, this is what orders are opened with.
    pub(crate) fn will_hand_over(&self, handover: serde_json::Value) {
        self.answers.lock().unwrap().handover = Some(handover);
    }

    /// The next opening takes so long.
    pub(crate) fn will_think(&self, long: Duration) {
        self.answers.lock().unwrap().thinks = Some(long);
    }

    /// Whether it has been asked and thinks.
    pub(crate) fn is_thinking(&self) -> bool {
        self.answers.lock().unwrap().is_thinking
    }

    /// `traceparent` of every call so far.
    pub(crate) fn traces(&self) -> Vec<String> {
        self.answers.lock().unwrap().traces.clone()
    }

    /// What the institutions were asked so far.
    pub(crate) fn calls(&self) -> Vec<(String, String)> {
        self.answers.lock().unwrap().calls.clone()
    }
}

impl Drop for Payee {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

/// Notes a call; whether it is one that gets no answer.
fn is_silent(answers: &mut Answers, method: &str, path: &str) -> bool {
    answers.calls.push((method.to_owned(), path.to_owned()));
    let is_silent = path == "/orders" && answers.silent > 0;
    if is_silent {
        answers.silent -= 1;
    }
    is_silent
}

async fn payee_answers(
    request: actix_web::HttpRequest,
    answers: web::Data<Mutex<Answers>>,
) -> HttpResponse {
    let path = request.path().to_owned();
    if is_silent(
        &mut answers.lock().unwrap(),
        request.method().as_str(),
        &path,
    ) {
        tokio::time::sleep(SILENCE).await;
    }
    let long = if path == "/orders" {
        answers.lock().unwrap().thinks.take()
    } else {
        None
    };
    if let Some(long) = long {
        answers.lock().unwrap().is_thinking = true;
        actix_web::rt::time::sleep(long).await;
        answers.lock().unwrap().is_thinking = false;
    }
    let mut answers = answers.lock().unwrap();
    let named = request.headers().get_all("traceparent");
    let names: Vec<&str> = named.map(|name| name.to_str().unwrap()).collect();
    answers.traces.push(names.join(", "));
    if path == "/orders" {
        if let Some(status) = answers.openings.pop() {
            let status = actix_web::http::StatusCode::from_u16(status).unwrap();
            return HttpResponse::build(status).json(json!({"code": "told-so"}));
        }
        let known = std::mem::take(&mut answers.once_opened);
        answers.results.extend(known);
        let text = "weixin://wxpay/bizpayurl?pr=story01";
        let usual = json!({"kind": "payee_code_text", "text": text});
        let handover = answers.handover.clone().unwrap_or(usual);
        return HttpResponse::Ok().json(json!({"handover": handover}));
    }
    if let Some(status) = answers.fault {
        let status = actix_web::http::StatusCode::from_u16(status).unwrap();
        return HttpResponse::build(status).json(json!({"code": "a-fault"}));
    }
    let number = path.split('/').nth(2).unwrap_or_default();
    match answers.results.get(number) {
        Some(jws) => HttpResponse::Ok()
            .content_type("application/jose")
            .body(jws.clone()),
        None => HttpResponse::Ok().json(json!({"status": "unknown"})),
    }
}
