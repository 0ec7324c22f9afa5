//! Connections that only want to be held. Each limit here is a second, and whoever watches has ten:
//! what is tested is that the end comes, and that nobody else waits for it.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tongma::app::{Proxies, StreamLimits, Streams};
use tongma::http::{Listening, Patience};

use crate::support::Backend;
use crate::support::server::{Server, bearer};
use crate::support::wire::Request;

/// What the server allows here.
const SECOND: Duration = Duration::from_secs(1);
/// When whoever watches gives up.
const GUARD: Duration = Duration::from_secs(10);

fn listening() -> Listening {
    Listening {
        patience: Patience {
            head: SECOND,
            idle: SECOND,
            stalled: SECOND,
        },
        ..Listening::default()
    }
}

async fn impatient() -> Server {
    Server::open_listening(Backend::Sqlite, &listening(), |app| {
        app.limits.body_within = SECOND;
    })
    .await
}

async fn connect(server: &Server, first: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.authority).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    stream
}

/// Everything until the server ends the connection, which it must do in time.
async fn to_its_end(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let end = timeout(GUARD, stream.read_to_end(&mut heard)).await;
    // An end with a reset is one as well.
    drop(end.expect("the server holds on to it"));
    String::from_utf8_lossy(&heard).into_owned()
}

