//! Hostile CONFIRMs: each ends its own socket and leaves the pairing as it was.

use super::*;
use crate::crypto::kem::DecapsulationSeed;

fn confirming(number: u8) -> (HostConfirm, GuestConfirm) {
    let (a, b) = matched(number);
    (a.host("ada").unwrap(), b.guest("bob").unwrap())
}

fn refused(host: &mut HostConfirm, confirm: &[u8]) -> Option<PairingError> {
    host.confirm(confirm).err()
}

/// A CONFIRM_B of attempt 0 that holds whatever the guest likes: it has ck2.
fn holding(plain: &[&[u8]]) -> Vec<u8> {
    let (_, b) = matched(0);
    let mut plain = plain.concat();
    let key = b.ck2.expand(Label::ConfirmB, &b.th1);
    key.seal(SealLabel::Confirm, &[&b.th1], &mut plain, 0);
    plain
}

const CAPS: [u8; 6] = [1, 1, 0, 0, 0, 0];

/// What a guest says behind its name.
fn keys() -> Vec<u8> {
    let kem = DecapsulationSeed::from_bytes(&[7; 64]);
    [ratchet_key().as_slice(), kem.encapsulation_key().as_slice()].concat()
}

fn name(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![bytes.len() as u8];
    out.extend(bytes);
    out.resize(65, 0);
    out
}

fn ratchet_key() -> [u8; 32] {
    *SecretKey::from_bytes(&[9; 32]).public().as_bytes()
}

#[test]
fn every_flipped_byte_is_refused_and_the_true_one_still_taken() {
    let (mut host, guest) = confirming(0);
    for at in 0..CONFIRM_B_LEN {
        let mut forged = guest.confirm_b().to_vec();
        forged[at] ^= 1 << (at % 8);
        assert_eq!(refused(&mut host, &forged), Some(PairingError::Confirm));
    }
    let (confirm_a, a) = host.confirm(guest.confirm_b()).unwrap();
    for at in 0..CONFIRM_A_LEN {
        let mut forged = confirm_a.clone();
        forged[at] ^= 1 << (at % 8);
        assert_eq!(guest.confirm(&forged).err(), Some(PairingError::Confirm));
    }
    assert_same(&a.unwrap(), &guest.confirm(&confirm_a).ok().unwrap());
}

#[test]
fn other_lengths_are_refused_and_so_is_one_in_the_others_place() {
    let (mut host, guest) = confirming(0);
    let (confirm_a, _) = host.confirm(guest.confirm_b()).unwrap();
    let length = Some(PairingError::Length("CONFIRM"));
    for len in [0, 1, CONFIRM_A_LEN - 1, CONFIRM_MAX + 1] {
        assert_eq!(guest.confirm(&vec![0; len]).err(), length);
    }
    let confirm = Some(PairingError::Confirm);
    assert_eq!(guest.confirm(guest.confirm_b()).err(), confirm);
    let (mut host, _) = confirming(0);
    for len in [0, 1, CONFIRM_B_LEN - 1, CONFIRM_MAX + 1] {
        assert_eq!(refused(&mut host, &vec![0; len]), length);
    }
    assert_eq!(refused(&mut host, &confirm_a), length);
}

#[test]
fn one_of_another_session_is_refused() {
    let (mut host, guest) = confirming(0);
    let (mut other_host, other_guest) = confirming(1);
    let confirm = Some(PairingError::Confirm);
    assert_eq!(refused(&mut host, other_guest.confirm_b()), confirm);
    let (other, _) = other_host.confirm(other_guest.confirm_b()).unwrap();
    assert_eq!(guest.confirm(&other).err(), confirm);
}

#[test]
fn one_repeated_on_further_sockets_is_answered_alike_and_yields_keys_once() {
    let (mut host, guest) = confirming(0);
    let (first, established) = host.confirm(guest.confirm_b()).unwrap();
    assert!(established.is_some());
    for _ in 0..3 {
        let (answer, none) = host.confirm(guest.confirm_b()).unwrap();
        assert_eq!(answer, first);
        assert!(none.is_none());
    }
}

