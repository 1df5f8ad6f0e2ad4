//! Hostile SEALEDs: each is a spent attempt.

use super::*;

/// What the host says to this SEALED in attempt 0.
fn refused(sealed: &[u8]) -> Option<PairingError> {
    let ((a, _), _) = attempt(0);
    a.sealed(sealed, None).err()
}

/// A SEALED_B of attempt 0 that holds whatever the guest likes: it has ck0.
fn holding(s: &PublicKey, n: &[u8], candidates: &[u8]) -> Vec<u8> {
    let (_, (b, _)) = attempt(0);
    let mut plain = [s.as_bytes(), n, candidates].concat();
    let key = b.ck0.expand(Label::SealedB, &b.th0);
    key.seal(SealLabel::Sealed, &[&b.th0], &mut plain, 0);
    plain
}

fn nonce() -> [u8; 32] {
    *offering(b'B', 0, SECRET).nonce.as_bytes()
}

#[test]
fn every_flipped_byte_is_refused() {
    let (_, (_, sealed)) = attempt(0);
    for at in 0..sealed.len() {
        let mut forged = sealed.clone();
        forged[at] ^= 1 << (at % 8);
        assert_eq!(refused(&forged), Some(PairingError::Secret), "byte {at}");
    }
    assert_eq!(refused(&sealed), None);
}

#[test]
fn truncated_doubled_and_empty_ones_are_refused() {
    let (_, (_, sealed)) = attempt(0);
    let doubled = [sealed.as_slice(), &sealed].concat();
    for len in [
        0,
        1,
        48,
        SEALED_LENS[0] - 16,
        SEALED_LENS[0] - 1,
        SEALED_LENS[0] + 1,
        SEALED_LENS[1] - 1,
        2 * SEALED_LENS[0],
    ] {
        assert_eq!(
            refused(&doubled[..len]),
            Some(PairingError::Length("SEALED"))
        );
    }
}

#[test]
fn our_own_reflected_and_one_of_another_attempt_are_refused() {
    let ((_, ours), _) = attempt(0);
    assert_eq!(refused(&ours), Some(PairingError::Secret));
    let (_, (_, other)) = attempt(1);
    assert_eq!(refused(&other), Some(PairingError::Secret));
}

#[test]
fn an_identity_or_a_nonce_that_was_not_committed_to_is_refused() {
    let addresses = listed();
    let (b, c) = (identity(b'B').public(), identity(b'C').public());
    let commitment = Some(PairingError::Commitment);
    assert_eq!(refused(&holding(&c, &nonce(), &addresses)), commitment);
    assert_eq!(refused(&holding(&b, &[7; 32], &addresses)), commitment);
    let mut nearly = nonce();
    nearly[31] ^= 0x80;
    assert_eq!(refused(&holding(&b, &nearly, &addresses)), commitment);
    assert_eq!(refused(&holding(&b, &nonce(), &addresses)), None);
}

#[test]
fn an_identity_that_is_no_key_is_refused() {
    let sealed = |s: [u8; 32]| {
        let (_, (b, _)) = attempt(0);
        let mut plain = [s.as_slice(), &nonce(), &listed()].concat();
        let key = b.ck0.expand(Label::SealedB, &b.th0);
        key.seal(SealLabel::Sealed, &[&b.th0], &mut plain, 0);
        plain
    };
    assert_eq!(refused(&sealed([0xff; 32])), Some(PairingError::Point));
}

#[test]
fn an_identity_of_low_order_is_refused_even_when_committed_to() {
    let low = PublicKey::from_bytes([0; 32]).unwrap();
    let mut b = offering(b'B', 0, SECRET);
    let parts = Offer::decode(b.offer()).ok().unwrap();
    let c = commitment(&parts.e, &parts.y, &low, b.nonce.as_bytes());
    b.offer = committed(&parts, c);
    let n = *b.nonce.as_bytes();
    let ((a, _), (b, _)) = paired(offering(b'A', 0, SECRET), b);
    let mut plain = [low.as_bytes().as_slice(), &n, &listed()].concat();
    let key = b.ck0.expand(Label::SealedB, &b.th0);
    key.seal(SealLabel::Sealed, &[&b.th0], &mut plain, 0);
    assert_eq!(a.sealed(&plain, None).err(), Some(PairingError::Point));
}