/// Sends one byte after the other until nobody listens any more.
async fn drip(stream: &mut TcpStream, text: &str) -> String {
    let (mut read, mut write) = stream.split();
    let mut heard = Vec::new();
    let drops = async {
        for byte in text.bytes().cycle() {
            if write.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let listens = async { drop(read.read_to_end(&mut heard).await) };
    let ends = async {
        tokio::select! {
            () = drops => {}
            () = listens => {}
        }
    };
    timeout(GUARD, ends)
        .await
        .expect("the server holds on to it");
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t118_heads_that_come_by_drops_are_cut_off_and_nobody_waits_for_them() {
    let server = impatient().await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        slow.push(connect(&server, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ").await);
    }
    for _ in 0..20 {
        let answer = timeout(GUARD, server.ask(Request::get("/v1/stores"))).await;
        assert_eq!(answer.unwrap().status, 200);
    }
    for stream in &mut slow {
        drip(stream, "a").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t118_the_second_head_of_a_connection_has_no_more_time_than_the_first() {
    let server = impatient().await;
    let whole = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut stream = connect(&server, whole).await;
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nX-A: ")
        .await
        .unwrap();
    drip(&mut stream, "a").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t118_whoever_says_nothing_is_not_waited_for() {
    let server = impatient().await;
    let mut silent = connect(&server, "").await;
    to_its_end(&mut silent).await;
    let mut once = connect(&server, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(to_its_end(&mut once).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t118_a_body_that_comes_by_drops_is_answered_408() {
    let server = impatient().await;
    let head = format!(
        "POST /v1/codes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{{",
        server.token
    );
    let mut stream = connect(&server, &head).await;
    let heard = drip(&mut stream, " ").await;
    assert!(heard.starts_with("HTTP/1.1 408"), "{heard}");
    assert!(heard.contains("request-timeout"), "{heard}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t118_a_body_that_nobody_reads_keeps_no_connection() {
    let server = impatient().await;
    // Refused for want of a key; the end of the body never comes.
    let head = "POST /v1/codes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n";
    let mut stream = connect(&server, head).await;
    let heard = to_its_end(&mut stream).await;
    assert!(heard.starts_with("HTTP/1.1 401"), "{heard}");
    let mut stream = connect(&server, head).await;
    drip(&mut stream, "1\r\n \r\n").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t118_whoever_does_not_take_its_answers_is_cut_off() {
    let server = impatient().await;
    let ask = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut stream = connect(&server, "").await;
    // More than the buffers between us hold; the server reads no further than it can answer.
    let asks = ask.repeat(400);
    let _ = timeout(3 * SECOND, stream.write_all(asks.as_bytes())).await;
    tokio::time::sleep(3 * SECOND).await;
    let heard = to_its_end(&mut stream).await;
    let answers = heard.matches("HTTP/1.1 200").count();
    assert!(answers < 400, "all were kept for it: {answers}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t118_one_address_has_its_share_of_connections_and_no_more() {
    let bounded = Listening {
        most_each: 5,
        ..Listening::default()
    };
    let server = Server::open_listening(Backend::Sqlite, &bounded, |_| {}).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let stream = connect(&server, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let mut stream = stream;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        held.push(stream);
    }
    let mut sixth = TcpStream::connect(&server.authority).await.unwrap();
    assert_eq!(to_its_end(&mut sixth).await, "");
    // From another address one is let in, and here too once there is room.
    let elsewhere = tokio::net::TcpSocket::new_v4().unwrap();
    elsewhere.bind("127.0.0.9:0".parse().unwrap()).unwrap();
    let address = server.authority.parse().unwrap();
    let mut elsewhere = elsewhere.connect(address).await.unwrap();
    let ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    elsewhere.write_all(ask).await.unwrap();
    assert!(to_its_end(&mut elsewhere).await.starts_with("HTTP/1.1 200"));
    held.pop();
    let again = async {
        loop {
            let mut stream = TcpStream::connect(&server.authority).await.unwrap();
            let _ = stream.write_all(ask).await;
            if to_its_end(&mut stream).await.starts_with("HTTP/1.1 200") {
                break;
            }
        }
    };
    timeout(GUARD, again).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t118_a_trusted_proxys_connections_are_not_counted_by_address() {
    let bounded = Listening {
        most: 8,
        most_each: 2,
        ..Listening::default()
    };
    let server = Server::open_listening(Backend::Sqlite, &bounded, |app| {
        app.proxies = Proxies {
            trusted: ["127.0.0.1/32".parse().unwrap()].as_slice().into(),
            ..Proxies::default()
        };
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..8 {
        let mut stream = connect(&server, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        held.push(stream);
    }
    let mut ninth = TcpStream::connect(&server.authority).await.unwrap();
    assert_eq!(
        to_its_end(&mut ninth).await,
        "",
        "all together have a limit"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t118_feeds_have_a_share_each_and_are_not_idle() {
    let server = few_feeds().await;
    let mut first = follow(&server, &server.token).await;
    let mut second = follow(&server, &server.token).await;
    // Another key is another reader, but comes from the same place.
    let other = server
        .key(&server.shop.merchant.id, tongma::merchant::Scope::ALL)
        .await;
    let _of_other = follow(&server, &other).await;
    let fourth = bearer(Request::get("/v1/feed"), &other);
    let many = server.refuses(&fourth, 429, "too-many-streams").await;
    assert!(many.header("retry-after").is_some());

    // One more of a reader that has its share ends its oldest, and no other.
    let mut third = follow(&server, &server.token).await;
    let heard = to_its_end(&mut first).await;
    assert!(heard.contains("retry: 5000"), "{heard}");
    // Silent for longer than a connection may be idle, a feed lives: it is an answer.
    beats(&mut second, 2).await;
    beats(&mut third, 1).await;

    // Whoever leaves makes room.
    drop(second);
    let again = async {
        while server
            .shop
            .app
            .streams
            .open("another", "127.0.0.1")
            .is_none()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(3 * GUARD, again).await.unwrap();
}

/// Two of each reader, three of one place.
async fn few_feeds() -> Server {
    Server::open_listening(Backend::Sqlite, &listening(), |app| {
        app.streams = Streams::new(StreamLimits {
            most: 100,
            per_reader: 2,
            per_source: 3,
        });
    })
    .await
}

async fn follow(server: &Server, token: &str) -> TcpStream {
    let ask = format!("GET /v1/feed HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    let mut stream = connect(server, &ask).await;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    stream
}

/// Reads until so many signs of life were heard.
async fn beats(stream: &mut TcpStream, count: usize) {
    let mut heard = String::new();
    let beats = async {
        while heard.matches(": alive").count() < count {
            let mut piece = [0; 1024];
            let length = stream.read(&mut piece).await.unwrap();
            assert!(length > 0, "the feed was cut off: {heard}");
            heard.push_str(&String::from_utf8_lossy(&piece[..length]));
        }
    };
    timeout(3 * GUARD, beats).await.unwrap();
}
