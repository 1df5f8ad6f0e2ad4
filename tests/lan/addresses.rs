//! Which of a machine's addresses others are told of: those by which they can come.

use serde_json::Value;

use crate::common::{Client, Home, Start};
use crate::net::Lan;
use crate::talk;

/// A client that names no mediator, or comes by an invite, and what it tells at first.
fn chat(lan: &Lan, host: usize, home: &Home, room: &str) -> Client {
    let start = Start::new(home, &["chat", "--json", "-v", "--name", "ada"]);
    let mut inside = lan.inside(host, start);
    inside.command.env("UNDERTONE_ROOM", room);
    inside.run()
}

/// Its links and from where each works.
fn links(waiting: &Value) -> Vec<(String, String)> {
    let none = Vec::new();
    let more = waiting["more_invites"].as_array().unwrap_or(&none);
    let links = std::iter::once(&waiting["invite"]).chain(more);
    let reach = waiting["reach"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let links: Vec<_> = links
        .zip(reach)
        .map(|(link, reach)| (text(link), text(reach)))
        .collect();
    assert_eq!(links.len(), reach.len());
    links
}

/// One waits, the other one comes by the first of its links, which leads to `first` and works
/// from `reach`.
fn meet_by_the_first(lan: &Lan, first: &str, reach: &str) {
    let homes = [Home::new(), Home::new()];
    let mut host = chat(lan, 0, &homes[0], "lab#otter");
    let links = links(&host.await_event("waiting"));
    assert!(links.len() <= 4, "{links:?}");
    assert_eq!(
        links[0],
        (format!("http://{first}:7700/#lab#otter"), reach.into())
    );
    assert_eq!(links.last().unwrap().1, "machine");
    let mut guest = chat(lan, 1, &homes[1], &links[0].0);
    talk(&mut host, &mut guest);
}

#[test]
fn two_with_a_dozen_bridges_each_meet_by_the_first_link() {
    let Some(lan) = Lan::lay() else { return };
    for host in [0, 1] {
        lan.add_bridges(host, 12);
    }
    meet_by_the_first(&lan, "10.77.0.1", "network");
}

#[test]
fn two_that_have_ipv6_only_meet_by_the_first_link() {
    let Some(lan) = Lan::lay() else { return };
    for host in [0, 1] {
        let line = format!(
            "ip addr flush dev eth0; echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6; \
             ip addr add 2001:db8:77::{}/64 dev eth0 nodad",
            host + 1
        );
        lan.on(host, &line);
    }
    meet_by_the_first(&lan, "[2001:db8:77::1]", "internet");
}

#[test]
fn where_nobody_else_can_come_it_is_said() {
    let Some(lan) = Lan::lay() else { return };
    lan.on(0, "ip link del eth0");
    let home = Home::new();
    let alone = chat(&lan, 0, &home, "lab#otter");
    let links = links(&alone.await_event("waiting"));
    assert_eq!(
        links,
        [("http://127.0.0.1:7700/#lab#otter".into(), "machine".into())]
    );
    alone.await_that("that it is alone", |event| {
        let message = event["message"].as_str().unwrap_or_default();
        message.contains("no address that others could reach")
    });
}
