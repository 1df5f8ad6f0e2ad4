//! The ratchet against libsignal's chain key, vodozemac's sessions and the documented formulas.

use hkdf::Hkdf;
use hmac::Mac;
use sha2::Sha256;
use vodozemac::hazmat::olm::MessageKey;
use vodozemac::olm::{self, OlmMessage, RatchetPublicKey, SessionConfig, SessionKeys};

use super::*;
use crate::crypto::keys::hmac_sha256;
use crate::crypto::seal::MessageKeys;
use crate::crypto::testing::hex_array;

#[test]
fn libsignal_chain_key() {
    let file = include_str!("../../../../../../tests/vectors/libsignal_chain_kat.json");
    let kat: serde_json::Value = serde_json::from_str(file).unwrap();
    let field = |name: &str| hex_array::<32>(kat[name].as_str().unwrap());
    let info = kat["labels"]["message_keys_info"].as_str().unwrap();
    let mut chain = Chain::new(Key::from_bytes(&field("chain_key")), 0);
    let mut aside = Aside::new();
    let ratchet_key = SecretKey::generate().public();
    let (_, message_key) = aside.sending(ratchet_key, &mut chain).next().unwrap();
    let keys = MessageKeys::derive(message_key.key(), info.as_bytes());
    drop(message_key);
    assert_eq!(*chain.key.as_bytes(), field("next_chain_key"));
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
    let theirs = SecretKey::from_bytes(&[6; 32]);
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
        *theirs.as_bytes(),
    );
    // Olm's first chain comes from the handshake and not from a DH step, so it is set here.
    let mut ours = Ratchet::responder(Key::from_bytes(&root), SecretKey::generate());
    ours.info = b"OLM_RATCHET";
    ours.used.insert(&theirs.public());
    ours.theirs = Some(theirs.public());
    ours.receiving = Some(Chain::new(Key::from_bytes(&chain), 0));
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
        let keys = MessageKeys::derive(key.key(), b"OLM_KEYS");
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
        Box::new(*key.key().as_bytes()),
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
        SecretKey::from_bytes(&[3; 32]),
        SecretKey::from_bytes(&[2; 32]),
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
    let root = Key::from_bytes(&[1; 32]);
    let mut a = Ratchet::initiator_with(root, alice, bob.public()).unwrap();
    assert_eq!(a.root.as_bytes(), &okm[..32]);
    for (number, expected) in [(0_u8, first), (1, second)] {
        let (header, key) = a.next_sending(true).unwrap();
        assert_eq!(
            key.key().as_bytes().as_slice(),
            expected.as_bytes().as_slice()
        );
        let encoded = [
            alice_key.as_bytes().as_slice(),
            &[0, 0, 0, 0, 0, 0, 0, number],
        ]
        .concat();
        assert_eq!(header.encode().as_slice(), encoded);
    }
}
