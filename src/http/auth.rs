//! Who is asking: extractors that let nobody else in. A handler's signature says what right it
//! needs, and it runs only for a caller who has it.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use crate::app::{App, Rate};
use crate::crypto::http_signature::{RequestParts, SignatureError, SignatureHeaders, parse};
use crate::db::idempotency::Slot;
use crate::flow::authenticate::{self, AuthError, Principal, WalletCaller};
use crate::flow::idempotent::Claim;
use crate::http::extract::{IdempotencyKey, JSON_MAX, media_type, must_be_json, read_body};
use crate::http::json;
use crate::http::page::{cookie, same_site};
use crate::http::problem::{Problem, kinds, may_call};
use crate::http::source;
use crate::http::traffic::rate_of_wallet;
use crate::merchant::Scope;

/// What an extractor gives back.
type Found<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// One right, as a type.
pub(crate) trait Right: 'static {
    /// The scope that a key needs for it.
    const SCOPE: Scope;
}

macro_rules! rights {
    ($($name:ident = $scope:ident;)+) => {$(
        #[doc = concat!("The right of `Scope::", stringify!($scope), "`.")]
        #[derive(Debug)]
        pub(crate) enum $name {}

        impl Right for $name {
            const SCOPE: Scope = Scope::$scope;
        }
    )+};
}

rights! {
    ReadMerchant = MerchantRead;
    WriteCounters = CountersWrite;
    ReadCodes = CodesRead;
    WriteCodes = CodesWrite;
    ReadPayments = PaymentsRead;
    WritePayments = PaymentsWrite;
    VerifyReceipts = ReceiptsVerify;
    ReadFeed = FeedRead;
}

/// A merchant's program that has the right.
#[derive(Debug)]
pub(crate) struct Caller<R> {
    /// Which key, and whose.
    pub(crate) principal: Principal,
    right: PhantomData<R>,
}

/// A merchant's program that has the right, and what it sent.
#[derive(Debug)]
pub(crate) struct Asked<R, T> {
    /// Who.
    pub(crate) caller: Caller<R>,
    /// What.
    pub(crate) body: T,
}

/// A merchant's program that has the right, and what is to be done once.
#[derive(Debug)]
pub(crate) struct Order<R, T> {
    /// Who.
    pub(crate) caller: Caller<R>,
    /// What.
    pub(crate) body: T,
    key: IdempotencyKey,
    raw: Bytes,
    route: String,
}

impl<R: Right> Caller<R> {
    /// Lets the caller in, or says why not.
    pub(crate) async fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let app = app(request)?;
        let principal = principal(&app, request).await?;
        if principal.scopes.contains(R::SCOPE) {
            Ok(Self {
                principal,
                right: PhantomData,
            })
        } else {
            Err(AuthError::Scope(R::SCOPE).into())
        }
    }
}

impl<R: Right> FromRequest for Caller<R> {
    type Error = Problem;
    type Future = Found<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

impl<R: Right, T: DeserializeOwned + 'static> FromRequest for Asked<R, T> {
    type Error = Problem;
    type Future = Found<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let caller = Caller::of(&request).await?;
            let raw = read_body(request.headers(), payload, JSON_MAX).await?;
            must_be_json(request.headers(), &raw)?;
            let body = json::read(&raw)?;
            Ok(Self { caller, body })
        })
    }
}

impl<R: Right, T: DeserializeOwned + 'static> FromRequest for Order<R, T> {
    type Error = Problem;
    type Future = Found<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let caller = Caller::of(&request).await?;
            let key = IdempotencyKey::read(request.headers()).map_err(Problem::from)?;
            let raw = read_body(request.headers(), payload, JSON_MAX).await?;
            must_be_json(request.headers(), &raw)?;
            let body = json::read(&raw)?;
            // The path as sent: the same key on another path is another key.
            let route = format!("{} {}", request.method(), request.path());
            Ok(Self {
                caller,
                body,
                key,
                raw,
                route,
            })
        })
    }
}

