//! Everything that a peer or a thief of a cable may try. A refused record must leave no trace:
//! the honest one opens after it. `others` holds the ratchet against other implementations,
//! `random` lets turns, delays and forgeries come as they may.

mod memory;
mod others;
mod random;

use super::*;
use crate::crypto::keys::SealLabel;
use crate::crypto::seal::LANES;

type Record = (Header, Vec<u8>);

fn pair() -> (Ratchet, Ratchet) {
    let ours = SecretKey::from_bytes(&[2; 32]);
    let initiator = Ratchet::initiator(Key::from_bytes(&[1; 32]), ours.public()).unwrap();
    (
        initiator,
        Ratchet::responder(Key::from_bytes(&[1; 32]), ours),
    )
}

/// Both after one record each way, the initiator with a step due.
fn talking() -> (Ratchet, Ratchet) {
    let (mut a, mut b) = pair();
    let hello = send(&mut a, true, b"go");
    receive(&mut b, &hello).unwrap();
    let answer = send(&mut b, true, b"here");
    receive(&mut a, &answer).unwrap();
    (a, b)
}

fn send(from: &mut Ratchet, step: bool, text: &[u8]) -> Record {
    let (header, key) = from.next_sending(step).unwrap();
    seal(header, key, text)
}

fn seal(header: Header, key: MessageKey<'_>, text: &[u8]) -> Record {
    let mut buf = text.to_vec();
    key.seal(SealLabel::Message, &[&header.encode()], &mut buf, 0);
    (header, buf)
}

fn receive(to: &mut Ratchet, (header, sealed): &Record) -> Result<Vec<u8>, RatchetError> {
    let header = Header::decode(&header.encode())?;
    to.receive(&header, |key| {
        let mut buf = sealed.clone();
        let plain = key.open(SealLabel::Message, &[&header.encode()], &mut buf)?;
        Ok(plain.to_vec())
    })
}

/// All that a ratchet is, to compare; only for tests.
fn snapshot(r: &Ratchet) -> Vec<u8> {
    let chain = |chain: &Option<Chain>| {
        chain.as_ref().map_or(vec![0], |chain| {
            let mut out = chain.key.as_bytes().to_vec();
            out.extend(chain.number.to_be_bytes());
            out.extend(chain.previous.to_be_bytes());
            out
        })
    };
    let mut used: Vec<u64> = r.used.0.iter().copied().collect();
    used.sort_unstable();
    let mut out = r.root.as_bytes().to_vec();
    out.extend(*r.ours.as_bytes());
    out.extend(r.our_key.as_bytes());
    out.extend(r.theirs.map_or([0; 32], |key| *key.as_bytes()));
    out.extend(chain(&r.sending));
    out.extend(chain(&r.receiving));
    out.push(u8::from(r.step_due));
    out.extend(used.iter().flat_map(|key| key.to_be_bytes()));
    out
}

/// `record` is refused with `error`, and nothing has changed.
#[track_caller]
fn refused(to: &mut Ratchet, record: &Record, error: RatchetError) {
    let before = snapshot(to);
    assert_eq!(receive(to, record), Err(error));
    assert_eq!(snapshot(to), before);
}

/// Whether there is a chain to send on, or a step can make one.
fn can_send(ratchet: &Ratchet) -> bool {
    ratchet.sending.is_some() || ratchet.step_due
}

#[test]
fn a_responder_cannot_send_first() {
    let (mut a, mut b) = pair();
    assert!(can_send(&a) && !can_send(&b));
    assert_eq!(b.next_sending(true).unwrap_err(), RatchetError::NotYet);
    let hello = send(&mut a, false, b"go");
    receive(&mut b, &hello).unwrap();
    assert!(can_send(&b) && b.step_due());
    // Without a chain the step is taken whether asked for or not.
    let answer = send(&mut b, false, b"here");
    assert!(!b.step_due());
    assert_eq!(receive(&mut a, &answer).unwrap(), b"here");
}

