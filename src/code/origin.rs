//! Where a code says it was issued: `https://pay.example.com`.
//!
//! Deliberately stricter than a browser. A browser repairs addresses, and every repair (user-info,
//! other alphabets, backslashes, trailing dots) is a way to print one shop and open another.

use std::fmt;
use std::net::Ipv4Addr;

/// Scheme, host and port of a server, in lower case and without the scheme's own port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    secure: bool,
    authority: String,
}

/// What is wrong with the origin of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OriginFault {
    /// Neither `https://` nor `http://`.
    #[error("must begin with https://")]
    Scheme,
    /// The same in test mode, where both are taken.
    #[error("must begin with https:// or http://")]
    SchemeInTest,
    /// `http://` outside test mode.
    #[error("http:// is taken in test mode only")]
    Insecure,
    /// `name@` in front of the host.
    #[error("must not name a user in front of the host")]
    UserInfo,
    /// A letter of another alphabet, visible or not.
    #[error("host must be plain ASCII")]
    NotAscii,
    /// A label that stands for another alphabet (`xn--`).
    #[error("host must not be punycode")]
    Punycode,
    /// Not a host name of at most 253 characters or an IPv4 address.
    #[error("not a host name")]
    Host,
    /// Not a port from 1 to 65535 without leading zeros.
    #[error("not a port")]
    Port,
    /// Something behind the host.
    #[error("must end after host and port")]
    Trailing,
}

/// An [`OriginFault`] and where it is, in code points from the start of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault} (character {offset})")]
pub struct OriginError {
    /// What is wrong.
    pub fault: OriginFault,
    /// Where.
    pub offset: usize,
}

const SECURE: &str = "https://";
const PLAIN: &str = "http://";
/// The longest name that DNS can carry.
const HOST_CHARS_MAX: usize = 253;
const LABEL_CHARS_MAX: usize = 63;

impl OriginFault {
    /// The fault's stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Scheme | Self::SchemeInTest => "origin-scheme",
            Self::Insecure => "origin-insecure",
            Self::UserInfo => "origin-user",
            Self::NotAscii => "origin-not-ascii",
            Self::Punycode => "origin-punycode",
            Self::Host => "origin-host",
            Self::Port => "origin-port",
            Self::Trailing => "origin-trailing",
        }
    }
}

impl Origin {
    /// Reads exactly one origin; a bare `/` behind it is forgiven because configuration files
    /// have it so often.
    pub fn parse(text: &str, allow_http: bool) -> Result<Self, OriginError> {
        let (origin, rest) = Self::split(text, allow_http)?;
        if rest.is_empty() || rest == "/" {
            Ok(origin)
        } else {
            let offset = code_points(text).saturating_sub(code_points(rest));
            Err(OriginError {
                fault: OriginFault::Trailing,
                offset,
            })
        }
    }

    /// Takes the origin from the front of a text and gives what follows it, from the first
    /// character that cannot be part of an authority.
    pub(super) fn split(text: &str, allow_http: bool) -> Result<(Self, &str), OriginError> {
        let (secure, behind) = if let Some(behind) = strip_prefix_ascii_case(text, SECURE) {
            (true, behind)
        } else if let Some(behind) = strip_prefix_ascii_case(text, PLAIN) {
            (false, behind)
        } else {
            let fault = if allow_http {
                OriginFault::SchemeInTest
            } else {
                OriginFault::Scheme
            };
            return Err(OriginError { fault, offset: 0 });
        };
        if !secure && !allow_http {
            return Err(OriginError {
                fault: OriginFault::Insecure,
                offset: 0,
            });
        }
        let start = text.len().saturating_sub(behind.len());
        let end = behind.find(['/', '?', '#', '\\']).unwrap_or(behind.len());
        let (authority, rest) = behind.split_at(end);
        let authority = normalise(authority, secure).map_err(|(fault, at)| OriginError {
            fault,
            offset: start.saturating_add(at),
        })?;
        Ok((Self { secure, authority }, rest))
    }

    /// Whether the connection is encrypted.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Host and port, the port only where it is not the scheme's own.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        self.authority
            .split_once(':')
            .map_or(self.authority.as_str(), |(host, _)| host)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { SECURE } else { PLAIN })?;
        f.write_str(&self.authority)
    }
}

/// How many code points a text has; all offsets are counted in them.
pub(super) fn code_points(text: &str) -> usize {
    text.chars().count()
}

pub(super) fn strip_prefix_ascii_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// A fault and how many characters into the authority it stands.
type Misfit = (OriginFault, usize);

