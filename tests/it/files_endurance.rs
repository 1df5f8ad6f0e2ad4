//! Files while links are cut and programs are killed, and files that make trouble themselves: what
//! arrives is whole, once, and nothing else is there.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::common::acts::{ada_and_bob, homes, start, talking};
use crate::common::contents::contents;
use crate::common::proxy::{Direction, Proxy};
use crate::common::shell::may_mount;
use crate::common::{Client, Mediator, pair_through};

/// From the accept to the first byte, and from the last to its place, on a machine that does more.
const SOON: Duration = Duration::from_secs(5);

fn is_state(event: &Value, state: &str) -> bool {
    event["type"] == "file" && event["state"] == state
}

fn await_state(client: &Client, state: &str) -> Value {
    client.await_that(state, |event| is_state(event, state))
}

fn folders() -> [TempDir; 2] {
    [(); 2].map(|()| tempfile::tempdir().unwrap())
}

fn offer(from: &mut Client, path: &Path) {
    from.say(&format!("/send \"{}\"", path.display()));
}

fn accept(to: &mut Client, into: &Path) -> Value {
    let offered = await_state(to, "offered");
    to.say(&format!("/accept {} \"{}\"", offered["id"], into.display()));
    offered
}

/// Sends it, and gives what the receiver says in the end.
fn send([from, to]: [&mut Client; 2], path: &Path, into: &Path) -> Value {
    offer(from, path);
    accept(to, into);
    let done = await_state(to, "done");
    await_state(from, "done");
    done
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

#[test]
fn thirty_cuts_in_one_transfer_cost_nothing() {
    const CUTS: u64 = 30;
    const LEN: u32 = 31_000_000;
    let (mediator, homes, [from, to]) = (Mediator::start(), homes(), folders());
    let (passed, cuts) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (counted, cut) = (Arc::clone(&passed), Arc::clone(&cuts));
    let proxy = Proxy::tampering(move |direction, bytes| {
        if direction == Direction::ToHost {
            let passed = counted.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            let due = passed / (u64::from(LEN) / (CUTS + 1));
            if due > cut.load(Ordering::Relaxed) && due <= CUTS {
                cut.fetch_add(1, Ordering::Relaxed);
                return None;
            }
        }
        Some(bytes.to_vec())
    });
    let starts = ["ada", "bob"].into_iter().zip(&homes);
    let mut starts = starts.map(|(name, home)| start(&mediator, home, name));
    let [host, guest] = [starts.next().unwrap(), starts.next().unwrap()];
    let [mut host, mut guest] = pair_through(&proxy, host, guest);
    let path = from.path().join("large");
    let sent = contents(LEN as usize);
    fs::write(&path, &sent).unwrap();
    send([&mut guest, &mut host], &path, to.path());
    assert_eq!(cuts.load(Ordering::Relaxed), CUTS);
    assert!(fs::read(to.path().join("large")).unwrap() == sent);
    assert_eq!(names(to.path()), ["large"]);
    // Each cut costs what was in flight: no more than a window.
    let twice = passed
        .load(Ordering::Relaxed)
        .saturating_sub(u64::from(LEN));
    assert!(twice < CUTS * (1 << 20), "{twice} bytes came twice");
    guest.say("well");
    assert_eq!(host.await_message(), "well");
}

/// kill -9 of one end after the other while a file is sent: so many times.
fn killed(times: usize) {
    let (mediator, homes, [from, to]) = (Mediator::start(), homes(), folders());
    let path = from.path().join("large");
    let sent = contents(60_000_000);
    fs::write(&path, &sent).unwrap();
    let into = to.path().display().to_string();
    let [(mut sender, _), (mut receiver, _)] = ada_and_bob(&mediator, &homes);
    offer(&mut sender, &path);
    accept(&mut receiver, to.path());
    let mut kept = 0;
    for time in 0..times {
        // At another point each time: what is written by then differs.
        let moved = |event: &Value| {
            let is_moving = is_state(event, "started") || is_state(event, "progress");
            is_moving && (time % 3 == 0 || event["done"].as_u64() > Some(kept))
                || is_state(event, "done")
        };
        let event = receiver.await_that("something of it", moved);
        if is_state(&event, "done") {
            // Once more, beside it: another offer, for another time.
            fs::remove_file(to.path().join("large")).unwrap();
            offer(&mut sender, &path);
            let offered = await_state(&receiver, "offered");
            receiver.say(&format!("/accept {} {into}", offered["id"]));
            kept = 0;
            continue;
        }
        kept = event["done"].as_u64().unwrap();
        assert!(!to.path().join("large").exists());
        match time % 2 {
            0 => {
                sender.kill();
                sender = start(&mediator, &homes[0], "ada").run();
                sender.await_event("connected");
                receiver.await_event("connected");
                offer(&mut sender, &path);
            }
            _ => {
                receiver.kill();
                receiver = start(&mediator, &homes[1], "bob").run();
                receiver.await_event("connected");
            }
        }
    }
    let done = |event: &Value| {
        // A crash before the first word of the journal asks once more.
        is_state(event, "done") || is_state(event, "offered")
    };
    while let event = receiver.await_that("the end", done)
        && !is_state(&event, "done")
    {
        receiver.say(&format!("/accept {} {into}", event["id"]));
    }
    assert!(fs::read(to.path().join("large")).unwrap() == sent);
    assert_eq!(names(to.path()), ["large"]);
    let journal = homes[1].data().join("files");
    assert_eq!(fs::read_dir(journal).map_or(0, Iterator::count), 0);
}

#[test]
fn what_a_kill_leaves_goes_on() {
    killed(6);
}

#[test]
#[ignore = "takes minutes"]
fn fifty_kills_lose_nothing() {
    killed(50);
}

#[test]
fn two_transfers_each_way_go_beside_each_other_and_the_chat() {
    let (_mediator, _homes, [mut ada, mut bob]) = talking();
    let [of_ada, of_bob] = folders();
    let there = folders();
    let sent = contents(3_000_000);
    // An offer is named by what its list says: these differ.
    let all = [["one", "two"], ["three", "four"]];
    for ((client, dir), names) in [(&mut ada, &of_ada), (&mut bob, &of_bob)]
        .into_iter()
        .zip(all)
    {
        for name in names {
            fs::write(dir.path().join(name), [name.as_bytes(), &sent].concat()).unwrap();
            offer(client, &dir.path().join(name));
        }
    }
    for (client, into) in [(&mut ada, &there[1]), (&mut bob, &there[0])] {
        for _ in 0..2 {
            accept(client, into.path());
        }
    }
    for n in 0..50 {
        ada.say(&format!("{n}"));
        assert_eq!(bob.await_message(), format!("{n}"));
    }
    // They may have been done before the last message.
    let deadline = Instant::now() + crate::common::PATIENCE;
    for (into, mut all) in there.iter().zip(all) {
        all.sort_unstable();
        while names(into.path()) != all {
            assert!(Instant::now() < deadline, "{:?}", names(into.path()));
            std::thread::park_timeout(Duration::from_millis(5));
        }
        for name in all {
            let whole = fs::read(into.path().join(name)).unwrap();
            assert!(whole == [name.as_bytes(), &sent].concat());
        }
    }
}

/// Names that other programs stumble over; what they become is the receiver's matter.
const NAUGHTY: [&str; 14] = [
    " ",
    "-rf",
    "--help",
    "$(reboot)",
    "`id`",
    "a\nb",
    "a\tb",
    "\u{1b}[2J",
    "\u{202e}txt.exe",
    "CON",
    "nul.txt",
    "*",
    "%2e%2e",
    "…",
];

#[test]
fn a_deep_tree_of_many_small_files_with_naughty_names_arrives() {
    let (_mediator, _homes, mut clients) = talking();
    let [from, to] = folders();
    let top = from.path().join("top");
    let deep = (0..62).fold(top.clone(), |path, _| path.join("d"));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("deepest"), "here").unwrap();
    fs::create_dir(top.join("empty")).unwrap();
    for (name, n) in NAUGHTY.iter().zip(0..) {
        fs::write(top.join(name), format!("{n}")).unwrap();
    }
    // Both become `a_`.
    for name in ["a?", "a*"] {
        fs::write(top.join(name), name).unwrap();
    }
    let many = top.join("many");
    fs::create_dir(&many).unwrap();
    for n in 0..10_000 {
        fs::write(many.join(format!("{n}")), format!("{n}")).unwrap();
    }
    symlink("/etc/passwd", top.join("link")).unwrap();
    let done = send(clients.each_mut(), &top, to.path());
    let there = to.path().join("top");
    assert_eq!(done["paths"][0], there.to_str().unwrap());
    assert_eq!(names(&there.join("many")).len(), 10_000);
    for n in [0, 777, 9_999] {
        assert_eq!(
            fs::read_to_string(there.join(format!("many/{n}"))).unwrap(),
            format!("{n}")
        );
    }
    let deepest = (0..62)
        .fold(there.clone(), |path, _| path.join("d"))
        .join("deepest");
    assert_eq!(fs::read_to_string(deepest).unwrap(), "here");
    assert!(there.join("empty").is_dir());
    assert!(!there.join("link").exists());
    let files = names(&there);
    let files: Vec<_> = files
        .iter()
        .filter(|name| there.join(name).is_file())
        .collect();
    assert_eq!(files.len(), NAUGHTY.len() + 2, "{files:?}");
    let texts: Vec<_> = files
        .iter()
        .map(|name| fs::read_to_string(there.join(name)).unwrap())
        .collect();
    for text in ["a?", "a*", "0", "13"] {
        assert!(texts.iter().any(|there| there == text), "{text}: {texts:?}");
    }
}

