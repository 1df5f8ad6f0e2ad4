//! `receive` at a terminal: the question, and the row that says how far it is.

use std::io::Write;

use super::scene;
use crate::common::acts::ROOM;
use crate::common::contents::contents;
use crate::common::screen::{Screen, chat};

/// What is typed meanwhile would be in the row, and is still there for the shell.
#[test]
fn what_is_typed_is_not_in_the_row() {
    let scene = scene();
    let mut sender = scene.send(&["-"]);
    let mut stdin = sender.stdin.take().unwrap();
    let mut command = chat(&scene.homes[1], &scene.mediator.url, "bob", ROOM);
    let into = scene.into.path().to_str().unwrap();
    let url = scene.mediator.url.as_str();
    let program = [env!("CARGO_BIN_EXE_undertone"), "receive", "--yes"];
    let options = ["--name", "bob", "--mediator", url, "--into", into];
    let all = program.iter().chain(&options);
    *command.get_argv_mut() = all.map(|one| (*one).into()).collect();
    let mut bob = Screen::run_on(command, 60, 20);
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
    let receive = || {
        let mut command = chat(&scene.homes[1], &scene.mediator.url, "bob", ROOM);
        let into = scene.into.path().to_str().unwrap();
        *command.get_argv_mut() = [
            env!("CARGO_BIN_EXE_undertone"),
            "receive",
            "--name",
            "bob",
            "--mediator",
            &scene.mediator.url,
            "--into",
            into,
        ]
        .map(Into::into)
        .to_vec();
        Screen::run_on(command, 60, 20)
    };
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
