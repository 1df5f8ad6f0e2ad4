//! Words compared at a terminal, and the alarm: what is typed ahead answers nothing,
//! and what was not meant for somebody else is not sent.

use std::fs;

use crate::common::console::{ROOM, both, read_out, talk};
use crate::common::screen::{Screen, chat};
use crate::common::{Home, Mediator, Start};

const ASKED: &str = "The words that you hear ›";

#[test]
fn right_words_are_shown_on_both_sides_and_after_a_restart() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let [mut ada, mut bob] = both(&mediator, &homes);
    ada.await_row("bob ⚠ ›");
    let of_ada = read_out(&mut ada, "bob");
    let of_bob = read_out(&mut bob, "ada");
    ada.press(&format!("{of_bob}\r"));
    bob.press(&format!("{}\r", of_ada.to_uppercase()));
    for (screen, other) in [(&ada, "bob"), (&bob, "ada")] {
        screen.await_text(&format!("{other} is verified."));
        screen.await_row(&format!("{other} ✓ ›"));
    }
    ada.press("/quit\r");
    assert_eq!((ada.exit_code(), bob.follow()), (0, 0));
    let again = both(&mediator, &homes);
    again[0].await_row("bob ✓ ›");
    again[1].await_row("ada ✓ ›");
}

#[test]
fn wrong_words_twice_end_the_chat() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let [mut ada, bob] = both(&mediator, &homes);
    read_out(&mut ada, "bob");
    ada.press("absurd adroitness absurd adroitness\r");
    ada.await_text("One more try");
    // The question stands again, with the same words to read out.
    ada.await_row(ASKED);
    ada.press("absurd adroitness absurd aftermath\r");
    assert_eq!(ada.exit_code(), 6);
    assert!(
        ada.text().contains("the words did not match"),
        "{}",
        ada.text()
    );
    ada.assert_restored();
    bob.await_text("left");
}

#[test]
fn words_to_verify_with_are_not_sent_as_a_message() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let [mut ada, mut bob] = both(&mediator, &homes);
    let own = read_out(&mut ada, "bob");
    ada.press("\x1b");
    let theirs = read_out(&mut bob, "ada");
    bob.press("\x1b");
    ada.await_row("bob ⚠ ›");
    ada.press(&format!("{own}\r"));
    ada.await_text("not sent: those are your own words");
    ada.press(&format!(
        "  {}. \r",
        theirs.to_uppercase().replace(' ', ", ")
    ));
    ada.await_text("not sent: those are words to verify with");
    // As it is typed after it.
    ada.await_text(&format!("/verify {}", theirs.to_lowercase()));
    ada.press("absurd adroitness absurd adroitnes\r");
    bob.await_text("ada   absurd adroitness absurd adroitnes");
    ada.press(&format!("//{own}\r"));
    bob.await_text(&format!("ada   /{own}"));
    assert!(
        !bob.history()
            .to_lowercase()
            .contains(&format!("ada   {theirs}"))
    );
    ada.press(&format!("/verify {theirs}\r"));
    ada.await_row("bob ✓ ›");
}

#[test]
fn a_bare_yes_answers_nothing_and_escape_goes_back_to_the_draft() {
    let mut talk = talk();
    talk.ada.press("kept");
    talk.ada.await_row("bob ⚠ › kept");
    talk.ada.press("\x15/verify\r");
    talk.ada.await_row(ASKED);
    talk.ada.press("y\r");
    talk.ada.await_text("those are not four words of the list");
    talk.ada.await_row(ASKED);
    talk.ada.press("absu\t");
    talk.ada.await_row(&format!("{ASKED} absurd"));
    talk.ada.press("\x03");
    talk.ada.await_row("bob ⚠ › Ctrl-C again to quit");
    talk.ada.press("still here\r");
    assert_eq!(talk.bob.await_message(), "still here");
}

