//! `--hide-ip`: the other one learns no address, dials none and is not dialled; what that
//! takes, and who still sees the address, is said.

use std::collections::HashSet;
use std::fs;
use std::net::TcpListener;

use serde_json::Value;
use undertone_core::pairing::Candidates;
use undertone_wire::{MediatorMessage, Opaque, Role, Terms};

use crate::common::acts::{homes, quit, start};
use crate::common::{Client, Home, Mediator, Start};
use crate::hostile::Evil;
use crate::hostile::end::Impostor;

fn hidden(mediator: &Mediator, home: &Home, name: &str) -> Start {
    let mut start = Start::new(home, &["chat", "--json"]);
    start.command.env("UNDERTONE_ROOM", "lab#otter");
    start.command.env("UNDERTONE_HIDE_IP", "true");
    start.args(&["--name", name, "--mediator", &mediator.url])
}

/// Where this process listens, as the kernel writes it: address in hex, then the port.
fn listens(client: &Client) -> Vec<String> {
    let pid = client.pid();
    let fds = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let sockets: HashSet<String> = fds
        .filter_map(|fd| fs::read_link(fd.path()).ok())
        .map(|link| link.display().to_string())
        .collect();
    let mut found = Vec::new();
    for table in ["tcp", "tcp6"] {
        let table = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap();
        for line in table.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // State 0A is LISTEN.
            if fields[3] == "0A" && sockets.contains(&format!("socket:[{}]", fields[9])) {
                found.push(fields[1].to_owned());
            }
        }
    }
    found
}

#[test]
fn nobody_is_told_an_address_and_nobody_dials() {
    let (mediator, homes) = (Mediator::start_with(&["--relay"]), homes());
    let place = TcpListener::bind("127.0.0.1:0").unwrap();
    let advertised = place.local_addr().unwrap().to_string();
    // ada can be reached and would take a direct path.
    let ways = ["--relay", "always", "--advertise", &advertised];
    let mut ada = start(&mediator, &homes[0], "ada").args(&ways).run();
    ada.await_event("waiting");
    let mut bob = hidden(&mediator, &homes[1], "bob").run();
    let said = bob.await_event("note")["message"].clone();
    for who in ["the mediator", "its network", "the other person must agree"] {
        assert!(said.as_str().unwrap().contains(who), "{said}");
    }
    for who in [&ada, &bob] {
        assert_eq!(who.await_event("connected")["path"], "relay");
    }
    for address in listens(&bob) {
        assert!(address.starts_with("0100007F:"), "{address}");
    }
    ada.say("to bob");
    bob.say("to ada");
    assert_eq!(
        (bob.await_message(), ada.await_message()),
        ("to bob".into(), "to ada".into())
    );
    quit([&mut ada, &mut bob]);
    place.set_nonblocking(true).unwrap();
    assert!(place.accept().is_err(), "ada was dialled");
}

#[test]
fn both_may_hide() {
    let (mediator, homes) = (Mediator::start_with(&["--relay"]), homes());
    let mut ada = hidden(&mediator, &homes[0], "ada").run();
    ada.await_event("waiting");
    let mut bob = hidden(&mediator, &homes[1], "bob").run();
    for who in [&ada, &bob] {
        assert_eq!(who.await_event("connected")["path"], "relay");
    }
    quit([&mut ada, &mut bob]);
}

#[test]
fn a_mediator_that_does_not_relay_ends_it_with_5_and_says_so() {
    let (mediator, homes) = (Mediator::start(), homes());
    let ends = |mut bob: Client| {
        let error = bob.await_event("error");
        let hint = error["hint"].as_str().unwrap();
        assert_eq!(error["code"], "no-path");
        for part in ["--hide-ip", "this one does not", "nobody can get through"] {
            assert!(hint.contains(part), "{hint}");
        }
        assert!(!hint.contains("attempts"), "nothing is spent: {hint}");
        assert_eq!(bob.exit_code(), 5);
    };
    // Before anybody comes.
    ends(hidden(&mediator, &homes[1], "bob").run());
    // And who is there already is not met: three would be the end of the invite.
    let mut ada = start(&mediator, &homes[0], "ada").run();
    ada.await_event("waiting");
    for _ in 0..3 {
        ends(hidden(&mediator, &homes[1], "bob").run());
    }
    let mut bob = start(&mediator, &homes[1], "bob").run();
    let connected = |events: &[Value]| {
        events
            .last()
            .is_some_and(|last| last["type"] == "connected")
    };
    let told = ada.events_until(connected);
    assert!(
        told.iter().all(|event| event["type"] != "error"),
        "{told:?}"
    );
    bob.await_event("connected");
    quit([&mut ada, &mut bob]);
}

