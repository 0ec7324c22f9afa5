//! The stage: tongma with its database, and eight institutions beside it.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::DemoArgs;
use super::data::SHOPS;
use super::folder::Folder;
use super::settings::{Given, SettingsError};
use super::shop::{self, Shop, ShopError, SignUp, Street};
use crate::app::App;
use crate::cli::serve::{self, Serving};
use crate::cli::setup::{self, SetupError};
use crate::cli::simulator::{self, Participants, Running, World};
use crate::clock::Clock;
use crate::code::origin::{Origin, OriginError};
use crate::crypto::keys::SigningKey;
use crate::entropy::SystemEntropy;
use crate::flow::FlowError;
use crate::flow::pair::{Invitation, invite};
use crate::merchant::{AccountReference, InstitutionId, TextError};
use crate::wallet;

/// What the demo plays on.
pub(super) struct Stage {
    pub(super) street: Street,
    pub(super) world: World,
    pub(super) folder: Folder,
    /// Where everything reaches tongma.
    pub(super) origin: String,
    app: App,
    server: Serving,
    institutions: BTreeMap<InstitutionId, Running>,
}

/// Why the stage cannot be set.
#[derive(Debug, thiserror::Error)]
pub(super) enum StageError {
    #[error("{0}")]
    Machine(#[from] io::Error),
    #[error("listening on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("public_url: {0}")]
    Origin(#[from] OriginError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("the demo's data: {0}")]
    Data(#[from] TextError),
    #[error("the shop cannot open: {0}")]
    Shop(#[from] ShopError),
}

/// Where the demo listens unless asked otherwise.
const PORT: u16 = 8080;

impl Stage {
    /// Sets everything up and lets it begin.
    pub(super) async fn set(args: &DemoArgs, settings: &Given) -> Result<Self, StageError> {
        let entropy = SystemEntropy::new();
        let folder = Folder::open(args.data.as_deref(), &entropy)?;
        let config = settings.load(&own_settings(args, &folder))?;
        // Bound before anything else: the port is part of every code and address.
        let failed = |error| StageError::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).map_err(failed)?;
        let origin = Origin::parse(&config.public_url(listener.local_addr()?), true)?;
        let setup = setup::app(&config, origin, Clock::System).await?;
        let app = setup.app.clone();
        let origin = app.origin.to_string();
        let world = World {
            client: app.wallets.clone(),
            clock: app.clock.clone(),
            entropy: app.entropy.clone(),
            clearing: Participants::default(),
        };
        let (institutions, sign_ups) = play_institutions(&world, &origin)?;
        let street = shop::open(&app, &sign_ups).await?;
        let server = serve::start(setup, &config, listener, serve::tls(&config)?)?;
        Ok(Self {
            street,
            world,
            folder,
            origin,
            app,
            server,
            institutions,
        })
    }

    /// An institution by its name, and where its app's backend is.
    pub(super) fn institution(&self, id: &str) -> Option<(InstitutionId, String)> {
        let found = self
            .institutions
            .iter()
            .find(|(known, _)| known.as_str() == id);
        found.map(|(id, running)| (id.clone(), running.url.clone()))
    }

    /// A one-time code for a shop's till at this place.
    pub(super) async fn invite(&self, shop: &Shop, at: usize) -> Result<Invitation, FlowError> {
        let counter = shop
            .counters
            .get(at)
            .ok_or(FlowError::NotFound("counter"))?;
        invite(&self.app, &shop.merchant, counter, "demo").await
    }

    /// The application, for what a manager does beside the server.
    pub(super) const fn app(&self) -> &App {
        &self.app
    }

    /// Stops everything.
    pub(super) async fn strike(self) {
        for institution in self.institutions.into_values() {
            institution.stop().await;
        }
        self.server.stop().await;
    }
}

/// What the demo's few flags set, of the settings of an ordinary server in test mode.
fn own_settings(args: &DemoArgs, folder: &Folder) -> Vec<(&'static str, String)> {
    let port = match &args.public_url {
        Some(url) => port_of(url),
        None if args.once => 0,
        None => PORT,
    };
    let host = if args.public_url.is_some() {
        Ipv4Addr::UNSPECIFIED
    } else {
        Ipv4Addr::LOCALHOST
    };
    let listen = args.listen.unwrap_or(SocketAddr::from((host, port)));
    let mut flags = vec![
        ("mode", "test".to_owned()),
        ("data_dir", folder.path().display().to_string()),
        ("listen", listen.to_string()),
    ];
    flags.extend(args.public_url.clone().map(|url| ("public_url", url)));
    flags
}

/// The port that a public address names, or the usual one behind something that encrypts.
fn port_of(url: &str) -> u16 {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let named = rest
        .rsplit_once(':')
        .and_then(|(_, port)| port.trim_end_matches('/').parse().ok());
    named.unwrap_or(if scheme.eq_ignore_ascii_case("http") {
        80
    } else {
        PORT
    })
}

type Cast = (
    BTreeMap<InstitutionId, Running>,
    BTreeMap<InstitutionId, SignUp>,
);

/// Starts every institution with a key of its own.
fn play_institutions(world: &World, origin: &str) -> Result<Cast, StageError> {
    let mut running = BTreeMap::new();
    let mut sign_ups = BTreeMap::new();
    for wallet in wallet::ALL {
        let id: InstitutionId = wallet.about().id.parse()?;
        let key = SigningKey::from_seed(&world.entropy.bytes());
        let public = *key.public();
        let set_up = simulator::SetUp {
            id: id.clone(),
            key,
            accounts: accounts_at(&id)?,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            origin: origin.to_owned(),
            tongma_url: origin.to_owned(),
        };
        let institution = simulator::start(set_up, world)?;
        sign_ups.insert(
            id.clone(),
            SignUp {
                url: institution.url.clone(),
                key: public,
            },
        );
        running.insert(id, institution);
    }
    Ok((running, sign_ups))
}

fn accounts_at(id: &InstitutionId) -> Result<Vec<AccountReference>, TextError> {
    let all = SHOPS.iter().flat_map(|shop| shop.accounts);
    let here = all.filter(|(at, _)| *at == id.as_str());
    here.map(|(_, reference)| reference.parse()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_listens_where_its_public_address_leads() {
        for (url, port) in [
            ("http://192.168.1.5:8700", 8700),
            ("http://192.168.1.5:8700/", 8700),
            ("http://192.168.1.5", 80),
            ("https://pay.example.com", PORT),
        ] {
            assert_eq!(port_of(url), port, "{url}");
        }
    }
}
