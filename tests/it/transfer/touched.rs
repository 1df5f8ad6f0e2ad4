//! A source that has another date, or was changed, after a crash: what is there of it is compared, and
//! goes on where it differs.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::{LARGE, Scene, reason, scene};
use crate::common::contents::contents;
use crate::common::{Client, Start};

const CHUNK: u64 = 1024 * 1024;
/// Of the list's entries in the data, at the most.
const ENTRIES: u64 = 1000;

fn touch(path: &Path) {
    let file = File::options().write(true).open(path).unwrap();
    let earlier = SystemTime::now() - Duration::from_secs(100_000);
    file.set_modified(earlier).unwrap();
}

fn is_state(event: &Value, state: &str) -> bool {
    event["type"] == "file" && event["state"] == state
}

impl Scene {
    /// How much the journal says is safe.
    fn safe(&self) -> u64 {
        let journal = fs::read_dir(self.homes[1].data().join("files")).unwrap();
        let kept = journal.map(|entry| {
            let text = fs::read(entry.unwrap().path()).unwrap();
            let noted: Value = serde_json::from_slice(&text).unwrap();
            noted["offset"].as_u64().unwrap()
        });
        kept.max().unwrap()
    }

    /// Sends it until something is safe, and kills both.
    fn crash(&self, path: &str) -> u64 {
        let mut sender = self.send(&[path]);
        let mut receiver = self.receive(&["--yes"]).run();
        self.await_kept(&mut receiver);
        receiver.kill();
        sender.kill();
        self.safe()
    }

    /// Sends it again: what it began with, and all that was said of the comparison at both ends.
    fn again(&self, path: &str) -> (u64, [Vec<Value>; 2]) {
        let sender = self.command(0, "ada", &["send", "--json", path]).run();
        sender.await_event("waiting");
        let receiver = self.receive(&["--yes", "--json"]).run();
        let mut ends = [sender, receiver];
        let said = ends.each_mut().map(|end| {
            let said = end.out.rest();
            let said = said.iter().map(|line| serde_json::from_str(line).unwrap());
            let said: Vec<Value> = said.collect();
            assert_eq!(end.exit_code(), 0, "{said:#?}");
            said
        });
        let started = said[1].iter().find(|event| is_state(event, "started"));
        let done = started.unwrap()["done"].as_u64().unwrap();
        let checks = said.map(|said| {
            let checks = said.into_iter().filter(|event| is_state(event, "checking"));
            checks.collect()
        });
        (done, checks)
    }

    /// Nothing is left but what was sent.
    fn assert_whole(&self, name: &str, bytes: &[u8]) {
        assert!(fs::read(self.into.path().join(name)).unwrap() == bytes);
        assert_eq!(fs::read_dir(self.into.path()).unwrap().count(), 1);
        let (code, out, _) = Start::new(&self.homes[1], &["files"]).finish(b"");
        assert_eq!((code, out.as_str()), (0, ""));
    }
}

#[test]
fn of_a_source_with_another_date_nothing_comes_twice_that_was_safe() {
    let scene = scene();
    let bytes = contents(LARGE);
    let path = scene.file("large", &bytes);
    let safe = scene.crash(&path);
    touch(Path::new(&path));
    let (began, checks) = scene.again(&path);
    assert!(began + ENTRIES >= safe, "{began} {safe}");
    for checks in checks {
        let last = checks.last().expect("it is said that it is checked");
        assert!(last["total"].as_u64().unwrap() + ENTRIES >= safe, "{last}");
    }
    scene.assert_whole("large", &bytes);
    let [from, to] = [Path::new(&path), &scene.into.path().join("large")];
    let mtime = |path: &Path| path.metadata().unwrap().mtime();
    assert_eq!(mtime(from), mtime(to));
}

