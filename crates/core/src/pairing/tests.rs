//! Pairings between two ends in one process, honest and hostile. Every value of
//! an attempt comes from its seed, so that an attempt can be run again up to the
//! message that an attacker touches.

mod attacks;
mod confirm;
mod memory;
mod offer;
mod outside;
mod sealed;
mod transcript;

use super::*;
use crate::crypto::keys::{hash, prs, room_tag};

/// Where the values of an OFFER stand.
const E: std::ops::Range<usize> = 6..38;
const Y: std::ops::Range<usize> = 38..70;
const C: std::ops::Range<usize> = 70..102;

const SECRET: Option<&[u8]> = Some(b"cedar-otter-nine-velvet");

fn meeting(secret: Option<&[u8]>) -> Meeting {
    Meeting {
        tag: room_tag(b"amber-falcon"),
        prs: prs(secret),
    }
}

/// The identity of a person, by its letter.
fn identity(person: u8) -> SecretKey {
    SecretKey::from_bytes(&[person; 32])
}

/// A person's attempt; `attempt` tells their attempts apart.
fn offering(person: u8, attempt: u8, secret: Option<&[u8]>) -> Offering {
    let meeting = meeting(secret);
    let fixed = |what: u8| hash(&[&[person, attempt, what]]);
    let share = Share::with_scalar(&meeting.prs, &channel(&meeting.tag), &[], &fixed(0));
    let fresh = Fresh {
        ephemeral: SecretKey::from_bytes(&fixed(1)),
        share,
        nonce: Secret::copy(&fixed(2)),
        unused: unused(&fixed(3)),
    };
    Offering::with(meeting, identity(person).public(), fresh)
}

fn unused(bytes: &[u8; 32]) -> Unused {
    Unused::from_bytes(*bytes.first_chunk().unwrap())
}

/// This OFFER with another commitment.
fn committed(offer: &Offer, c: [u8; 32]) -> Offer {
    let mut bytes = offer.as_bytes().to_vec();
    bytes[C].copy_from_slice(&c);
    Offer::decode(&bytes).unwrap()
}

/// What stands behind S and n in a SEALED.
fn listed() -> Vec<u8> {
    let mut out = Vec::new();
    candidates().encode(&mut out, &[0; 32], Role::Guest, &unused(&[9; 32]));
    out.resize(SEALED_PLAIN[0] - SEALED_HEAD, 0);
    out
}

fn candidates() -> Candidates {
    Candidates::new(["192.0.2.1:5000".parse().unwrap()])
}

type Sent = (AwaitSealed, Vec<u8>);

/// The host `a` and the guest `b` have each other's OFFER.
fn paired(a: Offering, b: Offering) -> (Sent, Sent) {
    let (offer_a, offer_b) = (a.offer().to_vec(), b.offer().to_vec());
    let a = a.paired(Role::Host, &offer_b, &candidates()).unwrap();
    let b = b.paired(Role::Guest, &offer_a, &candidates()).unwrap();
    (a, b)
}

/// Attempt number `attempt` of the host 'A' and the guest 'B'.
fn attempt(attempt: u8) -> (Sent, Sent) {
    paired(
        offering(b'A', attempt, SECRET),
        offering(b'B', attempt, SECRET),
    )
}

/// The secret key of the person whose attempt this is.
fn secret_of(end: &AwaitSealed) -> SecretKey {
    let mut people = (b'A'..=b'Z').map(identity);
    people.find(|key| key.public() == end.identity).unwrap()
}

/// Takes this SEALED, and agrees.
fn opened(end: AwaitSealed, sealed: &[u8]) -> Result<Matched, PairingError> {
    let secret = secret_of(&end);
    end.sealed(sealed, None)?.agree(&secret)
}

fn matched(number: u8) -> (Matched, Matched) {
    let ((a, sealed_a), (b, sealed_b)) = attempt(number);
    (
        opened(a, &sealed_b).ok().unwrap(),
        opened(b, &sealed_a).ok().unwrap(),
    )
}

/// Both ends of an attempt, where the host 'A' and the guest 'B' are confirmed.
fn established(a: Matched, b: Matched) -> (Established, Established) {
    let mut a = a.host("ada").unwrap();
    let b = b.guest("bob").unwrap();
    let (confirm_a, established_a) = a.confirm(b.confirm_b()).unwrap();
    (established_a.unwrap(), b.confirm(&confirm_a).ok().unwrap())
}

fn assert_same(a: &Established, b: &Established) {
    assert_eq!(a.link.session_id, b.link.session_id);
    assert_eq!(a.link.root.as_bytes(), b.link.root.as_bytes());
    assert_eq!((a.link.s_a, a.link.s_b), (b.link.s_a, b.link.s_b));
    let resumed_by = |end: &Established| {
        (
            *end.resume.room().as_bytes(),
            *end.resume.secret().as_bytes(),
        )
    };
    assert_eq!(resumed_by(a), resumed_by(b));
    assert_eq!(a.peer.words, b.peer.words);
    match (&a.link.ratchet, &b.link.ratchet) {
        (RatchetStart::Initiator(theirs), RatchetStart::Responder(ours)) => {
            assert_eq!(*theirs, ours.public());
        }
        _ => panic!("the host begins the ratchet"),
    }
}

