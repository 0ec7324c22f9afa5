//! Whether a request that changes something comes from a page of ours.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};

use crate::app::App;
use crate::flow::authenticate::AuthError;
use crate::http::problem::Problem;
use crate::word::Mode;

/// True for requests of our own pages. Browsers say where a request comes from, in
/// `Sec-Fetch-Site` on encrypted connections and in `Origin` on all; a request that says neither
/// is refused, because no browser of a wallet is that old.
pub(crate) fn is_own(req: &HttpRequest, app: &App) -> bool {
    is_own_headers(req.headers(), &app.origin.to_string(), app.mode)
}

/// Refuses requests of other sites' pages.
pub(crate) fn must_be_own(req: &HttpRequest, app: &App) -> Result<(), Problem> {
    if is_own(req, app) {
        Ok(())
    } else {
        Err(AuthError::Csrf.into())
    }
}

fn is_own_headers(headers: &HeaderMap, ours: &str, mode: Mode) -> bool {
    let one = |name: &str| {
        let mut values = headers.get_all(name);
        let first = values.next()?;
        // Said twice is not said.
        values.next().is_none().then(|| first.to_str().ok())?
    };
    if headers.contains_key("sec-fetch-site") && one("sec-fetch-site") != Some("same-origin") {
        return false;
    }
    let Some(origin) = one(ORIGIN.as_str()) else {
        return false;
    };
    // A test server is reached by more names than one: the printed address and localhost.
    let by_host = || one(HOST.as_str()).is_some_and(|host| origin == format!("http://{host}"));
    origin == ours || (mode == Mode::Test && by_host())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn judge(mode: Mode, headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        is_own_headers(&map, "https://pay.example.com", mode)
    }

    #[test]
    fn only_our_own_pages_may_post() {
        let ours = ("origin", "https://pay.example.com");
        assert!(judge(Mode::Live, &[ours]));
        assert!(judge(
            Mode::Live,
            &[ours, ("sec-fetch-site", "same-origin")]
        ));
        let refused: &[&[(&str, &str)]] = &[
            &[],
            &[("origin", "null")],
            &[("origin", "https://pay.example.com.evil.test")],
            &[("origin", "https://evil.test"), ("host", "evil.test")],
            &[("origin", "http://pay.example.com")],
            &[ours, ("sec-fetch-site", "cross-site")],
            &[ours, ("sec-fetch-site", "same-site")],
            &[ours, ("origin", "https://evil.test")],
            &[("sec-fetch-site", "same-origin")],
        ];
        for headers in refused {
            let headers: Vec<_> = headers.to_vec();
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(name.parse().unwrap(), value.parse().unwrap());
            }
            assert!(
                !is_own_headers(&map, "https://pay.example.com", Mode::Live),
                "{map:?}"
            );
        }
    }

    #[test]
    fn a_test_server_may_be_reached_by_its_address() {
        let local = [
            ("origin", "http://127.0.0.1:8080"),
            ("host", "127.0.0.1:8080"),
        ];
        assert!(judge(Mode::Test, &local));
        assert!(!judge(Mode::Live, &local));
    }
}
