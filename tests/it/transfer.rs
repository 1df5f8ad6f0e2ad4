//! `undertone send` and `undertone receive`, with each other and with a chat.

mod consent;
mod elsewhere;
mod ends;
mod output;
mod stranger;
mod terminal;
mod touched;

use std::fs::{self, File};
use std::io::Write;
use std::process::Stdio;
use std::time::Instant;

use tempfile::TempDir;

use crate::common::acts::{ROOM, homes, start};
use crate::common::contents::contents;
use crate::common::{Client, Home, Mediator, PATIENCE, Start};

/// Bytes of a file of which a part is safe while half as much is yet to come.
const LARGE: usize = 100_000_000;

/// Two who have not met, a folder of the first and one of the second.
struct Scene {
    mediator: Mediator,
    homes: [Home; 2],
    from: TempDir,
    into: TempDir,
}

fn scene() -> Scene {
    Scene {
        mediator: Mediator::start(),
        homes: homes(),
        from: tempfile::tempdir().unwrap(),
        into: tempfile::tempdir().unwrap(),
    }
}

impl Scene {
    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.from.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn command(&self, home: usize, name: &str, arguments: &[&str]) -> Start {
        let mut start = Start::new(&self.homes[home], arguments);
        start.command.env("UNDERTONE_ROOM", ROOM);
        start.args(&[
            "--name",
            name,
            "--mediator",
            &self.mediator.url,
            "--bind",
            "127.0.0.1",
        ])
    }

    /// ada, who sends these and waits.
    fn send(&self, arguments: &[&str]) -> Client {
        let sender = self
            .command(0, "ada", &[&["send"], arguments].concat())
            .run();
        sender.err.find(
            |line| line.contains("undertone receive '"),
            "the line to copy",
        );
        sender
    }

    /// bob, who receives.
    fn receive(&self, arguments: &[&str]) -> Start {
        let into = self.into.path().to_str().unwrap();
        let all = [&["receive", "--into", into], arguments].concat();
        self.command(1, "bob", &all)
    }

    /// Waits until something of what this one receives is safe.
    fn await_kept(&self, receiver: &mut Client) {
        let began = Instant::now();
        let listed = || Start::new(&self.homes[1], &["files"]).finish(b"").1;
        while !listed().contains(" % of ") || listed().contains(" 0 % ") {
            assert!(began.elapsed() < PATIENCE, "{}", listed());
            assert!(receiver.child.try_wait().unwrap().is_none(), "too fast");
        }
    }

    /// Nothing is left where it would have gone.
    fn assert_nothing_came(&self) {
        assert_eq!(fs::read_dir(self.into.path()).unwrap().count(), 0);
        let (code, out, _) = Start::new(&self.homes[1], &["files"]).finish(b"");
        assert_eq!((code, out.as_str()), (0, ""));
    }
}

fn reason(client: &Client) -> String {
    client
        .err
        .find(|line| line.starts_with("error:"), "a reason")
}

#[test]
fn a_file_is_sent_and_its_path_alone_is_on_stdout() {
    let scene = scene();
    let bytes = contents(3_000_001);
    let path = scene.file("report 1.pdf", &bytes);
    let mut sender = scene.send(&[&path]);
    let (code, out, err) = scene.receive(&["--yes"]).finish(b"");
    let there = scene
        .into
        .path()
        .canonicalize()
        .unwrap()
        .join("report 1.pdf");
    assert_eq!((code, out), (0, format!("{}\n", there.display())), "{err}");
    assert!(fs::read(&there).unwrap() == bytes);
    assert!(!err.contains('\u{1b}') && !err.contains('\r'), "{err:?}");
    for part in ["ada offers report 1.pdf, 3.0 MB", "free", "via invite"] {
        assert!(err.contains(part), "{err}");
    }
    assert_eq!(sender.exit_code(), 0);
    assert_eq!(sender.out.rest(), [""; 0]);
    let said = sender.err.rest().join("\n");
    assert!(said.contains("bob has report 1.pdf"), "{said}");
}

#[test]
fn several_are_called_by_the_first_and_how_many_there_are() {
    let scene = scene();
    let [report, notes] =
        [("report.pdf", 3), ("notes", 2)].map(|(name, len)| scene.file(name, &contents(len)));
    let mut sender = scene.send(&[&report, &notes]);
    let (code, out, err) = scene.receive(&["--yes"]).finish(b"");
    assert_eq!((code, sender.exit_code()), (0, 0), "{err}");
    // Names ascend.
    assert!(out.ends_with("/notes and 1 more\n"), "{out}");
    assert!(
        err.contains("ada offers notes and 1 more, 2 files, 5 B"),
        "{err}"
    );
    let said = sender.err.rest().join("\n");
    assert!(said.contains("bob has notes and 1 more"), "{said}");
}