#[test]
fn another_identity_than_the_pinned_one_is_refused() {
    let pinned = |person: u8| {
        let ((a, _), (_, sealed)) = attempt(0);
        a.sealed(&sealed, Some(&identity(person).public())).err()
    };
    assert_eq!(pinned(b'C'), Some(PairingError::Identity));
    assert_eq!(pinned(b'A'), Some(PairingError::Identity));
    assert_eq!(pinned(b'B'), None);
}

#[test]
fn malformed_candidates_are_refused() {
    let b = identity(b'B').public();
    let seen = |entries: &[&[u8]]| {
        let mut listed = entries.concat();
        listed.resize(SEALED_PLAIN[0] - SEALED_HEAD, 0);
        refused(&holding(&b, &nonce(), &listed))
    };
    let malformed = Some(PairingError::Candidates);
    assert_eq!(seen(&[&[1, 5], &[7; 5]]), malformed);
    assert_eq!(seen(&[&[4, 0], &[4, 0]]), malformed);
    assert_eq!(seen(&[[200, 0].repeat(17).as_slice()]), malformed);
    assert_eq!(seen(&[&[0, 1]]), malformed);
    // Types of a later version are none of our business.
    assert_eq!(seen(&[[200, 0].repeat(16).as_slice()]), None);
    assert_eq!(seen(&[&[7, 3, 1, 2, 3], &[255, 1, 0]]), None);
    // One that runs over the end.
    let overrun = [200, 199].into_iter().chain([1; 199]).chain([200, 198]);
    let overrun: Vec<u8> = overrun.chain([1; 197]).collect();
    assert_eq!(seen(&[&overrun]), malformed);
}

#[test]
fn more_candidates_than_the_shorter_one_holds_take_the_longer_one() {
    let ice = Ice {
        fingerprint: [1; 32],
        ufrag: "u".repeat(100),
        password: "p".repeat(120),
    };
    let addresses = (0..8).map(|n| std::net::SocketAddr::from(([n; 8], 1)));
    let hidden = Hidden {
        uuid: [9; 16],
        port: 5,
    };
    let many = Candidates::new(addresses)
        .with_ice(ice)
        .with_hidden([hidden]);
    let (a, b) = (offering(b'A', 0, SECRET), offering(b'B', 0, SECRET));
    let (offer_a, offer_b) = (a.offer().to_vec(), b.offer().to_vec());
    let (a, sealed_a) = a.paired(Role::Host, &offer_b, &candidates()).unwrap();
    let (_, sealed_b) = b.paired(Role::Guest, &offer_a, &many).unwrap();
    assert_eq!([sealed_a.len(), sealed_b.len()], SEALED_LENS);
    let a = opened(a, &sealed_b).unwrap();
    assert_eq!(*a.candidates(), many);
}

#[test]
fn two_on_one_machine_know_it_and_nobody_else_does() {
    let on = |machine: &str| candidates().on_machine(Some(MachineId::new(machine)));
    for (here, there, same) in [
        (on("x"), on("x"), true),
        (on("x"), on("y"), false),
        (on("x"), candidates(), false),
        (candidates(), on("x"), false),
        (candidates(), candidates(), false),
    ] {
        let (a, b) = (offering(b'A', 0, SECRET), offering(b'B', 0, SECRET));
        let (offer_a, offer_b) = (a.offer().to_vec(), b.offer().to_vec());
        let (a, sealed_a) = a.paired(Role::Host, &offer_b, &here).unwrap();
        let (b, sealed_b) = b.paired(Role::Guest, &offer_a, &there).unwrap();
        assert_eq!(opened(a, &sealed_b).unwrap().is_same_machine(), same);
        assert_eq!(opened(b, &sealed_a).unwrap().is_same_machine(), same);
    }
}

#[test]
fn a_plaintext_of_another_size_is_refused() {
    let b = identity(b'B').public();
    // Sizes that pad to the same length.
    for len in [401, 415, 897, 911] {
        let refused = refused(&holding(&b, &nonce(), &vec![0; len]));
        assert_eq!(refused, Some(PairingError::Length("what SEALED holds")));
    }
    for len in [400, 896] {
        assert_eq!(refused(&holding(&b, &nonce(), &vec![0; len])), None);
    }
}
