//! Files between two chats: offered, accepted, received, and taken up again.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::common::acts::{ada_and_bob, homes, quit, relayed, talking};
use crate::common::contents::contents;
use crate::common::{Client, Mediator};

/// The next event about files that is in this state.
fn await_state(client: &Client, state: &str) -> Value {
    client.await_that(state, |event| {
        event["type"] == "file" && event["state"] == state
    })
}

/// Sends what this path names from the first to the second, into the folder.
fn send([from, to]: [&mut Client; 2], path: &Path, into: &Path) -> Value {
    from.say(&format!("/send \"{}\"", path.display()));
    let offered = await_state(to, "offered");
    to.say(&format!("/accept {} \"{}\"", offered["id"], into.display()));
    let done = await_state(to, "done");
    await_state(from, "done");
    done
}

#[test]
fn a_file_is_offered_accepted_and_received() {
    let (_mediator, _homes, mut clients) = talking();
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for (name, len) in [
        ("empty", 0),
        ("one", 1),
        ("64 KiB - 1", 65_535),
        ("64 KiB", 65_536),
        ("64 KiB + 1", 65_537),
        ("large", 9_000_001),
    ] {
        let bytes = contents(len);
        let path = from.path().join(name);
        fs::write(&path, &bytes).unwrap();
        let done = send(clients.each_mut(), &path, to.path());
        let there = to.path().join(name);
        assert_eq!(done["paths"][0], there.to_str().unwrap());
        assert!(fs::read(&there).unwrap() == bytes, "{name}");
        // Nothing else is there.
        let count = fs::read_dir(to.path()).unwrap().count();
        fs::remove_file(&there).unwrap();
        assert_eq!(count, 1, "{name}");
    }
}

#[test]
fn a_folder_comes_whole_with_its_empty_folders() {
    let (_mediator, _homes, mut clients) = talking();
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let tree = from.path().join("tree");
    fs::create_dir_all(tree.join("a/b/c")).unwrap();
    fs::create_dir(tree.join("empty")).unwrap();
    for (name, text) in [
        ("a/1", "one"),
        ("a/b/2", "two"),
        ("a/b/c/3", ""),
        ("0", "zero"),
    ] {
        fs::write(tree.join(name), text).unwrap();
    }
    send(clients.each_mut(), &tree, to.path());
    let there = to.path().join("tree");
    assert_eq!(fs::read(there.join("a/b/2")).unwrap(), b"two");
    assert_eq!(fs::read(there.join("a/b/c/3")).unwrap(), b"");
    assert!(there.join("empty").is_dir());
    // The same again is put beside it.
    send(clients.each_mut(), &tree, to.path());
    assert_eq!(fs::read(to.path().join("tree (2)/0")).unwrap(), b"zero");
}

#[test]
fn what_is_declined_or_cancelled_leaves_nothing() {
    let (_mediator, _homes, mut clients) = talking();
    let from = tempfile::tempdir().unwrap();
    let path = from.path().join("a");
    fs::write(&path, "text").unwrap();
    let [sender, receiver] = &mut clients;
    for (end, command, outcome) in [(1, "/reject", "declined"), (0, "/cancel", "cancelled")] {
        sender.say(&format!("/send {}", path.display()));
        await_state(receiver, "offered");
        receiver.say("/accept 99");
        let refused = receiver.await_that("an error", |event| event["type"] == "error");
        assert_eq!(refused["code"], "no-offer");
        assert_eq!(refused["message"], "there is no offer 99");
        match end {
            0 => sender.say(command),
            _ => receiver.say(command),
        }
        for client in [&*sender, &*receiver] {
            assert_eq!(await_state(client, "failed")["outcome"], outcome);
        }
    }
    // Afterwards one talks as before.
    sender.say("well");
    assert_eq!(receiver.await_message(), "well");
}

#[test]
fn a_file_that_changed_before_it_was_read_is_said_to_have_failed() {
    let (_mediator, _homes, [mut sender, mut receiver]) = talking();
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let path = from.path().join("a");
    fs::write(&path, "text").unwrap();
    sender.say(&format!("/send {}", path.display()));
    await_state(&receiver, "offered");
    fs::write(&path, "more text").unwrap();
    receiver.say(&format!("/accept 1 {}", to.path().display()));
    for (client, by_peer) in [(&sender, false), (&receiver, true)] {
        let failed = await_state(client, "failed");
        assert_eq!(failed["outcome"], "source");
        assert_eq!(failed["by_peer"], by_peer);
        let message = failed["message"].as_str();
        let expected = (!by_peer).then_some("a: changed while it was read");
        assert_eq!(message, expected);
    }
    // What was written is removed by then.
    quit([&mut sender, &mut receiver]);
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
}

/// With a folder beside it something is there all the same, and both ends say so.
#[test]
fn of_a_file_that_changed_what_was_offered_with_it_is_kept() {
    let (_mediator, _homes, [mut sender, mut receiver]) = talking();
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [path, empty] = ["a", "empty"].map(|name| from.path().join(name));
    fs::write(&path, "text").unwrap();
    fs::create_dir(&empty).unwrap();
    sender.say(&format!("/send {} {}", path.display(), empty.display()));
    await_state(&receiver, "offered");
    fs::write(&path, "more text").unwrap();
    receiver.say(&format!("/accept 1 {}", to.path().display()));
    for client in [&sender, &receiver] {
        let done = await_state(client, "done");
        assert_eq!(done["dropped"][0], "a: changed while it was read");
    }
    assert!(to.path().join("empty").is_dir());
}

