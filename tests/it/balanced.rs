//! Several mediators behind a balancer that looks at nothing but the first line of a request: by
//! the room's hint in it both of a pair come to the same one.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use undertone_wire::PATH;

use crate::common::acts::homes;
use crate::common::{Client, Home, Mediator, PATIENCE, Start};

const ROOMS: usize = 16;

/// How one of the mediators is chosen.
#[derive(Clone, Copy)]
enum By {
    /// By the hint, for which each of them has its part of the values.
    Hint,
    /// In turn, whoever comes.
    Turn,
    /// All to the same one, until [`Balanced::move_on`].
    One,
}

/// Three mediators and what stands before them.
struct Balanced {
    url: String,
    _mediators: Vec<Mediator>,
    /// How many went to each.
    sent: Arc<[AtomicUsize; 3]>,
    /// The next one's turn.
    turn: Arc<AtomicUsize>,
}

impl Balanced {
    fn start(by: By) -> Self {
        Self::start_with(by, &[])
    }

    fn start_with(by: By, options: &[&str]) -> Self {
        let mediators: Vec<_> = (0..3).map(|_| Mediator::start_with(options)).collect();
        let addresses = mediators.iter().map(|one| one.address().to_owned());
        let addresses: Arc<[String]> = addresses.collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent: Arc<[AtomicUsize; 3]> = Arc::default();
        let turn = Arc::<AtomicUsize>::default();
        let (count, turns) = (Arc::clone(&sent), Arc::clone(&turn));
        // Ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (addresses, count, turns) = (
                    Arc::clone(&addresses),
                    Arc::clone(&count),
                    Arc::clone(&turns),
                );
                std::thread::spawn(move || {
                    let head = head(&client);
                    let chosen = match by {
                        By::Hint => hint(&head) % 3,
                        By::Turn => turns.fetch_add(1, Ordering::Relaxed) % 3,
                        By::One => turns.load(Ordering::Relaxed) % 3,
                    };
                    count[chosen].fetch_add(1, Ordering::Relaxed);
                    let mediator = TcpStream::connect(&addresses[chosen]).unwrap();
                    (&mediator).write_all(head.as_bytes()).unwrap();
                    std::thread::scope(|scope| {
                        scope.spawn(|| carry(&client, &mediator));
                        carry(&mediator, &client);
                    });
                });
            }
        });
        Self {
            url,
            _mediators: mediators,
            sent,
            turn,
        }
    }

    fn chat(&self, home: &Home, name: &str, room: &str) -> Start {
        Start::chat(home, &self.url, name, room)
    }

    /// Whoever comes from now on goes to the next one.
    fn move_on(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    /// How many went to each.
    fn sent(&self) -> [usize; 3] {
        [0, 1, 2].map(|n| self.sent[n].load(Ordering::Relaxed))
    }
}

