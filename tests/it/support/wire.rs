//! HTTP by hand: a request as it goes over the wire, every byte the story's, and its answer.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query, exactly as sent.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn get(target: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A POST with a body as it stands.
    pub(crate) fn post(target: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: "POST".to_owned(),
            body: body.into(),
            ..Self::get(target)
        }
        .with("Content-Type", content_type)
    }

    pub(crate) fn post_json(target: &str, body: &serde_json::Value) -> Self {
        Self::post(target, "application/json", body.to_string())
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With its body in chunks of this many bytes instead of a length.
    pub(crate) fn in_chunks(mut self, of: usize) -> Self {
        let chunk = |bytes: &[u8]| {
            let head = format!("{:x}\r\n", bytes.len());
            [head.as_bytes(), bytes, b"\r\n"].concat()
        };
        let chunks: Vec<u8> = self.body.chunks(of).flat_map(chunk).collect();
        self.body = [chunks.as_slice(), b"0\r\n\r\n"].concat();
        self.with("Transfer-Encoding", "chunked")
    }

    /// Without a header.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self
    }

    /// With another value of a header that may be there.
    pub(crate) fn replacing(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text()))
    }

    /// The problem code.
    pub(crate) fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{} {}",
            self.status,
            self.text()
        );
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

/// A connection that stays open from one request to the next; a new one where the server says that
/// it closes it, as it does when it turns somebody away before the body was read.
pub(crate) struct Line {
    authority: String,
    stream: Option<TcpStream>,
}

impl Line {
    pub(crate) fn to(authority: &str) -> Self {
        Self {
            authority: authority.to_owned(),
            stream: None,
        }
    }

    /// Asks, and reads the whole answer, which says how long it is.
    pub(crate) async fn ask(&mut self, request: &Request) -> Answer {
        let mut bytes = head(&self.authority, request, "keep-alive").into_bytes();
        bytes.extend_from_slice(&request.body);
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(&self.authority).await.unwrap(),
        };
        stream.write_all(&bytes).await.unwrap();
        let mut heard = Vec::new();
        while !is_whole(&heard) {
            let more = stream.read_buf(&mut heard).await.unwrap();
            assert!(more > 0, "the server hung up");
        }
        let answer = read(&heard);
        if answer.header("connection") != Some("close") {
            self.stream = Some(stream);
        }
        answer
    }
}

/// Whether head and body are there.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let answer = read(bytes);
    let length = answer.header("content-length").expect("a length");
    bytes.len() >= end + 4 + length.parse::<usize>().unwrap()
}

/// Sends one request on a connection of its own. `Host` and `Content-Length` are added where the
/// story does not say them.
pub(crate) async fn send(authority: &str, request: &Request) -> Answer {
    let mut stream = say(authority, request).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    read(&bytes)
}

/// Sends a request to a server that may be stopping; nothing where no whole answer came.
pub(crate) async fn try_send(authority: &str, request: &Request) -> Option<Answer> {
    let mut stream = TcpStream::connect(authority).await.ok()?;
    let mut bytes = head(authority, request, "close").into_bytes();
    bytes.extend_from_slice(&request.body);
    stream.write_all(&bytes).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let is_whole = answer.windows(4).any(|window| window == b"\r\n\r\n");
    is_whole.then(|| read(&answer))
}

/// Sends one request, and breaks the connection off before it was answered.
pub(crate) async fn hang_up(authority: &str, request: &Request, after: Duration) {
    let stream = say(authority, request).await;
    tokio::time::sleep(after).await;
    stream.set_zero_linger().unwrap();
}

/// A request of which the last bytes have not been sent yet.
pub(crate) struct Begun {
    stream: TcpStream,
    rest: Vec<u8>,
}

/// Sends a request's head and so many bytes of its body.
pub(crate) async fn begin(authority: &str, request: &Request, bytes: usize) -> Begun {
    let (first, rest) = request.body.split_at(bytes);
    let mut stream = TcpStream::connect(authority).await.unwrap();
    let head = head(authority, request, "close");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(first).await.unwrap();
    let rest = rest.to_vec();
    Begun { stream, rest }
}

impl Begun {
    /// Sends the rest.
    pub(crate) async fn end(mut self) -> Answer {
        self.stream.write_all(&self.rest).await.unwrap();
        let mut bytes = Vec::new();
        let _ = self.stream.read_to_end(&mut bytes).await;
        read(&bytes)
    }
}

async fn say(authority: &str, request: &Request) -> TcpStream {
    let head = head(authority, request, "close");
    let mut stream = TcpStream::connect(authority).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // A server that has heard enough may close while we still speak.
    let _ = stream.write_all(&request.body).await;
    stream
}

fn head(authority: &str, request: &Request, connection: &str) -> String {
    let mut head = format!("{} {} HTTP/1.1\r\n", request.method, request.target);
    if request.header("host").is_none() {
        write!(head, "Host: {authority}\r\n").unwrap();
    }
    let is_framed = ["content-length", "transfer-encoding"]
        .iter()
        .any(|name| request.header(name).is_some());
    if !is_framed && !request.body.is_empty() {
        write!(head, "Content-Length: {}\r\n", request.body.len()).unwrap();
    }
    for (name, value) in &request.headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    write!(head, "Connection: {connection}\r\n\r\n").unwrap();
    head
}

fn read(bytes: &[u8]) -> Answer {
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        })
        .collect();
    let body = bytes[end + 4..].to_vec();
    let is_chunked = find(&headers, "transfer-encoding") == Some("chunked");
    Answer {
        status: status.parse().unwrap(),
        body: if is_chunked { unchunk(&body) } else { body },
        headers,
    }
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        let chunk = &bytes[end + 2..];
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&chunk[..size]);
        bytes = &chunk[size + 2..];
    }
    whole
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}
