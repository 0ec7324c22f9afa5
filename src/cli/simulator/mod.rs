//! A simulated institution as its own small HTTP server.
//!
//! ```text
//!              /orders …  ◀── tongma (signed with its request key)
//! phone, demo ─▶ /app/…   ──▶ tongma's /wallet/v1 (signed with the institution's key)
//!              /clearing ◀─▶ the other simulators (signed with theirs)
//! ```
//!
//! It meets tongma over HTTP only and believes nothing that is not signed. The state and the books
//! are in [`crate::wallet::simulator`]; here are the sockets. `/app` is the backend of the wallet's
//! own app: whoever can reach it holds the payer's phone, so it listens on this machine only.

mod app;
mod clearing;
mod confirm;
mod contract;
mod guard;
mod tongma;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};

use crate::clock::Clock;
use crate::crypto::keys::{PublicKey, SigningKey};
use crate::entropy::Entropy;
use crate::merchant::{AccountReference, InstitutionId};
use crate::wallet::Client;
use crate::wallet::simulator::{Refusal, SimulatedInstitution};

use app::Started;
use tongma::Tongma;

/// What a simulated institution is given.
#[derive(Debug)]
pub struct SetUp {
    /// Its name.
    pub id: InstitutionId,
    /// What signs its requests and results.
    pub key: SigningKey,
    /// The accounts that merchants have there.
    pub accounts: Vec<AccountReference>,
    /// Where it listens: `127.0.0.1:0` takes any free port.
    pub listen: std::net::SocketAddr,
    /// tongma's origin, as results are addressed.
    pub origin: String,
    /// Where tongma is reached; the origin, unless a name has to be gone around.
    pub tongma_url: String,
}

/// What all simulated institutions share.
#[derive(Clone)]
pub struct World {
    /// Sends.
    pub client: Client,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Who takes part in the simulated clearing.
    pub clearing: Participants,
}

/// The clearing's list of who takes part, and how each is reached and known.
#[derive(Clone, Default)]
pub struct Participants(Arc<RwLock<BTreeMap<InstitutionId, Participant>>>);

/// One who takes part in the clearing.
#[derive(Debug, Clone)]
struct Participant {
    url: String,
    key: PublicKey,
}

/// A simulated institution that runs until it is stopped.
pub struct Running {
    /// Where it is reached.
    pub url: String,
    handle: ServerHandle,
}

/// What the handlers of one institution work on.
struct Office {
    id: InstitutionId,
    key: SigningKey,
    institution: Mutex<SimulatedInstitution>,
    /// Payments that were started from the app here, by attempt.
    started: Mutex<BTreeMap<String, Started>>,
    /// Nonces of requests that changed something, with the second of their creation.
    nonces: Mutex<BTreeMap<String, i64>>,
    tongma: Tongma,
    world: World,
}

/// Starts one institution's server.
pub fn start(set_up: SetUp, world: &World) -> io::Result<Running> {
    let SetUp {
        id,
        key,
        accounts,
        listen,
        origin,
        tongma_url,
    } = set_up;
    let public = *key.public();
    let office = Data::new(Office {
        institution: Mutex::new(SimulatedInstitution::new(
            id.clone(),
            origin.clone(),
            key.clone(),
            accounts,
        )),
        started: Mutex::default(),
        nonces: Mutex::default(),
        tongma: Tongma::new(tongma_url, origin, world.client.clone(), key.clone()),
        world: world.clone(),
        id: id.clone(),
        key,
    });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(office.clone())
            .app_data(web::PayloadConfig::new(BODY_MAX))
            .configure(contract::routes)
            .configure(clearing::routes)
            .configure(app::routes)
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .bind(listen)?;
    let address = server
        .addrs()
        .first()
        .copied()
        .ok_or(io::ErrorKind::AddrNotAvailable)?;
    let url = format!("http://{address}");
    world.clearing.join(
        id,
        Participant {
            url: url.clone(),
            key: public,
        },
    );
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(Running { url, handle })
}

impl Running {
    /// Stops the server.
    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

impl Participants {
    fn join(&self, id: InstitutionId, participant: Participant) {
        let mut list = self.0.write().unwrap_or_else(PoisonError::into_inner);
        list.insert(id, participant);
    }

    /// Who expects money under this reference: it begins with the institution's name.
    fn expecting(&self, reference: &str) -> Option<Participant> {
        let (id, _) = reference.rsplit_once('-')?;
        let list = self.0.read().unwrap_or_else(PoisonError::into_inner);
        list.get(&id.parse::<InstitutionId>().ok()?).cloned()
    }

    fn key(&self, key_id: &str) -> Option<PublicKey> {
        let list = self.0.read().unwrap_or_else(PoisonError::into_inner);
        list.values()
            .map(|one| one.key)
            .find(|key| key.key_id().as_str() == key_id)
    }
}

impl Office {
    fn books(&self) -> MutexGuard<'_, SimulatedInstitution> {
        lock(&self.institution)
    }

    fn started(&self) -> MutexGuard<'_, BTreeMap<String, Started>> {
        lock(&self.started)
    }
}

/// No institution needs more than this to say what it wants.
const BODY_MAX: usize = 64 * 1024;

/// What was half done when a thread died is a fault like any other here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refused(refusal: &Refusal) -> HttpResponse {
    contract::respond(&refusal.reply())
}
