//! How a link goes, and which of two paths is better.

use std::net::{IpAddr, SocketAddr};

/// How a link goes. The order is the order of preference, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// Directly, to this address of the peer's, which is so near.
    Direct(Nearness, Transport, SocketAddr),
    /// Through the mediator, whose address this is, and which carries so much.
    Relay(SocketAddr, RelayLimits),
}

/// How far it is to an address. The order is the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Nearness {
    /// On this machine or its network.
    Local,
    /// Across the internet, by IPv6.
    Ipv6,
    /// Across the internet, by IPv4.
    Ipv4,
}

/// What carries the bytes of a direct link. The order is the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// A TCP connection.
    Tcp,
    /// A data channel over UDP.
    Udp,
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
        Self::Direct(Nearness::of(address.ip()), Transport::Tcp, address)
    }

    /// The same over UDP.
    pub fn over_udp(address: SocketAddr) -> Self {
        Self::Direct(Nearness::of(address.ip()), Transport::Udp, address)
    }

    /// The other end of the socket.
    pub fn address(&self) -> SocketAddr {
        match *self {
            Self::Direct(.., address) | Self::Relay(address, _) => address,
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
            Self::Direct(Nearness::Local, ..) => "local",
            Self::Direct(Nearness::Ipv6, ..) => "ipv6",
            Self::Direct(Nearness::Ipv4, ..) => "ipv4",
            Self::Relay(..) => "relay",
        }
    }

    /// Whether it goes directly, over UDP.
    pub fn is_udp(&self) -> bool {
        matches!(self, Self::Direct(_, Transport::Udp, _))
    }

    /// Whether the mediator carries it.
    pub fn is_relay(&self) -> bool {
        matches!(self, Self::Relay(..))
    }

    /// What the mediator carries at most, where it does.
    pub fn relay_limits(&self) -> Option<RelayLimits> {
        match self {
            Self::Relay(_, limits) => Some(*limits),
            Self::Direct(..) => None,
        }
    }

    /// Whether no other path can be better.
    pub(super) fn is_best(&self) -> bool {
        matches!(self, Self::Direct(Nearness::Local, Transport::Tcp, _))
    }
}

impl Nearness {
    fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            ip if is_local(ip) => Self::Local,
            IpAddr::V6(_) => Self::Ipv6,
            IpAddr::V4(_) => Self::Ipv4,
        }
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
    fn the_near_path_is_better_than_the_far_one_tcp_than_udp_and_any_than_a_relay() {
        let [local, v6, v4] = ["192.168.1.3:1", "[2001:db8::1]:1", "198.51.100.1:1"];
        let tcp = |address: &str| Path::direct(address.parse().unwrap());
        let udp = |address: &str| Path::over_udp(address.parse().unwrap());
        let relay = Path::Relay("192.0.2.9:443".parse().unwrap(), RelayLimits::default());
        let order = [
            tcp(local),
            udp(local),
            tcp(v6),
            udp(v6),
            tcp(v4),
            udp(v4),
            relay,
        ];
        let mut paths = order;
        paths.reverse();
        paths.sort();
        assert_eq!(paths, order);
        let best: Vec<_> = paths.iter().filter(|path| path.is_best()).collect();
        assert_eq!(best, [&tcp(local)]);
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
