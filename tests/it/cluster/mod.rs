//! Two and three processes over one PostgreSQL database: they promise together what one promises
//! alone, also while one of them dies.

mod clocks;
mod feed;
mod killed;
mod lease;
mod once;
mod races;
mod revoked;
mod rolling;
mod rotated;

use std::process::Command;
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::json;
use tempfile::TempDir;

use tongma::clock::Clock;
use tongma::crypto::digest::hex;
use tongma::merchant::{PrintedCode, Scopes};
use tongma::payment::ResultClaims;

use crate::stories::process::{Process, free_port, tongma};
use crate::support::Backend;
use crate::support::server::{bearer, new_key, sign};
use crate::support::shop::{ORIGIN, Shop};
use crate::support::wire::{self, Answer, Request};

/// For what has to happen soon, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at what gives no sign.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A shop, and processes that serve it under one name.
struct Cluster {
    instances: Vec<Process>,
    shop: Shop,
    /// An API key of the shop.
    token: String,
    /// Holds the master key's file.
    home: TempDir,
}

impl Cluster {
    async fn open(instances: usize) -> Self {
        let shop = Shop::open_at(Backend::Postgres, ORIGIN, Clock::System).await;
        let token = new_key(&shop, &shop.merchant.id, Scopes::all()).await;
        let home = TempDir::new().unwrap();
        std::fs::write(home.path().join("master.key"), BASE64.encode(&[7; 32])).unwrap();
        let mut cluster = Self {
            instances: Vec::new(),
            shop,
            token,
            home,
        };
        for _ in 0..instances {
            cluster.add().await;
        }
        cluster
    }

    /// One more process.
    async fn add(&mut self) {
        let process = self.start(tongma).await;
        self.instances.push(process);
    }

    /// A process, started by this command.
    async fn start(&self, command: impl Fn() -> Command) -> Process {
        let master = format!(
            "keys.master_file={}",
            self.home.path().join("master.key").display()
        );
        let public = format!("public_url={ORIGIN}");
        let more = [
            master.as_str(),
            &public,
            "workers=1",
            "limits.pay_before_s=10",
            // Torn connections count until they are noticed.
            "connections.feeds_per_reader=1000",
            "connections.feeds_per_source=1000",
        ];
        let url = self.shop.database.url();
        let mut said = String::new();
        // A port that was free may be taken meanwhile.
        for _ in 0..5 {
            match Process::serve(command(), url, free_port(), &more).await {
                Ok(process) => return process,
                Err(error) => said = error,
            }
        }
        panic!("{said}")
    }

    /// Signs a request as a wallet does, now and with a fresh nonce, to the name that all share.
    fn signed(&self, wallet: &str, request: Request) -> Request {
        self.signed_at(wallet, request, 0)
    }

    fn signed_at(&self, wallet: &str, request: Request, seconds: i64) -> Request {
        let key = &self.shop.keys[wallet];
        let nonce = hex(&self.shop.app.entropy.bytes::<8>());
        let name = ORIGIN.strip_prefix("http://").unwrap();
        let key_id = key.key_id().to_string();
        let key = (key.into(), key_id.as_str());
        sign(&self.shop, name, key, request, seconds, &nonce).with("Host", name)
    }

    /// A start by a wallet, signed.
    fn start_of(&self, wallet: &str, code: &PrintedCode, minor: i64, reference: &str) -> Request {
        let body = json!({
            "text": code.text, "amount_minor": minor, "currency": "CNY",
            "payer_reference": reference,
        });
        self.signed(wallet, Request::post_json("/wallet/v1/attempts", &body))
    }

    /// The institution's statement, signed and sent as it does.
    fn confirm(&self, claims: &ResultClaims) -> Request {
        let path = format!("/wallet/v1/orders/{}/confirm", claims.order_number);
        let jws = self.shop.signed(claims);
        self.signed(&claims.iss, Request::post(&path, "application/jose", jws))
    }

    /// Sends a request to one of the processes.
    async fn send(&self, instance: usize, request: &Request) -> Answer {
        wire::send(&self.instances[instance].authority, request).await
    }

    /// The shop's program asks one of the processes.
    async fn ask(&self, instance: usize, request: Request) -> Answer {
        self.send(instance, &bearer(request, &self.token)).await
    }

    fn origin_of(&self, instance: usize) -> String {
        format!("http://{}", self.instances[instance].authority)
    }
}

/// Asks again until it is so.
async fn soon<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asked = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, asked).await;
    found.unwrap_or_else(|_| panic!("{what} did not come"))
}
