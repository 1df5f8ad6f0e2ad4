//! This machine's addresses in one order: the best for others to reach it by comes first. What
//! is told to the peer, what stands in invites, and what the doctor says, follow it alike.
//!
//! ```text
//! the one that leads to the mediator, IPv4's and IPv6's that lead out     by the routes
//! other networks · VPNs · bridges of containers and virtual machines      by the interfaces
//! link-local ones
//! ```
//!
//! The routes come first because they are facts: a machine may have dozens of bridges, whose
//! names differ, and one way out. Asking for them sends nothing: to connect a socket of UDP is
//! to look a route up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use if_addrs::Interface;
use serde::Serialize;

use super::interfaces::interfaces;
use super::path::is_local;

/// Addresses for documentation (RFC 5737, RFC 3849), which are nobody's: only a default route
/// leads there.
const OUT: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];
/// How the interfaces of containers and virtual machines are usually called. Only what is not on
/// the way out is judged by its name.
const BRIDGES: [&str; 15] = [
    "docker", "br-", "veth", "virbr", "vnet", "vmnet", "vboxnet", "lxc", "lxd", "incus", "podman",
    "cni", "cali", "flannel", "cilium",
];
/// … and those of VPNs that do not say that they are point-to-point.
const TUNNELS: [&str; 8] = [
    "tun",
    "tap",
    "wg",
    "utun",
    "tailscale",
    "zt",
    "nordlynx",
    "ppp",
];

/// Where others must be to reach an address. The order is the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Anywhere: a public address.
    Internet,
    /// On the same network.
    Network,
    /// In the same VPN.
    Vpn,
    /// In a container or virtual machine of this machine.
    Guests,
    /// On the same cable or Wi-Fi, without any router.
    Link,
    /// On this machine.
    Machine,
}

impl Reach {
    /// Of an address that no interface is known for, as in a link.
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            ip if ip.is_loopback() => Self::Machine,
            ip if is_link_local(ip) => Self::Link,
            ip if is_local(ip) => Self::Network,
            _ => Self::Internet,
        }
    }

    /// From where it can be reached, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Internet => "from the same network; from elsewhere if no firewall is in between",
            Self::Network => "from the same network",
            Self::Vpn => "from the same VPN",
            Self::Guests => "from containers and virtual machines of this machine",
            Self::Link => "from the same cable or Wi-Fi",
            Self::Machine => "from this machine only",
        }
    }
}

/// One of this machine's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The address.
    pub ip: IpAddr,
    /// From where it can be reached.
    pub reach: Reach,
}

/// All that others may reach, the best first; loopback is none of them. `towards`: the mediator.
pub fn ranked(towards: Option<IpAddr>) -> Vec<Ranked> {
    let routed: Vec<IpAddr> = towards.into_iter().chain(OUT).filter_map(source).collect();
    rank(&interfaces(), &routed)
}