#[test]
fn what_comes_through_a_pipe_arrives_byte_for_byte() {
    let scene = scene();
    for len in [0, 1, 2_000_003] {
        let bytes = contents(len);
        let mut sender = scene.send(&["-"]);
        let written = bytes.clone();
        let mut stdin = sender.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(&written).unwrap());
        let (code, out, err) = scene.receive(&["--yes"]).finish(b"");
        assert_eq!(code, 0, "{err}");
        writer.join().unwrap();
        assert_eq!(sender.exit_code(), 0);
        let size = ["0 B", "1 B", "2.0 MB"][len.min(2)];
        assert!(err.contains(&format!("is here, {size}")), "{err}");
        let said = sender.err.rest().join("\n");
        assert!(said.contains(&format!("has stdin, {size}")), "{said}");
        assert!(fs::read(out.trim_end()).unwrap() == bytes, "{len}");
        fs::remove_file(out.trim_end()).unwrap();
    }
}

#[test]
fn a_chat_sends_to_receive_and_takes_from_send() {
    let scene = scene();
    let path = scene.file("a", b"text");
    let mut ada = start(&scene.mediator, &scene.homes[0], "ada").run();
    ada.await_event("waiting");
    let mut bob = scene.receive(&["--yes"]).run();
    ada.await_event("connected");
    ada.say("look at this");
    ada.say(&format!("/send {path}"));
    assert!(bob.out.next("the path").ends_with("/a"));
    assert_eq!((bob.exit_code(), ada.exit_code()), (0, 0));
    let said = bob.err.rest().join("\n");
    assert!(said.contains("ada   look at this"), "{said}");

    let mut ada = scene.send(&[&path]);
    let mut bob = start(&scene.mediator, &scene.homes[1], "bob").run();
    bob.await_event("connected");
    let offered = bob.await_that("an offer", |event| event["state"] == "offered");
    bob.say(&format!(
        "/accept {} {}",
        offered["id"],
        scene.into.path().display()
    ));
    bob.await_that("the end", |event| event["state"] == "done");
    assert_eq!((ada.exit_code(), bob.exit_code()), (0, 0));
}

#[test]
fn what_came_is_told_by_the_size_that_was_offered() {
    let scene = scene();
    let path = scene.file("empty", b"");
    let mut sender = scene.send(&[&path]);
    let (code, _, err) = scene.receive(&["--yes"]).finish(b"");
    assert_eq!((code, sender.exit_code()), (0, 0), "{err}");
    assert!(err.contains("empty from ada is here, 0 B"), "{err}");
    sender
        .err
        .find(|line| line.contains("bob has empty, 0 B"), "its size");
}

#[test]
fn what_is_neither_file_nor_folder_is_refused_before_anybody_is_met() {
    let scene = scene();
    let (code, _, err) = scene.command(0, "ada", &["send", "/dev/null"]).finish(b"");
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("/dev/null is neither a file nor a folder"),
        "{err}"
    );
}

#[test]
fn what_is_wrong_is_said_before_anybody_is_met() {
    let scene = scene();
    let path = scene.file("a", b"");
    for (arguments, part) in [
        (&["send"][..], "FILE"),
        (&["send", "/no/such/file"], "/no/such/file"),
        (&["send", "-", &path], "alone"),
        (&["send", &path, "--exclude", "["], "pattern"),
        (&["receive", "--into", "/no/such/folder"], "/no/such/folder"),
        (&["receive", "--into", &path], "no folder"),
        (&["receive", "--limit", "much"], "not a size"),
        (&["receive", "--accept", "verified"], "verified:SIZE"),
    ] {
        let (code, out, err) = scene.command(0, "ada", arguments).finish(b"");
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(part), "{arguments:?}: {err}");
    }
    let mut send = scene.command(0, "ada", &["send", "-"]);
    send.command.stdin(File::open(scene.from.path()).unwrap());
    let mut send = send.run();
    assert_eq!(send.exit_code(), 2);
    let err = send.err.rest().join("\n");
    assert!(err.contains("standard input is a folder"), "{err}");
    let mut receive = Start::new(&scene.homes[0], &["receive"]);
    receive.command.stdin(Stdio::null());
    let mut receive = receive.run();
    assert_eq!(receive.exit_code(), 2);
    let err = receive.err.rest().join("\n");
    assert!(err.contains("undertone receive INVITE"), "{err}");
}
