//! How a chat ends: a goodbye, the end of a pipe, a signal, a crash.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::common::acts::talking;
use crate::common::console::{Talk, talk};
use crate::common::{Home, Mediator, Start};

#[test]
fn a_killed_peer_is_lost_and_has_not_left() {
    let (_mediator, _homes, mut clients) = talking();
    let killed = Instant::now();
    clients[0].kill();
    let event = clients[1].event();
    assert_eq!(event["type"], "reconnecting", "{event}");
    assert!(killed.elapsed() < Duration::from_secs(15));
    clients[1].say("/quit");
    assert_eq!(clients[1].exit_code(), 0);
    let left = clients[1]
        .out
        .rest()
        .iter()
        .any(|line| line.contains("\"left\""));
    assert!(!left, "nobody said goodbye");
}

#[test]
fn a_pipe_delivers_its_lines_and_leaves() {
    for pipe_first in [true, false] {
        let mediator = Mediator::start();
        let homes = [Home::new(), Home::new()];
        let pipe = Start::human(&homes[0], &mediator.url, "ada", "lab");
        let reader = Start::chat(&homes[1], &mediator.url, "bob", "lab");
        let piped = |start: Start| {
            let mut client = start.run();
            client.say("hi");
            client.end_input();
            client
        };
        let (mut pipe, mut reader) = if pipe_first {
            let pipe = piped(pipe);
            pipe.err.find(|line| line.contains("Waiting"), "waiting");
            (pipe, reader.run())
        } else {
            let reader = reader.run();
            reader.await_event("waiting");
            (piped(pipe), reader)
        };
        assert_eq!(reader.await_message(), "hi");
        assert_eq!(reader.await_event("left")["reason"], "quit");
        assert_eq!((pipe.exit_code(), reader.exit_code()), (0, 0));
        assert_eq!(
            pipe.out.rest(),
            [""; 0],
            "stdout is for what the other person says"
        );
    }
}

#[test]
fn a_long_pipe_waits_until_everything_has_arrived() {
    let (_mediator, _homes, [mut host, guest]) = talking();
    let mut stdin = host.stdin.take().unwrap();
    let lines: String = (1..=3_000).map(|n| format!("line {n}\n")).collect();
    std::thread::spawn(move || std::io::Write::write_all(&mut stdin, lines.as_bytes()));
    for n in 1..=3_000 {
        assert_eq!(guest.await_message(), format!("line {n}"));
    }
    assert_eq!(host.exit_code(), 0);
    guest.await_event("left");
}

#[test]
fn a_pipe_whose_line_was_too_long_says_so_by_its_exit_too() {
    let (_mediator, _homes, [mut host, mut guest]) = talking();
    host.say("before");
    host.say(&"x".repeat(16 * 1024 + 1));
    host.say("after");
    host.end_input();
    assert_eq!(guest.await_message(), "before");
    assert_eq!(guest.await_message(), "after");
    assert_eq!(host.await_event("error")["code"], "too-long");
    assert_eq!(host.await_event("error")["code"], "unsent");
    assert_eq!((host.exit_code(), guest.exit_code()), (5, 0));
}

#[test]
fn signals_end_the_wait_and_the_chat() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let (mediator, homes, [mut host, mut guest]) = talking();
        let mut waiting = Start::chat(&homes[0], &mediator.url, "ada", "other").run();
        waiting.await_event("waiting");
        waiting.signal(signal);
        assert_eq!(waiting.exit_code(), code);
        host.signal(signal);
        assert_eq!(guest.await_event("left")["reason"], "quit");
        assert_eq!((host.exit_code(), guest.exit_code()), (code, 0));
    }
}

#[test]
fn what_nobody_reads_is_not_acknowledged() {
    for json in [true, false] {
        let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
        let start = if json { Start::chat } else { Start::human };
        let (reader, writer) = std::io::pipe().unwrap();
        let mut unread = start(&homes[0], &mediator.url, "ada", "lab");
        unread.command.stdout(writer);
        let mut unread = unread.run_unread();
        let mut other = Start::chat(&homes[1], &mediator.url, "bob", "lab").run();
        other.await_event("connected");
        drop(reader);
        other.say("anyone?");
        let left = loop {
            let event = other.event();
            assert_ne!(event["type"], "delivered", "json: {json}");
            if event["type"] == "left" {
                break event;
            }
        };
        assert_ne!(left["reason"], "quit");
        assert_eq!(other.await_event("error")["code"], "undelivered");
        assert_eq!((unread.exit_code(), other.exit_code()), (141, 5));
        let said = unread.err.rest().join("\n");
        assert!(!said.contains("error:"), "{said}");
    }
}

#[test]
fn who_waits_with_nobody_to_read_it_waits_no_longer() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let mut unread = Start::chat(&home, &mediator.url, "ada", "lab").run_unread();
    assert_eq!(unread.exit_code(), 141);
}

#[test]
fn what_a_silent_peer_did_not_take_is_said_on_leaving() {
    let mut scenes = [talking(), talking()];
    for (_, _, [host, guest]) in &mut scenes {
        guest.signal(Signal::SIGSTOP);
        host.say("are you there?");
        host.say("/who");
        assert_eq!(host.await_event("who")["queued"], 1);
    }
    scenes[0].2[0].say("/quit");
    scenes[1].2[0].signal(Signal::SIGINT);
    for ((_, _, [host, _]), code) in scenes.iter_mut().zip([5, 130]) {
        assert_eq!(host.await_event("error")["code"], "undelivered");
        assert_eq!(host.exit_code(), code);
    }
}

#[test]
fn wrong_words_twice_are_the_last_that_is_read() {
    let Talk {
        mut ada, mut bob, ..
    } = talk();
    let wrong = "/verify absurd absurd absurd absurd\r";
    ada.press(wrong);
    ada.await_text("One more try");
    bob.signal(Signal::SIGSTOP);
    ada.press("too late\r");
    ada.await_text("you … too late");
    ada.press(wrong);
    assert_eq!(ada.exit_code(), 6);
    let read = ada.history();
    let read: Vec<_> = read.split_whitespace().collect();
    let read = read.join(" ");
    let (before, last) = read.rsplit_once("error: ").unwrap();
    assert!(before.contains("did not arrive"), "{read}");
    assert!(
        last.starts_with("this chat is ended, for the words did not match"),
        "{last}"
    );
    assert!(last.contains("start again with a new room"), "{last}");
    bob.kill();
}
