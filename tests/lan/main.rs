//! `--lan`: mediators that are found by multicast DNS. Two hosts on one bridge, in network
//! namespaces of the test's own: no packet leaves them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod addresses;
#[path = "../common/mod.rs"]
mod common;
mod net;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Command;

use common::{Client, Home, Start};
use net::Lan;
use nix::sys::signal::Signal;
use serde_json::Value;
use socket2::{Domain, Socket, Type};

/// A message each way, once both are connected.
fn talk(host: &mut Client, guest: &mut Client) {
    for client in [&*host, guest] {
        client.await_event("connected");
    }
    exchange(host, guest);
}

fn exchange(host: &mut Client, guest: &mut Client) {
    host.say("from the one");
    assert_eq!(guest.await_message(), "from the one");
    guest.say("from the other");
    assert_eq!(host.await_message(), "from the other");
}

/// How often this one moved until it was connected.
fn moves(client: &Client) -> usize {
    let connected = |event: &Value| event["type"] == "connected";
    let events = client.events_until(|events| events.last().is_some_and(connected));
    let messages = events.iter().filter_map(|event| event["message"].as_str());
    messages
        .filter(|message| message.contains("Another mediator on this network comes first"))
        .count()
}

fn chat(lan: &Lan, host: usize, home: &Home, flags: &[&str]) -> Client {
    let start = Start::new(home, &["chat", "--json", "-v", "--name", "ada"]).args(flags);
    let mut inside = lan.inside(host, start);
    inside.command.env("UNDERTONE_ROOM", "lab#otter");
    inside.run()
}

/// The first one runs a mediator, by which both have talked.
fn met(lan: &Lan) -> ([Home; 2], [Client; 2]) {
    let homes = [Home::new(), Home::new()];
    let mut first = chat(lan, 0, &homes[0], &["--lan"]);
    first.await_event("waiting");
    let mut second = chat(lan, 1, &homes[1], &["--lan"]);
    talk(&mut first, &mut second);
    (homes, [first, second])
}

#[test]
fn a_client_finds_the_mediator_that_another_one_started() {
    let Some(lan) = Lan::lay() else { return };
    met(&lan);
}

#[test]
fn two_that_start_at_the_same_time_end_up_at_the_same_mediator() {
    let Some(lan) = Lan::lay() else { return };
    for _ in 0..3 {
        let homes = [Home::new(), Home::new()];
        let mut first = chat(&lan, 0, &homes[0], &["--lan"]);
        let mut second = chat(&lan, 1, &homes[1], &["--lan"]);
        let both = [moves(&first), moves(&second)];
        assert!(both.iter().sum::<usize>() <= 1, "{both:?}");
        exchange(&mut first, &mut second);
    }
}

#[test]
fn of_two_that_wait_at_mediators_of_their_own_one_moves() {
    let Some(lan) = Lan::lay() else { return };
    let homes = [Home::new(), Home::new()];
    lan.unplug(1);
    let mut first = chat(&lan, 0, &homes[0], &["--lan"]);
    let mut second = chat(&lan, 1, &homes[1], &["--lan"]);
    for (n, client) in [&first, &second].into_iter().enumerate() {
        let invite = client.await_event("waiting")["invite"].to_string();
        let own = format!("http://10.77.0.{}:7700/", n + 1);
        assert!(invite.contains(&own), "{invite}");
    }
    lan.plug(1);
    assert_eq!(moves(&first) + moves(&second), 1);
    exchange(&mut first, &mut second);
}

#[test]
fn a_mediator_of_its_own_is_found_and_its_end_leads_to_another_one() {
    let Some(lan) = Lan::lay() else { return };
    let homes = [Home::new(), Home::new()];
    let mut mediator = lan.mediator(1, &["--lan"]);
    let mut first = chat(&lan, 0, &homes[0], &["--lan"]);
    let waiting = first.await_event("waiting");
    let invite = waiting["invite"].as_str().unwrap();
    assert!(invite.starts_with("http://10.77.0.2:7700/"), "{invite}");
    mediator.signal(Signal::SIGTERM);
    assert_eq!(mediator.exit_code(), 0);
    first.await_that("its own mediator", |event| {
        let message = event["message"].as_str().unwrap_or_default();
        message.contains("this client runs one now")
    });
    let waiting = first.await_event("waiting");
    let invite = waiting["invite"].as_str().unwrap();
    assert!(invite.starts_with("http://10.77.0.1:7700/"), "{invite}");
    let mut second = chat(&lan, 1, &homes[1], &["--lan"]);
    talk(&mut first, &mut second);
}

