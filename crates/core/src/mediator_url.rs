//! Where a mediator is: `http(s)://HOST[:PORT]`, or just `HOST[:PORT]`.
//!
//! Owns: the grammar. Does not look anything up and opens nothing.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The port of a mediator without TLS where none is named; a mediator listens there unless it is
/// told otherwise.
pub const DEFAULT_PORT: u16 = 7700;
/// The same of one with TLS: that of every `https` address.
pub const DEFAULT_TLS_PORT: u16 = 443;
/// What `http` means to browsers and servers where no port is named.
const WEB_PORT: u16 = 80;

/// The address of a mediator.
///
/// `Display` leaves out the port only where it is that of `https`, which browsers take too: an
/// `http` link without its port would lead a browser elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MediatorUrl {
    tls: bool,
    host: String,
    port: u16,
}

/// Why a text is no mediator's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediatorUrlError {
    /// Nothing where the host should be.
    #[error("the mediator's address names no host\n  Write it like http://192.168.1.20:7700.")]
    NoHost,
    /// Another scheme than http or https.
    #[error(
        "a mediator is reached by http:// or https://, not {0:?}\n  Write it like http://192.168.1.20:7700."
    )]
    Scheme(String),
    /// No scheme, or half of one; with what was meant.
    #[error(
        "that address lacks http:// or https:// before it\n  Write {0}, or https:// where the mediator speaks TLS."
    )]
    NoScheme(String),
    /// The host is neither a name of letters, digits, dots and dashes nor an IP address.
    #[error(
        "{0:?} is no host name or IP address\n  Put an IPv6 address in brackets: http://[fd00::7]:7700. Write a name with other letters in its xn-- form."
    )]
    Host(String),
    /// The port is no number from 1 to 65535.
    #[error("{0:?} is no port\n  A port is a number from 1 to 65535.")]
    Port(String),
    /// A path, a query, or a user name: nothing of that is part of a mediator's address.
    #[error(
        "a mediator's address ends after the port, without {0:?}\n  Write it like http://192.168.1.20:7700."
    )]
    Extra(String),
}

impl MediatorUrl {
    /// An address made of its parts.
    ///
    /// # Errors
    /// [`MediatorUrlError::Host`] for a host that is no name and no IP address (without brackets),
    /// [`MediatorUrlError::Port`] for port 0.
    pub fn new(tls: bool, host: &str, port: u16) -> Result<Self, MediatorUrlError> {
        if host.is_empty() {
            return Err(MediatorUrlError::NoHost);
        }
        if port == 0 {
            return Err(MediatorUrlError::Port(port.to_string()));
        }
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let host = match host.parse::<IpAddr>() {
            Ok(ip) => ip.to_string(),
            Err(_) if has_link(host) => host.replacen("%25", "%", 1),
            Err(_) if host.chars().all(named) && host.len() <= 253 => host.to_ascii_lowercase(),
            Err(_) => return Err(MediatorUrlError::Host(host.to_owned())),
        };
        Ok(Self { tls, host, port })
    }

    /// Whether the way to it is TLS (`https`).
    #[must_use]
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// The host's name or IP address, an IPv6 one without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host, where it is an IP address.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.bare_host().parse().ok()
    }

    /// Whether it is on the machine itself that reads this: by an address of loopback, or a name
    /// that means one (RFC 6761 §6.3).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let name = self.host.strip_suffix('.').unwrap_or(&self.host);
        match self.ip() {
            Some(ip) => ip.to_canonical().is_loopback(),
            None => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    /// The same without the link of a link-local address, which is another one elsewhere.
    #[must_use]
    pub fn without_link(&self) -> Self {
        Self {
            host: self.bare_host().to_owned(),
            ..self.clone()
        }
    }

    fn bare_host(&self) -> &str {
        self.host.split('%').next().unwrap_or_default()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `HOST:PORT`, with an IPv6 address in brackets and without its link (RFC 6874 §1).
    #[must_use]
    pub fn authority(&self) -> String {
        in_brackets(self.bare_host(), Some(self.port))
    }

    /// The same as the `Host` header says it: without the port that belongs to the scheme
    /// (RFC 9110 §4.2), by which servers of many names may not know their own.
    #[must_use]
    pub fn host_header(&self) -> String {
        let usual = if self.tls { DEFAULT_TLS_PORT } else { WEB_PORT };
        in_brackets(
            self.bare_host(),
            Some(self.port).filter(|port| *port != usual),
        )
    }
}

impl fmt::Display for MediatorUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        let port = Some(self.port).filter(|port| !self.tls || *port != DEFAULT_TLS_PORT);
        write!(f, "{scheme}://{}", in_brackets(&self.host, port))
    }
}

