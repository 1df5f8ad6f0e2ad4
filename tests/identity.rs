//! Who is there: contacts, words, and the alarm at another key.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{Client, Home, Mediator, Start, meet};
use serde_json::Value;

const ROOM: &str = "lab#otter";

fn start(mediator: &Mediator, home: &Home, name: &str) -> Start {
    Start::chat(home, &mediator.url, name, ROOM)
}

/// ada, who waits, and bob: each with what it was told of the other one.
fn ada_and_bob(mediator: &Mediator, homes: &[Home; 2]) -> [(Client, Value); 2] {
    meet(
        start(mediator, &homes[0], "ada"),
        start(mediator, &homes[1], "bob"),
    )
}

fn homes() -> [Home; 2] {
    [Home::new(), Home::new()]
}

/// The words that this one reads out.
fn words(client: &mut Client) -> String {
    client.say("/verify");
    let event = client.await_event("words");
    let mine: Vec<_> = event["mine"].as_array().unwrap().iter().collect();
    assert_eq!(mine.len(), 4);
    mine.iter()
        .map(|word| word.as_str().unwrap())
        .collect::<Vec<_>>()
        .join(" ")
}

fn verify_both(clients: [&mut Client; 2]) {
    let [a, b] = clients;
    let (of_a, of_b) = (words(a), words(b));
    assert_ne!(of_a, of_b);
    a.say(&format!("/verify {of_b}"));
    b.say(&format!("/verify {}", of_a.to_uppercase()));
    for client in [a, b] {
        client.await_event("verified");
    }
}

fn quit(clients: [&mut Client; 2]) {
    let [a, b] = clients;
    a.say("/quit");
    b.await_event("left");
    assert_eq!((a.exit_code(), b.exit_code()), (0, 0));
}

/// Gives the person of this home another key, under the same name.
fn change_key(home: &Home) {
    fs::remove_file(home.data().join("identity")).unwrap();
}

fn peers(home: &Home) -> String {
    let (code, table, _) = Start::new(home, &["peers"]).finish(b"");
    assert_eq!(code, 0);
    table
}

#[test]
fn the_second_start_finds_the_contact_and_its_badge() {
    let (mediator, homes) = (Mediator::start(), homes());
    for trust in ["invite", "invite", "verified"] {
        let [(mut host, host_saw), (mut guest, guest_saw)] = ada_and_bob(&mediator, &homes);
        assert_eq!(
            (&host_saw["peer"], &guest_saw["peer"]),
            (&"bob".into(), &"ada".into())
        );
        for saw in [&host_saw, &guest_saw] {
            assert_eq!(
                (&saw["trust"], &saw["resumed"]),
                (&trust.into(), &false.into())
            );
        }
        if peers(&homes[0]).lines().count() == 3 {
            verify_both([&mut host, &mut guest]);
        }
        quit([&mut host, &mut guest]);
    }
    assert_eq!(
        peers(&homes[0]).matches(" verified ").count(),
        2,
        "{}",
        peers(&homes[0])
    );
    assert_eq!(peers(&homes[1]).matches("ada").count(), 3);
}

#[test]
fn wrong_words_twice_end_the_chat() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [(mut host, _), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    let own = words(&mut host);
    host.say(&format!("/verify {own}"));
    assert_eq!(host.await_event("error")["code"], "wrong-words");
    guest.say("still here");
    assert_eq!(host.await_message(), "still here");
    host.say("/verify y");
    assert_eq!(host.await_event("error")["code"], "wrong-words");
    assert_eq!(host.exit_code(), 6);
    guest.await_event("left");
    assert_eq!(guest.exit_code(), 0);
    assert!(!peers(&homes[0]).contains(" verified "));
}

