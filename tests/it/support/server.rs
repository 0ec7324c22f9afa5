//! The whole server over a database of its own, on a port of its own, and those who call it: a
//! shop's program with an API key, wallets with theirs, and whoever means no good.

use std::net::TcpListener;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;

use tongma::app::App;
use tongma::clock::{Clock, Timestamp};
use tongma::crypto::digest::hex;
use tongma::crypto::http_signature::{self, RequestKey, RequestParts};
use tongma::crypto::token::ApiToken;
use tongma::db;
use tongma::entropy::Entropy;
use tongma::event::hub::Hub;
use tongma::http::{self, Listening};
use tongma::id::{ApiKeyId, MerchantId};
use tongma::merchant::{ApiKey, Scope, Scopes};
use tongma::word::Mode;

use super::Backend;
use super::digest::{Digest, business_digest};
use super::shop::Shop;
use super::wire::{self, Answer, Request};

/// A server that belongs to one test.
pub(crate) struct Server {
    pub(crate) shop: Shop,
    /// Host and port.
    pub(crate) authority: String,
    /// The shop's key with every scope.
    pub(crate) token: String,
    /// Who follows the shop's feed here.
    pub(crate) hub: Hub,
    _instance: Instance,
}

/// One process that serves.
pub(crate) struct Instance {
    authority: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves a shop whose clock stands until the story moves it.
    pub(crate) async fn open(backend: Backend) -> Self {
        Self::open_at(backend, standing()).await
    }

    /// Serves a shop that goes by this clock.
    pub(crate) async fn open_at(backend: Backend, clock: Clock) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        Self::serve(backend, listener, &origin, clock).await
    }

    /// Serves a shop whose application is another in some way, such as in its limits.
    pub(crate) async fn open_with(backend: Backend, change: impl FnOnce(&mut App)) -> Self {
        Self::open_listening(backend, &Listening::default(), change).await
    }

    /// Serves a shop, its connections bounded like this.
    pub(crate) async fn open_listening(
        backend: Backend,
        listening: &Listening,
        change: impl FnOnce(&mut App),
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let mut shop = Shop::open_at(backend, &origin, standing()).await;
        change(&mut shop.app);
        Self::of(shop, listener, listening).await
    }

    /// The same under a name that the world would use, with somebody in front who speaks TLS.
    pub(crate) async fn open_as(backend: Backend, origin: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        Self::serve(backend, listener, origin, standing()).await
    }

    async fn serve(backend: Backend, listener: TcpListener, origin: &str, clock: Clock) -> Self {
        let shop = Shop::open_at(backend, origin, clock).await;
        Self::of(shop, listener, &Listening::default()).await
    }

    async fn of(shop: Shop, listener: TcpListener, listening: &Listening) -> Self {
        let authority = listener.local_addr().unwrap().to_string();
        let hub = Hub::default();
        let instance = Instance::serve(listener, listening, shop.app.clone(), hub.clone());
        let token = new_key(&shop, &shop.merchant.id, Scopes::all()).await;
        Self {
            shop,
            authority,
            token,
            hub,
            _instance: instance,
        }
    }

    /// One more process, as it were, over the same database and under the same name.
    pub(crate) fn instance(&self) -> Instance {
        Instance::of(self.shop.app.clone())
    }

    /// One more process that shares nothing but the database, the clock and the name.
    pub(crate) async fn stranger(&self) -> Instance {
        let own = &self.shop.app;
        let origin = own.origin.to_string();
        let (app, _) = super::shop::app(&self.shop.database, &origin, own.clock.clone()).await;
        Instance::of(app)
    }

    /// A key of a merchant with these scopes.
    pub(crate) async fn key(&self, merchant: &MerchantId, scopes: &[Scope]) -> String {
        new_key(&self.shop, merchant, scopes.iter().copied().collect()).await
    }

    /// Sends a request as it stands.
    pub(crate) async fn send(&self, request: &Request) -> Answer {
        wire::send(&self.authority, request).await
    }

    /// Sends it with the shop's key.
    pub(crate) async fn ask(&self, request: Request) -> Answer {
        self.send(&bearer(request, &self.token)).await
    }

    /// Signs a request as a wallet does, now and with a fresh nonce.
    pub(crate) fn signed(&self, wallet: &str, request: Request) -> Request {
        let nonce = hex(&self.shop.app.entropy.bytes::<8>());
        self.signed_at(wallet, request, 0, &nonce)
    }

    /// Signs a request `seconds` from now, with this nonce.
    pub(crate) fn signed_at(
        &self,
        wallet: &str,
        request: Request,
        seconds: i64,
        nonce: &str,
    ) -> Request {
        let key = &self.shop.keys[wallet];
        let key_id = key.key_id().to_string();
        self.signed_with(key.into(), &key_id, request, seconds, nonce)
    }

    /// Signs a request with any key.
    pub(crate) fn signed_with(
        &self,
        key: RequestKey<'_>,
        key_id: &str,
        request: Request,
        seconds: i64,
        nonce: &str,
    ) -> Request {
        let key = (key, key_id);
        sign(&self.shop, &self.authority, key, request, seconds, nonce)
    }

    /// Everything that is kept.
    pub(crate) async fn business_digest(&self) -> Digest {
        business_digest(&self.shop.database).await
    }

    /// Sends what must be refused: with this status and code, changing nothing, hurting nobody.
    pub(crate) async fn refuses(&self, request: &Request, status: u16, code: &str) -> Answer {
        let before = self.business_digest().await;
        let answer = self.send(request).await;
        let told = (answer.status, answer.code());
        let about = format!("{} {}: {}", request.method, request.target, answer.text());
        assert_eq!(told, (status, code.to_owned()), "{about}");
        let changes = self.business_digest().await.since(&before);
        assert_eq!(changes, Vec::<String>::new(), "{about}");
        self.is_ready().await;
        answer
    }

    /// Sends what must be done; says which rows came and went.
    pub(crate) async fn does(&self, request: &Request, status: u16) -> (Answer, Vec<String>) {
        let before = self.business_digest().await;
        let answer = self.send(request).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        (answer, self.business_digest().await.since(&before))
    }

    /// The server still answers.
    pub(crate) async fn is_ready(&self) {
        let answer = self.send(&Request::get("/readyz")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

impl Instance {
    /// One that serves this application.
    pub(crate) fn of(app: App) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        Self::serve(listener, &Listening::default(), app, Hub::default())
    }

    fn serve(listener: TcpListener, listening: &Listening, app: App, hub: Hub) -> Self {
        let authority = listener.local_addr().unwrap().to_string();
        let (app, hub) = (Data::new(app), Data::new(hub));
        let server = http::listen(listener, listening, None, app, hub).unwrap();
        let handle = server.handle();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(server).unwrap();
        });
        Self {
            authority,
            handle,
            thread: Some(thread),
        }
    }

    /// Sends a request to this process.
    pub(crate) async fn send(&self, request: &Request) -> Answer {
        wire::send(&self.authority, request).await
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // The reply is not waited for: the thread's end is.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Signs a request to a server of this name with a key and its id, `seconds` from now.
pub(crate) fn sign(
    shop: &Shop,
    authority: &str,
    (key, key_id): (RequestKey<'_>, &str),
    request: Request,
    seconds: i64,
    nonce: &str,
) -> Request {
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.target.as_str(), None),
    };
    let parts = RequestParts {
        method: &request.method,
        authority,
        path,
        query,
        content_type: request.header("content-type"),
        body: &request.body,
        idempotency_key: None,
    };
    let now = shop.app.clock.now();
    let created = tongma::clock::Timestamp::from_seconds(now.seconds() + seconds);
    let signed = http_signature::sign(&parts, key, key_id, created, nonce).unwrap();
    let signed_request = request
        .clone()
        .with("Signature-Input", &signed.signature_input)
        .with("Signature", &signed.signature);
    match signed.content_digest {
        Some(digest) => signed_request.with("Content-Digest", &digest),
        None => signed_request,
    }
}

