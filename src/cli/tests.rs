//! What is read, refused and shown of the command line.

use std::time::Duration;

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
    let bare = chat("undertone --json --timeout 2 --local-port 0 --bind ::1 --data-dir d");
    assert!(bare.options.json && bare.options.local_port == 0);
    assert_eq!(bare.options.timeout(), Some(Duration::from_secs(2)));
    let named = chat("undertone --data-dir d chat Lab#x --name ada --mediator 10.0.0.1");
    assert_eq!(named.invite().unwrap().unwrap().room.name(), "lab");
    assert!(named.secret_in_arguments());
    assert!(!chat("undertone chat lab").secret_in_arguments());
    assert!(chat("undertone chat a#").invite().is_err());
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
    for line in [
        "undertone lab",
        "undertone chat#otter",
        "undertone http://10.0.0.1/#lab#otter",
    ] {
        let said = said(line);
        assert!(said.contains("goes after `chat`"), "{said}");
        assert!(!said.contains("otter"), "{said}");
    }
    assert!(said("undertone dcotor").contains("'doctor'"));
}

#[test]
fn a_wrong_proxy_is_told_where_no_mediator_is_named_too() {
    let options = chat("undertone chat lab --proxy ftp://10.0.0.1").options;
    assert!(options.route(None).is_err());
    let options = chat("undertone chat lab --proxy socks5://10.0.0.1").options;
    assert!(options.route(None).unwrap().is_none());
}

#[test]
fn help_fits_80_columns_and_shows_examples() {
    fn check(command: &mut clap::Command) {
        let help = command.render_long_help().to_string();
        let wide = help.lines().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None);
        assert!(help.contains("Examples:"), "{help}");
        let named = command.get_subcommands_mut();
        for command in named.filter(|command| command.get_name() != "help") {
            check(command);
        }
    }
    let mut command = Cli::command();
    command.build();
    check(&mut command);
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
