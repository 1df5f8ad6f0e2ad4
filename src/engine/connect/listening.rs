//! Where we can be reached, what the peer is told of it, and which of its addresses we dial.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use undertone_core::pairing::{Candidates, Matched, Role};

use crate::link::dial::Plan;
use crate::link::here::{OwnAddresses, machine};
use crate::link::ice::{Gathering, IcePlan};
use crate::link::port::Port;
use crate::link::ranking::{is_link_local, ranked};
use crate::link::tell::Tell;
use crate::rendezvous::{MediatorEndpoint, Rendezvous};
use crate::socket::Segments;

/// Where we can be reached and what is said about it.
#[derive(Clone, Debug, Default)]
pub struct Listening {
    /// The only address to listen on; port 0 for a free one.
    pub bind: Option<SocketAddr>,
    /// What to tell the peer instead of the addresses found here.
    pub advertise: Vec<SocketAddr>,
    /// The peer learns no address and is not dialled.
    pub hidden: bool,
    /// The port that `bind` names, while it is open.
    pub named: NamedPort,
    /// How large the segments of connections to the peer may be.
    pub segments: Segments,
    /// Hears of candidates and dials.
    pub tell: Tell,
}

/// A port that cannot be opened twice, and may be wanted for several pairings at a time.
#[derive(Clone, Default)]
pub struct NamedPort(Arc<Mutex<Weak<Port>>>);

impl fmt::Debug for NamedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamedPort(..)")
    }
}

/// What a connection to the mediator shows of the two ends of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// The mediator.
    via: IpAddr,
    /// Our address as the mediator sees it, its port a router's for our port, 0 where that is not
    /// known; `None` through a proxy, whose address it sees.
    observed: Option<SocketAddr>,
    /// The interface by which it is reached without any router, where that is known.
    link: Option<u32>,
}

impl View {
    /// What is seen from `mediator`, which said that it observed this.
    pub(super) fn of(mediator: &Rendezvous, observed: SocketAddr) -> Self {
        let port = match mediator.port_kept() {
            true => observed.port(),
            false => 0,
        };
        let observed = SocketAddr::new(observed.ip().to_canonical(), port);
        Self {
            via: mediator.mediator_ip().to_canonical(),
            observed: (!mediator.is_proxied()).then_some(observed),
            link: mediator.link(),
        }
    }
}

impl Listening {
    /// Opens the port at which we can be reached, a free one unless `bind` names it;
    /// nobody else can reach it where we hide.
    ///
    /// # Errors
    /// The system's.
    pub fn open(&self) -> io::Result<Arc<Port>> {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let bind = if self.hidden {
            Some(nowhere)
        } else {
            self.bind
        };
        let port = match bind.is_none_or(|bind| bind.port() == 0) {
            true => Arc::new(Port::open(bind)?),
            false => self.open_named(bind)?,
        };
        port.limit(self.segments);
        Ok(port)
    }

    fn open_named(&self, bind: Option<SocketAddr>) -> io::Result<Arc<Port>> {
        let NamedPort(open) = &self.named;
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(port) = open.upgrade() {
            return Ok(port);
        }
        let port = Arc::new(Port::open(bind)?);
        *open = Arc::downgrade(&port);
        Ok(port)
    }

    /// Our end of the connection to the mediator: the port, so that a router's
    /// mapping of it shows.
    pub fn dial_from(&self, port: SocketAddr) -> Option<SocketAddr> {
        (!self.hidden).then_some(port)
    }

    /// What a way over UDP begins with, at this mediator; `None` where it would show the address
    /// that we hide, or that a proxy hides, and where the system has no socket for it.
    pub(in crate::engine) fn gather(&self, route: &MediatorEndpoint) -> Option<Gathering> {
        if self.hidden || route.proxy.is_some() {
            return None;
        }
        // Who names addresses wants no others told.
        Gathering::open(self.bind.map(|bind| bind.ip()), self.advertise.is_empty()).ok()
    }

    /// The ways by which we can be reached: `port`, and what was gathered for UDP.
    pub(super) fn candidates(
        &self,
        port: u16,
        view: &View,
        gathering: Option<&Gathering>,
    ) -> Candidates {
        if self.hidden {
            return Candidates::default();
        }
        let over_udp = |candidates: Candidates| match gathering {
            Some(gathering) => candidates.with_ice(gathering.ice().clone()),
            None => candidates,
        };
        if !self.advertise.is_empty() {
            let told = Candidates::new(self.advertise.iter().copied());
            return over_udp(told.on_machine(machine()));
        }
        let here = match self.bind {
            Some(bind) if !bind.ip().is_unspecified() => vec![bind.ip()],
            _ => addresses_to_tell(view.via),
        };
        let is_outside = |seen: &SocketAddr| {
            let outside = seen.ip().to_canonical();
            here.first()
                .is_some_and(|ip| ip.is_loopback() == outside.is_loopback())
        };
        let seen = view.observed.filter(is_outside);
        let seen = seen.map(|seen| match seen.port() {
            0 => SocketAddr::new(seen.ip(), port),
            _ => seen,
        });
        // That one first: of a machine with many addresses only a few are told.
        let all = |seen: Option<SocketAddr>, port| {
            let here = here.iter().map(move |ip| SocketAddr::new(*ip, port));
            seen.into_iter().chain(here)
        };
        let told = Candidates::new(all(seen, port)).on_machine(machine());
        let udp = gathering.and_then(|gathering| {
            let seen = gathering.outside().filter(is_outside);
            Some(all(seen, gathering.port().ok()?))
        });
        let told = over_udp(told).with_udp(udp.into_iter().flatten());
        self.tell
            .tell(|| format!("the other person is told {told}"));
        told
    }

