//! The live feed while ten thousand payments come in and a thousand connections are cut off: every
//! reader hears each payment once, in the merchant's order.
//!
//! The payments are told to the server as events, many in a transaction, by the function by which
//! the flows tell theirs; they get their places from the real outbox worker and reach their readers
//! over HTTP.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;

use tongma::app::App;
use tongma::clock::Clock;
use tongma::db;
use tongma::id::{EventId, MerchantId};
use tongma::merchant::Scopes;
use tongma::payment::Payment;
use tongma::payment::event::{EventData, EventKind, NewEvent};

use super::site::Site;
use crate::support::server::new_key;
use crate::support::shuffle::Shuffle;
use crate::support::stream::Stream;
use crate::support::{Backend, on_both};

const PAYMENTS: usize = 10_000;
/// How many are written in one transaction.
const TOGETHER: usize = 20;
const RECONNECTS: usize = 1_000;
/// Readers of each merchant.
const READERS: u64 = 2;

/// P20
async fn ten_thousand_payments_pass_through_a_thousand_reconnects(backend: Backend) {
    // With the usual limits: what was torn unnoticed gives way.
    let site = Site::open_with(backend, Clock::System, |_| ()).await;
    let (other, _, _) = site.shop.neighbour().await;
    let since = site.shop.app.clock.now();
    let (mut writing, mut reading) = (Vec::new(), Vec::new());
    for merchant in [&site.shop.merchant.id, &other.id] {
        let token = new_key(&site.shop, merchant, Scopes::all()).await;
        let payments: Vec<Payment> = (0..PAYMENTS / 2)
            .map(|turn| site.shop.unsold(1 + i64::try_from(turn).unwrap()))
            .collect();
        // Two tills at once, whose transactions end in any order.
        for theirs in payments.chunks(PAYMENTS / 4) {
            let (app, merchant) = (site.shop.app.clone(), merchant.clone());
            writing.push(tokio::spawn(writes(app, merchant, theirs.to_vec())));
        }
        for reader in 0..READERS {
            reading.push(reads(&site, token.clone(), PAYMENTS / 2, reader));
        }
    }

    let readers = join_all(reading).await;
    let mut written = Vec::new();
    for done in writing {
        written.push(done.await.unwrap());
    }

    let took = site.shop.app.clock.now().since(since);
    let reconnects: usize = readers.iter().map(|(_, connections)| connections - 1).sum();
    println!("{PAYMENTS} payments through {reconnects} reconnects of 4 readers in {took:?}");
    assert!(reconnects >= RECONNECTS, "{reconnects}");
    for (reader, (heard, _)) in readers.iter().enumerate() {
        let places: Vec<i64> = heard.iter().map(|(place, _)| *place).collect();
        let all: Vec<i64> = (1..=i64::try_from(PAYMENTS / 2).unwrap()).collect();
        assert_eq!(places, all, "reader {reader}");
        // Each till's payments came in the order in which that till wrote them, and all of them.
        let merchant = reader / usize::try_from(READERS).unwrap();
        let mut count = 0;
        for till in &written[merchant * 2..merchant * 2 + 2] {
            let known: std::collections::HashSet<&String> = till.iter().collect();
            let theirs = heard.iter().map(|(_, payment)| payment);
            let theirs: Vec<&String> = theirs.filter(|payment| known.contains(payment)).collect();
            assert!(theirs.iter().copied().eq(till), "reader {reader}");
            count += theirs.len();
        }
        assert_eq!(count, PAYMENTS / 2, "nobody else's");
    }
    // As bounded as it is on a machine with much else to do.
    assert!(took < Duration::from_secs(150), "{took:?}");
}
on_both![ten_thousand_payments_pass_through_a_thousand_reconnects];

