//! The server with everything that runs beside it, institutions to meet it, and people who call it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use tongma::cli::simulator::{self, Participants, Running, SetUp, World};
use tongma::clock::{Clock, Timestamp};
use tongma::crypto::jwk;
use tongma::db;
use tongma::event::outbox;
use tongma::flow::expire;
use tongma::merchant::{InstitutionKey, KeyMaterial};

use crate::support::server::{Server, bearer};
use crate::support::shop::{ACCOUNTS, WALLETS};
use crate::support::wire::{Answer, Request};
use crate::support::{Backend, PeerWallet, TestDb};

/// A server, its outbox worker, and the institutions around it.
pub(super) struct Town {
    pub(super) server: Server,
    /// The simulated ones, by name.
    institutions: BTreeMap<&'static str, Running>,
    placing: JoinHandle<()>,
}

impl Town {
    /// Without institutions; a story adds its own.
    pub(super) async fn bare(backend: Backend, clock: Clock) -> Self {
        let server = Server::open_at(backend, clock).await;
        let (app, hub) = (server.shop.app.clone(), server.hub.clone());
        let placing = tokio::spawn(async move {
            loop {
                if outbox::work_once(&app.db, &hub).await.unwrap() == 0 {
                    app.bell.rung().await;
                }
            }
        });
        Self {
            server,
            institutions: BTreeMap::new(),
            placing,
        }
    }

    /// With all eight institutions simulated, each on a port of its own; of its accounts the
    /// merchant prefers Alipay's.
    pub(super) async fn simulated(backend: Backend) -> Self {
        let mut town = Self::bare(backend, Clock::System).await;
        let app = &town.server.shop.app;
        let world = World {
            client: app.wallets.clone(),
            clock: app.clock.clone(),
            entropy: app.entropy.clone(),
            clearing: Participants::default(),
        };
        for id in WALLETS {
            let accounts = ACCOUNTS.iter().filter(|(at, _)| *at == id);
            let set_up = SetUp {
                id: id.parse().unwrap(),
                key: town.server.shop.keys[id].clone(),
                accounts: accounts
                    .map(|(_, number)| number.parse().unwrap())
                    .collect(),
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                origin: app.origin.to_string(),
                tongma_url: app.origin.to_string(),
            };
            let running = simulator::start(set_up, &world).unwrap();
            town.moves(id, &running.url).await;
            town.institutions.insert(id, running);
        }
        let preference = ["alipay", "wechat_pay"].map(|id| id.parse().unwrap());
        let mut tx = town.server.shop.app.db.begin().await.unwrap();
        let merchant = &town.server.shop.merchant.id;
        db::merchants::prefer(&mut tx, merchant, &preference)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        town
    }

    /// From now on the institution is this program, under its own key.
    pub(super) async fn peer(&self, id: &str) -> PeerWallet {
        let origin = self.server.shop.app.origin.to_string();
        let peer = PeerWallet::open(id, &origin).await;
        self.moves(id, &peer.base_url).await;
        let public = jwk::parse_foreign(peer.jwk.to_string().as_bytes()).unwrap();
        let mut tx = self.server.shop.app.db.begin().await.unwrap();
        let key = InstitutionKey {
            key_id: public.key_id().to_string(),
            institution: id.parse().unwrap(),
            material: KeyMaterial::Ed25519(*public.as_bytes()),
            not_before: Timestamp::from_millis(0),
            not_after: None,
            revoked_at: None,
            created_at: tx.now(),
        };
        assert!(db::institutions::insert_key(&mut tx, &key).await.unwrap());
        tx.commit().await.unwrap();
        peer
    }

    async fn moves(&self, id: &str, url: &str) {
        let sql = format!("UPDATE institutions SET base_url = '{url}' WHERE id = '{id}'");
        execute(&self.server.shop.database, &sql).await;
    }

    /// One round of what the server does in the background about open orders.
    pub(super) async fn sweeps(&self) -> expire::Swept {
        expire::sweep(&self.server.shop.app).await.unwrap()
    }

    /// Asks the backend of a simulated wallet's app, which a phone would ask.
    pub(super) async fn app(&self, wallet: &str, path: &str, body: Value) -> Answer {
        let url = &self.institutions[wallet].url;
        let authority = url.strip_prefix("http://").unwrap();
        let request = if body.is_null() {
            Request::get(path)
        } else {
            Request::post_json(path, &body)
        };
        crate::support::wire::send(authority, &request).await
    }

    /// Checks a receipt as the shop's program does; the verdict.
    pub(super) async fn verdict(&self, receipt: &str) -> String {
        let asked = json!({"receipt": receipt, "store": self.server.shop.store.id});
        let request = Request::post_json("/v1/receipts/verify", &asked);
        let answer = self.server.ask(request).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["verdict"].as_str().unwrap().to_owned()
    }

