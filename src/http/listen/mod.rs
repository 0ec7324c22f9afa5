//! The listening end: which connections are taken, and how long each may keep us waiting.
//!
//! ```text
//! accept ── a place, in all and of the source? ── TLS ── head in time ── frame ── answer
//!             no: closed at once                           │    ▲                    │
//!                                                          └────┴── idle, not long ──┘
//! ```
//!
//! actix-web's own server bounds the head of a connection's first request only, and nothing by
//! source; so the same parts that it is made of are put together here, around a stream that keeps
//! the time.

mod guarded;
mod pace;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::{HttpService, KeepAlive, Protocol};
use actix_server::Server;
use actix_service::{ServiceFactoryExt as _, fn_service, map_config};
use actix_tls::accept::TlsError;
use actix_tls::accept::rustls_0_23::{Acceptor, TlsStream};
use actix_web::dev::AppConfig;
use actix_web::web::Data;
use actix_web::{App as Routes, Error};

use self::guarded::Guarded;
use crate::app::{App, Tally};
use crate::event::hub::Hub;
use crate::http;

pub(crate) use self::pace::{Kept, Turn, answering};

/// How long an orderly end of a connection may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// How connections are taken.
#[derive(Debug, Clone)]
pub struct Listening {
    /// Threads that answer.
    pub workers: usize,
    /// How long running requests may take once the server is told to stop.
    pub stop_within_s: u64,
    /// Connections at once, in all.
    pub most: u32,
    /// Connections at once from one address; a trusted proxy's are not counted.
    pub most_each: u32,
    /// How long each may keep us waiting.
    pub patience: Patience,
}

/// How long a connection may keep us waiting.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the head of a request, from its first byte; from the beginning, for the first.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// For taking what was answered.
    pub stalled: Duration,
}

impl Default for Listening {
    /// As `config.default.toml` has it.
    fn default() -> Self {
        Self {
            workers: 1,
            stop_within_s: 10,
            most: 4096,
            most_each: 512,
            patience: Patience {
                head: Duration::from_secs(10),
                idle: Duration::from_secs(75),
                stalled: Duration::from_secs(30),
            },
        }
    }
}

/// Takes connections until the server is stopped; encrypted ones where there is a certificate.
pub fn listen(
    listener: TcpListener,
    listening: &Listening,
    tls: Option<rustls::ServerConfig>,
    app: Data<App>,
    hub: Data<Hub>,
) -> io::Result<Server> {
    let places = Tally::new(listening.most, listening.most_each);
    let patience = listening.patience;
    let builder = Server::build()
        .workers(listening.workers)
        .shutdown_timeout(listening.stop_within_s)
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let proxies = app.proxies.clone();
    let admit = move |io| {
        let guarded = Guarded::admit(io, &places, &proxies, patience);
        std::future::ready(guarded)
    };

    // A macro, because each kind of stream makes another type of service.
    macro_rules! http {
        ($stream:ty, $pace:expr) => {{
            let routes = Routes::new().configure(http::configure(app.clone(), hub.clone()));
            let routes = map_config(routes, |()| AppConfig::default());
            let stopping = stopping.clone();
            HttpService::<$stream, _, _>::build()
                .keep_alive(KeepAlive::Timeout(patience.idle))
                .client_request_timeout(patience.head)
                .client_disconnect_timeout(GOODBYE)
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .on_connect_ext(|stream: &$stream, data| {
                    let pace: fn(&$stream) -> _ = $pace;
                    data.insert(pace(stream));
                })
                .finish(routes.map_err(|error: Error| error.error_response()))
        }};
    }
    let builder = match tls {
        None => builder.listen("http", listener, move || {
            let http = http!(Guarded, Guarded::pace).map_err(drop);
            fn_service(admit.clone())
                .map_err(drop)
                .map(|io: Guarded| {
                    let peer = io.peer();
                    (io, Protocol::Http1, peer)
                })
                .and_then(http)
        }),
        Some(mut tls) => {
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
            builder.listen("https", listener, move || {
                let http = http!(TlsStream<Guarded>, |io| io.get_ref().0.pace()).map_err(drop);
                fn_service(admit.clone())
                    .map_err(drop)
                    .and_then(
                        Acceptor::new(tls.clone())
                            .map_err(|_: TlsError<io::Error, std::convert::Infallible>| ()),
                    )
                    .map(|io: TlsStream<Guarded>| {
                        let peer: Option<SocketAddr> = io.get_ref().0.peer();
                        (io, Protocol::Http1, peer)
                    })
                    .and_then(http)
            })
        }
    }?;
    Ok(builder.run())
}