#[test]
fn a_second_valid_one_that_differs_is_refused() {
    let (mut host, guest) = confirming(0);
    let (_, b) = matched(0);
    let second = b
        .guest_with(
            "bob",
            SecretKey::from_bytes(&[8; 32]),
            DecapsulationSeed::generate(),
        )
        .unwrap();
    let (answer, _) = host.confirm(guest.confirm_b()).unwrap();
    let confirm = Some(PairingError::Confirm);
    assert_eq!(refused(&mut host, second.confirm_b()), confirm);
    // On its own it would have been valid; and it does not fit the answer.
    assert_eq!(refused(&mut confirming(0).0, second.confirm_b()), None);
    assert_eq!(second.confirm(&answer).err(), confirm);
}

#[test]
fn names_that_are_none_are_not_sent() {
    for name in [
        "",
        &"x".repeat(NAME_MAX + 1),
        &"é".repeat(33),
        &"x".repeat(256),
    ] {
        let (a, b) = matched(0);
        assert_eq!(a.host(name).err(), Some(PairingError::Name));
        assert_eq!(b.guest(name).err(), Some(PairingError::Name));
    }
    let (a, b) = matched(0);
    assert!(a.host(&"é".repeat(32)).is_ok() && b.guest("x").is_ok());
}

#[test]
fn names_that_are_none_are_refused() {
    let (mut host, _) = confirming(0);
    let mut garbage = name(b"bob");
    garbage[64] = 1;
    let mut hidden = name(b"bob");
    hidden[4] = b'!';
    let too_long = |len: u8| [&[len][..], &[b'x'; 64]].concat();
    let bad = [
        name(b""),
        name(&[0xff, 0xfe]),
        name(b"\xed\xa0\x80"),
        name(b"\xc0\x80"),
        garbage,
        hidden,
        too_long(65),
        too_long(255),
    ];
    for bad in bad {
        let confirm = holding(&[&CAPS, &bad, &keys()]);
        assert_eq!(refused(&mut host, &confirm), Some(PairingError::Name));
    }
    // They did not settle the pairing.
    let good = holding(&[&CAPS, &name(&[b'x'; 64]), &keys()]);
    let (_, established) = host.confirm(&good).unwrap();
    assert_eq!(established.unwrap().peer.name.len(), 64);
}

/// What comes of caps without a common version or suite.
fn older(caps: [u8; 6], name: &str) -> PairingError {
    match caps {
        [1, 2, ..] | [2, ..] => PairingError::WeAreOlder(name.into()),
        _ => PairingError::TheyAreOlder(name.into()),
    }
}

const NOTHING_COMMON: [[u8; 6]; 7] = [
    [0, 1, 0, 0, 0, 0],
    [1, 0, 0, 0, 0, 0],
    // What is never assigned makes nobody newer.
    [1, 0xf0, 0, 0, 0, 0],
    [1, 2, 0, 0, 0, 0],
    [2, 2, 0, 0, 0, 0],
    [0; 6],
    [0, 255, 0, 0, 0, 0],
];

#[test]
fn nothing_in_common_says_who_is_older_and_the_guest_learns_it_too() {
    for caps in NOTHING_COMMON {
        let (mut host, guest) = confirming(0);
        let confirm = holding(&[&caps, &name(b"bob"), &keys()]);
        let why = refused(&mut host, &confirm).unwrap();
        assert_eq!(why, older(caps, "bob"));
        assert!(why.is_authentic());
        // Nothing is settled; what the guest is told opens there as CONFIRM_A does.
        let told = host.refusal(guest.confirm_b());
        assert!(guest.confirm(&told).is_ok());
    }
    // Somebody newer than we are, who has what we have.
    for caps in [[2, 1, 0xff, 0xff, 0xff, 0xff], [255, 0xf1, 0, 0, 0, 1]] {
        let (mut host, _) = confirming(0);
        let confirm = holding(&[&caps, &name(b"bob"), &keys()]);
        assert_eq!(refused(&mut host, &confirm), None);
    }
}