/// A clock that only the story moves.
fn standing() -> Clock {
    Clock::manual("2026-11-21T04:00:00Z".parse().unwrap())
}

/// The request to this host, signed with this key.
pub(crate) fn signed_by(
    key: RequestKey<'_>,
    key_id: &str,
    request: Request,
    authority: &str,
    created: Timestamp,
    nonce: &str,
) -> Request {
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.target.as_str(), None),
    };
    let parts = RequestParts {
        method: &request.method,
        authority,
        path,
        query,
        content_type: request.header("content-type"),
        body: &request.body,
        idempotency_key: None,
    };
    let signed = http_signature::sign(&parts, key, key_id, created, nonce).unwrap();
    let signed_request = request
        .clone()
        .with("Signature-Input", &signed.signature_input)
        .with("Signature", &signed.signature);
    match signed.content_digest {
        Some(digest) => signed_request.with("Content-Digest", &digest),
        None => signed_request,
    }
}

/// The request with an API key.
pub(crate) fn bearer(request: Request, token: &str) -> Request {
    request.with("Authorization", &format!("Bearer {token}"))
}

/// A new API key of a merchant.
pub(crate) async fn new_key(shop: &Shop, merchant: &MerchantId, scopes: Scopes) -> String {
    let entropy: &dyn Entropy = &*shop.app.entropy;
    let token = ApiToken::generate(Mode::Test, entropy);
    let mut tx = shop.app.db.begin().await.unwrap();
    let key = ApiKey {
        id: ApiKeyId::new(tx.now(), entropy),
        merchant: merchant.clone(),
        name: "till".parse().unwrap(),
        mode: Mode::Test,
        hint: token.expose().get(..12).unwrap().to_owned(),
        scopes,
        expires_at: None,
        revoked_at: None,
        created_at: tx.now(),
    };
    db::api_keys::insert(&mut tx, &key, &token.hash())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    token.expose().to_owned()
}
