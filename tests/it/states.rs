//! What the console tells without being asked: how it stands, what has arrived, that
//! something came while nobody looked; and that it does so in any width.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::common::acts::homes;
use crate::common::console::{ROOM, Talk, talk, talk_on, talk_with};
use crate::common::proxy::{Direction, Proxy};
use crate::common::screen::{Screen, chat};
use crate::common::{Client, Home, Mediator, NOBODY, PATIENCE, Start};

fn bells(screen: &Screen) -> usize {
    screen.raw().iter().filter(|byte| **byte == 7).count()
}

/// Whether the row that shows this is dim (SGR 2).
fn is_dim(screen: &Screen, text: &str) -> bool {
    screen.look(|seen| {
        let row = seen.rows(0, 80).position(|row| row.contains(text)).unwrap();
        seen.cell(row.try_into().unwrap(), 6).unwrap().dim()
    })
}

#[test]
fn what_arrived_is_bright_and_what_waits_is_dim_with_a_sign_until_it_has_arrived() {
    let mut talk = talk();
    talk.ada.press("arrives\r");
    talk.ada.await_text("you   arrives");
    assert!(!is_dim(&talk.ada, "you   arrives"));
    talk.bob.signal(Signal::SIGSTOP);
    talk.ada.press("waits\rwaits too\r");
    talk.ada.await_text("you … waits too");
    assert!(is_dim(&talk.ada, "you … waits") && is_dim(&talk.ada, "you … waits too"));
    talk.bob.signal(Signal::SIGCONT);
    talk.ada.await_text("All that you said has arrived.");
    talk.ada.press("arrives again\r");
    talk.ada.await_text("you   arrives again");
    assert!(!is_dim(&talk.ada, "you   arrives again"));
}

/// Ada at her terminal and bob, a program, whose link goes through this proxy.
fn talk_through(proxy: &Proxy, mediator: &Mediator, homes: &[Home; 2]) -> (Screen, Client) {
    let host = Start::chat(&homes[1], &mediator.url, "bob", "lab#otter");
    let bob = host.args(&["--advertise", &proxy.address()]).run();
    bob.await_event("waiting");
    let mut ada = chat(&homes[0], &mediator.url, "ada", "lab#otter");
    ada.env("UNDERTONE_ADVERTISE", NOBODY);
    let ada = Screen::run(ada);
    proxy.aim(&bob.listens_at());
    ada.await_row("bob ◆ ›");
    (ada, bob)
}

/// A line on which every acknowledgement takes long, and no longer than the one before.
#[test]
fn on_a_slow_line_what_arrives_is_printed_without_a_sign() {
    let (mediator, homes) = (Mediator::start(), homes());
    let slow = Arc::new(AtomicBool::new(false));
    let is_slow = Arc::clone(&slow);
    let proxy = Proxy::tampering(move |direction, bytes| {
        if direction == Direction::ToGuest && is_slow.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(700));
        }
        Some(bytes.to_vec())
    });
    let (mut ada, _bob) = talk_through(&proxy, &mediator, &homes);
    slow.store(true, Ordering::Relaxed);
    ada.press("first\r");
    ada.await_text("you … first");
    ada.await_text("All that you said has arrived.");
    for text in ["second", "third"] {
        ada.press(&format!("{text}\r"));
        ada.await_text(&format!("you   {text}"));
    }
    assert_eq!(ada.text().matches('…').count(), 1, "{}", ada.text());
}

#[test]
fn a_link_that_may_be_dead_is_said_in_the_prompt_and_nowhere_else() {
    let mut talk = talk();
    talk.bob.signal(Signal::SIGSTOP);
    talk.ada.press("anyone?\rdraft");
    talk.ada.await_row("bob ⚠ unstable › draft");
    talk.bob.signal(Signal::SIGCONT);
    talk.ada.await_row("bob ⚠ › draft");
    talk.ada.await_text("All that you said has arrived.");
    assert!(!talk.ada.text().contains("answer"));
}

#[test]
fn a_killed_peer_is_told_and_what_is_typed_is_queued() {
    let mut talk = talk();
    talk.ada.press("draft");
    talk.ada.await_row("bob ⚠ › draft");
    talk.bob.kill();
    talk.ada.await_text("Trying again; what you type is kept.");
    talk.ada.await_row("bob … › draft");
    talk.ada.press("\rsecond\r");
    talk.ada.await_row("bob … 2 queued ›");
    talk.ada.press("/quit\r");
    assert_eq!(talk.ada.exit_code(), 5);
    assert!(
        talk.ada
            .text()
            .contains("2 of your messages did not arrive")
    );
    talk.ada.assert_restored();
}

#[test]
fn a_cut_link_comes_back_with_everything_and_the_draft() {
    let (mediator, homes) = (Mediator::start(), homes());
    let proxy = Proxy::start();
    let (mut ada, bob) = talk_through(&proxy, &mediator, &homes);
    proxy.cut();
    ada.await_row("bob … ›");
    ada.press("one\rtwo\rdraft");
    ada.await_row("bob … 2 queued › draft");
    proxy.mend();
    assert_eq!([bob.await_message(), bob.await_message()], ["one", "two"]);
    ada.await_text("Back. Same identity");
    ada.await_row("bob ◆ › draft");
    assert_eq!(ada.history().matches("Lost bob").count(), 1);
}

