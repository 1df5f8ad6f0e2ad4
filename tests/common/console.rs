//! Two who talk by the console, or one of them by it and the other by a program.

use super::screen::{Screen, chat};
use super::{Client, Home, Mediator, Start};

/// Where they meet.
pub(crate) const ROOM: &str = "lab";

/// ada at a terminal, bob as a program: they have met.
pub(crate) struct Talk {
    pub mediator: Mediator,
    pub homes: [Home; 2],
    pub ada: Screen,
    pub bob: Client,
}

impl Talk {
    /// Waits until bob hears that ada left; nothing of what she typed comes before.
    #[track_caller]
    pub(crate) fn assert_nothing_was_sent(&self) {
        let left = self
            .bob
            .await_that("an end", |event| event["type"] != "delivered");
        assert_eq!(left["type"], "left", "nothing was sent: {left}");
    }
}

/// Meets on a terminal of 80 columns and 24 rows.
pub(crate) fn talk() -> Talk {
    talk_with(&[], 80, 24)
}

/// Meets on a terminal of this size.
pub(crate) fn talk_on(width: u16, height: u16) -> Talk {
    talk_with(&[], width, height)
}

/// The same, ada with these arguments too.
pub(crate) fn talk_with(arguments: &[&str], width: u16, height: u16) -> Talk {
    let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
    let bob = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
    bob.await_event("waiting");
    let mut command = chat(&homes[0], &mediator.url, "ada", ROOM);
    command.args(arguments);
    let ada = Screen::run_on(command, width, height);
    bob.await_event("connected");
    // The terminal is the console's from here on.
    ada.await_raw("the row", |raw| raw.ends_with(b"\x1b[?2026l").then_some(()));
    Talk {
        mediator,
        homes,
        ada,
        bob,
    }
}

/// ada and bob, both at a terminal: they have met.
pub(crate) fn both(mediator: &Mediator, homes: &[Home; 2]) -> [Screen; 2] {
    let ada = Screen::run(chat(&homes[0], &mediator.url, "ada", ROOM));
    ada.await_text("Waiting in room");
    let bob = Screen::run(chat(&homes[1], &mediator.url, "bob", ROOM));
    ada.await_text("Connected to bob");
    bob.await_text("Connected to ada");
    [ada, bob]
}

/// The four words that this one reads to the other, after `/verify`.
pub(crate) fn read_out(who: &mut Screen, other: &str) -> String {
    who.press("/verify\r");
    who.await_text("The words that you hear ›");
    let start = format!("Read to {other}, by voice, not in this chat:");
    let screen = who.await_text(&start);
    let words = screen.split(&start).last().unwrap().split_whitespace();
    let words: Vec<_> = words.take(4).collect();
    words.join(" ")
}
