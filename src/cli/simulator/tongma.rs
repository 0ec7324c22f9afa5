//! tongma as the institution sees it: its wallet API and its published keys.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::clock::Timestamp;
use crate::crypto::digest::sha256_hex;
use crate::crypto::jwk::{JwkSet, KeyUse};
use crate::crypto::jws;
use crate::crypto::keys::{PublicKey, SigningKey};
use crate::wallet::client::{Call, SendError};
use crate::wallet::simulator::Refusal;
use crate::wallet::{Client, WireReply, WireRequest};

pub(super) struct Tongma {
    url: String,
    origin: String,
    client: Client,
    key: SigningKey,
    published: Mutex<JwkSet>,
}

/// What a resolution says about itself; the rest is for the payer's eyes.
#[derive(Deserialize)]
struct Resolution {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    text_sha256: String,
    #[serde(flatten)]
    shown: serde_json::Map<String, Value>,
}

impl Tongma {
    pub(super) fn new(url: String, origin: String, client: Client, key: SigningKey) -> Self {
        Self {
            url,
            origin,
            client,
            key,
            published: Mutex::default(),
        }
    }

    /// Who is paid by this code, how much and by which route; believed only under tongma's
    /// signature.
    pub(super) async fn resolve(
        &self,
        text: &str,
        institution: &str,
        now: Timestamp,
    ) -> Result<Value, Refusal> {
        let request =
            WireRequest::post_json("/wallet/v1/resolve".to_owned(), &json!({"text": text}));
        let reply = self.send(&request).await?;
        if !reply.is_ok() {
            return Err(passed_on(&reply));
        }
        let signed = String::from_utf8(reply.body).map_err(|_| untrusted(&"not a text"))?;
        let unverified =
            jws::parse(signed.trim(), jws::RESOLUTION).map_err(|error| untrusted(&error))?;
        let key = self.key(unverified.kid(), KeyUse::Resolution).await;
        let key = key.ok_or_else(|| untrusted(&"signed with a key that is not published"))?;
        let claims = unverified
            .verify::<Resolution>(&key)
            .map_err(|error| untrusted(&error))?
            .claims;
        jws::check_times(claims.iat, claims.exp, now, jws::SKEW)
            .map_err(|error| untrusted(&error))?;
        if claims.iss != self.origin || claims.aud != institution {
            return Err(untrusted(&"made by or for somebody else"));
        }
        if claims.text_sha256 != sha256_hex(text.as_bytes()) {
            return Err(untrusted(&"it is about another code"));
        }
        Ok(Value::Object(claims.shown))
    }

    /// Starts a payment.
    pub(super) async fn start(&self, body: &Value) -> Result<Value, Refusal> {
        let request = WireRequest::post_json("/wallet/v1/attempts".to_owned(), body);
        read(&self.send(&request).await?)
    }

    /// What became of a payment that was started here.
    pub(super) async fn attempt(&self, attempt: &str) -> Result<Value, Refusal> {
        let request = WireRequest::get(format!("/wallet/v1/attempts/{attempt}"));
        read(&self.send(&request).await?)
    }

    /// Tells that the payer paid, which is no proof.
    pub(super) async fn report(&self, attempt: &str, body: &Value) -> Result<Value, Refusal> {
        let path = format!("/wallet/v1/attempts/{attempt}/report");
        read(&self.send(&WireRequest::post_json(path, body)).await?)
    }

    /// Delivers a result.
    pub(super) async fn notify(
        &self,
        notify_url: &str,
        statement: String,
    ) -> Result<WireReply, SendError> {
        // A statement goes to tongma or nowhere, whatever address an order names.
        let path = notify_url
            .strip_prefix(&self.origin)
            .unwrap_or_default()
            .to_owned();
        let request = WireRequest::post(path, "application/jose", statement.into_bytes());
        self.client.send(&self.url, &request, &self.key).await
    }

    /// Where results of an order go if the order does not say.
    pub(super) fn notify_url(&self, order_number: &str) -> String {
        format!("{}/wallet/v1/orders/{order_number}/confirm", self.origin)
    }

    /// The key that tongma signs its requests with, under this name.
    pub(super) async fn request_key(&self, key_id: &str) -> Option<PublicKey> {
        self.key(key_id, KeyUse::Request).await
    }

    async fn key(&self, key_id: &str, key_use: KeyUse) -> Option<PublicKey> {
        let mut published = self.published.lock().await;
        if let Some(key) = find(&published, key_id, key_use) {
            return Some(key);
        }
        // A name that is not known may be new: ask once.
        let request = WireRequest::get("/.well-known/jwks.json".to_owned());
        let call = Call {
            request,
            headers: Vec::new(),
        };
        let answer = self.client.call(&self.url, &call, None).await.ok()?;
        *published = serde_json::from_slice(&answer.reply.body).ok()?;
        find(&published, key_id, key_use)
    }

    async fn send(&self, request: &WireRequest) -> Result<WireReply, Refusal> {
        let sent = self.client.send(&self.url, request, &self.key).await;
        sent.map_err(|error| Refusal::new(502, "tongma-unreachable", error.to_string()))
    }
}

fn find(published: &JwkSet, key_id: &str, key_use: KeyUse) -> Option<PublicKey> {
    let mut keys = published.keys.iter();
    let jwk = keys.find(|jwk| jwk.kid.as_str() == key_id && jwk.tongma_use == Some(key_use))?;
    jwk.public_key().ok()
}

/// The body of a good answer, or the refusal passed on.
pub(super) fn read<T: DeserializeOwned>(reply: &WireReply) -> Result<T, Refusal> {
    if !reply.is_ok() {
        return Err(passed_on(reply));
    }
    serde_json::from_slice(&reply.body).map_err(|error| untrusted(&error))
}

/// tongma's refusal, for the payer's eyes.
fn passed_on(reply: &WireReply) -> Refusal {
    let problem: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let text = |name: &str| {
        problem
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    Refusal {
        status: reply.status,
        code: text("code").into(),
        detail: text("detail"),
    }
}

fn untrusted(why: &impl ToString) -> Refusal {
    Refusal::new(502, "tongma-untrusted", why.to_string())
}
