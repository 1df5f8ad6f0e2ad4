//! One of two starts anew, as after a crash, and they meet again by themselves.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::common::acts::{
    ROOM, ada_and_bob, apart, homes, quit, relayed, relaying, start, talking,
};
use crate::common::{Client, Home, Mediator, Start, free_port, meet};

const NAMES: [&str; 2] = ["ada", "bob"];

/// Both are told: who was lost, in a new session; who starts anew, at once.
fn assert_back(lost: &Client, anew: &Client, trust: &str) -> [Value; 2] {
    [(lost, true), (anew, false)].map(|(client, resumed)| {
        let back = client.await_that("the other person", |event| {
            assert_ne!(event["type"], "error", "{event}");
            event["type"] == "connected"
        });
        assert_eq!(back["again"], true, "{back}");
        assert_eq!(back["resumed"], resumed, "{back}");
        assert_eq!(back["trust"], trust, "{back}");
        back
    })
}

fn hear(client: &Client, id: u64, text: &str, resent: bool) {
    let message = client.await_event("message");
    assert_eq!(message["id"], id, "{message}");
    assert_eq!(message["text"], text, "{message}");
    assert_eq!(
        message.get("resent") == Some(&json!(true)),
        resent,
        "{message}"
    );
}

/// Host and guest, of which `victim` has been killed, and that the other one knows.
fn bereft(mediator: &Mediator, homes: &[Home; 2], victim: usize) -> Client {
    let mut clients = Vec::from(ada_and_bob(mediator, homes).map(|(client, _)| client));
    homes.iter().for_each(|home| home.await_contacts(1));
    clients.remove(victim).kill();
    let lost = clients.remove(0);
    lost.await_event("reconnecting");
    lost
}

#[test]
fn after_a_crash_of_either_what_was_queued_goes_out_and_what_may_come_twice_is_marked() {
    for victim in [0, 1] {
        let mediator = Mediator::start();
        let homes = homes();
        let mut clients = Vec::from(ada_and_bob(&mediator, &homes).map(|(client, _)| client));
        homes.iter().for_each(|home| home.await_contacts(1));
        let mut victims = clients.remove(victim);
        let mut lost = clients.remove(0);
        lost.say("first");
        hear(&victims, 1, "first", false);
        assert_eq!(lost.await_event("delivered")["id"], 1);
        victims.say("hello");
        hear(&lost, 1, "hello", false);
        // This one goes out, and whether it was shown nobody can know.
        victims.signal(Signal::SIGSTOP);
        lost.say("in its sleep");
        lost.say("/who");
        assert_eq!(lost.await_event("who")["queued"], 1);
        victims.kill();
        lost.await_event("reconnecting");
        lost.say("and meanwhile");
        assert_eq!(lost.await_event("queued")["id"], 3);

        let mut anew = start(&mediator, &homes[victim], NAMES[victim]).run();
        assert_back(&lost, &anew, "invite");
        hear(&anew, 1, "in its sleep", true);
        hear(&anew, 2, "and meanwhile", false);
        for id in [2, 3] {
            assert_eq!(lost.await_event("delivered")["id"], id);
        }
        lost.say("there you are");
        hear(&anew, 3, "there you are", false);
        assert_eq!(lost.await_event("delivered")["id"], 4);
        anew.say("back");
        hear(&lost, 2, "back", false);
        assert_eq!(anew.await_event("delivered")["id"], 1);
        quit([&mut lost, &mut anew]);
    }
}

#[test]
fn one_after_the_other_crashes_and_each_time_they_meet_again() {
    let (mediator, homes, mut clients) = talking();
    homes.iter().for_each(|home| home.await_contacts(1));
    for round in 0..4 {
        let victim = round % 2;
        clients[victim].kill();
        clients[victim] = start(&mediator, &homes[victim], NAMES[victim]).run();
        let [lost, anew] = [1 - victim, victim];
        assert_back(&clients[lost], &clients[anew], "invite");
        for (from, to) in [(lost, anew), (anew, lost)] {
            let text = format!("{from} in round {round}");
            clients[from].say(&text);
            assert_eq!(clients[to].await_message(), text);
            // Or the crash comes before the acknowledgement, and it is said again.
            clients[from].await_event("delivered");
        }
    }
}

