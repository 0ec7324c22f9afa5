//! The only thing that opens a socket to an institution.
//!
//! It signs, sends, and reads a bounded answer. It follows no redirect, unpacks no compression,
//! asks no proxy and waits ten seconds at most: an institution that is slow or endless costs one
//! call, and the caller asks again later.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::wire::{Method, WireReply, WireRequest};
use crate::clock::Clock;
use crate::crypto::digest::hex;
use crate::crypto::http_signature::{RequestParts, SignatureError, SignedHeaders, sign};
use crate::crypto::keys::SigningKey;
use crate::entropy::Entropy;
use crate::telemetry::trace::{self, Trace};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// Results are JWS of at most 16 KiB; anything longer is not meant for us.
const REPLY_MAX: usize = 64 * 1024;

/// Sends requests, one after another or many at once; cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    clock: Clock,
    entropy: Arc<dyn Entropy>,
}

/// A request in full, for those who do not speak with an institution: the demo, the simulators.
#[derive(Clone)]
pub struct Call {
    /// What is sent.
    pub request: WireRequest,
    /// Headers besides those that the request implies.
    pub headers: Vec<(&'static str, String)>,
}

/// An answer with its headers.
#[derive(Clone)]
pub struct Answer {
    /// Status, media type and bytes.
    pub reply: WireReply,
    /// All headers, names in lower case; values that are not ASCII are left out.
    pub headers: Vec<(String, String)>,
}

/// Why there is no answer. The request may have arrived all the same.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The address is not `http` or `https` with a host.
    #[error("{0:?} is not an address")]
    Address(String),
    /// Nobody answered in time.
    #[error("no answer in time")]
    Timeout,
    /// The connection could not be made, or broke.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// More than 64 KiB.
    #[error("the answer is longer than {REPLY_MAX} bytes")]
    TooLong,
    /// The request cannot be signed.
    #[error("the request cannot be signed: {0}")]
    Signature(#[from] SignatureError),
    /// The client could not be set up.
    #[error("the client cannot be set up: {0}")]
    SetUp(String),
}

impl Client {
    /// Sets up the connections' rules.
    pub fn new(clock: Clock, entropy: Arc<dyn Entropy>) -> Result<Self, SendError> {
        // Whoever comes second finds it installed; there is only this one provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = builder()
            .build()
            // A machine without any root certificate can still speak plain HTTP in test mode.
            .or_else(|_| builder().tls_certs_only([]).build())
            .map_err(|error| SendError::SetUp(error.to_string()))?;
        Ok(Self {
            http,
            clock,
            entropy,
        })
    }

    /// Sends to an institution, signed with our key.
    pub async fn send(
        &self,
        base_url: &str,
        request: &WireRequest,
        key: &SigningKey,
    ) -> Result<WireReply, SendError> {
        let call = Call {
            request: request.clone(),
            headers: Vec::new(),
        };
        Ok(self.call(base_url, &call, Some(key)).await?.reply)
    }

    /// Sends anything anywhere, signed if there is a key.
    pub async fn call(
        &self,
        base_url: &str,
        call: &Call,
        key: Option<&SigningKey>,
    ) -> Result<Answer, SendError> {
        let request = self.prepare(base_url, call, key)?.timeout(TOTAL_TIMEOUT);
        let response = request.send().await.map_err(|error| broken(&error))?;
        let status = response.status().as_u16();
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let content_type = headers
            .iter()
            .find(|(name, _)| name == "content-type")
            .and_then(|(_, value)| value.split(';').next())
            .map_or_else(String::new, |media| media.trim().to_ascii_lowercase());
        let body = read(response).await?;
        Ok(Answer {
            reply: WireReply {
                status,
                content_type,
                body,
            },
            headers,
        })
    }

    /// Opens an answer that goes on, such as a live feed.
    pub async fn follow(&self, base_url: &str, call: &Call) -> Result<Following, SendError> {
        let request = self.prepare(base_url, call, None)?;
        let response = request.send().await.map_err(|error| broken(&error))?;
        Ok(Following { response })
    }

    fn prepare(
        &self,
        base_url: &str,
        call: &Call,
        key: Option<&SigningKey>,
    ) -> Result<reqwest::RequestBuilder, SendError> {
        let Call { request, headers } = call;
        let address = format!("{}{}", base_url.trim_end_matches('/'), request.path);
        let url = address
            .parse::<reqwest::Url>()
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| SendError::Address(base_url.chars().take(200).collect()))?;
        let mut builder = match request.method {
            Method::Get => self.http.get(url.clone()),
            Method::Post => self.http.post(url.clone()),
        };
        if let Some(key) = key {
            let signed = self.sign(&url, request, key)?;
            builder = builder
                .header("signature-input", signed.signature_input)
                .header("signature", signed.signature);
            if let Some(digest) = signed.content_digest {
                builder = builder.header("content-digest", digest);
            }
        }
        // Whoever is called goes on with the trace of the work that the call is for.
        let trace = trace::current().unwrap_or_else(|| Trace::root(&*self.entropy));
        builder = builder.header(trace::TRACEPARENT, trace.header());
        for (name, value) in headers {
            builder = builder.header(*name, value);
        }
        if let Some(body) = &request.body {
            builder = builder
                .header("content-type", body.content_type)
                .body(body.bytes.clone());
        }
        Ok(builder)
    }

