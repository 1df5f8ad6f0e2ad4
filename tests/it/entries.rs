//! What stands in the data directory in the place of a file: pipes, devices, sockets, folders,
//! links. What is no file is said at once, before anybody is met, and left as it is; a link is
//! followed.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::common::acts::{ROOM, ada_and_bob, homes, peers, quit, start};
use crate::common::{Home, Mediator, Start};
use crate::disk::refused;

/// The files of a data directory, and what doctor calls each.
const FILES: [(&str, &str); 5] = [
    ("identity", "identity"),
    ("contacts.json", "contacts"),
    ("peers.txt", "history"),
    ("last.json", "files"),
    ("made.json", "files"),
];

fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

/// A data directory in which this stands at that place.
fn with(file: &str, make: impl Fn(&Path)) -> Home {
    let home = Home::new();
    assert_eq!(Start::new(&home, &["id"]).finish(b"").0, 0);
    let path = home.data().join(file);
    let _ = fs::remove_file(&path);
    make(&path);
    home
}

/// Ends with this code, and says this on one line.
fn run(home: &Home, command: &[&str]) -> (i32, String) {
    let (code, _, err) = Start::new(home, command).finish(b"");
    (code, on_one_line(&err))
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a chat says that does not begin, and doctor finds; on one line.
fn refusal(home: &Home, check: &str) -> String {
    on_one_line(&refused(home, |start| start, check))
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_said_at_once() {
    for (file, check) in FILES {
        let home = with(file, pipe);
        let err = refusal(&home, check);
        assert!(err.contains(file) && err.contains("is no file"), "{err}");
        let kind = home.data().join(file).symlink_metadata().unwrap();
        assert!(kind.file_type().is_fifo(), "{file} is left as it is");
    }
}

#[test]
fn a_link_that_leads_nowhere_is_not_the_same_as_no_file() {
    let nowhere = |path: &Path| symlink("/nonexistent/file", path).unwrap();
    for (file, check) in FILES.into_iter().chain([("attempts", "attempts")]) {
        let home = with(file, nowhere);
        let err = refusal(&home, check);
        assert!(err.contains(file) && err.contains("leads nowhere"), "{err}");
        assert!(home.data().join(file).is_symlink(), "{file} is left");
    }
    let home = with("identity", nowhere);
    let (code, err) = run(&home, &["id"]);
    assert!(code == 1 && err.contains("leads nowhere"), "{err}");
    let home = with("peers.txt", nowhere);
    let (code, err) = run(&home, &["peers"]);
    assert!(code == 1 && err.contains("leads nowhere"), "{err}");
}

#[test]
fn sockets_devices_folders_and_links_to_themselves_are_refused_too() {
    let socket = |path: &Path| drop(UnixListener::bind(path).unwrap());
    let device = |path: &Path| symlink("/dev/zero", path).unwrap();
    let itself = |path: &Path| symlink(path, path).unwrap();
    let folder = |path: &Path| fs::create_dir(path).unwrap();
    let kinds: [&dyn Fn(&Path); 4] = [&socket, &device, &itself, &folder];
    for (file, check) in [("contacts.json", "contacts"), ("last.json", "files")] {
        for make in kinds {
            let err = refusal(&with(file, make), check);
            assert!(err.contains(file), "{err}");
        }
    }
    for file in ["contacts.json.lock", "peers.txt.lock"] {
        let check = match file.starts_with("peers") {
            true => "history",
            false => "contacts",
        };
        let err = refusal(&with(file, pipe), check);
        assert!(err.contains(file) && err.contains("is no file"), "{err}");
    }
    let file = |path: &Path| fs::write(path, "not ours").unwrap();
    let err = refusal(&with("attempts", file), "attempts");
    assert!(err.contains("attempts"), "{err}");
}

#[test]
fn named_files_that_are_none_are_not_waited_for() {
    let home = Home::new();
    let place = home.path().join("pipe");
    pipe(&place);
    let place = place.to_str().unwrap();
    let folder = home.path().to_str().unwrap();
    for command in [&["id"][..], &["peers"], &["chat", "lab", "--name", "ada"]] {
        let started = Start::new(&home, &[command, &["--config", folder]].concat());
        let (code, _, err) = started.finish(b"");
        assert!(code == 2 && err.contains("is no file"), "{code}: {err}");
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let mut chat = Start::chat(&home, &url, "ada", ROOM);
    chat.command.env("SSL_CERT_FILE", place);
    let (code, out, err) = chat.finish(b"");
    assert!(
        code == 3 && out.contains("is no file"),
        "{code}: {out}{err}"
    );
}

#[test]
fn a_link_is_followed_and_what_it_leads_to_replaced() {
    let (mediator, homes) = (Mediator::start(), homes());
    let names = ["contacts.json", "last.json", "made.json", "peers.txt"];
    let [(mut ada, _), (mut bob, _)] = ada_and_bob(&mediator, &homes);
    quit([&mut ada, &mut bob]);
    let (data, elsewhere) = (homes[0].data(), homes[0].path().join("elsewhere"));
    fs::create_dir(&elsewhere).unwrap();
    for name in names {
        fs::rename(data.join(name), elsewhere.join(name)).unwrap();
        symlink(elsewhere.join(name), data.join(name)).unwrap();
    }
    let before = fs::read_to_string(elsewhere.join("contacts.json")).unwrap();
    let again = |room| {
        let chat = |home, name| Start::chat(home, &mediator.url, name, room);
        crate::common::meet(chat(&homes[0], "ada"), chat(&homes[1], "bob"))
    };
    let [(mut ada, known), (mut bob, _)] = again("attic#otter");
    assert_eq!(known["type"], "connected", "{known}");
    quit([&mut ada, &mut bob]);
    for name in names {
        assert!(data.join(name).is_symlink(), "{name} is still a link");
    }
    let after = fs::read_to_string(elsewhere.join("contacts.json")).unwrap();
    assert_ne!(after, before, "the meeting is written where the link leads");
    assert!(peers(&homes[0]).contains("bob"));
    let left = fs::read_dir(&elsewhere).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".tmp")
    });
    assert_eq!(left.count(), 0, "no draft stays");
    // With the contacts gone and their link left, nobody passes for a stranger.
    fs::remove_file(elsewhere.join("contacts.json")).unwrap();
    let (code, _, err) = start(&mediator, &homes[0], "ada").finish(b"");
    let err = on_one_line(&err);
    assert!(code == 1 && err.contains("leads nowhere"), "{err}");
}