#[test]
fn the_link_of_a_new_session_is_resumed_like_any_other() {
    let (mediator, homes) = (Mediator::start(), homes());
    let lost = bereft(&mediator, &homes, 1);
    let anew = start(&mediator, &homes[1], "bob").run();
    assert_back(&lost, &anew, "invite");
    // Without a word from either the link is thought dead, and neither started anew.
    for suspended in [&lost, &anew] {
        suspended.signal(Signal::SIGSTOP);
    }
    let mut clients = [lost, anew];
    clients[0].say("are you there?");
    clients[0].signal(Signal::SIGCONT);
    clients[0].await_event("reconnecting");
    clients[1].signal(Signal::SIGCONT);
    let back = clients[0].await_event("connected");
    assert_eq!(
        (&back["resumed"], &back["again"]),
        (&json!(true), &json!(false))
    );
    hear(&clients[1], 1, "are you there?", false);
}

#[test]
fn who_is_back_before_the_loss_is_noticed_waits_and_is_met() {
    // As after a power cut: no FIN tells that the peer is gone.
    let (mediator, homes, [mut ada, bob]) = talking();
    homes.iter().for_each(|home| home.await_contacts(1));
    bob.signal(Signal::SIGSTOP);
    let anew = start(&mediator, &homes[1], "bob").run();
    anew.await_event("waiting");
    ada.say("are you there?");
    assert_back(&ada, &anew, "invite");
    hear(&anew, 1, "are you there?", true);
}

#[test]
fn after_a_crash_of_both_they_meet_in_their_room() {
    let (mediator, homes, [mut ada, mut bob]) = talking();
    ada.kill();
    bob.kill();
    for (_, connected) in ada_and_bob(&mediator, &homes) {
        assert_eq!(connected["again"], false);
        assert_eq!(connected["trust"], "invite");
    }
}

#[test]
fn a_crash_of_who_ran_the_mediator_too() {
    let port = free_port().to_string();
    let homes = homes();
    let at_home = |n: usize| {
        let start = Start::new(&homes[n], &["chat", "--json", "--bind", "127.0.0.1"]);
        let mut start = start.args(&["--name", NAMES[n], "--local-port", &port]);
        start.command.env("UNDERTONE_ROOM", ROOM);
        start
    };
    let [(mut ada, _), (mut bob, _)] = meet(at_home(0), at_home(1));
    homes.iter().for_each(|home| home.await_contacts(1));
    ada.kill();
    bob.say("still there?");
    let mut ada = at_home(0).run();
    assert_back(&bob, &ada, "invite");
    assert_eq!(ada.await_message(), "still there?");
    // Nobody waits for whom one talks to, and a mediator that goes is no loss.
    quit([&mut bob, &mut ada]);
}

#[test]
fn three_who_use_one_room_and_no_attempt_is_spent() {
    let mediator = Mediator::start();
    let homes: Vec<Home> = (0..3).map(|_| Home::new()).collect();
    let come = |n: usize| start(&mediator, &homes[n], ["ada", "bob", "carol"][n]);
    // Somebody else in a room is an alarm, for who has met another one there.
    let meet = |one: usize, other: usize| {
        meet(come(one), come(other)).map(|(mut client, met)| {
            if met["type"] == "alarm" {
                client.say(met["override_by"].as_str().unwrap());
                client.await_event("connected");
            }
            client
        })
    };
    for [one, other] in [[0, 2], [1, 2]] {
        let [mut one, mut other] = meet(one, other);
        quit([&mut one, &mut other]);
    }
    let [ada, mut bob] = meet(0, 1);
    homes.iter().for_each(|home| home.await_contacts(2));
    bob.kill();
    ada.await_event("reconnecting");
    // She knows both, and waits for both: ada waits for bob alone.
    let mut carol = come(2).run();
    carol.await_event("waiting");
    let mut bob = come(1).run();
    for (client, peer) in [(&bob, "carol"), (&carol, "bob")] {
        let connected = client.event();
        let connected = match connected["type"] == "waiting" {
            true => client.event(),
            false => connected,
        };
        assert_eq!(connected["peer"], peer, "{connected}");
        assert_eq!(connected["again"], false, "{connected}");
    }
    quit([&mut bob, &mut carol]);
    let bob = come(1).run();
    assert_back(&ada, &bob, "invite");
}