#[test]
fn a_file_that_changes_on_its_way_is_not_sent_to_its_end() {
    let (_mediator, _homes, [mut sender, mut receiver]) = talking();
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let path = from.path().join("large");
    fs::write(&path, vec![7; 100_000_000]).unwrap();
    sender.say(&format!("/send {}", path.display()));
    await_state(&receiver, "offered");
    receiver.say(&format!("/accept 1 {}", to.path().display()));
    await_state(&receiver, "progress");
    let mut file = fs::File::options().append(true).open(&path).unwrap();
    file.write_all(b"more").unwrap();
    for client in [&sender, &receiver] {
        let failed = client.await_that("its end", |event| {
            assert_ne!(event["state"], "saving", "all of it was sent");
            event["state"] == "failed"
        });
        assert_eq!(failed["outcome"], "source");
    }
    quit([&mut sender, &mut receiver]);
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
}

#[test]
fn who_cancels_what_is_on_its_way_is_named_at_both_ends() {
    let (_mediator, _homes, mut clients) = talking();
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let path = from.path().join("large");
    fs::write(&path, vec![7; 100_000_000]).unwrap();
    for canceller in [0, 1] {
        let [sender, receiver] = &mut clients;
        sender.say(&format!("/send {}", path.display()));
        let offered = await_state(receiver, "offered");
        receiver.say(&format!(
            "/accept {} {}",
            offered["id"],
            to.path().display()
        ));
        await_state(receiver, "progress");
        clients[canceller].say("/cancel");
        for (end, client) in clients.iter().enumerate() {
            let failed = await_state(client, "failed");
            assert_eq!(failed["outcome"], "cancelled");
            assert_eq!(failed["by_peer"], end != canceller);
        }
    }
}

#[test]
fn what_a_relay_cuts_off_goes_on_by_the_next_one() {
    let mediator = Mediator::start_with(&[
        "--relay",
        "--relay-rate",
        "2000000",
        "--relay-bytes",
        "3000000",
    ]);
    let homes = homes();
    let mut clients = relayed(&mediator, &homes);
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let path = from.path().join("large");
    let bytes = contents(4_000_000);
    fs::write(&path, &bytes).unwrap();
    send(clients.each_mut(), &path, to.path());
    assert!(fs::read(to.path().join("large")).unwrap() == bytes);
}

#[test]
fn what_one_left_goes_on_with_the_same_command() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let path = from.path().join("large");
    let bytes = contents(100_000_000);
    fs::write(&path, &bytes).unwrap();
    for leaves in [0, 1] {
        let clients = ada_and_bob(&mediator, &homes).map(|(client, _)| client);
        let [mut sender, mut receiver] = clients;
        sender.say(&format!("/send {}", path.display()));
        match leaves {
            0 => {
                let offered = await_state(&receiver, "offered");
                receiver.say(&format!(
                    "/accept {} {}",
                    offered["id"],
                    to.path().display()
                ));
            }
            _ => assert!(await_state(&receiver, "started")["done"].as_u64() > Some(0)),
        }
        receiver.await_that("progress", |event| {
            event["state"] == "progress" && event["done"].as_u64() > Some(0)
        });
        let ends = [&mut sender, &mut receiver];
        let [leaver, other] = if leaves == 0 {
            ends
        } else {
            let [a, b] = ends;
            [b, a]
        };
        leaver.say("/quit");
        other.await_event("left");
        assert_eq!((leaver.exit_code(), other.exit_code()), (0, 0));
        assert!(await_state(&receiver, "kept")["done"].as_u64() > Some(0));
        assert!(!to.path().join("large").exists());
    }
    let [(mut sender, _), (receiver, _)] = ada_and_bob(&mediator, &homes);
    sender.say(&format!("/send {}", path.display()));
    assert!(await_state(&receiver, "started")["done"].as_u64() > Some(0));
    await_state(&receiver, "done");
    assert!(fs::read(to.path().join("large")).unwrap() == bytes);
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 1);
}

#[test]
fn what_is_left_out_does_not_come_and_the_same_is_not_offered_twice() {
    let (_mediator, _homes, mut clients) = talking();
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let tree = from.path().join("tree");
    fs::create_dir(&tree).unwrap();
    for (name, text) in [("a.o", ""), ("a.c", ""), ("b", ""), (".gitignore", "b\n")] {
        fs::write(tree.join(name), text).unwrap();
    }
    let [sender, receiver] = &mut clients;
    let send = format!("/send --git {} --exclude *.o", tree.display());
    sender.say(&send);
    let offered = await_state(receiver, "offered");
    assert_eq!(offered["files"], 2);
    sender.say(&send);
    assert_eq!(await_state(sender, "failed")["id"], 2);
    receiver.say(&format!("/accept 1 {}", to.path().display()));
    await_state(receiver, "done");
    let there = to.path().join("tree");
    assert!(there.join("a.c").exists() && there.join(".gitignore").exists());
    assert!(!there.join("a.o").exists() && !there.join("b").exists());
}

#[test]
fn a_file_that_changed_and_hides_it_is_another_offer() {
    let (_mediator, _homes, mut clients) = talking();
    let from = tempfile::tempdir().unwrap();
    let path = from.path().join("a");
    fs::write(&path, "one").unwrap();
    let time = path.metadata().unwrap().modified().unwrap();
    let [sender, receiver] = &mut clients;
    sender.say(&format!("/send {}", path.display()));
    await_state(receiver, "offered");
    // Of the same size and time.
    fs::write(&path, "two").unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(time)
        .unwrap();
    sender.say(&format!("/send {}", path.display()));
    assert_eq!(await_state(receiver, "offered")["id"], 2);
}
