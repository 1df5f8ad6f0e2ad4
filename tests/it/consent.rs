//! The relay takes the consent of both, by the real programs: where no direct path opens,
//! what is asked, what is told, and what comes of it.

use serde_json::Value;

use crate::common::acts::{ROOM, apart, homes, quit, relayed, relaying, start};
use crate::common::proxy::Proxy;
use crate::common::screen::{Screen, chat};
use crate::common::{Client, Home, Mediator, NOBODY};

/// A piece of the question that no terminal of 80 columns breaks.
const ASKED: &str = "no direct path to the other person";
/// The exit code of `no-path`.
const NO_PATH: i32 = 5;

/// A client that nobody can dial, at a terminal, undecided.
fn at_terminal(mediator: &Mediator, home: &Home, name: &str) -> Screen {
    let mut command = chat(home, &mediator.url, name, ROOM);
    command.env("UNDERTONE_ADVERTISE", NOBODY);
    Screen::run(command)
}

/// The last `error` before the end with 5.
fn no_path(client: &mut Client) -> Value {
    assert_eq!(client.exit_code(), NO_PATH);
    let lines = client.out.rest();
    let error: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(
        (&error["type"], &error["code"]),
        (&"error".into(), &"no-path".into())
    );
    error
}

/// What the one that came is told, where this one waited, and that one came.
fn hint(mediator: &Mediator, waits: &str, comes: &str) -> String {
    let homes = homes();
    let host = apart(mediator, &homes[0], "ada", waits).run();
    host.await_event("waiting");
    let mut guest = apart(mediator, &homes[1], "bob", comes).run();
    let error = no_path(&mut guest);
    // Who waited is told, too, and waits again.
    assert_eq!(host.await_event("error")["code"], "spent");
    error["hint"].as_str().unwrap().to_owned()
}

#[test]
fn who_came_and_said_never_is_told_so() {
    let hint = hint(&relaying(), "always", "never");
    assert!(hint.contains("you said --relay never"), "{hint}");
    assert!(hint.contains("--relay always"), "{hint}");
}

#[test]
fn who_agreed_is_told_that_the_other_one_did_not() {
    let hint = hint(&relaying(), "never", "always");
    assert!(hint.contains("the other person did not"), "{hint}");
    assert!(hint.contains("--relay always"), "{hint}");
}

#[test]
fn who_cannot_be_asked_has_not_agreed() {
    let hint = hint(&relaying(), "always", "ask");
    assert!(hint.contains("without a terminal"), "{hint}");
    assert!(hint.contains("--relay always"), "{hint}");
}

#[test]
fn a_mediator_that_does_not_relay_is_named_as_the_reason() {
    let hint = hint(&Mediator::start(), "always", "always");
    assert!(hint.contains("this mediator does not relay"), "{hint}");
    assert!(!hint.contains("--relay always"), "{hint}");
}

#[test]
fn a_limit_of_the_mediator_is_named_as_the_reason() {
    let mediator = Mediator::start_with(&["--relay", "--relay-pairs", "1"]);
    let homes = homes();
    let _first = relayed(&mediator, &homes);
    let hint = hint(&mediator, "always", "always");
    assert!(hint.contains("as much as its limits allow"), "{hint}");
    assert!(!hint.contains("--relay always"), "{hint}");
}

#[test]
fn both_are_asked_once_and_agree_at_their_terminals() {
    let (mediator, homes) = (relaying(), homes());
    let mut ada = at_terminal(&mediator, &homes[0], "ada");
    ada.await_text("Waiting in room");
    let mut bob = at_terminal(&mediator, &homes[1], "bob");
    for who in [&mut ada, &mut bob] {
        who.await_text(ASKED);
        who.press("/relay\r");
    }
    ada.await_row("bob ◆ relay ›");
    bob.await_row("ada ◆ relay ›");
    ada.press("hello\r");
    bob.await_text("ada   hello");
    for who in [&ada, &bob] {
        assert_eq!(who.history().matches(ASKED).count(), 1, "{}", who.history());
        assert!(who.history().contains("the mediator carries the chat"));
    }
    bob.press("/quit\r");
    assert_eq!((bob.exit_code(), ada.follow()), (0, 0));
    ada.assert_restored();
}

#[test]
fn who_is_asked_and_does_not_answer_has_not_agreed() {
    let (mediator, homes) = (relaying(), homes());
    // Gives up first, and so ends the question.
    let ada = apart(&mediator, &homes[0], "ada", "never").run();
    ada.await_event("waiting");
    let mut command = chat(&homes[1], &mediator.url, "bob", ROOM);
    command.env("UNDERTONE_ADVERTISE", NOBODY);
    // Quiet or not: this is a question.
    command.arg("-q");
    let mut bob = Screen::run(command);
    bob.await_text(ASKED);
    assert_eq!(bob.exit_code(), NO_PATH.cast_unsigned());
    let said = bob.history();
    assert!(
        said.contains("no path to the other person") && said.contains("/relay when"),
        "{said}"
    );
    assert_eq!(said.matches(ASKED).count(), 1);
    assert_eq!(ada.await_event("error")["code"], "spent");
}

