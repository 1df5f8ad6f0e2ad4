//! What an end shows, and nobody takes: a pipe that is full, a program that is stopped. The link
//! and signals do not wait for it.

use std::io::{BufRead, BufReader, PipeReader, Read};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use portable_pty::{PtySize, native_pty_system};
use serde_json::Value;

use crate::common::acts::{homes, talking};
use crate::common::console::talk;
use crate::common::screen::chat;
use crate::common::{Client, Home, Mediator, PATIENCE, Start};

/// Less than a goodbye that is waited for may take (2 s).
const AT_ONCE: Duration = Duration::from_millis(1_500);
/// Bytes of a line, and lines: many times what a pipe holds.
const LINE: usize = 16 * 1024;
const LINES: usize = 40;

struct Stalled {
    _mediator: Mediator,
    _homes: [Home; 2],
    /// Its stdout is full.
    ada: Client,
    reader: PipeReader,
    bob: Client,
}

fn line(n: usize) -> String {
    format!("{n} {}", "x".repeat(LINE - 10))
}

fn stalled(start: fn(&Home, &str, &str, &str) -> Start) -> Stalled {
    let (mediator, homes) = (Mediator::start(), homes());
    let (reader, writer) = std::io::pipe().unwrap();
    let mut ada = start(&homes[0], &mediator.url, "ada", "lab");
    ada.command.stdout(writer);
    let ada = ada.run_unread();
    let mut bob = Start::chat(&homes[1], &mediator.url, "bob", "lab").run();
    bob.await_event("connected");
    bob.say_all((1..=LINES).map(line));
    let begun = Instant::now();
    while rustix::io::ioctl_fionread(&reader).unwrap() < 3 * LINE as u64 {
        assert!(begun.elapsed() < PATIENCE, "the pipe does not fill");
        std::thread::yield_now();
    }
    Stalled {
        _mediator: mediator,
        _homes: homes,
        ada,
        reader,
        bob,
    }
}

#[test]
fn a_signal_ends_who_has_a_full_pipe_before_them() {
    for start in [Start::chat, Start::human] {
        for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
            let mut stalled = stalled(start);
            let begun = Instant::now();
            stalled.ada.signal(signal);
            assert_eq!(stalled.ada.exit_code(), code);
            assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
            assert_eq!(stalled.bob.await_event("left")["reason"], "quit");
            assert_eq!(stalled.bob.await_event("error")["code"], "undelivered");
            assert_eq!(stalled.bob.exit_code(), 5);
        }
    }
}

#[test]
fn a_pipe_that_is_read_again_misses_nothing() {
    let Stalled {
        ada: _ada,
        reader,
        bob,
        ..
    } = stalled(Start::chat);
    // The link lives meanwhile: pings are answered, and so bob is told what is wrong.
    let told = bob.events_until(|events| events.last().is_some_and(|last| last["type"] == "note"));
    assert!(told.iter().all(|event| event["type"] != "unstable"));
    let note = told.last().unwrap()["message"].as_str().unwrap();
    assert!(note.contains("has not been shown to ada yet"), "{note}");
    let mut heard = 0;
    for event in BufReader::new(reader).lines() {
        let event: Value = serde_json::from_str(&event.unwrap()).unwrap();
        if event["type"] == "message" {
            heard += 1;
            assert_eq!(event["text"], line(heard));
        }
        if heard == LINES {
            break;
        }
    }
    bob.await_that("all of it", |event| {
        event["type"] == "delivered" && event["id"] == LINES
    });
}

#[test]
fn a_second_signal_waits_for_nobody() {
    let (_mediator, _homes, [mut host, guest]) = talking();
    guest.signal(Signal::SIGSTOP);
    let begun = Instant::now();
    // Two that come at once are one.
    while host.child.try_wait().unwrap().is_none() {
        host.signal(Signal::SIGINT);
        std::thread::park_timeout(Duration::from_millis(50));
        assert!(begun.elapsed() < AT_ONCE, "still there");
    }
    assert_eq!(host.exit_code(), 130);
}

#[test]
fn keys_are_heard_after_ctrl_d() {
    let mut talk = talk();
    talk.bob.signal(Signal::SIGSTOP);
    let begun = Instant::now();
    talk.ada.press("\x04\x03\x03");
    assert_eq!(talk.ada.exit_code(), 0);
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    talk.ada.assert_restored();
}

#[test]
fn what_a_terminal_that_was_closed_did_not_take_is_not_acknowledged() {
    let (mediator, homes) = (Mediator::start(), homes());
    let pty = native_pty_system().openpty(PtySize::default()).unwrap();
    let bob = chat(&homes[1], &mediator.url, "bob", "lab");
    let mut child = pty.slave.spawn_command(bob).unwrap();
    drop(pty.slave);
    let mut ada = Start::chat(&homes[0], &mediator.url, "ada", "lab").run();
    let mut terminal = pty.master.try_clone_reader().unwrap();
    let mut seen = Vec::new();
    let mut read_until = |what: &str| {
        let mut buf = [0; 4096];
        while !String::from_utf8_lossy(&seen).contains(what) {
            let read = terminal.read(&mut buf).unwrap();
            assert!(read > 0, "{what} is not shown");
            seen.extend_from_slice(&buf[..read]);
        }
    };
    read_until("⚠");
    ada.say_all((1..=LINES).map(|n| format!("line {n}. {}", "x".repeat(LINE - 20))));
    read_until("line 3.");
    drop(terminal);
    drop(pty.master);
    let events = ada.events_until(|events| events.iter().any(|event| event["type"] == "left"));
    let delivered = events.iter().filter(|event| event["type"] == "delivered");
    // Those that were read, and as many as the terminal held on their way.
    let delivered = delivered.count();
    assert!(delivered < 12, "{delivered}");
    child.wait().unwrap();
}
