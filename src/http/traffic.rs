//! What kind of traffic a request is: in which lane it waits, and by what it is counted before
//! anybody has looked at who sends it.

use actix_web::http::Method;

use crate::app::{Lane, Rate};

/// How a request is treated before its route sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Where it waits for its turn; what needs no database waits for nothing.
    pub(crate) lane: Option<Lane>,
    /// Whether it is counted by its source. Signed calls and those with a key are counted by who
    /// they are, once that is known.
    pub(crate) by_source: bool,
}

impl Traffic {
    /// What a request is.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let first = path.split('/').nth(1).unwrap_or("");
        match first {
            // Whether we live must be told also when we are busy, and pictures need nobody.
            "healthz" | "readyz" | "metrics" | "static" => Self {
                lane: None,
                by_source: false,
            },
            ".well-known" | "openapi.json" | "problems" | "docs" => Self {
                lane: None,
                by_source: true,
            },
            "v1" | "wallet" => Self {
                lane: Some(lane(method, path)),
                by_source: false,
            },
            _ => Self {
                lane: Some(Lane::Payers),
                by_source: true,
            },
        }
    }
}

/// Calls that end something or say that money came; they go before lists.
const NOTICES: [&str; 6] = [
    "/confirm", "/report", "/cancel", "/suspend", "/resume", "/revoke",
];

fn lane(method: &Method, path: &str) -> Lane {
    let is_notice = NOTICES.iter().any(|end| path.ends_with(end));
    if *method == Method::POST && is_notice {
        Lane::Notices
    } else if path.starts_with("/v1/") && method.is_safe() {
        Lane::Listings
    } else {
        Lane::Payers
    }
}

/// By what a signed call is counted.
pub(crate) fn rate_of_wallet(method: &Method, path: &str) -> Rate {
    match lane(method, path) {
        Lane::Notices => Rate::Notices,
        Lane::Payers | Lane::Listings => Rate::Institution,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_listings_and_payers_have_lanes_of_their_own() {
        let lane = |method: &Method, path| Traffic::of(method, path).lane;
        for (method, path, expected) in [
            (Method::POST, "/wallet/v1/orders/ab/confirm", Lane::Notices),
            (
                Method::POST,
                "/wallet/v1/attempts/att_1/report",
                Lane::Notices,
            ),
            (Method::POST, "/v1/payments/pay_1/cancel", Lane::Notices),
            (Method::POST, "/v1/codes/cod_1/revoke", Lane::Notices),
            (Method::GET, "/v1/payments", Lane::Listings),
            (Method::GET, "/v1/feed", Lane::Listings),
            (Method::POST, "/v1/payments", Lane::Payers),
            (Method::POST, "/wallet/v1/resolve", Lane::Payers),
            (Method::GET, "/wallet/v1/orders/ab", Lane::Payers),
            (Method::GET, "/Q/ABC", Lane::Payers),
            (Method::GET, "/nowhere", Lane::Payers),
        ] {
            assert_eq!(lane(&method, path), Some(expected), "{method} {path}");
        }
        for path in ["/healthz", "/readyz", "/static/1/a.css", "/problems"] {
            assert_eq!(lane(&Method::GET, path), None, "{path}");
        }
    }

    #[test]
    fn strangers_are_counted_by_where_they_are() {
        let counted = |path| Traffic::of(&Method::GET, path).by_source;
        for path in ["/Q/ABC", "/counter", "/openapi.json", "/", "/nowhere"] {
            assert!(counted(path), "{path}");
        }
        for path in [
            "/healthz",
            "/v1/payments",
            "/wallet/v1/resolve",
            "/static/1/a.css",
        ] {
            assert!(!counted(path), "{path}");
        }
    }
}
