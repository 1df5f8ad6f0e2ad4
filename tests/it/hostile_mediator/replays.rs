//! It hands out what it has seen before: old offers, whole old pairings, our own.

use undertone_wire::Role;

use super::{ROOM, SOON, ada, assert_spent, bob, seated};
use crate::common::{Client, Home};
use crate::hostile::{Ended, Evil, Seat, pair_honestly};

/// Ada and Bob meet once; Bob's OFFER and SEALED are kept.
fn meet_once(evil: &Evil, homes: &[Home; 2]) -> [Vec<u8>; 2] {
    let mut host = ada(&homes[0], evil, ROOM);
    let mut waits = seated(&host, evil);
    let guest = bob(&homes[1], evil, ROOM);
    let mut comes = evil.join();
    let [_, sealed] = pair_honestly(&mut waits, &mut comes);
    host.await_event("connected");
    host.say("/quit");
    for client in [host, guest] {
        assert_eq!(Ended::of(client, SOON).code, 0);
    }
    [comes.offer, sealed]
}

#[test]
fn a_replayed_pairing_is_a_spent_attempt() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let [offer, sealed] = meet_once(&evil, &homes);
    let host = ada(&homes[0], &evil, ROOM);
    let mut seat = seated(&host, &evil);
    seat.paired(Role::Host, &offer);
    seat.sealed();
    seat.hand(&sealed);
    assert_spent(&host, &evil, 2, &seat.offer);
}

#[test]
fn a_replayed_offer_between_two_who_are_there_parts_them_and_nothing_more() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let [offer, _] = meet_once(&evil, &homes);
    let host = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&host, &evil);
    let guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join_in(ROOM);
    // The host gets Bob's old offer with his new SEALED.
    waits.paired(Role::Host, &offer);
    comes.paired(Role::Guest, &waits.offer);
    let sealed = [waits.sealed(), comes.sealed()];
    waits.hand(&sealed[1]);
    comes.hand(&sealed[0]);
    assert_eq!(Ended::of(guest, SOON).code, 6);
    assert_spent(&host, &evil, 2, &waits.offer);
}

/// What a client says of an offer that is refused before any SEALED.
fn refusal(client: &Client, seat: &mut Seat<'_>) -> String {
    assert!(seat.next().is_none(), "nothing is sealed for such an offer");
    let error = client.await_event("error");
    assert_eq!(error["code"], "attempt", "{error}");
    error["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_reflected_offer_is_refused_and_nothing_is_sealed_for_it() {
    let (evil, home) = (Evil::start(), Home::new());
    let host = ada(&home, &evil, ROOM);
    let mut seat = seated(&host, &evil);
    // Whole, then only E and only C of it: the rest is another client's.
    let foreign = {
        let other = bob(&home, &evil, ROOM);
        let offer = evil.join().offer;
        drop(other);
        offer
    };
    for range in [0..102, 6..38, 70..102] {
        let mut offer = foreign.clone();
        offer[range.clone()].copy_from_slice(&seat.offer[range]);
        seat.paired(Role::Host, &offer);
        let why = refusal(&host, &mut seat);
        assert_eq!(why, "our own offer came back to us");
        seat = evil.join();
    }
    // However often: the seat is taken again.
    seat.waiting();
}

#[test]
fn offers_of_another_version_or_with_bad_points_are_refused_and_nothing_is_sealed_for_them() {
    let (evil, home) = (Evil::start(), Home::new());
    let sound = {
        let _other = bob(&home, &evil, ROOM);
        evil.join().offer
    };
    let altered = |range: std::ops::Range<usize>, byte: u8| {
        let mut offer = sound.clone();
        offer[range].fill(byte);
        offer
    };
    // u = 1 is of order 4; p + 1 is the same point, written in another way.
    let mut low_order = altered(6..38, 0);
    low_order[6] = 1;
    let mut not_canonical = altered(6..38, 0xff);
    not_canonical[6] = 0xee;
    not_canonical[37] = 0x7f;
    let bad = [
        (altered(0..1, 2), "older or newer"),
        (altered(1..2, 2), "older or newer"),
        (altered(6..38, 0), "invalid key"),
        (low_order, "invalid key"),
        (not_canonical, "invalid key"),
        (altered(37..38, 0xff), "invalid key"),
        (altered(38..70, 0), "invalid key"),
        (altered(38..70, 0xff), "invalid key"),
        (sound[..101].to_vec(), "wrong length"),
        (Vec::new(), "wrong length"),
    ];
    for (offer, why) in bad {
        let guest = bob(&home, &evil, ROOM);
        let mut seat = evil.join();
        seat.paired(Role::Guest, &offer);
        assert!(seat.next().is_none(), "nothing is sealed for such an offer");
        let ended = Ended::of(guest, SOON);
        let error = ended.error();
        assert_eq!(ended.code, 6);
        assert!(error["message"].as_str().unwrap().contains(why), "{error}");
        assert!(
            !error["hint"].as_str().unwrap().contains("spent"),
            "{error}"
        );
    }
}

#[test]
fn a_reflected_sealed_is_a_spent_attempt() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let host = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&host, &evil);
    let guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();
    waits.paired(Role::Host, &comes.offer);
    comes.paired(Role::Guest, &waits.offer);
    for seat in [&mut waits, &mut comes] {
        let own = seat.sealed();
        seat.hand(&own);
    }
    assert_eq!(Ended::of(guest, SOON).code, 6);
    assert_spent(&host, &evil, 2, &waits.offer);
}