#[test]
fn an_honest_pairing_agrees_with_a_secret_and_without() {
    let mut sessions = Vec::new();
    for secret in [SECRET, Some(&[0; 128]), None] {
        let people = offering(b'A', 0, secret);
        let ((a, sealed_a), (b, sealed_b)) = paired(people, offering(b'B', 0, secret));
        let a = a
            .sealed(&sealed_b, Some(&identity(b'B').public()))
            .and_then(|a| a.agree(&identity(b'A')))
            .ok()
            .unwrap();
        let b = b
            .sealed(&sealed_a, Some(&identity(b'A').public()))
            .and_then(|b| b.agree(&identity(b'B')))
            .ok()
            .unwrap();
        assert_eq!(*a.candidates(), candidates());
        let (a, b) = established(a, b);
        assert_same(&a, &b);
        assert_eq!((a.peer.name.as_str(), b.peer.name.as_str()), ("bob", "ada"));
        assert_eq!(a.peer.identity, identity(b'B').public());
        assert_eq!(b.peer.identity, identity(b'A').public());
        assert!(!sessions.contains(&a.link.session_id));
        sessions.push(a.link.session_id);
    }
}

#[test]
fn every_attempt_of_the_same_people_is_fresh() {
    let new = || Offering::new(meeting(SECRET), identity(b'A').public());
    let (one, other) = (Offer::decode(new().offer()), Offer::decode(new().offer()));
    let (one, other) = (one.ok().unwrap(), other.ok().unwrap());
    assert!(one.e != other.e && one.y != other.y && one.c != other.c);

    let (a, b) = matched(1);
    let (first, _) = established(a, b);
    let (a, b) = matched(2);
    let (second, _) = established(a, b);
    assert_ne!(first.link.session_id, second.link.session_id);
    assert_ne!(
        first.resume.room().as_bytes(),
        second.resume.room().as_bytes()
    );
    assert_ne!(first.peer.words, second.peer.words);
}

#[test]
fn two_terminals_of_one_person_can_meet() {
    let (a, b) = (offering(b'A', 0, None), offering(b'A', 1, None));
    let ((a, sealed_a), (b, sealed_b)) = paired(a, b);
    let a = opened(a, &sealed_b).ok().unwrap();
    let b = opened(b, &sealed_a).ok().unwrap();
    let (a, b) = established(a, b);
    assert_same(&a, &b);
    assert_eq!(a.peer.identity, identity(b'A').public());
}

#[test]
fn roles_given_the_other_way_round_at_both_ends_do_no_harm() {
    let (b, a) = (offering(b'A', 0, SECRET), offering(b'B', 0, SECRET));
    let ((a, sealed_a), (b, sealed_b)) = paired(a, b);
    let a = opened(a, &sealed_b).ok().unwrap();
    let b = opened(b, &sealed_a).ok().unwrap();
    let (a, b) = established(a, b);
    assert_same(&a, &b);
}

#[test]
fn debug_shows_no_secret_of_any_state() {
    fn hides<const N: usize>(state: impl std::fmt::Debug, secrets: &[&[u8; N]]) {
        let shown = format!("{state:?}");
        for secret in secrets {
            let bytes = format!("{secret:?}");
            assert!(!shown.contains(bytes.trim_matches(['[', ']'])), "{shown}");
        }
    }
    let a = offering(b'A', 0, SECRET);
    let (e, n, y) = (a.ephemeral.as_bytes(), a.nonce.as_bytes(), a.share.scalar());
    hides(&a, &[e, n, y]);
    let ((a, _), (_, sealed_b)) = attempt(0);
    let own = [a.ephemeral.as_bytes(), a.nonce.as_bytes(), a.ck0.as_bytes()];
    hides(&a, &own);
    let ck0 = *a.ck0.as_bytes();
    let a = a.sealed(&sealed_b, None).ok().unwrap();
    hides(&a, &[&ck0]);
    let (a, b) = matched(0);
    hides(&a, &[a.ck2.as_bytes()]);
    let ck2 = *a.ck2.as_bytes();
    let (mut a, b) = (a.host("ada").unwrap(), b.guest("bob").unwrap());
    let (confirm_a, established) = a.confirm(b.confirm_b()).unwrap();
    let established = [established.unwrap(), b.confirm(&confirm_a).ok().unwrap()];
    hides(&a, &[&ck2]);
    hides(&b, &[&ck2]);
    for end in established {
        hides(&end, &[end.link.root.as_bytes()]);
    }
}
