//! What is read, refused and shown of the command line.

use std::time::Duration;

use clap::Args;

use super::*;

fn read(line: &str) -> Result<Cli, clap::Error> {
    Cli::read(line.split(' '), None)
}

fn chat(line: &str) -> ChatArgs {
    match read(line)
        .unwrap_or_else(|error| panic!("{error}"))
        .action()
    {
        Action::Chat(chat) => chat,
        _ => panic!("{line} chats"),
    }
}

#[test]
fn without_a_command_it_chats() {
    let bare = chat("undertone --json --timeout 2 --local-port 9 --bind ::1 --data-dir d");
    assert!(bare.options.json && bare.options.local_port == 9);
    assert_eq!(bare.options.timeout(), Some(Duration::from_secs(2)));
    let named = chat("undertone --data-dir d chat Lab#x --name ada --mediator 10.0.0.1");
    assert_eq!(named.invite().unwrap().unwrap().room.name(), "lab");
    assert!(named.secret_in_arguments());
    assert!(!chat("undertone chat lab").secret_in_arguments());
    assert!(chat("undertone chat a#").invite().is_err());
}

#[test]
fn a_chat_is_read_alone_as_among_all_commands() {
    let read = |line: &str| {
        let arguments: Vec<OsString> = line.split(' ').map(Into::into).collect();
        let alone = Cli::read_chat(&arguments, None);
        (alone, Cli::read_any(arguments, None))
    };
    for line in [
        "undertone chat",
        "undertone chat help",
        "undertone chat -- -x",
        "undertone chat Lab#x --json --name ada --mediator 10.0.0.1 -v --color never",
        "undertone chat --lan --hide-ip --relay always --data-dir d --no-input",
        "undertone chat --proxy ftp://10.0.0.1 --advertise 10.0.0.1:5,10.0.0.2:5",
    ] {
        let (Some(alone), Ok(any)) = read(line) else {
            panic!("{line} chats");
        };
        let sources = [&alone, &any].map(|cli| format!("{:?}", cli.global));
        assert_eq!(sources[0], sources[1], "{line}");
        let (Action::Chat(alone), Action::Chat(any)) = (alone.action(), any.action()) else {
            panic!("{line} chats");
        };
        assert_eq!(alone.room, any.room, "{line}");
        assert_eq!(format!("{alone:?}"), format!("{any:?}"), "{line}");
    }
    for line in [
        "undertone",
        "undertone chat --help",
        "undertone chat -V",
        "undertone chat a b",
        "undertone chat -q -v",
        "undertone chat --lan --mediator 10.0.0.1",
        "undertone chat --config /dev/null",
        "undertone --json chat",
        "undertone send a",
    ] {
        assert!(read(line).0.is_none(), "{line}");
    }
}