impl<R, T> Order<R, T> {
    /// What is claimed under the key, and the rest of the order.
    pub(crate) fn claim(self, status: u16) -> (Claim, Principal, T) {
        let slot = Slot {
            merchant: self.caller.principal.merchant.clone(),
            principal: self.caller.principal.key.clone(),
            route: self.route,
            key: self.key.into_string(),
        };
        let claim = Claim::new(slot, &self.raw, status);
        (claim, self.caller.principal, self.body)
    }
}

/// Whether a signed call changes something; if so its nonce is kept.
pub(crate) trait Effect: 'static {
    /// Whether it does.
    const CHANGES: bool;
}

/// A call that only reads: it may be sent twice.
#[derive(Debug)]
pub(crate) enum Reads {}

/// A call that changes something: it may not.
#[derive(Debug)]
pub(crate) enum Changes {}

impl Effect for Reads {
    const CHANGES: bool = false;
}

impl Effect for Changes {
    const CHANGES: bool = true;
}

/// A signed request of an institution.
#[derive(Debug)]
pub(crate) struct Wallet<E> {
    /// Who signed.
    pub(crate) caller: WalletCaller,
    raw: Bytes,
    media: Option<String>,
    effect: PhantomData<E>,
}

impl<E> Wallet<E> {
    /// What it says, as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.must_be("application/json")?;
        json::read(&self.raw)
    }

    /// What it says, as a signed statement.
    pub(crate) fn statement(&self) -> Result<&str, Problem> {
        self.must_be("application/jose")?;
        let text = std::str::from_utf8(&self.raw)
            .map_err(|_| Problem::from(crate::crypto::jws::JwsError::Malformed("not ASCII")))?;
        Ok(text.trim_ascii())
    }

    fn must_be(&self, wanted: &str) -> Result<(), Problem> {
        if self.media.as_deref() == Some(wanted) {
            Ok(())
        } else {
            Err(Problem::because(
                &kinds::MEDIA_TYPE,
                format!("send {wanted}"),
            ))
        }
    }
}

impl<E: Effect> FromRequest for Wallet<E> {
    type Error = Problem;
    type Future = Found<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let app = app(&request)?;
            let (caller, raw) = signed(&app, &request, payload, E::CHANGES).await?;
            Ok(Self {
                caller,
                raw,
                media: media_type(request.headers())?,
                effect: PhantomData,
            })
        })
    }
}

async fn signed(
    app: &App,
    request: &HttpRequest,
    payload: Payload,
    changes_state: bool,
) -> Result<(WalletCaller, Bytes), Problem> {
    let headers = request.headers();
    let input = joined(headers, "signature-input")?;
    if input.is_none() && headers.contains_key(header::AUTHORIZATION) {
        let expected = "an HTTP message signature";
        return Err(AuthError::WrongTokenType { expected }.into());
    }
    let signature = joined(headers, "signature")?;
    let content_digest = joined(headers, "content-digest")?;
    let parsed = parse(&SignatureHeaders {
        signature_input: input.as_deref(),
        signature: signature.as_deref(),
        content_digest: content_digest.as_deref(),
    })?;
    let raw = read_body(headers, payload, JSON_MAX).await?;
    let authority = only(headers, "host")?.ok_or(SignatureError::Invalid)?;
    let content_type = only(headers, "content-type")?;
    let idempotency_key = joined(headers, "idempotency-key")?;
    let parts = RequestParts {
        method: request.method().as_str(),
        authority,
        path: request.uri().path(),
        query: request.uri().query(),
        content_type,
        body: &raw,
        idempotency_key: idempotency_key.as_deref(),
    };
    let caller = authenticate::wallet(app, &parsed, &parts, changes_state).await?;
    // Counted once it is known who it is, so that nobody uses up another's quota; and before
    // anything is stored.
    let rate = rate_of_wallet(request.method(), request.path());
    may_call(app, request, rate, caller.institution.as_str())?;
    if changes_state {
        authenticate::keep_nonce(app, &caller.institution, parsed.nonce()).await?;
    }
    Ok((caller, raw))
}

