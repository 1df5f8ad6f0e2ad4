//! The mediator on this machine, and the one that a client runs in itself.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::common::{Home, Mediator, Start, free_port, meet};

/// A client without a mediator of its own choice.
fn at_home(home: &Home, port: u16, name: &str, room: &str) -> Start {
    let port = port.to_string();
    let start = Start::new(home, &["chat", "--json", "-v", "--bind", "127.0.0.1"]);
    let mut start = start.args(&["--name", name, "--local-port", &port]);
    start.command.env("UNDERTONE_ROOM", room);
    start
}

#[test]
fn without_a_mediator_the_first_client_is_one_for_all() {
    let port = free_port();
    let homes: Vec<Home> = (0..4).map(|_| Home::new()).collect();
    let come = |n: usize, room| at_home(&homes[n], port, &format!("no {n}"), room);
    let mut first = come(0, "lab#otter").run();
    let waiting: Value = first.await_event("waiting");
    assert_eq!(
        waiting["invite"],
        format!("http://127.0.0.1:{port}/#lab#otter")
    );
    let mut second = come(1, "lab#otter").run();
    second.await_event("connected");
    first.await_event("connected");
    let [(mut third, _), (fourth, _)] = meet(come(2, "attic"), come(3, "attic"));
    first.say("hello");
    assert_eq!(second.await_message(), "hello");
    // The mediator ends with the first client, and nobody is hindered.
    first.say("/quit");
    assert_eq!((first.exit_code(), second.exit_code()), (0, 0));
    third.say("still here?");
    assert_eq!(fourth.await_message(), "still here?");
}

#[test]
fn who_opens_the_invite_in_a_browser_gets_the_page_from_that_client() {
    let (home, port) = (Home::new(), free_port());
    let waiting = at_home(&home, port, "ada", "lab#otter").run();
    waiting.await_event("waiting");
    for asset in &undertone::embedded::page::ASSETS {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let host = format!("Host: 127.0.0.1:{port}");
        let request = format!("GET {} HTTP/1.1\r\n{host}\r\n\r\n", asset.path);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
        assert!(answer.ends_with(asset.body), "{}", asset.path);
    }
}

#[test]
fn clients_that_start_at_the_same_time_find_each_other() {
    let port = free_port();
    let homes = [Home::new(), Home::new()];
    let both = homes
        .each_ref()
        .map(|home| at_home(home, port, "ada", "lab#otter").run());
    for client in &both {
        client.await_event("connected");
    }
}

#[test]
fn whoever_waits_takes_over_when_the_mediator_of_another_client_ends() {
    let port = free_port();
    let homes: Vec<Home> = (0..3).map(|_| Home::new()).collect();
    let mut first = at_home(&homes[0], port, "ada", "lab").run();
    first.await_event("waiting");
    let second = at_home(&homes[1], port, "bob", "attic#x").run();
    second.await_event("waiting");
    first.signal(Signal::SIGINT);
    assert_eq!(first.exit_code(), 130);
    second.await_that("its own mediator", |event| {
        let message = event["message"].as_str().unwrap_or_default();
        message.contains("this client runs one now")
    });
    let invite = format!("http://127.0.0.1:{port}");
    let third = Start::chat(&homes[2], &invite, "carol", "attic#x").run();
    third.await_event("connected");
    second.await_event("connected");
}

#[test]
fn whoever_looks_for_the_other_one_takes_over_the_mediator_that_ended_with_them() {
    let (port, homes) = (free_port(), [Home::new(), Home::new()]);
    let mut first = at_home(&homes[0], port, "ada", "lab#otter").run();
    let invite = first.await_event("waiting")["invite"].clone();
    let invite = invite.as_str().unwrap();
    let mut second = pasted(&homes[1], invite).run();
    for client in [&first, &second] {
        client.await_event("connected");
    }
    first.kill();
    second.await_event("reconnecting");
    second.say("still there?");
    second.await_that("its own mediator", |event| {
        let message = event["message"].as_str().unwrap_or_default();
        message.contains("this client runs one now")
    });
    // The link leads to where it is looked for.
    let first = Start::chat(
        &homes[0],
        invite.split("/#").next().unwrap(),
        "ada",
        "lab#otter",
    );
    let first = first.run();
    for client in [&first, &second] {
        let back = client.await_event("connected");
        assert_eq!(back["again"], true, "{back}");
    }
    assert_eq!(first.await_message(), "still there?");
}

#[test]
fn a_link_by_the_name_of_this_machine_says_that_it_works_there_only() {
    let (mediator, home) = (Mediator::start(), Home::new());
    let port = mediator.address().rsplit(':').next().unwrap();
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("http://{host}:{port}");
        let waiting = Start::chat(&home, &url, "ada", "lab").run();
        let waiting = waiting.await_event("waiting");
        assert_eq!(waiting["invite"], format!("{url}/#lab"));
        assert_eq!(
            waiting["reach"],
            serde_json::json!(["machine"]),
            "{waiting}"
        );
    }
}

