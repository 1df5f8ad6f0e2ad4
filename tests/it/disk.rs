//! The disk: full, read-only, locked, without locks or links, and with years of history. Nobody
//! is kept waiting by it, and what is not kept is said. `full` is about output on such a disk.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::common::acts::{ada_and_bob, homes, peers, quit, start};
use crate::common::shell::may_mount;
use crate::common::{Client, Home, Mediator, Start};

/// Far below the five seconds for which a lock is tried.
const SOON: Duration = Duration::from_secs(3);

fn lock(home: &Home, file: &str) -> File {
    fs::create_dir_all(home.data()).unwrap();
    let lock = File::create(home.data().join(file)).unwrap();
    lock.lock().unwrap();
    lock
}

fn say_and_hear(from: &mut Client, to: &Client, text: &str) {
    let said = Instant::now();
    from.say(text);
    assert_eq!(to.await_message(), text);
    from.await_event("delivered");
    assert!(said.elapsed() < SOON, "{:?}", said.elapsed());
}

#[test]
fn a_lock_that_is_held_keeps_nobody_waiting() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (mediator, homes) = (Mediator::start(), homes());
        let _locks = ["contacts.json.lock", "peers.txt.lock"].map(|file| lock(&homes[0], file));
        let [(mut ada, _), (mut bob, _)] = ada_and_bob(&mediator, &homes);
        say_and_hear(&mut ada, &bob, "hi");
        say_and_hear(&mut bob, &ada, "hello");
        let told = Instant::now();
        ada.signal(signal);
        let not_kept = ada.await_event("error");
        assert_eq!(not_kept["code"], "not-kept", "{not_kept}");
        let message = not_kept["message"].as_str().unwrap();
        for what in ["the contact bob", "this connection in the history"] {
            assert!(message.contains(what), "{message}");
        }
        assert_ne!(ada.exit_code(), 0);
        assert!(told.elapsed() < SOON, "{:?}", told.elapsed());
        assert_eq!(bob.await_event("left")["reason"], "quit");
    }
}

#[test]
fn what_waited_for_a_lock_is_kept_once_it_is_free() {
    let (mediator, homes) = (Mediator::start(), homes());
    let locked = lock(&homes[0], "contacts.json.lock");
    let [(mut ada, _), (mut bob, _)] = ada_and_bob(&mediator, &homes);
    let not_kept = ada.await_event("error");
    assert_eq!(not_kept["code"], "not-kept", "{not_kept}");
    drop(locked);
    let note = ada.await_event("note");
    assert_eq!(note["message"], "The contact bob is kept now");
    quit([&mut ada, &mut bob]);
    let contacts = fs::read_to_string(homes[0].data().join("contacts.json")).unwrap();
    assert!(contacts.contains("bob"));
    assert!(peers(&homes[0]).contains("bob"));
}

#[test]
fn a_long_history_is_added_to_and_neither_read_nor_rewritten() {
    let (mediator, homes) = (Mediator::start(), homes());
    let file = homes[0].data().join("peers.txt");
    fs::create_dir_all(homes[0].data()).unwrap();
    let line = include_str!("../../peers.txt.example")
        .lines()
        .last()
        .unwrap();
    let mut lines = std::io::BufWriter::new(File::create(&file).unwrap());
    for number in 0..400_000 {
        let started = format!(
            "2026-{:02}-01T00:00:{:06.3}Z",
            1 + number % 12,
            f64::from(number % 59_999) / 1000.0
        );
        writeln!(
            lines,
            "{}",
            line.replacen("2026-11-20T08:03:51.512Z", &started, 1)
        )
        .unwrap();
    }
    lines.flush().unwrap();
    let before = file.metadata().unwrap();
    let [(mut ada, _), (mut bob, _)] = ada_and_bob(&mediator, &homes);
    say_and_hear(&mut bob, &ada, "first");
    quit([&mut ada, &mut bob]);
    let after = file.metadata().unwrap();
    assert_eq!(after.ino(), before.ino());
    let added = after.len() - before.len();
    assert!((1..2_000).contains(&added), "{added}");
    let text = fs::read_to_string(&file).unwrap();
    let new = text.get(before.len() as usize..).unwrap();
    // When they met, and when they parted.
    assert!((1..=2).contains(&new.lines().count()), "{new}");
    assert!(
        new.lines().all(|line| line.contains("\tbob\tlab\t")),
        "{new}"
    );
}

