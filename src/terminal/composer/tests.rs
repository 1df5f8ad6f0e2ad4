//! What keys, pastes and questions do.

mod deaf;
mod random;
mod screen;
mod settle;

use self::screen::Screen;
use super::*;
use crate::engine::event::Status;
use crate::terminal::keyboard::{Code, Key};
use crate::trust::Trust;

const COMMANDS: &[&str] = &["help", "verify", "who", "peers", "quit", "send"];

fn composer(width: u16) -> Composer {
    let prompt = Prompt::new(
        "bob",
        Status::Linked {
            trust: Trust::Unverified,
            relayed: false,
            unstable: false,
        },
    );
    Composer::new(width, 10, Style::new(false), COMMANDS, prompt)
}

fn key(code: Code) -> Event {
    Event::Key(code.into())
}

fn ctrl(c: char) -> Event {
    Event::Key(Key::ctrl(c))
}

fn typed(composer: &mut Composer, text: &str, at: Instant) -> Vec<Act> {
    let keys = text.chars().map(|c| match c {
        '\n' => Code::Enter,
        '\t' => Code::Tab,
        c => Code::Char(c),
    });
    keys.flat_map(|code| composer.event(key(code), at))
        .collect()
}

/// Asks, and lets it be quiet: the time from which on keys are heard.
fn asked(composer: &mut Composer, question: Question, at: Instant) -> Instant {
    composer.ask(question, at);
    composer.hear(at + QUIET);
    at + QUIET
}

#[test]
fn the_question_about_a_paste_shows_every_choice_and_repeats_it() {
    let now = Instant::now();
    for (width, first, again) in [
        (
            80,
            "Send 7 lines? s send · e edit · c cancel ›",
            "7 lines: type s to send, e to edit, c to cancel ›",
        ),
        (
            50,
            "Send 7 lines? s send · e edit · c cancel ›",
            "7 lines: type s to send, e to edit, c to cancel ›",
        ),
        (
            40,
            "7 lines: s send, e edit, c cancel ›",
            "7 lines: s send, e edit, c cancel ›",
        ),
        (
            30,
            "s send, e edit, c cancel ›",
            "s send, e edit, c cancel ›",
        ),
        (12, "s/e/c? ›", "s/e/c? ›"),
    ] {
        let mut composer = composer(width);
        let mut screen = Screen::new(width, 10);
        let mut seen = |composer: &mut Composer, row| {
            let mut out = Vec::new();
            composer.paint(&mut out);
            screen.take(&mut out);
            assert_eq!(screen.row().trim_end(), row, "{width}");
        };
        typed(&mut composer, "see: ", now);
        let paste = Event::Paste("1\n2\n3\n4\n5\n6\n7".into());
        composer.event(paste, now);
        seen(&mut composer, first);
        for other in [key(Code::Enter), key(Code::Char('x')), key(Code::Up)] {
            assert_eq!(composer.event(other, now), []);
            seen(&mut composer, again);
        }
        assert_eq!(composer.event(key(Code::Esc), now), []);
        assert_eq!(composer.draft.text(), "see: ");
    }
}

#[test]
fn a_paste_of_seven_lines_is_one_draft_and_one_question() {
    let now = Instant::now();
    let mut composer = composer(80);
    let mut screen = Screen::new(80, 10);
    let mut out = Vec::new();
    typed(&mut composer, "see: ", now);
    let paste = Event::Paste("1\r\n2\r3\n4\n5\n6\n7\n".into());
    assert_eq!(composer.event(paste.clone(), now), []);
    composer.paint(&mut out);
    screen.take(&mut out);
    assert!(
        screen.row().starts_with("Send 7 lines? s send"),
        "{}",
        screen.row()
    );
    // Enter, and whatever else was on its way, decides nothing.
    assert_eq!(typed(&mut composer, "\nxy", now), []);
    assert_eq!(typed(&mut composer, "c", now), []);
    assert_eq!(composer.draft.text(), "see: ");
    composer.event(paste.clone(), now);
    assert_eq!(typed(&mut composer, "e", now), []);
    assert_eq!(composer.draft.text(), "see: 1\n2\n3\n4\n5\n6\n7");
    composer.event(ctrl('u'), now);
    composer.event(paste, now);
    let sent = Act::Submit("1\n2\n3\n4\n5\n6\n7".into());
    assert_eq!(typed(&mut composer, "s", now), [sent]);
    composer.event(Event::Paste("1\n2\n3\n4\n5\n".into()), now);
    let sent = Act::Submit("1\n2\n3\n4\n5".into());
    assert_eq!(typed(&mut composer, "\n", now), [sent]);
}

