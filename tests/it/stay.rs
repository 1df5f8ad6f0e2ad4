//! Who stays at the terminal when the other person left: the draft, another wait, and how it ends.

use nix::sys::signal::Signal;

use crate::common::acts::homes;
use crate::common::console::{ROOM, Talk, both, talk};
use crate::common::screen::{Screen, chat};
use crate::common::{Home, Mediator, Start, free_port};

/// bob comes to where ada waits again.
fn bob_comes(mediator: &Mediator, home: &Home) -> crate::common::Client {
    let bob = Start::chat(home, &mediator.url, "bob", ROOM).run();
    bob.await_event("connected");
    bob
}

/// At a terminal, without a mediator that is named.
fn at_terminal(home: &Home, port: u16, room: &str, name: &str) -> Screen {
    let mut command = chat(home, "", name, room);
    command.get_argv_mut().truncate(1);
    let port = port.to_string();
    command.args(["chat", "--name", name, "--local-port", &port]);
    Screen::run(command)
}

#[test]
fn who_is_at_a_terminal_stays_with_the_draft_and_meets_again() {
    let Talk {
        mediator,
        homes,
        mut ada,
        mut bob,
    } = talk();
    ada.press("half a");
    ada.await_row("bob ⚠ › half a");
    bob.say("/quit");
    assert_eq!(bob.exit_code(), 0);
    ada.await_text("◆ bob left · Enter waits again · /quit leaves");
    ada.await_row("bob · left › half a");
    // The rest of the line, which a shell would have run.
    ada.press(" line; exit 3\r");
    ada.await_text("Not sent to anybody: it stays your draft.");
    ada.await_text("Waiting in room lab");
    ada.await_row("bob … › half a line; exit 3");
    let mut bob = bob_comes(&mediator, &homes[1]);
    ada.await_row("bob ⚠ › half a line; exit 3");
    bob.say("back again");
    ada.await_text("bob   back again");
    ada.press("\r");
    assert_eq!(bob.await_message(), "half a line; exit 3");
    ada.await_text("you   half a line");
    bob.say("/quit");
    ada.await_row("bob · left ›");
    ada.press("/verify\r");
    ada.await_text("There is no chat to take a command.");
    ada.press("\r");
    ada.await_row("bob … ›");
    ada.press("early\r");
    ada.await_text("What you type becomes your draft");
    let bob = bob_comes(&mediator, &homes[1]);
    ada.await_row("bob ⚠ › early");
    ada.press("\x15/quit\r");
    assert_eq!(bob.await_event("left")["reason"], "quit");
    assert_eq!(ada.exit_code(), 0);
    ada.assert_restored();
}

#[test]
fn leaving_after_the_other_one_left_ends_as_that_chat_did() {
    for (keys, signal, code) in [
        ("/quit\r", None, 0),
        ("\x04", None, 0),
        ("\r", None, 0),
        ("\x03\x03", None, 0),
        ("", Some(Signal::SIGINT), 130),
        ("", Some(Signal::SIGTERM), 143),
        ("\r", Some(Signal::SIGTERM), 143),
        ("\r", Some(Signal::SIGINT), 130),
    ] {
        let mut talk = talk();
        let (ada, bob) = (&mut talk.ada, &mut talk.bob);
        bob.say("/quit");
        ada.await_row("bob · left ›");
        ada.press(keys);
        if keys == "\r" {
            ada.await_text("Waiting in room lab");
        }
        match signal {
            Some(signal) => ada.signal(signal),
            None if keys == "\r" => ada.press("/quit\r"),
            None => {}
        }
        assert_eq!(ada.exit_code(), code, "{keys:?} {signal:?}");
        ada.assert_restored();
    }
}

#[test]
fn what_the_one_who_left_did_not_get_is_told_and_is_the_exit_code() {
    let mut talk = talk();
    // Nothing is acknowledged, and then bob is told to leave.
    talk.bob.signal(Signal::SIGSTOP);
    talk.ada.press("too late\r");
    talk.ada.await_text("you … too late");
    talk.bob.kill();
    talk.ada.await_row("bob … 1 queued ›");
    talk.ada.press("/quit\r");
    assert_eq!(talk.ada.exit_code(), 5);
}

#[test]
fn a_wait_that_ran_out_leaves_the_person_where_they_are() {
    let (mediator, homes) = (Mediator::start(), homes());
    let mut bob = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
    bob.await_event("waiting");
    let mut command = chat(&homes[0], &mediator.url, "ada", ROOM);
    command.args(["--timeout", "2"]);
    let mut ada = Screen::run(command);
    ada.await_row("bob ⚠ ›");
    bob.say("/quit");
    ada.await_row("bob · left ›");
    ada.press("\rtyped");
    ada.await_text("error: nobody came within 2 s");
    ada.await_row("bob · left › typed");
    ada.press("\x15/quit\r");
    assert_eq!(ada.exit_code(), 4);
}

#[test]
fn a_made_up_room_and_its_invite_stay_the_same() {
    let (mediator, homes) = (Mediator::start(), homes());
    let mut command = chat(&homes[0], &mediator.url, "ada", "");
    command.env_remove("UNDERTONE_ROOM");
    let mut ada = Screen::run(command);
    ada.await_text("Room (");
    ada.press("\r");
    let invite = |screen: &str| {
        let mut links = screen
            .lines()
            .filter(|line| line.starts_with("    http://"));
        links.next_back().map(|link| link.trim().to_owned())
    };
    let screen = ada.await_screen("an invite", |screen| invite(screen).is_some());
    let first = invite(&screen).unwrap();
    let mut bob = Start::chat(&homes[1], &mediator.url, "bob", &first).run();
    ada.await_row("bob ◆ ›");
    bob.say("/quit");
    ada.await_row("bob · left ›");
    ada.press("/clear\r\r");
    let screen = ada.await_screen("the invite again", |screen| invite(screen).is_some());
    assert_eq!(invite(&screen).unwrap(), first);
    let bob = Start::chat(&homes[1], &mediator.url, "bob", &first).run();
    bob.await_event("connected");
    ada.await_row("bob ◆ ›");
}

