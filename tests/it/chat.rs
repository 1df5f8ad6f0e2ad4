//! Two people talk: the real programs, end to end.

use serde_json::{Value, json};

use crate::common::acts::talking;
use crate::common::{Home, Mediator, Start};

/// Bytes of the longest message.
const LONGEST: usize = 16 * 1024;

#[test]
fn two_clients_talk_both_ways_and_leave() {
    let (_mediator, _homes, [mut host, mut guest]) = talking();
    host.say("hello 世界 👩‍👩‍👧‍👦");
    guest.say("naïve");
    assert_eq!(guest.await_message(), "hello 世界 👩‍👩‍👧‍👦");
    assert_eq!(host.await_message(), "naïve");
    host.say("/quit");
    assert_eq!(guest.await_event("left")["reason"], "quit");
    assert_eq!(host.exit_code(), 0);
    assert_eq!(guest.exit_code(), 0);
}

#[test]
fn a_message_of_16_kib_passes_and_a_longer_one_is_refused() {
    let (_mediator, _homes, [mut host, mut guest]) = talking();
    let ascii = "x".repeat(LONGEST);
    let wide = "世".repeat(LONGEST / 3) + "y";
    assert_eq!(wide.len(), LONGEST);
    for text in [&ascii, &format!("{ascii}x"), &format!("{wide}z"), &wide] {
        host.say(text);
        guest.say(text);
    }
    for line in ["end", "/who"] {
        host.say(line);
        guest.say(line);
    }
    for client in [&host, &guest] {
        let has = |events: &[Value], kind| events.iter().any(|event| event["type"] == kind);
        let events = client.events_until(|events| {
            has(events, "who") && events.iter().any(|event| event["text"] == "end")
        });
        let all = |kind: &str, field: &str| -> Vec<Value> {
            let of_kind = events.iter().filter(|event| event["type"] == kind);
            of_kind.map(|event| event[field].clone()).collect()
        };
        assert_eq!(all("error", "code"), ["too-long", "too-long"]);
        assert_eq!(all("message", "id"), [1, 2, 3]);
        assert!(all("message", "text") == [ascii.as_str(), &wide, "end"]);
    }
}

#[test]
fn a_burst_both_ways_at_once_arrives_in_order() {
    const MANY: u64 = 2_000;
    let (_mediator, _homes, [mut host, mut guest]) = talking();
    host.say_all((1..=MANY).map(|n| format!("host {n}")));
    guest.say_all((1..=MANY).map(|n| format!("guest {n}")));
    for (client, other) in [(&host, "guest"), (&guest, "host")] {
        let (mut messages, mut delivered) = (0, 0);
        while messages < MANY || delivered < MANY {
            let event = client.event();
            match event["type"].as_str().unwrap() {
                "message" => {
                    messages += 1;
                    assert_eq!(event["id"], messages);
                    assert_eq!(event["text"], format!("{other} {messages}"));
                }
                "delivered" => {
                    delivered += 1;
                    assert_eq!(event["id"], delivered);
                }
                _ => panic!("{event}"),
            }
        }
    }
}

#[test]
fn commands_are_obeyed_and_never_sent() {
    let (_mediator, _homes, [mut host, guest]) = talking();
    for line in [
        "",
        "/qiut",
        "/polka",
        "/who",
        "/help",
        "/verify x",
        "//quit",
        "  /quit",
        "end",
    ] {
        host.say(line);
    }
    let said = || {
        let event = host.event();
        let text = event["hint"].as_str().or(event["message"].as_str());
        (
            event["type"].as_str().unwrap().to_owned(),
            text.unwrap_or("").to_owned(),
            event,
        )
    };
    let (kind, hint, _) = said();
    assert!(
        kind == "error" && hint.contains("Did you mean /quit?") && hint.contains("//qiut"),
        "{hint}"
    );
    let (kind, hint, _) = said();
    assert!(
        kind == "error" && hint.contains("/help") && hint.contains("//polka"),
        "{hint}"
    );
    let (kind, _, who) = said();
    assert!(
        kind == "who" && who["peer"] == "bob" && who["trust"] == "invite",
        "{who}"
    );
    assert_eq!(who["fingerprint"].as_str().unwrap().split('-').count(), 16);
    let (kind, help, _) = said();
    let named = ["/verify", "/who", "/peers", "/quit", "//"]
        .iter()
        .all(|c| help.contains(c));
    assert!(kind == "note" && named, "{help}");
    assert_eq!(said().2["code"], "not-words");
    let texts: Vec<_> = (0..3).map(|_| guest.await_message()).collect();
    assert_eq!(texts, ["/quit", "  /quit", "end"]);
}

#[test]
fn a_line_typed_while_waiting_is_said_when_the_other_one_comes() {
    let mediator = Mediator::start();
    let homes = [Home::new(), Home::new()];
    let mut host = Start::chat(&homes[0], &mediator.url, "ada", "lab").run();
    host.await_event("waiting");
    host.say("are you there?");
    let guest = Start::chat(&homes[1], &mediator.url, "bob", "lab").run();
    let message: Value = guest.await_event("message");
    assert_eq!(
        (&message["from"], &message["text"]),
        (&json!("ada"), &json!("are you there?"))
    );
}
