//! Who stands between us and the world, and may say whom it speaks for.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;

use crate::config::ProxyHeader;

/// The proxies that are believed.
#[derive(Debug, Clone)]
pub struct Proxies {
    /// Where they are.
    pub trusted: Arc<[IpNet]>,
    /// Where they say whom they speak for.
    pub header: ProxyHeader,
}

impl Default for Proxies {
    /// None.
    fn default() -> Self {
        Self {
            trusted: Arc::from([]),
            header: ProxyHeader::XForwardedFor,
        }
    }
}

impl Proxies {
    /// Whether what comes from here may speak for others.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|net| net.contains(&address))
    }

    /// Who asks: whoever is connected, unless that is a trusted proxy. Then the header's last entry
    /// that is no trusted proxy itself; whatever stands before it was written by a stranger.
    pub fn client<'a>(&self, peer: IpAddr, values: impl Iterator<Item = &'a str>) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let values: Vec<&str> = values.collect();
        let mut nearest = peer;
        for entry in values.iter().rev().flat_map(|value| value.rsplit(',')) {
            let entry = match self.header {
                ProxyHeader::XForwardedFor => Some(entry),
                ProxyHeader::Forwarded => node(entry),
            };
            // What cannot be read hides whoever stands behind it: the proxy answers for it.
            let Some(address) = entry.and_then(address) else {
                return nearest;
            };
            nearest = address;
            if !self.trusts(address) {
                return address;
            }
        }
        nearest
    }
}

/// The `for` of one element of RFC 7239's `Forwarded`.
fn node(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let named = name.trim().eq_ignore_ascii_case("for");
        named.then(|| value.trim().trim_matches('"'))
    })
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let with_port = || text.parse().map(|at: SocketAddr| at.ip());
    let found = bare.unwrap_or(text).parse().or_else(|_| with_port());
    found.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: ProxyHeader) -> Proxies {
        Proxies {
            trusted: Arc::from(["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]),
            header,
        }
    }

    fn client(header: ProxyHeader, peer: &str, values: &[&str]) -> String {
        let values = values.iter().copied();
        proxies(header)
            .client(peer.parse().unwrap(), values)
            .to_string()
    }

    #[test]
    fn a_stranger_speaks_for_nobody() {
        let asked = |values| client(ProxyHeader::XForwardedFor, "192.0.2.9", values);
        assert_eq!(asked(&["198.51.100.1"]), "192.0.2.9");
        assert_eq!(asked(&[]), "192.0.2.9");
    }

    #[test]
    fn a_proxy_is_believed_about_whom_it_saw_and_no_further() {
        let asked = |values| client(ProxyHeader::XForwardedFor, "10.0.0.1", values);
        assert_eq!(asked(&["198.51.100.1"]), "198.51.100.1");
        assert_eq!(asked(&["8.8.8.8, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            asked(&["8.8.8.8", "198.51.100.1, 10.0.0.2"]),
            "198.51.100.1"
        );
        assert_eq!(asked(&["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(asked(&["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(asked(&["::ffff:198.51.100.1"]), "198.51.100.1");
        assert_eq!(asked(&["8.8.8.8, unknown"]), "10.0.0.1");
        assert_eq!(asked(&["10.0.0.3"]), "10.0.0.3");
        assert_eq!(asked(&[]), "10.0.0.1");
        assert_eq!(
            client(
                ProxyHeader::XForwardedFor,
                "::ffff:10.0.0.1",
                &["198.51.100.1"]
            ),
            "198.51.100.1"
        );
    }

    #[test]
    fn forwarded_is_read_where_it_is_what_the_proxy_writes() {
        let asked = |values| client(ProxyHeader::Forwarded, "fd00::1", values);
        assert_eq!(asked(&["for=198.51.100.1;proto=https"]), "198.51.100.1");
        assert_eq!(
            asked(&["for=8.8.8.8, For=\"[2001:db8::1]:4711\";by=10.0.0.1"]),
            "2001:db8::1"
        );
        assert_eq!(asked(&["for=_hidden"]), "fd00::1");
        assert_eq!(asked(&["198.51.100.1"]), "fd00::1");
    }
}
