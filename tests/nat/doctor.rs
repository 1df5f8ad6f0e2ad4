//! What `undertone doctor` tells of the network that it is in.

use serde_json::Value;

use crate::common::{Home, Mediator, Start};
use crate::inside::inside;
use crate::lab::{Access, Lab, MEDIATOR, MEDIATOR_TOO, name};
use crate::machine::within;
use crate::router::{RESTRICTED, SYMMETRIC, TCP_SYMMETRIC, UDP_BLOCKED, WEB_ONLY};

/// A port that is not the web's.
const PORT: u16 = 7700;

/// What a's doctor tells of mediators at these hosts and port, all of which relay or not.
fn told(access: Access, hosts: &[&str], port: u16, relay: bool) -> Vec<Value> {
    let _lab = Lab::new(access, Access::Public);
    // One for each address: by UDP an answer comes from where it was asked.
    let _mediators = [MEDIATOR, MEDIATOR_TOO].map(|ip| {
        let listen = format!("{ip}:{port}");
        let mut options = vec!["--listen", &listen];
        options.extend(relay.then_some("--relay"));
        within("mediator", || Mediator::start_with(&options))
    });
    let home = Home::new();
    let mut start = Start::new(&home, &["doctor", "--json"]);
    for host in hosts {
        start = start.args(&["--mediator", &format!("http://{host}:{port}")]);
    }
    let (code, out, err) = within("a", || start.finish(b""));
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// State and message of a check; both empty where it was not made.
fn finding<'a>(findings: &'a [Value], check: &str) -> (&'a str, &'a str) {
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.map_or(("", ""), |found| {
        let [state, message] = ["state", "message"].map(|key| found[key].as_str().unwrap());
        (state, message)
    })
}

fn assert_finding(findings: &[Value], check: &str, state: &str, words: &str) {
    let found = finding(findings, check);
    assert!(
        found.0 == state && found.1.contains(words),
        "{check}: {findings:#?}"
    );
}

fn two() -> [String; 2] {
    [MEDIATOR, MEDIATOR_TOO].map(|ip| ip.to_string())
}

#[test]
fn a_home_router_keeps_one_mapping_for_all() {
    inside(|| {
        let [one, other] = two();
        let told = told(Access::Home(RESTRICTED), &[&one, &other], PORT, false);
        assert_finding(
            &told,
            "nat",
            "fine",
            "of another number (endpoint-independent)",
        );
        assert_finding(&told, "udp", "fine", "(endpoint-independent)");
        assert_finding(&told, "direct", "fine", "likely with everyone but");
        assert_finding(&told, "relay", "fine", "need not relay");
        assert_eq!(finding(&told, "ports"), ("", ""));
    });
}

#[test]
fn a_name_with_two_addresses_tells_as_much_as_two_mediators() {
    inside(|| {
        let name = name([MEDIATOR.into(), MEDIATOR_TOO.into()]);
        let told = told(Access::Home(SYMMETRIC), &[&name], PORT, false);
        assert_finding(&told, "nat", "warning", "symmetric");
        assert_finding(&told, "udp", "warning", "symmetric");
    });
}

#[test]
fn a_router_may_be_symmetric_for_tcp_alone() {
    inside(|| {
        let [one, other] = two();
        let told = told(Access::Home(TCP_SYMMETRIC), &[&one, &other], PORT, false);
        assert_finding(&told, "nat", "warning", "symmetric");
        assert_finding(&told, "udp", "fine", "(endpoint-independent)");
        assert_finding(&told, "direct", "fine", "likely over UDP");
    });
}

#[test]
fn udp_that_does_not_get_out_is_told() {
    inside(|| {
        let [one, other] = two();
        let told = told(Access::Home(UDP_BLOCKED), &[&one, &other], PORT, false);
        assert_finding(&told, "nat", "fine", "(endpoint-independent)");
        assert_finding(&told, "udp", "warning", "nothing comes back by UDP");
    });
}

#[test]
fn a_symmetric_router_takes_someone_who_is_open_or_a_relay() {
    inside(|| {
        let [one, other] = two();
        let told = told(Access::Home(SYMMETRIC), &[&one, &other], PORT, false);
        assert_finding(&told, "nat", "warning", "symmetric");
        assert_finding(
            &told,
            "direct",
            "warning",
            "only with someone who has a public",
        );
        assert_finding(&told, "relay", "warning", "does not relay");
    });
}

#[test]
fn one_address_alone_does_not_tell_the_kind_of_router() {
    inside(|| {
        let told = told(Access::Home(RESTRICTED), &[&two()[0]], PORT, false);
        assert_finding(&told, "nat", "warning", "one address alone does not tell");
        assert_finding(&told, "udp", "fine", "one address alone does not tell");
        assert_eq!(finding(&told, "direct"), ("", ""));
    });
}

#[test]
fn without_a_router_it_says_so() {
    inside(|| {
        let [one, other] = two();
        let told = told(Access::Public, &[&one, &other], PORT, false);
        assert_finding(&told, "nat", "fine", "public address");
        assert_finding(&told, "udp", "fine", "as it is");
        assert_finding(&told, "direct", "fine", "likely with everyone");
    });
}

#[test]
fn a_guest_network_seems_to_let_the_web_out_only() {
    inside(|| {
        let [one, other] = two();
        let told = told(Access::Home(WEB_ONLY), &[&one, &other], 443, true);
        assert_finding(&told, "nat", "warning", "symmetric");
        assert_finding(&told, "udp", "warning", "nothing comes back by UDP");
        assert_finding(&told, "ports", "warning", "perhaps only the web");
        assert_finding(&told, "direct", "warning", "unlikely, with anybody");
        assert_finding(&told, "relay", "fine", "relays");
    });
}

#[test]
fn where_a_mediator_has_a_port_of_the_web_others_are_tried() {
    inside(|| {
        let [one, other] = two();
        let told = told(Access::Home(RESTRICTED), &[&one, &other], 443, true);
        assert_eq!(finding(&told, "ports"), ("", ""));
        assert_finding(&told, "direct", "fine", "likely with everyone but");
    });
}