#[test]
fn the_bell_rings_without_focus_only_and_says_nothing_of_the_other_one() {
    let Talk {
        mut ada, mut bob, ..
    } = talk();
    bob.say("seen");
    ada.await_text("bob   seen");
    assert_eq!(bells(&ada), 0);
    ada.press("\x1b[Oa");
    ada.await_row("bob ⚠ › a");
    for text in ["unseen", "and again"] {
        bob.say(text);
        ada.await_text(&format!("bob   {text}"));
    }
    assert_eq!(bells(&ada), 1, "not at every message");
    ada.press("\x1b[Ib");
    ada.await_row("bob ⚠ › ab");
    bob.say("seen again");
    ada.await_text("bob   seen again");
    assert_eq!(bells(&ada), 1);
    assert!(!String::from_utf8_lossy(&ada.raw()).contains("\x1b]"));
}

#[test]
fn a_quiet_chat_rings_no_bell() {
    let Talk {
        mut ada, mut bob, ..
    } = talk_with(&["--quiet"], 80, 24);
    ada.press("\x1b[Oa");
    ada.await_row("bob ⚠ › a");
    bob.say("unseen");
    ada.await_text("bob   unseen");
    assert_eq!(bells(&ada), 0);
}

#[test]
fn notices_come_without_focus_only_five_seconds_apart_and_say_nothing_of_the_other_one() {
    let Talk {
        mut ada, mut bob, ..
    } = talk_with(&["--notify"], 80, 24);
    let notice = "\x07\x1b]9;undertone: a message has come\x1b\\";
    let raw = |ada: &Screen| String::from_utf8(ada.raw()).unwrap();
    let notices = |ada: &Screen| raw(ada).matches(notice).count();
    bob.say("seen");
    ada.await_text("bob   seen");
    assert_eq!(notices(&ada), 0);
    ada.press("\x1b[Oa");
    ada.await_row("bob ⚠ › a");
    let mut first = None;
    for number in 1.. {
        bob.say(&format!("unseen {number}"));
        ada.await_text(&format!("bob   unseen {number}"));
        let begun = *first.get_or_insert_with(Instant::now);
        let (count, apart) = (notices(&ada), begun.elapsed());
        assert!(count >= 1, "the first one calls");
        if count > 1 {
            // The first call came a little before it was seen.
            assert!(apart > Duration::from_millis(4500), "{apart:?}");
            break;
        }
        assert!(apart < PATIENCE, "no second call");
        std::thread::park_timeout(Duration::from_millis(100));
    }
    ada.press("\x1b[Ib");
    ada.await_row("bob ⚠ › ab");
    bob.say("seen again");
    ada.await_text("bob   seen again");
    assert_eq!(notices(&ada), 2);
    // No other bell or title, and so not a word of bob's in any.
    assert_eq!(bells(&ada), 2);
    assert_eq!(raw(&ada).matches("\x1b]").count(), 2);
}

#[test]
fn narrow_terminals_neither_panic_nor_lose_anything() {
    for width in [20, 5, 4, 3, 2, 1] {
        let mut talk = talk_on(width, 10);
        talk.bob.say("one 世界 👩‍👩‍👧‍👦 two");
        talk.ada.press("typed 世界\r");
        assert_eq!(talk.bob.await_message(), "typed 世界");
        talk.ada.resize(80, 24);
        talk.bob.say("wide again");
        talk.ada.await_text("bob   wide again");
        talk.ada.await_row("bob ⚠ ›");
        talk.ada.resize(width, 3);
        talk.bob.say("narrow again");
        talk.ada.press("more\r/quit\r");
        assert_eq!(talk.bob.await_message(), "more");
        assert_eq!(talk.ada.exit_code(), 0, "{width} columns");
        talk.ada.assert_restored();
    }
}

#[test]
fn no_color_is_honoured_and_plain_has_no_escape_at_all() {
    for (name, value, arguments, escapes) in [
        ("NO_COLOR", "1", &[][..], true),
        ("UNDERTONE_COLOR", "never", &[], true),
        ("TERM", "dumb", &[], false),
        ("LANG", "C", &["--plain"], false),
    ] {
        let (mediator, [home, other]) = (Mediator::start(), [Home::new(), Home::new()]);
        let mut bob = Start::chat(&other, &mediator.url, "bob", ROOM).run();
        bob.await_event("waiting");
        let mut command = chat(&home, &mediator.url, "ada", ROOM);
        command.env(name, value);
        command.args(arguments);
        let mut ada = Screen::run(command);
        bob.await_event("connected");
        bob.say("hi");
        ada.await_text("bob   hi");
        ada.press("hello\r");
        assert_eq!(bob.await_message(), "hello");
        ada.press("/quit\r");
        assert_eq!(ada.exit_code(), 0);
        let raw = String::from_utf8_lossy(&ada.raw()).into_owned();
        assert_eq!(raw.contains('\x1b'), escapes, "{name}: {raw:?}");
        // The guard resets the colours on the way out, once.
        let coloured = raw.replacen("\x1b[0m", "", 1);
        let coloured = coloured.split("\x1b[").skip(1).any(|part| {
            part.trim_start_matches(|c: char| c.is_ascii_digit())
                .starts_with('m')
        });
        assert!(!coloured, "{name}: {raw:?}");
        // The terminal itself makes CR LF of every LF.
        assert!(
            escapes || !raw.replace("\r\n", "\n").contains('\r'),
            "{raw:?}"
        );
    }
}
