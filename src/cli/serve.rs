//! `tongma serve`: the composition root.
//!
//! Everything meets here: settings become an app, the app is handed to the HTTP routes and to the
//! workers beside them, and one signal stops all of it in the right order: not ready, no new
//! connections, requests that run may end, then the workers, then the database.

use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;

use crate::app::App;
use crate::cli::error::CliError;
use crate::cli::manager;
use crate::cli::scrape::{self, Scraping};
use crate::cli::setup::{self, SetUp, SetupError};
use crate::clock::Clock;
use crate::code::origin::Origin;
use crate::config::Config;
use crate::db::codes::Scan;
use crate::db::{DbError, idempotency, nonces, pairings};
use crate::event::hub::Hub;
use crate::event::outbox;
use crate::flow::{audit, expire, idempotent, key_log, scan_log};
use crate::http;
use crate::word::Mode;

/// How often is dropped what no longer counts.
const TIDY_EVERY: Duration = Duration::from_mins(10);

/// A server that runs until it is stopped.
pub(crate) struct Serving {
    server: ServerHandle,
    running: JoinHandle<io::Result<()>>,
    workers: Vec<JoinHandle<()>>,
    scraping: Option<Scraping>,
    hub: Hub,
    app: App,
}

/// Serves until the process is told to stop; says `ready URL` once it can be reached.
pub(crate) async fn run(config: &Config) -> Result<(), CliError> {
    let failed = |error| CliError::File(format!("listening on {}", config.listen), error);
    let listener = TcpListener::bind(config.listen).map_err(failed)?;
    let url = config.public_url(listener.local_addr().map_err(failed)?);
    let origin = Origin::parse(&url, config.mode == Mode::Test).map_err(SetupError::from)?;
    // Whoever cannot serve leaves nothing behind: neither a key nor a database nor a line about it.
    let tls = tls(config).map_err(|error| CliError::File("tls".to_owned(), error))?;
    let set_up = setup::app(config, origin, Clock::System).await?;
    audit::of_server(&set_up.app, "server.start").await?;
    let serving = start(set_up, config, listener, tls).map_err(failed)?;
    // Heard from now on: whoever sees the line may tell us to stop at once.
    let mut stop = StopSignal::listen().map_err(failed)?;
    // Whoever started us may not be listening any more.
    drop(writeln!(io::stdout(), "ready {url}"));
    tracing::info!(mode = config.mode.as_str(), "serving at {url}");
    manager::ready();
    let alive = tokio::spawn(manager::keep_alive());
    stop.told().await;
    tracing::info!("stopping");
    manager::stopping();
    // What cannot be written down any more is stopped all the same.
    if let Err(error) = audit::of_server(&serving.app, "server.stop").await {
        tracing::warn!(%error, "the audit log does not know that we stop");
    }
    let grace = Duration::from_secs(config.drain_s.into());
    serving.drain(grace, &mut stop).await;
    serving.stop().await;
    alive.abort();
    Ok(())
}

/// Starts the routes and the workers beside them.
pub(crate) fn start(
    set_up: SetUp,
    config: &Config,
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
) -> io::Result<Serving> {
    let SetUp { app, scans } = set_up;
    let hub = Hub::default();
    let scraping = config
        .metrics
        .listen
        .map(|listen| scrape::start(&app, listen))
        .transpose()?;
    let workers = workers(&app, &hub, scans);
    let (shared, heard) = (Data::new(app.clone()), Data::new(hub.clone()));
    let server = http::listen(listener, &setup::listening(config), tls, shared, heard)?;
    Ok(Serving {
        server: server.handle(),
        running: tokio::spawn(server),
        workers,
        scraping,
        hub,
        app,
    })
}

impl Serving {
    /// Says not ready and serves on, until load balancers have noticed or somebody is impatient.
    async fn drain(&self, grace: Duration, stop: &mut StopSignal) {
        self.hub.drain();
        drop(tokio::time::timeout(grace, stop.told()).await);
    }

    /// Stops taking requests, lets the running ones end, and stops the workers.
    pub(crate) async fn stop(self) {
        // Feeds never end by themselves.
        self.hub.close();
        self.server.stop(true).await;
        drop(self.running.await);
        for worker in &self.workers {
            worker.abort();
        }
        if let Err(error) = key_log::write(&self.app).await {
            tracing::warn!("uses of keys were not written: {error}");
        }
        if let Some(scraping) = self.scraping {
            scraping.stop().await;
        }
        self.app.db.close().await;
    }
}

/// The certificate and its key, if connections are encrypted here.
pub(crate) fn tls(config: &Config) -> io::Result<Option<rustls::ServerConfig>> {
    let Some((certificate, key)) = config.tls_files() else {
        return Ok(None);
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| refused(certificate, &why))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|why| refused(key, &why))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let built = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(chain, key_der)
        });
    built.map(Some).map_err(|why| refused(certificate, &why))
}

fn refused(path: &Path, why: &impl ToString) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{}: {}", path.display(), why.to_string()),
    )
}

fn workers(app: &App, hub: &Hub, scans: Receiver<Scan>) -> Vec<JoinHandle<()>> {
    let (placing, hub) = (app.clone(), hub.clone());
    let (sweeping, writing, tidying) = (app.clone(), app.clone(), app.clone());
    let noting = app.clone();
    vec![
        tokio::spawn(async move {
            let bell = placing.bell.clone();
            let rung = move || {
                let bell = bell.clone();
                async move { bell.rung().await }
            };
            outbox::run(&placing.db, &hub, rung).await;
        }),
        tokio::spawn(async move { expire::run(&sweeping).await }),
        tokio::spawn(async move { scan_log::run(&writing, scans).await }),
        tokio::spawn(async move { key_log::run(&noting).await }),
        tokio::spawn(async move { tidy(&tidying).await }),
    ]
}

/// Drops what no longer counts.
async fn tidy(app: &App) {
    loop {
        if let Err(error) = tidy_once(app).await {
            tracing::warn!("old rows were not dropped: {error}; will try again");
        }
        tokio::time::sleep(TIDY_EVERY).await;
    }
}

async fn tidy_once(app: &App) -> Result<(), DbError> {
    let mut tx = app.db.begin().await?;
    let now = tx.now();
    nonces::drop_expired(&mut tx, now).await?;
    pairings::drop_expired(&mut tx, now).await?;
    idempotency::drop_older(&mut tx, now.minus(idempotent::RETENTION)).await?;
    tx.commit().await
}

/// Ctrl-C, or what a service manager sends.
pub(crate) struct StopSignal {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl StopSignal {
    /// Hears from now on; before, the signal ends the process.
    pub(crate) fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Returns when the process is told to stop, each time.
    pub(crate) async fn told(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        drop(tokio::signal::ctrl_c().await);
    }
}
