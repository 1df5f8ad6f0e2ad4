//! The other one is out of reach: what is told, kept, and said to be lost.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::common::acts::talking;
use crate::common::scene::{scene, texts};
use crate::common::{Home, Mediator, Start, meet};

/// What was said and is not answered for so long is told, and then some for a slow
/// machine.
const TOLD_WITHIN: Duration = Duration::from_secs(13);

#[test]
fn what_is_typed_without_a_link_is_queued_and_then_delivered() {
    let mut scene = scene();
    scene.cut();
    for (client, text) in scene.clients().into_iter().zip(["from ada", "from bob"]) {
        client.say(text);
        assert_eq!(client.await_event("queued")["id"], 1);
        client.say("/who");
        let who = client.await_event("who");
        assert_eq!((&who["queued"], &who["address"]), (&json!(1), &Value::Null));
    }
    scene.proxy.mend();
    scene.await_back();
    for (client, text) in scene.clients().into_iter().zip(["from bob", "from ada"]) {
        let events = client.events_until(|events| events.len() == 2);
        assert_eq!(texts(&events).collect::<Vec<_>>(), [text]);
        let delivered = json!({"v": 1, "type": "delivered", "id": 1});
        assert!(events.contains(&delivered), "{events:?}");
    }
}

#[test]
fn a_suspended_peer_is_told_as_lost_and_comes_back_with_everything() {
    // No FIN tells that the peer is gone: only silence does.
    let mut scenes = [scene(), scene()];
    let since = Instant::now();
    scenes[0].guest.signal(Signal::SIGSTOP);
    scenes[1].host.signal(Signal::SIGSTOP);
    let [first, second] = &mut scenes;
    let mut pairs = [
        (&mut first.guest, &mut first.host),
        (&mut second.host, &mut second.guest),
    ];
    for (_, other) in &mut pairs {
        other.say("in its sleep");
    }
    for (sleeper, other) in &mut pairs {
        let lost = other.await_event("reconnecting");
        assert!(since.elapsed() < TOLD_WITHIN, "{:?}", since.elapsed());
        assert_eq!(lost["reason"], "no answer for 10 s");
        assert_eq!(lost["queued"], 1);
        sleeper.say("on waking");
        sleeper.signal(Signal::SIGCONT);
        assert_eq!(sleeper.await_message(), "in its sleep");
        assert_eq!(other.await_message(), "on waking");
        sleeper.say("twice?");
        assert_eq!(other.await_message(), "twice?");
    }
}

#[test]
fn a_killed_peer_and_a_timeout_say_what_did_not_arrive() {
    let mediator = Mediator::start();
    let start = |home, name| {
        let patient = Start::chat(home, &mediator.url, name, "lab#otter");
        patient.args(&["--timeout", "4"])
    };
    let homes: Vec<[Home; 2]> = (0..2).map(|_| [Home::new(), Home::new()]).collect();
    let mut left = Vec::new();
    for (victim, homes) in homes.iter().enumerate() {
        let clients = meet(start(&homes[0], "ada"), start(&homes[1], "bob"));
        let mut clients = Vec::from(clients.map(|(client, _)| client));
        clients.remove(victim).kill();
        let mut client = clients.remove(0);
        client.await_event("reconnecting");
        client.say("one");
        client.say("two");
        left.push(client);
    }
    for mut client in left {
        let error = client.await_event("error");
        assert_eq!(client.exit_code(), 4);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("2 of your messages"), "{message}");
    }
}

#[test]
fn leaving_while_the_link_is_down_says_what_did_not_arrive() {
    let (_mediator, _homes, [mut host, mut guest]) = talking();
    guest.kill();
    host.await_event("reconnecting");
    host.say("one");
    host.say("/quit");
    let error = host.await_event("error");
    assert_eq!(error["code"], "undelivered");
    assert_eq!(host.exit_code(), 5);
}

#[test]
fn of_a_contact_that_stays_away_it_is_told_that_it_may_be_somebody_else_by_now() {
    let (_mediator, _homes, [mut ada, mut bob]) = talking();
    bob.kill();
    ada.await_event("reconnecting");
    ada.await_that("a remark", |event| {
        let message = event["message"].as_str().unwrap_or_default();
        message.starts_with("bob is not found") && message.ends_with("both leave and start anew")
    });
    ada.say("/quit");
    ada.exit_code();
}
