//! Attackers with more than bytes to throw: in between, with a stolen key, with
//! somebody else's identity.

use super::*;
use crate::crypto::kem::DecapsulationSeed;
use crate::crypto::keys::{SharedSecret, sealed_hash};

/// A pairing of the host `a` and the guest `b`, up to the words.
fn pair(a: Offering, b: Offering) -> Result<(Matched, Matched), PairingError> {
    let ((a, sealed_a), (b, sealed_b)) = paired(a, b);
    Ok((opened(a, &sealed_b)?, opened(b, &sealed_a)?))
}

#[test]
fn a_man_in_the_middle_without_a_secret_is_given_away_by_the_words() {
    let (to_b, to_a) = (offering(b'M', 0, None), offering(b'M', 1, None));
    let (a, m) = pair(offering(b'A', 0, None), to_a).ok().unwrap();
    let (a, _) = established(a, m);
    let (m, b) = pair(to_b, offering(b'B', 0, None)).ok().unwrap();
    let (_, b) = established(m, b);
    // Both are connected to the one in between …
    assert_eq!(a.peer.identity, identity(b'M').public());
    assert_eq!(b.peer.identity, identity(b'M').public());
    // … and neither hears the words that it expects.
    assert_ne!(a.peer.words.a, b.peer.words.a);
    assert_ne!(a.peer.words.b, b.peer.words.b);
}

#[test]
fn a_man_in_the_middle_of_a_secret_fails_with_both() {
    for guess in [None, Some(b"cedar-otter-nine-velvex".as_slice())] {
        let (m, a) = (offering(b'M', 1, guess), offering(b'A', 0, SECRET));
        assert_eq!(pair(a, m).err(), Some(PairingError::Secret));
        let (m, b) = (offering(b'M', 0, guess), offering(b'B', 0, SECRET));
        let ((m, sealed_m), (b, sealed_b)) = paired(m, b);
        assert_eq!(b.sealed(&sealed_m, None).err(), Some(PairingError::Secret));
        // Nor does it learn who they are.
        assert_eq!(m.sealed(&sealed_b, None).err(), Some(PairingError::Secret));
    }
}

#[test]
fn a_mediator_that_swaps_single_values_of_the_offers_fails() {
    // E alone, Y alone, C alone, in both directions: ours for theirs.
    let (m_a, m_b) = (
        offering(b'M', 0, None).offer().to_vec(),
        offering(b'M', 1, None).offer().to_vec(),
    );
    for range in [E, Y, C] {
        let (a, b) = (offering(b'A', 0, None), offering(b'B', 0, None));
        let (mut offer_a, mut offer_b) = (a.offer().to_vec(), b.offer().to_vec());
        offer_a[range.clone()].copy_from_slice(&m_a[range.clone()]);
        offer_b[range.clone()].copy_from_slice(&m_b[range]);
        let (a, sealed_a) = a.paired(Role::Host, &offer_b, &candidates()).unwrap();
        let (b, sealed_b) = b.paired(Role::Guest, &offer_a, &candidates()).unwrap();
        assert_eq!(a.sealed(&sealed_b, None).err(), Some(PairingError::Secret));
        assert_eq!(b.sealed(&sealed_a, None).err(), Some(PairingError::Secret));
    }
}

/// Who plays `claimed` without its secret key: commits to its identity, and says
/// so in SEALED.
fn impostor(role: Role, claimed: u8, victim: Offering) -> (Matched, AwaitSealed, SecretKey) {
    let mut m = offering(b'M', 0, SECRET);
    let s = identity(claimed).public();
    let parts = Offer::decode(m.offer()).ok().unwrap();
    let c = commitment(&parts.e, &parts.y, &s, m.nonce.as_bytes());
    m.offer = committed(&parts, c);
    let (offer, nonce) = (m.offer.as_bytes().to_vec(), *m.nonce.as_bytes());
    let ephemeral = SecretKey::from_bytes(m.ephemeral.as_bytes());

    let (mut m, _) = m.paired(role, victim.offer(), &candidates()).unwrap();
    let mut sealed = [s.as_bytes().as_slice(), &nonce, &listed()].concat();
    let key = m.ck0.expand(sealed_label(role), &m.th0);
    key.seal(SealLabel::Sealed, &[&m.th0], &mut sealed, 0);
    m.sealed = sealed;

    let (victim, theirs) = victim.paired(role.other(), &offer, &candidates()).unwrap();
    // The claim alone passes even the pin.
    let secret = secret_of(&victim);
    let victim = victim.sealed(&m.sealed, Some(&s)).ok().unwrap();
    let victim = victim.agree(&secret).ok().unwrap();
    let (sealed_a, sealed_b) = role.order(m.sealed.as_slice(), &theirs);
    assert_eq!(victim.th1, sealed_hash(&m.th0, sealed_a, sealed_b));
    (victim, m, ephemeral)
}

/// Every ck2 that can be made of ck0 and up to two of these secrets.
fn guesses(ck0: &ChainingKey, known: &[SharedSecret]) -> Vec<ChainingKey> {
    let mut guesses: Vec<ChainingKey> = known.iter().map(|dh| ck0.mix_dh(dh)).collect();
    for first in known {
        let once = ck0.mix_dh(first);
        guesses.extend(known.iter().map(|second| once.mix_dh(second)));
    }
    guesses
}

/// The secrets between every key that the thief holds and every key it has seen.
fn known(secrets: &[&SecretKey], publics: &[PublicKey]) -> Vec<SharedSecret> {
    let pairs = secrets
        .iter()
        .flat_map(|x| publics.iter().map(|y| x.diffie_hellman(y).unwrap()));
    pairs.collect()
}

