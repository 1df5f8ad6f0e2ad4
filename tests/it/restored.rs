//! The terminal is given back: on every signal, and on a panic.

use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use portable_pty::CommandBuilder;
use undertone::terminal::guard::Guard;

use crate::common::console::{ROOM, talk};
use crate::common::screen::{Screen, chat};
use crate::common::{Home, Mediator, Start};

#[test]
fn a_signal_ends_the_chat_and_gives_the_terminal_back() {
    for (signal, code) in [
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 143),
        (Signal::SIGINT, 130),
    ] {
        let mut talk = talk();
        talk.ada.press("half a line");
        talk.ada.await_row("bob ⚠ › half a line");
        talk.ada.signal(signal);
        assert_eq!(talk.ada.exit_code(), code);
        talk.ada.assert_restored();
        assert!(
            !talk.ada.text().contains("half a line"),
            "the row is taken away"
        );
        talk.bob.await_event("left");
    }
}

/// All that end a program which does nothing about them, but those that end a chat in order.
const DEADLY: [Signal; 17] = [
    Signal::SIGQUIT,
    Signal::SIGILL,
    Signal::SIGTRAP,
    Signal::SIGABRT,
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGUSR1,
    Signal::SIGSEGV,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGXCPU,
    Signal::SIGXFSZ,
    Signal::SIGVTALRM,
    Signal::SIGPROF,
    Signal::SIGIO,
    Signal::SIGSYS,
    Signal::SIGTERM,
];

/// That it ends by this signal as any program does, on a terminal that is as it was.
fn assert_ends_by(signal: Signal, screen: &mut Screen) {
    screen.signal(signal);
    let status = screen.wait_status();
    let in_order = WaitStatus::Exited(status.pid().unwrap(), 143);
    let by_signal = WaitStatus::Signaled(status.pid().unwrap(), signal, false);
    let expected = match signal {
        Signal::SIGTERM => in_order,
        _ => by_signal,
    };
    assert_eq!(status, expected);
    screen.assert_restored();
}

#[test]
fn whatever_signal_ends_a_chat_gives_the_terminal_back() {
    for signal in DEADLY {
        let mut talk = talk();
        talk.ada.press("half a line");
        talk.ada.await_row("bob ⚠ › half a line");
        assert_ends_by(signal, &mut talk.ada);
        assert!(!talk.ada.text().contains("half a line"), "the row is gone");
    }
}

#[test]
fn whatever_signal_ends_a_question_or_a_wait_gives_the_terminal_back() {
    let mediator = Mediator::start();
    for signal in DEADLY.into_iter().step_by(4) {
        let home = Home::new();
        let mut command = chat(&home, &mediator.url, "ada", ROOM);
        command.env_remove("UNDERTONE_ROOM");
        let mut asked = Screen::run(command);
        asked.await_text("Room (");
        assert_ends_by(signal, &mut asked);
        let mut waits = Screen::run(chat(&home, &mediator.url, "ada", ROOM));
        waits.await_text("  Waiting for 0:0");
        assert_ends_by(signal, &mut waits);
    }
}

/// Without a shell that would bring it back: the system stops no such program.
#[test]
fn a_stop_that_does_not_happen_leaves_the_chat_as_it_was() {
    let mut talk = talk();
    talk.ada.press("draft");
    talk.ada.await_row("bob ⚠ › draft");
    talk.ada.signal(Signal::SIGTSTP);
    talk.ada.await_raw("the row once more", |raw| {
        let raw = String::from_utf8_lossy(raw);
        let (_, after) = raw.split_once("\x1b[?2004l")?;
        let (_, after) = after.split_once("\x1b[?2004h")?;
        after.contains("draft").then_some(())
    });
    talk.ada.press("!\r");
    assert_eq!(talk.bob.await_message(), "draft!");
}

/// Ctrl-\ is a key in a chat, and ends a wait: there the terminal is in its own mode.
#[test]
fn ctrl_backslash_ends_a_wait_and_the_next_program_echoes() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let mut ada = Screen::run(chat(&home, &mediator.url, "ada", ROOM));
    ada.await_text("  Waiting for 0:0");
    ada.press("\x1c");
    let status = ada.wait_status();
    assert!(
        matches!(status, WaitStatus::Signaled(_, Signal::SIGQUIT, _)),
        "{status:?}"
    );
    ada.assert_restored();
}

/// What [`a_panic_gives_the_terminal_back`] runs on a terminal.
#[test]
#[ignore = "panics, in a process of its own"]
fn panics_with_the_terminal_taken() {
    let _guard = Guard::keys().unwrap();
    // As in the middle of a repaint.
    print!("\x1b[?2026h\x1b[?7lhalf a row");
    panic!("on purpose");
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args([
        "--ignored",
        "--exact",
        "--nocapture",
        "restored::panics_with_the_terminal_taken",
    ]);
    command.env("RUST_BACKTRACE", "0");
    let mut screen = Screen::run(command);
    assert_ne!(screen.exit_code(), 0);
    assert!(screen.text().contains("on purpose"), "{}", screen.text());
    let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
    let [left, said] = ["\x1b[?2004l", "on purpose"].map(|part| raw.find(part).unwrap());
    assert!(left < said, "restored before a word is said: {raw:?}");
    screen.assert_restored();
}

#[test]
fn folders_and_files_of_a_chat_are_ones_own() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    for xdg in [false, true] {
        let [home, other] = [Home::new(), Home::new()];
        let mut bob = Start::chat(&other, &mediator.url, "bob", ROOM).run();
        bob.await_event("waiting");
        let mut command = chat(&home, &mediator.url, "ada", ROOM);
        command.env_remove("UNDERTONE_DATA_DIR");
        let mut folder = home.path().join(".local/share");
        if xdg {
            folder = home.path().join("elsewhere");
            command.env("XDG_DATA_HOME", &folder);
        }
        let mut ada = Screen::run(command);
        ada.await_row("bob ⚠ ›");
        ada.press("/quit\r");
        assert_eq!((ada.exit_code(), bob.exit_code()), (0, 0));
        let folder = folder.join("undertone");
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        let files: Vec<_> = folder
            .read_dir()
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        assert!(files.len() >= 3, "{files:?}");
        for file in files {
            assert_eq!(
                mode(&file),
                if file.is_dir() { 0o700 } else { 0o600 },
                "{file:?}"
            );
        }
    }
    drop(homes);
}
