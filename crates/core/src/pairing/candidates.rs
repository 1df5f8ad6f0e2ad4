//! The ways on which an end can be reached, as SEALED carries them: typed entries of their own
//! length, of which a reader passes over those that it does not know.
//!
//! ```text
//! entry = type(1), not 0 ‖ len(1) ‖ value(len)        at most 16; zeros follow
//! 1 TCP address   4 or 16 bytes ‖ port(2)              4 browser        nothing
//! 2 UDP address   the same                             5 same machine   32 bytes, see MachineId
//! 3 ICE           fingerprint(32) ‖ len(1) ‖ ufrag ‖ pwd
//! 6 hidden UDP    uuid(16) ‖ port(2)
//! ```

mod entry;
mod hidden;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use subtle::ConstantTimeEq;

use super::unused::Unused;
use super::{PairingError, Role};
use crate::crypto::keys::machine_tag;
use entry::{Entry, entries};
pub use hidden::Hidden;

/// The most TCP addresses that are ever dialled for one SEALED.
pub(super) const TCP_MAX: usize = 8;
/// The most UDP addresses that are sent: so that no SEALED has too many entries.
const UDP_MAX: usize = 4;

/// The ways on which an end can be reached, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    tcp: Vec<SocketAddr>,
    udp: Vec<SocketAddr>,
    hidden: Vec<Hidden>,
    ice: Option<Ice>,
    browser: bool,
    /// Ours; never that of a peer.
    machine: Option<MachineId>,
}

/// ICE credentials (RFC 8445 §5.3), and whose certificate DTLS must show.
#[derive(Clone, PartialEq, Eq)]
pub struct Ice {
    /// SHA-256 of the certificate.
    pub fingerprint: [u8; 32],
    /// The user name fragment, at most 255 bytes of ASCII.
    pub ufrag: String,
    /// The password; with the others at most 255 bytes of ASCII.
    pub password: String,
}

impl fmt::Debug for Ice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ufrag, .. } = self;
        f.debug_struct("Ice")
            .field("ufrag", ufrag)
            .finish_non_exhaustive()
    }
}

/// What only programs on one machine, and in one network namespace of it, know. It is not sent: an
/// end shows that it has it by HMAC-SHA-256(id, lv("undertone/1 same machine") ‖ th0 ‖ role).
#[derive(Clone, PartialEq, Eq)]
pub struct MachineId(Vec<u8>);

impl MachineId {
    /// From the system's own words for it, which nobody elsewhere can guess.
    pub fn new(id: impl Into<Vec<u8>>) -> Self {
        Self(id.into())
    }

    fn tag(&self, th0: &[u8; 32], role: Role) -> [u8; 32] {
        machine_tag(&self.0, th0, role.letter())
    }

    /// Whether `tag` is what the end in this role shows of the same machine.
    pub(super) fn is_shown(&self, tag: &[u8; 32], th0: &[u8; 32], role: Role) -> bool {
        self.tag(th0, role).ct_eq(tag).into()
    }
}

impl fmt::Debug for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("MachineId(..)")
    }
}

impl Candidates {
    /// These TCP addresses: the first eight distinct ones.
    pub fn new(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self {
            tcp: distinct(addresses, TCP_MAX),
            ..Self::default()
        }
    }

    /// The TCP addresses.
    pub fn tcp(&self) -> &[SocketAddr] {
        &self.tcp
    }

    /// The UDP addresses.
    pub fn udp(&self) -> &[SocketAddr] {
        &self.udp
    }

    /// UDP addresses behind names: for a browser, which looks such names up; a terminal does not.
    pub fn hidden(&self) -> &[Hidden] {
        &self.hidden
    }

    /// Whether there is no way to this end but a relay: it hides where it is.
    pub fn is_empty(&self) -> bool {
        self.tcp.is_empty() && self.udp.is_empty() && self.ice.is_none()
    }

    /// How a connection over UDP is made and checked.
    pub fn ice(&self) -> Option<&Ice> {
        self.ice.as_ref()
    }

    /// Whether this end runs in a browser.
    pub fn is_browser(&self) -> bool {
        self.browser
    }

    pub(super) fn machine(&self) -> Option<&MachineId> {
        self.machine.as_ref()
    }

    /// With credentials for a connection over UDP.
    #[must_use]
    pub fn with_ice(self, ice: Ice) -> Self {
        Self {
            ice: Some(ice),
            ..self
        }
    }

    /// Of an end that runs in a browser.
    #[must_use]
    pub fn in_browser(self) -> Self {
        Self {
            browser: true,
            ..self
        }
    }

    /// Of an end on this machine, which shows it to the peer.
    #[must_use]
    pub fn on_machine(self, machine: Option<MachineId>) -> Self {
        Self { machine, ..self }
    }

    /// With these UDP addresses: the first four distinct ones.
    #[must_use]
    pub fn with_udp(self, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self {
            udp: distinct(addresses, UDP_MAX),
            ..self
        }
    }