const CAPS: [u8; 6] = [1, 1, 0, 0, 0, 0];

/// What CONFIRM_B holds.
fn introduction_of_a_guest(ratchet: &PublicKey) -> Vec<u8> {
    let kem = DecapsulationSeed::generate().encapsulation_key();
    let name = [[1, b'b'].as_slice(), &[0; 63]].concat();
    [&CAPS, name.as_slice(), ratchet.as_bytes(), kem.as_slice()].concat()
}

#[test]
fn a_thief_of_the_hosts_key_cannot_pass_for_somebody_else_to_the_host() {
    let host = offering(b'A', 0, SECRET);
    let e_a = host.ephemeral.public();
    let (victim, m, ephemeral) = impostor(Role::Guest, b'B', host);
    let th1 = victim.th1;
    let mut victim = victim.host("ada").unwrap();
    let (stolen, own) = (identity(b'A'), identity(b'M'));
    let publics = [e_a, identity(b'A').public(), identity(b'B').public()];
    let publics = [publics.as_slice(), &[ephemeral.public()]].concat();
    let known = known(&[&stolen, &own, &ephemeral], &publics);
    let plain = introduction_of_a_guest(&ephemeral.public());
    for ck2 in guesses(&m.ck0, &known) {
        let mut confirm = plain.clone();
        let key = ck2.expand(Label::ConfirmB, &th1);
        key.seal(SealLabel::Confirm, &[&th1], &mut confirm, 0);
        assert_eq!(victim.confirm(&confirm).err(), Some(PairingError::Confirm));
    }
}

#[test]
fn a_thief_of_the_guests_key_cannot_pass_for_somebody_else_to_the_guest() {
    let guest = offering(b'B', 0, SECRET);
    let e_b = guest.ephemeral.public();
    let (victim, m, ephemeral) = impostor(Role::Host, b'A', guest);
    let th1 = victim.th1;
    let victim = victim.guest("bob").unwrap();
    let th2 = hash(&[&th1, victim.confirm_b()]);
    let (stolen, own) = (identity(b'B'), identity(b'M'));
    let publics = [e_b, identity(b'A').public(), identity(b'B').public()];
    let publics = [publics.as_slice(), &[ephemeral.public()]].concat();
    let known = known(&[&stolen, &own, &ephemeral], &publics);
    for ck2 in guesses(&m.ck0, &known) {
        let mut confirm = [CAPS.as_slice(), &[1, b'a'], &[0; 63], &[0; 1088]].concat();
        let key = ck2.expand(Label::ConfirmA, &th2);
        key.seal(SealLabel::Confirm, &[&th2], &mut confirm, 0);
        assert_eq!(victim.confirm(&confirm).err(), Some(PairingError::Confirm));
    }
}

#[test]
fn with_the_claimed_key_itself_the_same_guesses_pass() {
    // So the two tests above would notice if one of the two secrets were missing.
    let host = offering(b'A', 0, SECRET);
    let e_a = host.ephemeral.public();
    let (victim, m, ephemeral) = impostor(Role::Guest, b'B', host);
    let th1 = victim.th1;
    let mut victim = victim.host("ada").unwrap();
    let publics = [e_a, identity(b'A').public()];
    let known = known(&[&identity(b'B'), &ephemeral], &publics);
    let plain = introduction_of_a_guest(&ephemeral.public());
    let passed = guesses(&m.ck0, &known).into_iter().filter(|ck2| {
        let mut confirm = plain.clone();
        let key = ck2.expand(Label::ConfirmB, &th1);
        key.seal(SealLabel::Confirm, &[&th1], &mut confirm, 0);
        victim.confirm(&confirm).is_ok()
    });
    assert_eq!(passed.count(), 1);
}

#[test]
fn an_identity_put_over_somebody_elses_offer_does_not_pair() {
    // Unknown key share: B's E and Y, committed to under M's name, so that A would
    // take B's messages for M's.
    let (a, b) = (offering(b'A', 0, SECRET), offering(b'B', 0, SECRET));
    let parts = Offer::decode(b.offer()).ok().unwrap();
    let c = commitment(&parts.e, &parts.y, &identity(b'M').public(), &[5; 32]);
    let offer_m = committed(&parts, c);
    let offer_a = a.offer().to_vec();
    let (a, sealed_a) = a
        .paired(Role::Host, offer_m.as_bytes(), &candidates())
        .unwrap();
    let (b, sealed_b) = b.paired(Role::Guest, &offer_a, &candidates()).unwrap();
    assert_eq!(a.sealed(&sealed_b, None).err(), Some(PairingError::Secret));
    assert_eq!(b.sealed(&sealed_a, None).err(), Some(PairingError::Secret));
}

#[test]
fn sessions_through_one_in_between_who_knows_the_secret_share_nothing() {
    // M was invited by both. Neither takes the other for M, nor M for the other.
    let (a, m) = pair(offering(b'A', 0, SECRET), offering(b'M', 1, SECRET))
        .ok()
        .unwrap();
    let (a, _) = established(a, m);
    let (m, b) = pair(offering(b'M', 0, SECRET), offering(b'B', 0, SECRET))
        .ok()
        .unwrap();
    let (_, b) = established(m, b);
    assert_ne!(a.link.session_id, b.link.session_id);
    assert_ne!(a.link.root.as_bytes(), b.link.root.as_bytes());
    assert_eq!(a.peer.identity, identity(b'M').public());
}