#[test]
fn what_is_no_value_is_told_what_is() {
    for (option, expected) in [
        (
            "--timeout abc",
            "not a whole number of seconds from 1 to 4294967295",
        ),
        (
            "--timeout 0",
            "not a whole number of seconds from 1 to 4294967295",
        ),
        ("--local-port 0", "not a whole number from 1 to 65535"),
        ("--local-port abc", "not a whole number from 1 to 65535"),
        ("--advertise abc", "not an IP address with a port"),
        ("--bind abc", "not an IP address, with or without a port"),
    ] {
        let error = read(&format!("undertone chat lab {option}")).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn what_is_shown_for_debugging_has_no_secret() {
    let line = "undertone chat Lab#otter --name ada";
    let shown = format!("{:?} {:?}", read(line).unwrap(), chat(line));
    assert!(!shown.contains("otter"), "{shown}");
}

#[test]
fn a_typing_error_is_no_room() {
    for line in [
        "undertone chta",
        "undertone lab#x",
        "undertone --json peers",
        "undertone --name x chat",
        "undertone chat --timeout 0",
        "undertone chat --name you",
        "undertone chat --mediator a/b",
        "undertone peers rename a",
        "undertone -q -v",
        "undertone peers --json path",
    ] {
        let error = read(line)
            .err()
            .unwrap_or_else(|| panic!("{line} is refused"));
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn a_room_where_a_command_should_be_is_told_its_place() {
    let said = |line: &str| read(line).err().unwrap().to_string();
    for line in ["undertone lab", "undertone chat#otter"] {
        let said = said(line);
        assert!(said.contains("goes after `chat`"), "{said}");
        assert!(!said.contains("otter"), "{said}");
    }
    assert!(said("undertone dcotor").contains("'doctor'"));
    assert!(said("undertone peers foo").contains("'foo'"));
}

#[test]
fn an_invite_needs_no_command() {
    for line in [
        "undertone http://10.0.0.1/#lab#otter",
        "undertone --data-dir d HTTPS://10.0.0.1/#lab#otter --name ada",
        "undertone <http://10.0.0.1/#lab#otter>",
    ] {
        let chat = chat(line);
        assert_eq!(chat.invite().unwrap().unwrap().room.name(), "lab");
        assert!(chat.secret_in_arguments(), "it is said");
    }
    assert!(read("undertone http://10.0.0.1/").is_err());
    assert!(read("undertone peers http://10.0.0.1/#lab#otter").is_err());
}

#[test]
fn lan_and_a_mediator_are_either_or() {
    let options = chat("undertone chat lab --lan").options;
    assert!(options.lan && options.mediator.is_none());
    for line in [
        "undertone chat lab --lan --mediator 10.0.0.1",
        "undertone --mediator 10.0.0.1 --lan",
    ] {
        let error = read(line).err().unwrap();
        assert!(error.to_string().contains("leave out one"), "{error}");
    }
}

#[test]
fn every_option_has_its_variable() {
    let spoken_of = ["help", "version", "quiet", "verbose"];
    for command in [
        Cli::command(),
        DoctorArgs::augment_args(clap::Command::new("")),
    ] {
        for arg in command
            .get_arguments()
            .filter(|arg| arg.get_long().is_some())
        {
            let name = arg.get_long().unwrap();
            if spoken_of.contains(&name) || command.get_name().is_empty() && name == "json" {
                continue;
            }
            let variable = format!("UNDERTONE_{}", name.to_uppercase().replace('-', "_"));
            assert_eq!(arg.get_env(), Some(variable.as_ref()), "{name}");
        }
    }
}

#[test]
fn the_first_help_fits_one_screen() {
    let help = read("undertone --help").err().unwrap().to_string();
    assert!(help.lines().count() <= 24, "{help}");
    for shown in [
        "chat ",
        "peers ",
        "doctor ",
        "--data-dir",
        "--plain",
        "UNDERTONE_DATA_DIR",
    ] {
        assert!(help.contains(shown), "{shown}: {help}");
    }
    assert!(!help.contains("--mediator <URL>"), "{help}");
}

#[test]
fn a_wrong_proxy_is_told_where_no_mediator_is_named_too() {
    let options = chat("undertone chat lab --proxy ftp://10.0.0.1").options;
    assert!(options.endpoint(None).is_err());
    let options = chat("undertone chat lab --proxy socks5://10.0.0.1").options;
    assert!(options.endpoint(None).unwrap().is_none());
}

#[test]
fn help_fits_80_columns_and_shows_examples() {
    fn check(command: &mut clap::Command) {
        let help = command.render_long_help().to_string() + &command.render_help().to_string();
        let wide = help.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None);
        assert!(help.contains("Examples:"), "{help}");
        // What is laid out by hand is broken nowhere else.
        let after = command.get_after_help().map(ToString::to_string);
        let after = after.unwrap_or_default();
        let is_wide = |line: &&str| line.chars().count() > 80 && !line.contains(" > ~/");
        let wide = after.lines().find(is_wide);
        assert_eq!(wide, None);
        let named = command.get_subcommands_mut();
        for command in named.filter(|it| it.get_name() != "help" && !it.is_hide_set()) {
            check(command);
        }
    }
    let mut command = Cli::definition();
    command.build();
    check(&mut command);
}

#[test]
fn what_is_no_command_of_files_or_peers_is_no_room() {
    for line in ["files lab", "peers lab", "files --json clear --all"] {
        let error = read(&format!("undertone {line}")).unwrap_err().to_string();
        assert!(!error.contains("undertone chat"), "{line}: {error}");
    }
    let error = read("undertone lab").unwrap_err().to_string();
    assert!(error.contains("undertone chat ROOM"), "{error}");
}

#[test]
fn options_of_every_command_may_stand_before_what_is_done_to_a_list() {
    for line in [
        "files --data-dir d clear --all",
        "peers --plain forget bob",
        "peers -q path",
    ] {
        read(&format!("undertone {line}")).unwrap();
    }
    for (line, flag) in [
        ("files --json clear --all", "--json"),
        ("peers --connections forget bob", "--connections"),
        ("peers --json path", "--json"),
    ] {
        let error = read(&format!("undertone {line}")).unwrap_err().to_string();
        assert!(
            error.contains(&format!("{flag} is for the list")),
            "{error}"
        );
    }
}

#[test]
fn plain_output_is_never_coloured() {
    let global = |line: &str| read(line).unwrap().global;
    let pipe = std::fs::File::open("/dev/null").unwrap();
    assert!(global("undertone --color always").colored(&pipe));
    assert!(!global("undertone peers --color auto").colored(&pipe));
    assert!(!global("undertone --plain peers --color always").colored(&pipe));
    assert!(global("undertone id").plain(&pipe));
    assert!(read("undertone --color red").is_err());
}