#[test]
fn a_postponed_step_lengthens_the_old_chain() {
    let (mut a, mut b) = talking();
    let old = send(&mut a, false, b"postponed");
    assert_eq!((old.0.previous, old.0.number), (0, 1));
    let new = send(&mut a, true, b"stepped");
    assert_eq!((new.0.previous, new.0.number), (2, 0));
    assert_ne!(new.0.key, old.0.key);
    let next = send(&mut a, true, b"nothing due");
    assert_eq!(
        (next.0.key, next.0.previous, next.0.number),
        (new.0.key, 2, 1)
    );
    for record in [old, new, next] {
        receive(&mut b, &record).unwrap();
    }
}

#[test]
fn replay_gap_and_reorder_are_refused() {
    let (mut a, mut b) = talking();
    let records: Vec<_> = (0..3).map(|i| send(&mut a, true, &[i])).collect();
    let order = |expected, got| RatchetError::Order { expected, got };
    refused(&mut b, &records[1], order(0, 1));
    receive(&mut b, &records[0]).unwrap();
    refused(&mut b, &records[0], order(1, 0));
    refused(&mut b, &records[2], order(1, 2));
    receive(&mut b, &records[1]).unwrap();
    receive(&mut b, &records[2]).unwrap();
}

/// Cutting off the end of a chain shows in the next one's PN, and PN cannot change on the way.
#[test]
fn lies_about_the_previous_chain_are_refused() {
    let (mut a, mut b) = talking();
    let _lost = send(&mut a, false, b"cut off");
    let new = send(&mut a, true, b"after");
    let (expected, got) = (1, 2);
    refused(&mut b, &new, RatchetError::Previous { expected, got });

    let (mut a, mut b) = talking();
    let first = send(&mut a, true, b"0");
    receive(&mut b, &first).unwrap();
    let (mut header, key) = a.next_sending(true).unwrap();
    header.previous += 1;
    refused(
        &mut b,
        &seal(header, key, b"1"),
        RatchetError::Previous { expected, got },
    );
}

#[test]
fn an_earlier_key_coming_back_is_refused() {
    let (mut a, mut b) = pair();
    let first = send(&mut a, true, b"go");
    // The key of the handshake is an earlier key too.
    let mut forged = first.clone();
    forged.0.key = b.our_key;
    refused(&mut b, &forged, RatchetError::KeyReused);
    receive(&mut b, &first).unwrap();
    let answer = send(&mut b, true, b"here");
    forged.0.key = SecretKey::from_bytes(&[2; 32]).public();
    refused(&mut a, &forged, RatchetError::KeyReused);
    receive(&mut a, &answer).unwrap();
    let second = send(&mut a, true, b"second key");
    receive(&mut b, &second).unwrap();
    refused(&mut b, &first, RatchetError::KeyReused);
}

#[test]
fn our_own_record_reflected_is_refused() {
    let (mut a, mut b) = talking();
    let own = send(&mut a, true, b"mine");
    refused(&mut a, &own, RatchetError::KeyReused);
    receive(&mut b, &own).unwrap();
    let own = send(&mut b, true, b"mine");
    refused(&mut b, &own, RatchetError::KeyReused);
}

/// Even a peer who knows the keys cannot step twice while our answer is due.
#[test]
fn a_step_out_of_turn_is_refused() {
    let (mut a, mut b) = talking();
    let stepped = send(&mut a, true, b"new key");
    receive(&mut b, &stepped).unwrap();
    a.step_due = true;
    let again = send(&mut a, true, b"and again");
    refused(&mut b, &again, RatchetError::OutOfTurn);
}

#[test]
fn low_order_and_non_canonical_header_keys_are_refused() {
    let (mut a, mut b) = talking();
    let honest = send(&mut a, true, b"x");
    let mut zero = honest.clone();
    for low in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        zero.0.key = PublicKey::from_bytes(low).unwrap();
        refused(&mut b, &zero, RatchetError::InvalidPoint(InvalidPoint));
    }
    let mut header = honest.0.encode();
    header[31] |= 0x80;
    assert_eq!(Header::decode(&header), Err(InvalidPoint));
    receive(&mut b, &honest).unwrap();
    let low = PublicKey::from_bytes([0; 32]).unwrap();
    let started = Ratchet::initiator(Key::from_bytes(&[1; 32]), low);
    assert_eq!(
        started.unwrap_err(),
        RatchetError::InvalidPoint(InvalidPoint)
    );
}