#[test]
fn a_source_that_was_changed_comes_right_from_there_on() {
    for halfway in [false, true] {
        let scene = scene();
        let mut bytes = contents(LARGE);
        let path = scene.file("large", &bytes);
        let safe = scene.crash(&path);
        let place = if halfway { safe / 2 } else { 0 };
        let at = usize::try_from(place).unwrap();
        bytes[at] ^= 1;
        let file = File::options().write(true).open(&path).unwrap();
        file.write_all_at(&bytes[at..=at], place).unwrap();
        let (began, _) = scene.again(&path);
        let same = place / CHUNK * CHUNK;
        assert!(began >= same && began <= same + ENTRIES, "{began}");
        assert!(began < safe);
        scene.assert_whole("large", &bytes);
    }
}

#[test]
fn a_folder_goes_on_in_the_file_that_was_begun() {
    let scene = scene();
    let tree = scene.from.path().join("tree");
    fs::create_dir_all(tree.join("empty")).unwrap();
    let bytes = contents(30_000_000);
    for name in ["a", "b", "c", "d", "e"] {
        fs::write(tree.join(name), &bytes).unwrap();
    }
    let path = tree.to_str().unwrap();
    let safe = scene.crash(path);
    for name in ["a", "b", "e"] {
        touch(&tree.join(name));
    }
    let (began, _) = scene.again(path);
    assert!(began + ENTRIES >= safe, "{began} {safe}");
    let there = scene.into.path().join("tree");
    assert!(there.join("empty").is_dir());
    for name in ["a", "b", "c", "d", "e"] {
        assert!(fs::read(there.join(name)).unwrap() == bytes, "{name}");
    }
    assert_eq!(fs::read_dir(&there).unwrap().count(), 6);
    assert_eq!(fs::read_dir(scene.into.path()).unwrap().count(), 1);
}

/// The receiver stays, with what it has in its hands.
#[test]
fn who_was_left_alone_by_the_sender_goes_on_under_the_same_number() {
    let scene = scene();
    let bytes = contents(LARGE);
    let path = scene.file("large", &bytes);
    let mut sender = scene.send(&[&path]);
    let mut receiver = scene.receive(&["--yes", "--json"]).run();
    let far =
        |event: &Value| is_state(event, "progress") && event["done"].as_u64() > Some(20_000_000);
    let before = receiver.await_that("progress", far);
    sender.kill();
    receiver.await_event("reconnecting");
    touch(Path::new(&path));
    let mut sender = scene.send(&[&path]);
    let check = receiver.await_that("a check", |event| is_state(event, "checking"));
    let started = receiver.await_that("a beginning", |event| is_state(event, "started"));
    assert_eq!(
        (&check["id"], &started["id"]),
        (&before["id"], &before["id"])
    );
    let [had, began] = [&before, &started].map(|event| event["done"].as_u64().unwrap());
    assert!(began + ENTRIES >= had, "{began} {had}");
    assert_eq!((receiver.exit_code(), sender.exit_code()), (0, 0));
    scene.assert_whole("large", &bytes);
}

/// Somebody who interrupts that leaves what is there as it was.
#[test]
fn what_is_being_checked_is_no_other_offer_s_and_no_other_folder_s() {
    let scene = scene();
    let path = scene.file("large", &contents(LARGE));
    let safe = scene.crash(&path);
    touch(Path::new(&path));
    // Into another folder all of it goes.
    let other = tempfile::tempdir().unwrap();
    let mut sender: Client = scene.send(&[&path]);
    let into = other.path().to_str().unwrap();
    let receiver = scene.command(1, "bob", &["receive", "--yes", "--json", "--into", into]);
    let mut receiver = receiver.run();
    let started = receiver.await_that("a beginning", |event| is_state(event, "started"));
    assert_eq!(started["done"], 0);
    receiver.signal(nix::sys::signal::Signal::SIGINT);
    assert_eq!(receiver.exit_code(), 130);
    assert!(reason(&sender).contains("cancelled by bob"));
    sender.exit_code();
    assert_eq!(scene.safe(), safe);
}
