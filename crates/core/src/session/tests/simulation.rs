//! Two sessions over a network that cuts, delays, garbles and doubles links as
//! it likes, while either end may crash and start anew. In each case both ends must
//! settle on one link once the network is quiet, and every message of those that still
//! run arrive once and in order; after a crash of its reader, marked, perhaps twice. Every stream
//! that nobody closed early arrives whole, and both ends forget it.

mod net;

use proptest::prelude::*;

use super::*;
use net::Net;

const ROLES: [Role; 2] = [Role::Host, Role::Guest];

/// What the network, the clock or a person does. A `usize` picks a recent link.
#[derive(Debug, Clone)]
enum Action {
    /// So many messages are written.
    Say(Role, u8),
    /// A pairing is confirmed at both ends; its link is not nominated yet.
    Begin,
    Nominate(usize),
    /// All of it: a link begins, is nominated and answered.
    Link,
    /// The host gives the outstanding `go` up.
    GiveUp,
    /// So many records arrive.
    Deliver(usize, Role, u8),
    /// The driver writes what is due.
    Flush(Role),
    /// The link is cut; so many records of each direction still arrive. A silent
    /// cut is never noticed but by the silence.
    Cut(usize, usize, bool),
    /// An end notices that its link is cut or closed.
    Notice(usize, Role),
    /// One record on its way is garbled.
    Garble(usize, Role),
    Pass(Duration),
    Block(Role),
    Unblock(Role),
    /// This end opens a stream of so many bytes, …
    Open(Role, u32),
    /// … accepts one of the peer's, …
    Accept(Role),
    /// … and closes one of either, before its end.
    Close(Role),
    /// This end shows nothing of what arrives, or does again.
    Stall(Role, bool),
    /// The guest begins to renew the keys of its link.
    Renew,
    /// This end loses all that it had. The peer notices, and goes on in a new
    /// session at the next link.
    Crash(Role),
}

fn schedule() -> impl Strategy<Value = Vec<Action>> {
    let role = || prop::sample::select(ROLES.as_slice());
    let time = prop_oneof![
        (0_u32..50).prop_map(|ms| MS * ms),
        (0_u32..8).prop_map(|s| SECOND * s),
        Just(20 * SECOND),
    ];
    let action = prop_oneof![
        4 => (role(), 1_u8..20).prop_map(|(role, count)| Action::Say(role, count)),
        3 => Just(Action::Begin),
        4 => (0_usize..5).prop_map(Action::Nominate),
        2 => Just(Action::Link),
        2 => Just(Action::GiveUp),
        14 => (0_usize..5, role(), 1_u8..4).prop_map(|(w, role, n)| Action::Deliver(w, role, n)),
        8 => role().prop_map(Action::Flush),
        1 => (0_usize..5, 0_usize..3, any::<bool>()).prop_map(|(w, k, s)| Action::Cut(w, k, s)),
        2 => (0_usize..5, role()).prop_map(|(w, role)| Action::Notice(w, role)),
        1 => (0_usize..5, role()).prop_map(|(w, role)| Action::Garble(w, role)),
        3 => time.prop_map(Action::Pass),
        1 => role().prop_map(Action::Block),
        1 => role().prop_map(Action::Unblock),
        2 => (role(), any::<bool>()).prop_map(|(role, stalled)| Action::Stall(role, stalled)),
        3 => Just(Action::Renew),
        2 => (role(), 0_u32..200_000).prop_map(|(role, size)| Action::Open(role, size)),
        2 => role().prop_map(Action::Accept),
        1 => role().prop_map(Action::Close),
        1 => role().prop_map(Action::Crash),
    ];
    prop::collection::vec(action, 1..200)
}

proptest! {
    #[test]
    fn whatever_the_network_does_every_message_arrives_once_and_both_settle(
        actions in schedule(),
    ) {
        let mut net = Net::new();
        actions.iter().for_each(|action| net.act(action));
        net.settle();
        let [host, guest] = &net.told;
        prop_assert_eq!((host.heard, guest.heard), (guest.said, host.said));
        prop_assert_eq!((host.delivered, guest.delivered), (host.said, guest.said));
    }
}
