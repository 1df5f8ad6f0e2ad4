//! `undertone peers …` at a terminal: what is asked before somebody is renamed or forgotten.

use std::fs;

use portable_pty::CommandBuilder;

use crate::common::acts::{ada_and_bob, homes, peers, quit, verify_both};
use crate::common::screen::Screen;
use crate::common::{Home, Mediator, Start};

fn at_terminal(home: &Home, arguments: &[&str], width: u16) -> Screen {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_undertone"));
    command.env_clear();
    command.env("UNDERTONE_DATA_DIR", home.data());
    command.env("TERM", "xterm");
    command.arg("peers");
    command.args(arguments);
    Screen::run_on(command, width, 24)
}

/// A history with two keys under one name, neither of them a contact's.
fn met_two_bobs() -> Home {
    let home = Home::new();
    fs::create_dir(home.data()).unwrap();
    let line = |word: &str, day: u8| {
        let time = format!("2026-11-{day:02}T08:00:00.000Z");
        let key = format!("{word}{}", "-acme".repeat(15));
        format!("{time}\t{time}\tbob\tlab\t10.0.0.7:1\tdirect\tvia invite\t{key}\n")
    };
    let history = home.data().join("peers.txt");
    fs::write(history, line("virus", 1) + &line("aardvark", 2)).unwrap();
    home
}

#[test]
fn a_verified_contact_is_forgotten_only_after_a_question() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [(mut host, _), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    verify_both([&mut host, &mut guest]);
    quit([&mut host, &mut guest]);
    let forget = ["peers", "forget", "bob"];
    let (code, _, err) = Start::new(&homes[0], &forget).finish(b"");
    assert!(code == 2 && err.contains("--yes"), "{err}");
    let asked = |answer: &str| {
        let mut screen = at_terminal(&homes[0], &forget[1..], 80);
        screen.await_text("Forget bob?");
        screen.press(answer);
        assert_eq!(screen.exit_code(), 0);
        screen.assert_restored();
    };
    for no in ["n\r", "\r"] {
        asked(no);
        assert!(peers(&homes[0]).contains("bob"));
    }
    asked("y\r");
    assert_eq!(peers(&homes[0]), "");
    let [(_host, saw), _guest] = ada_and_bob(&mediator, &homes);
    assert_eq!(saw["trust"], "invite");
}

#[test]
fn of_two_keys_under_one_name_the_person_chooses() {
    let home = met_two_bobs();
    let history = home.data().join("peers.txt");
    let (code, _, err) = Start::new(&home, &["peers", "rename", "bob", "eve"]).finish(b"");
    assert_eq!(code, 2, "{err}");
    for row in ["aardvark-acme-…", "virus-acme-…", "as aardvark-acme."] {
        assert!(err.contains(row), "{row}: {err}");
    }
    let choose = |keys: &str, code: u32| {
        let mut screen = at_terminal(&home, &["rename", "bob", "eve"], 80);
        let asked = screen.await_text("Which one? (1-2)");
        assert!(asked.contains("2  virus-acme-…"), "{asked}");
        screen.press(keys);
        assert_eq!(screen.exit_code(), code);
        screen.assert_restored();
        fs::read_to_string(&history).unwrap()
    };
    // Neither no number nor Ctrl-C is an answer.
    assert!(!choose("3\r\rx\r\x03", 130).contains("eve"));
    let renamed = choose("2\r", 0);
    assert!(
        renamed.lines().any(|line| line.contains("\teve\t")
            && line.ends_with("acme")
            && line.contains("virus")),
        "{renamed}"
    );
    assert!(renamed.contains("\tbob\t"), "{renamed}");
}

#[test]
fn a_question_names_whom_it_means_and_is_broken_between_words() {
    let home = met_two_bobs();
    for width in [80, 40] {
        let mut screen = at_terminal(&home, &["forget", "bob"], width);
        screen.await_text("Which one? (1-2)");
        screen.press("2\r");
        let asked = screen.await_text("(y/N)");
        let words: Vec<_> = asked.split_whitespace().collect();
        let words = words.join(" ");
        for part in [
            "2 virus-acme-… no contact, via invite, last seen 2026-11-01 08:00",
            "bob (virus-acme-…) is no contact: only lines of the history are deleted.",
            "Delete these lines? (y/N)",
        ] {
            assert!(words.contains(part), "{part}: {asked}");
        }
        screen.press("n\r");
        screen.await_text("bob (virus-acme-…) is kept.");
        assert_eq!(screen.exit_code(), 0);
    }
}

#[test]
fn a_table_of_eighty_columns_shows_the_words_that_name_a_key() {
    let home = met_two_bobs();
    let mut screen = at_terminal(&home, &[], 80);
    assert_eq!(screen.exit_code(), 0);
    let shown = screen.text();
    for words in ["virus-acme", "aardvark-acme"] {
        assert!(shown.contains(&format!("  {words}-…")), "{shown}");
    }
    let forget = Start::new(&home, &["peers", "forget", "virus-acme", "--yes"]);
    assert_eq!(forget.finish(b"").0, 0);
    assert!(!peers(&home).contains("virus"));
}
