//! `receive` at a terminal: the question, and the row that says how far it is.

use std::io::Write;

use super::{Scene, scene};
use crate::common::acts::ROOM;
use crate::common::contents::contents;
use crate::common::screen::{Screen, chat};

impl Scene {
    /// bob, who receives at a terminal of this size.
    fn receive_on(&self, columns: u16, rows: u16, arguments: &[&str]) -> Screen {
        let mut command = chat(&self.homes[1], &self.mediator.url, "bob", ROOM);
        let into = self.into.path().to_str().unwrap();
        let url = self.mediator.url.as_str();
        let program = [env!("CARGO_BIN_EXE_undertone"), "receive"];
        let options = ["--name", "bob", "--mediator", url, "--into", into];
        let all = program.iter().chain(&options).chain(arguments);
        *command.get_argv_mut() = all.map(|one| (*one).into()).collect();
        Screen::run_on(command, columns, rows)
    }
}

/// What is typed meanwhile would be in the row, and is still there for the shell.
#[test]
fn what_is_typed_is_not_in_the_row() {
    let scene = scene();
    let mut sender = scene.send(&["-"]);
    let mut stdin = sender.stdin.take().unwrap();
    let mut bob = scene.receive_on(60, 20, &["--yes"]);
    stdin.write_all(&contents(50_000)).unwrap();
    bob.await_text("50.0 kB");
    bob.press("typed\r");
    for (len, shown) in [(20_000, "70.0 kB"), (20_000, "90.0 kB")] {
        stdin.write_all(&contents(len)).unwrap();
        bob.await_text(shown);
        assert!(!bob.text().contains("typed"), "{}", bob.text());
    }
    drop(stdin);
    assert_eq!((bob.exit_code(), sender.exit_code()), (0, 0));
    assert!(!bob.text().contains("typed"), "{}", bob.text());
    bob.assert_restored();
}

#[test]
fn at_a_terminal_the_person_is_asked_and_a_row_says_how_far_it_is() {
    let scene = scene();
    let path = scene.file("large.bin", &contents(12_000_000));
    let receive = || scene.receive_on(60, 20, &[]);
    // What was typed before it is asked is no answer.
    let mut sender = scene.send(&[&path]);
    let mut bob = receive();
    bob.press("y\r");
    bob.await_text("Take it? (y/N)");
    bob.press("\r");
    assert_eq!((bob.exit_code(), sender.exit_code()), (7, 7));
    assert!(bob.text().contains("declined by you"), "{}", bob.text());
    bob.assert_restored();
    scene.assert_nothing_came();
    // Ctrl-C in the question cancels.
    let mut sender = scene.send(&[&path]);
    let mut bob = receive();
    bob.await_text("Take it? (y/N)");
    bob.press("\u{3}");
    assert_eq!((bob.exit_code(), sender.exit_code()), (130, 7));
    bob.assert_restored();
    // The row is in one line at any width, and is gone at the end.
    let mut sender = scene.send(&[&path]);
    let mut bob = receive();
    bob.await_text("Take it? (y/N)");
    bob.press("y\r");
    bob.await_screen("a row", |screen| screen.contains(" % "));
    bob.resize(30, 20);
    bob.await_screen("the row", |screen| {
        screen.lines().filter(|line| line.contains(" % ")).count() == 1
    });
    bob.resize(70, 20);
    assert_eq!((bob.exit_code(), sender.exit_code()), (0, 0));
    let screen = bob.text();
    assert!(
        screen.contains("large.bin from ada is here, 12.0 MB"),
        "{screen}"
    );
    assert!(!screen.contains(" % "), "{screen}");
    let last = screen.trim_end().lines().last().unwrap();
    assert!(last.ends_with("/large.bin"), "{screen}");
    bob.assert_restored();
}

/// In one that is narrower than what is written over.
#[test]
fn the_clock_of_a_wait_leaves_nothing_behind() {
    let scene = scene();
    let path = scene.file("a", b"text");
    let mut bob = scene.receive_on(16, 40, &["--yes"]);
    bob.await_text("  Waiting for");
    let mut sender = scene.command(0, "ada", &["send", &path]).run();
    assert_eq!((bob.exit_code(), sender.exit_code()), (0, 0));
    assert!(!bob.text().contains("Waiting"), "{}", bob.text());
    bob.assert_restored();
}
