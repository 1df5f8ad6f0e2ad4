//! Whether a web page is the mediator's own: the only one that may open a WebSocket here.
//!
//! Browsers let any page open a WebSocket to anywhere, and say in `Origin` whose page it is (RFC
//! 6455 §10.2). One of another origin could use its visitor's own mediator, on loopback or at home,
//! to spend attempts and to learn that it runs.

use super::forwarded::last_entry;
use super::host::Host;
use super::request::Request;

/// Whether these origins are one, and that of `host`, by `scheme`; where the scheme is not known
/// the page's own counts.
pub(super) fn is_own<'a>(
    mut origins: impl Iterator<Item = &'a [u8]>,
    host: Host<'_>,
    scheme: Option<Scheme>,
) -> bool {
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return false;
    };
    let Some((by, origin)) = Scheme::split(origin) else {
        return false;
    };
    let origin = Host::read(origin);
    scheme.is_none_or(|scheme| scheme == by)
        && origin.is_some_and(|origin| origin.is(host, by.port()))
}

/// How a browser came by the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// That of a mediator that speaks TLS or not. Behind a proxy what that says in the last
    /// `X-Forwarded-Proto` entry; `None`: it does not say.
    pub(super) fn of(request: &Request<'_>, trust_proxy: bool, tls: bool) -> Option<Self> {
        if trust_proxy {
            // Some name the scheme of the upgrade.
            return match last_entry(request.values("x-forwarded-proto"))? {
                b"https" | b"wss" => Some(Self::Https),
                b"http" | b"ws" => Some(Self::Http),
                _ => None,
            };
        }
        Some(if tls { Self::Https } else { Self::Http })
    }

    fn split(origin: &[u8]) -> Option<(Self, &[u8])> {
        let begins = [
            (Self::Http, &b"http://"[..]),
            (Self::Https, &b"https://"[..]),
        ];
        let strip = |(by, begin)| origin.strip_prefix(begin).map(|rest| (by, rest));
        begins.into_iter().find_map(strip)
    }

    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn is_own_of(origins: &[&str], host: &str, scheme: Option<Scheme>) -> bool {
        let host = Host::read(host.as_bytes()).unwrap();
        is_own(origins.iter().map(|origin| origin.as_bytes()), host, scheme)
    }

    #[test]
    fn the_page_s_own_origin_is_known_with_the_port_or_without() {
        for (origin, host, scheme) in [
            ("http://127.0.0.1:7700", "127.0.0.1:7700", Scheme::Http),
            ("http://[::1]:7700", "[::1]:7700", Scheme::Http),
            ("http://nas", "nas", Scheme::Http),
            ("http://nas", "nas:80", Scheme::Http),
            ("http://nas", "NAS", Scheme::Http),
            ("https://a.example", "a.example", Scheme::Https),
            ("https://a.example", "a.example:443", Scheme::Https),
            ("https://a.example:8443", "a.example:8443", Scheme::Https),
        ] {
            assert!(is_own_of(&[origin], host, Some(scheme)), "{origin}");
            assert!(is_own_of(&[origin], host, None), "{origin}");
        }
    }

    #[test]
    fn whatever_is_another_origin_is_none_of_ours() {
        for origin in [
            "",
            "null",
            "*",
            "http://",
            "http:",
            "a.example:7700",
            "//a.example:7700",
            "https://a.example:7700",
            "http://a.example",
            "http://a.example:80",
            "http://a.example:7701",
            "http://a.example:07700x",
            "http://b.example:7700",
            "http://x.a.example:7700",
            "http://a.example.:7700",
            "http://a.example.b:7700",
            "http://u@a.example:7700",
            "http://a.example:7700@b",
            "http://a.example:7700/",
            "http://a.example:7700 http://b",
            "http://a.example:7700,http://b",
            "ws://a.example:7700",
            "HTTP://a.example:7700",
            "file://a.example:7700",
            "chrome-extension://a.example:7700",
            "http://[::1]:7700",
            "http:///a.example:7700",
        ] {
            let scheme = Some(Scheme::Http);
            assert!(!is_own_of(&[origin], "a.example:7700", scheme), "{origin}");
        }
        let own = "http://a.example:7700";
        for origins in [&[][..], &[own, own], &[own, "null"], &["null", own]] {
            assert!(!is_own_of(origins, "a.example:7700", None), "{origins:?}");
        }
        // A page by http of a host that is reached by TLS.
        assert!(!is_own_of(&["http://a"], "a", Some(Scheme::Https)));
    }
}
