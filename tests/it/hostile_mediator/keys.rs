//! It swaps the keys: pairs each of the two with itself.

use undertone_core::pairing::{Candidates, PairingError};
use undertone_net::link::acceptor::Acceptor;
use undertone_wire::Role;

use super::{ROOM, SECRETS, SOON, ada, assert_dead, assert_spent, bob, seated};
use crate::common::{Client, Home, Mediator, Start};
use crate::hostile::end::{End, Impostor};
use crate::hostile::{Ended, Evil, Seat, identity_of};

/// Pairs the client with `impostor` and gives it a SEALED of the impostor's.
fn swap(impostor: &Impostor, seat: &mut Seat<'_>, role: Role) -> Result<(), PairingError> {
    let begun = impostor.begin(seat, role, &Candidates::default());
    seat.hand(&begun.ours);
    begun.open().map(drop)
}

#[test]
fn swapped_keys_where_there_is_a_secret_spend_the_attempts_and_teach_nothing() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let host = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&host, &evil);
    let guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();

    let impostor = Impostor::in_room("quiet-lab#guess");
    let learnt = swap(&impostor, &mut comes, Role::Guest);
    assert_eq!(learnt, Err(PairingError::Secret));
    let ended = Ended::of(guest, SOON);
    let error = ended.error();
    assert_eq!(
        (ended.code, error["code"].as_str()),
        (6, Some("secret")),
        "{error}"
    );
    assert_eq!(error["message"], "that secret did not match");
    assert!(
        error["hint"]
            .as_str()
            .unwrap()
            .contains("This attempt is spent"),
        "{error}"
    );

    for left in [2, 1, 0] {
        let learnt = swap(&impostor, &mut waits, Role::Host);
        assert_eq!(learnt, Err(PairingError::Secret));
        if left > 0 {
            waits = assert_spent(&host, &evil, left, &waits.offer);
        }
    }
    assert_dead(host);
    let identities = homes.each_ref().map(identity_of);
    evil.assert_learnt_nothing(&[&SECRETS[..], &[&identities[0], &identities[1]]].concat());
}

/// Ada and Bob, each of whom talks to the one in between.
struct Between {
    ada: Client,
    bob: Client,
    to_ada: End,
    to_bob: End,
}

fn stand_between(evil: &Evil, homes: [&Home; 2], room: &str, names: [&str; 2]) -> Between {
    let impostor = Impostor::in_room(room);
    let ada = ada(homes[0], evil, room);
    let mut waits = seated(&ada, evil);
    let bob = bob(homes[1], evil, room);
    // Who has met somebody here waits for them elsewhere, too.
    let mut comes = evil.join_in(room);

    let begun = impostor.begin(&mut waits, Role::Host, &Candidates::default());
    waits.hand(&begun.ours);
    let to_ada = End::dial(evil, begun.open().unwrap(), names[1]);

    let inside = evil.runtime.enter();
    let acceptor = Acceptor::open(Some("127.0.0.1:0".parse().unwrap())).unwrap();
    drop(inside);
    let candidates = Candidates::new([acceptor.address()]);
    let begun = impostor.begin(&mut comes, Role::Guest, &candidates);
    comes.hand(&begun.ours);
    let to_bob = End::await_guest(evil, acceptor, begun.open().unwrap(), names[0]);
    Between {
        ada,
        bob,
        to_ada,
        to_bob,
    }
}

#[test]
fn swapped_keys_between_strangers_without_a_secret_are_found_by_the_words() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let names = ["ada-lovelace", "bob-bitworth"];
    let mut between = stand_between(&evil, [&homes[0], &homes[1]], "quiet-lab", names);
    for client in [&between.ada, &between.bob] {
        assert_eq!(client.await_event("connected")["trust"], "unverified");
    }
    // Unnoticed so far: it reads what is said and hands it on.
    between.ada.say("is that you?");
    let read = between.to_ada.hear(&evil);
    assert_eq!(read, "is that you?");
    between.to_bob.say(&evil, &read);
    assert_eq!(between.bob.await_message(), "is that you?");

    // By voice, past the one in between, each reads out what stands on the screen.
    let words = |client: &mut Client| {
        client.say("/verify");
        let event = client.await_event("words");
        let words: Vec<_> = event["mine"].as_array().unwrap().iter().collect();
        words
            .iter()
            .map(|word| word.as_str().unwrap())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let read_out = [words(&mut between.ada), words(&mut between.bob)];
    between.ada.say(&format!("/verify {}", read_out[1]));
    between.bob.say(&format!("/verify {}", read_out[0]));
    for mut client in [between.ada, between.bob] {
        assert_eq!(client.await_event("error")["code"], "wrong-words");
        client.say("/verify absurd adroitness absurd adroitness");
        assert_eq!(Ended::of(client, SOON).code, 6);
    }
}

#[test]
fn swapped_keys_between_contacts_raise_the_alarm_and_nothing_is_said() {
    let homes = [Home::new(), Home::new()];
    let mediator = Mediator::start();
    let names = ["ada-lovelace", "bob-bitworth"];
    let mut met = [0, 1].map(|i| {
        let client = Start::chat(&homes[i], &mediator.url, names[i], "quiet-lab").run();
        if i == 0 {
            client.await_event("waiting");
        }
        client
    });
    for client in &mut met {
        client.await_event("connected");
    }
    met[0].say("/quit");
    for mut client in met {
        assert_eq!(client.exit_code(), 0);
    }

    // Under their names, and under others in the room where they met.
    for (names, kind) in [(names, "name-known"), (["carol", "dave"], "room-known")] {
        let evil = Evil::start();
        let mut between = stand_between(&evil, [&homes[0], &homes[1]], "quiet-lab", names);
        between.to_ada.say(&evil, "it is me");
        between.to_bob.say(&evil, "it is me");
        for mut client in [between.ada, between.bob] {
            assert_eq!(client.await_event("alarm")["kind"], kind);
            client.say("is that you?");
            assert_eq!(client.await_event("error")["code"], "shut");
            client.say("/quit");
            let ended = Ended::of(client, SOON);
            assert_eq!(ended.code, 6);
            assert!(!ended.out.iter().any(|line| line.contains("it is me")));
        }
    }
}