/// Waits until this one runs a mediator because that of the other one does not answer any more.
fn takes_over(client: &Client) {
    client.await_that("its own mediator", |event| {
        let message = event["message"].as_str().unwrap_or_default();
        message.contains("this client runs one now")
    });
}

#[test]
fn whoever_looks_for_the_other_one_takes_over_the_mediator_that_ended_with_them() {
    let Some(lan) = Lan::lay() else { return };
    let (homes, [mut first, mut second]) = met(&lan);
    first.kill();
    takes_over(&second);
    let mut first = chat(&lan, 0, &homes[0], &["--lan"]);
    talk(&mut first, &mut second);
}

#[test]
fn two_that_are_cut_off_and_both_run_a_mediator_then_meet_at_one_of_them() {
    let Some(lan) = Lan::lay() else { return };
    let (_homes, [mut first, mut second]) = met(&lan);
    lan.unplug(1);
    first.say("kept");
    second.say("kept too");
    takes_over(&second);
    lan.plug(1);
    assert_eq!(second.await_message(), "kept");
    assert_eq!(first.await_message(), "kept too");
}

#[test]
fn without_the_flag_not_one_packet_of_udp_leaves() {
    let Some(lan) = Lan::lay() else { return };
    let homes = [Home::new(), Home::new()];
    let mediator = lan.mediator(1, &[]);
    // Who names addresses tells no other of UDP, and asks for none: what is left would be announced.
    let [here, there] = ["10.77.0.1:7801", "10.77.0.2:7802"];
    let named = |address| ["--bind", address, "--advertise", address];
    let mut first = chat(&lan, 0, &homes[0], &named(here));
    let invite = first.await_event("waiting")["invite"].to_string();
    assert!(invite.contains("10.77.0.1"), "{invite}");
    let to_first = ["--mediator", "http://10.77.0.1:7700"];
    let mut second = chat(&lan, 1, &homes[1], &[&to_first[..], &named(there)].concat());
    talk(&mut first, &mut second);
    drop((first, second, mediator));
    assert_eq!([0, 1].map(|host| lan.udp_sent(host)), [0, 0]);
    // The counter counts.
    let first = chat(&lan, 0, &homes[0], &["--lan"]);
    first.await_event("waiting");
    assert!(lan.udp_sent(0) > 0);
}

/// Writes down what comes by multicast DNS.
#[test]
#[ignore = "an_announcement_names_nobody runs it in a namespace"]
fn ear() {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.set_reuse_port(true).unwrap();
    let any: SocketAddr = "0.0.0.0:5353".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    let (group, here) = (Ipv4Addr::new(224, 0, 0, 251), Ipv4Addr::new(10, 77, 0, 2));
    socket.join_multicast_v4(&group, &here).unwrap();
    let socket = UdpSocket::from(socket);
    println!("listening on it");
    let mut packet = [0; 9000];
    loop {
        let len = socket.recv(&mut packet).unwrap();
        let text = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
        let shown = packet[..len].iter().map(|byte| match text(byte) {
            true => char::from(*byte),
            false => ' ',
        });
        let what = if packet[2] & 0x80 == 0 {
            "query"
        } else {
            "answer"
        };
        println!("heard {what} {}", shown.collect::<String>());
    }
}

#[test]
fn an_announcement_names_nobody() {
    let Some(lan) = Lan::lay() else { return };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "ear", "--nocapture"]);
    let ear = lan.inside(1, Start { command }).run();
    ear.out.find(|line| line.contains("listening"), "the ear");
    let home = Home::new();
    let first = chat(&lan, 0, &home, &["--lan"]);
    first.await_event("waiting");
    let known = [
        "_undertone",
        "_tcp",
        "_udp",
        "local",
        "_services",
        "_dns-sd",
    ];
    loop {
        let line = ear.out.find(|line| line.starts_with("heard "), "a packet");
        let mut words = line.split_whitespace().skip(1);
        let answer = words.next() == Some("answer");
        // Numbers that happen to look like letters are shorter.
        for word in words.filter(|word| word.len() >= 4) {
            let id = word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(id || known.contains(&word), "{word:?} in {line}");
        }
        if answer {
            break;
        }
    }
}

#[test]
fn with_a_mediator_that_is_named_it_is_an_error_of_usage() {
    let home = Home::new();
    let chat = Start::new(&home, &["chat", "lab", "--name", "ada", "--lan"]);
    let (code, out, err) = chat.args(&["--mediator", "10.77.0.2"]).finish(b"");
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("--lan") && err.contains("a mediator"), "{err}");
}
