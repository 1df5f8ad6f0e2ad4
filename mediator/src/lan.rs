//! Announcing a mediator on the local network: DNS-SD over multicast DNS (RFC 6763, RFC 6762).
//!
//! Owns: what an announcement says, which is a port and a random instance id, and the addresses
//! that DNS-SD needs with them. No name of a person, a machine or a room. Does not own: looking
//! for one. Nothing is sent before [`daemon`] is called.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

pub use mdns_sd::ServiceDaemon;
use mdns_sd::{IfKind, ServiceInfo};

/// The type of service.
pub const SERVICE: &str = "_undertone._tcp.local.";
/// How long the goodbye may take.
const GOODBYE_WITHIN: Duration = Duration::from_millis(500);

/// Tells one announcement from another: 64 random bits, shown as 16 hexadecimal digits. Of two
/// mediators those who wait take the one with the smaller id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceId(u64);

impl InstanceId {
    /// A new one.
    ///
    /// # Errors
    /// Where the system has no randomness.
    pub fn random() -> io::Result<Self> {
        getrandom::u64().map(Self).map_err(io::Error::other)
    }

    /// That of an instance's full name, `ID._undertone._tcp.local.`; `None` for any other name.
    #[must_use]
    pub fn of(full_name: &str) -> Option<Self> {
        full_name
            .strip_suffix(SERVICE)?
            .strip_suffix('.')?
            .parse()
            .ok()
    }

    fn full_name(self) -> String {
        format!("{self}.{SERVICE}")
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Not 16 lower-case hexadecimal digits.
#[derive(Debug, PartialEq, Eq)]
pub struct NoInstanceId;

impl FromStr for InstanceId {
    type Err = NoInstanceId;

    fn from_str(text: &str) -> Result<Self, NoInstanceId> {
        let id = u64::from_str_radix(text, 16).map(Self);
        // `from_str_radix` would take a sign, fewer digits and capitals.
        id.ok()
            .filter(|id| id.to_string() == text)
            .ok_or(NoInstanceId)
    }
}

/// What speaks multicast DNS, on all interfaces but loopback, or on that of `only`.
///
/// # Errors
/// The system's.
pub fn daemon(only: Option<IpAddr>) -> io::Result<ServiceDaemon> {
    let daemon = ServiceDaemon::new().map_err(io::Error::other)?;
    if let Some(ip) = only {
        let only = daemon
            .disable_interface(IfKind::All)
            .and_then(|()| daemon.enable_interface(IfKind::Addr(ip)));
        only.map_err(io::Error::other)?;
    }
    Ok(daemon)
}

/// Announces the mediator on `port` of this machine, until [`retract`] or [`close`].
///
/// # Errors
/// When the daemon has ended.
pub fn announce(daemon: &ServiceDaemon, id: InstanceId, port: u16) -> io::Result<()> {
    let (name, host) = (id.to_string(), format!("{id}.local."));
    let properties: &[(&str, &str)] = &[];
    let service = ServiceInfo::new(SERVICE, &name, &host, "", port, properties);
    let mut service = service.map_err(io::Error::other)?.enable_addr_auto();
    // Probing for another one of that name (RFC 6762 §8.1) takes 750 ms, and 64 bits are enough.
    service.set_requires_probe(false);
    daemon.register(service).map_err(io::Error::other)
}

/// Takes an announcement back.
pub fn retract(daemon: &ServiceDaemon, id: InstanceId) {
    let _ = daemon.unregister(&id.full_name());
}

/// Takes everything back and ends, 500 ms at most.
pub async fn close(daemon: ServiceDaemon) {
    if let Ok(ended) = daemon.shutdown() {
        let _ = tokio::time::timeout(GOODBYE_WITHIN, ended.recv_async()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_sixteen_digits_and_nothing_else_is_one() {
        let id = InstanceId(0x0012_3456_789a_bcde);
        assert_eq!(id.to_string(), "00123456789abcde");
        assert_eq!(InstanceId::of(&id.full_name()), Some(id));
        for name in [
            "00123456789abcde",
            "+0123456789abcde._undertone._tcp.local.",
            "123456789abcde._undertone._tcp.local.",
            "00123456789ABCDE._undertone._tcp.local.",
            "00123456789abcde_undertone._tcp.local.",
            "x.00123456789abcde._undertone._tcp.local.",
            "\u{1b}[2J._undertone._tcp.local.",
        ] {
            assert_eq!(InstanceId::of(name), None, "{name}");
        }
        assert!(InstanceId(1) < InstanceId(2));
    }
}
