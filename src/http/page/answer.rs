//! How a page goes out: its headers.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use maud::Markup;

use super::lang::Lang;

/// Only what this server embeds may run, show or be called, also where escaping should ever fail.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data: blob:; connect-src 'self'; media-src 'self' blob:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Whether a page may use the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Camera {
    /// It scans.
    Needed,
    /// It does not.
    Off,
}

/// An answer in HTML that nobody keeps.
pub(crate) fn page(status: StatusCode, lang: Lang, camera: Camera, body: Markup) -> HttpResponse {
    let sensors = match camera {
        Camera::Needed => "camera=(self), microphone=(), geolocation=(), payment=()",
        Camera::Off => "camera=(), microphone=(), geolocation=(), payment=()",
    };
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_LANGUAGE, lang.tag()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((VARY, "User-Agent, Accept-Language"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // `no-referrer` would have browsers send our own forms with `Origin: null`; nothing goes to
        // another site this way either.
        .insert_header((REFERRER_POLICY, "same-origin"))
        .insert_header((
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .insert_header((HeaderName::from_static("permissions-policy"), sensors))
        .body(body.into_string())
}
