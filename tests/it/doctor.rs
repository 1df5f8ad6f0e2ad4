//! `undertone doctor`: each finding with its remedy, nothing changed.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::common::{Home, Mediator, Start, free_port};

/// Exit code and findings.
fn doctor(home: &Home, arguments: &[&str]) -> (i32, Vec<Value>) {
    let start = Start::new(home, &["doctor", "--json"]).args(arguments);
    let (code, out, err) = start.finish(b"");
    assert_eq!(err, "");
    let findings = out.lines().map(|line| {
        let begins = r#"{"v":1,"type":"finding","check":"#;
        assert!(line.starts_with(begins), "{line}");
        let finding: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&finding["v"], &finding["type"]),
            (&1.into(), &"finding".into())
        );
        let fine = finding["state"] == "fine";
        assert_eq!(
            finding["remedy"] == "",
            fine,
            "a remedy for what is not fine: {line}"
        );
        finding
    });
    (code, findings.collect())
}

fn state<'a>(findings: &'a [Value], check: &str) -> &'a str {
    let found = findings.iter().find(|finding| finding["check"] == check);
    let found = found.unwrap_or_else(|| panic!("{check} is not among {findings:#?}"));
    found["state"].as_str().unwrap()
}

#[test]
fn where_all_is_well_it_says_so_and_changes_nothing() {
    let (home, mediator) = (Home::new(), Mediator::start());
    let (code, findings) = doctor(&home, &["--mediator", &mediator.url, "--bind", "127.0.0.1"]);
    assert_eq!(code, 0, "{findings:#?}");
    for check in [
        "tcp",
        "version",
        "clock",
        "page",
        "rendezvous",
        "observed",
        "nat",
        "udp",
        "relay",
        "data-dir",
        "listen",
    ] {
        assert_eq!(state(&findings, check), "fine", "{check}");
    }
    assert!(
        findings[1]["message"]
            .as_str()
            .unwrap()
            .contains("undertone-mediator 0")
    );
    assert!(!home.data().exists());
    // For people, and with nothing to say for those who want to hear only what is wrong.
    let seen = ["doctor", "--mediator", &mediator.url, "--bind", "127.0.0.1"];
    let (code, out, _) = Start::new(&home, &seen).finish(b"");
    assert!(code == 0 && out.starts_with("✓ http://127.0.0.1:"), "{out}");
    let (_, out, _) = Start::new(&home, &seen).args(&["-q"]).finish(b"");
    assert!(!out.contains('✓'), "{out}");
}

#[test]
fn the_seat_that_it_took_is_given_back() {
    let (home, mediator) = (Home::new(), Mediator::start());
    let flags = ["--mediator", &mediator.url, "--bind", "127.0.0.1"];
    for _ in 0..3 {
        assert_eq!(doctor(&home, &flags).0, 0);
    }
}

#[test]
fn each_mediator_is_asked_and_whether_it_relays() {
    let home = Home::new();
    let (silent, relaying) = (Mediator::start(), Mediator::start_with(&["--relay"]));
    let named = ["--mediator", &silent.url, "--mediator", &relaying.url];
    let (code, findings) = doctor(&home, &[&named[..], &["--bind", "127.0.0.1"]].concat());
    assert_eq!(code, 0, "{findings:#?}");
    let told = |check: &str| {
        let told = findings.iter().filter(|finding| finding["check"] == check);
        let told = told.map(|finding| finding["message"].as_str().unwrap());
        told.collect::<Vec<_>>()
    };
    assert_eq!((told("tcp").len(), told("nat").len()), (2, 1));
    let [first, second] = told("relay")[..] else {
        panic!("{findings:#?}");
    };
    assert!(first.contains(&format!("{} need not relay", silent.url)));
    assert!(second.starts_with(&format!("{} relays", relaying.url)));
}

#[test]
fn one_mediator_of_two_that_is_missing_is_told() {
    let (home, mediator) = (Home::new(), Mediator::start());
    let nobody = format!("127.0.0.1:{}", free_port());
    let named = ["--mediator", &mediator.url, "--mediator", &nobody];
    let (code, findings) = doctor(&home, &[&named[..], &["--bind", "127.0.0.1"]].concat());
    assert_eq!((code, state(&findings, "rendezvous")), (3, "fine"));
    assert!(findings.iter().any(|finding| finding["state"] == "wrong"));
}

