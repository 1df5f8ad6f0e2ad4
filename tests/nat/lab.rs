//! The laboratory: hosts, routers and cables of one test. A namespace is a machine;
//! each has its way out at the interface `wan`, and a router its own network at `lan`.
//!
//! Both homes have the network 192.168.1.0/24, as in life: a is .2 and b is .3 there.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::inside::run;
use crate::machine::{add_machine, ip, link, nft, sysctl, within};
use crate::router::{HOME_KEY, Nat, PROVIDER, PROVIDER_KEY, RESTRICTED};

/// The mediator's address.
pub(crate) const MEDIATOR: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 10);
/// Its other one.
pub(crate) const MEDIATOR_TOO: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 11);
/// Where it is in IPv6, if there is any.
pub(crate) const MEDIATOR_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x10, 0, 0, 0, 0, 2);
/// Its port: one of the two that every network lets out.
pub(crate) const MEDIATOR_PORT: u16 = 80;
/// The next hop of everything public.
const NET: &str = "192.0.2.1";

/// How a host is connected.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    /// A public address, and nothing filtered.
    Public,
    /// Behind a home router of this kind.
    Home(Nat),
    /// Behind a home router, behind a provider's.
    Double,
    /// b only: in a's own network.
    SameLan,
    /// b only: behind a home router at the provider of a, which is `Double`.
    SameProvider,
}

/// Two hosts, a mediator's, and what is between them.
pub(crate) struct Lab {
    /// The outermost machine of a's side and of b's, with its public address.
    edges: RefCell<[(&'static str, Ipv4Addr); 2]>,
}

impl Lab {
    /// Builds it; the namespaces of the test are its own.
    pub(crate) fn new(a: Access, b: Access) -> Self {
        add_machine("net");
        forward("net");
        ip("net", &format!("addr add {NET}/32 dev lo"));
        nft("net", CABLES);
        add_machine("mediator");
        connect("mediator", "to-mediator", MEDIATOR);
        ip("mediator", &format!("addr add {MEDIATOR_TOO}/32 dev wan"));
        ip(
            "net",
            &format!("route add {MEDIATOR_TOO}/32 dev to-mediator"),
        );
        nft("mediator", TALLY);
        let lab = Self {
            edges: RefCell::new([("", public(1)), ("", public(2))]),
        };
        let edge_a = add_side(["a", "home-a", "isp-a"], 2, a, public(1));
        let edge_b = add_side(["b", "home-b", "isp-b"], 3, b, public(2));
        *lab.edges.borrow_mut() = [(edge_a, public(1)), (edge_b, public(2))];
        lab
    }

    /// Cuts the cable of a side, or the mediator's: packets vanish without a word.
    pub(crate) fn cut(&self, machine: &str) {
        cable(machine, "add");
    }

    /// Mends it.
    pub(crate) fn mend(&self, machine: &str) {
        cable(machine, "delete");
    }

    /// Gives the side of `a` (0) or `b` (1) another public address, with which all its
    /// mappings are gone.
    pub(crate) fn rebind(&self, side: usize) {
        let (edge, old) = &mut self.edges.borrow_mut()[side];
        let new = public(old.octets()[3] + 10);
        let cable = ["to-a", "to-b"][side];
        ip(edge, &format!("addr add {new}/32 dev wan"));
        ip(edge, &format!("route replace default via {NET} src {new}"));
        ip(edge, &format!("addr del {old}/32 dev wan"));
        ip("net", &format!("route add {new}/32 dev {cable}"));
        ip("net", &format!("route del {old}/32"));
        *old = new;
    }

    /// Makes another kind of router of one that is there; what it let through, it lets
    /// through.
    pub(crate) fn replace(&self, router: &str, nat: Nat) {
        nft(router, &nat.rules(HOME_KEY, Ipv4Addr::UNSPECIFIED));
    }

    /// Lets a router forget connections on which nothing came for so long.
    pub(crate) fn forget_after(&self, router: &str, silence: Duration) {
        // While a packet is not acknowledged, and afterwards.
        for name in ["established", "unacknowledged", "max_retrans"] {
            let name = format!("net/netfilter/nf_conntrack_tcp_timeout_{name}");
            sysctl(router, &name, &silence.as_secs().to_string());
        }
    }

    /// Another host in a's network, with b's address there. What is sent to any port of
    /// it comes to `port`.
    pub(crate) fn add_stranger(&self, port: u16) {
        add_machine("stranger");
        join_lan("stranger", "home-a", 3);
        let rules = format!(
            "table ip every_port {{
                chain here {{
                    type nat hook prerouting priority dstnat
                    meta l4proto tcp redirect to :{port}
                }}
            }}"
        );
        nft("stranger", &rules);
    }