#[test]
fn who_comes_with_another_key_is_not_met_again() {
    let (mediator, homes) = (Mediator::start(), homes());
    let ada = bereft(&mediator, &homes, 1);
    let posing = Home::new();
    let posing = start(&mediator, &posing, "bob").args(&["--timeout", "4"]);
    let mut posing = posing.run();
    assert_eq!(posing.exit_code(), 4);
    let bob = start(&mediator, &homes[1], "bob").run();
    let back = ada.event();
    assert_eq!(
        (&back["type"], &back["again"]),
        (&json!("connected"), &json!(true))
    );
    bob.await_event("connected");
}

#[test]
fn another_terminal_of_ones_own_is_no_contact() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let both = [(); 2].map(|()| start(&mediator, &home, "ada"));
    let [one, other] = both;
    let [(one, _), (mut other, _)] = meet(one, other);
    other.kill();
    let note = one.await_event("note");
    assert!(
        note["message"].as_str().unwrap().contains("starts anew"),
        "{note}"
    );
    let anew = start(&mediator, &home, "ada").args(&["--timeout", "4"]);
    assert_eq!(anew.run().exit_code(), 4);
}

#[test]
fn a_secret_that_nobody_was_asked_for_proves_nothing() {
    let (mediator, homes) = (Mediator::start(), homes());
    let open = |n: usize| Start::chat(&homes[n], &mediator.url, NAMES[n], "lab");
    let [(ada, _), (mut bob, _)] = meet(open(0), open(1));
    homes.iter().for_each(|home| home.await_contacts(1));
    bob.kill();
    ada.await_event("reconnecting");
    let bob = start(&mediator, &homes[1], "bob").run();
    assert_back(&ada, &bob, "unverified");
}

#[test]
fn only_who_is_verified_is_let_in_where_that_is_asked_for() {
    let (mediator, homes) = (Mediator::start(), homes());
    let ada = bereft(&mediator, &homes, 1);
    let strict = start(&mediator, &homes[1], "bob").args(&["--require-verified"]);
    let strict = strict.run();
    assert_eq!(strict.await_event("alarm")["kind"], "not-verified");
    assert_eq!(ada.await_event("connected")["again"], true);
}

#[test]
fn met_again_by_relay() {
    let mediator = relaying();
    let homes = homes();
    let [ada, mut bob] = relayed(&mediator, &homes);
    homes.iter().for_each(|home| home.await_contacts(1));
    bob.kill();
    ada.await_event("reconnecting");
    let bob = apart(&mediator, &homes[1], "bob", "always").run();
    for back in assert_back(&ada, &bob, "invite") {
        assert_eq!(back["path"], "relay", "{back}");
    }
}

#[test]
fn met_again_at_the_one_port_that_was_named() {
    let (mediator, homes) = (Mediator::start(), homes());
    let bind = format!("127.0.0.1:{}", free_port());
    let named = Start::new(&homes[0], &["chat", "--json", "--bind", &bind]);
    let mut named = named.args(&["--name", "ada", "--mediator", &mediator.url]);
    named.command.env("UNDERTONE_ROOM", ROOM);
    // Nobody can dial bob, so that every link goes to ada at that port, where
    // the session before is awaited too.
    let bob = || start(&mediator, &homes[1], "bob").dials_only();
    let [(ada, _), (mut lost, _)] = meet(named, bob());
    homes.iter().for_each(|home| home.await_contacts(1));
    lost.kill();
    ada.await_event("reconnecting");
    assert_back(&ada, &bob().run(), "invite");
}
