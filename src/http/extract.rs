//! From bytes to values that cannot be wrong: bodies, names in paths, queries, keys.
//!
//! Names and queries are read when the handler asks for them, after the caller was let in, so that
//! a stranger always hears 401 first.

use std::future::{Ready, ready};
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::schema::{Schema, Type};
use utoipa::openapi::{ObjectBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::flow::idempotent::IdempotencyError;
use crate::http::problem::{Problem, kinds};
use crate::id;
use crate::merchant::InstitutionId;
use crate::misread::Misread;
use crate::payment::OrderNumber;

/// The largest JSON body: the fields of every route, filled to their limits, need a quarter.
pub(crate) const JSON_MAX: usize = 64 * 1024;

/// The name in a route's path, such as the `{id}` of a payment.
#[derive(Debug)]
pub(crate) struct Id<T>(Option<T>);

/// The query, not yet read.
#[derive(Debug)]
pub(crate) struct Query<T> {
    text: String,
    kind: PhantomData<T>,
}

/// A body without any field.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// What the client calls one request that is to have one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(String);

impl PartialSchema for IdempotencyKey {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            // Visible ASCII without `"`, `,` and `\`, or the same in quotes.
            .pattern(Some(
                "^(?:[!#-+\\--\\[\\]-~]{1,255}|\"[!#-+\\--\\[\\]-~]{1,255}\")$",
            ))
            .examples(["0f8fad5b-d9cb-469f-a165-70867728950e"])
            .into()
    }
}

impl ToSchema for IdempotencyKey {}

/// A kind of name that stands in paths.
pub(crate) trait Named: FromStr + 'static {
    /// What it names, as in `payment-not-found`.
    const WHAT: &'static str;
}

macro_rules! named {
    ($($name:ty = $what:literal;)+) => {$(
        impl Named for $name {
            const WHAT: &'static str = $what;
        }
    )+};
}

named! {
    id::MerchantId = "merchant";
    id::StoreId = "store";
    id::CounterId = "counter";
    id::AcceptanceId = "acceptance";
    id::AgreementId = "agreement";
    id::CodeId = "code";
    id::AdoptionId = "adoption";
    id::PlateBatchId = "plate-batch";
    id::PlateId = "plate";
    id::PaymentId = "payment";
    id::AttemptId = "attempt";
    id::ExceptionId = "exception";
    InstitutionId = "institution";
    OrderNumber = "order";
}

impl<T: Named> Id<T> {
    /// The name; one that cannot be a name is answered like one that names nothing.
    pub(crate) fn read(self) -> Result<T, Problem> {
        self.0.ok_or_else(|| Problem::not_found(T::WHAT))
    }
}

impl<T: Named> FromRequest for Id<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().iter().next().map(|(_, text)| text);
        ready(Ok(Self(text.and_then(|text| text.parse().ok()))))
    }
}

impl<T: DeserializeOwned> Query<T> {
    /// The parameters; unknown ones are refused by the type.
    pub(crate) fn read(&self) -> Result<T, Problem> {
        let pairs = form_urlencoded::parse(self.text.as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map_err(|error| Problem::because(&kinds::QUERY_INVALID, misread(&(&error).into())))
    }
}

/// Which parameter, and what it must be.
fn misread(mistake: &Misread) -> String {
    let Misread { pointer, why } = mistake;
    match pointer.trim_start_matches('/') {
        // What has no place or is named already.
        name if name.is_empty() || why.contains(&format!("`{name}`")) => why.clone(),
        name if why.starts_with("must ") => format!("{name} {why}"),
        name => format!("{name}: {why}"),
    }
}

impl<T: 'static> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self {
            text: request.query_string().to_owned(),
            kind: PhantomData,
        }))
    }
}

impl IdempotencyKey {
    /// The one header: a bare token, or a quoted string as RFC 9651 writes it.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, IdempotencyError> {
        let mut values = headers.get_all("idempotency-key");
        let first = values.next().ok_or(IdempotencyError::Missing)?;
        if values.next().is_some() {
            return Err(IdempotencyError::Malformed);
        }
        let text = first.to_str().map_err(|_| IdempotencyError::Malformed)?;
        Self::parse(text.trim())
    }

    fn parse(text: &str) -> Result<Self, IdempotencyError> {
        let inner = match text.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"').ok_or(IdempotencyError::Malformed)?,
            None => text,
        };
        let visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b',');
        if (1..=255).contains(&inner.len()) && inner.bytes().all(visible) {
            Ok(Self(inner.to_owned()))
        } else {
            Err(IdempotencyError::Malformed)
        }
    }

    /// The key without quotes.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// Reads a body up to a limit; packed ones are not unpacked, because a small one may be endless.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    mut payload: Payload,
    limit: usize,
) -> Result<Bytes, Problem> {
    let packed = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if packed {
        let why = "a body must not have a Content-Encoding";
        return Err(Problem::because(&kinds::MEDIA_TYPE, why));
    }
    let too_large = || {
        Problem::because(
            &kinds::BODY_TOO_LARGE,
            format!("a body here has at most {limit} bytes"),
        )
    };
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| broken_off(&error))?;
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// What became of a body that did not arrive.
pub(crate) fn broken_off(error: &PayloadError) -> Problem {
    let why = if let PayloadError::Io(why) = error {
        Some(why.kind())
    } else {
        None
    };
    match why {
        Some(ErrorKind::TimedOut) => Problem::new(&kinds::REQUEST_TIMEOUT),
        // As `admit` says it.
        Some(ErrorKind::ResourceBusy) => Problem::overloaded(),
        _ => Problem::new(&kinds::BAD_REQUEST),
    }
}

/// The media type of the body in lower case, without parameters; a charset must be UTF-8.
pub(crate) fn media_type(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let refused = |why: &str| Problem::because(&kinds::MEDIA_TYPE, why);
    let mut values = headers.get_all(header::CONTENT_TYPE);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(refused("Content-Type stands twice"));
    }
    let text = value
        .to_str()
        .map_err(|_| refused("Content-Type cannot be read"))?;
    let mut parts = text.split(';');
    let essence = parts.next().unwrap_or("").trim().to_ascii_lowercase();
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("charset") && !value.eq_ignore_ascii_case("utf-8") {
            return Err(refused("the charset must be utf-8"));
        }
    }
    Ok(Some(essence))
}

/// Refuses a body that does not say that it is JSON. No body at all needs to say nothing.
pub(crate) fn must_be_json(headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    match media_type(headers)?.as_deref() {
        Some("application/json") => Ok(()),
        None if body.is_empty() => Ok(()),
        Some(_) | None => Err(Problem::because(
            &kinds::MEDIA_TYPE,
            "send application/json",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_bare_or_quoted_token() {
        for (text, key) in [
            ("abc", "abc"),
            ("\"abc\"", "abc"),
            (&"k".repeat(255), &"k".repeat(255)),
        ] {
            assert_eq!(
                IdempotencyKey::parse(text),
                Ok(IdempotencyKey(key.to_owned()))
            );
        }
        for text in [
            "",
            "\"\"",
            "\"abc",
            "abc\"",
            "a b",
            "a,b",
            "钥匙",
            &"k".repeat(256),
        ] {
            assert_eq!(
                IdempotencyKey::parse(text),
                Err(IdempotencyError::Malformed)
            );
        }
    }
}
