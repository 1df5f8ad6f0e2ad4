//! Floods and slow strangers, at the host and at the mediator, while a real
//! pair meets and talks.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use undertone_net::link::acceptor::{UNCONFIRMED_FOR, UNCONFIRMED_MAX};

use crate::common::{Client, Home, Mediator, Start};
use crate::hostile::crowd::{Flood, connect_from, is_closed, runtime};
use crate::hostile::memory::peak_beside_program_kib;
use crate::hostile::proxy::Middle;

const TOTAL: usize = 10_000;
/// What a client may take at the most, beside its program, in KiB.
const MEMORY: u64 = 6 * 1024;

/// A host that listens, and a guest that has dialled and is held in the
/// middle.
struct Meeting {
    middle: Middle,
    host: Client,
    guest: Client,
    host_address: SocketAddr,
    _mediator: Mediator,
    _homes: [Home; 2],
}

fn about_to_meet() -> Meeting {
    let (middle, mediator) = (Middle::start(), Mediator::start());
    let homes = [Home::new(), Home::new()];
    let host = Start::chat(&homes[0], &mediator.url, "ada", "lab#otter")
        .args(&["--advertise", &middle.address()])
        .run();
    host.await_event("waiting");
    let guest = Start::chat(&homes[1], &mediator.url, "bob", "lab#otter")
        .dials_only()
        .run();
    let host_address = host.listens_at().parse().unwrap();
    Meeting {
        middle,
        host,
        guest,
        host_address,
        _mediator: mediator,
        _homes: homes,
    }
}

/// Both say something, and hear it in order; no link was lost meanwhile.
fn talk(clients: [&mut Client; 2], from: usize) {
    let [host, guest] = clients;
    for n in from..from + 20 {
        host.say(&format!("numbered {n}"));
        guest.say(&format!("numbered {n}"));
    }
    for client in [host, guest] {
        for n in from..from + 20 {
            let event = client.await_that("a message", |event| {
                assert_ne!(event["type"], "reconnecting", "the link suffered");
                event["type"] == "message"
            });
            assert_eq!(event["text"], format!("numbered {n}"));
        }
    }
}

#[test]
fn ten_thousand_garbage_connections_at_the_door_while_a_pair_meets_and_talks() {
    let mut meeting = about_to_meet();
    let flood = Flood::at(meeting.host_address, 8, TOTAL);
    flood.await_made(500);
    meeting.middle.aim(&meeting.host_address.to_string());
    for client in [&meeting.host, &meeting.guest] {
        client.await_event("connected");
    }
    talk([&mut meeting.host, &mut meeting.guest], 0);
    flood.await_made(TOTAL);
    flood.end();
    talk([&mut meeting.host, &mut meeting.guest], 20);
    for client in [&meeting.host, &meeting.guest] {
        let peak = peak_beside_program_kib(client.pid());
        assert!(peak < MEMORY, "{peak} KiB");
    }
    meeting.host.say("/quit");
    assert_eq!(meeting.host.exit_code(), 0);
    let stderr = meeting.host.err.rest();
    assert!(
        !stderr.iter().any(|line| line.contains("panicked")),
        "{stderr:#?}"
    );
}

#[test]
fn slow_strangers_at_the_door_are_sixteen_at_most_and_not_for_long() {
    let mut meeting = about_to_meet();
    let runtime = runtime();
    meeting.middle.aim(&meeting.host_address.to_string());
    meeting.guest.await_event("connected");
    meeting.host.await_event("connected");
    // One byte each, from many addresses, and then nothing.
    let begun = Instant::now();
    let mut slow: Vec<_> = (0..100_u8)
        .map(|i| {
            let mut stream =
                connect_from(&runtime, [127, 0, 2, i + 1].into(), meeting.host_address).unwrap();
            std::io::Write::write_all(&mut stream, &[0]).unwrap();
            stream
        })
        .collect();
    let open = |slow: &mut Vec<std::net::TcpStream>| {
        slow.iter_mut()
            .filter_map(|s| (!is_closed(s)).then_some(()))
            .count()
    };
    await_until("no more than sixteen", || {
        open(&mut slow) <= UNCONFIRMED_MAX
    });
    assert!(open(&mut slow) > 0, "a few are given their time");
    talk([&mut meeting.host, &mut meeting.guest], 0);
    await_until("none", || open(&mut slow) == 0);
    let took = begun.elapsed();
    assert!(took < UNCONFIRMED_FOR + Duration::from_secs(5), "{took:?}");
    talk([&mut meeting.host, &mut meeting.guest], 20);
}

fn await_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + crate::common::PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn slow_strangers_before_the_guest_do_not_keep_it_out() {
    let meeting = about_to_meet();
    let runtime = runtime();
    // From the guest's own address, too.
    let _slow: Vec<_> = (0..100_u8)
        .map(|i| {
            let from = [127, 0, 0, 1 + i % 2].into();
            let mut stream = connect_from(&runtime, from, meeting.host_address).unwrap();
            std::io::Write::write_all(&mut stream, &[0, 0]).unwrap();
            stream
        })
        .collect();
    meeting.middle.aim(&meeting.host_address.to_string());
    for client in [&meeting.host, &meeting.guest] {
        client.await_event("connected");
    }
}

#[test]
fn ten_thousand_garbage_connections_at_the_mediator_while_pairs_meet() {
    let mediator = Mediator::start();
    let address = mediator.address().parse().unwrap();
    // Slow ones first: a byte each, and then nothing.
    let runtime = runtime();
    let _slow: Vec<_> = (0..200_u8)
        .filter_map(|i| {
            let mut stream = connect_from(&runtime, [127, 0, 3, i / 4 + 1].into(), address).ok()?;
            std::io::Write::write_all(&mut stream, b"G").ok()?;
            Some(stream)
        })
        .collect();
    let flood = Flood::at(address, 8, TOTAL);
    flood.await_made(500);
    let homes = [Home::new(), Home::new()];
    let mut first = crate::common::pair(&mediator, [&homes[0], &homes[1]]);
    let [host, guest] = &mut first;
    talk([host, guest], 0);
    flood.await_made(TOTAL - 500);
    let homes = [Home::new(), Home::new()];
    crate::common::pair(&mediator, [&homes[0], &homes[1]]);
    flood.end();
    let [host, guest] = &mut first;
    talk([host, guest], 20);
}
