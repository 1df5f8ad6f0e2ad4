//! The ratchet against vodozemac and libsignal, then everything that a peer or a thief of a
//! cable may try. A refused record must leave no trace: the honest one opens after it.

use hkdf::Hkdf;
use hmac::Mac;
use proptest::prelude::*;
use sha2::Sha256;
use vodozemac::hazmat::olm::MessageKey;
use vodozemac::olm::{self, OlmMessage, RatchetPublicKey, SessionConfig, SessionKeys};

use super::chain::kdf_ck;
use super::*;
use crate::crypto::keys::{SealLabel, hmac_sha256};
use crate::crypto::seal::MessageKeys;
use crate::crypto::testing::hex_array;

type Record = (Header, Vec<u8>);

fn pair() -> (Ratchet, Ratchet) {
    let ours = SecretKey::from_bytes([2; 32]);
    let initiator = Ratchet::initiator(Key::from_bytes([1; 32]), ours.public()).unwrap();
    (
        initiator,
        Ratchet::responder(Key::from_bytes([1; 32]), ours),
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

fn seal(header: Header, key: Key, text: &[u8]) -> Record {
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
    out.extend(*r.ours.to_bytes());
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

#[test]
fn libsignal_chain_key() {
    let file = include_str!("../../../tests/vectors/libsignal_chain_kat.json");
    let kat: serde_json::Value = serde_json::from_str(file).unwrap();
    let field = |name: &str| hex_array::<32>(kat[name].as_str().unwrap());
    let info = kat["labels"]["message_keys_info"].as_str().unwrap();
    let (next, message_key) = kdf_ck(&Key::from_bytes(field("chain_key")));
    assert_eq!(*next.as_bytes(), field("next_chain_key"));
    let keys = MessageKeys::derive(&message_key, info.as_bytes());
    assert_eq!(keys.split().enc, field("cipher_key"));
    assert_eq!(keys.split().mac, field("mac_key"));
}

/// vodozemac's session as the specification's Alice, and ours as its Bob with Olm's labels.
fn olm_pair() -> (olm::Session, Ratchet) {
    let mut okm = [0; 64];
    Hkdf::<Sha256>::new(None, &[5; 32])
        .expand(b"OLM_ROOT", &mut okm)
        .unwrap();
    let root: [u8; 32] = okm[..32].try_into().unwrap();
    let chain: [u8; 32] = okm[32..].try_into().unwrap();
    let theirs = SecretKey::from_bytes([6; 32]);
    let any = vodozemac::Curve25519PublicKey::from_bytes([9; 32]);
    let session = olm::Session::from_root_key_material(
        SessionConfig::version_1(),
        SessionKeys {
            identity_key: any,
            base_key: any,
            one_time_key: any,
        },
        root,
        chain,
        *theirs.to_bytes(),
    );
    // Olm's first chain comes from the handshake and not from a DH step, so it is set here.
    let mut ours = Ratchet::responder(Key::from_bytes(root), SecretKey::generate());
    ours.info = b"OLM_RATCHET";
    ours.used.insert(&theirs.public());
    ours.theirs = Some(theirs.public());
    ours.receiving = Some(Chain::new(Key::from_bytes(chain), 0));
    ours.step_due = true;
    (session, ours)
}

fn from_olm(session: &mut olm::Session, ours: &mut Ratchet, text: &[u8]) {
    let message = match session.encrypt(text).unwrap() {
        OlmMessage::Normal(message) => message,
        OlmMessage::PreKey(message) => message.message().clone(),
    };
    let key = PublicKey::from_bytes(message.ratchet_key().to_bytes()).unwrap();
    // Olm sends no PN; what it would be is what we counted.
    let previous = match &ours.receiving {
        Some(chain) if ours.theirs == Some(key) => chain.previous,
        Some(chain) => chain.number,
        None => 0,
    };
    let header = Header {
        key,
        previous,
        number: u32::try_from(message.chain_index()).unwrap(),
    };
    let opened = ours.receive(&header, |key| {
        let keys = MessageKeys::derive(&key, b"OLM_KEYS");
        let parts = keys.split();
        let bytes = message.to_bytes();
        let (body, tag) = bytes.split_at(bytes.len() - 8);
        hmac_sha256(parts.mac)
            .chain_update(body)
            .verify_truncated_left(tag)
            .map_err(|_| OpenError)?;
        use aes::cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7};
        cbc::Decryptor::<aes::Aes256>::new_from_slices(parts.enc, parts.iv)
            .unwrap()
            .decrypt_padded_vec::<Pkcs7>(message.ciphertext())
            .map_err(|_| OpenError)
    });
    assert_eq!(opened.unwrap(), text);
}

fn to_olm(ours: &mut Ratchet, session: &mut olm::Session, step: bool, text: &[u8]) {
    let (header, key) = ours.next_sending(step).unwrap();
    let message = MessageKey::new(
        Box::new(*key.as_bytes()),
        RatchetPublicKey::from(*header.key.as_bytes()),
        u64::from(header.number),
    )
    .encrypt_truncated_mac(text);
    assert_eq!(session.decrypt(&OlmMessage::Normal(message)).unwrap(), text);
}

#[test]
fn vodozemac_messages_and_steps_both_ways() {
    let (mut session, mut ours) = olm_pair();
    for turn in 0..10_u8 {
        for i in 0..=turn % 3 {
            from_olm(&mut session, &mut ours, &[turn, i]);
        }
        assert!(ours.step_due());
        for i in 0..=(turn + 1) % 3 {
            to_olm(&mut ours, &mut session, true, &[turn, i, 1]);
        }
        assert!(!ours.step_due());
    }
}

/// To another implementation a postponed step is nothing but a longer chain.
#[test]
fn vodozemac_reads_chains_that_a_postponed_step_lengthened() {
    let (mut session, mut ours) = olm_pair();
    from_olm(&mut session, &mut ours, b"first");
    to_olm(&mut ours, &mut session, true, b"first is never postponed");
    for turn in 0..10_u8 {
        from_olm(&mut session, &mut ours, &[turn]);
        to_olm(&mut ours, &mut session, turn % 3 == 2, &[turn]);
        from_olm(&mut session, &mut ours, &[turn, turn]);
    }
}

#[test]
fn derivations_are_the_documented_formulas() {
    let (alice, bob) = (
        SecretKey::from_bytes([3; 32]),
        SecretKey::from_bytes([2; 32]),
    );
    let dh = x25519_dalek::x25519([3; 32], *bob.public().as_bytes());
    let mut okm = [0; 64];
    Hkdf::<Sha256>::new(Some(&[1; 32]), &dh)
        .expand(b"undertone/1 root", &mut okm)
        .unwrap();
    let mac = |key: &[u8], constant| hmac_sha256(key).chain_update([constant]).finalize();
    let first = mac(&okm[32..], 1);
    let second = mac(mac(&okm[32..], 2).as_bytes(), 1);

    let alice_key = alice.public();
    let root = Key::from_bytes([1; 32]);
    let mut a = Ratchet::initiator_with(root, alice, bob.public()).unwrap();
    assert_eq!(a.root.as_bytes(), &okm[..32]);
    for (number, expected) in [(0_u8, first), (1, second)] {
        let (header, key) = a.next_sending(true).unwrap();
        assert_eq!(key.as_bytes().as_slice(), expected.as_bytes().as_slice());
        let encoded = [
            alice_key.as_bytes().as_slice(),
            &[0, 0, 0, 0, 0, 0, 0, number],
        ]
        .concat();
        assert_eq!(header.encode().as_slice(), encoded);
    }
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
    forged.0.key = SecretKey::from_bytes([2; 32]).public();
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
    let started = Ratchet::initiator(Key::from_bytes([1; 32]), low);
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
    assert_eq!(a.next_sending(false).unwrap_err(), RatchetError::UsedUp);
    assert_eq!(snapshot(&a), before);
    let mut beyond = last;
    beyond.0.number = CHAIN_LIMIT;
    refused(&mut b, &beyond, RatchetError::UsedUp);
}

#[test]
fn a_link_ends_when_it_has_used_its_keys() {
    let (mut a, mut b) = talking();
    let record = send(&mut a, true, b"x");
    b.used.0.extend(0..KEYS_LIMIT as u64);
    refused(&mut b, &record, RatchetError::UsedUp);
    let (mut a, _) = talking();
    a.used.0.extend(0..KEYS_LIMIT as u64);
    let before = snapshot(&a);
    assert_eq!(a.next_sending(true).unwrap_err(), RatchetError::UsedUp);
    assert_eq!(snapshot(&a), before);
}

#[test]
fn fixed_keys_give_a_fixed_transcript() {
    let run = || {
        let bob = SecretKey::from_bytes([2; 32]);
        let alice = SecretKey::from_bytes([3; 32]);
        let root = || Key::from_bytes([1; 32]);
        let mut a = Ratchet::initiator_with(root(), alice, bob.public()).unwrap();
        let mut b = Ratchet::responder(root(), bob);
        let go = send(&mut a, true, b"go");
        receive(&mut b, &go).unwrap();
        let key = || SecretKey::from_bytes([4; 32]);
        let (header, key) = b.next_sending_with(true, key).unwrap();
        vec![go, seal(header, key, b"here")]
    };
    assert_eq!(run(), run());
}

#[test]
fn both_ends_with_one_key_are_refused() {
    let root = Key::from_bytes([1; 32]);
    let ours = SecretKey::from_bytes([2; 32]);
    let theirs = ours.public();
    let started = Ratchet::initiator_with(root, ours, theirs);
    assert_eq!(started.unwrap_err(), RatchetError::KeyReused);
}

#[test]
fn debug_shows_no_secret() {
    let (a, b) = talking();
    for (r, shown) in [(&a, format!("{a:?}")), (&b, format!("{b:?}"))] {
        assert!(shown.starts_with("Ratchet { our_key: PublicKey("));
        let ours = r.ours.to_bytes();
        for secret in [r.root.as_bytes(), &*ours] {
            let hex = data_encoding::HEXLOWER.encode(&secret[..4]);
            assert!(
                !shown.contains(&hex) && !shown.contains(&format!("{}, {}", secret[0], secret[1]))
            );
        }
    }
}

proptest! {
    #[test]
    fn header_round_trip(key: [u8; 32], previous: u32, number: u32) {
        let key = SecretKey::from_bytes(key).public();
        let header = Header { key, previous, number };
        prop_assert_eq!(Header::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn any_forty_bytes_decode_or_are_refused(bytes: [u8; 32], rest: [u8; 8]) {
        let mut all = [0; 40];
        all[..32].copy_from_slice(&bytes);
        all[32..].copy_from_slice(&rest);
        if let Ok(header) = Header::decode(&all) {
            prop_assert_eq!(header.encode(), all);
        }
    }
}

/// One thing that happens on a link that runs both ways.
#[derive(Debug, Clone)]
enum Step {
    /// A side sends, asking for the DH step or not.
    Send { a: bool, step: bool },
    /// The oldest record on its way to a side arrives.
    Arrive { a: bool },
    /// A forgery arrives instead: that record with one bit of header or body flipped.
    Forge {
        a: bool,
        at: prop::sample::Index,
        bit: u32,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => any::<(bool, bool)>().prop_map(|(a, step)| Step::Send { a, step }),
        3 => any::<bool>().prop_map(|a| Step::Arrive { a }),
        1 => (any::<bool>(), any::<prop::sample::Index>(), 0..8_u32)
            .prop_map(|(a, at, bit)| Step::Forge { a, at, bit }),
    ];
    prop::collection::vec(step, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_turns_with_postponed_steps_and_forgeries(steps in steps()) {
        let (mut a, mut b) = pair();
        let mut queues = [std::collections::VecDeque::new(), std::collections::VecDeque::new()];
        let mut count = 0_u32;
        for step in steps {
            match step {
                Step::Send { a: from_a, step } => {
                    let from = if from_a { &mut a } else { &mut b };
                    if !can_send(from) {
                        prop_assert!(from.next_sending(step).is_err());
                        continue;
                    }
                    let text = count.to_be_bytes();
                    queues[usize::from(from_a)].push_back((send(from, step, &text), text));
                    count += 1;
                }
                Step::Arrive { a: to_a } => {
                    let to = if to_a { &mut a } else { &mut b };
                    if let Some((record, text)) = queues[usize::from(!to_a)].pop_front() {
                        prop_assert_eq!(receive(to, &record), Ok(text.to_vec()));
                    }
                }
                Step::Forge { a: to_a, at, bit } => {
                    let to = if to_a { &mut a } else { &mut b };
                    let Some((record, _)) = queues[usize::from(!to_a)].front() else { continue };
                    let (mut header, mut sealed) = (record.0.encode(), record.1.clone());
                    let at = at.index(header.len() + sealed.len());
                    match at.checked_sub(header.len()) {
                        None => header[at] ^= 1 << bit,
                        Some(at) => sealed[at] ^= 1 << bit,
                    }
                    let before = snapshot(to);
                    if let Ok(header) = Header::decode(&header) {
                        prop_assert!(receive(to, &(header, sealed)).is_err());
                    }
                    prop_assert_eq!(snapshot(to), before);
                }
            }
        }
        for (to, queue) in [(&mut a, 0), (&mut b, 1)] {
            for (record, text) in queues[queue].drain(..) {
                prop_assert_eq!(receive(to, &record), Ok(text.to_vec()));
            }
        }
    }
}
