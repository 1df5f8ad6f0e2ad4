//! `undertone receive --into -`: one file goes to standard output, and nothing else does.

use std::fs;
use std::io::{Read, Write};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{Scene, reason, scene};
use crate::common::contents::contents;
use crate::common::proxy::Proxy;
use crate::common::screen::{Screen, chat};
use crate::common::{Client, NOBODY, PATIENCE, Start};

impl Scene {
    /// bob, who has it on standard output.
    fn receive_out(&self, arguments: &[&str]) -> Start {
        let all = [&["receive", "--into", "-", "--yes"], arguments].concat();
        self.command(1, "bob", &all)
    }

    /// The same, run to its end: the exit code, what came and what was said.
    fn finish_out(&self, arguments: &[&str]) -> (i32, Vec<u8>, String) {
        let (mut receiver, stdout) = self.receive_out(arguments).run_with_stdout();
        let out = read_all(stdout);
        let code = receiver.exit_code();
        (code, out, receiver.err.rest().join("\n"))
    }

    /// ada, who sends what is written to her.
    fn send_pipe(&self, bytes: Vec<u8>) -> Client {
        let mut sender = self.send(&["-"]);
        let mut stdin = sender.stdin.take().unwrap();
        std::thread::spawn(move || stdin.write_all(&bytes));
        sender
    }
}

fn read_all(mut from: ChildStdout) -> Vec<u8> {
    let (done, read) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        done.send(bytes)
    });
    read.recv_timeout(PATIENCE).expect("its end")
}

#[test]
fn a_file_comes_byte_for_byte_and_its_path_is_nowhere() {
    let scene = scene();
    for len in [0, 1, 4097, 3_000_001] {
        let bytes = contents(len);
        let path = scene.file("report 1.pdf", &bytes);
        for pipes in [false, true] {
            let mut sender = match pipes {
                false => scene.send(&[&path]),
                true => scene.send_pipe(bytes.clone()),
            };
            let (code, out, err) = scene.finish_out(&[]);
            assert_eq!((code, sender.exit_code()), (0, 0), "{err}");
            assert!(out == bytes, "{len} {pipes}: {}", out.len());
            assert!(err.contains("to standard output"), "{err}");
            scene.assert_nothing_came();
        }
    }
}

/// `tar c | undertone send -` and `undertone receive --into - | tar x`.
#[test]
fn a_folder_comes_through_tar_at_both_ends() {
    let scene = scene();
    let tree = scene.from.path().join("tree");
    fs::create_dir_all(tree.join("a/b")).unwrap();
    fs::write(tree.join("a/b/large"), contents(2_000_000)).unwrap();
    let tar = |arguments: &[&str], stdin: Stdio| {
        let mut tar = Command::new("tar");
        tar.args(arguments).stdin(stdin).stdout(Stdio::piped());
        tar.spawn().unwrap()
    };
    let from = scene.from.path().to_str().unwrap();
    let mut packs = tar(&["c", "-C", from, "tree"], Stdio::null());
    let mut sender = scene.command(0, "ada", &["send", "-"]);
    sender.command.stdin(packs.stdout.take().unwrap());
    let mut sender = sender.run();
    let (mut receiver, stdout) = scene.receive_out(&[]).run_with_stdout();
    let into = scene.into.path().to_str().unwrap();
    let unpacks = tar(&["x", "-C", into], stdout.into()).wait().unwrap();
    assert_eq!((receiver.exit_code(), sender.exit_code()), (0, 0));
    assert!(packs.wait().unwrap().success() && unpacks.success());
    let there = scene.into.path().join("tree/a/b/large");
    assert!(fs::read(there).unwrap() == contents(2_000_000));
}

#[test]
fn what_comes_through_a_pipe_is_called_as_its_sender_says() {
    let scene = scene();
    let mut sender = scene.send(&["-", "--as", "tree.tar"]);
    let mut stdin = sender.stdin.take().unwrap();
    stdin.write_all(b"packed").unwrap();
    drop(stdin);
    let mut receiver = scene.receive(&["--yes"]).run();
    assert_eq!((receiver.exit_code(), sender.exit_code()), (0, 0));
    let there = scene.into.path().join("tree.tar");
    assert_eq!(fs::read(there).unwrap(), b"packed");
    for (arguments, why) in [
        (["-", "--as", "a/b"], "leads elsewhere"),
        (["-", "--as", ""], "empty"),
        (["Cargo.toml", "--as", "b"], "only -"),
    ] {
        let all = [&["send"], arguments.as_slice()].concat();
        let mut refused = scene.command(0, "ada", &all).run();
        assert_eq!(refused.exit_code(), 2, "{arguments:?}");
        assert!(refused.err.rest().join("\n").contains(why), "{arguments:?}");
    }
}

#[test]
fn holes_are_zeros_and_a_file_may_stand_behind_standard_output() {
    let scene = scene();
    let path = scene.file("sparse", b"begins");
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(9_000_000).unwrap();
    let there = scene.into.path().join("there");
    let mut sender = scene.send(&[&path]);
    let mut receive = scene.receive_out(&[]);
    receive.command.stdout(fs::File::create(&there).unwrap());
    let mut child = receive.command.spawn().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(sender.exit_code(), 0);
    assert!(fs::read(&there).unwrap() == fs::read(&path).unwrap());
}