#[test]
fn a_link_that_is_named_is_followed_and_what_is_not_there_is_told() {
    let (_mediator, _homes, mut clients) = talking();
    let [from, to] = folders();
    let (real, link) = (from.path().join("real"), from.path().join("link"));
    fs::write(&real, "text").unwrap();
    symlink("real", &link).unwrap();
    send(clients.each_mut(), &link, to.path());
    let [name] = &names(to.path())[..] else {
        panic!("{:?}", names(to.path()));
    };
    assert_eq!(fs::read_to_string(to.path().join(name)).unwrap(), "text");
    let [sender, receiver] = &mut clients;
    offer(sender, &from.path().join("nothing"));
    assert_eq!(await_state(sender, "failed")["outcome"], "source");
    // A loop ends.
    symlink("loop", from.path().join("loop")).unwrap();
    offer(sender, &from.path().join("loop"));
    assert_eq!(await_state(sender, "failed")["outcome"], "source");
    sender.say("well");
    assert_eq!(receiver.await_message(), "well");
}

#[test]
fn a_file_that_changes_meanwhile_is_not_kept_and_the_others_are() {
    let (_mediator, _homes, [mut sender, mut receiver]) = talking();
    let [from, to] = folders();
    let top = from.path().join("top");
    fs::create_dir(&top).unwrap();
    for name in ["gone", "grows", "shrinks", "stays"] {
        fs::write(top.join(name), contents(100_000)).unwrap();
    }
    offer(&mut sender, &top);
    let offered = await_state(&receiver, "offered");
    // Nothing was read of them yet.
    fs::remove_file(top.join("gone")).unwrap();
    File::options()
        .write(true)
        .open(top.join("grows"))
        .unwrap()
        .set_len(200_000)
        .unwrap();
    File::options()
        .write(true)
        .open(top.join("shrinks"))
        .unwrap()
        .set_len(10)
        .unwrap();
    receiver.say(&format!(
        "/accept {} {}",
        offered["id"],
        to.path().display()
    ));
    let done = await_state(&receiver, "done");
    await_state(&sender, "done");
    assert_eq!(names(&to.path().join("top")), ["stays"]);
    let dropped = done["dropped"].to_string();
    for name in ["gone", "grows", "shrinks"] {
        assert!(dropped.contains(name), "{dropped}");
    }
}

