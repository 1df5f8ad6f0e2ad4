//! The terminal is given back: on every signal, on Ctrl-Z and `fg`, on a panic.

use std::os::unix::fs::PermissionsExt;

use crate::common::console::{ROOM, talk};
use crate::common::screen::{Screen, chat};
use crate::common::{Home, Mediator, Start};
use nix::sys::signal::Signal;
use portable_pty::CommandBuilder;
use undertone::terminal::guard::Guard;

#[test]
fn a_signal_ends_the_chat_and_gives_the_terminal_back() {
    for (signal, code) in [
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 143),
        (Signal::SIGINT, 130),
    ] {
        let mut talk = talk();
        talk.ada.press("half a line");
        talk.ada.await_row("bob ⚠ › half a line");
        talk.ada.signal(signal);
        assert_eq!(talk.ada.exit_code(), code);
        talk.ada.assert_restored();
        assert!(
            !talk.ada.text().contains("half a line"),
            "the row is taken away"
        );
        talk.bob.await_event("left");
    }
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    let mut bob = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
    bob.await_event("waiting");
    let client = chat(&homes[0], &mediator.url, "ada", ROOM);
    let mut shell = CommandBuilder::new("/bin/sh");
    shell.env_clear();
    for (name, value) in client.iter_full_env_as_str() {
        shell.env(name, value);
    }
    shell.env("PS1", "shell> ");
    shell.env("PATH", "/usr/bin:/bin");
    shell.args(["-m", "-i"]);
    let mut ada = Screen::run(shell);
    ada.await_text("shell>");
    ada.press(
        "stty -a >before\r"
            .replace("before", &homes[0].path().join("before").to_string_lossy())
            .as_str(),
    );
    let argv = client.get_argv().iter().map(|arg| arg.to_string_lossy());
    ada.press(&format!("{}\r", argv.collect::<Vec<_>>().join(" ")));
    ada.await_row("bob ⚠ ›");
    ada.press("kept draft");
    ada.await_row("bob ⚠ › kept draft");
    ada.press("\x1a");
    ada.await_screen("the shell", |screen| {
        crate::common::screen::last_row(screen).ends_with("shell>")
    });
    assert!(!ada.look(vt100::Screen::bracketed_paste));
    let after = homes[0].path().join("after");
    ada.press(&format!("stty -a >{}; echo wri'tten'\r", after.display()));
    ada.await_text("written");
    let read = |path| std::fs::read_to_string(path).unwrap();
    assert_eq!(read(homes[0].path().join("before")), read(after));
    bob.say("while you were away");
    ada.press("fg\r");
    ada.await_row("bob ⚠ › kept draft");
    ada.await_text("bob   while you were away");
    assert!(ada.look(vt100::Screen::bracketed_paste));
    ada.press("!\r");
    assert_eq!(bob.await_message(), "kept draft!");
    ada.press("/quit\r");
    bob.await_event("left");
    ada.await_screen("the shell", |screen| {
        crate::common::screen::last_row(screen).ends_with("shell>")
    });
    ada.press("exit\r");
    ada.exit_code();
    ada.assert_restored();
}

/// What [`a_panic_gives_the_terminal_back`] runs on a terminal.
#[test]
#[ignore = "panics, in a process of its own"]
fn panics_with_the_terminal_taken() {
    let _guard = Guard::enter().unwrap();
    // As in the middle of a repaint.
    print!("\x1b[?2026h\x1b[?7lhalf a row");
    panic!("on purpose");
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args([
        "--ignored",
        "--exact",
        "--nocapture",
        "restored::panics_with_the_terminal_taken",
    ]);
    command.env("RUST_BACKTRACE", "0");
    let mut screen = Screen::run(command);
    assert_ne!(screen.exit_code(), 0);
    assert!(screen.text().contains("on purpose"), "{}", screen.text());
    let raw = String::from_utf8_lossy(&screen.raw()).into_owned();
    let [left, said] = ["\x1b[?2004l", "on purpose"].map(|part| raw.find(part).unwrap());
    assert!(left < said, "restored before a word is said: {raw:?}");
    screen.assert_restored();
}

#[test]
fn folders_and_files_of_a_chat_are_ones_own() {
    let (mediator, homes) = (Mediator::start(), crate::common::acts::homes());
    for xdg in [false, true] {
        let [home, other] = [Home::new(), Home::new()];
        let mut bob = Start::chat(&other, &mediator.url, "bob", ROOM).run();
        bob.await_event("waiting");
        let mut command = chat(&home, &mediator.url, "ada", ROOM);
        command.env_remove("UNDERTONE_DATA_DIR");
        let mut folder = home.path().join(".local/share");
        if xdg {
            folder = home.path().join("elsewhere");
            command.env("XDG_DATA_HOME", &folder);
        }
        let mut ada = Screen::run(command);
        ada.await_row("bob ⚠ ›");
        ada.press("/quit\r");
        assert_eq!((ada.exit_code(), bob.exit_code()), (0, 0));
        let folder = folder.join("undertone");
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        let files: Vec<_> = folder
            .read_dir()
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        assert!(files.len() >= 3, "{files:?}");
        for file in files {
            assert_eq!(
                mode(&file),
                if file.is_dir() { 0o700 } else { 0o600 },
                "{file:?}"
            );
        }
    }
    drop(homes);
}
