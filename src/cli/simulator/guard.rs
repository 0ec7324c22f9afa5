//! Who asks: tongma, or another institution of the clearing.

use actix_web::HttpRequest;

use super::{Office, lock};
use crate::crypto::http_signature::{Parsed, RequestParts, SignatureHeaders, WINDOW, parse};
use crate::crypto::keys::{PublicKey, VerifyingKey};
use crate::wallet::simulator::Refusal;

impl Office {
    /// Takes only what tongma signed.
    pub(super) async fn only_tongma(
        &self,
        request: &HttpRequest,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let parsed = read(request)?;
        let key = self.tongma.request_key(parsed.keyid()).await;
        self.check(&parsed, key, request, body)
    }

    /// Takes only what another institution of the clearing signed.
    pub(super) fn only_participant(
        &self,
        request: &HttpRequest,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let parsed = read(request)?;
        let key = self.world.clearing.key(parsed.keyid());
        self.check(&parsed, key, request, body)
    }

    fn check(
        &self,
        parsed: &Parsed<'_>,
        key: Option<PublicKey>,
        request: &HttpRequest,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let parts = RequestParts {
            method: request.method().as_str(),
            authority: header(request, "host").unwrap_or_default(),
            path: request.uri().path(),
            query: request.uri().query(),
            content_type: header(request, "content-type"),
            body,
            idempotency_key: None,
        };
        let now = self.world.clock.now();
        let key = key.map(VerifyingKey::Ed25519);
        parsed
            .verify_or_refuse(key.as_ref(), &parts, now)
            .map_err(|error| Refusal::new(401, error.code(), error.to_string()))?;
        if request.method().is_safe() {
            return Ok(());
        }
        let mut nonces = lock(&self.nonces);
        let oldest = now.minus(WINDOW.saturating_mul(2)).seconds();
        nonces.retain(|_, created| *created >= oldest);
        match nonces.insert(parsed.nonce().to_owned(), parsed.created().seconds()) {
            None => Ok(()),
            Some(_) => Err(Refusal::new(
                401,
                "nonce-reused",
                "this nonce was used before",
            )),
        }
    }
}

fn read(request: &HttpRequest) -> Result<Parsed<'_>, Refusal> {
    let headers = SignatureHeaders {
        signature_input: header(request, "signature-input"),
        signature: header(request, "signature"),
        content_digest: header(request, "content-digest"),
    };
    parse(&headers).map_err(|error| Refusal::new(401, error.code(), error.to_string()))
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}
