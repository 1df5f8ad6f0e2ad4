//! Text of others that would act on a terminal: inert on both outputs, whole in
//! JSON.

use std::io::Write;

use serde_json::Value;

use crate::common::acts::homes;
use crate::common::strings::{active, strings};
use crate::common::{Home, Lines, Mediator, Start};

fn inert(lines: &Lines) -> String {
    let text = lines.rest().join("\n");
    assert_eq!(active(&text, &["\n"]), None, "{text:?}");
    text
}

#[test]
fn messages_act_on_no_terminal() {
    let (mediator, homes) = (Mediator::start(), homes());
    let mut host = Start::human(&homes[0], &mediator.url, "ada", "lab").run();
    host.err.find(|line| line.contains("Waiting"), "waiting");
    let mut guest = Start::chat(&homes[1], &mediator.url, "bob", "lab").run();
    for text in strings() {
        guest.say(&text);
    }
    let invalid = b"ff\xff fe\xfe c0\xc0\x80 ed\xed\xa0\x80\n";
    guest.stdin.as_mut().unwrap().write_all(invalid).unwrap();
    guest.say("/\x1b[2J\u{9b}31m");
    guest.say("/verify \x1b[2J");
    guest.say("/trust \x1b[2J");
    guest.end_input();
    assert_eq!((guest.exit_code(), host.exit_code()), (0, 0));
    let out = inert(&host.out);
    let messages = out.lines().filter(|line| line.contains(" bob   ")).count();
    assert_eq!(messages, strings().len() + 1, "{out}");
    assert!(!out.contains("◆"), "our own sign stays ours: {out}");
    inert(&host.err);
    inert(&guest.out);
    inert(&guest.err);
}

#[test]
fn json_hands_messages_on_unchanged_and_acts_on_no_terminal() {
    let (mediator, homes) = (Mediator::start(), homes());
    let reader = Start::chat(&homes[0], &mediator.url, "ada", "lab").run();
    reader.await_event("waiting");
    let mut writer = Start::human(&homes[1], &mediator.url, "bob", "lab").run();
    let sent = strings();
    for text in &sent {
        writer.say(text);
    }
    writer.end_input();
    assert_eq!(writer.exit_code(), 0);
    let out = inert(&reader.out);
    let events: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for event in &events {
        assert!(event["v"] == 1 && event["type"].is_string(), "{event}");
    }
    let messages = events.iter().filter(|event| event["type"] == "message");
    // A line's own CR at its end is part of the line's end.
    let sent = sent
        .iter()
        .map(|text| text.strip_suffix('\r').unwrap_or(text));
    assert!(
        messages
            .map(|event| event["text"].as_str().unwrap())
            .eq(sent)
    );
}

#[test]
fn names_rooms_and_addresses_act_on_no_terminal() {
    let mediator = Mediator::start();
    for text in strings().iter().filter(|text| !text.contains('\0')) {
        let home = Home::new();
        let name = format!("--name={text}");
        let with = |arguments: &[&str]| Start::new(&home, arguments).args(&["--timeout", "1"]);
        let wrong = [
            with(&["chat", "lab", &name]),
            with(&["chat", text, "--name", "ada", "--mediator", "127.0.0.1:1"]),
            with(&["chat", "lab", "--name", "ada", "--mediator", text]),
            with(&["chat", "lab", "--name", "ada", "--bind", text]),
            Start::new(&home, &[text]),
            Start::new(&home, &["peers", "rename", text, "x"]),
            Start::new(&home, &["peers", "forget", text]),
        ];
        // A family is a name, and wide letters are a room: not all are refused.
        for start in wrong {
            let mut client = start.run();
            assert_ne!(client.exit_code(), 0, "{text:?}");
            inert(&client.out);
            inert(&client.err);
        }
    }
    drop(mediator);
}