#[test]
fn a_command_at_the_question_is_answered_and_the_question_stays() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let [mut ada, mut bob] = both(&mediator, &homes);
    read_out(&mut ada, "bob");
    ada.await_text("Esc or Ctrl-C puts it off.");
    for (command, answer) in [
        ("/who", "0 queued"),
        ("/help", "who is there, and how"),
        ("/dance", "no command /dance"),
    ] {
        ada.press(&format!("{command}\r"));
        ada.await_text(answer);
        ada.await_row(ASKED);
    }
    assert!(!ada.text().contains("put off"), "{}", ada.text());
    let of_bob = read_out(&mut bob, "ada");
    ada.press(&format!("{of_bob}\r"));
    ada.await_row("bob ✓ ›");
    bob.press("\x1b");
    bob.await_text("The comparison is put off: /verify begins it again.");
    bob.await_row("ada ⚠ ›");
}

#[test]
fn a_paste_before_and_at_a_trust_question_changes_nothing() {
    let mut talk = talk();
    // In one write: what follows the command was typed before the question stood.
    talk.ada
        .press("/verify\r\x1b[200~yes\n\x1b[201~yes\rabsurd");
    talk.ada.await_row(ASKED);
    talk.ada.paste("yes\n");
    talk.ada.await_row(&format!("{ASKED} yes"));
    talk.ada.press("\x1b");
    talk.ada.await_row("bob ⚠ ›");
    talk.ada.press("the first\r");
    assert_eq!(
        talk.bob.await_message(),
        "the first",
        "nothing else was sent"
    );
    talk.ada.await_text("you   the first");
    talk.ada.press("/who\r");
    talk.ada.await_text("not verified · 0 queued");
}

#[test]
fn keys_that_go_on_and_on_before_a_trust_question_answer_nothing() {
    let mut talk = talk();
    // Far more than the system holds: it comes while the rest is thrown away.
    let keys = format!("/verify\r{}", "yes\r".repeat(8 * 1024));
    talk.ada.press_on(keys);
    talk.ada.await_row(ASKED);
    talk.ada.press("\x1b");
    talk.ada.await_row("bob ⚠ ›");
    assert!(!talk.ada.history().contains("not four words"));
    talk.ada.press("the first\r");
    assert_eq!(
        talk.bob.await_message(),
        "the first",
        "nothing else was sent"
    );
}

#[test]
fn keys_that_never_pause_hide_no_message() {
    let mut talk = talk();
    let keys = "yes\r".repeat(256 * 1024);
    talk.ada.press_on(format!("/verify\r{keys}"));
    talk.ada.await_text("Read to bob, by voice");
    talk.ada.await_text("once bob has typed /verify as well");
    talk.bob.say("are you there?");
    let screen = talk.ada.await_text("bob   are you there?");
    assert!(!screen.contains(ASKED), "{screen}");
}

#[test]
fn ctrl_c_twice_leaves_through_keys_that_never_pause() {
    let mut talk = talk();
    // No third Ctrl-C: in the terminal's own mode it throws away what was not seen yet, and
    // with it what gives the terminal back.
    let keys = format!("{}\x03", "yes\r".repeat(20)).repeat(2);
    let more = "yes\r".repeat(64 * 1024);
    talk.ada.press_on(format!("/verify\r{keys}{more}"));
    assert_eq!(talk.ada.exit_code(), 130);
    talk.ada.assert_restored();
    talk.assert_nothing_was_sent();
}

#[test]
fn a_paste_of_seven_lines_is_one_draft_and_one_question() {
    let mut talk = talk();
    talk.ada.press("see: ");
    talk.ada.paste("1\r\n2\r3\n4\n5\n6\n7\n");
    let question = "Send 7 lines? s send · e edit · c cancel ›";
    talk.ada.await_row(question);
    talk.ada.press("\r\rx");
    talk.ada.press("e");
    talk.ada.await_row("bob ⚠ › see: 1⏎2⏎3⏎4⏎5⏎6⏎7");
    talk.ada.press("\r");
    assert_eq!(talk.bob.await_message(), "see: 1\n2\n3\n4\n5\n6\n7");
    talk.ada.paste("1\n2\n3\n4\n5\n6\n7\n");
    talk.ada.await_row(question);
    talk.ada.press("c");
    talk.ada.await_row("bob ⚠ ›");
    talk.ada.paste("/quit\n");
    talk.ada.await_row("bob ⚠ › /quit");
    talk.ada.press("\x15/quit\r");
    assert_eq!(talk.ada.exit_code(), 0);
}

