//! A mediator that lies, against the real programs: each test is named by its
//! attack. What it must never achieve is PROTOCOL.md's table of adversaries.

mod addresses;
mod again;
mod guesses;
mod keys;
mod noise;
mod offers;
mod pings;
mod replays;
mod sealed;
mod texts;
mod unfit;
mod waits;

use std::time::Duration;

use crate::common::{Client, Home, Start};
use crate::hostile::{Ended, Evil, Seat};

/// Far above what a loaded machine needs, and below any wait of the protocol.
const SOON: Duration = Duration::from_secs(8);

const ROOM: &str = "quiet-lab#otter-velvet";
/// What nobody but the two may learn, besides keys and addresses.
const SECRETS: [&[u8]; 5] = [
    b"ada-lovelace",
    b"bob-bitworth",
    b"quiet-lab",
    b"otter",
    b"velvet",
];

fn ada(home: &Home, evil: &Evil, room: &str) -> Client {
    Start::chat(home, &evil.url, "ada-lovelace", room).run()
}

fn bob(home: &Home, evil: &Evil, room: &str) -> Client {
    Start::chat(home, &evil.url, "bob-bitworth", room).run()
}

/// A client that waits in the room.
fn seated<'a>(client: &Client, evil: &'a Evil) -> Seat<'a> {
    let mut seat = evil.join();
    seat.waiting();
    client.await_event("waiting");
    seat
}

/// A spent attempt is said to be one, and the next offer is a fresh one.
fn assert_spent<'a>(client: &Client, evil: &'a Evil, left: u32, before: &[u8]) -> Seat<'a> {
    let error = client.await_event("error");
    assert_eq!(error["code"], "spent", "{error}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains(&format!("spent; {left} left")), "{hint}");
    // Who has met somebody here waits for them elsewhere, too.
    let seat = evil.join_in(ROOM);
    assert!(!shares_a_value(&seat.offer, before));
    seat
}

/// The invite died of three spent attempts.
fn assert_dead(client: Client) {
    let ended = Ended::of(client, SOON);
    let error = ended.error();
    assert_eq!(ended.code, 6, "{error}");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("invite is dead"),
        "{error}"
    );
}

/// E, Y or C of both offers are the same.
fn shares_a_value(one: &[u8], other: &[u8]) -> bool {
    let values =
        |offer: &[u8]| -> Vec<Vec<u8>> { offer[2..].chunks(32).map(<[u8]>::to_vec).collect() };
    values(one).iter().zip(values(other)).any(|(a, b)| *a == b)
}
