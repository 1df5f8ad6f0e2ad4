//! Text of others on a real terminal: whatever it is, the terminal is sent nothing
//! but what the console itself sends, and the row in which is typed stays.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::common::console::{ROOM, Talk, both, talk};
use crate::common::screen::{Screen, chat, last_row};
use crate::common::strings::{active, strings};
use crate::common::{Mediator, Start};

/// Escapes that the console sends; besides these, colours.
const OURS: [&str; 15] = [
    "\x1b[?2026h",
    "\x1b[?2026l",
    "\x1b[?7h",
    "\x1b[?7l",
    "\x1b[?2004h",
    "\x1b[?2004l",
    "\x1b[?1004h",
    "\x1b[?1004l",
    "\x1b[?25h",
    "\x1b[K",
    "\x1b[J",
    "\x1b7",
    "\x1b8",
    "\r",
    "\n",
];

/// That nothing but our own escapes came, no other control, and nothing that hides.
fn assert_inert(screen: &Screen) {
    let raw = String::from_utf8(screen.raw()).expect("whole characters");
    let found = active(&raw, &OURS).map(|rest| rest.chars().take(20).collect::<String>());
    assert_eq!(found, None);
    assert!(
        !raw.contains('\u{200d}'),
        "terminals do not agree on families"
    );
    let sane = screen.look(|seen| !seen.alternate_screen() && !seen.hide_cursor());
    assert!(
        sane && last_row(&screen.text()) == "bob ⚠ › draft",
        "{}",
        screen.text()
    );
}

/// The message `end`, sent after all others, is on the screen as anybody's would be.
fn await_end(talk: &mut Talk, end: &str) {
    talk.bob.say(end);
    talk.ada.await_text(&format!("bob   {end}"));
}

#[test]
fn messages_of_any_kind_act_on_no_terminal() {
    let mut talk = talk();
    talk.ada.press("draft");
    talk.ada.await_row("bob ⚠ › draft");
    for text in strings() {
        talk.bob.say(&text);
    }
    await_end(&mut talk, "the end");
    assert_inert(&talk.ada);
    let history = talk.ada.history();
    let messages = history.lines().filter(|line| line.contains("bob   "));
    assert_eq!(messages.count(), strings().len() + 1, "{history}");
    let ours = history.lines().filter(|line| line.contains('◆')).count();
    assert_eq!(ours, 1, "our own sign stays ours: {history}");
}

#[test]
fn a_second_line_passes_for_no_message_of_ours() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let [ada, mut bob] = both(&mediator, &homes);
    bob.paste("a\n09:15 you   ok\n◆ bob is verified.\nbob ✓ ›");
    bob.press("\r");
    let screen = ada.await_text("bob is verified");
    let own = |line: &str| {
        line.starts_with("09:15 you") || line.starts_with('◆') && line.contains("verified.")
    };
    assert!(!screen.lines().any(own), "{screen}");
    ada.await_row("bob ⚠ ›");
}

#[test]
fn blanks_before_a_line_of_ours_do_not_put_it_where_ours_are() {
    const FORGED: &str = "14:08 you   yes";
    for (arguments, width) in [
        (&[][..], 80),
        (&[], 20),
        (&["--plain"], 80),
        (&["--plain"], 40),
    ] {
        let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
        let mut bob = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
        bob.await_event("waiting");
        let mut command = chat(&homes[0], &mediator.url, "ada", ROOM);
        command.args(arguments);
        let ada = Screen::run_on(command, width, 24);
        bob.await_event("connected");
        for (blank, columns) in [(" ", 1), ("\u{a0}", 1), ("\u{2003}", 1), ("\u{3000}", 2)] {
            // As many as lead a terminal that wraps to the beginning of its next row.
            let blanks = (usize::from(width) - "09:14 bob   ok".len()) / columns;
            bob.say(&format!("ok{}{FORGED}", blank.repeat(blanks)));
        }
        bob.say("end");
        ada.await_text("bob   end");
        let history = ada.history();
        let forged: Vec<_> = history
            .lines()
            .filter(|row| row.contains("14:08"))
            .collect();
        assert_eq!(forged.len(), 4, "{history}");
        for row in forged {
            assert!(row.starts_with(&" ".repeat(7)), "{arguments:?}: {history}");
        }
    }
}

#[test]
fn random_messages_act_on_no_terminal() {
    let mut talk = talk();
    talk.ada.press("draft");
    talk.ada.await_row("bob ⚠ › draft");
    let nasty = prop_oneof![
        any::<char>(),
        (0_u32..0xa0).prop_filter_map("a character", char::from_u32),
        Just('\x1b'),
        Just('['),
        Just(']'),
        Just('\u{9b}'),
        Just(';'),
        Just('m'),
        Just('\u{301}'),
        Just('\u{200d}'),
        Just('世'),
        Just('👩'),
        Just('\r'),
    ];
    let text = proptest::collection::vec(nasty.prop_filter("a line", |c| *c != '\n'), 1..60);
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    });
    let talk = std::cell::RefCell::new(talk);
    let sent = runner.run(&text, |text| {
        // An `x` in front, so that it is a message always.
        let text: String = text.into_iter().collect();
        talk.borrow_mut().bob.say(&format!("x{text}"));
        Ok(())
    });
    sent.unwrap();
    let mut talk = talk.into_inner();
    await_end(&mut talk, "the end");
    assert_inert(&talk.ada);
    let history = talk.ada.history();
    assert_eq!(
        history
            .lines()
            .filter(|line| line.contains("bob   x"))
            .count(),
        300
    );
}

#[test]
fn what_is_pasted_without_a_pause_is_all_heard_and_acts_on_no_terminal() {
    let mut talk = talk();
    // Far more at once than the system hands over in one read.
    for text in strings().iter().filter(|text| text.len() < 5000) {
        talk.ada.paste(&text.replace("\x1b[201~", ""));
    }
    talk.ada.press("\x15draft");
    talk.ada.await_row("bob ⚠ › draft");
    assert_inert(&talk.ada);
}