/// Starts a chat that cannot keep what it must: the remedy that it names, and what doctor finds.
pub(crate) fn refused(home: &Home, wrap: impl Fn(Start) -> Start, check: &str) -> String {
    let mediator = Mediator::start();
    let (code, out, err) = wrap(start(&mediator, home, "ada")).finish(b"");
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(err.lines().count() >= 2, "a remedy: {err}");
    let flags = [
        "doctor",
        "--json",
        "--bind",
        "127.0.0.1",
        "--mediator",
        &mediator.url,
    ];
    let (code, out, _) = wrap(Start::new(home, &flags)).finish(b"");
    assert_eq!(code, 1, "{out}");
    let findings: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let found = findings
        .iter()
        .find(|finding| finding["check"] == check)
        .unwrap();
    assert_eq!(found["state"], "wrong", "{found}");
    assert_ne!(found["remedy"], "");
    err
}

#[test]
fn damaged_contacts_are_found_before_anyone_comes() {
    let home = Home::new();
    assert_eq!(Start::new(&home, &["id"]).finish(b"").0, 0);
    fs::write(home.data().join("contacts.json"), "{").unwrap();
    let err = refused(&home, |start| start, "contacts");
    assert!(err.contains("contacts"), "{err}");
}

#[test]
fn a_history_that_is_no_file_is_refused_and_left_as_it_is() {
    let home = Home::new();
    let pipe = home.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for place in [pipe.as_path(), home.path()] {
        let before = place.metadata().unwrap().permissions();
        let file = ["--peers-file", place.to_str().unwrap()];
        for command in [&["peers"][..], &["chat", "lab", "--name", "ada"]] {
            let (code, _, err) = Start::new(&home, &[command, &file].concat()).finish(b"");
            assert!(code == 1 && err.contains("is no file"), "{code}: {err}");
        }
        assert_eq!(place.metadata().unwrap().permissions(), before);
    }
}

#[test]
fn a_history_that_cannot_be_written_is_found_before_anyone_comes() {
    let home = Home::new();
    assert_eq!(Start::new(&home, &["id"]).finish(b"").0, 0);
    fs::create_dir(home.data().join("peers.txt")).unwrap();
    let err = refused(&home, |start| start, "history");
    assert!(err.contains("peers.txt"), "{err}");
}

#[test]
fn a_full_or_read_only_disk_is_found_before_anyone_comes() {
    if !may_mount() {
        return;
    }
    let home = Home::new();
    assert_eq!(Start::new(&home, &["id"]).finish(b"").0, 0);
    let data = home.data().display().to_string();
    let full = format!(
        "cp -a {data} {data}.copy && mount -t tmpfs -o size=64k,mode=700 tmpfs {data} && \
         cp -a {data}.copy/. {data} && rm -r {data}.copy && \
         dd if=/dev/zero of={data}/filler bs=1k 2>/dev/null; exec \"$@\""
    );
    let err = refused(&home, |start| start.with_mounts(&full), "disk");
    assert!(
        err.contains("No space left") && err.contains("Free some space"),
        "{err}"
    );
    let read_only =
        format!("mount --bind {data} {data} && mount -o remount,bind,ro {data} && exec \"$@\"");
    let err = refused(&home, |start| start.with_mounts(&read_only), "disk");
    assert!(err.contains("can only be read"), "{err}");
}