    /// With these UDP addresses behind names: the first four distinct ones.
    #[must_use]
    pub fn with_hidden(self, hidden: impl IntoIterator<Item = Hidden>) -> Self {
        Self {
            hidden: distinct(hidden, UDP_MAX),
            ..self
        }
    }

    /// The TCP addresses that may be dialled. Never unspecified, multicast or
    /// broadcast ones; loopback and link-local ones only where the mediator
    /// itself was reached that way (`mediator`). Those of our own machine are
    /// dialled only once the peer has shown that it is there
    /// ([`Matched::is_same_machine`](super::Matched::is_same_machine)).
    pub fn dialable(&self, mediator: IpAddr) -> impl Iterator<Item = SocketAddr> + '_ {
        let tcp = self.tcp.iter().copied();
        tcp.filter(move |address| is_dialable(address, Some(mediator)))
    }

    /// The UDP addresses that may be tried, by the same rules. Who does not know the mediator's
    /// address tries none of those that depend on it.
    pub fn dialable_udp(&self, mediator: Option<IpAddr>) -> impl Iterator<Item = SocketAddr> + '_ {
        let udp = self.udp.iter().copied();
        udp.filter(move |address| is_dialable(address, mediator))
    }

    /// Appends the entries, as the end in this `role` says them.
    pub(super) fn encode(&self, out: &mut Vec<u8>, th0: &[u8; 32], role: Role, unused: &Unused) {
        let tag = self.machine.as_ref().map(|machine| machine.tag(th0, role));
        let (kind, bytes) = unused.entry();
        let tcp = self.tcp.iter().map(|address| Entry::Tcp(*address));
        let udp = self.udp.iter().map(|address| Entry::Udp(*address));
        let hidden = self.hidden.iter().map(|hidden| Entry::Hidden(*hidden));
        let all = tcp
            .chain(udp)
            .chain(hidden)
            .chain(self.ice.clone().map(Entry::Ice))
            .chain(self.browser.then_some(Entry::Browser))
            .chain(tag.map(Entry::SameMachine))
            .chain([Entry::Unknown(kind, bytes)]);
        all.for_each(|entry| entry.encode(out));
    }

    /// What the entries say, and the tag of the machine.
    ///
    /// # Errors
    /// [`PairingError::Candidates`]: more than 16, one that runs over the end, is malformed or is
    /// there twice though it may be once, or something behind the last.
    pub(super) fn decode(bytes: &[u8]) -> Result<(Self, Option<[u8; 32]>), PairingError> {
        let (mut tcp, mut udp, mut hidden) = (Vec::new(), Vec::new(), Vec::new());
        let (mut ice, mut browser, mut machine) = (None, None, None);
        for entry in entries(bytes)? {
            let once = match entry {
                Entry::Tcp(address) => {
                    tcp.push(address);
                    true
                }
                Entry::Udp(address) => {
                    udp.push(address);
                    true
                }
                Entry::Hidden(name) => {
                    hidden.push(name);
                    true
                }
                Entry::Ice(credentials) => ice.replace(credentials).is_none(),
                Entry::Browser => browser.replace(()).is_none(),
                Entry::SameMachine(tag) => machine.replace(tag).is_none(),
                Entry::Unknown(..) => true,
            };
            if !once {
                return Err(PairingError::Candidates);
            }
        }
        let candidates = Self {
            tcp: distinct(tcp, TCP_MAX),
            udp: distinct(udp, usize::MAX),
            hidden,
            ice,
            browser: browser.is_some(),
            machine: None,
        };
        Ok((candidates, machine))
    }
}

/// The first `most` of them, each once.
fn distinct<T: PartialEq>(addresses: impl IntoIterator<Item = T>, most: usize) -> Vec<T> {
    let mut kept = Vec::new();
    for address in addresses {
        if kept.len() < most && !kept.contains(&address) {
            kept.push(address);
        }
    }
    kept
}

impl fmt::Display for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tcp = self.tcp.iter().map(SocketAddr::to_string);
        let udp = self.udp.iter().map(|address| format!("udp {address}"));
        let all: Vec<String> = tcp.chain(udp).collect();
        match all.is_empty() {
            true => f.write_str("no address"),
            false => f.write_str(&all.join(", ")),
        }
    }
}

fn is_dialable(address: &SocketAddr, mediator: Option<IpAddr>) -> bool {
    let ip = address.ip().to_canonical();
    let reached_by =
        |is_near: fn(IpAddr) -> bool| mediator.is_some_and(|ip| is_near(ip.to_canonical()));
    let refused = ip.is_unspecified()
        || ip.is_multicast()
        || address.port() == 0
        || matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !refused
        && (!ip.is_loopback() || reached_by(|mediator| mediator.is_loopback()))
        && (!is_link_local(ip) || reached_by(is_link_local))
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests;
