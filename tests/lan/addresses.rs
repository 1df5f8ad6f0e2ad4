//! Which of a machine's addresses others are told of: those by which they can come.

use std::net::TcpListener;
use std::process::Command;

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::common::{Client, Home, Start};
use crate::net::Lan;
use crate::{exchange, talk};

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

#[test]
fn ones_own_link_works_on_the_machine_that_it_names() {
    let Some(lan) = Lan::lay() else { return };
    let homes = [Home::new(), Home::new(), Home::new()];
    let mut first = chat(&lan, 0, &homes[0], "lab#otter");
    let link = links(&first.await_event("waiting"))[0].0.clone();
    assert_eq!(link, "http://10.77.0.1:7700/#lab#otter");
    first.signal(Signal::SIGINT);
    assert_eq!(first.exit_code(), 130);
    // To whoever did not make it there, it says what to do.
    let mut other = chat(&lan, 0, &homes[2], &link);
    let error = other.await_event("error");
    assert_eq!(
        (other.exit_code(), &error["code"]),
        (3, &"no-mediator".into())
    );
    let text = [&error["message"], &error["hint"]].map(|text| text.as_str().unwrap());
    assert!(
        text[0].contains("10.77.0.1:7700 is this machine"),
        "{error}"
    );
    assert!(
        text[1].contains("--local-port 7700, and as the room"),
        "{error}"
    );
    let mut first = chat(&lan, 0, &homes[0], &link);
    assert_eq!(links(&first.await_event("waiting"))[0].0, link);
    let mut second = chat(&lan, 1, &homes[1], &link);
    talk(&mut first, &mut second);
}

/// Two laptops on one cable, with addresses that mean something there only, and `--lan`: how
/// each reaches the other.
fn meet_on_the_cable(lan: &Lan) -> [String; 2] {
    let homes = [Home::new(), Home::new()];
    let start = |host: usize| {
        let flags = ["chat", "--json", "-v", "--name", "ada", "--lan"];
        let mut inside = lan.inside(host, Start::new(&homes[host], &flags));
        inside.command.env("UNDERTONE_ROOM", "lab#otter");
        inside.run()
    };
    let mut first = start(0);
    first.await_event("waiting");
    let mut second = start(1);
    let connected = [&first, &second].map(|client| client.await_event("connected"));
    exchange(&mut first, &mut second);
    connected.map(|event| {
        assert_eq!(
            (&event["path"], &event["route"]),
            (&"direct".into(), &"local".into())
        );
        event["address"].as_str().unwrap().to_owned()
    })
}

#[test]
fn two_with_link_local_addresses_of_ipv6_find_each_other() {
    let Some(lan) = Lan::lay() else { return };
    for host in [0, 1] {
        let line = format!(
            "ip addr flush dev eth0; echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad; \
             echo 1 > /proc/sys/net/ipv6/conf/eth0/addr_gen_mode; \
             echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6; \
             ip addr add fe80::{}/64 dev eth0 nodad",
            host + 1
        );
        lan.on(host, &line);
    }
    for address in meet_on_the_cable(&lan) {
        assert!(
            address.starts_with("[fe80::") && address.contains('%'),
            "{address}"
        );
    }
}

#[test]
fn two_with_link_local_addresses_of_ipv4_find_each_other() {
    let Some(lan) = Lan::lay() else { return };
    for host in [0, 1] {
        let line = format!(
            "ip addr flush dev eth0; ip addr add 169.254.7.{}/16 dev eth0",
            host + 1
        );
        lan.on(host, &line);
    }
    for address in meet_on_the_cable(&lan) {
        assert!(address.starts_with("169.254.7."), "{address}");
    }
}

/// Services of a machine that trust whoever comes from there: say so when one is called.
#[test]
#[ignore = "services_of_the_hosts_machine_are_not_called_for_a_guest runs it in a namespace"]
fn services() {
    for port in SERVICES {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                println!("called by {}", stream.unwrap().peer_addr().unwrap());
            }
        });
    }
    println!("serving");
    std::thread::park();
}

const SERVICES: [u16; 3] = [2375, 5432, 6379];

#[test]
fn services_of_the_hosts_machine_are_not_called_for_a_guest() {
    let Some(lan) = Lan::lay() else { return };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "addresses::services", "--nocapture"]);
    let mut services = lan.inside(0, Start { command }).run();
    services
        .out
        .find(|line| line.contains("serving"), "the services");
    let homes = [Home::new(), Home::new()];
    let mut host = chat(&lan, 0, &homes[0], "lab#otter");
    let invite = host.await_event("waiting")["invite"].clone();
    // It says that it is where they are.
    let told = SERVICES.map(|port| format!("127.0.0.1:{port}")).join(",");
    let start = Start::new(
        &homes[1],
        &["chat", "--json", "--name", "eve", "--advertise", &told],
    );
    let mut guest = lan.inside(1, start);
    guest
        .command
        .env("UNDERTONE_ROOM", invite.as_str().unwrap());
    let mut guest = guest.run();
    talk(&mut host, &mut guest);
    let considered = "127.0.0.1:2375 is of this machine";
    host.err
        .find(|line| line.contains(considered), "that it was told of them");
    services.kill();
    let called: Vec<_> = services
        .out
        .rest()
        .into_iter()
        .filter(|line| line.contains("called"))
        .collect();
    assert_eq!(called, [""; 0]);
}