impl FromStr for MediatorUrl {
    type Err = MediatorUrlError;

    fn from_str(text: &str) -> Result<Self, MediatorUrlError> {
        let text = text.trim();
        if let Some(meant) = without_scheme(text) {
            return Err(MediatorUrlError::NoScheme(meant.to_string()));
        }
        let (tls, rest) = match text.split_once("://") {
            None => (false, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, _)) => return Err(MediatorUrlError::Scheme(scheme.to_owned())),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, extra) = rest.split_at(end);
        if !matches!(extra, "" | "/") {
            return Err(MediatorUrlError::Extra(extra.to_owned()));
        }
        if let Some((user, _)) = authority.rsplit_once('@') {
            return Err(MediatorUrlError::Extra(format!("{user}@")));
        }
        let default = if tls { DEFAULT_TLS_PORT } else { DEFAULT_PORT };
        let (host, port) = split_port(authority, default)?;
        Self::new(tls, host, port)
    }
}

/// What was meant by an address that begins with half a scheme: `//a`, `://a`, `http:/a`, `https//a`.
fn without_scheme(text: &str) -> Option<MediatorUrl> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return None;
    }
    let (scheme, rest) = ["https", "http", ""].into_iter().find_map(|scheme| {
        let (start, rest) = text.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some((scheme, rest))
    })?;
    let place = rest.trim_start_matches([':', '/']);
    let whole = rest.len() == place.len() || !scheme.is_empty() && rest.starts_with("://");
    // A host may be called "http", and have a port.
    if whole || place.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scheme = if scheme.is_empty() { "http" } else { scheme };
    format!("{scheme}://{place}").parse().ok()
}

fn in_brackets(host: &str, port: Option<u16>) -> String {
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    match host.contains(':') {
        true => format!("[{host}]{port}"),
        false => format!("{host}{port}"),
    }
}

/// Whether it is a link-local address with the link that it is on, by name or number (RFC 4007
/// §11); in a link the `%` may be written `%25` (RFC 6874 §2).
fn has_link(host: &str) -> bool {
    let Some((ip, link)) = host.split_once('%') else {
        return false;
    };
    let link = link
        .strip_prefix("25")
        .filter(|rest| !rest.is_empty())
        .unwrap_or(link);
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_link_local = ip
        .parse()
        .is_ok_and(|ip: Ipv6Addr| ip.is_unicast_link_local());
    is_link_local && !link.is_empty() && link.len() <= 32 && link.chars().all(named)
}