#[test]
fn a_changed_key_raises_the_alarm_and_nothing_is_said() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [(mut host, _), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    quit([&mut host, &mut guest]);
    change_key(&homes[1]);
    let mut host = start(&mediator, &homes[0], "ada").run();
    host.await_event("waiting");
    host.say("typed ahead");
    let mut guest = start(&mediator, &homes[1], "bob").run();
    let alarm = host.await_event("alarm");
    assert_eq!(
        (&alarm["kind"], &alarm["peer"]),
        (&"name-known".into(), &"bob".into())
    );
    assert_ne!(alarm["was"], alarm["is"]);
    host.say("typed into it");
    guest.await_event("connected");
    guest.say("it is really me");
    for _ in 0..2 {
        assert_eq!(host.await_event("error")["code"], "shut");
    }
    host.say("/quit");
    assert_eq!(host.exit_code(), 6);
    let heard = |client: &Client| client.out.rest().concat().contains("\"message\",\"id\"");
    assert_eq!(guest.exit_code(), 5, "its line was not taken");
    assert!(!heard(&host) && !heard(&guest));
    let table = peers(&homes[0]);
    let [first, last] = [table.lines().nth(1).unwrap(), table.lines().nth(2).unwrap()];
    let marked = [first, last]
        .iter()
        .filter(|line| line.starts_with("bob*"))
        .count();
    assert!(marked == 1 && table.contains("another key"), "{table}");
}

#[test]
fn an_alarm_is_overruled_by_the_words_of_the_key_that_is_there_only() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [(mut host, _), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    quit([&mut host, &mut guest]);
    change_key(&homes[1]);
    let mut host = start(&mediator, &homes[0], "ada").run();
    host.await_event("waiting");
    let mut guest = start(&mediator, &homes[1], "bob").run();
    guest.say("first");
    let alarm = host.await_event("alarm");
    let two = |key: &Value| {
        key.as_str()
            .unwrap()
            .split('-')
            .take(2)
            .collect::<Vec<_>>()
            .join("-")
    };
    for wrong in [
        "",
        "yes",
        &two(&alarm["was"]),
        two(&alarm["is"]).split('-').next().unwrap(),
    ] {
        host.say(&format!("/trust {wrong}"));
        assert_eq!(host.await_event("error")["code"], "trust");
    }
    host.say(alarm["override_by"].as_str().unwrap());
    host.say("welcome back");
    assert_eq!(host.await_message(), "first");
    assert_eq!(guest.await_message(), "welcome back");
    quit([&mut host, &mut guest]);
    let [(_host, saw), _guest] = ada_and_bob(&mediator, &homes);
    assert_eq!(
        (&saw["peer"], &saw["trust"]),
        (&"bob".into(), &"invite".into())
    );
}

