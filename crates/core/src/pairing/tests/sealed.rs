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
    for at in 0..SEALED_LEN {
        let mut forged = sealed;
        forged[at] ^= 1 << (at % 8);
        assert_eq!(refused(&forged), Some(PairingError::Secret), "byte {at}");
    }
    assert_eq!(refused(&sealed), None);
}

#[test]
fn truncated_doubled_and_empty_ones_are_refused() {
    let (_, (_, sealed)) = attempt(0);
    let doubled = [sealed, sealed].concat();
    for len in [
        0,
        1,
        48,
        SEALED_LEN - 16,
        SEALED_LEN - 1,
        SEALED_LEN + 1,
        2 * SEALED_LEN,
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
    let addresses = candidates().encode();
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
        let mut plain = [s.as_slice(), &nonce(), &candidates().encode()].concat();
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
    b.offer = Offer { c, ..parts }.encode();
    let n = *b.nonce.as_bytes();
    let ((a, _), (b, _)) = paired(offering(b'A', 0, SECRET), b);
    let mut plain = [low.as_bytes().as_slice(), &n, &candidates().encode()].concat();
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
    let mut addresses = candidates().encode();
    addresses[16] = 1;
    let behind = refused(&holding(&b, &nonce(), &addresses));
    assert_eq!(behind, Some(PairingError::Candidates));
    // A family of a later version is none of our business.
    for family in [1, 2, 5, 7, 255] {
        let mut addresses = candidates().encode();
        addresses[7 * 19] = family;
        assert_eq!(refused(&holding(&b, &nonce(), &addresses)), None);
    }
}

#[test]
fn a_plaintext_of_another_size_is_refused() {
    let b = identity(b'B').public();
    let addresses = candidates().encode();
    // Sizes that pad to the same 224 bytes.
    for len in [addresses.len() - 7, addresses.len() - 1] {
        let refused = refused(&holding(&b, &nonce(), &addresses[..len]));
        assert_eq!(refused, Some(PairingError::Length("what SEALED holds")));
    }
    let longer = [addresses.as_slice(), &[0; 7]].concat();
    let refused = refused(&holding(&b, &nonce(), &longer));
    assert_eq!(refused, Some(PairingError::Length("what SEALED holds")));
}
