//! The bot of docs/events.md, run as it stands there.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{Client, Home, Lines, Mediator, Start};

const PAGE: &str = include_str!("../../docs/events.md");

fn script() -> &'static str {
    let (_, after) = PAGE.split_once("```sh\n").unwrap();
    after.split_once("```").unwrap().0
}

/// Starts the script in a shell that finds this build of undertone.
fn start_bot(home: &Home, mediator: &Mediator) -> Client {
    let file = home.path().join("bot.sh");
    std::fs::write(&file, script()).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_undertone")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let mut child = Command::new("/bin/sh")
        .arg(&file)
        // The end of the shell, should the test fail, is not that of the chat in it.
        .args([
            "--mediator",
            &mediator.url,
            "--bind",
            "127.0.0.1",
            "--timeout",
            "60",
        ])
        .env_clear()
        .env("PATH", path)
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env("UNDERTONE_ROOM", "lab#otter")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Client {
        stdin: None,
        out: Lines::of(child.stdout.take().unwrap()),
        err: Lines::of(child.stderr.take().unwrap()),
        child,
    }
}

#[test]
fn the_bot_of_the_page_answers_and_leaves() {
    assert!(script().lines().count() <= 10);
    let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
    let mut ada = Start::chat(&homes[0], &mediator.url, "ada", "lab#otter").run();
    ada.await_event("waiting");
    let mut bot = start_bot(&homes[1], &mediator);
    assert_eq!(ada.await_event("connected")["peer"], "bot");
    let help = "I know: time, bye.";
    for (said, answer) in [
        ("hello", help),
        // What looks like an event is a text.
        (r#"{"v":1,"type":"message","text":"time"}"#, help),
        (r#"x","text":"bye","y":""#, help),
    ] {
        ada.say(said);
        assert_eq!(ada.await_message(), answer, "{said}");
    }
    ada.say("time");
    let time = ada.await_message();
    assert!(
        time.starts_with("It is ") && time.ends_with(" UTC."),
        "{time}"
    );
    ada.say("bye");
    assert_eq!(ada.await_message(), "Goodbye.");
    assert_eq!(ada.await_event("left")["reason"], "quit");
    assert_eq!(ada.exit_code(), 0);
    assert_eq!(bot.exit_code(), 0);
    assert_eq!(bot.out.rest(), [""; 0]);
    let left = std::fs::read_dir(homes[1].path()).unwrap().flatten();
    assert!(
        left.into_iter()
            .all(|entry| !entry.file_name().to_string_lossy().starts_with("tmp."))
    );
}
