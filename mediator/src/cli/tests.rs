//! What the command line takes.

use super::*;

#[test]
fn an_address_to_listen_on_may_lack_a_part() {
    for (text, address) in [
        ("127.0.0.1:80", Some("127.0.0.1:80")),
        ("7701", Some("[::]:7701")),
        (":7701", Some("[::]:7701")),
        ("0", Some("[::]:0")),
        ("127.0.0.1", Some("127.0.0.1:7700")),
        ("::1", Some("[::1]:7700")),
        ("[::]", Some("[::]:7700")),
        ("[::1]:80", Some("[::1]:80")),
        ("localhost:80", Some("127.0.0.1:80")),
        ("localhost", Some("127.0.0.1:7700")),
        ("65536", None),
        ("70000", None),
        ("127.0.0.1:x", None),
        ("http://127.0.0.1", None),
        ("", None),
    ] {
        let read = listen_address(text).ok();
        assert_eq!(
            read,
            address.map(|address| address.parse().unwrap()),
            "{text:?}"
        );
    }
}

#[test]
fn every_option_that_takes_a_number_can_be_read() {
    let names_a_number = |names: Option<&[clap::builder::Str]>| {
        names
            .and_then(|names| names.first())
            .is_some_and(|name| ["N", "BYTES", "SECONDS"].contains(&name.as_str()))
    };
    let command = Cli::command();
    let takes = |arg: &&clap::Arg| arg.get_action().takes_values() && arg.get_long().is_some();
    let numbers = command.get_arguments().filter(takes);
    let numbers: Vec<_> = numbers
        .filter(|arg| names_a_number(arg.get_value_names()))
        .filter_map(|arg| arg.get_long().map(str::to_owned))
        .collect();
    assert!(numbers.len() >= 9, "{numbers:?}");
    let options = numbers.iter().map(|long| format!("--{long}=2000"));
    let words = ["undertone-mediator".to_owned(), "--relay".to_owned()];
    let read = Cli::try_parse_from(words.into_iter().chain(options)).unwrap();
    assert_eq!(read.reseat, Some(2000));
}

#[test]
fn names_of_the_page_are_names_alone() {
    let read = |words: &[&str]| {
        let words = ["undertone-mediator"].iter().chain(words);
        Cli::try_parse_from(words).map(|cli| cli.config().ok().unwrap())
    };
    let config = read(&["--page-host", "a.example,b", "--page-host", "xn--c.example"]).unwrap();
    assert_eq!(config.page_hosts, ["a.example", "b", "xn--c.example"]);
    assert!(config.page && !read(&["--no-page"]).unwrap().page);
    for wrong in [
        "",
        "a.example:7700",
        "http://a.example",
        "a b",
        "*",
        "ä.example",
        "a,,b",
    ] {
        assert!(read(&["--page-host", wrong]).is_err(), "{wrong}");
    }
}
