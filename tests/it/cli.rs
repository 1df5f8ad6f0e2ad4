//! The command line: usage, exit codes, the history, and text that would act on a
//! terminal.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::acts::{ROOM, ada_and_bob, homes, peers, quit, start};
use crate::common::{Home, Mediator, Start, free_port, meet};

fn run(home: &Home, arguments: &[&str]) -> (i32, String, String) {
    Start::new(home, arguments).finish(b"")
}

#[test]
fn without_a_terminal_what_is_missing_is_named_at_once() {
    let home = Home::new();
    for arguments in [
        [].as_slice(),
        &["chat"],
        &["chat", "--json"],
        &["--no-input"],
    ] {
        let began = Instant::now();
        let mut start = Start::new(&home, arguments);
        start.command.stdin(Stdio::null());
        let mut client = start.run();
        assert_eq!(client.exit_code(), 2);
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "{:?}",
            began.elapsed()
        );
        let err = client.err.rest().join("\n");
        for named in ["--name NAME", "undertone chat ROOM", "UNDERTONE_ROOM"] {
            assert!(err.contains(named), "{arguments:?}: {err}");
        }
        assert_eq!(client.out.rest(), [""; 0]);
    }
    let (code, _, err) = run(&home, &["chat", "lab"]);
    assert!(
        code == 2 && err.contains("--name NAME") && !err.contains("UNDERTONE_ROOM"),
        "{err}"
    );
}

#[test]
fn help_fits_80_columns_and_shows_examples() {
    let home = Home::new();
    for arguments in [
        ["--help"].as_slice(),
        &["chat", "--help"],
        &["send", "--help"],
        &["receive", "--help"],
        &["files", "--help"],
        &["peers", "--help"],
    ] {
        let (code, out, err) = run(&home, arguments);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.contains("Examples:") && out.lines().all(|line| line.chars().count() <= 80));
    }
}

#[test]
fn a_mediator_that_is_down_silent_or_no_mediator_is_told_with_a_remedy() {
    let home = Home::new();
    let address = format!("127.0.0.1:{}", free_port());
    for json in [true, false] {
        let start = if json { Start::chat } else { Start::human };
        let (code, out, err) = start(&home, &format!("http://{address}"), "ada", "lab").finish(b"");
        let said = if json { out } else { err };
        assert_eq!(code, 3, "{said}");
        for part in [
            &address,
            "connection refused",
            "undertone-mediator",
            "open?",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
    // Takes the connection and hangs up.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 16]);
        }
    });
    let (code, _, err) = Start::human(&home, &address, "ada", "lab").finish(b"");
    assert!(code == 3 && err.contains(&address), "{err}");
}

#[test]
fn a_mediator_that_refuses_is_told_so() {
    let mediator = Mediator::start_with(&["--max-rooms", "1"]);
    let homes = homes();
    let first = Start::chat(&homes[0], &mediator.url, "ada", "lab").run();
    first.await_event("waiting");
    let second = Start::chat(&homes[1], &mediator.url, "bob", "attic").args(&["--timeout", "1"]);
    let (code, out, _) = second.finish(b"");
    // That passes, so it is waited out; who never had a seat then learns why, not that nobody came.
    assert_eq!(code, 3);
    assert!(out.contains("all rooms are taken"), "{out}");
}

#[test]
fn two_clients_share_one_history() {
    let (mediator, homes) = (Mediator::start(), homes());
    let file = homes[0].path().join("shared.txt");
    fs::write(&file, "damaged\tline\n").unwrap();
    let shared = ["--peers-file", file.to_str().unwrap()];
    let come = |home, name| start(&mediator, home, name).args(&shared);
    let [(mut host, _), (mut guest, _)] = meet(come(&homes[0], "ada"), come(&homes[1], "bob"));
    quit([&mut host, &mut guest]);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.lines().any(|line| line == "damaged\tline"), "{text}");
    let (code, out, err) = run(&homes[0], &["peers", "--json", shared[0], shared[1]]);
    assert_eq!(code, 0);
    let mut names: Vec<String> = out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].to_string())
        .collect();
    names.sort();
    assert_eq!(names, ["\"ada\"", "\"bob\""], "{out}");
    assert!(err.contains("Line 1"), "{err}");
}