    /// Whom of the peer's candidates we dial. Those of this machine only where the peer `is_here`.
    pub(super) fn plan(&self, matched: &Matched, view: &View, is_here: bool) -> Plan {
        let outside = view.observed.map(|seen| seen.ip());
        if self.hidden {
            return Plan {
                outside,
                ..Plan::default()
            };
        }
        let theirs = matched.candidates();
        self.tell
            .tell(|| format!("the other person tells {theirs}"));
        Plan {
            candidates: self.allowed(theirs.dialable(view.via), view, is_here),
            ice: None,
            outside,
            tell: self.tell.clone(),
        }
    }

    /// What is tried over UDP, by the same rules; `None` where either end offers none.
    pub(super) fn ice(
        &self,
        gathering: Option<Gathering>,
        role: Role,
        matched: &Matched,
        view: &View,
        is_here: bool,
    ) -> Option<IcePlan> {
        let theirs = matched.candidates();
        Some(IcePlan {
            gathering: gathering?,
            ice: theirs.ice()?.clone(),
            addresses: self.allowed(theirs.dialable_udp(Some(view.via)), view, is_here),
            role,
            with_browser: theirs.is_browser(),
            tell: self.tell.clone(),
        })
    }

    /// Those of the peer's addresses that are on a link that we know, and not of this machine unless
    /// the peer is.
    fn allowed(
        &self,
        addresses: impl Iterator<Item = SocketAddr>,
        view: &View,
        is_here: bool,
    ) -> Vec<SocketAddr> {
        let own = OwnAddresses::here();
        let is_allowed = |address: &SocketAddr| {
            let allowed = is_here || !own.contains(address.ip());
            if !allowed {
                self.tell.tell(|| {
                    format!(
                        "{address} is of this machine, and the other person is not: not dialled"
                    )
                });
            }
            allowed
        };
        let on_links = addresses.filter_map(|address| on_link(address, view.link));
        on_links.filter(is_allowed).collect()
    }
}

/// Has the mediator asked there from now on, where there is anything to be told.
pub(in crate::engine) fn ask(gathering: &mut Option<Gathering>, server: Option<SocketAddr>) {
    if let Some(gathering) = gathering {
        gathering.ask(server);
    }
}

/// This machine's addresses for the peer, the best first. Loopback and link-local ones only
/// where the mediator is here, or is on a link.
fn addresses_to_tell(mediator: IpAddr) -> Vec<IpAddr> {
    let here = mediator.is_loopback();
    let all = ranked((!here).then_some(mediator)).into_iter();
    let told = all.filter(|to| here || is_link_local(mediator) || !is_link_local(to.ip));
    let loopback = here.then_some(IpAddr::from([127, 0, 0, 1]));
    loopback
        .into_iter()
        .chain(told.map(|here| here.ip))
        .collect()
}

/// A link-local address of IPv6 means nothing without its link; others are what they are.
fn on_link(address: SocketAddr, link: Option<u32>) -> Option<SocketAddr> {
    match address {
        SocketAddr::V6(mut v6) if v6.ip().is_unicast_link_local() => {
            v6.set_scope_id(link?);
            Some(v6.into())
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(mediator: &str, observed: &str) -> View {
        View {
            via: mediator.parse().unwrap(),
            observed: observed.parse().ok(),
            link: None,
        }
    }

    #[test]
    fn the_address_outside_is_told_however_many_there_are_inside() {
        let view = view("203.0.113.10", "198.51.100.1:40000");
        let told = Listening::default().candidates(7700, &view, None);
        // A machine without any address is not told where it is.
        if !ranked(None).is_empty() {
            assert_eq!(told.dialable(view.via).next(), view.observed);
        }
    }

    #[test]
    fn link_local_addresses_of_ipv6_are_dialled_on_their_link_only() {
        let at = |address: &str| address.parse::<SocketAddr>().unwrap();
        assert_eq!(
            on_link(at("[fe80::7]:5"), Some(3)),
            Some(at("[fe80::7%3]:5"))
        );
        assert_eq!(on_link(at("[fe80::7]:5"), None), None);
        for other in ["169.254.1.1:5", "[fd00::1]:5", "192.168.1.3:5"] {
            assert_eq!(on_link(at(other), Some(3)), Some(at(other)));
        }
    }
}
