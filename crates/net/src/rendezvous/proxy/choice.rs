//! Whether there is a proxy on the way to a mediator: `--proxy` and what stands behind it, else
//! the environment variables that curl reads, too.
//!
//! A variable that names no usable proxy is an error and never passed over: who set one may rely
//! on it.

use std::net::IpAddr;
use std::str::FromStr;

use undertone_core::mediator_url::{MediatorUrl, split_port};

use super::{Proxy, ProxyUrlError};

/// What `--proxy`, `UNDERTONE_PROXY` or the config file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ProxyChoice {
    /// Nothing: the usual environment variables count.
    #[default]
    Usual,
    /// `none`: straight to every mediator.
    Direct,
    /// Through this one, to every mediator that is named.
    Through(Proxy),
}

impl FromStr for ProxyChoice {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<Self, ProxyUrlError> {
        match text.trim() {
            "none" => Ok(Self::Direct),
            text => text.parse().map(Self::Through),
        }
    }
}

impl ProxyChoice {
    /// What names it, where that is not the flag.
    #[must_use]
    pub fn named_by(mut self, name: &'static str) -> Self {
        if let Self::Through(proxy) = &mut self {
            proxy.named_by = name;
        }
        self
    }

    /// The proxy on the way to this mediator, which was named: one that was not runs on this
    /// machine, and is reached straight.
    ///
    /// # Errors
    /// [`ProxyUrlError`], for a variable that counts and names no proxy.
    pub fn proxy_for(&self, mediator: &MediatorUrl) -> Result<Option<Proxy>, ProxyUrlError> {
        match self {
            Self::Direct => Ok(None),
            Self::Through(proxy) => Ok(Some(proxy.clone())),
            Self::Usual => usual(mediator, |name| {
                let value = std::env::var_os(name)?;
                Some(value.to_string_lossy().into_owned())
            }),
        }
    }
}

