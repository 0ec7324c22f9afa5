//! How much traffic is taken, and from whom.

use ipnet::IpNet;
use serde::{Deserialize, Deserializer};

use crate::word::words;

words! {
    /// Where a proxy says whom it speaks for.
    ProxyHeader {
        /// One address after the other.
        XForwardedFor = "x-forwarded-for",
        /// RFC 7239.
        Forwarded = "forwarded",
    }
}

/// How often somebody may ask, a minute; 0 is no limit.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// With one API key.
    pub api_key: u32,
    /// One institution, without its notices.
    pub institution: u32,
    /// One institution's notices.
    pub notices: u32,
    /// Pages and documents, from one address.
    pub source: u32,
    /// Calls from one address that were not let in.
    pub refusals: u32,
    /// Codes that were not issued here.
    pub misses: u32,
    /// Receipts that are checked.
    pub receipts: u32,
    /// Claim secrets of plates, of one API key or device.
    pub claims: u32,
    /// Pairing codes that are tried.
    pub pairings: u32,
}

/// How many connections, and how long each may keep us waiting.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// In all.
    pub most: u32,
    /// From one address.
    pub most_per_source: u32,
    /// Seconds for a request's head.
    pub head_s: u32,
    /// Seconds for its body.
    pub body_s: u32,
    /// Seconds between two requests.
    pub idle_s: u32,
    /// Seconds for taking an answer.
    pub stalled_s: u32,
    /// Live feeds, in all.
    pub feeds: u32,
    /// Live feeds of one API key or device.
    pub feeds_per_reader: u32,
    /// Live feeds of one address.
    pub feeds_per_source: u32,
}

/// How much is worked on at once.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overload {
    /// Payers and tills.
    pub seats: u16,
    /// Notices.
    pub notice_seats: u16,
    /// Lists.
    pub listing_seats: u16,
    /// How many may wait of each.
    pub waiting: u16,
    /// For how many milliseconds.
    pub wait_ms: u32,
}

/// Who may speak for others.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxies {
    /// Addresses and networks.
    #[serde(deserialize_with = "networks")]
    pub trusted: Vec<IpNet>,
    /// Where they say it.
    pub header: ProxyHeader,
}

/// A setting's name, its least and largest value, and what it is.
type Bound = (&'static str, i64, i64, i64);

impl Connections {
    /// What must hold of each.
    pub(super) fn bounds(&self) -> impl Iterator<Item = Bound> {
        let day = 86_400;
        [
            ("connections.most", 1, 1_000_000, self.most),
            (
                "connections.most_per_source",
                1,
                1_000_000,
                self.most_per_source,
            ),
            ("connections.head_s", 1, day, self.head_s),
            ("connections.body_s", 1, day, self.body_s),
            ("connections.idle_s", 1, day, self.idle_s),
            ("connections.stalled_s", 1, day, self.stalled_s),
            ("connections.feeds", 0, 1_000_000, self.feeds),
            (
                "connections.feeds_per_reader",
                0,
                1_000_000,
                self.feeds_per_reader,
            ),
            (
                "connections.feeds_per_source",
                0,
                1_000_000,
                self.feeds_per_source,
            ),
        ]
        .into_iter()
        .map(|(name, min, max, found)| (name, min, max, found.into()))
    }
}

impl Overload {
    /// What must hold of each.
    pub(super) fn bounds(&self) -> impl Iterator<Item = Bound> {
        [
            ("overload.seats", 1, 10_000, self.seats.into()),
            ("overload.notice_seats", 1, 10_000, self.notice_seats.into()),
            (
                "overload.listing_seats",
                1,
                10_000,
                self.listing_seats.into(),
            ),
            ("overload.waiting", 0, 60_000, self.waiting.into()),
            ("overload.wait_ms", 0, 60_000, self.wait_ms.into()),
        ]
        .into_iter()
    }
}

/// `10.0.0.0/8` and `192.0.2.1` alike.
fn networks<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(from)?;
    let network = |text: &String| {
        let alone = || text.parse().map(|address: std::net::IpAddr| address.into());
        text.parse().or_else(|_| alone()).map_err(|_| {
            let rule = "proxies.trusted must be addresses or networks such as 10.0.0.0/8";
            serde::de::Error::custom(format!("{rule}, found {text:?}"))
        })
    };
    texts.iter().map(network).collect()
}

/// When a code on a wall counts as silent.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// For how many minutes nobody pays.
    pub minutes: u16,
    /// How many payments an hour make a code busy.
    pub payments_an_hour: u32,
}