    /// Gives the mediator IPv6 too, and a's home, which lets everything of it through.
    pub(crate) fn add_ipv6(&self) {
        for [machine, inside, router, outside, network] in [
            ["mediator", "wan", "net", "to-mediator", "2001:db8:10"],
            ["home-a", "wan", "net", "to-a", "2001:db8:11"],
            ["a", "wan", "home-a", "lan", "2001:db8:a"],
        ] {
            for (machine, interface, number) in [(router, outside, 1), (machine, inside, 2)] {
                sysctl(machine, "net/ipv6/conf/all/disable_ipv6", "0");
                sysctl(machine, "net/ipv6/conf/all/forwarding", "1");
                let address = format!("{network}::{number}/64");
                ip(
                    machine,
                    &format!("addr add {address} dev {interface} nodad"),
                );
            }
            ip(machine, &format!("route add default via {network}::1"));
        }
        ip("net", "route add 2001:db8:a::/64 via 2001:db8:11::2");
    }

    /// Bytes of IP packets that came to the mediator's port so far.
    pub(crate) fn bytes_to_mediator(&self) -> u64 {
        let list = ["-j", "list", "counter", "ip", "tally", "heard"];
        let told = within("mediator", || run(Command::new("nft").args(list)));
        let told: Value = serde_json::from_str(&told).unwrap();
        let all = told["nftables"].as_array().unwrap().iter();
        let mut bytes = all.filter_map(|object| object["counter"]["bytes"].as_u64());
        bytes.next().unwrap()
    }
}

/// A name for what has these addresses, wherever in the laboratory it is asked for.
pub(crate) fn name<const N: usize>(addresses: [IpAddr; N]) -> String {
    let name = "mediator.test";
    let hosts = addresses.map(|ip| format!("{ip} {name}\n")).concat();
    std::fs::write("/run/hosts", hosts).unwrap();
    run(Command::new("mount").args(["--bind", "/run/hosts", "/etc/hosts"]));
    name.to_owned()
}

/// Cables that are cut.
const CABLES: &str = r#"table ip cables {
    set cut { type ifname; }
    chain through {
        type filter hook forward priority filter
        iifname @cut drop
        oifname @cut drop
    }
}"#;

/// Counts what clients send to the mediator.
const TALLY: &str = r#"table ip tally {
    counter heard {}
    chain to_itself {
        type filter hook input priority filter
        tcp dport 80 counter name heard
    }
}"#;

fn public(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(198, 51, 100, last)
}

/// One side's machines, innermost first; gives the outermost.
fn add_side(
    [host, home, isp]: [&'static str; 3],
    number: u8,
    access: Access,
    public: Ipv4Addr,
) -> &'static str {
    let cable = format!("to-{host}");
    add_machine(host);
    match access {
        Access::Public => {
            connect(host, &cable, public);
            host
        }
        Access::SameLan => {
            join_lan(host, "home-a", number);
            "home-a"
        }
        Access::Home(nat) => {
            add_router(home, Ipv4Addr::new(192, 168, 1, 1));
            join_lan(host, home, number);
            connect(home, &cable, public);
            nft(home, &nat.rules(HOME_KEY, public));
            home
        }
        Access::Double | Access::SameProvider => {
            let same = matches!(access, Access::SameProvider);
            let isp = if same { "isp-a" } else { isp };
            if !same {
                add_router(isp, Ipv4Addr::new(100, 64, 0, 1));
                connect(isp, &cable, public);
                nft(isp, &PROVIDER.rules(PROVIDER_KEY, public));
            }
            add_router(home, Ipv4Addr::new(192, 168, 1, 1));
            join_lan(host, home, number);
            join_lan(home, isp, number);
            nft(home, &RESTRICTED.rules(HOME_KEY, Ipv4Addr::UNSPECIFIED));
            isp
        }
    }
}

fn add_router(name: &str, inside: Ipv4Addr) {
    add_machine(name);
    forward(name);
    ip(name, "link add lan type bridge");
    ip(name, &format!("addr add {inside}/24 dev lan"));
    ip(name, "link set lan up");
}

fn forward(machine: &str) {
    sysctl(machine, "net/ipv4/ip_forward", "1");
}

/// A cable from a machine's `wan` to the Internet, where it has this address.
fn connect(machine: &str, cable: &str, address: Ipv4Addr) {
    link(machine, "net", cable);
    ip(machine, &format!("addr add {address}/32 dev wan"));
    ip(machine, &format!("route add {NET} dev wan"));
    ip(
        machine,
        &format!("route add default via {NET} src {address}"),
    );
    ip("net", &format!("route add {address}/32 dev {cable}"));
}

/// A cable from a machine's `wan` into a router's own network, where its number is this.
fn join_lan(machine: &str, router: &str, number: u8) {
    let cable = format!("to-{machine}");
    link(machine, router, &cable);
    ip(router, &format!("link set {cable} master lan"));
    let net = if router.starts_with("isp") {
        "100.64.0"
    } else {
        "192.168.1"
    };
    ip(machine, &format!("addr add {net}.{number}/24 dev wan"));
    ip(machine, &format!("route add default via {net}.1"));
}

fn cable(machine: &str, verb: &str) {
    let change = format!("{verb} element ip cables cut {{ \"to-{machine}\" }}");
    nft("net", &change);
}
