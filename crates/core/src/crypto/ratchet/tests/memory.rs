//! After every record the keys before it, and all that was derived on the way, stand nowhere in
//! memory; the keys that count stand once at each end.

use super::*;
use crate::crypto::seal::{LANES, Lane, make_room, seal_lanes};
use crate::crypto::secret::Secret;
use crate::crypto::traces::{of_hmac, of_sealing};
use crate::memory::{Needle, alone, gone, stand};

/// Every key that an end holds between two records.
fn held(end: &Ratchet) -> Vec<Needle> {
    let chains = [("sending", &end.sending), ("receiving", &end.receiving)];
    let chains = chains
        .into_iter()
        .filter_map(|(name, chain)| Some((name, &chain.as_ref()?.key)));
    let mut keys = vec![
        Needle::of("root key", end.root.as_bytes()),
        Needle::of("ratchet key", end.ours.as_bytes()),
    ];
    keys.extend(chains.map(|(name, key)| Needle::of(format!("{name} chain key"), key.as_bytes())));
    keys
}

/// What comes of these keys while the next record is made, and must not stay.
fn on_the_way(end: &Ratchet) -> Vec<Needle> {
    let mut traces = of_hmac("root key", end.root.as_bytes());
    for chain in [&end.sending, &end.receiving].into_iter().flatten() {
        traces.extend(of_hmac("chain key", chain.key.as_bytes()));
    }
    if let Some(theirs) = end.theirs {
        let shared = end.ours.diffie_hellman(&theirs).unwrap();
        traces.push(Needle::of("DH", shared.as_bytes()));
    }
    traces
}

/// Sends one record from one end to the other, and looks at what is left of it.
fn one_record(from: &mut Ratchet, to: &mut Ratchet, step: bool) {
    let mut past = [held(from), held(to)].concat();
    let mut traces = [on_the_way(from), on_the_way(to)].concat();
    let (header, key) = from.next_sending(step).unwrap();
    traces.extend(of_sealing(key.key(), SealLabel::Message));
    let record = seal(header, key, b"said");
    let forged = (header, vec![0; record.1.len()]);
    assert!(receive(to, &forged).is_err());
    assert_eq!(receive(to, &record).unwrap(), b"said");
    traces.extend([on_the_way(from), on_the_way(to)].concat());

    let now = [held(from), held(to)].concat();
    past.retain(|key| !now.contains(key));
    assert!(!past.is_empty());
    gone(&past);
    gone(&traces);
    stand(&now);
}

/// Sends as many records as are sealed at a time, and looks at what is left of them.
fn several_records(from: &mut Ratchet, to: &mut Ratchet) {
    let mut past = [held(from), held(to)].concat();
    let mut traces = [on_the_way(from), on_the_way(to)].concat();
    let mut records = [const { (Vec::new(), Vec::new()) }; LANES];
    let mut lanes = [const { None }; LANES];
    let keys = from.sending_with(false, SecretKey::generate).unwrap();
    for ((lane, (ad, body)), (header, key)) in lanes.iter_mut().zip(&mut records).zip(keys) {
        traces.extend(of_sealing(key.key(), SealLabel::Message));
        ad.extend(header.encode());
        body.extend(b"said");
        make_room(body, 0);
        *lane = Lane::new(key, [ad, &[]], body);
    }
    seal_lanes(SealLabel::Message, lanes);
    // Before anything else wipes the stack where they were sealed.
    gone(&traces);
    for (ad, sealed) in records {
        let header = Header::decode(&ad.try_into().unwrap()).unwrap();
        assert_eq!(receive(to, &(header, sealed)).unwrap(), b"said");
    }
    let now = [held(from), held(to)].concat();
    past.retain(|key| !now.contains(key));
    assert!(!past.is_empty());
    gone(&past);
    stand(&now);
}

#[test]
fn past_keys_are_gone_from_memory_after_every_record() {
    alone(
        concat!(
            module_path!(),
            "::past_keys_are_gone_from_memory_after_every_record"
        ),
        || {
            let root = Secret::random();
            let ours = SecretKey::generate();
            let key = || Key::from_bytes(root.as_bytes());
            let mut a = Ratchet::initiator(key(), ours.public()).unwrap();
            let mut b = Ratchet::responder(key(), ours);
            drop(root);
            for step in [true, false, true, true] {
                one_record(&mut a, &mut b, step);
                one_record(&mut a, &mut b, step);
                one_record(&mut b, &mut a, step);
                several_records(&mut a, &mut b);
            }
            let last = [held(&a), held(&b)].concat();
            drop((a, b));
            gone(&last);
        },
    );
}
