//! What is taken without a question, and what is not: `--yes`, `--limit`, `--accept`, and the space that
//! there is.

use std::fs::{self, File};
use std::io::Write;

use super::{reason, scene};
use crate::common::acts::{ada_and_bob, quit, verify_both};
use crate::common::contents::contents;
use crate::common::shell::may_mount;
use crate::common::{Home, Start};

#[test]
fn without_a_terminal_and_without_yes_it_is_declined_and_said_why() {
    let scene = scene();
    let path = scene.file("a", b"text");
    for json in [&[][..], &["--json"]] {
        let mut sender = scene.send(&[&path]);
        let (code, out, err) = scene.receive(json).finish(b"y\n");
        assert_eq!(code, 2, "{err}");
        let said = [out, err].concat();
        assert!(json.is_empty() != said.contains("\"declined\""), "{said}");
        if json.is_empty() {
            assert!(
                said.contains("--yes") && said.contains("no terminal"),
                "{said}"
            );
        }
        assert!(reason(&sender).contains("declined by bob"));
        assert_eq!(sender.exit_code(), 7);
        scene.assert_nothing_came();
    }
}

#[test]
fn no_more_is_taken_than_the_limit() {
    let scene = scene();
    let path = scene.file("a", &contents(1001));
    let mut sender = scene.send(&[&path]);
    let (code, out, err) = scene.receive(&["--yes", "--limit", "1kB"]).finish(b"");
    assert_eq!((code, out.as_str()), (7, ""), "{err}");
    assert!(err.contains("no more than 1000 bytes"), "{err}");
    assert!(reason(&sender).contains("larger than the receiver takes"));
    assert_eq!(sender.exit_code(), 7);
    // Of a pipe nobody knows it before: one byte is too many all the same.
    for (len, expected) in [(1000, 0), (1001, 7)] {
        let mut sender = scene.send(&["-"]);
        let mut stdin = sender.stdin.take().unwrap();
        stdin.write_all(&contents(len)).unwrap();
        drop(stdin);
        let (code, out, err) = scene.receive(&["--yes", "--limit", "1kB"]).finish(b"");
        assert_eq!(code, expected, "{err}");
        assert_eq!(sender.exit_code(), expected);
        if code == 0 {
            fs::remove_file(out.trim_end()).unwrap();
        }
        scene.assert_nothing_came();
    }
}

/// Only data takes space, holes do not.
#[test]
fn what_there_is_no_space_for_is_taken_only_by_a_person() {
    if !may_mount() {
        return;
    }
    let scene = scene();
    let large = scene.file("large", &contents(2_000_000));
    let holes = scene.file("holes", b"");
    let file = File::options().write(true).open(&holes).unwrap();
    file.set_len(1 << 40).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=1m tmpfs {} && \"$@\"",
        scene.into.path().display()
    );
    for (path, expected) in [(&large, 7), (&holes, 0)] {
        let mut sender = scene.send(&[path]);
        let (code, out, err) = scene.receive(&["--yes"]).with_mounts(&script).finish(b"");
        assert_eq!((code, sender.exit_code()), (expected, expected), "{err}");
        assert_eq!(err.contains("free: too little"), code != 0, "{err}");
        assert_eq!(out.is_empty(), code != 0, "{out}");
        if code != 0 {
            assert!(reason(&sender).contains("has no space for it"));
        }
    }
}

#[test]
fn a_verified_contact_is_taken_from_at_once_up_to_a_limit() {
    let scene = scene();
    let [(mut ada, _), (mut bob, _)] = ada_and_bob(&scene.mediator, &scene.homes);
    verify_both([&mut ada, &mut bob]);
    quit([&mut ada, &mut bob]);
    let small = scene.file("small", &contents(1000));
    let large = scene.file("large", &contents(1001));
    let accept = ["--accept", "verified:1kB"];
    for (path, expected) in [(&small, 0), (&large, 2)] {
        let mut sender = scene.send(&[path]);
        let (code, out, err) = scene.receive(&accept).finish(b"");
        assert_eq!(code, expected, "{err}");
        assert_eq!(err.contains("accepted at once"), code == 0, "{err}");
        assert_eq!(out.is_empty(), code != 0);
        assert_eq!(sender.exit_code(), if code == 0 { 0 } else { 7 });
    }
    // Somebody else is asked about.
    let eve = Home::new();
    let mut sender = Start::new(&eve, &["send", &small]);
    sender.command.env("UNDERTONE_ROOM", "den#otter");
    let mut sender = sender
        .args(&["--name", "eve", "--bind", "127.0.0.1"])
        .args(&["--mediator", &scene.mediator.url])
        .run();
    sender.err.find(
        |line| line.contains("undertone receive '"),
        "the line to copy",
    );
    let mut receiver = scene.receive(&accept);
    receiver.command.env("UNDERTONE_ROOM", "den#otter");
    assert_eq!(receiver.finish(b"").0, 2);
    assert_eq!(sender.exit_code(), 7);
}
