//! Load over HTTP: requests that were written down beforehand, sent again and again on connections
//! that stay open. It reads no more of an answer than it must, because it shares the processors
//! with the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::table::Done;

/// A request as it goes over the wire.
pub(crate) type Bytes = Vec<u8>;

/// Sends `requests` again and again on `connections` for as long as `span`.
pub(crate) fn run(
    authority: &str,
    requests: &Arc<[Bytes]>,
    connections: usize,
    span: Duration,
) -> Done {
    from_a_thread(authority, requests, connections, Some(span))
}

/// Sends each of `requests` once.
pub(crate) fn each_once(authority: &str, requests: &Arc<[Bytes]>, connections: usize) -> Done {
    from_a_thread(authority, requests, connections, None)
}

fn from_a_thread(
    authority: &str,
    requests: &Arc<[Bytes]>,
    connections: usize,
    span: Option<Duration>,
) -> Done {
    let (authority, requests) = (authority.to_owned(), Arc::clone(requests));
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(all(authority, requests, connections, span))
    });
    thread.join().unwrap()
}

async fn all(
    authority: String,
    requests: Arc<[Bytes]>,
    connections: usize,
    span: Option<Duration>,
) -> Done {
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(&authority).await.unwrap();
        stream.set_nodelay(true).unwrap();
        streams.push(stream);
    }
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let until = span.map(|span| began + span);
    let senders = streams.into_iter().map(|stream| {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        tokio::spawn(one(stream, requests, next, until))
    });
    let senders: Vec<_> = senders.collect();
    let mut each = Vec::new();
    for sender in senders {
        each.extend(sender.await.unwrap());
    }
    Done {
        took: began.elapsed(),
        each,
    }
}

async fn one(
    mut stream: TcpStream,
    requests: Arc<[Bytes]>,
    next: Arc<AtomicUsize>,
    until: Option<Instant>,
) -> Vec<Duration> {
    let mut each = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        let is_over = until.map_or(number >= requests.len(), |until| began >= until);
        if is_over {
            return each;
        }
        let request = &requests[number % requests.len()];
        stream.write_all(request).await.unwrap();
        answer(&mut stream, &mut buffer).await;
        each.push(began.elapsed());
    }
}

/// Reads one answer, which must be a 2xx.
pub(crate) async fn answer(stream: &mut TcpStream, buffer: &mut [u8]) -> usize {
    let mut read = 0;
    loop {
        let more = stream.read(&mut buffer[read..]).await.unwrap();
        assert!(more > 0, "the server hung up");
        read += more;
        let Some(head) = find(&buffer[..read], b"\r\n\r\n") else {
            continue;
        };
        let text = std::str::from_utf8(&buffer[..head]).unwrap();
        assert!(
            text.starts_with("HTTP/1.1 2"),
            "{}",
            String::from_utf8_lossy(&buffer[..read])
        );
        let length = text
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok())
            .unwrap();
        if read >= head + 4 + length {
            return read;
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