#[test]
fn a_hundred_gibibytes_of_holes_take_neither_time_nor_space() {
    let (_mediator, _homes, [mut sender, mut receiver]) = talking();
    let [from, to] = folders();
    let path = from.path().join("sparse");
    let file = File::create(&path).unwrap();
    file.set_len(100 << 30).unwrap();
    file.write_all_at(&[7; 4096], 50 << 30).unwrap();
    drop(file);
    if path.metadata().unwrap().blocks() * 512 > 1 << 20 {
        eprintln!("skipped: no holes here");
        return;
    }
    offer(&mut sender, &path);
    accept(&mut receiver, to.path());
    let accepted = Instant::now();
    await_state(&receiver, "started");
    await_state(&receiver, "done");
    assert!(accepted.elapsed() < SOON, "{:?}", accepted.elapsed());
    let there = to.path().join("sparse").metadata().unwrap();
    assert_eq!(there.len(), 100 << 30);
    assert!(there.blocks() * 512 < 2 << 20, "{}", there.blocks());
}

#[test]
fn a_full_disk_pauses_and_goes_on_once_there_is_space() {
    if !may_mount() {
        return;
    }
    let (mediator, homes, [from, to]) = (Mediator::start(), homes(), folders());
    let path = from.path().join("large");
    let sent = contents(6_000_000);
    fs::write(&path, &sent).unwrap();
    let mut sender = start(&mediator, &homes[0], "ada").run();
    sender.await_event("waiting");
    // Half of it is taken; whoever sees `filler` gone from outside frees it.
    let disk = to.path().display().to_string();
    let script = format!(
        "mount -t tmpfs -o size=8m tmpfs {disk} && head -c 4000000 /dev/zero >{disk}/filler && \"$@\""
    );
    let mut receiver = start(&mediator, &homes[1], "bob")
        .with_mounts(&script)
        .run();
    receiver.await_event("connected");
    offer(&mut sender, &path);
    accept(&mut receiver, to.path());
    await_state(&receiver, "paused");
    let paused = await_state(&sender, "paused");
    assert!(
        paused.to_string().contains("the receiver's disk is full"),
        "{paused}"
    );
    // The chat lives.
    sender.say("well?");
    assert_eq!(receiver.await_message(), "well?");
    let inside = inside(&receiver, to.path());
    assert!(!inside.join("large").exists());
    fs::remove_file(inside.join("filler")).unwrap();
    await_state(&receiver, "done");
    await_state(&sender, "done");
    assert!(fs::read(inside.join("large")).unwrap() == sent);
    assert_eq!(names(&inside), ["large"]);
}

/// This folder as the client's own mounts have it: it is the shell's child.
fn inside(client: &Client, folder: &Path) -> PathBuf {
    let root = format!("/proc/{}/root", client.pid());
    PathBuf::from(root).join(folder.strip_prefix("/").unwrap())
}
