//! How two people find each other: rooms, secrets, invites.

use data_encoding::BASE64;

use crate::common::console::{self, talk};
use crate::common::{Client, Home, Mediator, Start, meet, pair};

/// One who comes with the wrong secret: told so, and out.
fn fail_with(mediator: &Mediator, room: &str) {
    let home = Home::new();
    let mut wrong = Start::chat(&home, &mediator.url, "eve", room).run();
    let error = wrong.await_event("error");
    assert_eq!(error["code"], "secret", "{error}");
    let text = [&error["message"], &error["hint"]].map(|text| text.as_str().unwrap().to_owned());
    assert!(text.concat().contains("This attempt is spent"), "{error}");
    assert_eq!(wrong.exit_code(), 6);
    assert!(!wrong.out.rest().concat().contains("connected"));
}

/// The one who waits is told of a spent attempt.
fn told_spent(host: &Client, left: &str) {
    let error = host.event();
    assert_eq!(
        (&error["type"], &error["code"]),
        (&"error".into(), &"spent".into())
    );
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.contains("This attempt is spent") && hint.contains(left),
        "{error}"
    );
}

#[test]
fn three_wrong_secrets_kill_the_invite() {
    for (right, wrong) in [
        ("lab#otter", "lab#badger"),
        ("lab#otter", "lab"),
        ("lab", "lab#otter"),
    ] {
        let (mediator, home) = (Mediator::start(), Home::new());
        let mut host = Start::chat(&home, &mediator.url, "ada", right).run();
        host.await_event("waiting");
        for left in ["2 left", "1 left"] {
            fail_with(&mediator, wrong);
            told_spent(&host, left);
        }
        fail_with(&mediator, wrong);
        let error = host.event();
        assert_eq!(
            (&error["type"], &error["code"]),
            (&"error".into(), &"secret".into())
        );
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("invite is dead"),
            "{error}"
        );
        assert_eq!(host.exit_code(), 6);
    }
}

#[test]
fn after_two_wrong_secrets_the_right_one_still_connects() {
    let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
    let mut host = Start::chat(&homes[0], &mediator.url, "ada", "lab#otter").run();
    host.await_event("waiting");
    for left in ["2 left", "1 left"] {
        fail_with(&mediator, "lab#badger");
        told_spent(&host, left);
    }
    let guest = Start::chat(&homes[1], &mediator.url, "bob", " LAB#Otter ").run();
    guest.await_event("connected");
    host.await_event("connected");
    host.say("hello");
    assert_eq!(guest.await_message(), "hello");
}

#[test]
fn a_person_is_told_of_a_spent_attempt_too() {
    let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
    let host = Start::human(&homes[0], &mediator.url, "ada", "lab#otter").run();
    host.err
        .find(|line| line.contains("Waiting in room lab"), "waiting");
    let wrong = Start::human(&homes[1], &mediator.url, "bob", "lab#badger");
    let (code, out, err) = wrong.finish(b"hello\n");
    assert_eq!((code, out.as_str()), (6, ""));
    let words: Vec<&str> = err.split_whitespace().collect();
    let told = words.join(" ").contains("This attempt is spent");
    assert!(err.contains("error: ") && told, "{err}");
    host.err
        .find(|line| line.contains("spent; 2 left"), "spent");
}

#[test]
fn who_gave_no_secret_is_told_to_take_the_whole_invite() {
    for rooms in [["lab#otter", "lab"], ["lab", "lab#otter"]] {
        let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
        let host = Start::chat(&homes[0], &mediator.url, "ada", rooms[0]).run();
        host.await_event("waiting");
        let guest = Start::chat(&homes[1], &mediator.url, "bob", rooms[1]).run();
        for (who, room) in [host, guest].iter().zip(rooms) {
            let error = who.await_event("error");
            let told = format!("{} {}", error["message"], error["hint"]);
            let gave_none = !room.contains('#');
            assert_eq!(told.contains("none was given here"), gave_none, "{told}");
            assert_eq!(told.contains("Take the whole invite"), gave_none, "{told}");
            assert_eq!(told.contains("typed it wrong"), !gave_none, "{told}");
        }
    }
}

#[test]
fn a_third_one_in_the_room_waits_for_a_fourth() {
    let mediator = Mediator::start();
    let homes: Vec<Home> = (0..4).map(|_| Home::new()).collect();
    let come = |n: usize| Start::chat(&homes[n], &mediator.url, &format!("no {n}"), "lab#otter");
    let [(mut first, _), (second, _)] = meet(come(0), come(1));
    let third = come(2).run();
    third.await_event("waiting");
    first.say("still you?");
    assert_eq!(second.await_message(), "still you?");
    let fourth = come(3).run();
    assert_eq!(fourth.await_event("connected")["peer"], "no 2");
    assert_eq!(third.await_event("connected")["peer"], "no 3");
}