/// The head of a request, and not a byte more.
fn head(mut client: &TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if !matches!(client.read(&mut byte), Ok(1)) {
            break;
        }
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

/// What a balancer goes by: two digits, and nothing else of the room.
fn hint(head: &str) -> usize {
    let line = head.lines().next().unwrap();
    let digits = line
        .strip_prefix(&format!("GET {PATH}?t="))
        .and_then(|rest| rest.strip_suffix(" HTTP/1.1"))
        .unwrap_or_else(|| panic!("no hint in {line:?}"));
    assert_eq!(digits.len(), 2, "{line:?}");
    usize::from_str_radix(digits, 16).unwrap()
}

fn carry(mut from: &TcpStream, mut to: &TcpStream) {
    let mut buf = vec![0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buf) {
        if to.write_all(&buf[..n]).is_err() {
            break;
        }
    }
    for stream in [from, to] {
        let _ = stream.shutdown(Shutdown::Both);
    }
}

#[test]
fn pairs_meet_behind_a_balancer_that_goes_by_the_hint() {
    let balanced = Balanced::start(By::Hint);
    let homes: Vec<_> = (0..ROOMS).map(|_| homes()).collect();
    let room = |n: usize| format!("den-{n}#otter");
    let hosts: Vec<_> = (0..ROOMS)
        .map(|n| balanced.chat(&homes[n][0], "ada", &room(n)).run())
        .collect();
    for host in &hosts {
        host.await_event("waiting");
    }
    let sent = balanced.sent();
    assert!(sent.iter().all(|sent| *sent > 0), "{sent:?}");
    for (n, host) in hosts.iter().enumerate() {
        let guest = balanced.chat(&homes[n][1], "bob", &room(n)).run();
        for client in [host, &guest] {
            client.await_event("connected");
        }
    }
}

#[test]
fn pairs_miss_each_other_behind_one_that_does_not() {
    let balanced = Balanced::start(By::Turn);
    for n in 0..3 {
        let homes = homes();
        let room = format!("den-{n}#otter");
        let host = balanced.chat(&homes[0], "ada", &room).run();
        host.await_event("waiting");
        // It comes second, and is the first where it comes.
        let guest = balanced.chat(&homes[1], "bob", &room).run();
        guest.await_event("waiting");
    }
}

/// One whose guest is gone, who waits for the session and for the contact.
fn left_alone(balanced: &Balanced, homes: &[Home; 2], room: &str) -> Client {
    let ada = balanced.chat(&homes[0], "ada", room).run();
    ada.await_event("waiting");
    let mut bob = balanced.chat(&homes[1], "bob", room).run();
    for client in [&ada, &bob] {
        client.await_event("connected");
    }
    homes.iter().for_each(|home| home.await_contacts(1));
    bob.kill();
    ada.await_event("reconnecting");
    ada
}

#[test]
fn those_who_wait_move_to_another_mediator_when_told_to_and_nobody_notices() {
    // Less than the minute that a client takes at the least.
    let balanced = Balanced::start_with(By::One, &["--reseat", "1"]);
    let homes = [homes(), homes()];
    let lost = left_alone(&balanced, &homes[0], "den#otter");
    let waits = balanced.chat(&homes[1][0], "ada", "lair#otter").run();
    waits.await_event("waiting");
    // Five to meet, one room of the session, and one or three of the contact.
    let deadline = Instant::now() + 2 * PATIENCE;
    while balanced.sent()[0] < 3 + 2 {
        assert!(Instant::now() < deadline, "{:?}", balanced.sent());
        std::thread::park_timeout(Duration::from_millis(5));
    }
    balanced.move_on();
    while balanced.sent()[1] < 3 {
        assert!(Instant::now() < deadline, "{:?}", balanced.sent());
        std::thread::park_timeout(Duration::from_millis(5));
    }
    let comes = balanced.chat(&homes[1][1], "bob", "lair#otter").run();
    let anew = balanced.chat(&homes[0][1], "bob", "den#otter").run();
    for client in [&comes, &anew] {
        client.await_event("connected");
    }
    for client in [&waits, &lost] {
        let events = client.events_until(|events| {
            events
                .last()
                .is_some_and(|last| last["type"] == "connected")
        });
        let said = events.iter().filter(|event| event["type"] == "note");
        let said: Vec<_> = said
            .filter(|note| note.to_string().contains("mediator"))
            .collect();
        assert_eq!(said, [] as [&Value; 0]);
    }
    assert_eq!(balanced.sent()[2], 0);
}

#[test]
fn the_rooms_of_a_session_and_of_contacts_have_hints_of_their_own() {
    let (balanced, homes) = (Balanced::start(By::Hint), homes());
    let ada = left_alone(&balanced, &homes, "den#otter");
    // Who starts anew waits in the room of people and for the contact.
    let bob = balanced.chat(&homes[1], "bob", "den#otter").run();
    for client in [&ada, &bob] {
        assert_eq!(client.await_event("connected")["again"], json!(true));
    }
}
