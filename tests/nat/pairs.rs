//! Which path two kinds of network have between them: the best there is, whoever
//! waits for the other one.

use std::net::TcpStream;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::inside::inside;
use crate::lab::{Access, MEDIATOR, MEDIATOR_PORT, MEDIATOR_V6, name};
use crate::machine::within;
use crate::router::{
    Nat, REJECTING, RESTRICTED, SYMMETRIC, TCP_STRICT, TCP_SYMMETRIC, UDP_BLOCKED, WEB_ONLY,
};
use crate::silence::keep_silent;
use crate::talk::{Place, part};

/// Meets twice, in both orders; each time on this path, and once only.
fn meet_by(path: &str, a: Access, b: Access) {
    meet_at(&Place::new(a, b), path);
}

fn meet_at(place: &Place, path: &str) {
    for order in [["a", "b"], ["b", "a"]] {
        let [mut first, mut second] = place.meet(order, path);
        part([&mut second, &mut first]);
        for who in [&first, &second] {
            assert_eq!(who.paths(), [path]);
        }
        assert_eq!(first.heard(), ["the first answer"]);
        assert_eq!(second.heard(), ["the first words"]);
    }
}

#[test]
fn open_and_open() {
    inside(|| meet_by("direct", Access::Public, Access::Public));
}

#[test]
fn restricted_and_restricted() {
    inside(|| meet_by("direct", Access::Home(RESTRICTED), Access::Home(RESTRICTED)));
}

#[test]
fn rejecting_and_rejecting() {
    inside(|| meet_by("direct", Access::Home(REJECTING), Access::Home(REJECTING)));
}

/// Packets fly so fast here that two dials hardly ever cross on the way.
#[test]
fn rejecting_routers_fifty_times() {
    inside(|| {
        let place = Place::new(Access::Home(REJECTING), Access::Home(REJECTING));
        for turn in 0..50 {
            let order = if turn % 2 == 0 {
                ["a", "b"]
            } else {
                ["b", "a"]
            };
            let [mut first, mut second] = place.meet(order, "direct");
            part([&mut first, &mut second]);
        }
    });
}

/// As on a busy machine: the host's dials come when the guest has long opened its router.
#[test]
fn rejecting_routers_and_a_host_that_is_late() {
    inside(|| {
        let place = Place::new(Access::Home(REJECTING), Access::Home(REJECTING));
        for late in [250, 350, 450, 550, 650, 750] {
            let mut first = place.client("a", "always");
            first.until_told("waiting");
            let mut second = place.client("b", "always");
            first.stop_when_paired();
            keep_silent(Duration::from_millis(late));
            first.signal(Signal::SIGCONT);
            for who in [&mut first, &mut second] {
                assert_eq!(who.until_told("connected")["path"], "direct", "{late}");
            }
            part([&mut first, &mut second]);
        }
    });
}

#[test]
fn restricted_and_symmetric() {
    inside(|| meet_by("relay", Access::Home(RESTRICTED), Access::Home(SYMMETRIC)));
}

/// Meets by a direct path over UDP in both orders, and, at a mediator that says nothing of UDP, by
/// none: over TCP there is none.
fn meet_over_udp(a: Nat, b: Nat) {
    let mut place = Place::new(Access::Home(a), Access::Home(b));
    for order in [["a", "b"], ["b", "a"]] {
        let [mut first, mut second] = place.meet(order, "direct");
        part([&mut second, &mut first]);
        for who in [&first, &second] {
            assert_eq!(who.transports(), ["udp"], "{order:?}");
        }
    }
    place.without_stun();
    let [mut first, mut second] = place.meet(["a", "b"], "relay");
    part([&mut second, &mut first]);
}

#[test]
fn strict_and_strict_of_tcp_meet_over_udp() {
    inside(|| meet_over_udp(TCP_STRICT, TCP_STRICT));
}

#[test]
fn symmetric_of_tcp_and_restricted_meet_over_udp() {
    inside(|| meet_over_udp(TCP_SYMMETRIC, RESTRICTED));
}

#[test]
fn symmetric_and_symmetric_of_tcp_meet_over_udp() {
    inside(|| meet_over_udp(TCP_SYMMETRIC, TCP_SYMMETRIC));
}

#[test]
fn strict_and_symmetric_of_tcp_meet_over_udp() {
    inside(|| meet_over_udp(TCP_STRICT, TCP_SYMMETRIC));
}

#[test]
fn rejecting_and_symmetric_of_tcp_meet_over_udp() {
    inside(|| meet_over_udp(REJECTING, TCP_SYMMETRIC));
}

#[test]
fn where_one_network_lets_no_udp_out_it_is_as_before() {
    inside(|| {
        meet_by(
            "direct",
            Access::Home(UDP_BLOCKED),
            Access::Home(RESTRICTED),
        )
    });
}

#[test]
fn without_udp_a_router_that_is_symmetric_of_tcp_leaves_the_relay() {
    inside(|| {
        meet_by(
            "relay",
            Access::Home(UDP_BLOCKED),
            Access::Home(TCP_SYMMETRIC),
        )
    });
}

#[test]
fn in_the_same_network() {
    inside(|| meet_by("direct", Access::Home(RESTRICTED), Access::SameLan));
}

/// Only a mediator that sees a's IPv4 address can tell b where its router's mapping is.
#[test]
fn ipv6_of_one_alone_does_not_hide_its_ipv4() {
    inside(|| {
        let mut place = Place::new(Access::Home(RESTRICTED), Access::Home(RESTRICTED));
        place.lab.add_ipv6();
        let there = (MEDIATOR_V6, MEDIATOR_PORT);
        within("a", || TcpStream::connect(there)).unwrap();
        place.host = name([MEDIATOR_V6.into(), MEDIATOR.into()]);
        meet_at(&place, "direct");
    });
}

#[test]
fn web_only_and_open() {
    inside(|| meet_by("relay", Access::Home(WEB_ONLY), Access::Public));
}

#[test]
fn behind_the_same_provider() {
    inside(|| meet_by("direct", Access::Double, Access::SameProvider));
}
