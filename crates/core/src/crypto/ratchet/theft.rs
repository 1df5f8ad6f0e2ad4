//! A thief who once copies all that a ratchet holds: what was said before stays
//! closed, and after one exchange what is said then does too.

use super::*;
use crate::crypto::keys::SealLabel;

type Record = (Header, Vec<u8>);

/// All of it, as a thief of the device's memory has it.
fn stolen(r: &Ratchet) -> Ratchet {
    let key = |key: &Key| Key::from_bytes(key.as_bytes());
    let chain = |chain: &Option<Chain>| {
        chain.as_ref().map(|chain| Chain {
            key: key(&chain.key),
            ..*chain
        })
    };
    let mut used = UsedKeys::default();
    used.0.clone_from(&r.used.0);
    Ratchet {
        root: key(&r.root),
        ours: SecretKey::from_bytes(r.ours.as_bytes()),
        our_key: r.our_key,
        theirs: r.theirs,
        sending: chain(&r.sending),
        receiving: chain(&r.receiving),
        aside: Aside::new(),
        step_due: r.step_due,
        used,
        info: r.info,
    }
}

fn send(from: &mut Ratchet) -> Record {
    let (header, key) = from.next_sending(true).unwrap();
    let mut sealed = b"said".to_vec();
    key.seal(SealLabel::Message, &[&header.encode()], &mut sealed, 0);
    (header, sealed)
}

fn opens(key: MessageKey<'_>, (header, sealed): &Record) -> bool {
    let mut buf = sealed.clone();
    key.open(SealLabel::Message, &[&header.encode()], &mut buf)
        .is_ok()
}

fn receive(to: &mut Ratchet, record: &Record) -> bool {
    let opened = to.receive(&record.0, |key| {
        let mut buf = record.1.clone();
        let plain = key.open(SealLabel::Message, &[&record.0.encode()], &mut buf)?;
        Ok(plain.to_vec())
    });
    opened.is_ok()
}

/// Whether any key that follows from this state, in whatever order, opens it.
fn follows(state: &Ratchet, record: &Record) -> bool {
    let chains = [&state.sending, &state.receiving].into_iter().flatten();
    let mut starts: Vec<Key> = chains.map(|c| Key::from_bytes(c.key.as_bytes())).collect();
    starts.push(Key::from_bytes(state.root.as_bytes()));
    for public in state.theirs.iter().chain([&record.0.key]) {
        let shared = state.ours.diffie_hellman(public).unwrap();
        let (root, chain) = kdf_rk(&state.root, &shared, state.info);
        starts.extend([root, chain]);
    }
    starts.into_iter().any(|start| {
        let mut chain = Chain::new(start, 0);
        let mut aside = Aside::new();
        (0..64).any(|_| {
            let (_, key) = aside.sending(record.0.key, &mut chain).next().unwrap();
            opens(key, record)
        })
    })
}

/// Both after one record each way.
fn talking() -> (Ratchet, Ratchet) {
    let ours = SecretKey::generate();
    let mut a = Ratchet::initiator(Key::from_bytes(&[1; 32]), ours.public()).unwrap();
    let mut b = Ratchet::responder(Key::from_bytes(&[1; 32]), ours);
    let hello = send(&mut a);
    assert!(receive(&mut b, &hello));
    let answer = send(&mut b);
    assert!(receive(&mut a, &answer));
    (a, b)
}

#[test]
fn a_thief_of_the_state_reads_nothing_that_was_said_before() {
    let (mut a, mut b) = talking();
    let early = stolen(&b);
    let past: Vec<_> = (0..3).map(|_| send(&mut a)).collect();
    assert!(past.iter().all(|record| receive(&mut b, record)));
    let (sender, receiver) = (stolen(&a), stolen(&b));
    for record in &past {
        assert!(!follows(&sender, record) && !follows(&receiver, record));
        assert!(follows(&early, record), "whoever came earlier reads it");
    }
}

#[test]
fn a_thief_of_the_state_cannot_follow_past_one_exchange() {
    let (mut a, mut b) = talking();
    let thief = stolen(&b);
    let before = send(&mut a);
    assert!(follows(&thief, &before));
    assert!(receive(&mut b, &before));
    // One exchange, of which the thief even sees every byte.
    let there = send(&mut b);
    assert!(receive(&mut a, &there));
    let back = send(&mut a);
    assert!(receive(&mut b, &back));
    let mut thief = thief;
    assert!(receive(&mut thief, &before));
    assert!(!receive(&mut thief, &back));
    assert!(!follows(&thief, &back));
}