#[test]
fn the_guest_checks_what_the_host_holds_too() {
    let answered = |caps: [u8; 6], name: &[u8]| {
        let (a, b) = matched(0);
        let guest = b.guest("bob").unwrap();
        let th2 = hash(&[&a.th1, guest.confirm_b()]);
        let mut plain = [&caps, name, &[3; 1088]].concat();
        let key = a.ck2.expand(Label::ConfirmA, &th2);
        key.seal(SealLabel::Confirm, &[&th2], &mut plain, 0);
        guest.confirm(&plain).err()
    };
    assert_eq!(answered(CAPS, &name(b"ada")), None);
    for caps in NOTHING_COMMON {
        assert_eq!(answered(caps, &name(b"ada")), Some(older(caps, "ada")));
    }
    assert_eq!(answered(CAPS, &name(b"")), Some(PairingError::Name));
    assert_eq!(answered(CAPS, &name(b"\xff")), Some(PairingError::Name));
}

#[test]
fn a_ratchet_key_that_is_none_is_refused() {
    let (mut host, _) = confirming(0);
    let mut keys = keys();
    keys[..32].fill(0xff);
    let confirm = holding(&[&CAPS, &name(b"bob"), &keys]);
    assert_eq!(refused(&mut host, &confirm), Some(PairingError::Point));
}

#[test]
fn an_encapsulation_key_that_is_none_is_refused() {
    let (mut host, _) = confirming(0);
    let mut keys = keys();
    keys[32..][..3].fill(0xff);
    let confirm = holding(&[&CAPS, &name(b"bob"), &keys]);
    let refused = refused(&mut host, &confirm).unwrap();
    assert_eq!(refused, PairingError::Encapsulation);
    assert!(refused.is_authentic());
}

#[test]
fn further_bytes_behind_the_keys_are_ignored_and_bound() {
    let (mut host, _) = confirming(0);
    let confirm = holding(&[&CAPS, &name(b"bob"), &keys(), &[9; 2000]]);
    assert_eq!(refused(&mut host, &confirm), None);
    // They are part of th3: the same without them is another one.
    let shorter = holding(&[&CAPS, &name(b"bob"), &keys()]);
    assert_eq!(refused(&mut host, &shorter), Some(PairingError::Confirm));
}

#[test]
fn a_suite_in_common_that_is_newer_must_have_been_taken() {
    let (mut host, _) = confirming(0);
    // Whoever has a second one is newer; nobody has two in common with us yet.
    let confirm = holding(&[&[1, 3, 0, 0, 0, 0], &name(b"bob"), &keys()]);
    assert_eq!(refused(&mut host, &confirm), None);
}

#[test]
fn another_ciphertext_gives_other_keys_and_no_error() {
    let (a, b) = matched(0);
    let guest = b.guest("bob").unwrap();
    let th2 = hash(&[&a.th1, guest.confirm_b()]);
    let key = a.ck2.expand(Label::ConfirmA, &th2);
    let mut host = a.host("ada").unwrap();
    let (confirm_a, established) = host.confirm(guest.confirm_b()).unwrap();
    // Who has ck2 and not ss, as a quantum computer would: the keys are not theirs.
    let mut plain = [CAPS.as_slice(), &name(b"ada"), &[3; 1088]].concat();
    key.seal(SealLabel::Confirm, &[&th2], &mut plain, 0);
    assert_eq!(plain.len(), confirm_a.len());
    let (honest, other) = (established.unwrap(), guest.confirm(&plain).unwrap());
    assert_ne!(honest.link.root.as_bytes(), other.link.root.as_bytes());
    assert_ne!(honest.link.session_id, other.link.session_id);
}

#[test]
fn features_are_told_and_one_that_means_nothing_is_among_them() {
    let (a, b) = matched(0);
    let (a, b) = established(a, b);
    for peer in [a.peer, b.peer] {
        assert_eq!((peer.features >> 24).count_ones(), 1);
        assert_eq!(peer.features << 8, FILES << 8);
        assert_eq!(peer.assigned_features(), FILES);
    }
}