/// Splits `HOST[:PORT]`, where an IPv6 address stands in brackets or, without a port, alone.
pub fn split_port(authority: &str, default: u16) -> Result<(&str, u16), MediatorUrlError> {
    if authority.parse::<Ipv6Addr>().is_ok() {
        return Ok((authority, default));
    }
    let (host, port) = if let Some(inner) = authority.strip_prefix('[') {
        let bad = || MediatorUrlError::Host(authority.to_owned());
        let (host, after) = inner.split_once(']').ok_or_else(bad)?;
        if host.parse::<Ipv6Addr>().is_err() && !has_link(host) {
            return Err(bad());
        }
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => return Err(bad()),
        }
    } else {
        match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let port = match port {
        None => default,
        // `parse` alone would take a sign.
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits
            .parse()
            .map_err(|_| MediatorUrlError::Port(digits.to_owned()))?,
        Some(other) => return Err(MediatorUrlError::Port(other.to_owned())),
    };
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<MediatorUrl>().unwrap().to_string()
    }

    #[test]
    fn scheme_port_and_brackets_may_be_left_out() {
        assert_eq!(shown("192.168.1.20"), "http://192.168.1.20:7700");
        assert_eq!(shown("Example.ORG:80"), "http://example.org:80");
        assert_eq!(shown("https://example.org/"), "https://example.org");
        assert_eq!(shown("HTTP://[fd00::7]"), "http://[fd00::7]:7700");
        assert_eq!(shown("http://[fd00:0::7]:9"), "http://[fd00::7]:9");
        assert_eq!(shown("::1"), "http://[::1]:7700");
        for link in ["[fe80::7%eth0]:9", "http://[fe80::7%25eth0]:9"] {
            assert_eq!(shown(link), "http://[fe80::7%eth0]:9");
            let url: MediatorUrl = link.parse().unwrap();
            assert_eq!(url.authority(), "[fe80::7]:9");
            assert_eq!(url.without_link().to_string(), "http://[fe80::7]:9");
        }
    }

    #[test]
    fn without_a_port_https_is_443_and_http_7700() {
        for (text, port, link, header) in [
            ("a", 7700, "http://a:7700", "a:7700"),
            ("http://a", 7700, "http://a:7700", "a:7700"),
            ("http://a:80", 80, "http://a:80", "a"),
            ("http://a:443", 443, "http://a:443", "a:443"),
            ("https://a", 443, "https://a", "a"),
            ("https://a:443", 443, "https://a", "a"),
            ("https://a:80", 80, "https://a:80", "a:80"),
            ("https://a:7700", 7700, "https://a:7700", "a:7700"),
            ("https://[fd00::7]", 443, "https://[fd00::7]", "[fd00::7]"),
        ] {
            let url: MediatorUrl = text.parse().unwrap();
            assert_eq!((url.port(), url.to_string()), (port, link.into()), "{text}");
            assert_eq!(url.host_header(), header, "{text}");
            assert!(url.authority().ends_with(&format!(":{port}")), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let bad = |text: &str| text.parse::<MediatorUrl>().unwrap_err();
        assert_eq!(bad(""), MediatorUrlError::NoHost);
        assert_eq!(bad("http://:7700"), MediatorUrlError::NoHost);
        assert_eq!(bad("ftp://a"), MediatorUrlError::Scheme("ftp".into()));
        for (text, meant) in [
            ("//a:1", "http://a:1"),
            ("://a", "http://a:7700"),
            ("http:/a", "http://a:7700"),
            ("HTTPS//a/", "https://a"),
            ("https:a", "https://a"),
        ] {
            assert_eq!(
                bad(text),
                MediatorUrlError::NoScheme(meant.into()),
                "{text}"
            );
        }
        assert_eq!(shown("http:80"), "http://http:80");
        assert_eq!(bad(":7700"), MediatorUrlError::NoHost);
        assert_eq!(bad("a:0"), MediatorUrlError::Port("0".into()));
        assert_eq!(bad("a:+80"), MediatorUrlError::Port("+80".into()));
        assert_eq!(bad("a:65536"), MediatorUrlError::Port("65536".into()));
        assert_eq!(bad("a:"), MediatorUrlError::Port(String::new()));
        assert_eq!(bad("a/room"), MediatorUrlError::Extra("/room".into()));
        assert_eq!(bad("me@a"), MediatorUrlError::Extra("me@".into()));
        for host in [
            "[fe80::1%]",
            "[fd00::1%eth0]",
            "[fe80::1%a b]",
            "a%25b",
            "[::1",
            "[::1]x",
            "[a]",
            "a b",
            "a\u{1b}",
            "bücher",
            "a\\b",
        ] {
            assert!(matches!(bad(host), MediatorUrlError::Host(_)), "{host}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics_and_writing_is_read_back(text in "\\PC{0,40}") {
            if let Ok(url) = text.parse::<MediatorUrl>() {
                proptest::prop_assert_eq!(url.to_string().parse::<MediatorUrl>(), Ok(url));
            }
        }
    }
}
