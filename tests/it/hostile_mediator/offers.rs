//! It hands on OFFERs that no client makes, or the client's own. Our SEALED never goes out for
//! them, so that nothing is spent; and it cannot make us hurry.

use std::time::{Duration, Instant};

use undertone_core::pairing::Candidates;
use undertone_wire::Role;

use super::{ROOM, ada, assert_spent, seated, shares_a_value};
use crate::common::{Client, Home};
use crate::hostile::end::{End, Impostor};
use crate::hostile::{Evil, Seat};

/// OFFERs that are refused, made of a client's own, and what is said of each.
fn refused(ours: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let with = |at: std::ops::Range<usize>, byte: u8| {
        // Of another one, but for what is put there.
        let mut offer: Vec<u8> = ours.iter().map(|byte| byte ^ 0x40).collect();
        (offer[0], offer[1]) = (1, 1);
        offer[33] &= 0x7f;
        offer[at].fill(byte);
        offer
    };
    let swapped = |at: std::ops::Range<usize>| {
        let mut offer = with(0..0, 0);
        offer[at.clone()].copy_from_slice(&ours[at]);
        offer
    };
    vec![
        (with(0..1, 2), "older or newer"),
        (with(0..1, 0), "older or newer"),
        (with(1..2, 2), "older or newer"),
        (with(6..38, 0xff), "invalid key"),
        (with(38..70, 0xff), "invalid key"),
        (ours.to_vec(), "own offer"),
        (swapped(6..38), "own offer"),
        (swapped(70..102), "own offer"),
        (ours[..101].to_vec(), "length"),
        (Vec::new(), "length"),
    ]
}

/// The client says that of what it was handed, and takes its seat again, unspent.
fn assert_unspent<'a>(client: &Client, evil: &'a Evil, said: &str, before: &[u8]) -> Seat<'a> {
    let error = client.await_event("error");
    assert_eq!(error["code"], "attempt", "{error}");
    let text = error.to_string();
    assert!(
        text.contains(said) && !text.contains("spent"),
        "{said}: {error}"
    );
    let seat = evil.join();
    assert!(!shares_a_value(&seat.offer, before));
    seat
}

#[test]
fn offers_that_are_refused_spend_nothing_and_are_said() {
    let (evil, home) = (Evil::start(), Home::new());
    let host = ada(&home, &evil, ROOM);
    let mut seat = seated(&host, &evil);
    // Fewer than there are kinds: each costs the mediator a longer pause.
    for kind in 0..refused(&seat.offer).len().min(6) {
        let (offer, said) = refused(&seat.offer).swap_remove(kind);
        seat.paired(Role::Host, &offer);
        assert!(seat.next().is_none(), "no SEALED for {said}");
        let before = std::mem::take(&mut seat.offer);
        drop(seat);
        seat = assert_unspent(&host, &evil, said, &before);
        seat.waiting();
    }
    // The invite is as good as before: two guesses are left after one.
    let begun =
        Impostor::in_room("quiet-lab#guess").begin(&mut seat, Role::Host, &Candidates::default());
    seat.hand(&begun.ours);
    let before = std::mem::take(&mut seat.offer);
    drop(seat);
    let mut seat = assert_spent(&host, &evil, 2, &before);
    // And who has the secret is met.
    let begun = Impostor::in_room(ROOM).begin(&mut seat, Role::Host, &Candidates::default());
    seat.hand(&begun.ours);
    let matched = begun.open().unwrap();
    End::dial(&evil, matched, "bob-bitworth");
    host.await_event("connected");
}

#[test]
fn refused_offers_come_no_faster_than_the_client_likes() {
    let (evil, home) = (Evil::start(), Home::new());
    let _host = ada(&home, &evil, ROOM);
    let begun = Instant::now();
    let mut joins = 0;
    while begun.elapsed() < Duration::from_secs(6) {
        let mut seat = evil.join();
        seat.waiting();
        let ours = seat.offer.clone();
        seat.paired(Role::Host, &ours);
        joins += 1;
    }
    assert!(joins <= 8, "{joins} in {:?}", begun.elapsed());
}
