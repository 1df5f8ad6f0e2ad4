//! It lies about addresses, or a stranger does: whom a client can be made to dial,
//! how often, and what such a third party gets to see.

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use undertone_core::pairing::{CONFIRM_B_LEN, Candidates};
use undertone_net::link::here::machine;
use undertone_wire::Role;

use super::{ROOM, SECRETS, ada, bob, seated};
use crate::common::{Client, Home, Start};
use crate::hostile::end::Impostor;
use crate::hostile::{Ended, Evil, holds, identity_of};

/// How often one address is tried, however it behaves.
const TRIES: usize = undertone_net::link::dial::TRIES as usize;
/// A path is looked for for 10 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// CONFIRM_B and the length before it.
const CONFIRM: usize = 4 + CONFIRM_B_LEN;

/// Somebody with no part in this, who takes what comes: reads up to `reads` bytes of
/// each connection, then closes it. What came is told.
fn third_party(listener: TcpListener, reads: usize) -> Receiver<Vec<u8>> {
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            // A host says nothing, and would keep the next one waiting.
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let _ = stream.take(reads as u64).read_to_end(&mut bytes);
                let _ = sender.send(bytes);
            });
        }
    });
    received
}

#[test]
fn a_false_observed_address_makes_both_show_a_third_party_sealed_bytes_only() {
    let third = TcpListener::bind("127.0.0.9:0").unwrap();
    let liar: SocketAddr = third.local_addr().unwrap();
    let seen = third_party(third, CONFIRM);
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let host = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&host, &evil);
    let guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();

    waits.paired_observed(Role::Host, &comes.offer, liar);
    comes.paired_observed(Role::Guest, &waits.offer, liar);
    let sealed = [waits.sealed(), comes.sealed()];
    waits.hand(&sealed[1]);
    host.listens_at();
    // The host is held, so that the guest tries every address it was given.
    let pid = Pid::from_raw(host.pid());
    kill(pid, Signal::SIGSTOP).unwrap();
    comes.hand(&sealed[0]);
    let first = seen.recv_timeout(Duration::from_secs(20));
    kill(pid, Signal::SIGCONT).unwrap();
    let first = first.expect("the lie was believed, as far as it goes");
    for client in [&host, &guest] {
        client.await_event("connected");
    }
    drop((host, guest));

    let all: Vec<_> = std::iter::once(first).chain(seen.try_iter()).collect();
    // Both were told so.
    assert!(all.len() <= 2 * TRIES, "{}", all.len());
    let identities = homes.each_ref().map(identity_of);
    for bytes in &all {
        assert!(bytes.len() <= CONFIRM);
        for secret in SECRETS
            .iter()
            .chain([&&identities[0][..], &&identities[1][..]])
        {
            assert!(!holds(bytes, secret));
        }
    }
    evil.assert_learnt_nothing(&[&SECRETS[..], &[&identities[0], &identities[1]]].concat());
}

#[test]
fn a_stranger_can_make_the_guest_dial_eight_addresses_a_few_times_each_and_no_more() {
    dials_are_bounded(Role::Guest);
}

#[test]
fn a_stranger_can_make_the_host_dial_eight_addresses_a_few_times_each_and_no_more() {
    dials_are_bounded(Role::Host);
}

fn dials_are_bounded(client: Role) {
    // Some close at once, some after the first bytes; one port is shut.
    let listeners: Vec<_> = (0..7)
        .map(|_| TcpListener::bind("127.0.0.9:0").unwrap())
        .collect();
    let mut addresses: Vec<_> = listeners.iter().map(|l| l.local_addr().unwrap()).collect();
    let shut = TcpListener::bind("127.0.0.9:0").unwrap();
    addresses.push(shut.local_addr().unwrap());
    drop(shut);
    let seen: Vec<_> = listeners
        .into_iter()
        .zip(0..)
        .map(|(listener, i)| third_party(listener, if i % 2 == 0 { 0 } else { CONFIRM }))
        .collect();

    let (evil, home) = (Evil::start(), Home::new());
    let guest = bob(&home, &evil, "quiet-lab");
    let mut seat = evil.join();
    if client == Role::Host {
        seat.waiting();
    }
    let impostor = Impostor::in_room("quiet-lab");
    let begun = impostor.begin(&mut seat, client, &Candidates::new(addresses));
    seat.hand(&begun.ours);
    match client {
        Role::Guest => assert_eq!(Ended::of(guest, PATIENCE).code, 5),
        Role::Host => assert_eq!(guest.await_event("error")["code"], "spent"),
    }
    let identity = identity_of(&home);
    for third in seen {
        let all: Vec<_> = third.try_iter().collect();
        assert!((1..=TRIES).contains(&all.len()), "{}", all.len());
        for bytes in all {
            assert!(bytes.len() <= CONFIRM);
            assert!(!holds(&bytes, b"bob-bitworth") && !holds(&bytes, &identity));
        }
    }
}

