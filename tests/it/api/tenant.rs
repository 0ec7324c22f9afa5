//! What belongs to others does not exist; who may not, may not; and secrets stay secret.

use serde_json::{Value, json};

use tongma::crypto::digest::hex;
use tongma::crypto::sealing::Purpose;
use tongma::crypto::token::SessionToken;
use tongma::db;
use tongma::flow::pair;
use tongma::id::MerchantId;
use tongma::merchant::{Merchant, Scope};

use crate::api::things::things;
use crate::support::beside::number;
use crate::support::server::{Server, bearer};
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, on_both};

/// One operation of the document.
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) is_keyed: bool,
    scopes: Vec<String>,
}

/// Everything that the document says can be done.
pub(crate) async fn operations(server: &Server) -> Vec<Operation> {
    let document = server.send(&Request::get("/openapi.json")).await.json();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let key = &operation["security"][0]["api_key"];
            let scopes = key.as_array().cloned().unwrap_or_default();
            found.push(Operation {
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                is_keyed: key.is_array(),
                scopes: scopes
                    .iter()
                    .map(|s| s.as_str().unwrap().to_owned())
                    .collect(),
            });
        }
    }
    assert!(found.len() > 35);
    found
}

impl Operation {
    /// A call of it about `id`; its body is empty, which is judged last.
    pub(crate) fn call(&self, id: &str) -> Request {
        let (before, rest) = self.path.split_once('{').unwrap_or((&self.path, "}"));
        let after = rest.split_once('}').unwrap().1.replace("{part}", "1");
        let target = if self.path.contains('{') {
            format!("{before}{id}{after}")
        } else {
            self.path.clone()
        };
        if self.method == "GET" {
            Request::get(&target)
        } else {
            Request::post_json(&target, &json!({})).with("Idempotency-Key", "k-1")
        }
    }
}

/// The body without the name of the request.
fn told(answer: &Answer) -> Value {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("request_id");
    body.as_object_mut().unwrap().remove("trace_id");
    body
}

/// A merchant with nothing at all.
async fn stranger(server: &Server) -> Merchant {
    let app = &server.shop.app;
    let mut tx = app.db.begin().await.unwrap();
    let merchant = Merchant {
        id: MerchantId::new(tx.now(), &*app.entropy),
        name: "Stranger".parse().unwrap(),
        latin_name: None,
        ..server.shop.merchant.clone()
    };
    db::merchants::insert(&mut tx, &merchant).await.unwrap();
    tx.commit().await.unwrap();
    merchant
}