async fn principal(app: &App, request: &HttpRequest) -> Result<Principal, Problem> {
    if let Some(token) = key_in(request.query_string()) {
        return Err(misplaced(app, request, token, "URL").await?.into());
    }
    let Some(token) = bearer(request)? else {
        return Err(without_key(app, request).await?.into());
    };
    // A receipt or a result is signed by somebody, but lets nobody in.
    if token.split('.').count() == 3 {
        return Err(wants_key().into());
    }
    let principal = authenticate::api_key(app, token).await?;
    may_call(app, request, Rate::ApiKey, principal.key.as_str())?;
    Ok(principal)
}

/// The token in `Authorization: Bearer`, if it is that.
pub(crate) fn bearer(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    let Some(authorization) = only(request.headers(), "authorization")? else {
        return Ok(None);
    };
    let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    Ok(is_bearer.then(|| token.trim()))
}

/// What to say to somebody who came without an Authorization header.
async fn without_key(app: &App, request: &HttpRequest) -> Result<AuthError, Problem> {
    let headers = request.headers();
    if headers.contains_key("signature-input") {
        return Ok(wants_key());
    }
    let cookies = headers.get_all(header::COOKIE);
    let mut texts = cookies.filter_map(|value| value.to_str().ok());
    match texts.find_map(key_in) {
        Some(token) => misplaced(app, request, token, "cookie").await,
        None => Ok(AuthError::KeyMissing),
    }
}

/// What to say to somebody who sent a key where others see it; its owner is told as well. For those who
/// were refused so often that they hear no more than to come later, nothing is looked up or written.
async fn misplaced(
    app: &App,
    request: &HttpRequest,
    token: &str,
    place: &'static str,
) -> Result<AuthError, Problem> {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let source = source::of(peer, request.headers(), &app.proxies);
    if !app.rates.is_used_up(Rate::Refusals, &source) {
        authenticate::leaked(app, token, place).await?;
    }
    Ok(AuthError::KeyMisplaced(place))
}

const fn wants_key() -> AuthError {
    AuthError::WrongTokenType {
        expected: "an API key as Authorization: Bearer",
    }
}

/// Something that looks like an API key, where none belongs.
fn key_in(text: &str) -> Option<&str> {
    let start = text.find("tm_test_").or_else(|| text.find("tm_live_"))?;
    let rest = text.get(start..)?;
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    rest.get(..end)
}

/// Lets in a merchant's program with any right, or a device at a counter whose own page asks.
pub(crate) async fn reader(request: &HttpRequest) -> Result<(), Problem> {
    let app = app(request)?;
    let session = request.cookie(&cookie::name(&app, cookie::COUNTER));
    match session.filter(|_| !request.headers().contains_key(header::AUTHORIZATION)) {
        Some(session) => {
            same_site::must_be_own(request, &app)?;
            authenticate::device(&app, session.value()).await?;
        }
        None => {
            principal(&app, request).await?;
        }
    }
    Ok(())
}

/// The application, which is there wherever the routes are.
pub(crate) fn app(request: &HttpRequest) -> Result<Data<App>, Problem> {
    let app = request.app_data::<Data<App>>().cloned();
    app.ok_or_else(|| Problem::new(&kinds::INTERNAL))
}

/// The one value of a header that may stand once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let twice = values.next().is_some();
    match value.to_str() {
        Ok(text) if !twice => Ok(Some(text)),
        Ok(_) | Err(_) => Err(Problem::because(
            &kinds::HEADER_INVALID,
            format!("{name} must stand once, in ASCII"),
        )),
    }
}

/// All values of a header, as RFC 9421 joins them.
fn joined(headers: &HeaderMap, name: &str) -> Result<Option<String>, Problem> {
    let mut all = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_| {
            Problem::because(&kinds::HEADER_INVALID, format!("{name} is not ASCII"))
        })?;
        all.push(text.trim());
    }
    Ok((!all.is_empty()).then(|| all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_seen_wherever_it_stands() {
        assert_eq!(key_in("a=1&key=tm_test_abc2&b=2"), Some("tm_test_abc2"));
        assert_eq!(key_in("x=tm_live_q"), Some("tm_live_q"));
        assert_eq!(key_in("limit=5"), None);
    }
}
