//! Every pair of ten kinds of network, both ways round: by the best path that TCP or UDP has between
//! them. It takes minutes, so it runs when it is asked for:
//!
//! ```text
//! cargo test --test nat table -- --ignored --nocapture
//! ```

use std::process::Command;

use crate::inside::{inside, run};
use crate::lab::Access;
use crate::router::{
    Nat, PROVIDER, REJECTING, RESTRICTED, SYMMETRIC, TCP_STRICT, TCP_SYMMETRIC, UDP_BLOCKED,
    WEB_ONLY,
};
use crate::talk::{Place, part};

/// A kind of network, and what passes it.
struct Kind {
    name: &'static str,
    access: Access,
    /// Anyone gets in, over TCP as over UDP.
    open: bool,
    /// What the other end is told of us is where it reaches us, once we sent there.
    mapped_tcp: bool,
    mapped_udp: bool,
    /// Drops a SYN that crosses one of ours.
    strict: bool,
    /// Lets out what leads to the other end at all.
    tcp: bool,
    udp: bool,
}

impl Kind {
    fn new(name: &'static str, access: Access) -> Self {
        Self {
            name,
            access,
            open: false,
            mapped_tcp: true,
            mapped_udp: true,
            strict: false,
            tcp: true,
            udp: true,
        }
    }

    fn home(name: &'static str, nat: Nat) -> Self {
        Self::new(name, Access::Home(nat))
    }
}

fn kinds() -> [Kind; 10] {
    let mut all = [
        Kind::new("open", Access::Public),
        Kind::home("fullcone", PROVIDER),
        Kind::home("restricted", RESTRICTED),
        Kind::home("rejecting", REJECTING),
        Kind::home("udp-blocked", UDP_BLOCKED),
        Kind::home("tcp-strict", TCP_STRICT),
        Kind::home("tcp-symmetric", TCP_SYMMETRIC),
        Kind::home("symmetric", SYMMETRIC),
        Kind::home("webonly", WEB_ONLY),
        Kind::new("double", Access::Double),
    ];
    for kind in &mut all {
        kind.open = matches!(kind.name, "open" | "fullcone");
        kind.mapped_tcp = !matches!(kind.name, "tcp-symmetric" | "symmetric" | "webonly");
        kind.mapped_udp = !matches!(kind.name, "symmetric" | "webonly");
        kind.strict = kind.name == "tcp-strict";
        kind.tcp = kind.name != "webonly";
        kind.udp = !matches!(kind.name, "udp-blocked" | "webonly");
    }
    all
}

/// Whether TCP, and whether UDP, has a path between the two.
fn paths(a: &Kind, b: &Kind) -> [bool; 2] {
    let open = a.open || b.open;
    let crossing = a.mapped_tcp && b.mapped_tcp && !(a.strict && b.strict);
    [
        a.tcp && b.tcp && (open || crossing),
        a.udp && b.udp && (open || a.mapped_udp && b.mapped_udp),
    ]
}

/// Meets both ways round, and gives what the path went over each time.
fn meet(a: Access, b: Access, path: &str) -> [String; 2] {
    let place = Place::new(a, b);
    [["a", "b"], ["b", "a"]].map(|order| {
        let [mut first, mut second] = place.meet(order, path);
        part([&mut second, &mut first]);
        first.transports().join(" ")
    })
}

#[test]
#[ignore = "takes minutes"]
fn every_pair_by_the_best_path_there_is() {
    inside(|| {
        let kinds = kinds();
        for (n, a) in kinds.iter().enumerate() {
            for b in kinds.iter().skip(n) {
                let over @ [tcp, udp] = paths(a, b);
                let path = if tcp || udp { "direct" } else { "relay" };
                let went = meet(a.access, b.access, path);
                let can: Vec<_> = ["tcp", "udp"].into_iter().zip(over).collect();
                let can: Vec<_> = can
                    .iter()
                    .filter(|(_, can)| *can)
                    .map(|(way, _)| *way)
                    .collect();
                println!(
                    "| {} | {} | {path} | {} | {} |",
                    a.name,
                    b.name,
                    can.join(", "),
                    went.join(", ")
                );
                if path == "direct" && !tcp {
                    assert_eq!(went, ["udp", "udp"]);
                }
                run(Command::new("ip").args(["-all", "netns", "delete"]));
            }
        }
    });
}
