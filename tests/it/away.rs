//! Whoever waits goes on waiting while the mediator is away, whatever is in its place; and at the
//! first dial that is said in words.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::acts::homes;
use crate::common::reverse::Reverse;
use crate::common::{Client, Home, Mediator, Start, free_port, pair};

const ROOM: &str = "quiet-lab#otter-velvet";

/// What may answer in a mediator's place; what is said of it, and what to do.
const ANSWERS: [(&str, &str, &str); 19] = [
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
        "https://m.example,",
        "https://m.example.",
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
        "knows no mediator",
        "/v1/rendezvous",
    ),
    (
        "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        "a proxy in between",
        "--proxy",
    ),
    (
        "HTTP/1.1 426 Upgrade Required\r\n\r\n",
        "no WebSocket",
        "Upgrade",
    ),
    (
        "HTTP/1.1 500 Internal Server Error\r\n\r\n",
        "failed",
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

/// Those who wait, and how often the mediator goes away: 49 seats that are lost.
const MANY: usize = 7;

#[test]
fn waiting_goes_on_through_restarts_behind_a_proxy() {
    let address = format!("127.0.0.1:{}", free_port());
    let mut mediator = Mediator::start_at(&address);
    let proxy = Reverse::before(&address, None);
    let homes: Vec<_> = (0..=MANY).map(|_| Home::new()).collect();
    let room = |n: usize| format!("quiet-{n}#otter-velvet");
    let hosts: Vec<_> = (0..MANY)
        .map(|n| Start::chat(&homes[n], &proxy.url(), "ada", &room(n)).run())
        .collect();
    for host in &hosts {
        host.await_event("waiting");
    }
    for (round, (answer, ..)) in ANSWERS.iter().step_by(2).enumerate().take(MANY) {
        mediator.kill();
        proxy.answer(answer.as_bytes());
        let before = proxy.await_that("state", |_| true).answered;
        proxy.await_that("answer", |state| state.answered > before);
        let back = Instant::now();
        mediator = Mediator::start_at(&address);
        let all = (round + 2) * MANY;
        let seated = proxy.await_that("seats", |state| state.seats >= all).seated;
        let took = seated.unwrap().saturating_duration_since(back);
        assert!(took < Duration::from_secs(30), "{took:?} in round {round}");
    }
    let guest = Start::chat(&homes[MANY], &proxy.url(), "bob", &room(0)).run();
    for client in [&hosts[0], &guest] {
        client.await_event("connected");
    }
}

/// Answers all clients so.
fn answering(answer: impl Into<Vec<u8>>) -> String {
    counting(answer).0
}

/// The same, and counts them.
fn counting(answer: impl Into<Vec<u8>>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (answer, asked) = (answer.into(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::Relaxed);
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&answer);
        }
    });
    (url, asked)
}

/// What a client says that comes there, and ends.
fn refusal(url: &str) -> Value {
    let events = refused(url, &[]);
    assert_eq!(events.len(), 1, "{events:?}");
    events.into_iter().next().unwrap()
}

/// All that it says with these options.
fn refused(url: &str, options: &[&str]) -> Vec<Value> {
    let start = Start::chat(&Home::new(), url, "ada", ROOM).args(options);
    let (code, out, err) = start.finish(b"");
    assert_eq!(code, 3, "{out} {err}");
    let events = out.lines().map(|line| serde_json::from_str(line).unwrap());
    let events: Vec<Value> = events.collect();
    assert_eq!(events.last().unwrap()["code"], "no-mediator", "{out}");
    events
}

/// Answers that pass by themselves, and do not say when.
const PASSING: [(&str, &str); 6] = [
    ("429 Too Many Requests\r\n", "too many connections"),
    ("503 Service Unavailable\r\n", "out of service"),
    ("503 Busy\r\nRetry-After: soon\r\n", "out of service"),
    ("429 Busy\r\nRetry-After: -5\r\n", "too many connections"),
    ("503 \x1b[2J\r\nRetry-After: \x1b\r\n", "out of service"),
    ("503 Busy\r\nRetry-After: 1.5\r\n", "out of service"),
];

#[test]
fn what_passes_is_waited_out_from_the_first_dial_on_and_said_once() {
    for (answer, said) in PASSING {
        let answer = format!("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 {answer}\r\n");
        let (url, asked) = counting(answer);
        let events = refused(&url, &["--timeout", "2"]);
        assert_eq!(events.len(), 2, "{events:?}");
        let note = events[0]["message"].as_str().unwrap();
        assert!(
            note.contains(said) && note.contains("waiting goes on"),
            "{note}"
        );
        let error = events[1]["message"].as_str().unwrap();
        assert!(error.contains(said), "{error}");
        // At once, and after 0.2, 0.6 and 1.4 s, ± 25 %.
        let asked = asked.load(Ordering::Relaxed);
        assert!((3..=4).contains(&asked), "asked {asked} times");
    }
}

#[test]
fn who_never_had_a_seat_is_not_told_that_nobody_came() {
    // It takes connections, and answers none of them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let events = refused(&url, &["--timeout", "1"]);
    let message = events[0]["message"].as_str().unwrap();
    assert_eq!(message, "the mediator did not answer");
}

#[test]
fn a_wait_beyond_the_timeout_ends_at_once_and_says_so() {
    for when in [
        "99999999999999999999999",
        "3600",
        "Fri, 01 Jan 2100 00:00:00 GMT",
    ] {
        let answer = format!("HTTP/1.1 503 Busy\r\nRetry-After: {when}\r\n\r\n");
        let (url, asked) = counting(answer);
        let events = refused(&url, &["--timeout", "50"]);
        assert_eq!((events.len(), asked.load(Ordering::Relaxed)), (1, 1));
        let hint = events[0]["hint"].as_str().unwrap();
        assert!(hint.contains("more than is left of --timeout"), "{hint}");
    }
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
        let error = refusal(&answering(answer));
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
    // It is taken back once the seat has lasted.
    let mut events = host.events_until(|events| notes(events, "is back") == 1);
    let mut guest = Start::chat(&homes[1], &mediator.url, "bob", ROOM).run();
    events.extend(
        host.events_until(|events| events.last().is_some_and(|e| e["type"] == "connected")),
    );
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

#[test]
fn why_the_mediator_keeps_a_lost_one_away_is_said_once_and_taken_back_once() {
    let address = format!("127.0.0.1:{}", free_port());
    let mediator = Mediator::start_at(&address);
    let homes = homes();
    let [mut host, mut guest] = pair(&mediator, [&homes[0], &homes[1]]);
    mediator.kill();
    guest.kill();
    host.await_event("reconnecting");
    let note = await_note(&host, "waiting goes on");
    assert!(note.contains("connection refused"), "{note}");
    host.say("/who");
    // Nothing else is said in between.
    let who = host.event();
    assert_eq!(who["type"], "who", "{who}");
    let absent = who["absent"].as_str().unwrap();
    assert!(absent.eq_ignore_ascii_case(&note), "{who}");
    let _mediator = Mediator::start_at(&address);
    await_note(&host, "mediator is back");
    host.say("/who");
    assert_eq!(host.event()["absent"], Value::Null);
}
