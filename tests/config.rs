//! The config file: its place, its rank, its faults, its example.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::fs;
use std::path::PathBuf;

use common::{Home, Start, free_port};

const EXAMPLE: &str = include_str!("../docs/config.toml.example");

/// Where the config is looked for without `XDG_CONFIG_HOME`.
fn write_config(home: &Home, text: &str) -> PathBuf {
    let folder = home.path().join(".config/undertone");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config.toml");
    fs::write(&file, text).unwrap();
    file
}

/// Exit code and stderr of a chat to a mediator that is not there.
fn refused(home: &Home, arguments: &[&str], variable: Option<&str>) -> (i32, String) {
    let mut start = Start::new(home, &["chat", "lab", "--name", "ada", "--no-input"]);
    if let Some(url) = variable {
        start.command.env("UNDERTONE_MEDIATOR", url);
    }
    let (code, _, err) = start.args(arguments).finish(b"");
    (code, err)
}

#[test]
fn a_flag_beats_the_variable_which_beats_the_file() {
    let home = Home::new();
    let urls = [(); 3].map(|()| format!("http://127.0.0.1:{}", free_port()));
    let [in_file, in_variable, in_flag] = &urls;
    write_config(&home, &format!("mediator = \"{in_file}\"\n"));
    let flag: &[&str] = &["--mediator", in_flag];
    for (flag, variable, wins) in [
        (&[][..], None, in_file),
        (&[], Some(in_variable.as_str()), in_variable),
        (flag, Some(in_variable.as_str()), in_flag),
        (flag, None, in_flag),
    ] {
        let (code, err) = refused(&home, flag, variable);
        assert_eq!(code, 3, "{err}");
        assert!(err.contains(&format!("no mediator at {wins} ")), "{err}");
    }
}

#[test]
fn the_file_is_found_by_flag_variable_and_xdg() {
    let home = Home::new();
    let url = format!("http://127.0.0.1:{}", free_port());
    write_config(&home, "this is ignored where another one is named");
    let folder = home.path().join("xdg/undertone");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config.toml");
    fs::write(&file, format!("name = \"ada\"\nmediator = \"{url}\"\n")).unwrap();
    let xdg = home.path().join("xdg");
    for (name, value) in [("XDG_CONFIG_HOME", &xdg), ("UNDERTONE_CONFIG", &file)] {
        let mut start = Start::new(&home, &["chat", "lab"]);
        start.command.env(name, value);
        let (code, _, err) = start.finish(b"");
        assert!(code == 3 && err.contains(&url), "{name}: {err}");
    }
    let file = file.to_str().unwrap();
    let (code, _, err) = Start::new(&home, &["--config", file, "chat", "lab"]).finish(b"");
    assert!(code == 3 && err.contains(&url), "{err}");
}

#[test]
fn a_fault_ends_with_file_line_and_remedy() {
    let home = Home::new();
    let file = write_config(&home, "# mine\nname = \"ada\"\ncolour = \"\\u001b[2J\"\n");
    for arguments in [&["id"][..], &["chat", "lab"], &["doctor"]] {
        let (code, out, err) = Start::new(&home, arguments).finish(b"");
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        let place = format!("error: {}:3: ", file.display());
        assert!(err.starts_with(&place), "{err}");
        assert!(err.contains("\"colour\"") && err.contains("\n  There are: "));
    }
    fs::write(&file, "name = \"a\\u202eb\"").unwrap();
    let (code, _, err) = Start::new(&home, &["id"]).finish(b"");
    assert!(code == 2 && err.contains(":1: name: "), "{err}");
    assert!(!err.contains('\u{202e}') && !err.contains('\u{1b}'));
}

#[test]
fn only_a_named_file_must_be_there() {
    let home = Home::new();
    let (code, _, err) = Start::new(&home, &["id"]).finish(b"");
    assert_eq!((code, err.as_str()), (0, ""));
    let absent = home.path().join("absent.toml");
    let mut by_variable = Start::new(&home, &["id"]);
    by_variable.command.env("UNDERTONE_CONFIG", &absent);
    let by_flag = Start::new(&home, &["id", "--config", absent.to_str().unwrap()]);
    for start in [by_variable, by_flag] {
        let (code, _, err) = start.finish(b"");
        assert!(code == 2 && err.contains("absent.toml"), "{err}");
    }
}

#[test]
fn a_switch_and_a_folder_count_in_every_command() {
    let home = Home::new();
    let peers = concat!(env!("CARGO_MANIFEST_DIR"), "/peers.txt.example");
    let data = home.path().join("elsewhere");
    let settings = format!("peers-file = '{peers}'\ndata-dir = '{}'\n", data.display());
    let shown = |more: &str, flags: &[&str]| {
        write_config(&home, &format!("{settings}{more}"));
        let mut start = Start::new(&home, &["peers"]).args(flags);
        start.command.env_remove("UNDERTONE_DATA_DIR");
        start.command.env("NO_COLOR", "1");
        let (code, out, err) = start.finish(b"");
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("NAME"), "{out}");
        out
    };
    assert!(!shown("", &[]).contains('\u{1b}'));
    assert!(shown("color = \"always\"", &[]).contains("\u{1b}[32mverified\u{1b}[0m"));
    assert!(!shown("color = \"always\"", &["--color", "never"]).contains('\u{1b}'));
    assert!(!shown("color = \"always\"\nplain = true", &[]).contains('\u{1b}'));
    assert!(data.is_dir() && !home.data().exists());
}

#[test]
fn the_example_is_read_and_shows_every_key() {
    let home = Home::new();
    let file = write_config(&home, EXAMPLE);
    let (code, _, err) = Start::new(&home, &["id"]).finish(b"");
    assert_eq!((code, err.as_str()), (0, ""));
    fs::write(file, "no-such-key = 1").unwrap();
    let (_, _, err) = Start::new(&home, &["id"]).finish(b"");
    let (_, known) = err.split_once("There are: ").unwrap();
    for key in known.trim().trim_end_matches('.').split(", ") {
        let line = format!("\n{key} = ");
        assert!(EXAMPLE.contains(&line), "{key} is not in the example");
    }
}
