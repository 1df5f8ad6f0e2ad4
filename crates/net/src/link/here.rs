//! Which machine this is. Only for a peer on the same one may an address of this machine be dialled:
//! what else listens there trusts whoever comes from here, and the peer could make us knock at it.
//!
//! What mediator there is, and from where it seems to be reached, shows nothing: it may be reached
//! by a tunnel here, and by others from afar. So each end shows, sealed, that it knows what only the
//! programs of one machine know, and on Linux of one network namespace of it, whose loopback is
//! another one's as little as another machine's.

use std::net::IpAddr;

use undertone_core::pairing::MachineId;

use super::interfaces::addresses_here;

/// The id that all programs of this machine have, and nobody elsewhere can guess: the random one of
/// this boot, and the network namespace. `None` where the system does not tell: then no address of
/// this machine is dialled.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn machine() -> Option<MachineId> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/net").ok()?;
    Some(MachineId::new(format!(
        "{} {}",
        boot.trim(),
        namespace.to_str()?
    )))
}

/// The same by the session of this boot, which macOS has.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn machine() -> Option<MachineId> {
    let sysctl = std::process::Command::new("/usr/sbin/sysctl")
        .args(["-n", "kern.bootsessionuuid"])
        .output()
        .ok()?;
    let boot = String::from_utf8(sysctl.stdout).ok()?;
    let boot = boot.trim();
    (!boot.is_empty()).then(|| MachineId::new(boot))
}

/// Tells this machine's addresses from others.
#[derive(Debug)]
pub struct OwnAddresses(Vec<IpAddr>);

impl OwnAddresses {
    /// As they are now.
    pub fn here() -> Self {
        Self(addresses_here())
    }

    /// Whether an address is this machine's own, in whatever form.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_loopback() || self.0.contains(&ip)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_machine_has_one_id() {
        assert!(machine().is_some());
        assert_eq!(machine(), machine());
    }

    #[test]
    fn own_addresses_are_known_in_any_form() {
        let lan = Ipv4Addr::new(192, 168, 1, 20);
        let own = OwnAddresses(vec![lan.into()]);
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
            "192.168.1.20",
        ] {
            assert!(own.contains(address.parse().unwrap()), "{address}");
        }
        assert!(own.contains(lan.to_ipv6_mapped().into()));
        assert!(!own.contains(Ipv4Addr::new(192, 168, 1, 21).into()));
    }
}
