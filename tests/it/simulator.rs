//! Simulated institutions over HTTP, with a tongma that only publishes keys and takes results.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_web::web::{self, Data, Json};
use actix_web::{App, HttpResponse, HttpServer};
use serde_json::{Value, json};

use tongma::cli::simulator::{Participants, Running, SetUp, World, start};
use tongma::clock::Clock;
use tongma::crypto::jwk::{Jwk, JwkSet, KeyUse};
use tongma::crypto::jws;
use tongma::crypto::keys::SigningKey;
use tongma::entropy::SystemEntropy;
use tongma::merchant::InstitutionId;
use tongma::money::{Amount, Currency};
use tongma::payment::{OrderNumber, ResultClaims};
use tongma::wallet::client::{Call, SendError};
use tongma::wallet::{self, Client, Operation, OrderRequest, Reply, WireRequest};

/// A tongma of two pages, and two institutions with one payer each.
struct Town {
    origin: String,
    key: SigningKey,
    client: Client,
    results: Data<Mutex<Vec<String>>>,
    lotus: Running,
    lotus_key: SigningKey,
    harbour: Running,
}

impl Town {
    async fn build() -> Self {
        let (key, lotus_key) = (
            SigningKey::from_seed(&[1; 32]),
            SigningKey::from_seed(&[2; 32]),
        );
        let results = Data::new(Mutex::new(Vec::new()));
        let origin = key_server(*key.public(), results.clone());
        let entropy = Arc::new(SystemEntropy::new());
        let client = Client::new(Clock::System, entropy.clone()).unwrap();
        let world = World {
            client: client.clone(),
            clock: Clock::System,
            entropy,
            clearing: Participants::default(),
        };
        let open = |id: &str, key: SigningKey| {
            let set_up = SetUp {
                id: id.parse().unwrap(),
                key,
                accounts: vec!["1900000109".parse().unwrap()],
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                origin: origin.clone(),
                tongma_url: origin.clone(),
            };
            start(set_up, &world).unwrap()
        };
        let lotus = open("lotus", lotus_key.clone());
        let harbour = open("harbour", SigningKey::from_seed(&[3; 32]));
        Self {
            origin,
            key,
            client,
            results,
            lotus,
            lotus_key,
            harbour,
        }
    }

    fn order(&self, payer: &str) -> OrderRequest {
        let number = OrderNumber::new([0xab; 16]);
        OrderRequest {
            notify_url: format!("{}/wallet/v1/orders/{number}/confirm", self.origin),
            order_number: number,
            payment_account: "1900000109".parse().unwrap(),
            amount: Amount::positive(1250, Currency::CNY).unwrap(),
            payee: "老王面馆".to_owned(),
            description: "面".to_owned(),
            pay_before: "2099-01-01T00:00:00Z".parse().unwrap(),
            payer_institution: payer.parse().unwrap(),
            clearing: Some("netsunion".parse().unwrap()),
            code_text: None,
        }
    }

    /// Asks lotus, as tongma, and reads the answer.
    async fn asks(&self, operation: Operation, order: &OrderRequest) -> Result<Reply, SendError> {
        let lotus = wallet::by_id(&"lotus".parse::<InstitutionId>().unwrap());
        let request = match operation {
            Operation::Open => lotus.open_order(order).unwrap(),
            Operation::Query => lotus.query(&order.order_number),
            Operation::Close => lotus.close(&order.order_number),
        };
        let reply = self
            .client
            .send(&self.lotus.url, &request, &self.key)
            .await?;
        Ok(lotus.reply(operation, &reply).unwrap())
    }

    /// What the app of the payer at `institution` says.
    async fn app(&self, institution: &Running, path: &str, body: Value) -> (u16, Value) {
        let request = WireRequest::post_json(path.to_owned(), &body);
        let call = Call {
            request,
            headers: Vec::new(),
        };
        let reply = self
            .client
            .call(&institution.url, &call, None)
            .await
            .unwrap()
            .reply;
        (reply.status, serde_json::from_slice(&reply.body).unwrap())
    }

    /// The results that reached tongma, read with lotus' key.
    fn attested(&self) -> Vec<ResultClaims> {
        let results = self.results.lock().unwrap();
        let read = |text: &String| {
            let find = |kid: &str| {
                (kid == self.lotus_key.key_id().as_str()).then(|| *self.lotus_key.public())
            };
            jws::verify::<ResultClaims>(text, jws::RESULT, find)
                .unwrap()
                .claims
        };
        results.iter().map(read).collect()
    }
}

