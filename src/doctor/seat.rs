//! A seat in a room that nobody else can name: what a mediator tells to who has one. Where it
//! sees us; and, to two who pair there, whether it relays.

use std::net::{IpAddr, SocketAddr};

use tokio::time::timeout;
use undertone_core::crypto::keys::random;
use undertone_core::pairing::OFFER_LEN;
use undertone_wire::MediatorMessage;

use crate::link::interfaces::addresses_here;
use crate::link::path::is_local;
use crate::rendezvous::relays::relays_in;
use crate::rendezvous::{CONNECT_TIMEOUT, MediatorEndpoint, Rendezvous, RendezvousError, look_up};

/// Of a name's addresses no more than so many are asked, beside the first one.
const OTHERS_MAX: usize = 3;

/// A seat that is held.
pub(super) struct Seat {
    mediator: Rendezvous,
    room: [u8; 32],
    observed: SocketAddr,
}

impl Seat {
    /// Takes one, at a mediator; every wait is bounded.
    pub(super) async fn take(
        endpoint: &MediatorEndpoint,
        from: Option<SocketAddr>,
    ) -> Result<Self, RendezvousError> {
        let room = random();
        Self::taken(Rendezvous::connect(endpoint, &room, from).await?, room).await
    }

    /// Takes one in this room, for which it was connected to.
    async fn taken(mut mediator: Rendezvous, room: [u8; 32]) -> Result<Self, RendezvousError> {
        mediator.join(&random::<OFFER_LEN>(), false).await?;
        let answer = timeout(CONNECT_TIMEOUT, mediator.next()).await;
        match answer.unwrap_or(Err(RendezvousError::Silent))? {
            MediatorMessage::Waiting { observed, .. } => Ok(Self {
                mediator,
                room,
                observed,
            }),
            _ => Err(RendezvousError::Garbled),
        }
    }

    /// Where the mediator sees us; its port is 0 where that is not known of the port that the
    /// connection was to come from.
    pub(super) fn observed(&self) -> SocketAddr {
        let port = match self.mediator.port_kept() {
            true => self.observed.port(),
            false => 0,
        };
        SocketAddr::new(self.observed.ip().to_canonical(), port)
    }

    /// The mediator's address; `None` through a proxy.
    pub(super) fn by(&self) -> Option<SocketAddr> {
        (!self.mediator.is_proxied()).then(|| self.mediator.address())
    }

    /// Where the mediator answers STUN, if it does.
    pub(super) fn stun(&self) -> Option<SocketAddr> {
        self.mediator.stun()
    }

    /// Whether a reverse proxy stands before the mediator and keeps our address to itself: what is
    /// seen is then an address of the mediator's own side.
    pub(super) fn is_behind_a_proxy(&self) -> bool {
        let seen = self.observed().ip();
        let by = self.by().map(|by| by.ip().to_canonical());
        let here = addresses_here();
        let near = |by: IpAddr| by.is_loopback() || here.contains(&by);
        by.is_some_and(|by| !near(by) && !here.contains(&seen) && is_nearer(seen, by))
    }

    /// Whether the mediator relays, which it tells only in a pairing: pairs with itself, by a
    /// second connection. `None` if that goes wrong.
    pub(super) async fn relays(&self, endpoint: &MediatorEndpoint) -> Option<bool> {
        relays_in(endpoint, &self.room).await
    }

    /// Leaves the room.
    pub(super) async fn give_back(self) {
        self.mediator.done().await;
    }
}

/// Whether nobody elsewhere can be at `seen` for the mediator at `by`: an address of its own
/// machine, or, where it is reached across the internet, one that leads nowhere there.
fn is_nearer(seen: IpAddr, by: IpAddr) -> bool {
    seen.is_loopback() || is_local(seen) && !is_local(by)
}

/// Seats at the other IPv4 addresses of the mediator's name: behind each may be the same
/// mediator, and a router need not treat them alike. Those that do not answer are left out.
pub(super) async fn at_other_addresses(
    endpoint: &MediatorEndpoint,
    first: &Seat,
    from: Option<SocketAddr>,
) -> Vec<Seat> {
    let mut seats = Vec::new();
    let (Some(by), url) = (first.by(), &endpoint.mediator) else {
        return seats;
    };
    let looked_up = timeout(CONNECT_TIMEOUT, look_up(url.host(), url.port())).await;
    let others = looked_up.unwrap_or_else(|_| Ok(Vec::new()));
    let others = others.unwrap_or_default().into_iter();
    let others = others.filter(|other| other.is_ipv4() && *other != by);
    let mut asked: Vec<IpAddr> = Vec::new();
    for other in others.take(OTHERS_MAX) {
        if asked.contains(&other.ip()) {
            continue;
        }
        asked.push(other.ip());
        let room = random();
        if let Ok(mediator) = Rendezvous::connect_at(url, &room, other, from).await {
            seats.extend(Seat::taken(mediator, room).await);
        }
    }
    seats
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_mediators_own_side_is_nobody_elsewhere() {
        let nearer = |seen: &str, by: &str| is_nearer(seen.parse().unwrap(), by.parse().unwrap());
        assert!(nearer("127.0.0.1", "203.0.113.10"));
        assert!(nearer("::1", "192.168.1.20"));
        assert!(nearer("172.17.0.1", "203.0.113.10"));
        assert!(nearer("fd00::1", "2001:db8::1"));
        assert!(!nearer("192.168.1.31", "192.168.1.20"));
        assert!(!nearer("198.51.100.1", "203.0.113.10"));
        assert!(!nearer("198.51.100.1", "192.168.1.20"));
    }
}
