//! How a transfer ends before its time: interrupted, left, cut, killed; and what is kept of it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{LARGE, reason, scene};
use crate::common::acts::start;
use crate::common::contents::contents;
use crate::common::proxy::Proxy;
use crate::common::{NOBODY, Start};

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
