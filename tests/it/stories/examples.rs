//! The examples of the documentation run as they stand, and every command that it shows is one that
//! the server understands.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use tongma::clock::Clock;
use tongma::crypto::jwk;
use tongma::flow;
use tongma::merchant::KeyMaterial;

use super::contract::insert_key;
use super::town::Town;
use crate::support::shop::WALLETS;
use crate::support::wire::Request;
use crate::support::{Backend, example, on_both};

/// A wallet with a key of its own in a file, and what anyone can fetch, in a folder.
struct Desk {
    town: Town,
    folder: tempfile::TempDir,
    key_id: String,
}

/// Whose payer scans.
const PAYER: &str = WALLETS[3];

impl Desk {
    async fn open(backend: Backend) -> Self {
        let town = Town::bare(backend, Clock::System).await;
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        openssl(&["genpkey", "-algorithm", "ed25519", "-out"], &key);
        let public = public_key(&key);
        let key_id = public.key_id().to_string();
        let app = &town.server.shop.app;
        let material = KeyMaterial::Ed25519(*public.as_bytes());
        insert_key(app, PAYER, &key_id, material).await;
        let jwks = town
            .server
            .send(&Request::get("/.well-known/jwks.json"))
            .await;
        std::fs::write(folder.path().join("jwks.json"), jwks.body).unwrap();
        Self {
            town,
            folder,
            key_id,
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn url(&self) -> String {
        self.town.server.shop.app.origin.to_string()
    }

    /// Runs an example off the threads that serve.
    async fn runs(&self, file: &'static str, arguments: &[&str]) -> (Option<i32>, String) {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let settings = [
            ("TONGMA", self.url()),
            ("TONGMA_KEY", self.town.server.token.clone()),
            ("TONGMA_KEY_ID", self.key_id.clone()),
            ("TONGMA_KEY_FILE", self.path("key.pem")),
        ];
        let ran = tokio::task::spawn_blocking(move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let settings: Vec<_> = settings.iter().map(|(n, v)| (*n, v.as_str())).collect();
            example(file, &arguments, &settings)
        });
        ran.await.unwrap()
    }

    /// The same, when it ends well and prints JSON.
    async fn says(&self, file: &'static str, arguments: &[&str]) -> Value {
        let (code, said) = self.runs(file, arguments).await;
        assert_eq!(code, Some(0), "{file}: {said}");
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{file}: {said}"))
    }
}

async fn a_request_is_signed_with_openssl_and_in_python(backend: Backend) {
    let desk = Desk::open(backend).await;
    let text = desk.town.server.shop.sticker().await.text;

    let resolve = format!("{}/wallet/v1/resolve", desk.url());
    let body = format!("{{\"text\": \"{text}\"}}");
    let (code, statement) = desk.runs("sign.sh", &["POST", &resolve, &body]).await;
    assert_eq!(
        (code, statement.split('.').count()),
        (Some(0), 3),
        "{statement}"
    );

    let number = "0".repeat(32);
    let order = format!("{}/wallet/v1/orders/{number}?x=1", desk.url());
    let unknown = desk.says("sign.sh", &["GET", &order]).await;
    assert_eq!(unknown["code"], "order-not-found", "{unknown}");

    let (key, id) = (desk.path("key.pem"), desk.key_id.clone());
    let claims = desk
        .says("resolve.py", &[&desk.url(), &key, &id, &text])
        .await;
    assert_eq!(claims["payee"]["merchant"], "老王面馆", "{claims}");
    assert_eq!(claims["route"]["payee_institution"], "wechat_pay");
}

async fn a_payment_is_made_by_curl_once_and_followed(backend: Backend) {
    let desk = Desk::open(backend).await;
    let store = desk.town.server.shop.store.id.to_string();

    let made = desk
        .says("create_payment.sh", &["1250", &store, "order-7"])
        .await;
    assert_eq!(made["state"], "created", "{made}");
    assert!(
        made["checkout"]["text"].as_str().unwrap().contains("/Q/"),
        "{made}"
    );
    let again = desk
        .says("create_payment.sh", &["1250", &store, "order-7"])
        .await;
    assert_eq!(again, made);

    let (code, heard) = desk.runs("follow_feed.sh", &["0", "3"]).await;
    assert_eq!(code, Some(0), "{heard}");
    let first = heard.lines().next().unwrap_or_default();
    let (place, rest) = first.split_once(' ').unwrap_or_default();
    assert_eq!(
        (place, rest.split(' ').next()),
        ("1", Some("payment.created")),
        "{heard}"
    );
    assert!(heard.contains(made["id"].as_str().unwrap()), "{heard}");
    let (_, behind) = desk.runs("follow_feed.sh", &["1", "2"]).await;
    assert!(!behind.contains("payment.created"), "{behind}");
}

