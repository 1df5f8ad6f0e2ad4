//! It guesses the secret, openly or without a trace; and swaps roles.

use std::time::Duration;

use nix::sys::signal::Signal;
use undertone_core::pairing::{Candidates, PairingError};
use undertone_wire::{MediatorMessage, Role};

use super::{ROOM, SECRETS, SOON, ada, assert_dead, assert_spent, bob, seated};
use crate::common::{Home, Start};
use crate::hostile::end::Impostor;
use crate::hostile::{Ended, Evil, Seat, identity_of, pair_honestly};

/// Three times `guess`, then the invite is dead.
fn three_attempts(guess: impl Fn(&mut Seat<'_>, u32)) {
    let (evil, home) = (Evil::start(), Home::new());
    let host = ada(&home, &evil, ROOM);
    let mut seat = seated(&host, &evil);
    for left in [2, 1, 0] {
        guess(&mut seat, left);
        // The connection ends with the guess, and the waiting must not end with it.
        let offer = std::mem::take(&mut seat.offer);
        drop(seat);
        if left == 0 {
            break;
        }
        seat = assert_spent(&host, &evil, left, &offer);
    }
    assert_dead(host);
    evil.assert_learnt_nothing(&[&SECRETS[..], &[&identity_of(&home)]].concat());
}

#[test]
fn an_open_guess_is_counted_and_three_kill_the_invite() {
    three_attempts(|seat, left| {
        let impostor = Impostor::in_room(&format!("quiet-lab#guess-{left}"));
        let begun = impostor.begin(seat, Role::Host, &Candidates::default());
        seat.hand(&begun.ours);
        assert_eq!(begun.open().err(), Some(PairingError::Secret));
    });
}

#[test]
fn a_silent_guess_that_hangs_up_is_counted_all_the_same() {
    three_attempts(|seat, left| {
        let impostor = Impostor::in_room(&format!("quiet-lab#guess-{left}"));
        let begun = impostor.begin(seat, Role::Host, &Candidates::default());
        assert_eq!(begun.open().err(), Some(PairingError::Secret));
    });
}

#[test]
fn a_silent_guess_behind_a_false_peer_left_is_counted_all_the_same() {
    three_attempts(|seat, left| {
        let impostor = Impostor::in_room(&format!("quiet-lab#guess-{left}"));
        impostor.begin(seat, Role::Host, &Candidates::default());
        seat.say(&MediatorMessage::PeerLeft);
    });
}

#[test]
fn a_guess_at_the_guest_is_spent_and_said() {
    for hangs_up in [false, true] {
        let (evil, home) = (Evil::start(), Home::new());
        let guest = bob(&home, &evil, ROOM);
        let mut seat = evil.join();
        let impostor = Impostor::in_room("quiet-lab#guess");
        let begun = impostor.begin(&mut seat, Role::Guest, &Candidates::default());
        if !hangs_up {
            seat.hand(&begun.ours);
        }
        drop(seat);
        let ended = Ended::of(guest, SOON);
        let error = ended.error();
        assert_eq!(ended.code, 6, "{error}");
        assert!(
            error["hint"]
                .as_str()
                .unwrap()
                .contains("This attempt is spent"),
            "{error}"
        );
        evil.assert_learnt_nothing(&[&SECRETS[..], &[&identity_of(&home)]].concat());
    }
}

#[test]
fn a_dropped_sealed_ends_the_wait_within_its_bound() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let host = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&host, &evil);
    let guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();
    waits.paired(Role::Host, &comes.offer);
    comes.paired(Role::Guest, &waits.offer);
    // Both are kept waiting with a connection that is alive.
    let ended = Ended::of(guest, Duration::from_secs(15));
    assert_eq!(ended.code, 6);
    assert_eq!(ended.error()["message"], "the other side did not answer");
    assert_spent(&host, &evil, 2, &waits.offer);
}

#[test]
fn a_knower_of_the_secret_who_never_confirms_costs_no_more_than_an_attempt() {
    let (evil, home) = (Evil::start(), Home::new());
    let guest = bob(&home, &evil, ROOM);
    let mut seat = evil.join();
    let impostor = Impostor::in_room(ROOM);
    let begun = impostor.begin(&mut seat, Role::Guest, &Candidates::default());
    seat.hand(&begun.ours);
    // A path is looked for for 10 s.
    let ended = Ended::of(guest, 2 * SOON);
    assert_eq!(ended.code, 5);
    // Nobody was shown, and no contact made, without a CONFIRM.
    assert!(!ended.out.iter().any(|line| line.contains("connected")));
    assert!(!home.data().join("contacts.json").exists());
}

