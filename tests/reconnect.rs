//! A conversation outlives its links, its mediator and a suspended peer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::time::{Duration, Instant};

use common::proxy::Proxy;
use common::{Client, Home, Mediator, Start, pair, pair_through};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

/// Silence for so long is told, and then some for a slow machine.
const TOLD_WITHIN: Duration = Duration::from_secs(18);

struct Scene {
    mediator: Mediator,
    proxy: Proxy,
    _homes: [Home; 2],
    host: Client,
    guest: Client,
}

/// A host and its guest, every link through a proxy.
fn scene() -> Scene {
    let mediator = Mediator::start();
    let proxy = Proxy::start();
    let homes = [Home::new(), Home::new()];
    let start = |home, name| Start::chat(home, &mediator.url, name, "lab#otter");
    let [host, guest] = pair_through(&proxy, start(&homes[0], "ada"), start(&homes[1], "bob"));
    Scene {
        mediator,
        proxy,
        _homes: homes,
        host,
        guest,
    }
}

impl Scene {
    fn clients(&mut self) -> [&mut Client; 2] {
        [&mut self.host, &mut self.guest]
    }

    fn both_say(&mut self, text: &str) {
        self.host.say(text);
        self.guest.say(text);
        for client in self.clients() {
            assert_eq!(client.await_message(), text);
        }
    }

    /// Cuts the link, and waits until both have noticed.
    fn cut(&mut self) {
        self.proxy.cut();
        for client in self.clients() {
            client.await_event("reconnecting");
        }
    }

    fn await_back(&mut self) {
        for client in self.clients() {
            let back = client.await_event("connected");
            assert_eq!(
                (&back["resumed"], &back["trust"]),
                (&json!(true), &json!("invite"))
            );
        }
    }
}

/// The texts of messages among these events, which end with a link that is back.
fn texts(events: &[Value]) -> impl Iterator<Item = &str> {
    let messages = events.iter().filter(|event| event["type"] == "message");
    messages.map(|event| event["text"].as_str().unwrap())
}

#[test]
fn a_restarted_mediator_is_not_noticed_and_leads_back_later() {
    let mut scene = scene();
    scene.both_say("before");
    let address = scene.mediator.address().to_owned();
    let stopped = std::mem::replace(&mut scene.mediator, Mediator::start());
    stopped.kill();
    scene.both_say("without a mediator");
    scene.mediator = Mediator::start_at(&address);
    scene.host.say("after");
    let events = scene
        .guest
        .events_until(|events| texts(events).any(|text| text == "after"));
    assert!(!events.iter().any(|event| event["type"] == "reconnecting"));
    scene.cut();
    scene.proxy.mend();
    scene.await_back();
    scene.both_say("again");
}

#[test]
fn twenty_cuts_lose_double_and_reorder_nothing() {
    const CUTS: usize = 20;
    const BETWEEN: usize = 50;
    let mut scene = scene();
    let mut got = [Vec::new(), Vec::new()];
    for round in 0..CUTS {
        // Every other time what is typed is on its way when the link is cut, or is
        // typed when it is down.
        if round % 2 == 1 {
            scene.proxy.cut();
        }
        for n in 0..BETWEEN {
            let n = round * BETWEEN + n;
            scene.host.say(&n.to_string());
            scene.guest.say(&n.to_string());
        }
        scene.proxy.cut();
        // And mended at once, or when it has been noticed.
        let noticed = |events: &[Value]| events.iter().any(|event| event["type"] == "reconnecting");
        let back = |events: &[Value]| events.iter().any(|event| event["resumed"] == true);
        if round % 3 != 0 {
            scene.proxy.mend();
        }
        for (client, got) in scene.clients().into_iter().zip(&mut got) {
            let events = client.events_until(|events| noticed(events) || back(events));
            got.extend(events);
        }
        scene.proxy.mend();
        for (client, got) in scene.clients().into_iter().zip(&mut got) {
            let since = got
                .iter()
                .rposition(|event: &Value| event["type"] == "reconnecting");
            if !back(&got[since.unwrap_or(0)..]) {
                got.extend(client.events_until(back));
            }
        }
    }
    let last = (CUTS * BETWEEN - 1).to_string();
    for (client, mut got) in scene.clients().into_iter().zip(got) {
        if !texts(&got).any(|text| text == last) {
            got.extend(client.events_until(|events| texts(events).any(|text| text == last)));
        }
        let all: Vec<String> = (0..CUTS * BETWEEN).map(|n| n.to_string()).collect();
        assert!(texts(&got).eq(all), "{:?}", texts(&got).collect::<Vec<_>>());
        let links = got.iter().filter(|event| event["resumed"] == true).count();
        assert!(links >= CUTS, "{links} links in {CUTS} cuts");
    }
}

#[test]
fn without_any_mediator_the_way_straight_back_is_found() {
    let mut scene = scene();
    let stopped = std::mem::replace(&mut scene.mediator, Mediator::start());
    stopped.kill();
    for _ in 0..3 {
        scene.cut();
        scene.proxy.mend();
        scene.await_back();
        scene.both_say("still here");
    }
}

#[test]
fn the_mediator_leads_back_where_the_old_address_does_not() {
    let mediator = Mediator::start();
    let proxies = [Proxy::start(), Proxy::start()];
    let homes = [Home::new(), Home::new()];
    let start = |home, name| Start::chat(home, &mediator.url, name, "lab#otter");
    let host = start(&homes[0], "ada").args(&["--advertise", &proxies[0].address()]);
    let host = host.args(&["--advertise", &proxies[1].address()]).run();
    host.await_event("waiting");
    let guest = start(&homes[1], "bob").run();
    let door = host.door();
    proxies.iter().for_each(|proxy| proxy.aim(&door));
    let first = guest.await_event("connected")["address"].clone();
    host.await_event("connected");
    let used = proxies.iter().find(|proxy| first == proxy.address());
    used.unwrap().cut();
    for client in [&host, &guest] {
        client.await_event("reconnecting");
    }
    let back = guest.await_event("connected");
    assert_eq!(back["resumed"], true);
    assert_ne!(back["address"], first);
}

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
        assert_eq!(lost["reason"], "no answer for 15 s");
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
        let clients = common::meet(start(&homes[0], "ada"), start(&homes[1], "bob"));
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
    let mediator = Mediator::start();
    let homes = [Home::new(), Home::new()];
    let [mut host, mut guest] = pair(&mediator, [&homes[0], &homes[1]]);
    guest.kill();
    host.await_event("reconnecting");
    host.say("one");
    host.say("/quit");
    let error = host.await_event("error");
    assert_eq!(error["code"], "undelivered");
    assert_eq!(host.exit_code(), 5);
}
