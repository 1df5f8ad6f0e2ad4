//! It sends what a client answers by itself, WebSocket pings above all, and reads none of the
//! answers: in every state the client's memory stays as it is.

use std::thread;

use futures_util::future::Either;
use tokio::sync::oneshot;
use undertone_core::pairing::Candidates;
use undertone_wire::{ClientMessage, MediatorMessage, Opaque, Role, Terms};

use super::{ROOM, ada, seated};
use crate::common::{Client, Home, Start};
use crate::hostile::end::Impostor;
use crate::hostile::memory::{peak_beside_program_kib, peak_kib};
use crate::hostile::tls::Tls;
use crate::hostile::{Evil, Seat};

/// Far more than sockets hold.
const FLOOD: usize = 24 << 20;
/// By how much a client may grow, in KiB, …
const GROWN: u64 = 10 * 1024;
/// … and what it may take in all, beside its program.
const WHOLE: u64 = 6 * 1024;

/// The longest ping there is.
const PING: [u8; 127] = {
    let mut ping = [7; 127];
    (ping[0], ping[1]) = (0x89, 125);
    ping
};

/// All of these frames go in, or as many as it hears before its patience ends, and the client
/// stays as it is.
fn assert_flat(client: &Client, seat: &mut Seat<'_>, frames: &[&[u8]]) {
    let before = peak_kib(client.pid());
    for frame in frames {
        // Short ones cost the most time.
        seat.pour(frame, FLOOD.min(frame.len() * FLOOD / PING.len()));
    }
    let grown = peak_kib(client.pid()) - before;
    let whole = peak_beside_program_kib(client.pid());
    assert!(
        grown < GROWN && whole < WHOLE,
        "{grown} KiB, {whole} in all"
    );
}

#[test]
fn pings_whose_pongs_nobody_reads_take_no_memory_while_one_waits() {
    let (evil, home) = (Evil::start(), Home::new());
    let client = ada(&home, &evil, ROOM);
    let mut seat = seated(&client, &evil);
    // Long ones, empty ones, pongs; and those amid a text that is begun and never ended.
    assert_flat(&client, &mut seat, &[&PING, &[0x89, 0], &[0x8a, 1, 7]]);
    seat.pour(&[0x01, 1, b'{'], 3);
    assert_flat(&client, &mut seat, &[&[0x89, 1, 7, 0x00, 0], &PING]);
}

#[test]
fn pings_whose_pongs_nobody_reads_take_no_memory_behind_tls() {
    let (evil, home, files) = (Evil::start(), Home::new(), Home::new());
    let tls = Tls::before(&evil, &files);
    let mut start = Start::chat(&home, &tls.url, "ada-lovelace", ROOM);
    start.command.env("SSL_CERT_FILE", &tls.files.certificate);
    let client = start.run();
    let mut seat = seated(&client, &evil);
    assert_flat(&client, &mut seat, &[&PING]);
}

/// Says that the other one is there, at a mediator that relays.
fn paired(seat: &mut Seat<'_>, role: Role, offer: &[u8]) {
    let observed = seat.from;
    seat.say(&MediatorMessage::Paired {
        role,
        offer: Opaque::new(offer).unwrap(),
        observed,
        relay: true,
        terms: Terms::default(),
    });
}

#[test]
fn pings_whose_pongs_nobody_reads_take_no_memory_while_two_pair() {
    let (evil, home) = (Evil::start(), Home::new());
    // Nothing is answered yet.
    let client = hidden(&home, &evil, "ada-lovelace");
    assert_flat(&client, &mut evil.join(), &[&PING]);
    // The other one's SEALED is awaited.
    let impostor = Impostor::in_room(ROOM);
    let client = hidden(&home, &evil, "ada-lovelace");
    let mut seat = evil.join();
    impostor.begin(&mut seat, Role::Host, &Candidates::default());
    assert_flat(&client, &mut seat, &[&PING]);
    // The other one's consent is awaited.
    let client = hidden(&home, &evil, "ada-lovelace");
    let mut seat = evil.join();
    let offer = impostor.offering();
    paired(&mut seat, Role::Host, offer.offer());
    let (_, sealed) = offer
        .paired(
            undertone_core::pairing::Role::Guest,
            &seat.offer,
            &Candidates::default(),
        )
        .unwrap();
    seat.sealed();
    seat.hand(&sealed);
    assert_eq!(seat.next(), Some(ClientMessage::Relay));
    assert_flat(&client, &mut seat, &[&PING]);
}

/// A client that goes by relay only.
fn hidden(home: &Home, evil: &Evil, name: &str) -> Client {
    let start = Start::new(home, &["chat", "--json", "--hide-ip", "--relay", "always"]);
    let mut start = start.args(&["--name", name, "--mediator", &evil.url]);
    start.command.env("UNDERTONE_ROOM", ROOM);
    let client = start.run();
    // It asks first whether a relay is to be had.
    let mut asked = evil.join();
    let (observed, relay_rate) = (asked.from, Some(1 << 18));
    asked.say(&MediatorMessage::Waiting {
        observed,
        expires_in: 600,
        reseat: None,
        terms: Terms {
            relay_rate,
            ..Terms::default()
        },
    });
    client
}

/// Hands on what two say by the relay, until it is to stop.
async fn carry(one: &mut Seat<'_>, other: &mut Seat<'_>, mut stop: oneshot::Receiver<()>) {
    loop {
        let said = tokio::select! {
            bytes = one.binary() => Either::Left(bytes),
            bytes = other.binary() => Either::Right(bytes),
            _ = &mut stop => return,
        };
        match said {
            Either::Left(bytes) => other.relay(bytes).await,
            Either::Right(bytes) => one.relay(bytes).await,
        }
    }
}

#[test]
fn pings_whose_pongs_nobody_reads_take_no_memory_while_it_relays() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let ada = hidden(&homes[0], &evil, "ada-lovelace");
    let seat = evil.join();
    let bob = hidden(&homes[1], &evil, "bob-bitworth");
    let mut seats = [seat, evil.join()];
    let clients = [ada, bob];
    let offers = seats.each_ref().map(|seat| seat.offer.clone());
    paired(&mut seats[0], Role::Host, &offers[1]);
    paired(&mut seats[1], Role::Guest, &offers[0]);
    let sealed = seats.each_mut().map(Seat::sealed);
    seats[0].hand(&sealed[1]);
    seats[1].hand(&sealed[0]);
    for seat in &mut seats {
        assert_eq!(seat.next(), Some(ClientMessage::Relay));
        seat.say(&MediatorMessage::Relaying);
    }
    let (linked, stop) = oneshot::channel();
    let awaiting = thread::spawn(move || {
        for client in &clients {
            client.await_event("connected");
        }
        let _ = linked.send(());
        clients
    });
    let [one, other] = &mut seats;
    evil.wait("link", carry(one, other, stop));
    let mut clients = awaiting.join().unwrap();
    // What is said meanwhile waits with the pongs.
    for (client, seat) in clients.iter_mut().zip(&mut seats) {
        for _ in 0..100 {
            client.say(&"words ".repeat(100));
        }
        assert_flat(client, seat, &[&PING]);
    }
}
