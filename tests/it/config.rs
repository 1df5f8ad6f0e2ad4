//! The config file: its place, its rank, its faults, its example.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::common::{Home, Start, free_port};

const EXAMPLE: &str = include_str!("../../docs/config.toml.example");

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
fn a_config_that_was_named_may_come_through_a_pipe() {
    let home = Home::new();
    let url = format!("http://127.0.0.1:{}", free_port());
    let pipe = home.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    std::thread::scope(|scope| {
        scope.spawn(|| fs::write(&pipe, format!("mediator = \"{url}\"\n")).unwrap());
        let (code, err) = refused(&home, &["--config", pipe.to_str().unwrap()], None);
        assert!(code == 3 && err.contains(&url), "{err}");
    });
    // Into this one nobody writes.
    let (code, err) = refused(&home, &["--config", pipe.to_str().unwrap()], None);
    assert!(
        code == 2 && err.contains("nothing came through it"),
        "{err}"
    );
    // One that nobody named is not waited for.
    let place = write_config(&home, "");
    fs::remove_file(&place).unwrap();
    fs::rename(&pipe, &place).unwrap();
    let (code, err) = refused(&home, &[], None);
    assert!(code == 2 && err.contains("it is no file"), "{err}");
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

/// All variables of options, as the manual has them.
fn variables(home: &Home) -> Vec<String> {
    let (_, page, _) = Start::new(home, &["man"]).finish(b"");
    let bold = page
        .split("\\fB")
        .filter_map(|text| text.split("\\fR").next());
    // A blank room is one to be made up.
    let of_options = |name: &&str| name.starts_with("UNDERTONE_") && *name != "UNDERTONE_ROOM";
    let names: Vec<_> = bold.filter(of_options).collect();
    assert!(names.len() >= 22, "{names:?}");
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn an_empty_variable_is_not_set() {
    let home = Home::new();
    let url = format!("http://127.0.0.1:{}", free_port());
    for arguments in [
        &["chat", "lab", "--name", "ada", "--mediator", &url][..],
        &["--name", "ada", "--mediator", &url],
        &["id"],
        &["doctor", "--mediator", &url],
    ] {
        let mut start = Start::new(&home, arguments);
        for name in variables(&home) {
            start.command.env(name, "");
        }
        let (code, _, err) = start.finish(b"");
        let expected = match arguments[0] {
            "id" => (0, ""),
            "--name" => (2, "missing: a room"),
            "doctor" => (3, ""),
            _ => (3, "no mediator at"),
        };
        assert_eq!(code, expected.0, "{arguments:?}: {err}");
        assert!(err.contains(expected.1), "{err}");
        assert!(!err.contains("UNDERTONE_PLAIN"), "{err}");
    }
}

#[test]
fn a_wrong_value_is_told_of_the_variable_not_of_the_flag() {
    let home = Home::new();
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let chat = ["chat", "--name", "ada", "--mediator", &url, "lab"];
    for (variable, value, flag) in [
        ("UNDERTONE_TIMEOUT", "abc", Some("--timeout=1")),
        ("UNDERTONE_TIMEOUT", "0", Some("--timeout=1")),
        ("UNDERTONE_PLAIN", "maybe", Some("--plain")),
        ("UNDERTONE_COLOR", "red", Some("--color=never")),
        ("UNDERTONE_RELAY", "yes", Some("--relay=ask")),
        ("UNDERTONE_BIND", "here", Some("--bind=127.0.0.1")),
        ("UNDERTONE_ADVERTISE", "x", Some("--advertise=192.0.2.1:1")),
        ("UNDERTONE_LOCAL_PORT", "70000", Some("--local-port=7700")),
        ("UNDERTONE_PROXY", "ftp://me:it@a", Some("--proxy=none")),
        ("UNDERTONE_CONFIG", "/nowhere/x", None),
    ] {
        let mut start = Start::new(&home, &chat);
        start.command.env(variable, value);
        let (code, _, err) = start.finish(b"");
        assert_eq!(code, 2, "{variable}: {err}");
        assert!(err.contains(variable) && !err.contains("me:it"), "{err}");
        // A flag counts before it.
        if let Some(flag) = flag {
            let mut start = Start::new(&home, &chat).args(&[flag]);
            start.command.env(variable, value);
            let (code, _, err) = start.finish(b"");
            assert_eq!(code, 3, "{variable} {flag}: {err}");
        }
    }
}

#[test]
fn a_wrong_room_is_told_of_its_variable() {
    let home = Home::new();
    for arguments in [&["chat", "--name", "ada"][..], &["--name", "ada"]] {
        for (room, why) in [(&b"lab#"[..], "there is no secret"), (b"\xff", "UTF-8")] {
            let mut start = Start::new(&home, arguments);
            let room: &OsStr = OsStrExt::from_bytes(room);
            start.command.env("UNDERTONE_ROOM", room);
            let (code, _, err) = start.finish(b"");
            assert_eq!(code, 2, "{err}");
            assert!(err.contains("UNDERTONE_ROOM") && err.contains(why), "{err}");
        }
    }
    let (_, _, err) = Start::new(&home, &["chat", "lab#", "--name", "ada"]).finish(b"");
    assert!(!err.contains("UNDERTONE_ROOM"), "{err}");
}

#[test]
fn what_excludes_another_is_told_by_where_each_was_said() {
    let home = Home::new();
    let file = write_config(&home, "hide-ip = true\nrelay = \"never\"\n");
    let (code, _, err) = Start::new(&home, &["chat", "lab", "--name", "ada"]).finish(b"");
    assert_eq!(code, 2, "{err}");
    let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
    for named in ["hide-ip", "relay"] {
        let named = format!("{named} in {}", file.display());
        assert!(err.contains(&named), "{named}: {err}");
    }
    write_config(&home, "");
    let lan = |variable: Option<&str>, flags: &[&str]| {
        let mut start = Start::new(&home, &["chat", "lab", "--name", "ada", "--no-input"]);
        start.command.env("UNDERTONE_LAN", "1");
        if let Some(url) = variable {
            start.command.env("UNDERTONE_MEDIATOR", url);
        }
        start.args(flags).finish(b"")
    };
    let (code, _, err) = lan(Some("127.0.0.1:1"), &[]);
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("both UNDERTONE_LAN and UNDERTONE_MEDIATOR"),
        "{err}"
    );
    // The flag is nearer.
    assert_eq!(lan(None, &["--mediator", "127.0.0.1:1"]).0, 3);
    // What is said to be off excludes nothing.
    let mut start = Start::new(&home, &["chat", "lab", "--name", "ada"]);
    start.command.env("UNDERTONE_HIDE_IP", "off");
    start.command.env("UNDERTONE_ADVERTISE", "192.0.2.1:1");
    let (code, _, err) = start.args(&["--mediator", "127.0.0.1:1"]).finish(b"");
    assert_eq!(code, 3, "{err}");
}

#[test]
fn a_place_that_cannot_be_used_is_told_with_what_led_there() {
    let home = Home::new();
    let file = home.path().join("a file");
    fs::write(&file, "").unwrap();
    let below = file.join("home");
    let (below, flag) = (below.to_str().unwrap(), &["--data-dir"][..]);
    for (variable, value, flag) in [
        ("HOME", below, &[][..]),
        ("HOME", "/proc", &[]),
        ("XDG_DATA_HOME", below, &[]),
        ("UNDERTONE_DATA_DIR", below, &[]),
        ("UNDERTONE_DATA_DIR", "/proc/1/x", &[]),
        ("UNDERTONE_PEERS_FILE", &format!("{below}/peers"), &[]),
        ("HOME", below, flag),
    ] {
        for command in [&["peers"][..], &["chat", "lab", "--name", "ada"]] {
            let mut start = Start::new(&home, command);
            if !variable.ends_with("FILE") {
                start.command.env_remove("UNDERTONE_DATA_DIR");
            }
            start.command.env(variable, value);
            let named = match flag {
                [] => variable,
                _ => "--data-dir",
            };
            let start = match flag {
                [] => start,
                _ => start.args(&[flag[0], value]),
            };
            let (code, _, err) = start.finish(b"");
            assert_eq!(code, 1, "{err}");
            let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(err.contains(&format!("{named} leads there.")), "{err}");
            let option = match variable.ends_with("FILE") {
                true => "with --peers-file.",
                false => "with --data-dir.",
            };
            assert!(err.contains(option), "{err}");
        }
    }
}

#[test]
fn what_turns_out_wrong_later_is_told_of_the_variable_too() {
    let home = Home::new();
    let chat = ["chat", "lab", "--name", "ada", "--mediator", "127.0.0.1:1"];
    for (variable, value, exit, words) in [
        ("UNDERTONE_BIND", "192.0.2.1", 2, "Give UNDERTONE_BIND one"),
        (
            "UNDERTONE_DATA_DIR",
            "/tmp",
            1,
            "UNDERTONE_DATA_DIR leads there.",
        ),
    ] {
        let mut start = Start::new(&home, &chat);
        start.command.env(variable, value);
        let (code, _, err) = start.finish(b"");
        assert!(code == exit && err.contains(words), "{code} {err}");
    }
}

#[test]
fn without_a_home_directory_each_variable_is_named() {
    let home = Home::new();
    for (value, data, told) in [
        ("rel", None, "HOME is no absolute path (rel)"),
        (
            "rel",
            Some("x"),
            "and XDG_DATA_HOME is no absolute path (x)",
        ),
    ] {
        let mut start = Start::new(&home, &["id"]);
        start.command.env_remove("UNDERTONE_DATA_DIR");
        start.command.env("HOME", value);
        if let Some(data) = data {
            start.command.env("XDG_DATA_HOME", data);
        }
        let (code, _, err) = start.finish(b"");
        let err = err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(code == 1 && err.contains(told), "{err}");
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
