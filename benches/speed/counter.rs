//! From the institution's signed statement to the counter: until the live feed has the event.
//! Against the answer to the same statement.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use tongma::clock::Clock;
use tongma::crypto::token::ApiToken;
use tongma::db;
use tongma::event::hub::Hub;
use tongma::event::outbox;
use tongma::id::ApiKeyId;
use tongma::merchant::{ApiKey, Scopes};
use tongma::word::Mode;

use crate::asked::Asked;
use crate::floor;
use crate::load;
use crate::request::{Signs, signed};
use crate::seed::{self, Ground, PAYEE};
use crate::support::Backend;
use crate::support::shop::Shop;
use crate::table::{Done, Goal, Row, Table};

/// Statements in a turn, one after another.
const COUNT: i64 = 300;

pub(crate) async fn measure(asked: &Asked, table: &mut Table) {
    for backend in asked.backends() {
        measure_on(asked, table, backend).await;
    }
}

async fn measure_on(asked: &Asked, table: &mut Table, backend: Backend) {
    let (listener, authority) = floor::listener();
    let origin = format!("http://{authority}");
    let shop = Shop::open_at(backend, &origin, Clock::System).await;
    let ground = Ground::of(&shop, &shop.sticker().await).await;
    let hub = Hub::default();
    let _serving = floor::tongma(listener, &shop.app, &hub);
    let (placing, following) = (shop.app.clone(), hub.clone());
    let placing = tokio::spawn(async move {
        let bell = placing.bell.clone();
        let rung = move || {
            let bell = bell.clone();
            async move { bell.rung().await }
        };
        outbox::run(&placing.db, &following, rung).await;
    });
    let token = token(&shop).await;
    let mut turns = [Vec::new(), Vec::new()];
    for round in 0..asked.rounds as i64 {
        seed::waiting(&shop.database, &ground, round * COUNT, COUNT).await;
        let (seen, answered) = turn(&shop, &authority, &token, round * COUNT).await;
        for (turns, percent) in turns.iter_mut().zip([50, 99]) {
            turns.push((seen.within_ms(percent), answered.within_ms(percent)));
        }
    }
    placing.abort();
    // The feeds end before their server does.
    hub.close();
    tokio::time::sleep(Duration::from_millis(200)).await;
    for (turns, percent) in turns.into_iter().zip([50, 99]) {
        table.push(Row {
            figure: format!(
                "attestation to counter, {}, p{percent}",
                seed::name(backend)
            ),
            reference: "the answer to the attestation".to_owned(),
            turns,
            unit: "ms",
            goal: Goal::Shown,
            note: "one after another".to_owned(),
        });
    }
}

/// When each was seen on the feed, and when it was answered.
async fn turn(shop: &Shop, authority: &str, token: &str, from: i64) -> (Done, Done) {
    let mut feed = TcpStream::connect(authority).await.unwrap();
    let asked = format!(
        "GET /v1/feed HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    feed.write_all(asked.as_bytes()).await.unwrap();
    let mut heard = String::new();
    hear(&mut feed, &mut heard, "retry").await;

    let mut stream = TcpStream::connect(authority).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = vec![0; 16 * 1024];
    let (mut seen, mut answered) = (Vec::new(), Vec::new());
    for number in from..from + COUNT {
        let order = seed::order(number);
        let path = format!("/wallet/v1/orders/{order}/confirm");
        let statement = shop.signed(&seed::claims(shop, number));
        let signs = Signs::Pair(&shop.keys[PAYEE]);
        let nonce = usize::try_from(number).unwrap();
        let request = signed(
            signs,
            authority,
            &path,
            "application/jose",
            &statement,
            nonce,
        );
        let began = Instant::now();
        stream.write_all(&request).await.unwrap();
        let told = async {
            load::answer(&mut stream, &mut buffer).await;
            began.elapsed()
        };
        let shown = async {
            heard.clear();
            hear(&mut feed, &mut heard, order.as_str()).await;
            began.elapsed()
        };
        let (told, shown) = tokio::join!(told, shown);
        answered.push(told);
        seen.push(shown);
    }
    let done = |each: Vec<Duration>| Done {
        took: each.iter().sum(),
        each,
    };
    (done(seen), done(answered))
}

/// Reads the feed until it says this.
async fn hear(feed: &mut TcpStream, heard: &mut String, wanted: &str) {
    let mut buffer = vec![0; 16 * 1024];
    while !heard.contains(wanted) {
        let read = feed.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the feed ended: {heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
}

async fn token(shop: &Shop) -> String {
    let entropy = &*shop.app.entropy;
    let token = ApiToken::generate(Mode::Test, entropy);
    let mut tx = shop.app.db.begin().await.unwrap();
    let key = ApiKey {
        id: ApiKeyId::new(tx.now(), entropy),
        merchant: shop.merchant.id.clone(),
        name: "till".parse().unwrap(),
        mode: Mode::Test,
        hint: token.expose().get(..12).unwrap().to_owned(),
        scopes: Scopes::all(),
        expires_at: None,
        revoked_at: None,
        created_at: tx.now(),
    };
    let kept = db::api_keys::insert(&mut tx, &key, &token.hash()).await;
    kept.unwrap();
    tx.commit().await.unwrap();
    token.expose().to_owned()
}
