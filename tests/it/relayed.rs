//! A chat that the mediator carries, by the real programs: how it begins, is cut, and ends.

use serde_json::Value;

use crate::common::acts::{ROOM, apart, homes, peers, quit, relayed, relaying, start};
use crate::common::proxy::Proxy;
use crate::common::{Mediator, Start};

#[test]
fn both_agree_beforehand_and_are_relayed() {
    let (mediator, homes) = (relaying(), homes());
    let mut ada = apart(&mediator, &homes[0], "ada", "always").run();
    ada.await_event("waiting");
    let mut bob = start(&mediator, &homes[1], "bob").dials_only();
    bob.command.env("UNDERTONE_RELAY", "always");
    let mut bob = bob.run();
    for who in [&ada, &bob] {
        let connected = who.await_event("connected");
        assert_eq!(
            [&connected["path"], &connected["route"]],
            ["relay", "relay"]
        );
        assert_eq!(connected["address"], mediator.address());
    }
    ada.say("to bob");
    bob.say("to ada");
    assert_eq!(
        (bob.await_message(), ada.await_message()),
        ("to bob".into(), "to ada".into())
    );
    bob.say("/who");
    assert_eq!(bob.await_event("who")["path"], "relay");
    quit([&mut ada, &mut bob]);
    for home in &homes {
        assert!(peers(home).contains("relay"), "{}", peers(home));
    }
}

#[test]
fn the_limit_that_ends_a_relay_is_named() {
    let mediator = Mediator::start_with(&["--relay", "--relay-bytes", "20000"]);
    let homes = homes();
    let [mut ada, bob] = relayed(&mediator, &homes);
    for _ in 0..3 {
        ada.say(&"x".repeat(10_000));
    }
    for who in [&ada, &bob] {
        let lost = who.await_event("reconnecting");
        let reason = lost["reason"].as_str().unwrap();
        assert!(
            reason.contains("as many bytes as this mediator"),
            "{reason}"
        );
    }
}

#[test]
fn a_direct_path_that_opens_in_mid_talk_is_taken_and_loses_nothing() {
    let (mediator, homes, proxy) = (relaying(), homes(), Proxy::start());
    proxy.cut();
    let ways = ["--relay", "always", "--advertise", &proxy.address()];
    let mut ada = start(&mediator, &homes[0], "ada").args(&ways).run();
    ada.await_event("waiting");
    let mut bob = apart(&mediator, &homes[1], "bob", "always").run();
    proxy.aim(&ada.listens_at());
    for who in [&ada, &bob] {
        assert_eq!(who.await_event("connected")["path"], "relay");
    }
    proxy.mend();
    // Said all the while: each answer calls for the next word.
    let (mut said, mut told) = (0, [Vec::new(), Vec::new()]);
    let direct = |events: &[Value]| events.iter().any(|event| event["type"] == "path");
    while !told.iter().all(|events: &Vec<Value>| direct(events)) {
        said += 1;
        for (who, name) in [(&mut ada, "ada"), (&mut bob, "bob")] {
            who.say(&format!("{name} {said}"));
        }
        for (who, events) in [&ada, &bob].into_iter().zip(&mut told) {
            let heard = |events: &[Value]| events.iter().any(|event| event["type"] == "message");
            events.extend(who.events_until(heard));
        }
    }
    quit([&mut bob, &mut ada]);
    for (events, from) in told.iter().zip(["bob", "ada"]) {
        let of = |kind: &'static str| events.iter().filter(move |event| event["type"] == kind);
        let heard: Vec<_> = of("message").map(|event| event["text"].clone()).collect();
        let all: Vec<_> = (1..=said).map(|n| format!("{from} {n}")).collect();
        assert_eq!(heard, all);
        let paths: Vec<_> = of("path").map(|event| event["path"].clone()).collect();
        assert_eq!(
            (paths, of("reconnecting").count()),
            (vec!["direct".into()], 0)
        );
    }
}

#[test]
fn a_broken_relay_is_sought_again_from_another_port() {
    let (mediator, homes, proxy) = (relaying(), homes(), Proxy::start());
    proxy.aim(mediator.address());
    let through = format!("http://{}", proxy.address());
    let ada = Start::chat(&homes[0], &through, "ada", ROOM).dials_only();
    let mut ada = ada.args(&["--relay", "always"]).run();
    ada.await_event("waiting");
    let mut bob = apart(&mediator, &homes[1], "bob", "always").run();
    for who in [&ada, &bob] {
        assert_eq!(who.await_event("connected")["path"], "relay");
    }
    let before = proxy.callers();
    proxy.cut();
    ada.await_event("reconnecting");
    proxy.mend();
    ada.say("still there?");
    assert_eq!(bob.await_message(), "still there?");
    quit([&mut bob, &mut ada]);
    // What was under way on the old connection, and the reset that ended it, may still
    // meet one between the same two ends.
    let ports = proxy.callers();
    assert_eq!(ports[..before.len()], before);
    assert!(!ports[before.len()..].is_empty());
    assert!(!ports[before.len()..].contains(&before[0]), "{ports:?}");
}