/// A client that names no mediator and finds this one on loopback.
fn finds(home: &Home, evil: &Evil) -> Client {
    let (_, port) = evil.url.rsplit_once(':').unwrap();
    let start = Start::new(home, &["chat", "--json", "-v", "--bind", "127.0.0.1"]);
    let mut start = start.args(&["--name", "bob-bitworth", "--local-port", port]);
    start.command.env("UNDERTONE_ROOM", "quiet-lab");
    let client = start.run();
    evil.is_asked_for_its_version();
    client
}

/// A client that was given an invite which leads to this machine itself.
fn invited(home: &Home, evil: &Evil) -> Client {
    let start = Start::new(home, &["chat", "--json", "-v", "--bind", "127.0.0.1"]);
    let mut start = start.args(&["--name", "bob-bitworth"]);
    start
        .command
        .env("UNDERTONE_ROOM", format!("{}/#quiet-lab", evil.url));
    let client = start.run();
    evil.is_asked_for_its_version();
    client
}

/// How often services of this machine are called when a client is told of them; the other one
/// `shows` that it is on this machine, or not.
fn calls(start: fn(&Home, &Evil) -> Client, client: Role, shows: bool) -> usize {
    let services: Vec<_> = ["127.0.0.1:0", "127.0.0.9:0", "[::1]:0"]
        .iter()
        .map(|address| TcpListener::bind(address).unwrap())
        .collect();
    let addresses: Vec<_> = services.iter().map(|l| l.local_addr().unwrap()).collect();
    let seen: Vec<_> = services.into_iter().map(|l| third_party(l, 0)).collect();
    let (evil, home) = (Evil::start(), Home::new());
    let who = start(&home, &evil);
    let mut seat = evil.join();
    if client == Role::Host {
        seat.waiting();
    }
    let impostor = Impostor::in_room("quiet-lab");
    let machine = shows.then(|| machine().unwrap());
    let candidates = Candidates::new(addresses).on_machine(machine);
    let begun = impostor.begin(&mut seat, client, &candidates);
    seat.hand(&begun.ours);
    match client {
        Role::Guest => assert_eq!(Ended::of(who, PATIENCE).code, 5),
        Role::Host => assert_eq!(who.await_event("error")["code"], "spent"),
    }
    seen.iter().map(|seen| seen.try_iter().count()).sum()
}

/// That the mediator is on loopback shows nothing of the other one: it may come from afar.
#[test]
fn services_of_this_machine_are_not_called_for_who_has_not_shown_to_be_here() {
    for client in [Role::Guest, Role::Host] {
        assert_eq!(calls(finds, client, false), 0);
    }
    assert_eq!(calls(invited, Role::Guest, false), 0);
}

#[test]
fn who_has_shown_to_be_here_is_dialled_here() {
    assert!(calls(finds, Role::Guest, true) > 0);
}

#[test]
fn addresses_that_reach_nobody_or_everybody_are_not_dialled() {
    let (evil, home) = (Evil::start(), Home::new());
    let guest = bob(&home, &evil, "quiet-lab");
    let mut seat = evil.join();
    let impostor = Impostor::in_room("quiet-lab");
    let bad = [
        "0.0.0.0:9",
        "[::]:9",
        "224.0.0.1:9",
        "[ff02::1]:9",
        "255.255.255.255:9",
        "127.0.0.9:0",
    ];
    let candidates = Candidates::new(bad.map(|address| address.parse().unwrap()));
    let begun = impostor.begin(&mut seat, Role::Guest, &candidates);
    seat.hand(&begun.ours);
    assert_eq!(Ended::of(guest, PATIENCE).code, 5);
}

#[test]
fn the_mediator_does_not_see_the_addresses_that_the_host_gives() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let host = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&host, &evil);
    let guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();
    crate::hostile::pair_honestly(&mut waits, &mut comes);
    guest.await_event("connected");
    let host_address: SocketAddr = host.listens_at().parse().unwrap();
    let (port, text) = (host_address.port().to_be_bytes(), host_address.to_string());
    let slot = [&[127, 0, 0, 1][..], &[0; 12], &port].concat();
    evil.assert_learnt_nothing(&[
        text.as_bytes(),
        &slot,
        &[&[127, 0, 0, 1][..], &port].concat(),
    ]);
}
