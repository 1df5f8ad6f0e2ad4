//! Announcing a mediator on the local network: DNS-SD over multicast DNS (RFC 6763, RFC 6762).
//!
//! Owns: what an announcement says, which is a port and a random instance id, and the addresses
//! that DNS-SD needs with them. No name of a person, a machine or a room. Does not own: looking
//! for one. Nothing is sent before [`daemon`] is called.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

pub use mdns_sd::ServiceDaemon;
use mdns_sd::{IfKind, ServiceInfo};
use undertone_wire::{InstanceId, SERVICE};

/// How long the goodbye may take.
const GOODBYE_TIMEOUT: Duration = Duration::from_millis(500);

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

/// A new id.
///
/// # Errors
/// Where the system has no randomness.
pub fn new_id() -> io::Result<InstanceId> {
    getrandom::u64().map(InstanceId).map_err(io::Error::other)
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
        let _ = tokio::time::timeout(GOODBYE_TIMEOUT, ended.recv_async()).await;
    }
}