#[test]
fn words_are_typed_completed_and_answered() {
    let now = Instant::now();
    let mut composer = composer(80);
    typed(&mut composer, "kept", now);
    let text = "Type what bob reads to you".to_owned();
    let now = asked(&mut composer, Question::Words { text: text.clone() }, now);
    assert_eq!(
        typed(&mut composer, "absu\tadroi\tx\n", now),
        [Act::Answer("absurd adroitness x".into())]
    );
    assert_eq!(composer.draft.text(), "kept");
    let now = asked(&mut composer, Question::Words { text: text.clone() }, now);
    assert_eq!(composer.event(Event::Paste("a\nb\n".into()), now), []);
    assert_eq!(
        typed(&mut composer, "\n", now),
        [Act::Answer("a b ".into())]
    );
    let now = asked(&mut composer, Question::Words { text }, now);
    assert_eq!(composer.event(key(Code::Esc), now), [Act::Cancelled]);
    assert_eq!(
        typed(&mut composer, "\n", now),
        [Act::Submit("kept".into())]
    );
}

#[test]
fn tab_completes_commands_words_and_paths() {
    let now = Instant::now();
    let mut composer = composer(80);
    typed(&mut composer, "/ver\tabsu\t", now);
    assert_eq!(composer.draft.text(), "/verify absurd ");
    composer.event(ctrl('u'), now);
    let shown = typed(&mut composer, "/\t", now);
    assert_eq!(
        shown,
        [Act::Show("help  verify  who  peers  quit  send".into())]
    );
    assert_eq!(
        typed(&mut composer, "se\ta b/no\t", now),
        [Act::Complete {
            typed: "a b/no".into(),
            folder: false
        }]
    );
    let paths = ["b/notes/", "b/notes.txt"].map(str::to_owned);
    assert_eq!(composer.completed("a b/no", 2, &paths, false), []);
    assert_eq!(composer.draft.text(), "/send a b/notes");
    // What was looked for before comes too late.
    assert_eq!(composer.completed("a b/no", 2, &paths, false), []);
    assert_eq!(
        composer.completed("a b/notes", 2, &paths, false),
        [Act::Show("notes/  notes.txt".into())]
    );
    assert_eq!(composer.completed("a b/notes", 2, &paths[..1], false), []);
    assert_eq!(composer.draft.text(), "/send a b/notes/");
    composer.event(ctrl('u'), now);
    assert_eq!(
        typed(&mut composer, "/accept 7 ~/D\t", now),
        [Act::Complete {
            typed: "~/D".into(),
            folder: true
        }]
    );
}

#[test]
fn the_keys_that_leave() {
    let now = Instant::now();
    let late = now + Duration::from_secs(3);
    let mut composer = composer(80);
    assert_eq!(composer.event(ctrl('d'), now), [Act::Eof]);
    assert_eq!(composer.event(ctrl('z'), now), [Act::Suspend]);
    typed(&mut composer, "draft", now);
    assert_eq!(composer.event(ctrl('a'), now), []);
    assert_eq!(composer.event(ctrl('d'), now), []);
    assert_eq!(composer.draft.text(), "raft");
    assert_eq!(composer.event(ctrl('c'), now), []);
    assert_eq!(composer.draft.text(), "");
    assert_eq!(composer.event(ctrl('c'), late), []);
    assert_eq!(
        composer.event(ctrl('c'), late + Duration::from_secs(1)),
        [Act::Interrupt]
    );
    let [again, soon, end] = [10, 11, 13].map(|s| now + Duration::from_secs(s));
    assert_eq!(composer.event(ctrl('c'), again), []);
    typed(&mut composer, "x", soon);
    assert_eq!(composer.event(ctrl('c'), soon), []);
    assert_eq!(composer.deadline(), Some(soon + AGAIN));
    let (mut screen, mut out) = (Screen::new(80, 10), Vec::new());
    composer.paint(&mut out);
    screen.take(&mut out);
    assert_eq!(screen.row(), "bob ⚠ › Ctrl-C again to quit");
    composer.tick(end, &mut out);
    screen.take(&mut out);
    assert_eq!(screen.row().trim_end(), "bob ⚠ ›");
}
