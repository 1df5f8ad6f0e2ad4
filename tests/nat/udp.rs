//! The way over UDP: what it carries where TCP does not get through, when it is taken, and when
//! not one datagram may leave.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::inside::inside;
use crate::lab::{Access, Lab, MEDIATOR, MEDIATOR_PORT};
use crate::machine::{nft, within};
use crate::router::{RESTRICTED, TCP_STRICT, TCP_SYMMETRIC, UDP_BLOCKED};
use crate::silence::keep_silent;
use crate::talk::{Place, Talker, many, part};

const STRICT: [Access; 2] = [Access::Home(TCP_STRICT), Access::Home(TCP_STRICT)];
/// What both can do before a relay would be asked for, and some.
const SOON: Duration = Duration::from_secs(5);

impl Lab {
    /// Drops what this matches on its way between any two machines.
    fn drop_all(&self, what: &str) {
        let rules = format!(
            "table ip dropped {{
                chain through {{
                    type filter hook forward priority filter
                    {what} drop
                }}
            }}"
        );
        nft("net", &rules);
    }

    /// Drops TCP between the two, whatever their routers do.
    fn drop_tcp(&self) {
        self.drop_all("ip saddr 198.51.100.0/24 ip daddr 198.51.100.0/24 meta l4proto tcp");
    }

    /// Datagrams of UDP that a machine has sent.
    fn udp_sent(&self, machine: &str) -> u64 {
        let told = within(machine, || {
            std::fs::read_to_string("/proc/thread-self/net/snmp")
        });
        let told = told.unwrap();
        let mut udp = told.lines().filter(|line| line.starts_with("Udp:"));
        let (names, values) = (udp.next().unwrap(), udp.next().unwrap());
        let at = names.split(' ').position(|name| name == "OutDatagrams");
        values.split(' ').nth(at.unwrap()).unwrap().parse().unwrap()
    }
}

