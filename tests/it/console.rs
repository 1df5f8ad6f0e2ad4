//! The row in which a person types, on a real pseudo-terminal: nothing that comes
//! disturbs it, and nothing that comes is lost.

use nix::sys::signal::Signal;

use crate::common::acts::{self, ada_and_bob, homes};
use crate::common::console::{ROOM, talk, talk_on};
use crate::common::screen::{Screen, chat, last_row};
use crate::common::{Mediator, Start};

#[test]
fn a_message_that_arrives_leaves_draft_and_cursor_as_they_were() {
    let mut talk = talk();
    talk.ada.press("half a 世界 draft\x02\x02\x02");
    talk.ada.await_row("bob ⚠ › half a 世界 draft");
    talk.ada.press("X");
    talk.ada.await_row("bob ⚠ › half a 世界 drXaft");
    let column = talk.ada.cursor().1;
    assert_eq!(
        usize::from(column),
        "bob ⚠ › half a 世界 drX".chars().count() + 2
    );
    for text in ["hi, got it?", "世界 👩‍👩‍👧‍👦", &"long ".repeat(40), "the last"]
    {
        talk.bob.say(text);
    }
    let screen = talk.ada.await_text("bob   the last");
    assert_eq!(last_row(&screen), "bob ⚠ › half a 世界 drXaft");
    assert_eq!(talk.ada.cursor().1, column);
    talk.ada.press("Y\r");
    assert_eq!(talk.bob.await_message(), "half a 世界 drXYaft");
}

#[test]
fn a_draft_that_is_wider_than_the_row_shows_where_it_is_cut() {
    let mut talk = talk_on(40, 12);
    talk.ada
        .press("the quick brown fox jumps over the lazy dog");
    talk.ada
        .await_row("bob ⚠ › …wn fox jumps over the lazy dog");
    talk.ada.press("\x01");
    talk.ada
        .await_row("bob ⚠ › the quick brown fox jumps over …");
    talk.ada.press("\r");
    assert_eq!(
        talk.bob.await_message(),
        "the quick brown fox jumps over the lazy dog"
    );
}

#[test]
fn what_was_not_asked_for_is_agreed_to_beforehand() {
    let mut talk = talk();
    talk.ada.press("/relay\r");
    talk.ada
        .await_text("Agreed beforehand, for nothing asks for it now");
}

#[test]
fn what_the_mark_means_is_said_where_something_is_marked() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [(mut ada, _), (mut bob, _)] = ada_and_bob(&mediator, &homes);
    homes.iter().for_each(|home| home.await_contacts(1));
    ada.kill();
    bob.await_event("reconnecting");
    let at_terminal = || Screen::run(chat(&homes[0], &mediator.url, "ada", acts::ROOM));
    let mut ada = at_terminal();
    ada.await_text("Back with bob, in a new session");
    bob.say("the first");
    ada.await_text("bob   the first");
    assert!(!ada.history().contains('↻'));
    bob.await_event("delivered");
    // This one goes out, and whether it was shown nobody can know.
    ada.signal(Signal::SIGSTOP);
    bob.say("in its sleep");
    bob.say("/who");
    assert_eq!(bob.await_event("who")["queued"], 1);
    ada.signal(Signal::SIGKILL);
    bob.await_event("reconnecting");
    ada = at_terminal();
    let screen = ada.await_text("bob ↻ in its sleep");
    assert_eq!(screen.matches("Marked ↻ is what bob had sent").count(), 1);
}

#[test]
fn a_burst_of_500_messages_is_all_in_the_scrollback() {
    let mut talk = talk_on(60, 12);
    talk.ada.press("draft");
    talk.ada.await_row("bob ⚠ › draft");
    let lines: Vec<_> = (0..500).map(|n| format!("number {n} of 500")).collect();
    talk.bob.say_all(lines.clone().into_iter());
    let screen = talk.ada.await_text(&lines[499]);
    assert_eq!(last_row(&screen), "bob ⚠ › draft");
    let history = talk.ada.history();
    let seen = history
        .lines()
        .filter_map(|line| line.split("bob   ").nth(1));
    assert!(seen.map(str::trim_end).eq(&lines), "{history}");
}

#[test]
fn ctrl_c_clears_the_draft_and_leaves_when_pressed_again() {
    let mut talk = talk();
    talk.ada.press("never sent");
    talk.ada.await_row("bob ⚠ › never sent");
    talk.ada.press("\x03");
    talk.ada.await_row("bob ⚠ › Ctrl-C again to quit");
    talk.ada.press("x");
    talk.ada.await_row("bob ⚠ › x");
    talk.ada.press("\x03");
    talk.ada.await_row("bob ⚠ › Ctrl-C again to quit");
    talk.ada.press("\x03");
    assert_eq!(talk.ada.exit_code(), 130);
    talk.ada.assert_restored();
    talk.assert_nothing_was_sent();
}

