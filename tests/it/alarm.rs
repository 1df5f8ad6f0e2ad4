//! Another key than expected: the chat stays blocked, and nothing is said.

use std::fs;

use serde_json::{Value, json};

use crate::common::acts::{ada_and_bob, homes, peers, quit, start, verify_both};
use crate::common::{Client, Home, Mediator, Start, meet};

/// Gives the person of this home another key, under the same name.
fn change_key(home: &Home) {
    fs::remove_file(home.data().join("identity")).unwrap();
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
    guest.say("/who");
    assert_eq!(guest.await_event("who")["queued"], 1);
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
fn where_there_is_no_alarm_nothing_asks_to_be_trusted() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [(mut host, _), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    for command in ["/trust", "/trust absurd adroitness", "/trust yes"] {
        host.say(command);
        let error = host.await_event("error");
        assert_eq!(error["code"], "trust");
        assert_eq!(error["message"], "nothing asks to be trusted");
    }
    quit([&mut host, &mut guest]);
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
    let note = guest.await_event("note");
    let withheld =
        "ada is there, but has not let you in yet, or is not looking; what you said is kept";
    assert_eq!(note["message"], withheld);
    let alarm = host.await_event("alarm");
    // The words are those of the new key that differ, and no more of it is on the screen.
    let [was, is] = ["was", "is"].map(|key| {
        let words = alarm[key].as_str().unwrap().split('-');
        words.map(str::to_owned).collect::<Vec<_>>()
    });
    assert_eq!((was.len(), is.len()), (16, 16));
    let places = alarm["override_words"].as_array().unwrap();
    let places: Vec<_> = places
        .iter()
        .map(|n| n.as_u64().unwrap() as usize - 1)
        .collect();
    assert_eq!(places.len(), 6);
    assert!(places.iter().all(|at| was[*at] != is[*at]));
    let at_places = |words: &[String]| {
        let words: Vec<_> = places.iter().map(|at| words[*at].as_str()).collect();
        words.join(" ")
    };
    let asked = at_places(&is);
    assert_eq!(alarm["override_by"], format!("/trust {asked}"));
    for wrong in [
        "",
        "yes",
        &at_places(&was),
        &is[..2].join(" "),
        asked.rsplit_once(' ').unwrap().0,
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
    let [(mut host, saw), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    assert_eq!(saw["type"], "alarm");
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
    let [(_host, alarm), _guest] = meet(ada(next[1]), come(&homes[2], next));
    assert_eq!(alarm["type"], "alarm");
    alarm
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
fn a_name_that_a_contact_gave_raises_the_alarm_whatever_we_call_it() {
    let mediator = Mediator::start();
    let homes = [Home::new(), Home::new(), Home::new()];
    let come = |home, name, room| Start::chat(home, &mediator.url, name, room);
    let bob = |room| come(&homes[0], "bob", room);
    let [(mut host, _), (mut guest, _)] = meet(bob("lab#x"), come(&homes[1], "ada", "lab#x"));
    quit([&mut host, &mut guest]);
    let renamed = Start::new(&homes[0], &["peers", "rename", "ada", "boss"]);
    assert_eq!(renamed.finish(b"").0, 0);
    for name in ["ada", "ada.", "ada (work)", "a-da 2"] {
        let [(mut host, alarm), _guest] = meet(bob("attic#y"), come(&homes[2], name, "attic#y"));
        assert_eq!(
            [
                &alarm["type"],
                &alarm["kind"],
                &alarm["peer"],
                &alarm["name"]
            ],
            [
                &json!("alarm"),
                &json!("name-known"),
                &json!("boss"),
                &json!(name)
            ]
        );
        host.say("/quit");
        assert_eq!(host.exit_code(), 6);
    }
    // Somebody whose name only looks like hers may be let in, and does not take her place.
    let [(mut host, alarm), (mut guest, _)] =
        meet(bob("attic#y"), come(&homes[2], "ada.", "attic#y"));
    host.say(alarm["override_by"].as_str().unwrap());
    host.await_event("connected");
    quit([&mut host, &mut guest]);
    let [(_host, saw), _guest] = meet(bob("lab#x"), come(&homes[1], "ada", "lab#x"));
    assert_eq!(
        (&saw["type"], &saw["peer"]),
        (&json!("connected"), &json!("boss"))
    );
}