#[test]
fn a_chain_ends_at_its_limit_both_ways() {
    let (mut a, mut b) = talking();
    a.sending.as_mut().unwrap().number = CHAIN_LIMIT - 1;
    b.receiving.as_mut().unwrap().number = CHAIN_LIMIT - 1;
    let last = send(&mut a, false, b"last");
    receive(&mut b, &last).unwrap();
    let before = snapshot(&a);
    assert_eq!(a.next_sending(false).unwrap_err(), RatchetError::ChainEnd);
    assert_eq!(snapshot(&a), before);
    let mut beyond = last;
    beyond.0.number = CHAIN_LIMIT;
    refused(&mut b, &beyond, RatchetError::ChainEnd);
}

#[test]
fn keys_of_several_records_end_where_the_chain_does() {
    let (mut a, mut b) = talking();
    a.sending.as_mut().unwrap().number = CHAIN_LIMIT - 2;
    b.receiving.as_mut().unwrap().number = CHAIN_LIMIT - 2;
    let keys = a.sending_with(false, SecretKey::generate).unwrap();
    let last: Vec<_> = keys
        .map(|(header, key)| seal(header, key, b"one"))
        .collect();
    assert_eq!(last.len(), 2);
    for record in last {
        assert_eq!(receive(&mut b, &record).unwrap(), b"one");
    }
    let mut keys = a.sending_with(false, SecretKey::generate).unwrap();
    assert!(keys.next().is_none());
}

#[test]
fn no_more_keys_are_used_up_than_are_taken() {
    let (mut a, mut b) = talking();
    for taken in [0, 1, 3, LANES, LANES] {
        let keys = a.sending_with(false, SecretKey::generate).unwrap();
        let records = keys.take(taken);
        let records = records.map(|(header, key)| seal(header, key, b"in order"));
        let records: Vec<_> = records.collect();
        assert_eq!(records.len(), taken);
        for record in records {
            receive(&mut b, &record).unwrap();
        }
    }
}

#[test]
fn a_link_ends_when_it_has_used_its_keys() {
    let (mut a, mut b) = talking();
    let record = send(&mut a, true, b"x");
    b.used.0.extend(0..KEYS_LIMIT as u64);
    refused(&mut b, &record, RatchetError::KeysEnd);
    let (mut a, _) = talking();
    a.used.0.extend(0..KEYS_LIMIT as u64);
    let before = snapshot(&a);
    assert_eq!(a.next_sending(true).unwrap_err(), RatchetError::KeysEnd);
    assert_eq!(snapshot(&a), before);
}

#[test]
fn fixed_keys_give_a_fixed_transcript() {
    let run = || {
        let bob = SecretKey::from_bytes(&[2; 32]);
        let alice = SecretKey::from_bytes(&[3; 32]);
        let root = || Key::from_bytes(&[1; 32]);
        let mut a = Ratchet::initiator_with(root(), alice, bob.public()).unwrap();
        let mut b = Ratchet::responder(root(), bob);
        let go = send(&mut a, true, b"go");
        receive(&mut b, &go).unwrap();
        let key = || SecretKey::from_bytes(&[4; 32]);
        let (header, key) = b.next_sending_with(true, key).unwrap();
        vec![go, seal(header, key, b"here")]
    };
    assert_eq!(run(), run());
}

#[test]
fn both_ends_with_one_key_are_refused() {
    let root = Key::from_bytes(&[1; 32]);
    let ours = SecretKey::from_bytes(&[2; 32]);
    let theirs = ours.public();
    let started = Ratchet::initiator_with(root, ours, theirs);
    assert_eq!(started.unwrap_err(), RatchetError::KeyReused);
}

#[test]
fn debug_shows_no_secret() {
    let (a, b) = talking();
    for (r, shown) in [(&a, format!("{a:?}")), (&b, format!("{b:?}"))] {
        assert!(shown.starts_with("Ratchet { our_key: PublicKey("));
        let ours = r.ours.as_bytes();
        for secret in [r.root.as_bytes(), ours] {
            let hex = data_encoding::HEXLOWER.encode(&secret[..4]);
            assert!(
                !shown.contains(&hex) && !shown.contains(&format!("{}, {}", secret[0], secret[1]))
            );
        }
    }
}