/// Something else on a port of loopback: answers everyone with these bytes, or says nothing
/// where there are none.
fn another_service(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for mut stream in listener.incoming().flatten() {
            if answer.is_empty() {
                silent.push(stream);
                continue;
            }
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer);
        }
    });
    port
}

#[test]
fn another_service_on_the_port_is_passed_by() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"[..],
        b"SSH-2.0-x\r\n",
        b"",
    ] {
        let port = another_service(answer);
        let homes = [Home::new(), Home::new()];
        let [host, guest] = homes
            .each_ref()
            .map(|home| at_home(home, port, "ada", "lab#otter"));
        let host = host.run();
        let invite = host.await_event("waiting")["invite"].to_string();
        assert!(!invite.contains(&format!(":{port}/")), "{invite}");
        host.await_that("why", |event| {
            let message = event["message"].as_str().unwrap_or_default();
            message.contains(&format!("Another program has port {port}"))
        });
        // Who comes second looks at the same ports.
        let guest = guest.run();
        guest.await_event("connected");
        host.await_event("connected");
    }
}

/// A client that was given this as its room, and nothing else.
fn pasted(home: &Home, invite: &str) -> Start {
    let start = Start::new(home, &["chat", "--json", "-v", "--bind", "127.0.0.1"]);
    let mut start = start.args(&["--name", "ada"]);
    start.command.env("UNDERTONE_ROOM", invite);
    start
}

#[test]
fn ones_own_invite_to_this_machine_outlives_its_mediator() {
    let (port, homes) = (free_port(), [Home::new(), Home::new()]);
    let mut first = at_home(&homes[0], port, "ada", "lab#otter").run();
    let invite = first.await_event("waiting")["invite"].clone();
    let invite = invite.as_str().unwrap();
    first.signal(Signal::SIGINT);
    assert_eq!(first.exit_code(), 130);
    let again = pasted(&homes[0], invite).run();
    assert_eq!(again.await_event("waiting")["invite"], invite);
    // For whoever comes it is there again.
    let other = pasted(&homes[1], invite).run();
    for client in [again, other] {
        client.await_event("connected");
    }
}

#[test]
fn ones_own_invite_with_a_wrong_port_starts_no_mediator_there() {
    let (port, home) = (free_port(), Home::new());
    let mut first = at_home(&home, port, "ada", "lab#otter").run();
    first.await_event("waiting");
    first.signal(Signal::SIGINT);
    assert_eq!(first.exit_code(), 130);
    let far = |other: &u16| !(port..=port + 8).contains(other);
    let wrong = std::iter::repeat_with(free_port).find(far).unwrap();
    let invite = |port| format!("http://127.0.0.1:{port}/#lab#otter");
    let (code, out, _) = pasted(&home, &invite(wrong)).finish(b"");
    let error: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!((code, &error["code"]), (3, &"no-mediator".into()), "{out}");
    let message = error["message"].as_str().unwrap();
    for named in [wrong, port] {
        assert!(message.contains(&named.to_string()), "{message}");
    }
    // One that is looked for from the room's own port on leads there, whatever has the other.
    let again = pasted(&home, &invite(port + 1)).run();
    let waiting = again.await_event("waiting");
    assert_eq!(waiting["invite"], invite(port), "{waiting}");
}

#[test]
fn an_invite_to_the_machine_of_another_one_leads_nowhere() {
    let (port, home) = (free_port(), Home::new());
    let invite = format!("http://127.0.0.1:{port}/#lab#otter");
    let (code, out, _) = pasted(&home, &invite).finish(b"");
    let error: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!((code, &error["code"]), (3, &"no-mediator".into()));
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("nobody elsewhere can use this link"),
        "{message}"
    );
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains(&format!("--local-port {port},")), "{hint}");
    // A mediator that happens to run here does not make it better.
    let others = Home::new();
    let host = at_home(&others, port, "eve", "attic").run();
    host.await_event("waiting");
    let alone = pasted(&home, &invite).run();
    alone.await_that("a warning", |event| {
        let message = event["message"].as_str().unwrap_or_default();
        message.starts_with("The mediator http://127.0.0.1")
            && message.contains("nobody elsewhere can use this link")
    });
}

#[test]
fn an_address_that_is_not_here_is_what_is_wrong() {
    let (mediator, home) = (Mediator::start(), Home::new());
    for more in [&["--local-port", "1"][..], &["--mediator", &mediator.url]] {
        let start = Start::new(&home, &["chat", "lab", "--json", "--name", "ada"]);
        let (code, out, _) = start.args(more).args(&["--bind", "192.0.2.77"]).finish(b"");
        let error: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert_eq!((code, &error["code"]), (2, &"listen".into()));
        let message = error["message"].as_str().unwrap();
        assert_eq!(message, "192.0.2.77 is no address of this machine");
    }
}