#[test]
fn ctrl_d_leaves_at_an_empty_draft_only() {
    let mut talk = talk();
    talk.ada.press("ab\x01\x04");
    talk.ada.await_row("bob ⚠ › b");
    talk.ada.press("\x04");
    talk.ada.await_row("bob ⚠ ›");
    talk.ada.press("\x04");
    assert_eq!(talk.ada.exit_code(), 0);
    talk.ada.assert_restored();
    assert_eq!(talk.bob.await_event("left")["reason"], "quit");
}

#[test]
fn what_was_said_comes_back_by_arrow_and_is_no_draft_of_the_other_one() {
    let mut talk = talk();
    for text in ["first", "second"] {
        talk.ada.press(&format!("{text}\r"));
        assert_eq!(talk.bob.await_message(), text);
    }
    talk.ada.press("draft\x1b[A");
    talk.ada.await_row("bob ⚠ › second");
    talk.ada.press("\x1b[A\x1b[A");
    talk.ada.await_row("bob ⚠ › first");
    talk.ada.press("\x1b[B\x1b[B");
    talk.ada.await_row("bob ⚠ › draft");
    talk.ada.press("\x1b[A!\r");
    assert_eq!(talk.bob.await_message(), "second!");
}

#[test]
fn tab_completes_and_unknown_commands_are_not_sent() {
    let mut talk = talk();
    talk.ada.press("/ver\tabsu\t");
    talk.ada.await_row("bob ⚠ › /verify absurd");
    talk.ada.press("\x15/\t");
    talk.ada
        .await_text("accept  cancel  clear  files  help  invite  peers  quit  reject  relay  send");
    talk.ada.press("qiut\r");
    talk.ada.await_text("Did you mean /quit?");
    talk.ada.press("//x\r");
    assert_eq!(talk.bob.await_message(), "/x");
    talk.ada.await_text("you   /x");
    talk.ada.press("/who\r");
    talk.ada.await_text("not verified · 0 queued");
}

#[test]
fn a_message_in_which_nothing_is_to_be_seen_is_not_sent() {
    let mut talk = talk();
    for blank in [" ", " \x1b\r ", "\u{3000}", "\u{200b}", "\u{feff} \u{2800}"] {
        talk.ada.press(&format!("{blank}\r"));
    }
    talk.ada.press("  text\r");
    assert_eq!(talk.bob.await_message(), "  text");
    talk.ada.await_text("you     text");
    assert_eq!(talk.ada.history().matches(" you ").count(), 1);
}

#[test]
fn ctrl_l_paints_the_row_again_and_nothing_else() {
    let mut talk = talk();
    talk.ada.press("draft");
    talk.ada.await_row("bob ⚠ › draft");
    let (before, bytes) = (talk.ada.text(), talk.ada.raw().len());
    talk.ada.press("\x0c");
    talk.ada.await_raw("a repaint", |raw| {
        (raw.len() > bytes && raw.ends_with(b"\x1b[?2026l")).then_some(())
    });
    assert_eq!(talk.ada.text(), before);
}

#[test]
fn alt_enter_makes_one_message_of_two_lines() {
    let mut talk = talk();
    talk.ada.press("one\x1b\rtwo");
    talk.ada.await_row("bob ⚠ › one⏎two");
    talk.ada.press("\r");
    assert_eq!(talk.bob.await_message(), "one\ntwo");
    let screen = talk.ada.await_text("you   one");
    let at = screen.lines().position(|line| line.ends_with("you   one"));
    assert_eq!(
        screen.lines().nth(at.unwrap() + 1).unwrap(),
        "            two"
    );
}

#[test]
fn clear_pushes_everything_into_the_scrollback() {
    let mut talk = talk_on(80, 10);
    talk.bob.say("to be kept");
    talk.ada.await_text("to be kept");
    talk.ada.press("/clear\r");
    let screen = talk
        .ada
        .await_screen("an empty screen", |screen| screen.trim() == "bob ⚠ ›");
    assert_eq!(last_row(&screen), "bob ⚠ ›");
    assert!(talk.ada.history().contains("to be kept"));
}

#[test]
fn where_the_locale_has_no_utf_8_only_ascii_is_shown() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let mut command = chat(&homes[0], &mediator.url, "ada", ROOM);
    command.env("LANG", "C");
    let mut ada = Screen::run(command);
    ada.await_text("* Waiting in room lab");
    let mut bob = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
    ada.await_row("bob ! >");
    bob.say("für 世界");
    ada.await_text("bob   f?r ????");
    // What is typed arrives as it is.
    ada.press("wörld\r");
    assert_eq!(bob.await_message(), "wörld");
    ada.press("/quit\r");
    assert_eq!(ada.exit_code(), 0);
    let raw = ada.raw();
    assert!(raw.is_ascii(), "{:?}", raw.escape_ascii().to_string());
}