#[test]
fn who_waits_alone_leaves_at_the_timeout() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let alone = Start::chat(&home, &mediator.url, "ada", "lab").args(&["--timeout", "1"]);
    let (code, out, _) = alone.finish(b"");
    assert_eq!(code, 4);
    assert!(
        out.lines().last().unwrap().contains("\"code\":\"nobody\""),
        "{out}"
    );
}

#[test]
fn a_made_up_room_is_reached_by_its_invite() {
    for long in [false, true] {
        let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
        let host = Start::chat(&homes[0], &mediator.url, "ada", "");
        let host = host.args(if long { &["--long"] } else { &[] }).run();
        let waiting = host.await_event("waiting");
        let invite = waiting["invite"].as_str().unwrap();
        assert!(
            invite.starts_with(&format!("{}/#", mediator.url)),
            "{invite}"
        );
        assert_eq!(invite.split('#').nth(1), waiting["room"].as_str());
        let mut guest = Start::new(&homes[1], &["chat", "--json", "--name", "bob"]);
        guest.command.env("UNDERTONE_ROOM", invite);
        assert_eq!(guest.run().await_event("connected")["trust"], "invite");
    }
}

#[test]
fn the_invite_to_a_made_up_room_is_said_even_to_who_wants_to_hear_little() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let alone = |room, further: &[&str]| {
        let quiet = ["-q", "--timeout", "1"];
        let start = Start::human(&home, &mediator.url, "ada", room).args(&quiet);
        let (code, out, err) = start.args(further).finish(b"");
        assert_eq!((code, out.as_str()), (4, ""), "{err}");
        err.split_whitespace().collect::<String>()
    };
    let link = format!("{}/#", mediator.url);
    assert!(alone("", &[]).contains(&link));
    assert!(alone("", &["--long"]).contains(&link));
    assert!(!alone("lab#otter", &[]).contains("otter"));
}

#[test]
fn whoever_was_lost_comes_back_by_the_invite_that_is_shown() {
    let mut talk = talk();
    let ada = &mut talk.ada;
    ada.press("/invite\r");
    ada.await_text("you are not waiting for anybody");
    talk.bob.kill();
    ada.await_row("bob … ›");
    ada.press("/invite\r");
    ada.await_text("By this link bob comes back, and only bob; it is in the clipboard");
    let link = format!("{}/#{}", talk.mediator.url, console::ROOM);
    ada.await_screen("the link", |screen| {
        screen.lines().any(|row| row == format!("    {link}"))
    });
    let copied = BASE64.encode(link.as_bytes());
    let copied = format!("\x1b]52;c;{copied}\x07");
    ada.await_raw("the link in the clipboard", |raw| {
        String::from_utf8_lossy(raw).contains(&copied).then_some(())
    });
    let mut bob = Start::new(&talk.homes[1], &["chat", "--json", "--name", "bob"]);
    bob.command.env("UNDERTONE_ROOM", &link);
    let bob = bob.run();
    assert_eq!(bob.await_event("connected")["again"], true);
    ada.await_row("bob ⚠ ›");
    ada.press("/clear\r/invite\r");
    ada.await_text("you are not waiting for anybody");
}

#[test]
fn a_program_that_kept_no_secret_says_by_what_invite_the_other_one_comes_back() {
    let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
    let [mut host, mut guest] = pair(&mediator, [&homes[0], &homes[1]]);
    guest.kill();
    host.await_event("reconnecting");
    host.say("/invite");
    host.await_that("by what", |event| {
        event["message"] == "bob comes back by the invite of before: its secret is not kept"
    });
}

#[test]
fn an_invite_may_be_shouted_and_escaped() {
    let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
    let host = Start::chat(&homes[0], &mediator.url, "ada", "lab#50%o tter");
    let (code, _, err) = host.finish(b"");
    assert!(
        code == 2 && err.contains("no spaces") && !err.contains("50%"),
        "{err}"
    );
    let host = Start::chat(&homes[0], &mediator.url, "ada", "lab#50%é").run();
    let waiting = host.await_event("waiting");
    let invite = waiting["invite"].as_str().unwrap();
    assert!(invite.ends_with("/#lab#50%25é"), "{invite}");
    let mut guest = Start::new(&homes[1], &["chat", "--json", "--name", "bob"]);
    let shouted = invite
        .replacen("http", "HTTP", 1)
        .replace("lab", "L%61B")
        .replace('é', "%C3%89");
    guest.command.env("UNDERTONE_ROOM", shouted);
    let guest = guest.run();
    assert_eq!(guest.await_event("connected")["trust"], "invite");
}
