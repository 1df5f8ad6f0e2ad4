//! `--lan`: mediators that are found by multicast DNS. Two hosts on one bridge, in network
//! namespaces of the test's own: no packet leaves them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;
mod net;

use common::{Client, Home, Start};
use net::Lan;
use nix::sys::signal::Signal;
use serde_json::Value;

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
        .filter(|message| message.contains("another mediator on this network comes first"))
        .count()
}

fn chat(lan: &Lan, host: usize, home: &Home, flags: &[&str]) -> Client {
    let start = Start::new(home, &["chat", "--json", "-v", "--name", "ada"]).args(flags);
    let mut inside = lan.inside(host, start);
    inside.command.env("UNDERTONE_ROOM", "lab#otter");
    inside.run()
}

#[test]
fn a_client_finds_the_mediator_that_another_one_started() {
    let Some(lan) = Lan::lay() else { return };
    let homes = [Home::new(), Home::new()];
    let mut first = chat(&lan, 0, &homes[0], &["--lan"]);
    first.await_event("waiting");
    let mut second = chat(&lan, 1, &homes[1], &["--lan"]);
    talk(&mut first, &mut second);
}

#[test]
fn two_that_start_at_the_same_time_end_up_at_the_same_mediator() {
    let Some(lan) = Lan::lay() else { return };
    let mut moved = 0;
    for _ in 0..3 {
        let homes = [Home::new(), Home::new()];
        let mut first = chat(&lan, 0, &homes[0], &["--lan"]);
        let mut second = chat(&lan, 1, &homes[1], &["--lan"]);
        let both = [moves(&first), moves(&second)];
        assert!(both.iter().sum::<usize>() <= 1, "{both:?}");
        moved += both.iter().sum::<usize>();
        exchange(&mut first, &mut second);
    }
    assert!(moved > 0, "never both had started a mediator");
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

#[test]
fn without_the_flag_not_one_packet_of_udp_leaves() {
    let Some(lan) = Lan::lay() else { return };
    let homes = [Home::new(), Home::new()];
    let mediator = lan.mediator(1, &[]);
    let mut first = chat(&lan, 0, &homes[0], &[]);
    let invite = first.await_event("waiting")["invite"].to_string();
    assert!(invite.contains("10.77.0.1"), "{invite}");
    let mut second = chat(&lan, 1, &homes[1], &["--mediator", "http://10.77.0.1:7700"]);
    talk(&mut first, &mut second);
    drop((first, second, mediator));
    assert_eq!([0, 1].map(|host| lan.udp_sent(host)), [0, 0]);
    // The counter counts.
    let first = chat(&lan, 0, &homes[0], &["--lan"]);
    first.await_event("waiting");
    assert!(lan.udp_sent(0) > 0);
}

#[test]
fn with_a_mediator_that_is_named_it_is_an_error_of_usage() {
    let home = Home::new();
    let chat = Start::new(&home, &["chat", "lab", "--name", "ada", "--lan"]);
    let (code, out, err) = chat.args(&["--mediator", "10.77.0.2"]).finish(b"");
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("--lan") && err.contains("--mediator"), "{err}");
}
