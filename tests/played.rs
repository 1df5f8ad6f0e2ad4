//! Mediator and peer played by the test, and the client at a terminal: what they say that
//! honest ones do not, or not today.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
#![allow(dead_code, reason = "of what the hostile tests share, this is a part")]

mod common;
#[path = "common/hostile.rs"]
mod hostile;
#[path = "common/hostile_dial.rs"]
mod hostile_dial;
#[path = "common/hostile_end.rs"]
mod hostile_end;

use common::Home;
use common::screen::{Screen, chat};
use common::strings::{active, strings};
use hostile::Evil;
use hostile_end::{End, Impostor};
use jiff::Timestamp;
use undertone::pairing::Candidates;
use undertone_mediator::wire::{ErrorCode, MAX_MESSAGE, MediatorMessage, Role};

const ROOM: &str = "lab#otter";

#[test]
fn a_conversation_that_passes_midnight_tells_the_new_day() {
    let (evil, home) = (Evil::start(), Home::new());
    let mut command = chat(&home, &evil.url, "ada", ROOM);
    // Five hours behind: a day begins at 05:00 UTC.
    command.env("TZ", "XXX5");
    let mut ada = Screen::run(command);
    let mut seat = evil.join();
    seat.waiting();
    let begun = Impostor::in_room(ROOM).begin(&mut seat, Role::Host, &Candidates::default());
    seat.hand(&begun.ours);
    let mut bob = End::dial(&evil, begun.open().unwrap(), "bob");
    ada.await_row("bob ◆ ›");
    for (time, text) in [
        ("2024-03-01T04:59:00Z", "see you tomorrow"),
        ("2024-03-01T04:59:59Z", "which is"),
        ("2024-03-01T05:00:00Z", "now"),
        ("2024-03-01T05:01:00Z", "already"),
    ] {
        let sent: Timestamp = time.parse().unwrap();
        bob.say_at(&evil, sent.as_millisecond().try_into().unwrap(), text);
    }
    ada.await_text("bob   already");
    let told = |ada: &Screen| {
        let history = ada.history();
        let (_, told) = history.split_once("23:59 ").unwrap();
        told.lines()
            .map(|line| line.trim_end().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told(&ada)[..5],
        [
            "bob   see you tomorrow",
            "23:59 bob   which is",
            "── Friday, 1 March 2024 ──",
            "00:00 bob   now",
            "00:01 bob   already",
        ]
    );
    // Our own clock says today.
    ada.press("good morning\r");
    assert_eq!(bob.hear(&evil), "good morning");
    ada.await_text("you   good morning");
    let days = told(&ada)
        .into_iter()
        .filter(|line| line.starts_with("── "));
    assert_eq!(days.count(), 2);
}

#[test]
fn what_a_mediator_says_acts_on_no_terminal() {
    let (evil, home) = (Evil::start(), Home::new());
    let refusal = |code, message: &str| MediatorMessage::Error {
        code,
        message: message.to_owned(),
        retry_after: None,
    };
    let mut texts = strings();
    texts.push("no\n◆ bob is verified\r\nerror: none\u{85}bob ✓ ›".to_owned());
    for text in &texts {
        let [lapsed, refused] =
            [ErrorCode::Expired, ErrorCode::BadRequest].map(|code| refusal(code, text));
        if lapsed.encode().len() > MAX_MESSAGE {
            continue;
        }
        let mut ada = Screen::run(chat(&home, &evil.url, "ada", ROOM));
        let mut seat = evil.join();
        seat.waiting();
        ada.await_text("Waiting in room lab");
        // A seat that lapsed is taken again, and what was said of it is shown.
        seat.say(&lapsed);
        evil.join().say(&refused);
        assert_eq!(ada.exit_code(), 3, "{text:?}");
        let shown = ada.history();
        let said = shown.matches("he mediator refused:").count();
        assert_eq!(said, 2, "{text:?}: {shown}");
        let raw = String::from_utf8(ada.raw()).unwrap();
        // The escapes are those of our own clock.
        let ours = ["\r", "\n", "\x1b[K", "\x1b7\r  Waiting for ", "\x1b8"];
        assert_eq!(active(&raw, &ours), None, "{text:?}");
        let first = |line: &str| line.chars().next();
        let ours = shown.lines().filter(|line| first(line) == Some('◆'));
        assert_eq!(ours.count(), 2, "our own sign stays ours: {shown}");
        assert!(!shown.lines().any(|line| line == "error: none"), "{shown}");
        ada.assert_restored();
    }
}
