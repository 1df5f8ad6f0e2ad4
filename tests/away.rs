//! Whoever waits goes on waiting while the mediator is away, whatever is in its place; and at the
//! first dial that is said in words.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use common::acts::homes;
use common::reverse::{BAD_GATEWAY, Reverse};
use common::{Client, Home, Mediator, Start, free_port};
use serde_json::Value;

const ROOM: &str = "quiet-lab#otter-velvet";

/// What may answer in a mediator's place; what is said of it, and what to do.
const ANSWERS: [(&str, &str, &str); 21] = [
    (
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Log in to Hotel",
        "web page",
        "browser",
    ),
    (
        "HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n",
        "elsewhere",
        "browser",
    ),
    (
        "HTTP/1.1 302 Found\r\nLocation: http://portal.hotel/login\r\n\r\n",
        "http://portal.hotel:80",
        "browser",
    ),
    (
        "HTTP/1.1 301 Moved Permanently\r\nLocation: https://m.example/v1/rendezvous\r\n\r\n",
        "https://m.example:443",
        "https://m.example:443",
    ),
    (
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "no WebSocket",
        "Upgrade",
    ),
    (
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n",
        "user name and password",
        "without a password",
    ),
    (
        "HTTP/1.1 403 Forbidden\r\n\r\n",
        "refuses",
        "Ask whoever runs",
    ),
    (
        "HTTP/1.1 404 Not Found\r\n\r\n",
        "knows of no mediator",
        "/v1/rendezvous",
    ),
    (
        "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        "a proxy on the way",
        "--proxy",
    ),
    (
        "HTTP/1.1 426 Upgrade Required\r\n\r\n",
        "no WebSocket",
        "Upgrade",
    ),
    (
        "HTTP/1.1 429 Too Many Requests\r\n\r\n",
        "too many connections",
        "minute",
    ),
    (
        "HTTP/1.1 500 Internal Server Error\r\n\r\n",
        "failed",
        "try again in a minute",
    ),
    (
        "HTTP/1.1 503 Service Unavailable\r\n\r\n",
        "out of service",
        "try again in a minute",
    ),
    (
        "HTTP/1.1 504 Gateway Timeout\r\n\r\n",
        "no answer from it",
        "restarting",
    ),
    (
        "HTTP/1.1 511 Network Authentication Required\r\n\r\n",
        "log-in",
        "browser",
    ),
    ("SSH-2.0-OpenSSH_9.9\r\n", "another protocol", "port"),
    // As badly as they can be said.
    (
        "HTTP/1.0 502 Bad Gateway\r\n\r\n<html>",
        "HTTP 502",
        "restarting",
    ),
    (
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n",
        "HTTP 403",
        "Ask whoever runs",
    ),
    (
        "HTTP/1.1 404 \x1b[2J\x1b]0;pwn\x07\r\n\x1b: \x1b\r\n\r\n",
        "HTTP 404",
        "/v1/rendezvous",
    ),
    (
        "HTTP/1.1 302 Found\r\nLocation: http://\x1b[2J.example/\r\n\r\n",
        "elsewhere",
        "browser",
    ),
    (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        "another protocol than WebSocket",
        "Upgrade",
    ),
];

#[test]
fn waiting_goes_on_through_fifty_restarts_behind_a_proxy() {
    let address = format!("127.0.0.1:{}", free_port());
    let mut mediator = Mediator::start_at(&address);
    let (proxy, homes) = (Reverse::before(&address, None), homes());
    let host = Start::chat(&homes[0], &proxy.url(), "ada", ROOM).run();
    host.await_event("waiting");
    let mut answers = ANSWERS.iter();
    for round in 1..=50 {
        mediator.kill();
        // Some meet what is in its place, most come back before that is seen.
        if round % 4 == 0 {
            let answer = answers.next().map(|(answer, ..)| answer.as_bytes());
            proxy.answer(answer.unwrap_or(BAD_GATEWAY));
            let before = proxy.await_that("state", |_| true).answered;
            proxy.await_that("answer", |state| state.answered > before);
        }
        let back = Instant::now();
        mediator = Mediator::start_at(&address);
        let seated = proxy.await_that("seat", |state| state.seats > round).seated;
        let took = seated.unwrap().saturating_duration_since(back);
        assert!(took < Duration::from_secs(30), "{took:?} in round {round}");
    }
    let guest = Start::chat(&homes[1], &proxy.url(), "bob", ROOM).run();
    for client in [&host, &guest] {
        client.await_event("connected");
    }
}

/// Answers the next client so, and those after it that ask for TLS.
fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            let _ = stream.write_all(answer);
        }
    });
    url
}

