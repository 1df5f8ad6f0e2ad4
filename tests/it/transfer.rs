//! `undertone send` and `undertone receive`, with each other and with a chat.

mod elsewhere;
mod narrow;
mod output;
mod stranger;
mod touched;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use serde_json::Value;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::common::acts::{ROOM, ada_and_bob, homes, quit, start, verify_both};
use crate::common::contents::contents;
use crate::common::proxy::Proxy;
use crate::common::screen::{Screen, chat};
use crate::common::shell::may_mount;
use crate::common::{Client, Home, Mediator, NOBODY, PATIENCE, Start};

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
fn who_interrupts_cancels_and_the_other_hears_it_at_once() {
    let scene = scene();
    for interrupts in [0, 1] {
        let mut sender = scene.send(&["-"]);
        let mut stdin = sender.stdin.take().unwrap();
        stdin.write_all(&contents(50_000)).unwrap();
        let mut receiver = scene.receive(&["--yes"]).run();
        receiver
            .err
            .find(|line| line.contains("Receiving stdin"), "a beginning");
        let [one, other] = match interrupts {
            0 => [&mut sender, &mut receiver],
            _ => [&mut receiver, &mut sender],
        };
        one.signal(Signal::SIGINT);
        let began = Instant::now();
        let name = if interrupts == 0 { "ada" } else { "bob" };
        let why = reason(other);
        assert!(why.contains(&format!("cancelled by {name}")), "{why}");
        assert!(began.elapsed().as_secs() < 5);
        assert_eq!((one.exit_code(), other.exit_code()), (130, 7));
        assert!(reason(one).contains("cancelled by you"));
        scene.assert_nothing_came();
        drop(stdin);
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
fn who_leaves_before_the_end_is_a_failure_with_a_reason() {
    let scene = scene();
    let mut ada = start(&scene.mediator, &scene.homes[0], "ada").run();
    ada.await_event("waiting");
    let mut bob = scene.receive(&["--yes"]).run();
    ada.await_event("connected");
    ada.say("/quit");
    assert_eq!((ada.exit_code(), bob.exit_code()), (0, 7));
    assert!(reason(&bob).contains("ada left before anything was sent"));
    let path = scene.file("a", b"text");
    let mut ada = scene.send(&[&path]);
    let mut bob = start(&scene.mediator, &scene.homes[1], "bob").run();
    bob.await_that("an offer", |event| event["state"] == "offered");
    bob.say("/quit");
    assert_eq!((ada.exit_code(), bob.exit_code()), (7, 0));
    let said = ada.err.rest().join("\n");
    assert!(said.contains("bob has not answered"), "{said}");
}

#[test]
fn a_pipe_that_is_cut_is_a_failure_and_no_end_of_file() {
    let scene = scene();
    let proxy = Proxy::start();
    let mut sender = scene
        .command(0, "ada", &["send", "-", "-v"])
        .args(&["--advertise", &proxy.address()])
        .run();
    sender.err.find(
        |line| line.contains("undertone receive '"),
        "the line to copy",
    );
    let mut stdin = sender.stdin.take().unwrap();
    stdin.write_all(&contents(50_000)).unwrap();
    let mut receiver = scene
        .receive(&["--yes"])
        .args(&["--advertise", NOBODY])
        .run();
    proxy.aim(&sender.listens_at());
    // Nothing is lost of what was not accepted yet: its sender waits for another receiver.
    for (client, begins) in [(&sender, "Sending stdin"), (&receiver, "Receiving stdin")] {
        client.err.find(|line| line.contains(begins), "a beginning");
    }
    proxy.cut();
    assert_eq!((sender.exit_code(), receiver.exit_code()), (7, 7));
    assert_eq!(receiver.out.rest(), [""; 0]);
    for client in [&sender, &receiver] {
        let why = reason(client);
        assert!(why.contains("connection was lost"), "{why}");
    }
    scene.assert_nothing_came();
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
fn after_kill_9_of_the_receiver_the_same_command_goes_on() {
    let scene = scene();
    let bytes = contents(LARGE);
    let path = scene.file("large", &bytes);
    let mut sender = scene.send(&[&path]);
    let mut receiver = scene.receive(&["--yes"]).run();
    let listed = || Start::new(&scene.homes[1], &["files"]).finish(b"").1;
    scene.await_kept(&mut receiver);
    assert!(listed().contains("large from ada"), "{}", listed());
    receiver.kill();
    let (code, out, err) = scene.receive(&["--yes"]).finish(b"");
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("Receiving large: going on at "), "{err}");
    assert!(fs::read(out.trim_end()).unwrap() == bytes);
    assert_eq!(sender.exit_code(), 0);
    assert_eq!(fs::read_dir(scene.into.path()).unwrap().count(), 1);
    assert_eq!(listed(), "");
}

#[test]
fn what_is_not_complete_is_listed_and_cleared() {
    let scene = scene();
    let path = scene.file("large", &contents(LARGE));
    let mut sender = scene.send(&[&path]);
    let mut receiver = scene.receive(&["--yes"]).run();
    scene.await_kept(&mut receiver);
    receiver.signal(Signal::SIGTERM);
    assert_eq!(receiver.exit_code(), 143);
    assert!(reason(&receiver).contains("is kept"));
    assert_eq!(sender.exit_code(), 7);
    let files = |arguments: &[&str]| {
        let all = [&["files"], arguments].concat();
        Start::new(&scene.homes[1], &all).finish(b"")
    };
    let (_, list, _) = files(&[]);
    let part = list.trim_end().rsplit(' ').next().unwrap();
    let (_, json, _) = files(&["--json"]);
    let line: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&line["number"], &line["name"]),
        (&1.into(), &"large".into())
    );
    assert_eq!(
        (&line["from"], &line["part"]),
        (&"ada".into(), &part.into())
    );
    assert_eq!((&line["v"], &line["size"]), (&1.into(), &LARGE.into()));
    assert!(line["done"].as_u64() > Some(0) && line["key"].is_string());
    assert_eq!(files(&["--json", "clear", "1"]).0, 2);
    assert!(Path::new(part).exists(), "{list}");
    assert!(
        list.starts_with("1  large from ada, ") && list.contains(" % of "),
        "{list}"
    );
    assert_eq!(files(&["clear"]).0, 2);
    let (code, _, err) = files(&["clear", "2"]);
    assert!(code == 2 && err.contains("undertone files"), "{err}");
    assert!(Path::new(part).exists());
    assert_eq!(files(&["clear", "1"]).0, 0);
    scene.assert_nothing_came();
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