async fn a_code_and_a_receipt_are_checked_from_the_public_keys(backend: Backend) {
    let desk = Desk::open(backend).await;
    let shop = &desk.town.server.shop;
    let text = shop.sticker().await.text;
    let jwks = desk.path("jwks.json");

    let said = desk.says("verify_code.py", &[&jwks, &text]).await;
    assert_eq!(
        (&said["genuine"], &said["kind"]),
        (&true.into(), &"static".into())
    );
    let mut letters: Vec<char> = text.chars().collect();
    let inside = letters.len() - 20;
    letters[inside] = if letters[inside] == 'A' { 'B' } else { 'A' };
    let forged: String = letters.into_iter().collect();
    let (code, said) = desk.runs("verify_code.py", &[&jwks, &forged]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("\"genuine\": false"), "{said}");

    let started = shop
        .starts(PAYER, &shop.sticker().await, 1250)
        .await
        .unwrap();
    shop.confirms(&shop.paid("wechat_pay", &started))
        .await
        .unwrap();
    let payer = PAYER.parse().unwrap();
    let seen = flow::report::attempt(&shop.app, &payer, &started.attempt).await;
    let receipt = seen.unwrap().receipt.unwrap();
    let checked = desk
        .says("verify_receipt.py", &[&desk.url(), &jwks, &receipt])
        .await;
    assert_eq!(checked["verdict"], "genuine", "{checked}");
    assert_eq!(checked["amount_minor"], 1250);
    let (code, again) = desk
        .runs("verify_receipt.py", &[&desk.url(), &jwks, &receipt])
        .await;
    assert_eq!(code, Some(1), "{again}");
    assert!(again.contains("already-shown"), "{again}");
    let nobody = "http://127.0.0.1:9";
    let alone = desk
        .says("verify_receipt.py", &[nobody, &jwks, &receipt])
        .await;
    assert_eq!(alone["verdict"], "genuine, reuse unchecked", "{alone}");
    let forged = receipt.replace('.', ".A");
    let (code, said) = desk
        .runs("verify_receipt.py", &[&desk.url(), &jwks, &forged])
        .await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("forged"), "{said}");
}

/// Signed and unsigned: whatever a reader copies is understood, though it may name nothing.
async fn every_command_of_the_documentation_is_understood(backend: Backend) {
    let desk = Desk::open(backend).await;
    let document = desk
        .town
        .server
        .send(&Request::get("/openapi.json"))
        .await
        .json();
    let sign = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/examples/sign.sh");
    std::os::unix::fs::symlink(sign, desk.folder.path().join("sign.sh")).unwrap();
    let operations = super::document::operations(&document);
    assert!(operations.len() > 40);
    for (method, path) in operations {
        if path == "/v1/feed" {
            // Has no end; an example follows it.
            continue;
        }
        let name = document["paths"][&path][method.to_lowercase()]["operationId"].clone();
        let page = format!("/docs/{}", name.as_str().unwrap());
        let page = desk.town.server.send(&Request::get(&page)).await.text();
        let command = command_on(&page);
        let (said, status) = desk.types(&command).await;
        // A statement has to be signed by whoever holds the account.
        let is_understood =
            !matches!(status, 400 | 401 | 403 | 405 | 415) || name == "confirmOrder";
        assert!(is_understood && status < 500, "{command}: {status} {said}");
        assert!(
            status != 422 || !said.contains("\"field-"),
            "{command}: {said}"
        );
    }
}

impl Desk {
    /// Types a command into a shell; the answer and its status.
    async fn types(&self, command: &str) -> (String, u16) {
        let told = "curl() { command curl --silent --write-out '\\n%{http_code}' \"$@\"; }\n\
                    export -f curl\nuuidgen() { openssl rand -hex 16; }\n";
        let script = format!("{told}echo x.y.z > statement.jws\n{command}");
        let mut shell = Command::new("bash");
        shell
            .args(["-c", &script])
            .current_dir(self.folder.path())
            .env("TONGMA", self.url())
            .env("TONGMA_KEY", &self.town.server.token)
            .env("TONGMA_KEY_ID", &self.key_id)
            .env("TONGMA_KEY_FILE", self.path("key.pem"));
        let output = tokio::task::spawn_blocking(move || shell.output().unwrap());
        let said = String::from_utf8_lossy(&output.await.unwrap().stdout).into_owned();
        let (said, status) = said.trim_end().rsplit_once('\n').unwrap_or(("", &said));
        (said.to_owned(), status.trim().parse().unwrap_or(0))
    }
}

/// The command on an operation's page, as a browser would copy it.
fn command_on(page: &str) -> String {
    let (_, rest) = page.split_once("<pre tabindex=\"0\"><code>").unwrap();
    let (text, _) = rest.split_once("</code>").unwrap();
    text.replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[test]
fn what_the_pages_show_is_what_runs_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/examples");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut shown: Vec<_> = tongma::http::examples().collect();
    shown.sort_unstable();
    let read: Vec<(String, String)> = files
        .iter()
        .map(|file| {
            let name = file.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(file).unwrap())
        })
        .collect();
    let shown: Vec<(String, String)> = shown
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    assert_eq!(shown, read);
}

fn openssl(arguments: &[&str], file: &Path) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).arg(file).output();
    let output = output.unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    output.stdout
}

/// The public half of a key in a file.
fn public_key(file: &Path) -> tongma::crypto::keys::PublicKey {
    let der = openssl(&["pkey", "-pubout", "-outform", "DER", "-in"], file);
    // The last 32 bytes of the structure are the key.
    let x = data_encoding::BASE64URL_NOPAD.encode(&der[der.len() - 32..]);
    let jwk = format!("{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"{x}\"}}");
    jwk::parse_foreign(jwk.as_bytes()).unwrap()
}

on_both![
    a_request_is_signed_with_openssl_and_in_python,
    a_payment_is_made_by_curl_once_and_followed,
    a_code_and_a_receipt_are_checked_from_the_public_keys,
    every_command_of_the_documentation_is_understood,
];