#[test]
fn a_mediator_that_does_not_relay_leads_to_no_question() {
    let (mediator, homes) = (Mediator::start(), homes());
    let ada = apart(&mediator, &homes[0], "ada", "ask").run();
    ada.await_event("waiting");
    let mut bob = at_terminal(&mediator, &homes[1], "bob");
    assert_eq!(bob.exit_code(), NO_PATH.cast_unsigned());
    assert!(!bob.history().contains(ASKED), "{}", bob.history());
}

/// ada at a terminal and undecided, bob agreed, talk directly until that way is cut, with
/// bob, or ada, as the one who waited.
fn cut_in_mid_talk(bob_waits: bool) {
    let (mediator, homes, proxy) = (relaying(), homes(), Proxy::start());
    let ada = || {
        let mut command = chat(&homes[0], &mediator.url, "ada", ROOM);
        let told = if bob_waits { NOBODY } else { &proxy.address() };
        command.env("UNDERTONE_ADVERTISE", told);
        command.arg("-v");
        Screen::run(command)
    };
    let bob = || {
        let told = if bob_waits { &proxy.address() } else { NOBODY };
        let start = start(&mediator, &homes[1], "bob");
        start
            .args(&["--relay", "always", "--advertise", told])
            .run()
    };
    let (mut ada, mut bob) = if bob_waits {
        let bob = bob();
        bob.await_event("waiting");
        let ada = ada();
        proxy.aim(&bob.listens_at());
        (ada, bob)
    } else {
        let ada = ada();
        ada.await_text("Waiting in room");
        let bob = bob();
        let screen = ada.await_text("listening on");
        let (_, host_address) = screen.split_once("listening on ").unwrap();
        proxy.aim(host_address.split_whitespace().next().unwrap());
        (ada, bob)
    };
    assert_eq!(bob.await_event("connected")["path"], "direct");
    ada.await_row("bob ◆ ›");
    proxy.cut();
    ada.await_text(ASKED);
    ada.press("said meanwhile\r/relay\r");
    ada.await_row("bob ◆ relay ›");
    assert_eq!(bob.await_event("connected")["path"], "relay");
    assert_eq!(bob.await_message(), "said meanwhile");
    bob.say("got it");
    ada.await_text("bob   got it");
    assert_eq!(ada.history().matches(ASKED).count(), 1);
    bob.say("/quit");
    assert_eq!((bob.exit_code(), ada.follow()), (0, 0));
}

/// ada, undecided and a program, and bob, who agreed, have lost the direct path.
fn program_cut_in_mid_talk(mediator: &Mediator, homes: &[Home; 2]) -> [Client; 2] {
    let proxy = Proxy::start();
    let ways = ["--relay", "always", "--advertise", &proxy.address()];
    let bob = start(mediator, &homes[1], "bob").args(&ways).run();
    bob.await_event("waiting");
    let ada = apart(mediator, &homes[0], "ada", "ask");
    let ada = ada.args(&["--timeout", "6"]).run();
    proxy.aim(&bob.listens_at());
    for who in [&ada, &bob] {
        assert_eq!(who.await_event("connected")["path"], "direct");
    }
    proxy.cut();
    for who in [&ada, &bob] {
        who.await_event("reconnecting");
    }
    [ada, bob]
}

#[test]
fn a_program_that_lost_the_direct_path_is_not_asked() {
    let (mediator, homes) = (relaying(), homes());
    let [mut ada, _bob] = program_cut_in_mid_talk(&mediator, &homes);
    assert_eq!(ada.exit_code(), 4);
    let said = ada.out.rest().join("\n");
    assert!(!said.contains(ASKED), "{said}");
}

#[test]
fn a_program_that_lost_the_direct_path_may_agree() {
    let (mediator, homes) = (relaying(), homes());
    let [mut ada, mut bob] = program_cut_in_mid_talk(&mediator, &homes);
    ada.say("/relay");
    let note = ada.await_event("note")["message"].clone();
    assert!(note.as_str().unwrap().starts_with("Agreed"), "{note}");
    assert_eq!(ada.await_event("connected")["path"], "relay");
    quit([&mut ada, &mut bob]);
}

#[test]
fn who_came_and_lost_the_direct_path_is_asked_once() {
    cut_in_mid_talk(true);
}

#[test]
fn who_waited_and_lost_the_direct_path_is_asked_once() {
    cut_in_mid_talk(false);
}
