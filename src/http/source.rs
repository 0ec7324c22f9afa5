//! Where a request comes from, for counting and for the audit log: the address that is connected, or
//! the one that a trusted proxy names.

use std::net::IpAddr;

use actix_web::http::header::HeaderMap;

use crate::app::Proxies;

/// Who asks, as one who is counted; nobody where there is no connection.
pub(crate) fn of(peer: Option<IpAddr>, headers: &HeaderMap, proxies: &Proxies) -> String {
    let address = address(peer, headers, proxies);
    address.map(network).unwrap_or_default()
}

/// Who asks.
pub(crate) fn address(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    proxies: &Proxies,
) -> Option<IpAddr> {
    let values = headers.get_all(proxies.header.as_str());
    // One that is not text stays an entry that cannot be read, or the next would count in its place.
    let values = values.map(|value| value.to_str().unwrap_or(""));
    peer.map(|peer| proxies.client(peer, values))
}

/// The network that a telephone company or a house gives to one payer.
pub(crate) fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_is_one_source() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