    fn sign(
        &self,
        url: &reqwest::Url,
        request: &WireRequest,
        key: &SigningKey,
    ) -> Result<SignedHeaders, SendError> {
        let parts = RequestParts {
            method: request.method.as_str(),
            authority: url.authority(),
            path: url.path(),
            query: url.query(),
            content_type: request.body.as_ref().map(|body| body.content_type),
            body: request.body.as_ref().map_or(&[], |body| &body.bytes),
            idempotency_key: None,
        };
        let nonce = hex(&self.entropy.bytes::<16>());
        Ok(sign(
            &parts,
            key,
            key.key_id().as_str(),
            self.clock.now(),
            &nonce,
        )?)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

/// Headers carry keys and cookies, so only how many they are is shown.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {} headers", self.request, self.headers.len())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {} headers", self.reply, self.headers.len())
    }
}

/// An answer that goes on.
#[derive(Debug)]
pub struct Following {
    response: reqwest::Response,
}

impl Following {
    /// The status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header; empty where it is absent or not ASCII.
    pub fn header(&self, name: &str) -> &str {
        let value = self.response.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The next bytes; nothing when the other side ended it.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, SendError> {
        let chunk = self
            .response
            .chunk()
            .await
            .map_err(|error| broken(&error))?;
        Ok(chunk.map(|bytes| bytes.to_vec()))
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("tongma/", env!("CARGO_PKG_VERSION")))
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, SendError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len().saturating_add(chunk.len()) > REPLY_MAX {
            return Err(SendError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The address stays out of the text: it may hold what must not be logged.
fn broken(error: &reqwest::Error) -> SendError {
    if error.is_timeout() {
        return SendError::Timeout;
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    SendError::Connection(cause.to_string())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::clock::Timestamp;
    use crate::crypto::http_signature::{SignatureHeaders, parse};
    use crate::crypto::keys::VerifyingKey;
    use crate::entropy::SystemEntropy;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn client() -> Client {
        Client::new(Clock::manual(NOW), Arc::new(SystemEntropy::new())).unwrap()
    }

    /// A server that takes one request and answers with these bytes, whatever was asked.
    async fn answers(bytes: Vec<u8>) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"}") && !asked.ends_with(b"\r\n\r\n") {
                let mut chunk = [0; 4096];
                let read = stream.read(&mut chunk).await.unwrap();
                asked.extend_from_slice(&chunk[..read]);
            }
            // Whoever had enough closes; that is no fault here.
            let _ = stream.write_all(&bytes).await;
            String::from_utf8(asked).unwrap()
        });
        (url, served)
    }

    fn post() -> Call {
        let body = serde_json::json!({"a": 1});
        Call {
            request: WireRequest::post_json("/orders".to_owned(), &body),
            headers: Vec::new(),
        }
    }

    #[tokio::test]
    async fn what_is_sent_carries_a_signature_that_holds() {
        let (url, served) = answers(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()).await;
        let key = SigningKey::from_seed(&[7; 32]);
        client().send(&url, &post().request, &key).await.unwrap();

        let asked = served.await.unwrap();
        let (head, body) = asked.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| {
            let line = head
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_else(|| panic!("{name} in {head}"))
        };
        let headers = SignatureHeaders {
            signature_input: Some(header("signature-input")),
            signature: Some(header("signature")),
            content_digest: Some(header("content-digest")),
        };
        let parts = RequestParts {
            method: "POST",
            authority: header("host"),
            path: "/orders",
            query: None,
            content_type: Some(header("content-type")),
            body: body.as_bytes(),
            idempotency_key: None,
        };
        let holds =
            parse(&headers)
                .unwrap()
                .verify(&VerifyingKey::Ed25519(*key.public()), &parts, NOW);
        assert_eq!(holds, Ok(()));
    }

    #[tokio::test]
    async fn the_trace_of_the_work_is_handed_on() {
        let ours = Trace::root(&SystemEntropy::new());
        for trace in [Some(ours), None] {
            let (url, served) = answers(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()).await;
            let (client, post) = (client(), post());
            let call = client.call(&url, &post, None);
            match trace {
                Some(trace) => trace::within(trace, call).await.unwrap(),
                None => call.await.unwrap(),
            };
            let asked = served.await.unwrap();
            let told = asked
                .lines()
                .find_map(|line| line.strip_prefix("traceparent: "));
            match trace {
                Some(trace) => assert_eq!(told, Some(trace.header().as_str())),
                None => assert!(Trace::after(told.unwrap(), &SystemEntropy::new()).is_some()),
            }
        }
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_is_not_followed() {
        let away = b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\n\
            content-length: 0\r\n\r\n";
        let (url, _served) = answers(away.to_vec()).await;
        assert_eq!(
            client()
                .call(&url, &post(), None)
                .await
                .unwrap()
                .reply
                .status,
            302
        );
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut_off() {
        let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        endless.resize(REPLY_MAX * 4, b'x');
        let (url, _served) = answers(endless).await;
        let refused = client().call(&url, &post(), None).await.unwrap_err();
        assert!(matches!(refused, SendError::TooLong), "{refused}");
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_no_answer() {
        let broken = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"hand".to_vec();
        let (url, _served) = answers(broken).await;
        let refused = client().call(&url, &post(), None).await.unwrap_err();
        assert!(matches!(refused, SendError::Connection(_)), "{refused}");
    }

    #[tokio::test]
    async fn what_is_no_address_is_not_dialled() {
        for url in ["", "file:///etc/passwd", "ftp://a.example", "pay.example"] {
            let refused = client().call(url, &post(), None).await.unwrap_err();
            assert!(matches!(refused, SendError::Address(_)), "{url}: {refused}");
        }
    }
}