#[test]
fn inverted_roles_do_no_harm() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let first = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&first, &evil);
    let second = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();
    pair_honestly(&mut comes, &mut waits);
    for (client, peer) in [(&first, "bob-bitworth"), (&second, "ada-lovelace")] {
        assert_eq!(client.await_event("connected")["peer"], peer);
    }
    let identities = homes.each_ref().map(identity_of);
    evil.assert_learnt_nothing(&[&SECRETS[..], &[&identities[0], &identities[1]]].concat());
}

#[test]
fn the_same_role_for_both_is_a_spent_attempt_and_nothing_more() {
    for role in [Role::Host, Role::Guest] {
        let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
        let first = ada(&homes[0], &evil, ROOM);
        let mut waits = seated(&first, &evil);
        let second = bob(&homes[1], &evil, ROOM);
        let mut comes = evil.join();
        waits.paired(role, &comes.offer);
        comes.paired(role, &waits.offer);
        let sealed = [waits.sealed(), comes.sealed()];
        waits.hand(&sealed[1]);
        comes.hand(&sealed[0]);
        for client in [first, second] {
            match role {
                Role::Host => {
                    assert_eq!(
                        client.await_event("error")["message"],
                        "that secret did not match"
                    );
                }
                Role::Guest => assert_eq!(Ended::of(client, SOON).code, 6),
            }
        }
    }
}

/// Takes a client's SEALED and falls silent.
fn silent_guess(evil: &Evil) -> Seat<'_> {
    let mut seat = evil.join();
    let impostor = Impostor::in_room("quiet-lab#guess");
    impostor.begin(&mut seat, Role::Guest, &Candidates::default());
    seat
}

#[test]
fn a_guess_shortly_before_the_limit_is_spent_and_said() {
    let (evil, home) = (Evil::start(), Home::new());
    let client = Start::chat(&home, &evil.url, "bob-bitworth", ROOM)
        .args(&["--timeout", "5"])
        .run();
    let _seat = silent_guess(&evil);
    let ended = Ended::of(client, SOON);
    let error = ended.error();
    assert_eq!(
        (ended.code, &error["code"]),
        (6, &"spent".into()),
        "{error}"
    );
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("2 left"), "{hint}");
}

#[test]
fn a_guess_before_a_signal_is_spent_and_said() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let (evil, home) = (Evil::start(), Home::new());
        let client = bob(&home, &evil, ROOM);
        let _seat = silent_guess(&evil);
        client.signal(signal);
        let ended = Ended::of(client, SOON);
        assert_eq!(ended.code, code);
        assert_eq!(ended.error()["code"], "spent");
    }
}

#[test]
fn three_guesses_in_three_runs_kill_the_invite() {
    let (evil, home) = (Evil::start(), Home::new());
    for _ in 0..3 {
        let mut client = bob(&home, &evil, ROOM);
        let _seat = silent_guess(&evil);
        client.kill();
    }
    let ended = Ended::of(bob(&home, &evil, ROOM), SOON);
    let error = ended.error();
    assert_eq!(ended.code, 6, "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("three failed attempts"), "{message}");
    assert!(error["hint"].as_str().unwrap().contains("new one"));
    // Another secret does not make it another room; another room does.
    assert_eq!(
        Ended::of(bob(&home, &evil, "quiet-lab#other"), SOON).code,
        6
    );
    let other = bob(&home, &evil, "another-lab#otter");
    seated(&other, &evil);
    evil.assert_learnt_nothing(&[&identity_of(&home)]);
}

#[test]
fn who_comes_at_last_makes_the_room_as_new() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    for _ in 0..2 {
        let mut client = bob(&homes[1], &evil, ROOM);
        let _seat = silent_guess(&evil);
        client.kill();
    }
    assert_eq!(homes[1].attempts(), 2);
    let first = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&first, &evil);
    let mut second = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();
    pair_honestly(&mut waits, &mut comes);
    second.await_event("connected");
    // The chat does not wait for the disk; who leaves does.
    second.signal(Signal::SIGTERM);
    second.exit_code();
    assert_eq!(homes[1].attempts(), 0);
}

#[test]
fn a_room_without_a_secret_has_nothing_to_guess_and_is_not_counted() {
    let (evil, home) = (Evil::start(), Home::new());
    for _ in 0..4 {
        let mut client = bob(&home, &evil, "quiet-lab");
        let mut seat = evil.join();
        let impostor = Impostor::in_room("quiet-lab");
        impostor.begin(&mut seat, Role::Guest, &Candidates::default());
        client.kill();
    }
    assert_eq!(home.attempts(), 0);
}
