//! The addresses at which a client can be dialled, as SEALED carries them:
//! eight slots of family u8 (0 none, 4, 6) ‖ address 16 ‖ port u16be, so that
//! their number does not show in the length.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The most addresses that a SEALED carries, and that are ever dialled for one.
pub(super) const MAX: usize = 8;
const SLOT_LEN: usize = 19;
/// Bytes of an encoded list.
pub(super) const ENCODED_LEN: usize = MAX * SLOT_LEN;

/// At most eight addresses, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates(Vec<SocketAddr>);

impl Candidates {
    /// Keeps the first eight distinct addresses.
    pub fn new(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        let mut kept: Vec<SocketAddr> = Vec::new();
        for address in addresses {
            if kept.len() < MAX && !kept.contains(&address) {
                kept.push(address);
            }
        }
        Self(kept)
    }

    /// The addresses that may be dialled. Never unspecified, multicast or
    /// broadcast ones; loopback and link-local ones only where the mediator
    /// itself was reached that way (`mediator`). Those of our own machine are
    /// dialled only once the peer has shown that it is there
    /// (`link::here` of the program), which is not known here.
    pub fn dialable(&self, mediator: IpAddr) -> impl Iterator<Item = SocketAddr> + '_ {
        let mediator = mediator.to_canonical();
        self.0.iter().copied().filter(move |address| {
            let ip = address.ip().to_canonical();
            let refused = ip.is_unspecified()
                || ip.is_multicast()
                || address.port() == 0
                || matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
            !refused
                && (!ip.is_loopback() || mediator.is_loopback())
                && (!is_link_local(ip) || is_link_local(mediator))
        })
    }

    pub(super) fn encode(&self) -> [u8; ENCODED_LEN] {
        let mut out = [0; ENCODED_LEN];
        for (slot, address) in out.chunks_exact_mut(SLOT_LEN).zip(&self.0) {
            let (family, ip) = match address.ip() {
                IpAddr::V4(ip) => (4, ip.octets().to_vec()),
                IpAddr::V6(ip) => (6, ip.octets().to_vec()),
            };
            let padding = std::iter::repeat_n(0, 16 - ip.len());
            let bytes = std::iter::once(family).chain(ip).chain(padding);
            let bytes = bytes.chain(address.port().to_be_bytes());
            slot.iter_mut()
                .zip(bytes)
                .for_each(|(slot, byte)| *slot = byte);
        }
        out
    }

    /// Gaps, doubles, and families of a later version are ignored. `None` where
    /// something stands behind an IPv4 address.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut addresses = Vec::new();
        for slot in bytes.chunks_exact(SLOT_LEN) {
            let (family, rest) = slot.split_first()?;
            let (ip, port) = rest.split_first_chunk::<16>()?;
            let port = u16::from_be_bytes(port.try_into().ok()?);
            let ip = match family {
                4 => {
                    let (ip, behind) = ip.split_first_chunk::<4>()?;
                    if behind.iter().any(|byte| *byte != 0) {
                        return None;
                    }
                    IpAddr::V4(Ipv4Addr::from(*ip))
                }
                6 => IpAddr::V6(Ipv6Addr::from(*ip)),
                _ => continue,
            };
            addresses.push(SocketAddr::new(ip, port));
        }
        Some(Self::new(addresses))
    }
}

impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(SocketAddr::to_string).collect();
        match all.is_empty() {
            true => f.write_str("no address"),
            false => f.write_str(&all.join(", ")),
        }
    }
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(addresses: &[&str]) -> Candidates {
        Candidates::new(addresses.iter().map(|a| a.parse().unwrap()))
    }

    fn dialled(addresses: &[&str], mediator: &str) -> Vec<String> {
        let mediator = mediator.parse().unwrap();
        list(addresses)
            .dialable(mediator)
            .map(|a| a.to_string())
            .collect()
    }

    #[test]
    fn addresses_that_reach_nobody_are_never_dialled() {
        let bad = [
            "0.0.0.0:1",
            "[::]:1",
            "224.0.0.1:1",
            "[ff02::1]:1",
            "255.255.255.255:1",
            "192.0.2.1:0",
            "[::ffff:0.0.0.0]:1",
            "[::ffff:224.0.0.1]:1",
        ];
        for mediator in ["127.0.0.1", "192.0.2.9", "::1"] {
            assert_eq!(dialled(&bad, mediator), Vec::<String>::new());
        }
    }

    #[test]
    fn a_remote_mediator_opens_no_way_to_our_own_machine() {
        let local = [
            "127.0.0.1:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
            "169.254.1.1:1",
            "[fe80::1]:1",
        ];
        assert_eq!(dialled(&local, "192.0.2.9"), Vec::<String>::new());
        assert_eq!(dialled(&local, "127.0.0.1").len(), 3);
        assert_eq!(
            dialled(&local, "169.254.7.7"),
            ["169.254.1.1:1", "[fe80::1]:1"]
        );
    }

    #[test]
    fn more_than_eight_are_cut_and_doubles_dropped() {
        let many = (1..20).map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
        assert_eq!(Candidates::new(many).0.len(), MAX);
        assert_eq!(list(&["192.0.2.1:5", "192.0.2.1:5"]).0.len(), 1);
    }

    #[test]
    fn gaps_doubles_and_unknown_families_are_passed_over() {
        let two = list(&["192.0.2.1:5", "[2001:db8::1]:6"]);
        let mut bytes = [0; ENCODED_LEN];
        for (slot, from) in [(1, 0), (3, 1), (4, 0), (6, 1)] {
            let from = &two.encode()[from * SLOT_LEN..][..SLOT_LEN];
            bytes[slot * SLOT_LEN..][..SLOT_LEN].copy_from_slice(from);
        }
        bytes[2 * SLOT_LEN..][..SLOT_LEN].fill(7);
        assert_eq!(Candidates::decode(&bytes), Some(two));
    }

    #[test]
    fn something_behind_an_ipv4_address_is_refused() {
        for at in 5..17 {
            let mut bytes = list(&["192.0.2.1:5"]).encode();
            bytes[at] = 1;
            assert_eq!(Candidates::decode(&bytes), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(addresses in prop::collection::vec(any::<SocketAddr>(), 0..12)) {
            // Flow labels and scopes mean nothing on another machine and do not travel.
            let plain = addresses.iter().map(|a| SocketAddr::new(a.ip(), a.port()));
            let candidates = Candidates::new(plain);
            prop_assert_eq!(Candidates::decode(&candidates.encode()), Some(candidates));
        }
    }
}