/// A reader that does not read is waited for by nobody, and finds everything when it reads again.
async fn a_reader_that_does_not_read_holds_up_nobody(backend: Backend) {
    const COUNT: usize = 3_000;
    let site = Site::open_at(backend, Clock::System).await;
    let merchant = &site.shop.merchant.id;
    let token = new_key(&site.shop, merchant, Scopes::all()).await;
    let authority = site.origin.strip_prefix("http://localhost:").unwrap();
    let address = format!("127.0.0.1:{authority}").parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut asleep = socket.connect(address).await.unwrap();
    let ask = format!(
        "GET /v1/feed?after=0 HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    asleep.write_all(ask.as_bytes()).await.unwrap();
    let payments: Vec<Payment> = (0..COUNT)
        .map(|turn| Payment {
            // Far more in all than any buffer between the two takes.
            description: Some("描".repeat(1_000)),
            ..site.shop.unsold(1 + i64::try_from(turn).unwrap())
        })
        .collect();
    let client = &site.shop.app.wallets;
    let mut awake = Stream::of_program(client, &site.origin, &token, 0).await;
    // What a stream opens with, and repeats every four seconds: that it lives, and when to return.
    let hello = awake.frame().await;
    assert_eq!(hello.as_deref(), Some(": alive\nretry: 1500\n"));
    let written = tokio::spawn(writes(site.shop.app.clone(), merchant.clone(), payments));

    for place in 1..=i64::try_from(COUNT).unwrap() {
        assert_eq!(awake.told().await.unwrap().id, place);
    }
    let written = written.await.unwrap();
    drop(awake);

    let mut text = Vec::new();
    let last = written.last().unwrap().as_bytes();
    while !ends_with_event_of(&text, last) {
        let mut piece = vec![0; 1 << 16];
        let read = tokio::time::timeout(Duration::from_secs(30), asleep.read(&mut piece));
        let count = read.await.unwrap().unwrap();
        assert!(count > 0, "ended after {} bytes", text.len());
        text.extend_from_slice(&piece[..count]);
    }
    let text = String::from_utf8_lossy(&text);
    let heard: Vec<i64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("id: ")?.parse().ok())
        .collect();
    assert_eq!(
        heard,
        (1..=i64::try_from(COUNT).unwrap()).collect::<Vec<_>>()
    );
}
on_both![a_reader_that_does_not_read_holds_up_nobody];

/// Whether the event that names this payment is among the last that came, and whole.
fn ends_with_event_of(text: &[u8], payment: &[u8]) -> bool {
    let tail = &text[text.len().saturating_sub(8_000)..];
    let named = tail.windows(payment.len()).any(|window| window == payment);
    named
        && tail.windows(2).last() == Some(b"\r\n")
        && tail.windows(4).any(|end| end == b"\n\n\r\n")
}

/// Tells of payments, and sometimes thinks better of it; their ids in the order of writing.
async fn writes(app: App, merchant: MerchantId, payments: Vec<Payment>) -> Vec<String> {
    let mut told = Vec::new();
    for (turn, together) in payments.chunks(TOGETHER).enumerate() {
        // What is rolled back leaves a hole in the database's own numbers, and nowhere else.
        if turn % 5 == 4 {
            let tx = insert(&app, &merchant, &together[..1]).await;
            tx.rollback().await.unwrap();
        }
        let tx = insert(&app, &merchant, together).await;
        tx.commit().await.unwrap();
        app.bell.ring();
        told.extend(together.iter().map(|payment| payment.id.to_string()));
    }
    told
}

async fn insert(app: &App, merchant: &MerchantId, payments: &[Payment]) -> db::Tx {
    let mut tx = app.db.begin().await.unwrap();
    for payment in payments {
        let mut data = EventData::of(payment);
        data.evidence.clone_from(&payment.description);
        let event = NewEvent {
            merchant: merchant.clone(),
            kind: EventKind::Paid,
            data,
        };
        let id = EventId::new(tx.now(), &*app.entropy);
        db::events::insert(&mut tx, &id, &event).await.unwrap();
    }
    tx
}

/// Reads until it has heard so many, and is cut off again and again, at any byte. The places and
/// payments that it heard, and how often it connected.
async fn reads(site: &Site, token: String, count: usize, seed: u64) -> (Vec<(i64, String)>, usize) {
    let client = &site.shop.app.wallets;
    let mut shuffle = Shuffle(0x9e37_79b9_7f4a_7c15 + seed);
    let (mut heard, mut connections) = (Vec::new(), 0);
    while heard.len() < count {
        let last = heard.last().map_or(0, |(place, _)| *place);
        let mut stream = Stream::of_program(client, &site.origin, &token, last).await;
        connections += 1;
        for _ in 0..=shuffle.below(30) {
            if heard.len() == count {
                break;
            }
            let told = stream.told().await.unwrap();
            assert_eq!(told.kind, "payment.paid");
            let payment = told.json()["payment"].as_str().unwrap().to_owned();
            heard.push((told.id, payment));
        }
    }
    (heard, connections)
}
