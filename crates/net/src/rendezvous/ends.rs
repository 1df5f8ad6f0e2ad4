//! Where a connection to the mediator begins and ends: the mediator's address, the port of ours,
//! and that port's address outside.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use undertone_core::mediator_url::MediatorUrl;

use super::Rendezvous;

/// A port of ours, and its address outside, as a mediator saw it last. While the mediator
/// relays, no second connection to it can have that port, and none can show it.
#[derive(Clone, Debug, Default)]
pub struct Outside(Arc<Mutex<Option<(u16, SocketAddr)>>>);

impl Rendezvous {
    /// Whether there is a proxy on the way. Then the address that the mediator observes is the
    /// proxy's, and nobody can be reached there.
    pub fn is_proxied(&self) -> bool {
        self.address.is_none()
    }

    /// Keeps what the mediator observes of `from` in `outside`; where another connection has
    /// that port, gives what that one showed.
    pub fn remember(&mut self, from: Option<SocketAddr>, outside: &Outside) {
        self.outside = from.map(|from| (from.port(), outside.clone()));
    }

    /// What the mediator observed, of the port that was wanted if that is known. An address
    /// of before, on another network, is not.
    pub(super) fn observe(&mut self, observed: &mut SocketAddr) {
        let Some((port, Outside(seen))) = &self.outside else {
            return;
        };
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        match *seen {
            _ if self.port_kept => *seen = Some((*port, *observed)),
            Some((of, before)) if of == *port && before.ip() == observed.ip() => {
                *observed = before;
                self.port_kept = true;
            }
            _ => {}
        }
    }

    /// Whether the connection has the local port that was wanted, or that port's address
    /// outside is known from before: what `paired` says was observed holds for it.
    pub fn port_kept(&self) -> bool {
        self.port_kept
    }

    /// The mediator's address, as connected to; through a proxy, which alone knows it, 0.0.0.0:
    /// neither this machine's nor of its network.
    pub fn mediator_ip(&self) -> IpAddr {
        self.address().ip()
    }

    /// The same with the port, or 0.
    pub fn address(&self) -> SocketAddr {
        let unknown = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        self.address.unwrap_or(unknown)
    }

    /// Where the mediator answers STUN, as far as it said so; `None` through a proxy, which UDP does
    /// not pass.
    pub fn stun(&self) -> Option<SocketAddr> {
        let mut address = self.address?;
        address.set_port(self.stun?);
        Some(address)
    }

    /// The number of the interface by which it is reached, where no router is on the way.
    pub fn link(&self) -> Option<u32> {
        self.link
    }

    /// The mediator, where the person named it and no proxy is on the way.
    pub fn named_here(&self) -> Option<&MediatorUrl> {
        let named = self.endpoint.named_here && !self.is_proxied();
        named.then_some(&self.endpoint.mediator)
    }
}
