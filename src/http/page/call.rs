//! What the pages' own scripts send: JSON, read as strictly as the API reads it, from our own pages
//! only.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use super::same_site;
use crate::http::auth;
use crate::http::extract::{JSON_MAX, must_be_json, read_body};
use crate::http::json;
use crate::http::problem::Problem;

/// The body of a call by a page of ours; another site's page hears 403 before anything is read. The
/// fields are read when the handler asks for them, after the device was let in.
#[derive(Debug)]
pub(super) struct OwnCall<T> {
    raw: Bytes,
    kind: PhantomData<T>,
}

impl<T: DeserializeOwned> OwnCall<T> {
    /// The fields.
    pub(super) fn read(&self) -> Result<T, Problem> {
        json::read(&self.raw)
    }
}

impl<T: 'static> FromRequest for OwnCall<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            same_site::must_be_own(&request, &*auth::app(&request)?)?;
            let raw = read_body(request.headers(), payload, JSON_MAX).await?;
            must_be_json(request.headers(), &raw)?;
            Ok(Self {
                raw,
                kind: PhantomData,
            })
        })
    }
}