/// The address from which this machine would reach `to`; `None` where that stays on it, or no
/// route leads there.
pub(super) fn source(to: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match to {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    // Any port: nothing is sent.
    socket.connect(SocketAddr::new(to, 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified() && ip != to).then_some(ip)
}

fn rank(interfaces: &[Interface], routed: &[IpAddr]) -> Vec<Ranked> {
    let mut all: Vec<_> = interfaces
        .iter()
        .filter(|interface| !interface.is_loopback())
        .map(|interface| {
            let ip = interface.ip();
            let by_route = routed.iter().position(|source| *source == ip);
            let reach = reach(interface);
            let order = (
                by_route.unwrap_or(routed.len()),
                reach == Reach::Link,
                !interface.is_oper_up(),
                reach,
                ip.is_ipv6(),
            );
            (order, Ranked { ip, reach })
        })
        .collect();
    all.sort_by_key(|(order, _)| *order);
    let mut kept: Vec<Ranked> = Vec::new();
    for (_, here) in all {
        if kept.iter().all(|before| before.ip != here.ip) {
            kept.push(here);
        }
    }
    kept
}

fn reach(interface: &Interface) -> Reach {
    let by_address = Reach::of(interface.ip());
    let called = |names: &[&str]| names.iter().any(|name| interface.name.starts_with(name));
    match by_address {
        Reach::Link | Reach::Machine => by_address,
        _ if called(&BRIDGES) => Reach::Guests,
        Reach::Network if interface.is_p2p() || called(&TUNNELS) => Reach::Vpn,
        _ => by_address,
    }
}

/// Whether an address means something on one link only (RFC 3927, RFC 4291 §2.5.6).
pub fn is_link_local(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use if_addrs::{IfAddr, IfOperStatus, Ifv4Addr, Ifv6Addr};

    fn interface(name: &str, ip: &str, is_p2p: bool) -> Interface {
        let addr = match ip.parse().unwrap() {
            IpAddr::V4(ip) => IfAddr::V4(Ifv4Addr {
                ip,
                netmask: [255, 255, 255, 0].into(),
                prefixlen: 24,
                broadcast: None,
            }),
            IpAddr::V6(ip) => IfAddr::V6(Ifv6Addr {
                ip,
                netmask: "ffff:ffff:ffff:ffff::".parse().unwrap(),
                prefixlen: 64,
                broadcast: None,
            }),
        };
        Interface {
            name: name.to_owned(),
            addr,
            index: None,
            oper_status: IfOperStatus::Up,
            is_p2p,
        }
    }

    fn order(interfaces: &[Interface], routed: &[&str]) -> Vec<(String, Reach)> {
        let routed: Vec<IpAddr> = routed.iter().map(|ip| ip.parse().unwrap()).collect();
        let ranked = rank(interfaces, &routed);
        ranked
            .iter()
            .map(|here| (here.ip.to_string(), here.reach))
            .collect()
    }

    #[test]
    fn the_way_out_comes_before_any_number_of_bridges() {
        let mut all: Vec<_> = (0..12)
            .map(|n| {
                interface(
                    &format!("br-{n:012x}"),
                    &format!("172.{}.0.1", 17 + n),
                    false,
                )
            })
            .collect();
        all.push(interface("lo", "127.0.0.1", false));
        all.push(interface("enp3s0", "fe80::20", false));
        all.push(interface("tailscale0", "100.64.0.7", true));
        all.push(interface("enp3s0", "192.168.1.20", false));
        all.push(interface("enp3s0", "2001:db8:1::20", false));
        let ranked = order(&all, &["192.168.1.20", "2001:db8:1::20"]);
        let first = [
            ("192.168.1.20", Reach::Network),
            ("2001:db8:1::20", Reach::Internet),
            ("100.64.0.7", Reach::Vpn),
            ("172.17.0.1", Reach::Guests),
        ];
        assert_eq!(ranked[..4], first.map(|(ip, reach)| (ip.to_owned(), reach)));
        assert_eq!(
            ranked.last().unwrap(),
            &("fe80::20".to_owned(), Reach::Link)
        );
        assert_eq!(ranked.len(), 16);
    }

    #[test]
    fn where_it_leads_counts_more_than_how_it_is_called() {
        // The way out may be a bridge (a server of virtual machines), the mediator in a VPN.
        let all = [
            interface("eth0", "192.168.7.2", false),
            interface("br-lan", "192.168.1.20", false),
            interface("wg0", "10.8.0.2", true),
        ];
        let ranked = order(&all, &["10.8.0.2", "192.168.1.20"]);
        let ips: Vec<_> = ranked.iter().map(|(ip, _)| ip.as_str()).collect();
        assert_eq!(ips, ["10.8.0.2", "192.168.1.20", "192.168.7.2"]);
    }

    #[test]
    fn an_address_that_two_interfaces_have_counts_once() {
        let twice = [
            interface("eth0", "192.0.2.7", false),
            interface("eth1", "192.0.2.7", false),
        ];
        assert_eq!(
            order(&twice, &[]),
            [("192.0.2.7".to_owned(), Reach::Internet)]
        );
    }

    #[test]
    fn the_way_to_ones_own_address_leads_nowhere() {
        assert_eq!(source(Ipv4Addr::LOCALHOST.into()), None);
        assert_eq!(source(Ipv6Addr::LOCALHOST.into()), None);
    }
}