#[test]
fn a_disk_without_links_or_modes_is_done_with() {
    let image = tempfile::NamedTempFile::new().unwrap();
    image.as_file().set_len(4 << 20).unwrap();
    let made = Command::new("mkfs.vfat").arg(image.path()).output();
    if !may_mount() || !made.is_ok_and(|made| made.status.success()) {
        eprintln!("skipped: no vfat here");
        return;
    }
    let (mediator, homes) = (Mediator::start(), homes());
    fs::create_dir(homes[0].data()).unwrap();
    let (data, image) = (homes[0].data(), image.path().display());
    let mount = |options: &str| {
        format!(
            "mount -t vfat -o loop{options} {image} {} && exec \"$@\"",
            data.display()
        )
    };
    let tried = Start::new(&homes[0], &["id"])
        .with_mounts(&mount(""))
        .finish(b"");
    if tried.2.contains("mount:") {
        eprintln!("skipped: {}", tried.2);
        return;
    }
    assert_eq!(tried.0, 0, "{tried:?}");
    assert!(tried.2.contains("umask=077"), "{}", tried.2);
    let start = |script: &str| start(&mediator, &homes[0], "ada").with_mounts(script);
    let ada = start(&mount(",umask=077")).run();
    ada.await_event("waiting");
    let mut bob = crate::common::acts::start(&mediator, &homes[1], "bob").run();
    let mut ada = ada;
    say_and_hear(&mut bob, &ada, "hi");
    quit([&mut ada, &mut bob]);
    let list = Start::new(&homes[0], &["peers"]).with_mounts(&mount(",umask=077"));
    let (code, out, err) = list.finish(b"");
    assert!(code == 0 && out.contains("bob"), "{out}{err}");
}

/// Something between the program and the system that knows no locks, as NFS without its lock
/// service.
fn without_locks(dir: &Path) -> Option<String> {
    let (source, library) = (dir.join("flock.c"), dir.join("flock.so"));
    let code = "#include <errno.h>\nint flock(int f, int o) { errno = ENOLCK; return -1; }\n";
    fs::write(&source, code).unwrap();
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status();
    made.is_ok_and(|made| made.success())
        .then(|| library.display().to_string())
}

#[test]
fn a_disk_without_locks_is_done_with_and_said() {
    let (mediator, homes) = (Mediator::start(), homes());
    let Some(library) = without_locks(homes[0].path()) else {
        eprintln!("skipped: no C compiler");
        return;
    };
    let mut host = start(&mediator, &homes[0], "ada");
    host.command.env("LD_PRELOAD", &library);
    let mut ada = host.run();
    let note = ada.await_event("note");
    assert!(
        note["message"].as_str().unwrap().contains("no locks"),
        "{note}"
    );
    ada.await_event("waiting");
    let mut bob = start(&mediator, &homes[1], "bob").run();
    bob.await_event("connected");
    ada.await_event("connected");
    quit([&mut ada, &mut bob]);
    assert!(peers(&homes[0]).contains("bob"));
    let contacts = fs::read_to_string(homes[0].data().join("contacts.json")).unwrap();
    assert!(contacts.contains("bob"));
}

#[test]
fn a_home_is_needed_only_where_it_is_used() {
    let home = Home::new();
    let folder = home.path().join("elsewhere");
    let run = |variables: &[(&str, &str)]| {
        let mut start = Start::new(&home, &["id"]);
        start
            .command
            .env_remove("UNDERTONE_DATA_DIR")
            .env_remove("HOME");
        start
            .command
            .envs(variables.iter().copied())
            .current_dir(home.path());
        start.finish(b"")
    };
    let there = folder.to_str().unwrap();
    assert_eq!(run(&[("XDG_DATA_HOME", there)]).0, 0);
    assert!(folder.join("undertone/identity").exists());
    assert_eq!(run(&[("HOME", "here"), ("XDG_DATA_HOME", there)]).0, 0);
    for nowhere in [
        &[("HOME", "here")][..],
        &[("HOME", "here"), ("XDG_DATA_HOME", "data")],
    ] {
        let (code, _, err) = run(nowhere);
        assert!(
            code == 1 && err.contains("--data-dir"),
            "{nowhere:?}: {err}"
        );
    }
    let made = fs::read_dir(home.path()).unwrap().count();
    assert_eq!(made, 1, "nothing is made where it was started");
}