#[test]
fn words_that_match_end_the_alarm() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [(mut host, _), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    quit([&mut host, &mut guest]);
    change_key(&homes[1]);
    let [(mut host, _), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    host.await_event("alarm");
    verify_both([&mut host, &mut guest]);
    host.say("so it is you");
    assert_eq!(guest.await_message(), "so it is you");
    quit([&mut host, &mut guest]);
}

/// What a contact of ada's meets her by, and what she is told of the next one.
fn alarm_at(contact: [&str; 2], next: [&str; 2]) -> Value {
    let mediator = Mediator::start();
    let homes = [Home::new(), Home::new(), Home::new()];
    let come = |home, [name, room]: [&str; 2]| Start::chat(home, &mediator.url, name, room);
    let ada = |room: &str| come(&homes[0], ["ada", room]);
    let [(mut host, _), (mut guest, _)] = meet(ada(contact[1]), come(&homes[1], contact));
    quit([&mut host, &mut guest]);
    let [(host, _), _guest] = meet(ada(next[1]), come(&homes[2], next));
    host.await_event("alarm")
}

#[test]
fn a_stranger_in_the_way_of_a_contact_raises_the_alarm() {
    let same_name = alarm_at(["bob", "lab#x"], ["bob", "attic#y"]);
    assert_eq!(
        (&same_name["kind"], &same_name["peer"]),
        (&"name-known".into(), &"bob".into())
    );
    let same_room = alarm_at(["bob", "lab#x"], ["carol", "lab#x"]);
    assert_eq!(
        (&same_room["kind"], &same_room["peer"]),
        (&"room-known".into(), &"bob".into())
    );
    // Latin letters, and Cyrillic ones.
    let lookalike = alarm_at(["coco", "lab#x"], ["сосо", "attic#y"]);
    assert_eq!(
        (&lookalike["kind"], &lookalike["peer"]),
        (&"name-known".into(), &"coco".into())
    );
}

#[test]
fn a_name_that_mixes_scripts_is_refused() {
    let home = Home::new();
    for name in [
        "b\u{43e}b",
        "al\u{200b}ice",
        "bob ✓",
        "you",
        "◆",
        "",
        " ",
        "-n",
    ] {
        let arguments = ["chat", "lab", &format!("--name={name}")];
        let (code, out, err) = Start::new(&home, &arguments).finish(b"");
        assert_eq!((code, out.as_str()), (2, ""), "{name:?}: {err}");
        assert!(!err.contains('\u{200b}'), "{err}");
    }
}

#[test]
fn require_verified_keeps_the_chat_shut_until_the_words_are_compared() {
    let (mediator, homes) = (Mediator::start(), homes());
    let required = || start(&mediator, &homes[0], "ada").args(&["--require-verified"]);
    let [(mut host, _), (mut guest, _)] = meet(required(), start(&mediator, &homes[1], "bob"));
    assert_eq!(host.await_event("alarm")["kind"], "not-verified");
    host.say("too early");
    assert_eq!(host.await_event("error")["code"], "shut");
    guest.say("patience");
    verify_both([&mut host, &mut guest]);
    assert_eq!(host.await_message(), "patience");
    guest.await_event("delivered");
    quit([&mut host, &mut guest]);
    let [(mut host, saw), (mut guest, _)] = meet(required(), start(&mediator, &homes[1], "bob"));
    assert_eq!(saw["trust"], "verified");
    host.say("at once");
    assert_eq!(guest.await_message(), "at once");
    quit([&mut host, &mut guest]);
}

#[test]
fn two_terminals_of_one_person_are_told_so() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let met = meet(
        start(&mediator, &home, "ada"),
        start(&mediator, &home, "laptop"),
    );
    for (_, saw) in &met {
        assert_eq!(saw["yourself"], true, "{saw}");
    }
    let [(mut host, _), (mut guest, _)] = met;
    guest.say("note to self");
    assert_eq!(host.await_message(), "note to self");
    quit([&mut host, &mut guest]);
}

#[test]
fn secrets_are_kept_to_one_closed_file() {
    let (mediator, homes) = (Mediator::start(), homes());
    let room = "lab#zyzzyva-quokka";
    let come = |home, name| Start::chat(home, &mediator.url, name, room);
    let [(mut host, _), (mut guest, _)] = meet(come(&homes[0], "ada"), come(&homes[1], "bob"));
    verify_both([&mut host, &mut guest]);
    host.say("/who");
    host.await_event("who");
    quit([&mut host, &mut guest]);
    let mut said: Vec<_> = [&host, &guest].map(|who| who.out.rest()).concat();
    said.extend([&host, &guest].map(|who| who.err.rest()).concat());
    for home in &homes {
        assert_eq!(mode(&home.data()), 0o700);
        let key = fs::read_to_string(home.data().join("identity")).unwrap();
        let key = key.trim();
        assert_eq!(key.len(), 64);
        for entry in fs::read_dir(home.data()).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{path:?}");
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.contains("zyzzyva"), "{path:?}: {text}");
            assert_eq!(text.contains(key), path.ends_with("identity"), "{path:?}");
        }
        let told = |line: &String| line.contains(key) || line.contains("zyzzyva");
        assert!(!said.iter().any(told), "{said:#?}");
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