#[test]
fn who_waits_again_runs_the_mediator_that_went_with_the_other_one() {
    let (port, homes) = (free_port(), homes());
    let mut ada = at_terminal(&homes[0], port, ROOM, "ada");
    ada.await_text("Waiting in room lab");
    let mut bob = at_terminal(&homes[1], port, ROOM, "bob");
    bob.await_row("ada ⚠ ›");
    ada.await_row("bob ⚠ ›");
    ada.press("/quit\r");
    assert_eq!(ada.exit_code(), 0);
    bob.await_row("ada · left ›");
    bob.press("\r");
    bob.await_text("this client runs one now");
    bob.await_text("Waiting in room lab");
    let ada = at_terminal(&homes[0], port, ROOM, "ada");
    ada.await_row("bob ⚠ ›");
    bob.await_row("ada ⚠ ›");
}

#[test]
fn without_a_row_of_ones_own_one_stays_too_and_says_nothing_to_nobody() {
    let (mediator, homes) = (Mediator::start(), homes());
    let mut bob = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
    bob.await_event("waiting");
    let mut command = chat(&homes[0], &mediator.url, "ada", ROOM);
    command.args(["--plain", "--quiet"]);
    let mut ada = Screen::run(command);
    bob.await_event("connected");
    ada.press("half a");
    bob.say("/quit");
    ada.await_text("bob left · Enter waits again");
    ada.press(" line\r");
    ada.await_text("Not sent to anybody");
    ada.press("\r");
    let mut bob = bob_comes(&mediator, &homes[1]);
    bob.say("hello");
    ada.await_text("bob   hello");
    ada.press("hi\r");
    assert_eq!(bob.await_message(), "hi");
    bob.say("/quit");
    ada.await_screen("bob left twice", |screen| {
        screen.matches("bob left").count() == 2
    });
    ada.press("\x04");
    assert_eq!(ada.exit_code(), 0);
}

#[test]
fn who_leaves_a_chat_that_is_shut_leaves_the_other_one_at_the_terminal_with_the_alarm() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [mut ada, mut bob] = both(&mediator, &homes);
    bob.press("/quit\r");
    bob.exit_code();
    ada.await_row("bob · left ›");
    ada.press("\r");
    // Another key under bob's name.
    let other = Home::new();
    let mut posing = Start::chat(&other, &mediator.url, "bob", ROOM).run();
    ada.await_text("IDENTITY CHANGED");
    posing.say("/quit");
    ada.await_text("error: nothing was sent");
    ada.await_row("bob · left ›");
    ada.press("/quit\r");
    assert_eq!(ada.exit_code(), 6);
}

/// ada ran the mediator and left; bob, who came by its invite, runs one since. With the room and
/// the invite.
fn took_over(port: u16, homes: &[Home; 2]) -> (Screen, [String; 2]) {
    let secret = format!("{ROOM}#otter");
    let invite = format!("http://127.0.0.1:{port}/#{secret}");
    let mut ada = at_terminal(&homes[0], port, &secret, "ada");
    ada.await_text("Waiting in room lab");
    let mut bob = at_terminal(&homes[1], port, &invite, "bob");
    bob.await_row("ada ◆ ›");
    ada.await_row("bob ◆ ›");
    ada.press("/quit\r");
    assert_eq!(ada.exit_code(), 0);
    bob.await_row("ada · left ›");
    bob.press("\r");
    bob.await_text("this client runs one now");
    (bob, [secret, invite])
}

#[test]
fn who_came_by_an_invite_to_this_machine_runs_its_mediator_once_that_went() {
    let (port, homes) = (free_port(), homes());
    let (bob, [secret, _]) = took_over(port, &homes);
    bob.await_text("Waiting in room lab");
    let ada = at_terminal(&homes[0], port, &secret, "ada");
    ada.await_row("bob ◆ ›");
    bob.await_row("ada ◆ ›");
}

#[test]
fn who_took_the_mediator_over_may_die_too_and_comes_back_by_the_same_link() {
    let (port, homes) = (free_port(), homes());
    let (bob, [secret, invite]) = took_over(port, &homes);
    let ada = at_terminal(&homes[0], port, &secret, "ada");
    ada.await_row("bob ◆ ›");
    bob.await_row("ada ◆ ›");
    bob.signal(Signal::SIGKILL);
    ada.await_text("this client runs one now");
    // On bob's side nothing was made: his link alone would start none.
    let bob = at_terminal(&homes[1], port, &invite, "bob");
    bob.await_text("Back with ada, in a new session");
    ada.await_text("bob started anew");
}

#[test]
fn who_waits_again_waits_out_a_mediator_elsewhere_that_is_away() {
    let (mediator, homes) = (Mediator::start(), homes());
    let address = mediator.url.trim_start_matches("http://").to_owned();
    let [mut ada, mut bob] = both(&mediator, &homes);
    bob.press("/quit\r");
    bob.exit_code();
    ada.await_row("bob · left ›");
    drop(mediator);
    ada.press("\r");
    ada.await_text("waiting goes on");
    let mediator = Mediator::start_at(&address);
    let _bob = bob_comes(&mediator, &homes[1]);
    ada.await_row("bob ⚠ ›");
    let screen = ada.await_text("Connected to bob");
    assert!(!screen.contains("error:"), "{screen}");
}