async fn t082_what_belongs_to_others_does_not_exist(backend: Backend) {
    let server = Server::open(backend).await;
    let stranger = stranger(&server).await;
    let theirs = server.key(&stranger.id, Scope::ALL).await;
    let things = things(&server).await;
    let mut tried = 0;
    for operation in operations(&server).await {
        // Institutions and problems are everybody's.
        let shared = ["/v1/institutions/", "/problems/"];
        let is_shared = shared.iter().any(|place| operation.path.starts_with(place));
        if !operation.path.contains('{') || is_shared {
            continue;
        }
        let place = things
            .iter()
            .find(|(place, _)| operation.path.starts_with(**place));
        let (_, (real, random)) =
            place.unwrap_or_else(|| panic!("whose is {}? say so here", operation.path));
        let mut bodies = Vec::new();
        // Money for an order that nobody knows is kept (T032), so there a random number is told
        // from another institution's; both are 128 random bits.
        let is_confirm = operation.path.ends_with("/confirm");
        let unknown = if is_confirm { "nonsense" } else { random };
        for id in [real.as_str(), unknown, "nonsense"] {
            let call = operation.call(id);
            let call = if operation.is_keyed {
                bearer(call, &theirs)
            } else {
                server.signed("hebao", for_wallets(&server, &operation.path, call, id))
            };
            let before = server.business_digest().await;
            let answer = server.send(&call).await;
            let about = format!("{} {}: {}", call.method, call.target, answer.text());
            assert_eq!(answer.status, 404, "{about}");
            assert!(answer.code().ends_with("-not-found"), "{about}");
            assert_eq!(
                server.business_digest().await.since(&before),
                Vec::<String>::new()
            );
            bodies.push(told(&answer));
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
        tried += 1;
    }
    assert!(tried >= 17, "{tried}");
    server.is_ready().await;
}

/// What the wallet's routes want to hear before they look for anything.
fn for_wallets(server: &Server, path: &str, call: Request, id: &str) -> Request {
    let bare = call
        .clone()
        .without("Idempotency-Key")
        .without("Content-Type");
    let (kind, body) = if path.ends_with("/report") {
        let body = json!({"status": "paid", "payer_reference": "r-1"});
        ("application/json", body.to_string())
    } else if path.ends_with("/confirm") {
        let claims = crate::api::statement::claims(server, "hebao", id);
        let header = crate::api::statement::HEADER;
        let jws = crate::api::statement::statement(server, "hebao", header, &claims);
        ("application/jose", jws)
    } else {
        return bare;
    };
    Request {
        body: body.into_bytes(),
        ..bare.with("Content-Type", kind)
    }
}

async fn t083_a_cursor_is_good_for_one_list_of_one_merchant(backend: Backend) {
    let server = Server::open(backend).await;
    for _ in 0..3 {
        server.shop.sells(100).await;
        server.shop.advance(1);
    }
    let first = server
        .ask(Request::get("/v1/payments?limit=2"))
        .await
        .json();
    assert_eq!(
        (first["data"].as_array().unwrap().len(), &first["has_more"]),
        (2, &json!(true))
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let next = format!("/v1/payments?limit=2&cursor={cursor}");
    let second = server.ask(Request::get(&next)).await.json();
    assert_eq!(second["data"].as_array().unwrap().len(), 1);
    assert!(second["next_cursor"].is_null());
    assert_ne!(second["data"][0], first["data"][1]);

    let stranger = stranger(&server).await;
    let theirs = server.key(&stranger.id, Scope::ALL).await;
    let by_them = bearer(Request::get(&next), &theirs);
    server.refuses(&by_them, 400, "cursor-invalid").await;
    let mut edited = cursor.to_owned();
    let last = if edited.pop() == Some('A') { 'B' } else { 'A' };
    edited.push(last);
    for target in [
        format!("/v1/payments?cursor={edited}"),
        format!("/v1/payments?state=paid&cursor={cursor}"),
        format!("/v1/codes?cursor={cursor}"),
        "/v1/payments?cursor=pay_00000000000000000000000000".to_owned(),
    ] {
        let call = bearer(Request::get(&target), &server.token);
        server.refuses(&call, 400, "cursor-invalid").await;
    }
}

async fn t084_fields_that_are_not_the_clients_to_set(backend: Backend) {
    let server = Server::open(backend).await;
    let sticker = server.shop.sticker().await;
    for field in ["merchant_id", "status", "state", "paid", "role", "fee_rate"] {
        let payment = json!({"amount_minor": 1, "currency": "CNY", "store": server.shop.store.id});
        let code = json!({"kind": "static", "store": server.shop.store.id});
        for (path, mut body) in [("/v1/payments", payment), ("/v1/codes", code)] {
            body[field] = json!("x");
            let call = bearer(Request::post_json(path, &body), &server.token);
            let call = call.with("Idempotency-Key", "k-1");
            let answer = server.refuses(&call, 422, "field-unknown").await;
            assert_eq!(answer.json()["errors"][0]["pointer"], format!("/{field}"));
        }
        let mut begun = json!({
            "text": sticker.text, "amount_minor": 1, "currency": "CNY", "payer_reference": "r",
        });
        begun[field] = json!("x");
        let call = server.signed("jd_pay", Request::post_json("/wallet/v1/attempts", &begun));
        server.refuses(&call, 422, "field-unknown").await;
    }
}

async fn t086_a_key_may_do_what_its_scopes_say(backend: Backend) {
    let server = Server::open(backend).await;
    let none = server.key(&server.shop.merchant.id, &[]).await;
    for operation in operations(&server).await {
        if !operation.is_keyed {
            continue;
        }
        let call = operation.call("pay_00000000000000000000000000");
        let answer = server.refuses(&call, 401, "api-key-missing").await;
        assert!(
            answer
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer")
        );
        if !operation.scopes.is_empty() {
            let answer = server.refuses(&bearer(call, &none), 403, "scope").await;
            assert_eq!(answer.json()["scope"], operation.scopes[0].as_str());
        }
    }
    let live = server.token.replace("tm_test_", "tm_live_");
    let call = bearer(Request::get("/v1/payments"), &live);
    server.refuses(&call, 401, "api-key-invalid").await;
}

/// A device that was let in at the first counter, through the page.
pub(super) async fn paired(server: &Server) -> (String, Answer) {
    let counter = &server.shop.counters[0].id;
    let invite = Request::post_json(&format!("/v1/counters/{counter}/pairings"), &json!({}));
    let code = server.ask(invite).await.json()["code"]
        .as_str()
        .unwrap()
        .to_owned();
    let answer = server.send(&typed(server, &code)).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookie = answer
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    (cookie.to_owned(), answer)
}

pub(super) fn typed(server: &Server, code: &str) -> Request {
    let form = format!("code={code}");
    Request::post("/counter/pair", "application/x-www-form-urlencoded", form)
        .with("Origin", &server.shop.app.origin.to_string())
}

/// A device's question.
pub(super) fn look(server: &Server, cookie: &str) -> Request {
    Request::post_json("/v1/decode", &json!({"text": "hello"}))
        .with("Cookie", cookie)
        .with("Origin", &server.shop.app.origin.to_string())
}

async fn t088_a_session_is_new_and_ends(backend: Backend) {
    let server = Server::open(backend).await;
    let fixed = format!("tongma_counter={}", "A".repeat(43));
    server
        .refuses(&look(&server, &fixed), 401, "session-invalid")
        .await;
    let counter = &server.shop.counters[0].id;
    let app = &server.shop.app;
    let invited = pair::invite(app, &server.shop.merchant.id, counter, "test")
        .await
        .unwrap();
    let entering = typed(&server, invited.code.expose()).with("Cookie", &fixed);
    let answer = server.send(&entering).await;
    let cookie = answer
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_ne!(cookie, fixed);
    assert_eq!(server.send(&look(&server, &cookie)).await.status, 200);
    server
        .refuses(&look(&server, &fixed), 401, "session-invalid")
        .await;

    // The code was good once.
    assert!(pair::pair(app, invited.code.expose()).await.is_err());
    let late = pair::invite(app, &server.shop.merchant.id, counter, "test")
        .await
        .unwrap();
    server.shop.advance(601);
    assert!(pair::pair(app, late.code.expose()).await.is_err());

    let leave = Request::post("/counter/leave", "application/x-www-form-urlencoded", "")
        .with("Cookie", &cookie)
        .with("Origin", &app.origin.to_string());
    assert_eq!(server.send(&leave).await.status, 303);
    server
        .refuses(&look(&server, &cookie), 401, "session-invalid")
        .await;

    let (second, _) = paired(&server).await;
    server.shop.advance(30 * 86_400);
    server
        .refuses(&look(&server, &second), 401, "session-invalid")
        .await;
}

async fn t089_a_cookie_that_scripts_and_others_cannot_have(backend: Backend) {
    let server = Server::open(backend).await;
    let (cookie, answer) = paired(&server).await;
    let set = answer.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let token = cookie.split_once('=').unwrap().1;
    assert!(SessionToken::parse(token).is_ok(), "256 bits");
    assert!(!server.business_digest().await.text().contains(token));
}

async fn t089_on_https_it_is_bound_to_the_host(backend: Backend) {
    let server = Server::open_as(backend, "https://pay.example").await;
    let (_, answer) = paired(&server).await;
    let set = answer.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-tongma_counter="), "{set}");
    assert!(set.contains("Secure") && !set.contains("Domain"), "{set}");
    assert!(answer.header("strict-transport-security").is_some());
}

async fn t090_requests_of_other_sites(backend: Backend) {
    let server = Server::open(backend).await;
    let (cookie, _) = paired(&server).await;
    let own = look(&server, &cookie);
    for foreign in [
        own.clone().without("Origin"),
        own.clone().replacing("Origin", "https://evil.example"),
        own.clone().replacing("Origin", "null"),
        own.clone().with("Sec-Fetch-Site", "cross-site"),
        own.clone().with("Sec-Fetch-Site", "same-site"),
        own.clone()
            .replacing("Content-Type", "text/plain")
            .without("Origin"),
    ] {
        server.refuses(&foreign, 403, "csrf").await;
    }
    // Nor can anybody be let in as somebody else.
    let counter = &server.shop.counters[0].id;
    let app = &server.shop.app;
    let invited = pair::invite(app, &server.shop.merchant.id, counter, "test")
        .await
        .unwrap();
    let entering =
        typed(&server, invited.code.expose()).replacing("Origin", "https://evil.example");
    let before = server.business_digest().await;
    assert_eq!(server.send(&entering).await.status, 403);
    assert_eq!(
        server.business_digest().await.since(&before),
        Vec::<String>::new()
    );
}

async fn t093_a_key_anywhere_but_in_its_header(backend: Backend) {
    let server = Server::open(backend).await;
    let token = &server.token;
    let in_url = Request::get(&format!("/v1/payments?api_key={token}"));
    server.refuses(&in_url, 401, "api-key-misplaced").await;
    server
        .refuses(&bearer(in_url, token), 401, "api-key-misplaced")
        .await;
    let in_cookie = Request::get("/v1/payments").with("Cookie", &format!("key={token}"));
    server.refuses(&in_cookie, 401, "api-key-misplaced").await;
    let in_body = Request::post_json("/v1/payments", &json!({"api_key": token}));
    server.refuses(&in_body, 401, "api-key-missing").await;
    let basic = Request::get("/v1/payments").with("Authorization", &format!("Basic {token}"));
    server.refuses(&basic, 401, "api-key-missing").await;

    // Its owner is told, and not with every call.
    let told = "SELECT COUNT(*) FROM audit WHERE action = 'api-key.leaked'";
    assert_eq!(number(&server.shop.database, told).await, 1);
}

async fn t094_a_stolen_database_opens_nothing(backend: Backend) {
    let server = Server::open(backend).await;
    let (cookie, _) = paired(&server).await;
    let counter = &server.shop.counters[0].id;
    let app = &server.shop.app;
    let invited = pair::invite(app, &server.shop.merchant.id, counter, "test")
        .await
        .unwrap();
    let kept = server.business_digest().await.text().to_lowercase();
    let token = server.token.trim_start_matches("tm_test_");
    for secret in [
        token,
        server.token.get(20..).unwrap(),
        cookie.split_once('=').unwrap().1,
        invited.code.expose(),
    ] {
        assert!(!kept.contains(&secret.to_lowercase()));
    }
    // Nor can anybody sign as we do.
    let mut tx = app.db.read().await.unwrap();
    for key in db::signing_keys::all(&mut tx).await.unwrap() {
        let id = key.key_id.as_bytes();
        let seed = app.sealer.open(Purpose::SigningSeed, id, &key.sealed_seed);
        assert!(!kept.contains(&hex(&seed.unwrap())), "{}", key.key_use);
        assert!(kept.contains(&hex(&key.public_key)), "bytes are seen");
    }
    tx.commit().await.unwrap();
    assert!(
        kept.contains(&server.token.get(..12).unwrap().to_lowercase()),
        "the hint, so that the look is not at nothing"
    );
}

on_both![
    t082_what_belongs_to_others_does_not_exist,
    t083_a_cursor_is_good_for_one_list_of_one_merchant,
    t084_fields_that_are_not_the_clients_to_set,
    t086_a_key_may_do_what_its_scopes_say,
    t088_a_session_is_new_and_ends,
    t089_a_cookie_that_scripts_and_others_cannot_have,
    t089_on_https_it_is_bound_to_the_host,
    t090_requests_of_other_sites,
    t093_a_key_anywhere_but_in_its_header,
    t094_a_stolen_database_opens_nothing,
];
