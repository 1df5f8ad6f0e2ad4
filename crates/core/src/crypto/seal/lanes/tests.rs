//! What is sealed beside others is what it would be alone, byte by byte.

use proptest::prelude::*;

use super::*;
use crate::crypto::keys::{Key, SecretKey};
use crate::crypto::ratchet::Ratchet;
use crate::crypto::seal::make_room;
use crate::crypto::seal::tests::by_the_formula;

const LABEL: SealLabel = SealLabel::Message;

fn ratchet() -> Ratchet {
    let theirs = SecretKey::from_bytes(&[5; 32]).public();
    Ratchet::initiator(Key::from_bytes(&[1; 32]), theirs).unwrap()
}

/// Seals these messages in lanes; gives each with its key.
fn in_lanes(ad: [&[u8]; 2], plains: &[Vec<u8>]) -> Vec<([u8; 32], Vec<u8>)> {
    let mut ratchet = ratchet();
    let (mut keys, mut bufs) = (Vec::new(), plains.to_vec());
    let mut lanes = [const { None }; LANES];
    let sending = ratchet.sending_with(false, SecretKey::generate).unwrap();
    for ((lane, buf), (_, key)) in lanes.iter_mut().zip(&mut bufs).zip(sending) {
        keys.push(*key.key().as_bytes());
        make_room(buf, 0);
        *lane = Lane::new(key, ad, buf);
        assert!(lane.is_some());
    }
    seal_lanes(LABEL, lanes);
    keys.into_iter().zip(bufs).collect()
}

fn check(ad: [&[u8]; 2], plains: &[Vec<u8>]) {
    let sealed = in_lanes(ad, plains);
    assert_eq!(sealed.len(), plains.len());
    for ((key, sealed), plain) in sealed.iter().zip(plains) {
        assert_eq!(*sealed, by_the_formula(key, &ad.concat(), plain));
        let mut alone = plain.clone();
        Key::from_bytes(key).seal(LABEL, &ad, &mut alone, 0);
        assert_eq!(*sealed, alone);
    }
    let mut keys: Vec<_> = sealed.into_iter().map(|(key, _)| key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), plains.len(), "a key for each");
}

#[test]
fn the_longest_records_are_what_they_would_be_alone() {
    let plains: Vec<_> = (0..LANES).map(|at| vec![at as u8; 64 * 1024]).collect();
    check([&[3; 97], &[4; 40]], &plains);
}

#[test]
fn a_body_without_its_padding_or_its_room_is_not_taken() {
    let mut body = b"sixteen bytes..".to_vec();
    make_room(&mut body, 0);
    let good = body.clone();
    for wrong in [
        good[..good.len() - 1].to_vec(),
        [good.as_slice(), &[0]].concat(),
        good[..TAG].to_vec(),
        good[..TAG - 1].to_vec(),
        vec![0; 48],
        vec![],
    ] {
        let (mut ratchet, mut wrong) = (ratchet(), wrong);
        let (_, key) = ratchet.next_sending(false).unwrap();
        assert!(Lane::new(key, [&[], &[]], &mut wrong).is_none());
    }
    let (mut ratchet, mut body) = (ratchet(), good);
    let (_, key) = ratchet.next_sending(false).unwrap();
    assert!(Lane::new(key, [&[], &[]], &mut body).is_some());
}

proptest! {
    #[test]
    fn every_message_is_what_it_would_be_alone(
        plains in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..1500), 1..=LANES),
        ad in prop::collection::vec(any::<u8>(), 0..200),
        cut: prop::sample::Index,
    ) {
        let (left, right) = ad.split_at(cut.index(ad.len() + 1));
        check([left, right], &plains);
    }
}
