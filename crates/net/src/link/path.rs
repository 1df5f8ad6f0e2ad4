//! How a link goes, and which of two paths is better.

use std::net::{IpAddr, SocketAddr};

/// How a link goes. The order is the order of preference, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// Directly, to an address of this machine or its network.
    Local(SocketAddr),
    /// Directly, over IPv6.
    Ipv6(SocketAddr),
    /// Directly, over IPv4.
    Ipv4(SocketAddr),
    /// Through the mediator, whose address this is, and which carries so much.
    Relay(SocketAddr, RelayLimits),
}

/// What a mediator carries for the two of a pairing at most, both ways together, as far as it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelayLimits {
    /// Bytes a second.
    pub rate: Option<u64>,
    /// Bytes in all.
    pub bytes: Option<u64>,
}

impl Path {
    /// The direct path to this address.
    pub fn direct(address: SocketAddr) -> Self {
        match address.ip().to_canonical() {
            ip if is_local(ip) => Self::Local(address),
            IpAddr::V6(_) => Self::Ipv6(address),
            IpAddr::V4(_) => Self::Ipv4(address),
        }
    }

    /// The other end of the socket.
    pub fn address(&self) -> SocketAddr {
        match *self {
            Self::Local(address)
            | Self::Ipv6(address)
            | Self::Ipv4(address)
            | Self::Relay(address, _) => address,
        }
    }

    /// `direct` or `relay`.
    pub fn name(&self) -> &'static str {
        match self.is_relay() {
            true => "relay",
            false => "direct",
        }
    }

    /// What kind of path it is: `local`, `ipv6`, `ipv4` or `relay`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Local(_) => "local",
            Self::Ipv6(_) => "ipv6",
            Self::Ipv4(_) => "ipv4",
            Self::Relay(..) => "relay",
        }
    }

    /// Whether the mediator carries it.
    pub fn is_relay(&self) -> bool {
        matches!(self, Self::Relay(..))
    }

    /// What the mediator carries at most, where it does.
    pub fn relay_limits(&self) -> Option<RelayLimits> {
        match self {
            Self::Relay(_, limits) => Some(*limits),
            Self::Local(_) | Self::Ipv6(_) | Self::Ipv4(_) => None,
        }
    }

    /// Whether no other path can be better.
    pub(super) fn is_best(&self) -> bool {
        matches!(self, Self::Local(_))
    }
}

/// Whether an address means something on one's own network only: private
/// (RFC 1918, RFC 4193), shared with a provider's other customers (RFC 6598),
/// link-local, or this machine's own.
pub fn is_local(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_near_path_is_better_than_the_far_one_and_any_than_a_relay() {
        let direct = |address: &str| Path::direct(address.parse().unwrap());
        let mut paths = [
            Path::Relay("192.0.2.9:443".parse().unwrap(), RelayLimits::default()),
            direct("198.51.100.1:1"),
            direct("[2001:db8::1]:1"),
            direct("192.168.1.3:1"),
        ];
        paths.sort();
        let kinds: Vec<_> = paths.iter().map(|path| path.address().port()).collect();
        assert_eq!(kinds, [1, 1, 1, 443]);
        assert!(paths[0].is_best() && matches!(paths[1], Path::Ipv6(_)));
        assert!(matches!(paths[2], Path::Ipv4(_)) && paths[3].is_relay());
    }

    #[test]
    fn addresses_of_ones_own_network_are_known() {
        for local in [
            "10.0.0.1",
            "172.31.0.1",
            "192.168.0.1",
            "100.64.0.1",
            "100.127.255.1",
            "169.254.0.1",
            "127.0.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_local(local.parse().unwrap()), "{local}");
        }
        for global in [
            "100.128.0.1",
            "100.63.0.1",
            "172.32.0.1",
            "2001:db8::1",
            "198.51.100.1",
        ] {
            assert!(!is_local(global.parse().unwrap()), "{global}");
        }
    }
}