#[test]
fn who_reads_no_more_ends_it_and_the_sender_hears_why() {
    let scene = scene();
    let path = scene.file("large", &contents(30_000_000));
    for pipes in [false, true] {
        let mut sender = match pipes {
            false => scene.send(&[&path]),
            true => scene.send_pipe(contents(30_000_000)),
        };
        let (mut receiver, mut stdout) = scene.receive_out(&[]).run_with_stdout();
        stdout.read_exact(&mut [0; 1000]).unwrap();
        drop(stdout);
        let why = reason(&receiver);
        assert!(why.contains("cannot write"), "{why}");
        assert!(reason(&sender).contains("the receiver cannot write it"));
        assert_eq!((receiver.exit_code(), sender.exit_code()), (7, 7));
        scene.assert_nothing_came();
    }
}

#[test]
fn a_folder_or_several_files_are_refused_before_a_byte_is_written() {
    let scene = scene();
    let files = [scene.file("a", b"a"), scene.file("b", b"b")];
    let folder = scene.from.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("one"), b"one").unwrap();
    let folder = folder.to_str().unwrap();
    for sent in [&[files[0].as_str(), &files[1]][..], &[folder]] {
        let mut sender = scene.send(sent);
        let (code, out, err) = scene.finish_out(&[]);
        assert_eq!((code, out.len()), (7, 0), "{err}");
        assert!(err.contains("one file alone"), "{err}");
        assert!(reason(&sender).contains("the receiver cannot write it"));
        assert_eq!(sender.exit_code(), 7);
        scene.assert_nothing_came();
    }
}

#[test]
fn the_limit_binds_there_too() {
    let scene = scene();
    let path = scene.file("a", &contents(1001));
    for (len, expected) in [(1000, 0), (1001, 7)] {
        let mut sender = scene.send_pipe(contents(len));
        let (code, out, err) = scene.finish_out(&["--limit", "1kB"]);
        assert_eq!((code, sender.exit_code()), (expected, expected), "{err}");
        assert!(contents(1000).starts_with(&out), "{}", out.len());
    }
    let mut sender = scene.send(&[&path]);
    let (code, out, _) = scene.finish_out(&["--limit", "1kB"]);
    assert_eq!((code, out.len(), sender.exit_code()), (7, 0, 7));
}

#[test]
fn who_reads_nothing_does_not_hold_up_the_end() {
    let scene = scene();
    let path = scene.file("large", &contents(30_000_000));
    let mut sender = scene.send(&[&path]);
    let (mut receiver, mut stdout) = scene.receive_out(&[]).run_with_stdout();
    stdout.read_exact(&mut [0; 1]).unwrap();
    receiver.signal(Signal::SIGINT);
    let began = Instant::now();
    assert!(reason(&sender).contains("cancelled by bob"));
    assert_eq!((receiver.exit_code(), sender.exit_code()), (130, 7));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(!read_all(stdout).is_empty());
}

/// A file is read again behind a cut, and none of it is written twice; of a pipe what is lost is lost.
#[test]
fn a_cut_of_the_link_loses_nothing_of_a_file_and_is_a_failure_of_a_pipe() {
    let scene = scene();
    let bytes = contents(20_000_000);
    let path = scene.file("large", &bytes);
    for sent in [&path, "-"] {
        let proxy = Proxy::start();
        let mut sender = scene
            .command(0, "ada", &["send", sent, "-v"])
            .args(&["--advertise", &proxy.address()])
            .run();
        sender.err.find(
            |line| line.contains("undertone receive '"),
            "the line to copy",
        );
        let mut stdin = sender.stdin.take().unwrap();
        if sent == "-" {
            stdin.write_all(&contents(50_000)).unwrap();
        }
        let (mut receiver, mut stdout) = scene
            .receive_out(&["--advertise", NOBODY])
            .run_with_stdout();
        proxy.aim(&sender.listens_at());
        let mut out = vec![0; 10_000];
        stdout.read_exact(&mut out).unwrap();
        proxy.cut();
        if sent == "-" {
            assert_eq!((sender.exit_code(), receiver.exit_code()), (7, 7));
            assert!(reason(&receiver).contains("connection was lost"));
            continue;
        }
        proxy.mend();
        out.extend(read_all(stdout));
        assert_eq!((sender.exit_code(), receiver.exit_code()), (0, 0));
        assert!(out == bytes, "{}", out.len());
    }
}

/// Where a terminal stands behind it, or the events of `--json` do, nothing else may.
#[test]
fn neither_a_terminal_nor_the_events_are_standard_output_for_it() {
    let scene = scene();
    let (code, out, err) = scene.receive_out(&["--json"]).finish(b"");
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("--json"), "{err}");
    let mut command = chat(&scene.homes[1], &scene.mediator.url, "bob", super::ROOM);
    let arguments = ["receive", "--name", "bob", "--into", "-"];
    let program = [env!("CARGO_BIN_EXE_undertone")];
    let all = program.iter().chain(&arguments);
    *command.get_argv_mut() = all.map(|one| (*one).into()).collect();
    let mut bob = Screen::run_on(command, 80, 20);
    assert_eq!(bob.exit_code(), 2);
    assert!(bob.text().contains("is a terminal"), "{}", bob.text());
}