#[test]
fn without_a_mediator_it_ends_with_3() {
    let home = Home::new();
    let port = free_port();
    let url = format!("127.0.0.1:{port}");
    let (code, findings) = doctor(&home, &["--mediator", &url, "--bind", "127.0.0.1"]);
    assert_eq!((code, state(&findings, "tcp")), (3, "wrong"));
    assert!(
        findings[0]["remedy"]
            .as_str()
            .unwrap()
            .contains(&port.to_string())
    );
    // What else there is to know is told all the same.
    assert_eq!(state(&findings, "listen"), "fine");
}

#[test]
fn none_is_needed_where_a_chat_can_start_one() {
    let home = Home::new();
    let port = free_port().to_string();
    let (code, findings) = doctor(&home, &["--bind", "127.0.0.1", "--local-port", &port]);
    assert_eq!((code, state(&findings, "local-port")), (0, "fine"));
}

#[test]
fn the_mediator_on_this_machine_is_found() {
    let (home, mediator) = (Home::new(), Mediator::start());
    let (_, port) = mediator.address().rsplit_once(':').unwrap();
    let (code, findings) = doctor(&home, &["--bind", "127.0.0.1", "--local-port", port]);
    assert_eq!((code, state(&findings, "rendezvous")), (0, "fine"));
}

#[test]
fn another_service_leaves_a_port_to_a_chat() {
    let home = Home::new();
    let other = other_server(b"HTTP/1.1 200 OK\r\n\r\nhi");
    let (_, port) = other.rsplit_once(':').unwrap();
    let (code, findings) = doctor(&home, &["--bind", "127.0.0.1", "--local-port", port]);
    assert_eq!((code, state(&findings, "local-port")), (0, "fine"));
}

#[test]
fn an_address_that_is_not_here_cannot_be_listened_on() {
    let home = Home::new();
    let (_, findings) = doctor(&home, &["--bind", "192.0.2.77"]);
    assert_eq!(state(&findings, "listen"), "wrong");
}

/// Something that is no mediator: answers everyone with these bytes.
fn other_server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer);
        }
    });
    address
}

#[test]
fn a_mediator_without_stun_tells_nothing_of_udp() {
    let (home, mediator) = (Home::new(), Mediator::start_with(&["--stun", "off"]));
    let (code, findings) = doctor(&home, &["--mediator", &mediator.url, "--bind", "127.0.0.1"]);
    assert_eq!(code, 0, "{findings:#?}");
    assert!(findings.iter().all(|finding| finding["check"] != "udp"));
}

#[test]
fn something_else_on_the_port_is_no_mediator() {
    let home = Home::new();
    for answer in [
        &b""[..],
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 404 Not Found\r\n\r\nno",
    ] {
        let address = other_server(answer);
        let (code, findings) = doctor(&home, &["--mediator", &address, "--bind", "127.0.0.1"]);
        assert_eq!((code, state(&findings, "version")), (3, "warning"));
        assert_eq!(state(&findings, "rendezvous"), "wrong");
    }
}

#[test]
fn a_clock_that_is_off_is_told() {
    let home = Home::new();
    let address = other_server(
        b"HTTP/1.1 200 OK\r\nDate: Tue, 01 Jan 2019 00:00:00 GMT\r\n\r\nundertone-mediator 0\n",
    );
    let (_, findings) = doctor(&home, &["--mediator", &address, "--bind", "127.0.0.1"]);
    assert_eq!(state(&findings, "clock"), "warning");
    assert_eq!(state(&findings, "version"), "fine");
}

/// A mediator's answer to everything but these, of paths and their answers.
fn other_mediator(answers: Vec<(&'static str, Vec<u8>)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 1024];
            let read = stream.read(&mut request).unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default();
            let answer = answers.iter().find(|(known, _)| *known == path);
            let version = b"HTTP/1.1 200 OK\r\n\r\nundertone-mediator 0.1.0\n";
            let _ = stream.write_all(answer.map_or(version, |(_, answer)| answer));
        }
    });
    address
}

