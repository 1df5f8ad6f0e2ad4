//! The ways on which an end can be reached, as SEALED carries them: typed entries of their own
//! length, of which a reader passes over those that it does not know.
//!
//! ```text
//! entry = type(1), not 0 ‖ len(1) ‖ value(len)        at most 16; zeros follow
//! 1 TCP address   4 or 16 bytes ‖ port(2)              4 browser        nothing
//! 2 UDP address   the same                             5 same machine   32 bytes, see MachineId
//! 3 ICE           fingerprint(32) ‖ len(1) ‖ ufrag ‖ pwd
//! ```

mod entry;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use subtle::ConstantTimeEq;

use super::unused::Unused;
use super::{PairingError, Role};
use crate::crypto::keys::machine_tag;
use entry::{Entry, entries};

/// The most TCP addresses that are ever dialled for one SEALED.
pub(super) const TCP_MAX: usize = 8;
/// The most UDP addresses that are sent: so that no SEALED has too many entries.
const UDP_MAX: usize = 4;

/// The ways on which an end can be reached, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    tcp: Vec<SocketAddr>,
    udp: Vec<SocketAddr>,
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

    /// How a browser's connection is made and checked.
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

    /// With credentials for a browser's connection.
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

    /// The TCP addresses that may be dialled. Never unspecified, multicast or
    /// broadcast ones; loopback and link-local ones only where the mediator
    /// itself was reached that way (`mediator`). Those of our own machine are
    /// dialled only once the peer has shown that it is there
    /// ([`Matched::is_same_machine`](super::Matched::is_same_machine)).
    pub fn dialable(&self, mediator: IpAddr) -> impl Iterator<Item = SocketAddr> + '_ {
        let mediator = mediator.to_canonical();
        self.tcp.iter().copied().filter(move |address| {
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

    /// Appends the entries, as the end in this `role` says them.
    pub(super) fn encode(&self, out: &mut Vec<u8>, th0: &[u8; 32], role: Role, unused: &Unused) {
        let tag = self.machine.as_ref().map(|machine| machine.tag(th0, role));
        let (kind, bytes) = unused.entry();
        let tcp = self.tcp.iter().map(|address| Entry::Tcp(*address));
        let udp = self.udp.iter().map(|address| Entry::Udp(*address));
        let all = tcp
            .chain(udp)
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
        let (mut tcp, mut udp) = (Vec::new(), Vec::new());
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
            ice,
            browser: browser.is_some(),
            machine: None,
        };
        Ok((candidates, machine))
    }
}

/// The first `most` of them, each once.
fn distinct(addresses: impl IntoIterator<Item = SocketAddr>, most: usize) -> Vec<SocketAddr> {
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
        let all: Vec<String> = self.tcp.iter().map(SocketAddr::to_string).collect();
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
        assert_eq!(Candidates::new(many.clone()).tcp().len(), TCP_MAX);
        assert_eq!(Candidates::default().with_udp(many).udp().len(), UDP_MAX);
        assert_eq!(list(&["192.0.2.1:5", "192.0.2.1:5"]).tcp().len(), 1);
    }

    fn encoded(candidates: &Candidates, role: Role) -> Vec<u8> {
        let mut out = Vec::new();
        candidates.encode(&mut out, &[7; 32], role, &Unused::random());
        out
    }

    fn decoded(bytes: &[u8]) -> Result<Candidates, PairingError> {
        Candidates::decode(bytes).map(|(candidates, _)| candidates)
    }

    fn ice() -> Ice {
        Ice {
            fingerprint: [3; 32],
            ufrag: "abcd".into(),
            password: "0123456789abcdefghijkl".into(),
        }
    }

    #[test]
    fn a_machine_is_shown_to_the_same_one_in_the_other_role_only() {
        let machine = MachineId::new("boot");
        let ours = Candidates::default().on_machine(Some(machine.clone()));
        let (theirs, tag) = Candidates::decode(&encoded(&ours, Role::Guest)).unwrap();
        assert_eq!(theirs.machine, None);
        let tag = tag.unwrap();
        assert!(machine.is_shown(&tag, &[7; 32], Role::Guest));
        // What we said ourselves shows nothing when it comes back.
        assert!(!machine.is_shown(&tag, &[7; 32], Role::Host));
        assert!(!machine.is_shown(&tag, &[8; 32], Role::Guest));
        assert!(!MachineId::new("booT").is_shown(&tag, &[7; 32], Role::Guest));
        assert_eq!(format!("{ours:?}").matches("boot").count(), 0);
    }

    #[test]
    fn as_much_as_may_be_said_fits_the_longer_sealed_and_little_the_shorter() {
        let addresses =
            |first| (0..9).map(move |n| SocketAddr::from(([first, 0, 0, 0, 0, 0, 0, n], 9)));
        let all = Candidates {
            ice: Some(ice()),
            browser: true,
            machine: Some(MachineId::new("boot")),
            ..Candidates::new(addresses(1)).with_udp(addresses(2))
        };
        let most = encoded(&all, Role::Host);
        assert!(most.len() <= 896, "{}", most.len());
        let (read, _) = Candidates::decode(&most).unwrap();
        assert_eq!(
            read,
            Candidates {
                machine: None,
                ..all.clone()
            }
        );
        let usual = Candidates {
            ice: None,
            browser: false,
            ..all
        };
        assert!(encoded(&usual, Role::Host).len() <= 400);
    }

    #[test]
    fn what_is_there_twice_though_it_may_be_once_is_refused() {
        for twice in [
            Candidates {
                ice: Some(ice()),
                ..Candidates::default()
            },
            Candidates {
                browser: true,
                ..Candidates::default()
            },
            Candidates {
                machine: Some(MachineId::new("boot")),
                ..Candidates::default()
            },
        ] {
            let once = encoded(&twice, Role::Host);
            assert!(decoded(&once).is_ok());
            let twice = [once.clone(), once].concat();
            assert_eq!(decoded(&twice), Err(PairingError::Candidates));
        }
        let address = encoded(&list(&["192.0.2.1:5"]), Role::Host);
        let twice = decoded(&[address.clone(), address].concat());
        assert_eq!(twice, Ok(list(&["192.0.2.1:5"])));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(addresses in prop::collection::vec(any::<SocketAddr>(), 0..12), padding in 0..40usize) {
            // Flow labels and scopes mean nothing on another machine and do not travel.
            let plain = addresses.iter().map(|a| SocketAddr::new(a.ip(), a.port()));
            let candidates = Candidates::new(plain.clone()).with_udp(plain);
            let mut bytes = encoded(&candidates, Role::Host);
            bytes.resize(bytes.len() + padding, 0);
            prop_assert_eq!(decoded(&bytes), Ok(candidates));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..900)) {
            let _ = decoded(&bytes);
        }
    }
}
