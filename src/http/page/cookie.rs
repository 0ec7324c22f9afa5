//! Cookies: sealed or random, never readable by scripts.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::crypto::sealing::Purpose;
use crate::id::AttemptId;

/// A browser's cookie: `__Host-…` where the connection is encrypted, so that no neighbouring host
/// can plant one; by its plain name on plain HTTP, which browsers allow only so.
pub(crate) fn name(app: &App, plain: &str) -> String {
    if app.origin.is_secure() {
        format!("__Host-{plain}")
    } else {
        plain.to_owned()
    }
}

/// A cookie that goes with this server's requests only.
pub(crate) fn make(
    app: &App,
    plain: &str,
    value: String,
    same_site: SameSite,
    age: Duration,
) -> Cookie<'static> {
    Cookie::build(name(app, plain), value)
        .path("/")
        .secure(app.origin.is_secure())
        .http_only(true)
        .same_site(same_site)
        .max_age(age)
        .finish()
}

/// The cookie of a device at a counter.
pub(crate) const COUNTER: &str = "tongma_counter";

/// The cookie of a payer's browser.
const PAYER: &str = "tongma_payer";

/// A browser shows its receipts for an hour; they are good for ten minutes.
const PAYER_AGE: Duration = Duration::hours(1);

/// As many as fit a cookie easily, and more than anyone pays in an hour.
const ATTEMPTS_MAX: usize = 8;

/// What a payer's browser began, newest last. Sealed: it can be neither read nor added to.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Payer {
    attempts: Vec<AttemptId>,
}

impl Payer {
    /// What this browser began here; nothing if the cookie is absent or not ours.
    pub(super) fn read(req: &HttpRequest, app: &App) -> Self {
        let cookie = req.cookie(&name(app, PAYER));
        let opened = cookie.and_then(|cookie| {
            let plain = app
                .sealer
                .open_text(Purpose::Cookie, PAYER.as_bytes(), cookie.value());
            serde_json::from_slice(&plain.ok()?).ok()
        });
        opened.unwrap_or_default()
    }

    /// Whether this browser began the attempt.
    pub(super) fn began(&self, attempt: &AttemptId) -> bool {
        self.attempts.contains(attempt)
    }

    /// The cookie with one more attempt.
    pub(super) fn with(mut self, app: &App, attempt: &AttemptId) -> Option<Cookie<'static>> {
        self.attempts.retain(|known| known != attempt);
        self.attempts.push(attempt.clone());
        let too_many = self.attempts.len().saturating_sub(ATTEMPTS_MAX);
        self.attempts.drain(..too_many);
        let plain = serde_json::to_vec(&self).ok()?;
        let entropy = app.entropy.as_ref();
        let sealed = app
            .sealer
            .seal_text(Purpose::Cookie, PAYER.as_bytes(), &plain, entropy)
            .ok()?;
        // Lax: a wallet that was opened from here comes back by a link.
        Some(make(app, PAYER, sealed, SameSite::Lax, PAYER_AGE))
    }
}
