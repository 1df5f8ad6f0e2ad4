//! The record layer against somebody on the path of the link.

use super::*;
use crate::crypto::ratchet::{CHAIN_LIMIT, Header, RatchetError};
use crate::crypto::seal::OpenError;
use crate::payload::PLAINTEXT_MAX;
use crate::session::record::{BODY_MAX, BODY_MIN, RecordError};

const FORGED: RecordError = RecordError::Ratchet(RatchetError::Open(OpenError));

/// Both record layers after a record each way.
fn met() -> (Channel, Channel, Instant) {
    let [mut host, mut guest] = channels();
    let now = Instant::now();
    guest.open(&mut record(&mut host, now, &[])).unwrap();
    host.open(&mut record(&mut guest, now, &[])).unwrap();
    (host, guest, now)
}

fn text(channel: &mut Channel, now: Instant) -> Vec<u8> {
    record(channel, now, &[Payload::Ping])
}

fn opens(channel: &mut Channel, body: &[u8]) -> Result<Vec<u8>, RecordError> {
    channel.open(&mut body.to_vec()).map(|plain| plain.to_vec())
}

#[test]
fn every_flipped_byte_is_refused_and_leaves_no_trace() {
    let (mut host, mut guest, now) = met();
    // A record with a new key and one of the same chain.
    for _ in 0..2 {
        let body = text(&mut host, now);
        for at in 0..body.len() {
            let mut forged = body.clone();
            forged[at] ^= 0x80;
            assert!(opens(&mut guest, &forged).is_err(), "byte {at}");
        }
        assert!(opens(&mut guest, &body).is_ok());
    }
}

#[test]
fn impossible_lengths_are_refused() {
    let (_, mut guest, _) = met();
    for len in [0, 1, BODY_MIN - 1, BODY_MAX + 1, BODY_MAX + 16] {
        assert_eq!(opens(&mut guest, &vec![0; len]), Err(RecordError::Length));
    }
    // Within the bounds but nothing that was sealed.
    for len in [BODY_MIN, BODY_MIN + 1, BODY_MAX] {
        assert!(opens(&mut guest, &vec![0; len]).is_err());
    }
}

#[test]
fn the_longest_record_is_as_long_as_the_bound_and_a_longer_one_is_not_made() {
    let (mut host, mut guest, now) = met();
    let mut out = Vec::new();
    let fill = |len: usize| move |buf: &mut Vec<u8>| buf.resize(buf.len() + len, 1);
    host.seal(now, &mut out, fill(PLAINTEXT_MAX)).unwrap();
    assert_eq!(out.len(), PREFIX_LEN + BODY_MAX);
    let plain = opens(&mut guest, &out[PREFIX_LEN..]).unwrap();
    assert_eq!(plain, vec![1; PLAINTEXT_MAX]);

    let mut out = vec![9; 3];
    let too_long = host.seal(now, &mut out, fill(PLAINTEXT_MAX + 1));
    assert_eq!((too_long, out), (Err(RecordError::Length), vec![9; 3]));
}

#[test]
fn truncated_and_extended_records_are_refused() {
    let (mut host, mut guest, now) = met();
    let body = text(&mut host, now);
    for len in 0..body.len() {
        assert!(opens(&mut guest, &body[..len]).is_err());
    }
    assert!(opens(&mut guest, &[body.as_slice(), &[0; 16]].concat()).is_err());
    assert!(opens(&mut guest, &body).is_ok());
}

#[test]
fn replayed_reordered_and_missing_records_are_refused() {
    let (mut host, mut guest, now) = met();
    let [first, second, third] = [(); 3].map(|()| text(&mut host, now));
    let order = |expected, got| Err(RatchetError::Order { expected, got }.into());
    assert_eq!(opens(&mut guest, &second), order(0, 1));
    assert!(opens(&mut guest, &first).is_ok());
    assert_eq!(opens(&mut guest, &first), order(1, 0));
    assert_eq!(opens(&mut guest, &third), order(1, 2));
    assert!(opens(&mut guest, &second).is_ok());
    assert!(opens(&mut guest, &third).is_ok());
}

#[test]
fn our_own_record_reflected_is_refused() {
    let (mut host, mut guest, now) = met();
    let reused = Err(RatchetError::KeyReused.into());
    let sent = text(&mut host, now);
    assert_eq!(opens(&mut host, &sent), reused);
    let sent = text(&mut guest, now);
    assert_eq!(opens(&mut guest, &sent), reused);
}

#[test]
fn a_record_of_another_link_is_refused() {
    let (mut host, ..) = met();
    let (mut other_host, mut other_guest, now) = met();
    let foreign = text(&mut host, now);
    assert!(opens(&mut other_guest, &foreign).is_err());
    let own = text(&mut other_host, now);
    // The other link's ciphertext under this link's header, and the reverse.
    let (header, rest) = own.split_at(Header::LEN);
    let (foreign_header, foreign_rest) = foreign.split_at(Header::LEN);
    let spliced = [header, foreign_rest].concat();
    assert_eq!(opens(&mut other_guest, &spliced), Err(FORGED));
    assert!(opens(&mut other_guest, &[foreign_header, rest].concat()).is_err());
    assert!(opens(&mut other_guest, &own).is_ok());
}