/// What a client says that comes there, and ends.
fn refusal(url: &str) -> Value {
    let (code, out, err) = Start::chat(&Home::new(), url, "ada", ROOM).finish(b"");
    assert_eq!(code, 3, "{out} {err}");
    let error: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(error["code"], "no-mediator", "{error}");
    error
}

#[test]
fn at_the_first_dial_what_answers_is_named_with_its_remedy() {
    for (answer, said, remedy) in ANSWERS {
        let error = refusal(&answering(answer.as_bytes()));
        let [message, hint] = ["message", "hint"].map(|field| error[field].as_str().unwrap());
        assert!(message.contains(said), "{message}");
        let hint = hint.to_lowercase();
        assert!(hint.contains(&remedy.to_lowercase()), "{answer}: {hint}");
        if let Some(status) = answer
            .rsplit("HTTP/1.1 ")
            .next()
            .filter(|_| answer.starts_with("HTTP/1.1"))
        {
            assert!(message.contains(&status[..3]), "{message}");
        }
        assert!(!error.to_string().contains(['\x1b', '\x07']), "{error}");
    }
}

#[test]
fn an_answer_of_any_length_is_named_by_its_status() {
    let long = format!(
        "HTTP/1.1 502 Bad Gateway\r\nX: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    let many = format!(
        "HTTP/1.1 502 Bad Gateway\r\n{}\r\n",
        "X: x\r\n".repeat(2000)
    );
    for answer in [long, many, "HTTP/1.1 502".to_owned()] {
        let error = refusal(&answering(answer.leak().as_bytes()));
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("cannot reach it, HTTP 502"), "{message}");
    }
}

fn notes(events: &[Value], part: &str) -> usize {
    let notes = events.iter().filter(|event| event["type"] == "note");
    notes
        .filter(|note| note["message"].as_str().unwrap().contains(part))
        .count()
}

#[test]
fn a_line_that_a_proxy_cuts_when_idle_is_kept_once_that_is_known() {
    let mediator = Mediator::start();
    let quiet = Duration::from_secs(5);
    let proxy = Reverse::before(mediator.address(), Some(quiet));
    let homes = homes();
    let host = Start::chat(&homes[0], &proxy.url(), "ada", ROOM).run();
    host.await_event("waiting");
    // Twice it is cut, and known then. Three pings are longer than the proxy's patience.
    let kept = proxy.await_that("kept line", |state| state.pings >= 3);
    assert_eq!(kept.seats, 3, "{kept:?}");
    let mut guest = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
    let events =
        host.events_until(|events| events.last().is_some_and(|e| e["type"] == "connected"));
    assert_eq!(notes(&events, "waiting goes on"), 1, "{events:#?}");
    assert_eq!(notes(&events, "is back"), 1, "{events:#?}");
    guest.say("/quit");
}

/// Waits until a note has this part.
fn await_note(client: &Client, part: &str) -> String {
    let note = client.await_that(part, |event| {
        event["type"] == "note" && event["message"].as_str().unwrap().contains(part)
    });
    note["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_lasting_loss_is_said_each_time_once_and_taken_back_once() {
    let address = format!("127.0.0.1:{}", free_port());
    let mut mediator = Mediator::start_at(&address);
    let (proxy, homes) = (Reverse::before(&address, None), homes());
    let host = Start::chat(&homes[0], &proxy.url(), "ada", ROOM).run();
    host.await_event("waiting");
    for _ in 0..2 {
        let before = proxy.await_that("state", |_| true).answered;
        mediator.kill();
        await_note(&host, "waiting goes on");
        // It is asked again and again, and that is not said.
        proxy.await_that("answers", |state| state.answered >= before + 4);
        mediator = Mediator::start_at(&address);
        let back = host.event();
        let back = back["message"].as_str().unwrap();
        assert!(back.contains("is back"), "{back}");
    }
}

#[test]
fn a_server_that_says_when_is_asked_then_even_at_the_first_dial() {
    let home = Home::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let client = Start::chat(&home, &url, "ada", ROOM).run();
        let answer = format!("HTTP/1.1 {status}\r\nRetry-After: 2\r\n\r\n");
        let mut asked = Vec::new();
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().unwrap();
            asked.push(Instant::now());
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
        let pauses = asked.windows(2).map(|pair| pair[1] - pair[0]);
        for pause in pauses {
            assert!(pause >= Duration::from_secs(2), "{pause:?}");
        }
        let said = await_note(&client, "asked again in 2 s");
        assert!(said.contains(&status[..3]), "{said}");
    }
}
