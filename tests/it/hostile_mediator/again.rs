//! It plays with the rooms in which contacts wait for each other after a crash.

use undertone_core::pairing::{Candidates, PairingError};
use undertone_wire::Role;

use super::{ROOM, SECRETS, SOON, ada, bob, seated};
use crate::common::proxy::Proxy;
use crate::common::{Client, Home, Start};
use crate::hostile::end::Impostor;
use crate::hostile::{Ended, Evil, Seat, identity_of, pair_honestly};

/// Ada and bob, who talk. Of a mediator with both in their room nothing else is wanted.
fn talking(evil: &Evil, homes: &[Home; 2]) -> [Client; 2] {
    let ada = ada(&homes[0], evil, ROOM);
    let mut waits = seated(&ada, evil);
    let bob = bob(&homes[1], evil, ROOM);
    let mut comes = evil.join();
    pair_honestly(&mut waits, &mut comes);
    for client in [&ada, &bob] {
        client.await_event("connected");
    }
    homes.iter().for_each(|home| home.await_contacts(1));
    [ada, bob]
}

/// Guesses at whoever sits here, and fails.
fn guess(seat: &mut Seat<'_>, role: Role) {
    let impostor = Impostor::in_room("quiet-lab#guess");
    let begun = impostor.begin(seat, role, &Candidates::default());
    seat.hand(&begun.ours);
    assert_eq!(begun.open().err(), Some(PairingError::Secret));
}

#[test]
fn guesses_where_contacts_wait_for_each_other_spend_nothing() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let [ada, mut bob] = talking(&evil, &homes);
    bob.kill();
    ada.await_event("reconnecting");
    // The resume room first; where she waits for who starts anew, only once she sits there.
    let mut resumes = evil.join();
    resumes.waiting();
    for round in 0..5 {
        let mut seat = evil.join_where(|seat| seat.room != resumes.room);
        guess(&mut seat, [Role::Host, Role::Guest][round % 2]);
    }
    drop(resumes);

    // And whoever starts anew, in its room first.
    let mut bob = super::bob(&homes[1], &evil, ROOM);
    let mut waits = evil.join_in(ROOM);
    waits.waiting();
    bob.await_event("waiting");
    for round in 0..5 {
        let mut seat = evil.join_where(|seat| seat.room != waits.room);
        guess(&mut seat, [Role::Host, Role::Guest][round % 2]);
    }
    bob.kill();
    let ended = Ended::of(ada, SOON);
    let told = [&ended.out[..], &bob.out.rest()].concat();
    let spent = told.iter().find(|line| line.contains("spent"));
    assert_eq!(spent, None);
    let identities = homes.each_ref().map(identity_of);
    evil.assert_learnt_nothing(&[&SECRETS[..], &[&identities[0], &identities[1]]].concat());
}

#[test]
fn two_who_are_kept_from_resuming_and_paired_anew_lose_nothing() {
    let (evil, proxy) = (Evil::start(), Proxy::start());
    let homes = [Home::new(), Home::new()];
    let ada = Start::chat(&homes[0], &evil.url, "ada-lovelace", ROOM);
    let mut ada = ada.args(&["--advertise", &proxy.address()]).run();
    let mut waits = seated(&ada, &evil);
    // From another address, so that the test can tell the two apart.
    let bob = Start::new(&homes[1], &["chat", "--json", "--bind", "127.0.0.2"]);
    let mut bob = bob.args(&["--name", "bob-bitworth", "--mediator", &evil.url]);
    bob.command.env("UNDERTONE_ROOM", ROOM);
    let mut bob = bob.dials_only().run();
    let mut comes = evil.join();
    pair_honestly(&mut waits, &mut comes);
    proxy.aim(&ada.listens_at());
    for client in [&ada, &bob] {
        client.await_event("connected");
    }
    ada.say("before");
    assert_eq!(bob.await_message(), "before");
    ada.await_event("delivered");
    proxy.cut();
    for client in [&mut ada, &mut bob] {
        client.await_event("reconnecting");
        client.say("meanwhile");
        client.await_event("queued");
    }
    // Both sit in the resume room, and nobody says so to the other one.
    let mut resume = [evil.join(), evil.join()];
    assert_eq!(resume[0].room, resume[1].room);
    resume.iter_mut().for_each(Seat::waiting);
    let mut seats: Vec<Seat<'_>> = Vec::new();
    let mut pair = loop {
        let mut seat = evil.join_where(|seat| seat.room != resume[0].room);
        seat.waiting();
        match seats.iter().position(|before| before.room == seat.room) {
            Some(before) => break [seats.swap_remove(before), seat],
            None => seats.push(seat),
        }
    };
    pair.sort_by_key(|seat| seat.from.ip());
    let [host, guest] = &mut pair;
    pair_honestly(host, guest);
    proxy.aim(&ada.listens_at());
    proxy.mend();
    for client in [&ada, &bob] {
        let back = client.await_event("connected");
        assert_eq!(
            (&back["resumed"], &back["again"]),
            (&true.into(), &true.into())
        );
        assert_eq!(client.await_event("message")["text"], "meanwhile");
    }
}

#[test]
fn who_is_paired_in_the_room_of_people_is_nowhere_else_any_more() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    for mut client in talking(&evil, &homes) {
        client.kill();
    }
    // The one who was killed last may have been on its way back to the other one.
    let client = ada(&homes[0], &evil, ROOM);
    let mut waits = evil.join_in(ROOM);
    waits.waiting();
    client.await_event("waiting");
    let mut elsewhere = evil.join_where(|seat| seat.room != waits.room);
    // A pairing is under way there.
    let impostor = Impostor::in_room("quiet-lab#guess");
    impostor.begin(&mut elsewhere, Role::Host, &Candidates::default());
    let third = Impostor::in_room(ROOM);
    let begun = third.begin(&mut waits, Role::Host, &Candidates::default());
    waits.hand(&begun.ours);
    assert!(begun.open().is_ok(), "the room's secret is theirs");
    assert_eq!(elsewhere.next(), None);
}
