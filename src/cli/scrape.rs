//! The numbers at an address of their own, for a Prometheus on the same machine or network.

use std::io;
use std::net::SocketAddr;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use actix_web::{App as Routes, HttpServer};
use tokio::task::JoinHandle;

use crate::app::App;
use crate::http;

/// Tells the numbers until it is stopped.
pub(crate) struct Scraping {
    server: ServerHandle,
    running: JoinHandle<io::Result<()>>,
}

/// Listens where the operator said.
pub(crate) fn start(app: &App, listen: SocketAddr) -> io::Result<Scraping> {
    let shared = Data::new(app.clone());
    let routes = move || Routes::new().configure(http::configure_metrics(shared.clone()));
    // One reader a few times a minute.
    let server = HttpServer::new(routes)
        .workers(1)
        .disable_signals()
        .bind(listen)?;
    for address in server.addrs() {
        tracing::info!("metrics at http://{address}/metrics");
    }
    let server = server.run();
    Ok(Scraping {
        server: server.handle(),
        running: tokio::spawn(server),
    })
}

impl Scraping {
    /// Ends it; a reader that is told just now is told to its end.
    pub(crate) async fn stop(self) {
        self.server.stop(true).await;
        drop(self.running.await);
    }
}