#[test]
fn no_history_writes_nothing() {
    let (mediator, homes) = (Mediator::start(), homes());
    let host = start(&mediator, &homes[0], "ada").args(&["--no-history"]);
    let [(mut host, _), (mut guest, _)] = meet(host, start(&mediator, &homes[1], "bob"));
    quit([&mut host, &mut guest]);
    assert!(!homes[0].data().join("peers.txt").exists());
    assert!(homes[1].data().join("peers.txt").exists());
}

#[test]
fn the_history_is_shown_renamed_and_forgotten() {
    let (mediator, homes) = (Mediator::start(), homes());
    let [(mut host, _), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    quit([&mut host, &mut guest]);
    let ada = &homes[0];
    let path = run(ada, &["peers", "path"]).1;
    assert_eq!(
        path.trim_end(),
        ada.data().join("peers.txt").to_str().unwrap()
    );
    let (_, id, _) = run(&homes[1], &["id"]);
    let (name, key) = id.split_once('\n').unwrap();
    assert!(name.starts_with("name ") && name.ends_with(" bob"), "{id}");
    let key = key.trim_start_matches("fingerprint").trim();
    let line: Value = serde_json::from_str(&run(ada, &["peers", "--json"]).1).unwrap();
    for (field, expected) in [
        ("name", "bob"),
        ("room", "lab"),
        ("path", "direct"),
        ("key", key),
    ] {
        assert_eq!(line[field], expected, "{line}");
    }
    assert!(
        line["address"].as_str().unwrap().starts_with("127.0.0.1:"),
        "{line}"
    );
    assert_eq!(run(ada, &["peers", "rename", "bob", "robert"]).0, 0);
    assert!(peers(ada).contains("robert"));
    let [(mut host, saw), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    assert_eq!(saw["peer"], "robert");
    quit([&mut host, &mut guest]);
    let (code, _, err) = run(ada, &["peers", "forget", "robert"]);
    assert!(code == 2 && err.contains("add --yes"), "{err}");
    assert_eq!(run(ada, &["peers", "forget", "robert", "--yes"]).0, 0);
    assert_eq!(peers(ada), "");
    assert_eq!(run(ada, &["peers", "forget", "robert", "--yes"]).0, 2);
    let [(_host, saw), _guest] = ada_and_bob(&mediator, &homes);
    assert_eq!(saw["peer"], "bob");
}

#[test]
fn another_name_is_for_one_run() {
    let home = Home::new();
    let nowhere = format!("127.0.0.1:{}", free_port());
    for (name, kept) in [("ada", "ada"), ("eve", "ada")] {
        let come = ["chat", "lab", "--name", name, "--mediator", &nowhere];
        assert_eq!(run(&home, &come).0, 3);
        let (_, id, _) = run(&home, &["id"]);
        assert_eq!(id.split_whitespace().nth(1), Some(kept), "{id}");
    }
}

#[test]
fn the_name_that_is_kept_counts_without_a_terminal() {
    let (mediator, homes) = (Mediator::start(), homes());
    let (code, _, err) = run(&homes[0], &["chat", "lab"]);
    assert!(code == 2 && err.contains("--name NAME"), "{err}");
    assert!(!homes[0].data().exists(), "nothing was made on the way");
    let [(mut host, _), (mut guest, _)] = ada_and_bob(&mediator, &homes);
    quit([&mut host, &mut guest]);
    for more in [&[][..], &["--no-input"]] {
        let again = ["chat", "--json", "--mediator", &mediator.url];
        let mut again = Start::new(&homes[0], &again).args(more);
        again.command.env("UNDERTONE_ROOM", ROOM);
        let bob = start(&mediator, &homes[1], "bob");
        let [(mut again, _), (mut bob, saw)] = meet(again, bob);
        assert_eq!(saw["peer"], "ada");
        quit([&mut again, &mut bob]);
    }
    // Only the room is missing.
    let (code, _, err) = run(&homes[0], &["chat"]);
    assert!(
        code == 2 && !err.contains("--name") && err.contains("UNDERTONE_ROOM"),
        "{err}"
    );
}

#[test]
fn a_word_too_many_is_no_room() {
    let home = Home::new();
    for arguments in [
        ["chta"].as_slice(),
        &["lab#otter"],
        &["chat", "a", "b"],
        &["-q", "-v"],
    ] {
        let (code, out, err) = run(&home, arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
    }
    assert!(!home.data().exists(), "nothing was made on the way");
}