/// It is told only in a pairing whether such a mediator relays.
#[test]
fn one_that_tells_no_rate_may_relay_all_the_same() {
    for relay in [true, false] {
        let (evil, home) = (Evil::start(), Home::new());
        let start = Start::new(&home, &["chat", "--json", "--hide-ip", "--name", "bob"]);
        let mut start = start.args(&["--mediator", &evil.url]);
        start.command.env("UNDERTONE_ROOM", "lab#otter");
        let mut bob = start.run();
        let mut one = evil.join();
        one.waiting();
        let mut other = evil.join();
        let (offer, observed) = (Opaque::new(&one.offer).unwrap(), other.from);
        other.say(&MediatorMessage::Paired {
            role: Role::Guest,
            offer,
            observed,
            relay,
            terms: Terms::default(),
        });
        match relay {
            true => {
                let mut seat = evil.join_in("lab#otter");
                seat.waiting();
                bob.await_event("waiting");
            }
            false => {
                assert_eq!(bob.await_event("error")["code"], "no-path");
                assert_eq!(bob.exit_code(), 5);
            }
        }
    }
}

#[test]
fn whose_peer_hides_at_such_a_mediator_is_told_that() {
    let (evil, home) = (Evil::start(), Home::new());
    let ada = Start::chat(&home, &evil.url, "ada", "lab#otter").run();
    let mut seat = evil.join();
    let impostor = Impostor::in_room("lab#otter");
    let begun = impostor.begin(&mut seat, Role::Guest, &Candidates::default());
    seat.hand(&begun.ours);
    let error = ada.await_event("error");
    let hint = error["hint"].as_str().unwrap();
    assert_eq!(error["code"], "no-path");
    assert!(hint.contains("hides their address"), "{hint}");
    assert!(!hint.contains("forward a port"), "{hint}");
}

#[test]
fn an_invites_mediator_must_be_named_by_who_hides_too() {
    let mediator = Mediator::start_with(&["--relay"]);
    let (other, home) = (Mediator::start(), Home::new());
    let invite = format!("{}/#lab#otter", mediator.url);
    let hidden = |further: &[&str]| {
        let mut start = Start::new(&home, &["chat", "--name", "bob", "--hide-ip"]);
        start.command.env("UNDERTONE_ROOM", &invite);
        start.args(&["--timeout", "1"]).args(further)
    };
    for named in [&[][..], &["--mediator", &other.url]] {
        let (code, _, err) = hidden(named).finish(b"");
        assert!(code == 2, "{code} {err}");
        assert!(
            err.contains("may be the other person's own machine"),
            "{err}"
        );
        assert!(err.contains("--mediator URL"), "{err}");
    }
    // Taken, and nobody came.
    let (code, _, err) = hidden(&["--mediator", &mediator.url]).finish(b"");
    assert_eq!(code, 4, "{err}");
    // Taken too, and the proxy is not there: what the mediator would see is the proxy's.
    let (code, _, err) = hidden(&["--proxy", "http://127.0.0.1:1"]).finish(b"");
    assert_eq!(code, 3, "{err}");
}

#[test]
fn it_takes_a_mediator_that_is_named_and_no_address_to_tell() {
    let home = Home::new();
    let bare = ["chat", "lab", "--name", "ada", "--hide-ip"];
    for (further, words) in [
        (&[][..], "--mediator URL"),
        (&["--lan"], "--mediator URL"),
        (&["--relay", "never"], "--relay never refuses"),
        (
            &["--advertise", "192.0.2.1:1"],
            "both --hide-ip and --advertise are set",
        ),
    ] {
        let (code, _, err) = Start::new(&home, &bare).args(further).finish(b"");
        let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(code == 2 && err.contains(words), "{err}");
    }
}
