//! A conversation outlives its links, its mediator and a suspended peer.

use serde_json::Value;

use crate::common::acts::await_peers;
use crate::common::proxy::Proxy;
use crate::common::scene::{scene, texts};
use crate::common::{Home, Mediator, Start, pair_through};

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
    let guest = start(&homes[1], "bob").dials_only().run();
    let host_address = host.listens_at();
    proxies.iter().for_each(|proxy| proxy.aim(&host_address));
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
fn after_a_relay_the_history_is_right_and_the_address_from_before_leads_back() {
    let mediator = Mediator::start_with(&["--relay"]);
    let (proxy, homes) = (Proxy::start(), [Home::new(), Home::new()]);
    let start = |home, name| {
        let start = Start::chat(home, &mediator.url, name, "lab#otter");
        start.args(&["--relay", "always"])
    };
    let clients = pair_through(&proxy, start(&homes[0], "ada"), start(&homes[1], "bob"));
    let resumed = |path: &str| {
        for (client, home) in clients.iter().zip(&homes) {
            assert_eq!(client.await_event("connected")["path"], path);
            await_peers(home, path);
        }
    };
    proxy.cut();
    resumed("relay");
    // Nothing but the guest's memory leads back now.
    mediator.kill();
    for client in &clients {
        client.await_event("reconnecting");
    }
    proxy.mend();
    resumed("direct");
}
