//! What this machine's network interfaces say: its addresses, and who is next to it.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use if_addrs::{IfAddr, Interface, get_if_addrs};

/// So long one answer of the system holds: on the way to a link it is asked four times within
/// milliseconds, by some thirty calls each.
const HOLDS: Duration = Duration::from_millis(100);

/// The last answer, and when it was given.
static LAST: Mutex<Option<(Instant, Arc<[Interface]>)>> = Mutex::new(None);

/// This machine's interfaces, an entry for each address; none where the system does not say.
pub(super) fn interfaces() -> Arc<[Interface]> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((at, here)) if at.elapsed() < HOLDS => Arc::clone(here),
        _ => {
            let here: Arc<[Interface]> = get_if_addrs().unwrap_or_default().into();
            *last = Some((Instant::now(), Arc::clone(&here)));
            here
        }
    }
}

/// This machine's addresses but those of loopback, in the system's order; `ranking` has a better
/// one.
pub fn addresses_here() -> Vec<IpAddr> {
    let interfaces = interfaces();
    let others = interfaces.iter().filter(|here| !here.is_loopback());
    others.map(|here| here.ip()).collect()
}

/// Whether programs of this machine may listen on that address: it is one of the machine's.
pub fn can_listen(ip: IpAddr) -> bool {
    let bound = UdpSocket::bind((ip, 0));
    !bound.is_err_and(|error| error.kind() == io::ErrorKind::AddrNotAvailable)
}

/// The numbers of the interfaces that have link-local addresses of IPv6.
pub fn links_here() -> Vec<u32> {
    let interfaces = interfaces();
    let on_links = interfaces
        .iter()
        .filter(|here| here.is_link_local() && here.ip().is_ipv6());
    let mut links: Vec<u32> = on_links.filter_map(|here| here.index).collect();
    links.sort_unstable();
    links.dedup();
    links
}

/// The number of the interface that has this address of ours.
pub(crate) fn link_of(ours: SocketAddr) -> Option<u32> {
    if let SocketAddr::V6(v6) = ours
        && v6.scope_id() != 0
    {
        return Some(v6.scope_id());
    }
    let ip = ours.ip().to_canonical();
    interfaces()
        .iter()
        .filter(|here| here.ip() == ip)
        .find_map(|here| here.index)
}

/// Whether this machine has that address, or does not know.
pub(super) fn is_here(ip: IpAddr) -> bool {
    let interfaces = interfaces();
    ip.is_loopback()
        || interfaces.is_empty()
        || interfaces.iter().any(|interface| interface.ip() == ip)
}

/// Tells which addresses are of this machine's networks, so that no router is between. The
/// interfaces are read once, now.
pub fn next_to_us() -> impl Fn(IpAddr) -> bool {
    let interfaces = interfaces();
    move |ip| interfaces.iter().any(|here| is_in(&here.addr, ip))
}

/// Whether the address is one of this interface's network. Never a loopback one, nor one of IPv6
/// that means nothing without its interface.
fn is_in(network: &IfAddr, ip: IpAddr) -> bool {
    if network.is_loopback() || network.is_link_local() && network.ip().is_ipv6() {
        return false;
    }
    match (network, ip) {
        (IfAddr::V4(here), IpAddr::V4(ip)) => {
            let mask = here.netmask.to_bits();
            here.ip.to_bits() & mask == ip.to_bits() & mask
        }
        (IfAddr::V6(here), IpAddr::V6(ip)) => {
            let mask = here.netmask.to_bits();
            here.ip.to_bits() & mask == ip.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use if_addrs::{Ifv4Addr, Ifv6Addr};

    #[test]
    fn only_addresses_of_ones_own_networks_are_near() {
        let v4 = |ip: &str, netmask: &str| {
            IfAddr::V4(Ifv4Addr {
                ip: ip.parse().unwrap(),
                netmask: netmask.parse().unwrap(),
                prefixlen: 0,
                broadcast: None,
            })
        };
        let v6 = |ip: &str| {
            IfAddr::V6(Ifv6Addr {
                ip: ip.parse().unwrap(),
                netmask: "ffff:ffff:ffff:ffff::".parse().unwrap(),
                prefixlen: 64,
                broadcast: None,
            })
        };
        let home = [v4("192.168.1.20", "255.255.255.0"), v6("fd00::20")];
        let near = |ip: &str| {
            let ip = ip.parse().unwrap();
            home.iter().any(|network| is_in(network, ip))
        };
        for ip in ["192.168.1.1", "fd00::1"] {
            assert!(near(ip), "{ip}");
        }
        for ip in [
            "192.168.2.1",
            "127.0.0.1",
            "8.8.8.8",
            "fd01::1",
            "fe80::1",
            "::1",
        ] {
            assert!(!near(ip), "{ip}");
        }
        let lo = v4("127.0.0.1", "255.0.0.0");
        assert!(!is_in(&lo, "127.0.0.1".parse().unwrap()));
    }
}
