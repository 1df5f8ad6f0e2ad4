//! What a config file may say, and how a fault in it is told.

use super::*;
use crate::cli::Cli;

fn fault(text: &str) -> (usize, String) {
    let (span, fault) = parse(text, &Cli::definition()).unwrap_err();
    (line_of(text, &span), fault)
}

#[test]
fn every_key_is_a_flag_and_is_checked_as_one() {
    let cli = Cli::definition();
    for (key, _) in KEYS {
        let flag = cli.get_arguments().find(|arg| arg.get_long() == Some(key));
        assert!(flag.is_some(), "{key}");
    }
}

#[test]
fn a_fault_is_named_with_its_line_and_remedy() {
    for (text, line, words) in [
        ("\n# x\ncolour = 1\n", 3, &["\"colour\"", "color,"][..]),
        ("name = 7", 1, &["name: ", "in quotes"]),
        ("name = \"you\"", 1, &["name: "]),
        ("timeout = 0", 1, &["timeout: "]),
        ("\ntimeout = \"60\"", 2, &["a number"]),
        ("plain = \"yes\"", 1, &["true or false"]),
        ("color = \"red\"", 1, &["auto, always, never"]),
        ("relay = \"yes\"", 1, &["ask, always, never"]),
        ("hide-ip = 1", 1, &["true or false"]),
        ("local-port = 70000", 1, &["local-port: "]),
        ("bind = \"here\"", 1, &["not an IP address"]),
        ("mediator = \"ftp://a\"", 1, &["http://"]),
        (
            "\nproxy = \"socks4://me:it@a\"",
            2,
            &["proxy: ", "socks5h://"],
        ),
        ("data-dir = \"~/x\"", 1, &["absolute"]),
        ("advertise = [\n\"a\"]", 1, &["advertise: "]),
        ("name = \"a\"\nname = \"b\"", 2, &["key"]),
        ("name = ", 1, &["key = value"]),
        ("[chat]\nname = \"a\"", 1, &["\"chat\""]),
    ] {
        let (at, fault) = fault(text);
        assert_eq!(at, line, "{text}: {fault}");
        for word in words {
            assert!(fault.contains(word), "{text}: {fault}");
        }
        assert!(!fault.contains("me:it"), "a password: {fault}");
    }
}

proptest::proptest! {
    #[test]
    fn reading_never_panics(text in "\\PC{0,60}") {
        let _ = parse(&text, &Cli::definition());
    }
}