    /// What the shop's program hears.
    pub(super) async fn feed(&self) -> Feed {
        let request = bearer(Request::get("/v1/feed?after=0"), &self.server.token);
        Feed::open(&self.server.authority, &request).await
    }

    /// What a device hears that was let in at the first counter.
    pub(super) async fn counter_feed(&self) -> Feed {
        let cookie = self.paired().await;
        let request = Request::get("/counter/feed?after=0").with("Cookie", &cookie);
        Feed::open(&self.server.authority, &request).await
    }

    /// The cookie of a device that was let in at the first counter.
    pub(super) async fn paired(&self) -> String {
        let counter = &self.server.shop.counters[0].id;
        let path = format!("/v1/counters/{counter}/pairings");
        let invited = self.server.ask(Request::post_json(&path, &json!({}))).await;
        assert_eq!(invited.status, 201, "{}", invited.text());
        let form = format!("code={}", invited.json()["code"].as_str().unwrap());
        let request = self.form("/counter/pair", &form);
        let answer = self.server.send(&request).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        cookie_of(&answer)
    }

    /// A form as the server's own page sends it.
    pub(super) fn form(&self, path: &str, fields: &str) -> Request {
        let origin = self.server.shop.app.origin.to_string();
        Request::post(path, "application/x-www-form-urlencoded", fields).with("Origin", &origin)
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.server.hub.close();
        self.placing.abort();
    }
}

/// A stream of events that stays open.
pub(super) struct Feed {
    stream: TcpStream,
    heard: Vec<u8>,
}

impl Feed {
    pub(super) async fn open(authority: &str, request: &Request) -> Self {
        let mut head = format!("GET {} HTTP/1.1\r\nHost: {authority}\r\n", request.target);
        for (name, value) in &request.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        let mut stream = TcpStream::connect(authority).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut feed = Self {
            stream,
            heard: Vec::new(),
        };
        while !feed.text().contains("\r\n\r\n") {
            feed.listen().await;
        }
        assert!(feed.text().starts_with("HTTP/1.1 200"), "{}", feed.text());
        feed
    }

    /// Waits for an event of this kind about this amount.
    pub(super) async fn sees(&mut self, kind: &str, amount_minor: i64) -> Value {
        loop {
            let found = self.events().into_iter().find(|(event, data)| {
                let is_kind = event == kind || data["kind"] == kind;
                is_kind && data["amount_minor"] == amount_minor
            });
            if let Some((_, data)) = found {
                return data;
            }
            self.listen().await;
        }
    }

    /// Everything that was told so far: kind and data.
    pub(super) fn events(&self) -> Vec<(String, Value)> {
        let text = self.text();
        let mut kind = "";
        let mut found = Vec::new();
        for line in text.lines() {
            if let Some(said) = line.strip_prefix("event: ") {
                kind = said;
            } else if let Some(data) = line.strip_prefix("data: ") {
                found.push((kind.to_owned(), serde_json::from_str(data).unwrap()));
            }
        }
        found
    }

    fn text(&self) -> String {
        // What has not come whole may end inside a letter or a line.
        let end = self.heard.iter().rposition(|byte| *byte == b'\n');
        let whole = end.map_or(&[][..], |end| &self.heard[..=end]);
        String::from_utf8(whole.to_vec()).unwrap()
    }

    /// Waits until the server ends it.
    pub(super) async fn ends(mut self) {
        while self.hears().await > 0 {}
    }

    async fn listen(&mut self) {
        let count = self.hears().await;
        assert!(count > 0, "the feed ended after {}", self.text());
    }

    /// Takes what comes; says how much, nothing at the end.
    async fn hears(&mut self) -> usize {
        let mut piece = [0; 4096];
        let read = tokio::time::timeout(Duration::from_secs(20), self.stream.read(&mut piece));
        let count = read
            .await
            .unwrap_or_else(|_| panic!("silence after {}", self.text()))
            .unwrap();
        self.heard.extend_from_slice(&piece[..count]);
        count
    }
}

/// The cookie that an answer sets, as it is sent back.
pub(super) fn cookie_of(answer: &Answer) -> String {
    let set = answer.header("set-cookie").unwrap();
    set.split(';').next().unwrap().to_owned()
}

/// One column of text, as the database has it.
pub(crate) async fn column(database: &TestDb, sql: &str) -> Vec<String> {
    let (url, sql) = (database.url(), AssertSqlSafe(sql.to_owned()));
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        sqlx::query_scalar(sql)
            .fetch_all(&mut connection)
            .await
            .unwrap()
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::query_scalar(sql)
            .fetch_all(&mut connection)
            .await
            .unwrap()
    }
}

async fn execute(database: &TestDb, sql: &str) {
    let (url, sql) = (database.url(), AssertSqlSafe(sql.to_owned()));
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
}
