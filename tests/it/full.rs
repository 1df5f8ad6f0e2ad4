//! stdout and stderr on a disk that is full, and no file that can be opened any more: what could not
//! be written is not acknowledged, and nothing panics.

use std::fs;
use std::path::Path;

use crate::common::acts::{ROOM, homes, quit, start};
use crate::common::{Home, Mediator, Start};

/// stdout on a disk that takes so many blocks of 512 bytes.
fn log_of(blocks: u32, log: &Path) -> String {
    let log = log.display();
    format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\" >{log}")
}

#[test]
fn what_does_not_fit_into_the_log_is_not_acknowledged() {
    let (mediator, homes) = (Mediator::start(), homes());
    let log = homes[1].path().join("log");
    let mut ada = start(&mediator, &homes[0], "ada").run();
    ada.await_event("waiting");
    let mut bob = start(&mediator, &homes[1], "bob")
        .in_shell(&log_of(8, &log))
        .run();
    ada.await_event("connected");
    let mut said = 0;
    let mut delivered = 0;
    let left = loop {
        if said < 100 {
            said += 1;
            ada.say(&format!("{said} {}", "x".repeat(100)));
        }
        let event = ada.event();
        match event["type"].as_str() {
            Some("delivered") => delivered = event["id"].as_u64().unwrap(),
            Some("left") => break event,
            _ => {}
        }
    };
    assert_ne!(left["reason"], "quit");
    assert_eq!(ada.await_event("error")["code"], "undelivered");
    assert_eq!((ada.exit_code(), bob.exit_code()), (5, 1));
    let log = fs::read_to_string(&log).unwrap();
    let whole = log
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    let messages = whole
        .filter(|line| line.contains(r#""type":"message""#))
        .count();
    assert!(
        delivered > 0 && delivered <= messages as u64,
        "{delivered} of {log}"
    );
    let err = bob.err.rest().join("\n");
    assert!(err.contains("error: cannot write to stdout"), "{err}");
}

#[test]
fn a_log_that_takes_nothing_ends_the_wait() {
    let (mediator, homes) = (Mediator::start(), homes());
    let full = "exec \"$@\" >/dev/full";
    let (code, _, err) = start(&mediator, &homes[0], "ada")
        .in_shell(full)
        .finish(b"");
    assert!(code == 1 && err.contains("cannot write to stdout"), "{err}");
    let mut ada = start(&mediator, &homes[0], "ada").run();
    ada.await_event("waiting");
    let (code, _, _) = start(&mediator, &homes[1], "bob")
        .in_shell(full)
        .finish(b"");
    assert_eq!(code, 1);
    assert_ne!(ada.await_event("left")["reason"], "quit");
    assert_eq!(ada.exit_code(), 0);
    for command in [
        &["id"][..],
        &["--help"],
        &["--version"],
        &["man"],
        &["completions", "bash"],
    ] {
        let (code, _, err) = Start::new(&homes[0], command).in_shell(full).finish(b"");
        assert_eq!(code, 1, "{command:?}: {err}");
    }
}

#[test]
fn a_full_stderr_changes_nothing() {
    let (mediator, homes) = (Mediator::start(), homes());
    let deaf = "exec \"$@\" 2>/dev/full";
    let mut ada = Start::human(&homes[0], &mediator.url, "ada", ROOM)
        .in_shell(deaf)
        .run();
    let mut bob = start(&mediator, &homes[1], "bob")
        .args(&["--timeout", "60"])
        .run();
    bob.await_event("connected");
    ada.say("hi");
    assert_eq!(bob.await_message(), "hi");
    quit([&mut ada, &mut bob]);
    for (command, code) in [
        (&["nonsense"][..], 2),
        (&["chat", "--name", "ada"], 2),
        (&["peers", "forget", "x"], 2),
    ] {
        let ended = Start::new(&homes[0], command).in_shell(deaf).finish(b"");
        assert_eq!(ended.0, code, "{command:?}");
    }
}

#[test]
fn without_files_to_open_nothing_panics() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let chat = [
        "chat",
        "--name",
        "ada",
        "--mediator",
        &mediator.url,
        "--timeout",
        "1",
    ];
    let mut ended = Vec::new();
    for files in (4..16).chain([20, 30, 42, 50]) {
        for command in [&chat[..], &["doctor"], &["peers"], &["id"]] {
            let limited = format!("ulimit -n {files}; exec \"$@\"");
            let mut start = Start::new(&home, command);
            start.command.env("UNDERTONE_ROOM", ROOM);
            let (code, _, err) = start.in_shell(&limited).finish(b"");
            assert!(!err.contains("panicked"), "{files} {command:?}: {err}");
            assert_ne!(code, 101);
            if command == chat {
                ended.push((files, code));
            }
        }
    }
    assert!(
        ended.contains(&(6, 1)) && ended.contains(&(50, 4)),
        "{ended:?}"
    );
}