#[test]
fn the_direction_and_both_identities_are_authenticated() {
    let first = SecretKey::generate();
    let r_b = first.public();
    let [x, y] = [5, 6].map(|byte| SecretKey::from_bytes(&[byte; 32]).public());
    let keys = |role, ratchet, s_a, s_b| LinkKeys {
        role,
        root: Key::from_bytes(&[1; 32]),
        ratchet,
        session_id: [2; 32],
        s_a,
        s_b,
    };
    let start = || RatchetStart::Responder(SecretKey::from_bytes(first.as_bytes()));
    let host = keys(Role::Host, RatchetStart::Initiator(r_b), x, y);
    let body = text(&mut Channel::new(host).unwrap(), Instant::now());
    let guest = |role, s_a, s_b| Channel::new(keys(role, start(), s_a, s_b)).unwrap();
    assert_eq!(opens(&mut guest(Role::Host, x, y), &body), Err(FORGED));
    assert_eq!(opens(&mut guest(Role::Guest, y, x), &body), Err(FORGED));
    assert_eq!(opens(&mut guest(Role::Guest, x, x), &body), Err(FORGED));
    assert!(opens(&mut guest(Role::Guest, x, y), &body).is_ok());
}

#[test]
fn a_header_that_lies_is_refused_and_leaves_no_trace() {
    let (mut host, mut guest, now) = met();
    let body = text(&mut host, now);
    let lies = |range: std::ops::Range<usize>, value: &[u8]| {
        let mut lie = body.clone();
        lie[range].copy_from_slice(value);
        lie
    };
    let number = |n: u32| lies(36..40, &n.to_be_bytes());
    let previous = |n: u32| lies(32..36, &n.to_be_bytes());
    let key = |key: [u8; 32]| lies(0..32, &key);
    // Nor is a chain used up because somebody on the way says so.
    for got in [CHAIN_LIMIT, u32::MAX] {
        let skipped = Err(RatchetError::Order { expected: 0, got }.into());
        assert_eq!(opens(&mut guest, &number(got)), skipped);
    }
    let skipped = Err(RatchetError::Order {
        expected: 0,
        got: 1,
    }
    .into());
    assert_eq!(opens(&mut guest, &number(1)), skipped);
    let cut_off = |got| Err(RatchetError::Previous { expected: 1, got }.into());
    assert_eq!(opens(&mut guest, &previous(0)), cut_off(0));
    assert_eq!(opens(&mut guest, &previous(2)), cut_off(2));
    let low_order = RecordError::Ratchet(RatchetError::InvalidPoint(
        crate::crypto::keys::InvalidPoint,
    ));
    assert_eq!(opens(&mut guest, &key([0; 32])), Err(low_order));
    assert_eq!(opens(&mut guest, &key([0xff; 32])), Err(RecordError::Point));
    let foreign = *SecretKey::generate().public().as_bytes();
    assert_eq!(opens(&mut guest, &key(foreign)), Err(FORGED));
    assert!(opens(&mut guest, &body).is_ok());
}

#[test]
fn a_guest_cannot_speak_before_go() {
    let [_, mut guest] = channels();
    let mut out = vec![9; 3];
    let early = guest.seal(Instant::now(), &mut out, |buf| buf.push(1));
    assert_eq!((early, out), (Err(RatchetError::NotYet.into()), vec![9; 3]));
}

/// A chain at its end, or whatever it is: what cannot be sealed is not written.
#[test]
fn what_cannot_be_sealed_goes_out_nowhere() {
    let mut pair = Pair::connected();
    let [_, unheard] = channels();
    pair.guest.live.as_mut().unwrap().channel = unheard;
    pair.guest.say(0, "in clear?").unwrap();
    let mut out = vec![9; 3];
    let sent = pair.guest.poll_transmit(pair.now, &mut out);
    assert!(matches!(sent, Err((_, Fault::Record(_)))), "{sent:?}");
    assert_eq!(out, [9; 3]);
}

#[test]
fn a_first_ratchet_key_of_low_order_is_refused() {
    let low = crate::crypto::keys::PublicKey::from_bytes([0; 32]).unwrap();
    let s = SecretKey::from_bytes(&[1; 32]).public();
    let keys = LinkKeys {
        role: Role::Host,
        root: Key::from_bytes(&[1; 32]),
        ratchet: RatchetStart::Initiator(low),
        session_id: [2; 32],
        s_a: s,
        s_b: s,
    };
    assert!(Channel::new(keys).is_err());
}
