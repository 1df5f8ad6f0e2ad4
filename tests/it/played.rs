//! Mediator and peer played by the test, and the client at a terminal: what they say that
//! honest ones do not, or not today.

use jiff::Timestamp;
use undertone_core::pairing::Candidates;
use undertone_wire::{ErrorCode, MAX_MESSAGE, MediatorMessage, Role};

use crate::common::Home;
use crate::common::screen::{Screen, chat};
use crate::common::strings::{active, strings};
use crate::hostile::Evil;
use crate::hostile::end::{End, Impostor};

const ROOM: &str = "lab#otter";

#[test]
fn a_clock_that_lies_tells_no_time_and_no_day_of_its_own() {
    let (evil, home) = (Evil::start(), Home::new());
    let begun_at = Timestamp::now();
    let mut command = chat(&home, &evil.url, "ada", ROOM);
    command.env("TZ", "UTC0");
    let ada = Screen::run(command);
    let mut seat = evil.join();
    seat.waiting();
    let begun = Impostor::in_room(ROOM).begin(&mut seat, Role::Host, &Candidates::default());
    seat.hand(&begun.ours);
    let mut bob = End::dial(&evil, begun.open().unwrap(), "bob");
    ada.await_row("bob ◆ ›");
    let day = 86_400_000;
    let now = u64::try_from(begun_at.as_millisecond()).unwrap();
    let sent = [now - 900 * day, now, 0, now + 2 * day, 1, now - day, now];
    for (n, sent) in sent.into_iter().enumerate() {
        bob.say_at(&evil, sent, &format!("number {n}"));
    }
    ada.await_text("bob   number 6");
    let history = ada.history();
    assert!(!history.contains("──"), "{history}");
    // Minutes that have passed since the test began.
    let minute = |at: Timestamp| at.as_second() / 60;
    let clock = |minute: i64| format!("{:02}:{:02} bob", minute / 60 % 24, minute % 60);
    let told: Vec<_> = (minute(begun_at)..=minute(Timestamp::now()))
        .map(clock)
        .collect();
    let said = history.lines().filter(|row| row.contains("bob   number"));
    let true_to_ours = said.filter(|row| told.iter().any(|told| row.starts_with(told)));
    assert_eq!(true_to_ours.count(), sent.len(), "{history}");
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
        let said = shown.matches("he mediator refused").count();
        assert_eq!(said, 2, "{text:?}: {shown}");
        let raw = String::from_utf8(ada.raw()).unwrap();
        // The escapes are those of our own clock.
        let ours = ["\r", "\n", "\x1b[K"];
        assert_eq!(active(&raw, &ours), None, "{text:?}");
        let first = |line: &str| line.chars().next();
        let ours = shown.lines().filter(|line| first(line) == Some('◆'));
        assert_eq!(ours.count(), 2, "our own sign stays ours: {shown}");
        assert!(!shown.lines().any(|line| line == "error: none"), "{shown}");
        ada.assert_restored();
    }
}
