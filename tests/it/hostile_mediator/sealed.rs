//! It meddles with SEALED: alters, cuts, doubles, swaps the order of things.

use undertone_core::crypto::keys::{PublicKey, SecretKey};
use undertone_core::pairing::{
    AwaitSealed, Candidates, Meeting, Offering, PairingError, Role as End,
};
use undertone_wire::Role;

use super::{ROOM, SECRETS, SOON, ada, assert_spent, bob, seated};
use crate::common::Home;
use crate::hostile::{Ended, Evil, identity_of, pair_honestly};

/// A host that awaits SEALED, and the guest's.
fn half_paired(identities: &[PublicKey; 2]) -> (AwaitSealed, Vec<u8>) {
    let meeting = Meeting {
        tag: [7; 32],
        prs: undertone_core::crypto::keys::prs(Some(b"otter")),
    };
    let [host, guest] = identities
        .each_ref()
        .map(|identity| Offering::new(meeting.clone(), *identity));
    let (offer, none) = (host.offer().to_vec(), Candidates::default());
    let (host, _) = host.paired(End::Host, guest.offer(), &none).unwrap();
    let (_, sealed) = guest.paired(End::Guest, &offer, &none).unwrap();
    (host, sealed.to_vec())
}

#[test]
fn every_altered_byte_of_sealed_is_refused() {
    let identities = [(); 2].map(|()| SecretKey::generate().public());
    let (host, sealed) = half_paired(&identities);
    assert!(host.sealed(&sealed, None).is_ok());
    for at in 0..sealed.len() {
        let (host, mut sealed) = half_paired(&identities);
        sealed[at] ^= 1 << (at % 8);
        let refused = host.sealed(&sealed, None).err();
        assert_eq!(refused, Some(PairingError::Secret), "byte {at}");
    }
}

#[test]
fn an_altered_truncated_or_lengthened_sealed_is_a_spent_attempt() {
    let alter: [fn(&mut Vec<u8>); 6] = [
        |sealed| sealed[0] ^= 1,
        |sealed| sealed[511] ^= 0x80,
        |sealed| sealed.truncate(511),
        |sealed| sealed.truncate(496),
        Vec::clear,
        |sealed| sealed.extend_from_within(..),
    ];
    for alter in alter {
        let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
        let host = ada(&homes[0], &evil, ROOM);
        let mut waits = seated(&host, &evil);
        let guest = bob(&homes[1], &evil, ROOM);
        let mut comes = evil.join();
        waits.paired(Role::Host, &comes.offer);
        comes.paired(Role::Guest, &waits.offer);
        let mut sealed = [waits.sealed(), comes.sealed()];
        sealed.iter_mut().for_each(alter);
        waits.hand(&sealed[1]);
        comes.hand(&sealed[0]);
        assert_eq!(Ended::of(guest, SOON).code, 6);
        let mut waits = assert_spent(&host, &evil, 2, &waits.offer);

        // The honest pair, once it is let, still connects.
        let guest = bob(&homes[1], &evil, ROOM);
        pair_honestly(&mut waits, &mut evil.join());
        for client in [&host, &guest] {
            client.await_event("connected");
        }
        let identities = homes.each_ref().map(identity_of);
        evil.assert_learnt_nothing(&[&SECRETS[..], &[&identities[0], &identities[1]]].concat());
    }
}

#[test]
fn a_doubled_sealed_changes_nothing() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let mut host = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&host, &evil);
    let guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();
    let sealed = pair_honestly(&mut waits, &mut comes);
    for _ in 0..100 {
        waits.hand(&sealed[1]);
        comes.hand(&sealed[0]);
    }
    host.await_event("connected");
    host.say("still here");
    assert_eq!(guest.await_message(), "still here");
}

#[test]
fn a_second_paired_in_place_of_sealed_is_a_spent_attempt() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let host = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&host, &evil);
    let guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();
    for _ in 0..2 {
        waits.paired(Role::Host, &comes.offer);
        comes.paired(Role::Guest, &waits.offer);
    }
    assert_eq!(Ended::of(guest, SOON).code, 6);
    assert_spent(&host, &evil, 2, &waits.offer);
    // One SEALED came of it, not two for two pairings.
    waits.sealed();
    assert!(waits.next().is_none());
}

#[test]
fn sealed_before_paired_and_paired_before_waiting_are_taken_in_stride() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let host = ada(&homes[0], &evil, ROOM);
    let mut waits = evil.join();
    let guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();
    for seat in [&mut waits, &mut comes] {
        seat.hand(&[0; 512]);
        seat.say(&undertone_wire::MediatorMessage::PeerLeft);
    }
    pair_honestly(&mut waits, &mut comes);
    for client in [&host, &guest] {
        client.await_event("connected");
    }
}
