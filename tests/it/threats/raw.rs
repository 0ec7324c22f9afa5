//! List G: bytes that two servers in a row would read as two different requests.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::server::Server;
use crate::support::{Backend, on_both};

/// Longer than a server waits that has decided; shorter than one that waits for more.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends bytes as they are; all that came back until the server closed the connection.
async fn says(server: &Server, bytes: &str) -> String {
    let mut stream = TcpStream::connect(&server.authority).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let closed = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
    let text = String::from_utf8_lossy(&heard).into_owned();
    assert!(closed.is_ok(), "left open after {bytes:?}: {text}");
    text
}

fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}

/// A second request hides in the body of the first: whoever disagrees about where the first ends
/// reads it.
const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

async fn t117_a_request_that_ends_in_two_places(backend: Backend) {
    let server = Server::open(backend).await;
    let before = server.business_digest().await;
    let length = HIDDEN.len();
    let post = "POST /wallet/v1/resolve HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n";
    let heads = [
        format!("{post}Content-Length: {length}\r\n{chunked}\r\n0\r\n\r\n"),
        format!("{post}{chunked}Content-Length: {length}\r\n\r\n0\r\n\r\n"),
        format!("{post}Content-Length: 0\r\nContent-Length: {length}\r\n\r\n"),
        format!("{post}Content-Length: {length}\r\nContent-Length: {length}\r\n\r\n"),
        format!("{post}Content-Length: {length}, 0\r\n\r\n"),
        format!("{post}Content-Length: +{length}\r\n\r\n"),
        format!("{post}Content-Length: -1\r\n\r\n"),
        format!("{post}Content-Length: 0x10\r\n\r\n"),
        format!("{post}Content-Length : {length}\r\n\r\n"),
        format!("{post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        format!("{post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        format!("{post}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n"),
        format!("{post}{chunked}{chunked}\r\n0\r\n\r\n"),
        format!("{post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        format!("{post}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n"),
        format!("{post}X: a\r\n Content-Length: {length}\r\n\r\n"),
        format!("{post}X: a\r\n\tb\r\n\r\n"),
        format!("{post}X: a\rContent-Length: {length}\r\n\r\n"),
        format!("{post}Host: y\r\n\r\n"),
        format!("{post}\0: a\r\n\r\n"),
        post.replacen("HTTP/1.1", "HTTP/1.0", 1) + chunked + "\r\n0\r\n\r\n",
        post.replacen("Host: x\r\n", "", 1) + "\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
    ];
    for head in heads {
        let heard = says(&server, &format!("{head}{HIDDEN}")).await;
        assert!(heard.starts_with("HTTP/1.1 400 "), "{head:?}: {heard}");
        assert_eq!(answers(&heard), 1, "{head:?}: {heard}");
    }
    let changes = server.business_digest().await.since(&before);
    assert_eq!(changes, Vec::<String>::new());
    server.is_ready().await;
}
on_both![t117_a_request_that_ends_in_two_places];

/// A bare line feed may end a line (RFC 9112, 2.2), and does here. So a header behind one, which a
/// lax server in front took for the end of another's value, is seen and judged with the rest.
async fn t117_a_bare_line_feed_hides_nothing(backend: Backend) {
    let server = Server::open(backend).await;
    let post = "POST /wallet/v1/resolve HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let length = HIDDEN.len();
    for head in [
        format!("{post}X: a\nTransfer-Encoding: chunked\r\nContent-Length: {length}\r\n\r\n"),
        format!("{post}X: a\nContent-Length: 0\r\nContent-Length: {length}\r\n\r\n"),
    ] {
        let heard = says(&server, &format!("{head}{HIDDEN}")).await;
        assert!(heard.starts_with("HTTP/1.1 400 "), "{head:?}: {heard}");
        assert_eq!(answers(&heard), 1, "{head:?}: {heard}");
    }
    let plain = "GET /healthz HTTP/1.1\nHost: x\nConnection: close\n\n";
    let heard = says(&server, plain).await;
    assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
    assert_eq!(answers(&heard), 1, "{heard}");
}
on_both![t117_a_bare_line_feed_hides_nothing];

/// A body whose parts end in another way than they may is read no further, and nothing behind it.
async fn t117_a_body_in_parts_that_end_in_another_way(backend: Backend) {
    let server = Server::open(backend).await;
    let before = server.business_digest().await;
    let post = format!(
        "POST /v1/decode HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.token
    );
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "5;a=\nb\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello",
    ] {
        let heard = says(&server, &format!("{post}{body}{HIDDEN}")).await;
        // Whoever waits for a body that breaks hears 400, or only that the connection ends.
        let is_refused = heard.is_empty() || heard.starts_with("HTTP/1.1 400 ");
        assert!(is_refused && answers(&heard) <= 1, "{body:?}: {heard}");
    }
    let changes = server.business_digest().await.since(&before);
    assert_eq!(changes, Vec::<String>::new());
    server.is_ready().await;
}
on_both![t117_a_body_in_parts_that_end_in_another_way];

/// What asks to go on in another protocol would be passed on unread by a proxy that agrees.
async fn t117_no_connection_becomes_another_protocol(backend: Backend) {
    let server = Server::open(backend).await;
    for (upgrade, more) in [
        ("h2c", "HTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
        (
            "websocket",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
        ),
        ("TLS/1.0", ""),
    ] {
        let asked = format!(
            "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n\
             Upgrade: {upgrade}\r\n{more}\r\n"
        );
        let heard = says(&server, &asked).await;
        assert!(heard.starts_with("HTTP/1.1 400 "), "{upgrade}: {heard}");
        assert_eq!(answers(&heard), 1, "{upgrade}: {heard}");
        assert!(
            heard.to_lowercase().contains("connection: close"),
            "{heard}"
        );
    }
    server.is_ready().await;
}
on_both![t117_no_connection_becomes_another_protocol];
