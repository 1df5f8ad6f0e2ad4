//! What two that met may say, and what comes of it.

use super::*;

#[test]
fn sealed_is_held_until_both_are_there_and_goes_once_each_way() {
    let mut bed = Bed::paired();
    assert_eq!(bed.sealed(1, 7), []);
    let now = bed.now;
    assert_eq!(bed.sealed(2, 8), [sealed(2, 7, now), sealed(1, 8, now)]);
    assert!(bed.rooms.is_paired(1));
}

#[test]
fn the_nearer_client_is_told_later_by_half_of_what_it_was_earlier() {
    let ms = Duration::from_millis;
    for (near, far, delay) in [(20, 20, 0), (10, 90, 40), (1, 1_001, 500), (0, 9_000, 500)] {
        for (nearer, farther) in [(1, 2), (2, 1)] {
            let mut bed = Bed::paired();
            bed.now += ms(near);
            assert_eq!(bed.sealed(nearer, 7), []);
            bed.now += ms(far - near);
            let out = bed.sealed(farther, 8);
            let (now, later) = (bed.now, bed.now + ms(delay));
            assert_eq!(out, [sealed(farther, 7, now), sealed(nearer, 8, later)]);
        }
    }
}

#[test]
fn who_leaves_before_both_are_sealed_takes_its_own_along() {
    let mut bed = Bed::paired();
    bed.sealed(1, 7);
    assert_eq!(bed.leave(1), [(2, Event::PeerLeft)]);
    assert_eq!(bed.sealed(2, 8), []);
    assert!(bed.empty());
}

#[test]
fn a_second_sealed_ends_the_pairing() {
    for both in [false, true] {
        let mut bed = Bed::paired();
        bed.sealed(1, 7);
        if both {
            bed.sealed(2, 8);
        }
        assert_eq!(
            bed.sealed(1, 7),
            [(2, Event::PeerLeft), refused(1, Refusal::SealedTwice)]
        );
        assert!(bed.empty());
        assert_eq!(bed.sealed(2, 8), []);
    }
}

#[test]
fn sealed_while_waiting_is_refused() {
    let mut bed = Bed::new(9);
    bed.join(1, ROOM, 1);
    assert_eq!(bed.sealed(1, 7), [refused(1, Refusal::NotPaired)]);
    assert!(bed.empty());
}

#[test]
fn a_relay_begins_when_both_asked() {
    let mut bed = Bed::new(9);
    bed.sealed_pair(1, 2);
    assert_eq!(bed.relay(2), []);
    let both = [(1, Event::Relaying), (2, Event::Relaying)];
    assert_eq!(bed.relay(1), both);
    assert!(!bed.rooms.is_paired(1));
    // It lasts until one of the two goes.
    bed.now += SEAT;
    assert_eq!((bed.lapse(1), bed.lapse(2)), (vec![], vec![]));
    assert_eq!(bed.leave(1), [(2, Event::PeerLeft)]);
    assert!(bed.empty());
    assert_eq!(bed.relay(2), []);
}

#[test]
fn who_asked_waits_longer_for_the_other_to_agree() {
    let mut bed = Bed::new(9);
    bed.sealed_pair(1, 2);
    bed.now += PAIRING / 2;
    bed.relay(1);
    let until = bed.now + RELAY_ASK;
    bed.now = until - Duration::from_millis(1);
    assert_eq!((bed.lapse(1), bed.lapse(2)), (vec![], vec![]));
    assert_eq!(bed.rooms.paired_until(2), Some(until));
    bed.now = until;
    assert_eq!(bed.lapse(1).len(), 2);
    assert!(bed.empty());
}

#[test]
fn a_relay_is_refused_before_both_sealed_twice_and_where_there_is_none() {
    let mut bed = Bed::paired();
    bed.sealed(1, 7);
    let out = bed.relay(1);
    assert_eq!(out, [(2, Event::PeerLeft), refused(1, Refusal::RelayEarly)]);
    bed.sealed_pair(1, 2);
    bed.relay(1);
    let out = bed.relay(1);
    assert_eq!(out, [(2, Event::PeerLeft), refused(1, Refusal::RelayTwice)]);
    bed.join(1, ROOM, 1);
    assert_eq!(bed.relay(1), [refused(1, Refusal::NotPaired)]);
    bed.rooms.limits.relays = None;
    bed.sealed_pair(1, 2);
    let out = bed.relay(1);
    assert_eq!(out, [(2, Event::PeerLeft), refused(1, Refusal::NoRelay)]);
    assert!(bed.empty());
}

#[test]
fn relays_are_capped_and_come_free() {
    let mut bed = Bed::new(9);
    for (host, guest) in [(1, 2), (3, 4)] {
        bed.sealed_pair(host, guest);
        bed.relay(host);
    }
    assert_eq!(bed.relay(2).len(), 2);
    let full = Refusal::RelayFull;
    assert_eq!(bed.relay(4), [refused(4, full), refused(3, full)]);
    bed.leave(1);
    bed.sealed_pair(3, 4);
    bed.relay(4);
    assert_eq!(bed.relay(3), [(3, Event::Relaying), (4, Event::Relaying)]);
}

#[test]
fn an_address_has_its_share_of_the_relays_and_gets_it_back() {
    const SHARE: ClientId = 5;
    let mut bed = Bed::relaying(9, SHARE as usize * RELAY_SHARE);
    let both = |bed: &mut Bed, guest: ClientId, host_at, guest_at| {
        bed.sealed_pair(100 + guest, guest);
        bed.relay_from(100 + guest, host_at);
        bed.relay_from(guest, guest_at)
    };
    // Each from 1, with others elsewhere; then the other way round.
    for guest in 1..=SHARE {
        assert_eq!(both(&mut bed, guest, 9 + guest as u32, 1).len(), 2);
    }
    for (host_at, guest_at) in [(50, 1), (1, 50), (1, 1)] {
        let refused_both = [
            refused(20, Refusal::RelayShare),
            refused(120, Refusal::RelayShare),
        ];
        assert_eq!(both(&mut bed, 20, host_at, guest_at), refused_both);
    }
    // Nothing of that counts for the others.
    for guest in 21..21 + SHARE {
        let relaying = [(guest, Event::Relaying), (100 + guest, Event::Relaying)];
        assert_eq!(both(&mut bed, guest, 50, 60 + guest as u32), relaying);
    }
    bed.leave(1);
    bed.rooms.done(102);
    // Two sides of one pair are two.
    assert_eq!(both(&mut bed, 30, 1, 1)[0], (30, Event::Relaying));
    assert_eq!(
        both(&mut bed, 31, 1, 70)[0],
        refused(31, Refusal::RelayShare)
    );
}

#[test]
fn whatever_the_share_two_pairs_of_one_address_are_relayed() {
    let mut bed = Bed::relaying(9, 9);
    for (host, guest) in [(1, 2), (3, 4)] {
        bed.sealed_pair(host, guest);
        bed.relay(host);
        assert_eq!(bed.relay(guest)[0], (guest, Event::Relaying));
    }
    bed.sealed_pair(5, 6);
    bed.relay(5);
    assert_eq!(bed.relay(6)[0], refused(6, Refusal::RelayShare));
}