/// The page that this program knows, with the body of this path changed.
fn page(changed: &str, change: impl Fn(&mut Vec<u8>)) -> Vec<(&'static str, Vec<u8>)> {
    let parts = undertone::embedded::page::ASSETS.iter().map(|asset| {
        let mut body = asset.body.to_vec();
        if asset.path == changed {
            change(&mut body);
        }
        (
            asset.path,
            [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &body].concat(),
        )
    });
    parts.collect()
}

fn told<'a>(findings: &'a [Value], check: &str) -> (&'a str, &'a str) {
    let found = findings.iter().find(|finding| finding["check"] == check);
    let message = found.unwrap()["message"].as_str().unwrap();
    (state(findings, check), message)
}

#[test]
fn a_page_that_is_not_ours_to_the_byte_is_told() {
    let home = Home::new();
    let look = |answers| {
        let address = other_mediator(answers);
        doctor(&home, &["--mediator", &address, "--bind", "127.0.0.1"]).1
    };
    assert_eq!(state(&look(page("", |_| {})), "page"), "fine");
    for path in undertone::embedded::page::ASSETS
        .iter()
        .map(|asset| asset.path)
    {
        for change in [
            (|body| body.push(b' ')) as fn(&mut Vec<u8>),
            |body| body[0] ^= 1,
            |body| body.truncate(body.len() - 1),
            |body| body.resize(1 << 22, b' '),
        ] {
            let findings = look(page(path, change));
            let (state, message) = told(&findings, "page");
            assert!(message.contains("another page"), "{path}: {message}");
            assert_eq!(state, "warning");
        }
    }
}

#[test]
fn a_mediator_without_a_page_or_without_one_by_this_name_is_told() {
    let (home, none) = (Home::new(), Mediator::start_with(&["--no-page"]));
    let (code, findings) = doctor(&home, &["--mediator", &none.url, "--bind", "127.0.0.1"]);
    let (state, message) = told(&findings, "page");
    assert_eq!((code, state), (0, "fine"));
    assert!(message.contains("no page"), "{message}");

    let mut answers = page("", |_| {});
    for (_, answer) in &mut answers {
        *answer = b"HTTP/1.1 403 Forbidden\r\n\r\n".to_vec();
    }
    let address = other_mediator(answers);
    let (_, findings) = doctor(&home, &["--mediator", &address, "--bind", "127.0.0.1"]);
    let (state, message) = told(&findings, "page");
    assert!(state == "warning" && message.contains("by the name 127.0.0.1"));
}

#[test]
fn escapes_in_what_a_mediator_says_are_inert() {
    let home = Home::new();
    let address = other_server(
        "HTTP/1.1 200 OK\r\n\r\nundertone-mediator \u{1b}[2J\u{9b}31m\u{202e}\u{7}✓ x\n".as_bytes(),
    );
    for json in [&["--json"][..], &[]] {
        let start = Start::new(&home, &["doctor", "--mediator", &address]).args(json);
        let (_, out, _) = start.finish(b"");
        assert!(out.contains("<U+202E>"), "{out}");
        assert!(
            !out.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7}']),
            "{out}"
        );
    }
}

#[test]
fn a_data_directory_open_to_others_is_wrong_and_left_as_it_is() {
    let (home, mediator) = (Home::new(), Mediator::start());
    let flags = ["--mediator", &mediator.url, "--bind", "127.0.0.1"];
    assert_eq!(Start::new(&home, &["id"]).finish(b"").0, 0);
    assert_eq!(doctor(&home, &flags).0, 0);
    let identity = home.data().join("identity");
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(&identity, open).unwrap();
    let (code, findings) = doctor(&home, &flags);
    assert_eq!((code, state(&findings, "data-dir")), (1, "wrong"));
    assert_eq!(
        fs::metadata(&identity).unwrap().permissions().mode() & 0o777,
        0o644
    );
    fs::write(&identity, "no key").unwrap();
    let (code, findings) = doctor(&home, &flags);
    assert_eq!((code, state(&findings, "identity")), (1, "wrong"));
    assert_eq!(fs::read(&identity).unwrap(), b"no key");
}

#[test]
fn a_port_that_is_taken_cannot_be_listened_on() {
    let (home, mediator) = (Home::new(), Mediator::start());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = taken.local_addr().unwrap().to_string();
    let (code, findings) = doctor(&home, &["--mediator", &mediator.url, "--bind", &bind]);
    assert_eq!((code, state(&findings, "listen")), (1, "wrong"));
}