fn normalise(authority: &str, secure: bool) -> Result<String, Misfit> {
    // Looked for before anything else, because it is the oldest trick and deserves its own name.
    if let Some((user, _)) = authority.split_once('@') {
        return Err((OriginFault::UserInfo, code_points(user)));
    }
    if let Some(at) = authority.chars().position(|c| !c.is_ascii()) {
        return Err((OriginFault::NotAscii, at));
    }
    let lower = authority.to_ascii_lowercase();
    let (host, port) = match lower.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (lower.as_str(), None),
    };
    check_host(host)?;
    let own_port = if secure { 443 } else { 80 };
    match port
        .map(|port| read_port(port).ok_or((OriginFault::Port, host.len())))
        .transpose()?
    {
        Some(port) if port != own_port => Ok(format!("{host}:{port}")),
        Some(_) | None => Ok(host.to_owned()),
    }
}

fn check_host(host: &str) -> Result<(), Misfit> {
    if host.is_empty() || host.len() > HOST_CHARS_MAX {
        return Err((OriginFault::Host, 0));
    }
    let mut at = 0_usize;
    for label in host.split('.') {
        if label.starts_with("xn--") {
            return Err((OriginFault::Punycode, at));
        }
        if !is_label(label) {
            return Err((OriginFault::Host, at));
        }
        at = at.saturating_add(label.len()).saturating_add(1);
    }
    // Browsers read `127.1`, `0x7f.1` and `2130706433` as addresses. A name whose last label
    // begins with a digit must therefore be an address in the one usual spelling.
    let last = host.rsplit('.').next().unwrap_or(host);
    if last.starts_with(|c: char| c.is_ascii_digit()) && host.parse::<Ipv4Addr>().is_err() {
        return Err((OriginFault::Host, 0));
    }
    Ok(())
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_CHARS_MAX).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn read_port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheme_and_host_lose_their_case_and_the_usual_port() {
        for (text, origin) in [
            ("HTTPS://PAY.Example.COM", "https://pay.example.com"),
            ("https://pay.example.com:443/", "https://pay.example.com"),
            (
                "https://pay.example.com:8443",
                "https://pay.example.com:8443",
            ),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:80", "http://localhost"),
        ] {
            assert_eq!(Origin::parse(text, true).unwrap().to_string(), origin);
        }
    }

    #[test]
    fn plain_http_needs_test_mode() {
        let told = |allow_http| {
            Origin::parse("ftp://a", allow_http)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(told(false), "must begin with https:// (character 0)");
        assert_eq!(
            told(true),
            "must begin with https:// or http:// (character 0)"
        );
        let refused = Origin::parse("http://localhost", false).unwrap_err();
        assert_eq!(
            refused,
            OriginError {
                fault: OriginFault::Insecure,
                offset: 0
            }
        );
    }

    #[test]
    fn every_trick_with_the_host_is_refused_where_it_stands() {
        for (text, fault, offset) in [
            ("https://pay.example@evil", OriginFault::UserInfo, 19),
            ("https://pay.example:443@evil", OriginFault::UserInfo, 23),
            ("https://xn--80ak6aa92e.com", OriginFault::Punycode, 8),
            ("https://p\u{430}y.example", OriginFault::NotAscii, 9),
            ("https://pay\u{ff0e}example", OriginFault::NotAscii, 11),
            ("https://pay.example.", OriginFault::Host, 20),
            ("https://pay..example", OriginFault::Host, 12),
            ("https://-pay.example", OriginFault::Host, 8),
            ("https://pay_.example", OriginFault::Host, 8),
            ("https://pay%2eexample", OriginFault::Host, 8),
            ("https://127.1", OriginFault::Host, 8),
            ("https://0x7f000001", OriginFault::Host, 8),
            ("https://[::1]", OriginFault::Host, 8),
            ("https://", OriginFault::Host, 8),
            ("https://pay.example:", OriginFault::Port, 19),
            ("https://pay.example:0443", OriginFault::Port, 19),
            ("https://pay.example:65536", OriginFault::Port, 19),
            ("https://pay.example\\@evil", OriginFault::Trailing, 19),
            ("https://pay.example?x", OriginFault::Trailing, 19),
            ("https://pay.example/q", OriginFault::Trailing, 19),
            ("https:/pay.example", OriginFault::SchemeInTest, 0),
            ("\u{200b}https://pay.example", OriginFault::SchemeInTest, 0),
            ("ftp://pay.example", OriginFault::SchemeInTest, 0),
        ] {
            assert_eq!(
                Origin::parse(text, true),
                Err(OriginError { fault, offset }),
                "{text}"
            );
        }
    }
}
