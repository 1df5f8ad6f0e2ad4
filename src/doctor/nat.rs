//! What kind of NAT is between this machine and the mediators that saw it: a judgement on
//! addresses, without a socket. Mappings are named as in RFC 4787 §4.1 (for TCP RFC 5382 §4.1).

use std::net::{IpAddr, SocketAddr};

use crate::link::path::is_local;

/// How one mediator sees the port from which all of them were asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting {
    /// The mediator.
    pub by: SocketAddr,
    /// What it sees; port 0 where that is not known.
    pub observed: SocketAddr,
}

/// What is in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nat {
    /// Nothing, to a mediator of one's own network; what is beyond does not show.
    Near,
    /// Nothing: a public address.
    None,
    /// A router which gives the port one mapping for all (endpoint-independent).
    Same {
        /// Whether it has the same number outside.
        keeps_port: bool,
    },
    /// A router which gives it another one for each (address- or port-dependent, "symmetric").
    Other,
    /// A router; one address alone does not tell of which kind.
    Unknown,
}

impl Nat {
    /// Judges by what was seen of `port` of a machine that has the addresses `here`; `None` if
    /// there is nothing to judge by.
    pub(super) fn judge(port: u16, here: &[IpAddr], sightings: &[Sighting]) -> Option<Self> {
        // Of IPv4 alone: routers do not translate IPv6, and one of another family is no
        // other mapping.
        let v4 = sightings.iter().filter(|seen| seen.observed.is_ipv4());
        let is_here = |ip: IpAddr| ip.is_loopback() || here.contains(&ip);
        let (near, far): (Vec<&Sighting>, Vec<_>) =
            v4.partition(|seen| is_here(seen.observed.ip()));
        if far.is_empty() {
            let public = near.iter().any(|seen| !is_local(seen.observed.ip()));
            return (!near.is_empty()).then_some(if public { Self::None } else { Self::Near });
        }
        let known: Vec<_> = far
            .iter()
            .filter(|seen| seen.observed.port() != 0)
            .collect();
        let Some((first, rest)) = known.split_first() else {
            return Some(Self::Unknown);
        };
        if rest.iter().any(|seen| seen.observed != first.observed) {
            return Some(Self::Other);
        }
        // Two ports of one address may share a mapping that is not for other addresses.
        let apart = rest.iter().any(|seen| seen.by.ip() != first.by.ip());
        Some(match apart {
            true => Self::Same {
                keeps_port: first.observed.port() == port,
            },
            false => Self::Unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: u16 = 40_000;

    /// Pairs of mediator and observed address, for a machine that is 192.168.1.2 and 198.51.100.9.
    fn judge(seen: &[(&str, &str)]) -> Option<Nat> {
        let here = ["192.168.1.2", "198.51.100.9"].map(|ip| ip.parse().unwrap());
        let seen = seen.iter().map(|(by, observed)| Sighting {
            by: by.parse().unwrap(),
            observed: observed.parse().unwrap(),
        });
        Nat::judge(PORT, &here, &seen.collect::<Vec<_>>())
    }

    #[test]
    fn ones_own_address_seen_outside_is_no_nat() {
        let seen = ("203.0.113.10:443", "198.51.100.9:40000");
        assert_eq!(judge(&[seen]), Some(Nat::None));
        // Behind a proxy the mediator may know no port.
        let seen = ("203.0.113.10:443", "198.51.100.9:0");
        assert_eq!(judge(&[seen]), Some(Nat::None));
    }

    #[test]
    fn a_mediator_nearby_says_nothing_of_what_is_beyond() {
        let near = ("192.168.1.20:7700", "192.168.1.2:40000");
        assert_eq!(judge(&[near]), Some(Nat::Near));
        assert_eq!(
            judge(&[("127.0.0.1:7700", "127.0.0.1:40000")]),
            Some(Nat::Near)
        );
        let far = ("203.0.113.10:443", "198.51.100.1:5");
        assert_eq!(judge(&[near, far]), Some(Nat::Unknown));
    }

    #[test]
    fn the_same_mapping_at_two_addresses_is_for_all() {
        for (outside, keeps_port) in [("198.51.100.1:40000", true), ("198.51.100.1:5", false)] {
            let seen = ["203.0.113.10:443", "203.0.113.11:443"].map(|by| (by, outside));
            assert_eq!(judge(&seen), Some(Nat::Same { keeps_port }));
        }
    }

    #[test]
    fn one_address_does_not_tell() {
        let seen = ["203.0.113.10:443", "203.0.113.10:80"].map(|by| (by, "198.51.100.1:5"));
        assert_eq!(judge(&seen[..1]), Some(Nat::Unknown));
        assert_eq!(judge(&seen), Some(Nat::Unknown));
        assert_eq!(
            judge(&[seen[0], ("203.0.113.11:443", "198.51.100.1:0")]),
            Some(Nat::Unknown)
        );
        assert_eq!(judge(&[]), None);
        assert_eq!(judge(&[("[2001:db8::1]:443", "[2001:db8::2]:5")]), None);
    }

    #[test]
    fn another_mapping_for_each_is_symmetric_be_it_by_address_port_or_address_outside() {
        let first = ("203.0.113.10:443", "198.51.100.1:5");
        for other in [
            ("203.0.113.11:443", "198.51.100.1:6"),
            ("203.0.113.10:80", "198.51.100.1:6"),
            ("203.0.113.11:443", "198.51.100.2:5"),
        ] {
            assert_eq!(judge(&[first, other]), Some(Nat::Other));
        }
    }
}
