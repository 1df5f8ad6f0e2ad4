//! What is typed at a terminal before anyone is there: kept, never sent by itself, and
//! whoever wants to leave can.

use crate::common::console::ROOM;
use crate::common::screen::{Screen, chat, last_row};
use crate::common::{Client, Home, Mediator, Start};

/// ada at a terminal, waiting, and what bob needs to come.
struct Waits {
    ada: Screen,
    mediator: Mediator,
    homes: [Home; 2],
}

impl Waits {
    fn with(arguments: &[&str]) -> Self {
        let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
        let mut command = chat(&homes[0], &mediator.url, "ada", ROOM);
        command.args(arguments);
        let ada = Screen::run(command);
        ada.await_screen("the wait", |screen| {
            screen.to_lowercase().contains("waiting")
        });
        Self {
            ada,
            mediator,
            homes,
        }
    }

    fn bob(&self) -> Client {
        let bob = Start::chat(&self.homes[1], &self.mediator.url, "bob", ROOM).run();
        bob.await_event("connected");
        bob
    }
}

#[test]
fn lines_typed_ahead_are_a_draft_without_the_last_break() {
    let mut waits = Waits::with(&[]);
    waits.ada.press("one\rtwo\r");
    waits.ada.await_text("What you type becomes your draft");
    let bob = waits.bob();
    waits.ada.await_row("bob ⚠ › one⏎two");
    waits.ada.press("!\r");
    assert_eq!(bob.await_message(), "one\ntwo!", "and nothing before it");
}

#[test]
fn commands_and_invites_typed_ahead_are_no_part_of_the_draft() {
    let mut waits = Waits::with(&[]);
    waits.ada.press("/who\r");
    waits
        .ada
        .await_text("Nobody is there yet: you wait in room lab");
    waits.ada.press("/verify\r");
    waits
        .ada
        .await_text("Nobody is there yet to compare words with");
    waits.ada.press("/trust a b\r");
    waits.ada.await_text("There is no chat yet for that");
    waits.ada.press("http://127.0.0.1:7700/#den#otter\r");
    waits.ada.await_text("Not kept: that is an invite");
    waits.ada.press("hi\r");
    waits.ada.await_text("What you type becomes your draft");
    let bob = waits.bob();
    waits.ada.await_row("bob ⚠ › hi");
    waits.ada.press("\r");
    assert_eq!(bob.await_message(), "hi", "and nothing before it");
}

#[test]
fn a_line_that_was_begun_is_the_last_of_the_draft() {
    let mut waits = Waits::with(&[]);
    waits.ada.press("one\rhalf a li");
    waits.ada.await_text("What you type becomes your draft");
    let bob = waits.bob();
    waits.ada.await_row("bob ⚠ › one⏎half a li");
    waits.ada.press("ne\r");
    assert_eq!(bob.await_message(), "one\nhalf a line");
}

/// Where that is: in the row of the clock, which a long line would push up.
#[test]
fn the_clock_goes_on_while_the_mediator_is_away_and_no_typing_is_in_its_row() {
    let mut waits = Waits::with(&[]);
    let address = waits.mediator.address().to_owned();
    waits.ada.await_text("  Waiting for 0:0");
    let typed = "too long for a row ".repeat(8);
    waits.ada.press(&typed);
    // Its port is free once it has ended.
    drop(std::mem::replace(&mut waits.mediator, Mediator::start()));
    waits.ada.await_text("waiting goes on");
    let at = |screen: &str| {
        last_row(screen)
            .strip_prefix("  Waiting for 0:")
            .map(str::to_owned)
    };
    let screen = waits
        .ada
        .await_screen("a row", |screen| at(screen).is_some());
    let then = at(&screen);
    waits.ada.press("of it");
    let screen = waits.ada.await_screen("a later row", |screen| {
        at(screen).is_some() && at(screen) != then
    });
    assert!(
        !screen.contains("too long") && !screen.contains("of it"),
        "{screen}"
    );
    waits.mediator = Mediator::start_at(&address);
    waits.ada.await_text("The mediator is back");
    let bob = waits.bob();
    waits.ada.await_text("of it");
    waits.ada.press("\r");
    assert_eq!(bob.await_message(), format!("{typed}of it"));
}

#[test]
fn many_lines_typed_ahead_are_one_question() {
    let mut waits = Waits::with(&[]);
    waits.ada.press("1\r2\r3\r4\r5\r6\r7\r");
    let _bob = waits.bob();
    waits
        .ada
        .await_row("Send 7 lines? s send · e edit · c cancel ›");
}

#[test]
fn without_a_row_to_type_in_lines_wait_and_are_said() {
    let mut waits = Waits::with(&["--plain"]);
    waits.ada.press("one\rtwo\r");
    waits.ada.await_text("What you type is said once");
    let bob = waits.bob();
    waits.ada.press("three\r");
    let heard = [(); 3].map(|()| bob.await_message());
    assert_eq!(heard, ["one", "two", "three"]);
}

#[test]
fn quit_and_ctrl_d_leave_a_wait_as_ctrl_c_does() {
    for (keys, code) in [
        ("/quit\r", 0),
        ("x\r/quit\r", 0),
        ("\x04", 0),
        ("\x03", 130),
    ] {
        for arguments in [&[][..], &["--plain"], &["--json"]] {
            let mut waits = Waits::with(arguments);
            waits.ada.press(keys);
            assert_eq!(waits.ada.exit_code(), code, "{keys:?} {arguments:?}");
            waits.ada.assert_restored();
        }
    }
}

#[test]
fn the_screen_is_cleared_while_nobody_is_there_too() {
    let mut waits = Waits::with(&[]);
    waits.ada.press("/clear\r");
    let cleared = |screen: &str| !screen.contains("Waiting in room");
    waits.ada.await_screen("a clear screen", cleared);
    let _bob = waits.bob();
    waits.ada.await_row("bob ⚠ ›");
}