/// What the environment says. `HTTP_PROXY` does not count: a web server sets it for its programs,
/// to what a client's `Proxy` header says. Lower case wins, empty is unset, loopback is exempt.
fn usual(
    mediator: &MediatorUrl,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Proxy>, ProxyUrlError> {
    let variable = |name| variable(name).filter(|value| !value.trim().is_empty());
    let names = match mediator.tls() {
        true => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"][..],
        false => &["http_proxy", "all_proxy", "ALL_PROXY"],
    };
    let named = names.iter().find_map(|name| Some((name, variable(name)?)));
    let Some((name, text)) = named else {
        return Ok(None);
    };
    let exempt = variable("no_proxy").or_else(|| variable("NO_PROXY"));
    if mediator.is_loopback() || is_exempt(mediator, &exempt.unwrap_or_default()) {
        return Ok(None);
    }
    Proxy::read(&text, name).map(Some)
}

/// Whether `NO_PROXY` has the mediator: `*`, a domain with all below it, written with a dot or
/// `*.` before it or without, an IP address, or a network as `ADDRESS/BITS`, each but the last
/// with a port or without; separated by commas or blanks.
fn is_exempt(mediator: &MediatorUrl, list: &str) -> bool {
    let host = mediator.host().trim_end_matches('.');
    let ip = host.parse::<IpAddr>().ok();
    let separates = |c: char| c == ',' || c.is_whitespace();
    let mut entries = list.split(separates).filter(|entry| !entry.is_empty());
    entries.any(|entry| {
        let (name, port) = split_port(entry, mediator.port()).unwrap_or((entry, mediator.port()));
        if port != mediator.port() {
            return false;
        }
        let domain = name.strip_prefix('*').unwrap_or(name).trim_matches('.');
        match ip {
            _ if name == "*" => true,
            Some(ip) => has_ip(name, ip),
            None => {
                let below = host.strip_suffix(&domain.to_ascii_lowercase());
                !domain.is_empty()
                    && below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
            }
        }
    })
}

fn has_ip(entry: &str, ip: IpAddr) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, bits.parse::<u32>().ok()),
        None => (entry, Some(u32::MAX)),
    };
    let network = network.trim_start_matches('[').trim_end_matches(']');
    let Some(bits) = bits else { return false };
    match (network.parse(), ip) {
        (Ok(IpAddr::V4(network)), IpAddr::V4(ip)) => {
            let differ = network.to_bits() ^ ip.to_bits();
            differ.leading_zeros() >= bits.min(32)
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(ip)) => {
            let differ = network.to_bits() ^ ip.to_bits();
            differ.leading_zeros() >= bits.min(128)
        }
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The proxy to `mediator` where these variables are set; `None` for straight.
    fn way(mediator: &str, variables: &[(&str, &str)]) -> Option<String> {
        let value = |name: &str| {
            let set = variables.iter().find(|(set, _)| *set == name);
            set.map(|(_, value)| (*value).to_owned())
        };
        let proxy = usual(&mediator.parse().unwrap(), value).unwrap();
        proxy.map(|proxy| proxy.to_string())
    }

    #[test]
    fn the_variables_are_those_of_curl() {
        let all = [
            ("http_proxy", "http://a:1"),
            ("HTTP_PROXY", "http://b:1"),
            ("https_proxy", ""),
            ("HTTPS_PROXY", "http://c:1"),
            ("ALL_PROXY", "socks5://d:1"),
        ];
        let shown = |text: &str| Some(text.to_owned());
        assert_eq!(way("http://m", &all), shown("http://a:1"));
        assert_eq!(way("https://m", &all), shown("http://c:1"));
        let upper = [("HTTP_PROXY", "http://b:1")];
        assert_eq!(way("http://m", &upper), None);
        assert_eq!(way("https://m", &all[4..]), shown("socks5h://d:1"));
        assert_eq!(way("https://m", &[]), None);
    }

    #[test]
    fn loopback_and_what_no_proxy_names_are_reached_straight() {
        let straight = |mediator: &str, list: &str| {
            let variables = [("http_proxy", "a:1"), ("NO_PROXY", list)];
            way(mediator, &variables).is_none()
        };
        for mediator in ["127.0.0.1", "[::1]", "localhost:80", "[::ffff:127.0.0.9]"] {
            assert!(straight(mediator, ""), "{mediator}");
        }
        for (mediator, list) in [
            ("m.example.org", "*"),
            ("10.0.0.1", "*"),
            ("m.example.org", "example.net, example.org"),
            ("m.Example.org", ".EXAMPLE.org"),
            ("example.org", ".example.org"),
            ("10.1.2.3", "10.0.0.0/8"),
            ("10.1.2.3", "x 10.1.2.3"),
            ("[fd00::7]", "fd00::/16"),
            ("[fd00::7]", "[fd00::7]"),
            ("[fd00::7]:9", "[fd00::7]:9"),
            ("m.example.org", "localhost,\t*.example.org"),
            ("m.example.org.", "m.example.org:7700"),
            ("10.1.2.3:80", "10.1.2.3:80"),
        ] {
            assert!(straight(mediator, list), "{mediator} {list}");
        }
        for (mediator, list) in [
            ("notexample.org", "example.org"),
            ("example.org", "m.example.org"),
            ("10.1.2.3", "10.0.0.0/16, 10.1.2.4, 10.1.2.3/x, fd00::/8"),
            ("[fd00::7]", "fd01::/16, ::/0x"),
            ("m.example.org", ","),
            ("m.example.org", ". *. :7700"),
            ("m.example.org", "m.example.org:80"),
            ("[fd00::7]:9", "[fd00::7]:10"),
        ] {
            assert!(!straight(mediator, list), "{mediator} {list}");
        }
    }

    #[test]
    fn what_is_explicit_counts_for_every_mediator() {
        let loopback: MediatorUrl = "127.0.0.1".parse().unwrap();
        let through: ProxyChoice = "socks5h://a".parse().unwrap();
        assert!(through.proxy_for(&loopback).unwrap().is_some());
        let direct: ProxyChoice = " none ".parse().unwrap();
        assert_eq!(direct.proxy_for(&"m".parse().unwrap()), Ok(None));
    }

    #[test]
    fn a_variable_that_names_no_proxy_is_an_error_and_not_passed_over() {
        let value = |name: &str| (name == "all_proxy").then(|| "socks4://me:it@a".to_owned());
        let error = usual(&"m".parse().unwrap(), value).unwrap_err();
        let shown = error.to_string();
        assert!(
            shown.contains("all_proxy") && !shown.contains("me"),
            "{shown}"
        );
    }
}