/// The two of this place, one of whom waits, meet over UDP; nobody agrees to a relay.
fn meet_over_udp(place: &Place, [first, second]: [&'static str; 2]) -> [Talker; 2] {
    let mut first = place.client(first, "never");
    first.until_told("waiting");
    let mut second = place.client(second, "never");
    let begun = Instant::now();
    for who in [&mut first, &mut second] {
        let connected = who.until_told("connected");
        assert_eq!(
            (&connected["path"], &connected["transport"]),
            (&"direct".into(), &"udp".into())
        );
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    [first, second]
}

#[test]
fn where_tcp_is_dropped_between_the_two_udp_carries_all_of_it() {
    inside(|| {
        let place = Place::new(Access::Public, Access::Public);
        place.lab.drop_tcp();
        for order in [["a", "b"], ["b", "a"]] {
            let [mut one, mut other] = meet_over_udp(&place, order);
            let long = "x".repeat(16_000);
            for round in 1..=20 {
                one.say_many("one", round..=round);
                other.say_many("other", round..=round);
                one.say(&long);
            }
            other.hears("one 20");
            one.hears("other 20");
            one.say("the last");
            other.hears("the last");
            part([&mut one, &mut other]);
            assert_eq!(one.heard(), many("other", 20));
            assert_eq!(other.heard().len(), 41);
        }
    });
}

#[test]
fn a_cut_of_a_link_over_udp_loses_nothing() {
    inside(|| {
        let place = Place::new(STRICT[0], STRICT[1]);
        let [mut ada, mut bob] = meet_over_udp(&place, ["a", "b"]);
        ada.say_many("ada", 1..=20);
        bob.say_many("bob", 1..=20);
        place.lab.cut("a");
        ada.say_many("ada", 21..=30);
        bob.say_many("bob", 21..=30);
        for who in [&mut ada, &mut bob] {
            who.until_told("reconnecting");
        }
        place.lab.mend("a");
        for who in [&mut ada, &mut bob] {
            let again = who.until_told("connected");
            assert_eq!(again["transport"], "udp");
        }
        bob.hears("ada 30");
        ada.hears("bob 30");
        part([&mut ada, &mut bob]);
        assert_eq!(ada.heard(), many("bob", 30));
        assert_eq!(bob.heard(), many("ada", 30));
    });
}

#[test]
fn whoever_is_killed_is_missed_over_udp_too() {
    inside(|| {
        let place = Place::new(STRICT[0], STRICT[1]);
        let [ada, mut bob] = meet_over_udp(&place, ["a", "b"]);
        ada.signal(Signal::SIGKILL);
        bob.say("are you there?");
        bob.until_told("reconnecting");
    });
}

#[test]
fn a_relay_gives_way_to_udp_as_soon_as_that_opens() {
    inside(|| {
        let place = Place::new(Access::Home(TCP_SYMMETRIC), Access::Home(UDP_BLOCKED));
        let mut talkers = place.meet(["a", "b"], "relay");
        place.lab.replace("home-b", RESTRICTED);
        for who in &mut talkers {
            let path = who.until("direct", |event| event["path"] == "direct");
            assert_eq!(path["transport"], "udp");
        }
        let [ada, bob] = &mut talkers;
        ada.say("now over UDP");
        bob.hears("now over UDP");
        part([ada, bob]);
        assert_eq!(
            (ada.times("reconnecting"), bob.times("reconnecting")),
            (0, 0)
        );
    });
}

#[test]
fn a_mediator_that_is_silent_by_udp_holds_nobody_up() {
    inside(|| {
        let place = Place::new(Access::Home(RESTRICTED), Access::Home(RESTRICTED));
        place
            .lab
            .drop_all(&format!("ip daddr {MEDIATOR} meta l4proto udp"));
        let [mut ada, mut bob] = place.meet(["a", "b"], "direct");
        part([&mut ada, &mut bob]);
        for who in [&ada, &bob] {
            assert_eq!(who.transports(), ["tcp"]);
        }
    });
}

#[test]
fn one_who_waits_long_is_still_found_by_udp() {
    inside(|| {
        let place = Place::new(STRICT[0], STRICT[1]);
        let mut first = place.client("a", "never");
        first.until_told("waiting");
        let before = place.lab.udp_sent("a");
        // The router's mapping is kept by use.
        keep_silent(Duration::from_secs(32));
        assert!(place.lab.udp_sent("a") - before >= 2);
        let mut second = place.client("b", "never");
        for who in [&mut first, &mut second] {
            assert_eq!(who.until_told("connected")["transport"], "udp");
        }
        part([&mut first, &mut second]);
    });
}

#[test]
fn who_hides_the_address_sends_not_one_datagram() {
    inside(|| {
        let place = Place::new(Access::Home(RESTRICTED), Access::Home(RESTRICTED));
        let mut ada = place.client_with(&["--hide-ip"], "a", "always");
        ada.until_told("waiting");
        let mut bob = place.client("b", "always");
        for who in [&mut ada, &mut bob] {
            assert_eq!(who.until_told("connected")["path"], "relay");
        }
        // As long as it takes until a direct path is looked for again.
        keep_silent(Duration::from_secs(8));
        assert_eq!(place.lab.udp_sent("a"), 0);
        assert!(place.lab.udp_sent("b") > 0, "the counter counts");
        part([&mut ada, &mut bob]);
    });
}

/// A proxy by HTTP CONNECT at the mediator's machine, which leads to the mediator alone.
fn proxy() -> SocketAddr {
    let listener = within("mediator", || TcpListener::bind((MEDIATOR, 3128)).unwrap());
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") {
                client.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            let dial = || TcpStream::connect((MEDIATOR, MEDIATOR_PORT)).unwrap();
            let mut server = within("mediator", dial);
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            std::thread::spawn(move || std::io::copy(&mut server, &mut client));
        }
    });
    address
}

#[test]
fn who_comes_through_a_proxy_sends_not_one_datagram() {
    inside(|| {
        let place = Place::new(Access::Public, Access::Public);
        let proxy = format!("http://{}", proxy());
        for order in [["a", "b"], ["b", "a"]] {
            let before = place.lab.udp_sent("a");
            let mut talkers = order.map(|machine| {
                let more: &[&str] = if machine == "a" {
                    &["--proxy", &proxy]
                } else {
                    &[]
                };
                let mut who = place.client_with(more, machine, "always");
                if machine == order[0] {
                    who.until_told("waiting");
                }
                who
            });
            for who in &mut talkers {
                assert_eq!(who.until_told("connected")["path"], "direct");
            }
            let [one, other] = &mut talkers;
            part([one, other]);
            assert_eq!(place.lab.udp_sent("a"), before);
        }
    });
}