/// Publishes the key under which tongma asks, and keeps what is confirmed.
fn key_server(
    public: tongma::crypto::keys::PublicKey,
    results: Data<Mutex<Vec<String>>>,
) -> String {
    let keys = Data::new(JwkSet {
        keys: vec![Jwk::new(&public, KeyUse::Request, None)],
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(keys.clone())
            .app_data(results.clone())
            .route("/.well-known/jwks.json", web::get().to(published))
            .route(
                "/wallet/v1/orders/{number}/confirm",
                web::post().to(confirmed),
            )
    });
    let server = server
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
    let origin = format!("http://{}", server.addrs()[0]);
    tokio::spawn(server.run());
    origin
}

async fn published(keys: Data<JwkSet>) -> Json<JwkSet> {
    Json(keys.get_ref().clone())
}

async fn confirmed(results: Data<Mutex<Vec<String>>>, body: String) -> HttpResponse {
    results.lock().unwrap().push(body);
    HttpResponse::Ok().json(json!({"payment": "pay_x", "state": "paid"}))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_institutions_payer_pays_through_the_clearing_and_the_payee_institution_attests() {
    let town = Town::build().await;
    let order = town.order("harbour");
    let opened = town.asks(Operation::Open, &order).await.unwrap();
    let Reply::Opened(handover) = opened else {
        panic!("{opened:?}")
    };

    let (status, paid) = town
        .app(&town.harbour, "/app/pay", json!({"handover": handover}))
        .await;

    assert_eq!(
        (status, &paid["payee"]),
        (200, &json!("老王面馆")),
        "{paid}"
    );
    let attested = town.attested();
    assert_eq!(attested.len(), 1);
    assert_eq!(
        (attested[0].iss.as_str(), attested[0].status.as_str()),
        ("lotus", "paid")
    );
    assert_eq!(attested[0].amount_minor, 1250);
    let asked = town.asks(Operation::Query, &order).await.unwrap();
    assert!(matches!(asked, Reply::Result(_)), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payer_who_declines_leaves_a_failed_order_and_no_money() {
    let town = Town::build().await;
    let opened = town
        .asks(Operation::Open, &town.order("harbour"))
        .await
        .unwrap();
    let Reply::Opened(handover) = opened else {
        panic!("{opened:?}")
    };
    let no = json!({"handover": handover, "decline": true});
    assert_eq!(town.app(&town.harbour, "/app/pay", no).await.0, 200);
    assert_eq!(town.attested()[0].status, "failed");

    let yes = json!({"handover": handover});
    let (status, refused) = town.app(&town.harbour, "/app/pay", yes).await;
    assert_eq!((status, &refused["code"]), (409, &json!("order-over")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_tongmas_own_signature_opens_an_order() {
    let town = Town::build().await;
    let order = town.order("lotus");
    let request = wallet::contract::open_order(&order);
    let stranger = SigningKey::from_seed(&[9; 32]);
    let forged = town
        .client
        .send(&town.lotus.url, &request, &stranger)
        .await
        .unwrap();
    assert_eq!(forged.status, 401);
    let call = Call {
        request,
        headers: Vec::new(),
    };
    let bare = town
        .client
        .call(&town.lotus.url, &call, None)
        .await
        .unwrap();
    assert_eq!(bare.reply.status, 401);
    assert_eq!(
        town.asks(Operation::Query, &order).await.unwrap(),
        Reply::Unknown
    );
    let paid = json!({"handover": {"kind": "in_app_params",
        "params": {"order_number": order.order_number}}});
    assert_eq!(town.app(&town.lotus, "/app/pay", paid).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_leaves_an_order_that_can_be_asked_for() {
    let town = Town::build().await;
    let order = town.order("lotus");
    town.app(&town.lotus, "/app/faults", json!({"lost_answer": true}))
        .await;
    let lost = town.asks(Operation::Open, &order).await;
    assert!(matches!(lost, Err(SendError::Connection(_))), "{lost:?}");

    town.app(&town.lotus, "/app/faults", json!({})).await;
    let again = town.asks(Operation::Open, &order).await.unwrap();
    assert!(matches!(again, Reply::Opened(_)), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_duplicate_and_a_silent_institution_are_as_ordered() {
    let town = Town::build().await;
    let order = town.order("lotus");
    town.asks(Operation::Open, &order).await.unwrap();
    town.app(
        &town.lotus,
        "/app/faults",
        json!({"duplicate_confirm": true}),
    )
    .await;
    let handover = json!({"handover": {"kind": "in_app_params",
        "params": {"order_number": order.order_number}}});
    assert_eq!(town.app(&town.lotus, "/app/pay", handover).await.0, 200);
    let attested = town.attested();
    assert_eq!(attested.len(), 2);
    assert_eq!(attested[0].payee_reference, attested[1].payee_reference);

    town.app(&town.lotus, "/app/faults", json!({"silent": true}))
        .await;
    assert_eq!(
        town.asks(Operation::Query, &order).await.unwrap(),
        Reply::Unknown
    );
}