/// Two who know each other; bob then comes with another key. ada at a terminal.
fn changed_key() -> (Mediator, [Home; 2], Screen) {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let [mut ada, mut bob] = both(&mediator, &homes);
    ada.press("/quit\r");
    assert_eq!((ada.exit_code(), bob.follow()), (0, 0));
    fs::remove_file(homes[1].data().join("identity")).unwrap();
    let ada = Screen::run(chat(&homes[0], &mediator.url, "ada", ROOM));
    ada.await_text("Waiting in room");
    (mediator, homes, ada)
}

#[test]
fn a_changed_key_shuts_the_chat_and_typed_ahead_input_is_thrown_away() {
    let (mediator, homes, mut ada) = changed_key();
    ada.press("typed ahead\rand half a line");
    let mut bob = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
    bob.await_event("connected");
    bob.say("it is really me");
    let screen = ada.await_text("✗ IDENTITY CHANGED: \"bob\" uses another key than before.");
    assert!(screen.contains("/quit    leave (advised)"), "{screen}");
    ada.await_row("bob ✗ ›");
    ada.press("typed into it\r");
    ada.await_text("not sent: the other person's identity is not verified");
    ada.press("/quit\r");
    assert_eq!(ada.exit_code(), 6);
    ada.assert_restored();
    assert!(!ada.history().contains("it is really me"));
    bob.exit_code();
    let heard = bob.out.rest().concat();
    assert!(!heard.contains("\"message\",\"id\""), "{heard}");
    let peers = crate::common::acts::peers(&homes[0]);
    assert!(
        peers.contains("bob*") && peers.contains("another key"),
        "{peers}"
    );
}

#[test]
fn words_of_the_new_key_open_the_shut_chat() {
    let (mediator, homes, mut ada) = changed_key();
    let mut bob = Screen::run(chat(&homes[1], &mediator.url, "bob", ROOM));
    ada.await_row("bob ✗ ›");
    bob.await_text("Connected to ada");
    let of_ada = read_out(&mut ada, "bob");
    let of_bob = read_out(&mut bob, "ada");
    ada.press(&format!("{of_bob}\r"));
    bob.press(&format!("{of_ada}\r"));
    ada.await_row("bob ✓ ›");
    bob.await_row("ada ✓ ›");
    ada.press("so it is you\r");
    bob.await_text("ada   so it is you");
}

/// What ada is told when she meets bob in this room.
fn connected_in(mediator: &Mediator, homes: &[Home; 2], room: &str) -> String {
    let mut ada = Screen::run(chat(&homes[0], &mediator.url, "ada", room));
    ada.await_text("Waiting in room");
    let bob = Start::chat(&homes[1], &mediator.url, "bob", room).run();
    bob.await_event("connected");
    let screen = ada.await_text("/verify, typed by both, compares four words");
    ada.press("/quit\r");
    assert_eq!(ada.exit_code(), 0);
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn an_earlier_meeting_is_named_only_where_the_trust_stems_from_it() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let [now, earlier] = [
        "via invite Only someone with the secret can be there.",
        "via invite Only someone with the secret of a room where you met before can be there.",
    ];
    for (room, said) in [
        ("lab#otter", now),
        ("attic", earlier),
        ("cellar#heron", now),
    ] {
        let screen = connected_in(&mediator, &homes, room);
        assert!(screen.contains(said), "{room}: {screen}");
    }
}
