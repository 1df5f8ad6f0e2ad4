//! What people do in more than one test: meet again, compare words, leave.

use std::time::Instant;

use serde_json::Value;

use super::{Client, Home, Mediator, PATIENCE, Start, meet, pair};

pub(crate) const ROOM: &str = "lab#otter";

pub(crate) fn start(mediator: &Mediator, home: &Home, name: &str) -> Start {
    Start::chat(home, &mediator.url, name, ROOM)
}

/// ada, who waits, and bob: each with what it was told of the other one.
pub(crate) fn ada_and_bob(mediator: &Mediator, homes: &[Home; 2]) -> [(Client, Value); 2] {
    meet(
        start(mediator, &homes[0], "ada"),
        start(mediator, &homes[1], "bob"),
    )
}

/// Two who have met.
pub(crate) fn talking() -> (Mediator, [Home; 2], [Client; 2]) {
    let mediator = Mediator::start();
    let homes = [Home::new(), Home::new()];
    let clients = pair(&mediator, [&homes[0], &homes[1]]);
    (mediator, homes, clients)
}

pub(crate) fn homes() -> [Home; 2] {
    [Home::new(), Home::new()]
}

/// The words that this one reads out.
pub(crate) fn words(client: &mut Client) -> String {
    client.say("/verify");
    in_line(&client.await_event("words"))
}

/// The words of a `words` event, as they are typed.
pub(crate) fn in_line(event: &Value) -> String {
    let mine = event["mine"].as_array().unwrap();
    assert_eq!(mine.len(), 4);
    let mine: Vec<_> = mine.iter().map(|word| word.as_str().unwrap()).collect();
    mine.join(" ")
}

pub(crate) fn verify_both(clients: [&mut Client; 2]) {
    let [a, b] = clients;
    let (of_a, of_b) = (words(a), words(b));
    assert_ne!(of_a, of_b);
    a.say(&format!("/verify {of_b}"));
    b.say(&format!("/verify {}", of_a.to_uppercase()));
    for client in [a, b] {
        client.await_event("verified");
    }
}

pub(crate) fn quit(clients: [&mut Client; 2]) {
    let [a, b] = clients;
    a.say("/quit");
    b.await_event("left");
    assert_eq!((a.exit_code(), b.exit_code()), (0, 0));
}

/// The table of `undertone peers`.
pub(crate) fn peers(home: &Home) -> String {
    table(home, &["peers"])
}

/// The table of `undertone peers --connections`.
pub(crate) fn connections(home: &Home) -> String {
    table(home, &["peers", "--connections"])
}

fn table(home: &Home, command: &[&str]) -> String {
    let (code, table, _) = Start::new(home, command).finish(b"");
    assert_eq!(code, 0);
    table
}

/// Waits until the table of `undertone peers` has this: a chat does not wait for the disk.
pub(crate) fn await_peers(home: &Home, part: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !peers(home).contains(part) {
        assert!(Instant::now() < deadline, "no {part} in {}", peers(home));
    }
}

/// A mediator that relays.
pub(crate) fn relaying() -> Mediator {
    Mediator::start_with(&["--relay"])
}

/// A client that nobody can dial, with this choice.
pub(crate) fn apart(mediator: &Mediator, home: &Home, name: &str, relay: &str) -> Start {
    start(mediator, home, name)
        .dials_only()
        .args(&["--relay", relay])
}

/// Both agreed beforehand; the first to come are relayed.
pub(crate) fn relayed(mediator: &Mediator, homes: &[Home; 2]) -> [Client; 2] {
    let ada = apart(mediator, &homes[0], "ada", "always").run();
    ada.await_event("waiting");
    let bob = apart(mediator, &homes[1], "bob", "always").run();
    for who in [&ada, &bob] {
        assert_eq!(who.await_event("connected")["path"], "relay");
    }
    [ada, bob]
}
