//! By which name a browser asks for the page, and whether that name can be another's.
//!
//! DNS rebinding: a page of evil.example has its name lead to a mediator on its visitor's machine
//! or network, and would be of the mediator's own origin from then on. Where a mediator is reached
//! from near by without TLS, browsers get the page only by names that no stranger gives out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use undertone_wire::AddressKey;

use super::forwarded::last_entry;
use super::request::Request;

/// A host with a port or without one, as a URL has it (RFC 3986 §3.2), without userinfo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host<'a> {
    /// An address of IPv6 in its brackets.
    name: &'a str,
    port: Option<u16>,
}

impl<'a> Host<'a> {
    /// What was asked for: the request's only `Host`. A proxy that is trusted may send one of its
    /// own, and says in the last `X-Forwarded-Host` entry what it was asked for itself.
    pub(super) fn of(request: &Request<'a>, trust_proxy: bool) -> Option<Self> {
        let forwarded = trust_proxy.then(|| last_entry(request.values("x-forwarded-host")));
        match forwarded.flatten() {
            Some(forwarded) => Self::read(forwarded),
            None => {
                let mut hosts = request.values("host");
                Self::read(hosts.next().filter(|_| hosts.next().is_none())?)
            }
        }
    }

    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok()?;
        let after_name = text.find(']').map_or(0, |bracket| bracket + 1);
        let colon = text.get(after_name..)?.find(':').map(|at| after_name + at);
        let (name, port) = text.split_at(colon.unwrap_or(text.len()));
        let port = match port.strip_prefix(':') {
            None => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            Some(_) => return None,
        };
        let is_name = is_name(name) || ipv6(name).is_some();
        is_name.then_some(Self { name, port })
    }

    /// Whether both lead to the same host and port, of a scheme with this port.
    pub(super) fn is(&self, other: Self, default_port: u16) -> bool {
        let port = |host: Self| host.port.unwrap_or(default_port);
        self.name.eq_ignore_ascii_case(other.name) && port(*self) == port(other)
    }

    /// Whether no stranger decides where this name leads: it is an address, it is not of the public
    /// DNS (`localhost`, a single label, `.local` of RFC 6762), or it was allowed.
    pub(super) fn is_nobody_elses(&self, allowed: &[String]) -> bool {
        let name = self.name;
        let is_address = ipv6(name).is_some() || name.parse::<Ipv4Addr>().is_ok();
        let local = name.rsplit_once('.');
        let is_local = local.is_some_and(|(_, top)| top.eq_ignore_ascii_case("local"));
        let is_label = !name.contains('.');
        is_address
            || is_local
            || is_label
            || allowed.iter().any(|host| host.eq_ignore_ascii_case(name))
    }
}

/// Whether this can be the name of a host in a URL, as browsers write it.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !name.is_empty() && name.bytes().all(in_name)
}

/// An address of IPv6 in brackets.
fn ipv6(name: &str) -> Option<Ipv6Addr> {
    let inner = name.strip_prefix('[')?.strip_suffix(']')?;
    inner.parse().ok()
}

/// Whether a client may be on the machine or the network of the mediator: it reached an address
/// that strangers do not reach, or comes from that same address or IPv6 /64. Not known counts as
/// near.
pub(super) fn is_near(local: Option<IpAddr>, remote: IpAddr) -> bool {
    let Some(local) = local.map(|local| local.to_canonical()) else {
        return true;
    };
    let is_private = match local {
        IpAddr::V4(ip) => {
            // 100.64.0.0/10 (RFC 6598) is that of overlay networks, too.
            let [first, second, ..] = ip.octets();
            let is_shared = first == 100 && second & 0xc0 == 64;
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || is_shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    is_private || AddressKey::from(local) == AddressKey::from(remote)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn host(text: &str) -> Option<Host<'_>> {
        Host::read(text.as_bytes())
    }

    #[test]
    fn a_host_is_read_as_a_url_has_it_and_nothing_else_is_one() {
        for (text, name, port) in [
            ("a", "a", None),
            ("a.example:7700", "a.example", Some(7700)),
            ("A_b-c.local", "A_b-c.local", None),
            ("127.0.0.1:1", "127.0.0.1", Some(1)),
            ("[::1]", "[::1]", None),
            ("[fe80::1]:65535", "[fe80::1]", Some(65535)),
        ] {
            let host = host(text).unwrap();
            assert_eq!((host.name, host.port), (name, port), "{text}");
        }
        for text in [
            "",
            ":7700",
            "a:",
            "a:x",
            "a:+1",
            "a:-1",
            "a: 1",
            "a:65536",
            "a:1:2",
            "a b",
            " a",
            "a@b",
            "u:p@b:1",
            "a/",
            "a?b",
            "a#b",
            "a,b",
            "::1",
            "[::1",
            "::1]",
            "[]",
            "[a]",
            "[::1]x",
            "[::1]:",
            "[fe80::1%25eth0]",
            "[127.0.0.1]",
            "x[::1]",
            "ä",
            "a%2eb",
            "a\\b",
        ] {
            assert!(host(text).is_none(), "{text}");
        }
        assert!(Host::read(b"\xff").is_none());
    }

    #[test]
    fn a_name_that_a_stranger_can_give_out_is_known() {
        let allowed = ["mediator.example".to_owned()];
        for text in [
            "localhost",
            "LOCALHOST:7700",
            "127.0.0.1",
            "192.168.1.20:7700",
            "203.0.113.9",
            "[::1]",
            "[2001:db8::1]:7700",
            "nas",
            "nas:80",
            "nas.local",
            "a.b.LOCAL",
            "mediator.example",
            "Mediator.Example:7700",
        ] {
            assert!(host(text).unwrap().is_nobody_elses(&allowed), "{text}");
        }
        for text in [
            "evil.example",
            "localhost.evil.example",
            "nas.local.evil.example",
            "localhost.",
            "nas.local.",
            "127.0.0.1.evil.example",
            "127.0.0.1.",
            "0x7f.1",
            "127.1",
            "nas.xlocal",
            "mediator.example.",
            "a.mediator.example",
            "evil.",
            "fritz.box",
            "x.localhost",
        ] {
            assert!(!host(text).unwrap().is_nobody_elses(&allowed), "{text}");
        }
    }

    #[test]
    fn who_may_be_on_the_network_of_the_mediator_is_near() {
        for (local, remote, near) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("::ffff:127.0.0.1", "127.0.0.1", true),
            ("10.1.2.3", "203.0.113.5", true),
            ("172.16.0.1", "203.0.113.5", true),
            ("192.168.1.1", "192.168.1.2", true),
            ("169.254.1.1", "169.254.1.2", true),
            ("100.64.0.1", "100.100.0.1", true),
            ("::1", "::1", true),
            ("fe80::1", "fe80::2", true),
            ("fd00::1", "fd00:1::1", true),
            // What a machine has without a router in between: itself, and its network.
            ("2001:db8::1", "2001:db8::1", true),
            ("2001:db8::1", "2001:db8::2:3", true),
            ("203.0.113.9", "203.0.113.9", true),
            ("203.0.113.9", "203.0.113.10", false),
            ("100.128.0.1", "203.0.113.10", false),
            ("172.32.0.1", "203.0.113.10", false),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ] {
            let local = Some(local.parse().unwrap());
            assert_eq!(is_near(local, remote.parse().unwrap()), near, "{local:?}");
        }
        assert!(is_near(None, "203.0.113.10".parse().unwrap()));
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(bytes in "[a\\[\\]:.0-9é@]{0,12}") {
            let _ = host(&bytes).map(|host| host.is_nobody_elses(&[]));
        }
    }
}
