//! CPace, the password-authenticated exchange: CPACE-RISTR255-SHA512 of
//! draft-irtf-cfrg-cpace-21, initiator-responder mode.
//!
//! ```text
//! g   = map(SHA-512(lv(DSI) ‖ lv(PRS) ‖ lv(zeros) ‖ lv(CI) ‖ lv(sid)))      §7.1, §7.3
//! Y   = y·g        K = y·Y′, abort on the identity                             §7.3
//! ISK = SHA-512(lv(DSI_ISK) ‖ lv(sid) ‖ lv(K) ‖ lv(Ya) ‖ lv(ADa) ‖ lv(Yb) ‖ lv(ADb))
//! ```
//!
//! `lv` is the draft's (a LEB128 length), not the protocol's. What PRS, CI and the associated
//! data are made of is in [`super::keys`] and in the pairing.

use std::fmt;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest, Sha512};

use super::keys::{InvalidPoint, fill_random};
use super::secret::{Secret, wiping_stack};

const DSI: &[u8] = b"CPaceRistretto255";
const DSI_ISK: &[u8] = b"CPaceRistretto255_ISK";
/// Input block of SHA-512: DSI and PRS are padded to fill one, so that PRS alone stands in it.
const HASH_BLOCK: usize = 128;

/// Our side of one exchange: y and Y = y·g. Spent by [`finish`](Self::finish).
pub struct Share {
    /// y, little-endian, reduced.
    secret: Secret<32>,
    public: [u8; 32],
    sid: Vec<u8>,
}

impl Share {
    /// A fresh share for password `prs` on channel `ci`; `sid` is empty in our use.
    ///
    /// # Panics
    /// As [`random`](super::keys::random).
    pub fn new(prs: &[u8], ci: &[u8], sid: &[u8]) -> Self {
        let secret = Secret::derive(|y| {
            let mut wide = [0; 64];
            fill_random(&mut wide);
            *y = Scalar::from_bytes_mod_order_wide(&wide).to_bytes();
        });
        Self::with(prs, ci, sid, secret)
    }

    /// The share with scalar `y` (little-endian, reduced): only for fixed transcripts.
    pub fn with_scalar(prs: &[u8], ci: &[u8], sid: &[u8], y: &[u8; 32]) -> Self {
        let secret = Secret::derive(|reduced| *reduced = scalar(y).to_bytes());
        Self::with(prs, ci, sid, secret)
    }

    fn with(prs: &[u8], ci: &[u8], sid: &[u8], secret: Secret<32>) -> Self {
        let share = || scalar(secret.as_bytes()) * generator(prs, ci, sid);
        let public = wiping_stack(|| share().compress().to_bytes());
        Self {
            secret,
            public,
            sid: sid.to_vec(),
        }
    }

    /// Y, 32 bytes of a ristretto255 encoding (RFC 9496 §4.3.2).
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// y, for the tests that look for it.
    #[cfg(test)]
    pub(crate) fn scalar(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }

    /// ISK, with the other side's Y and both sides' associated data.
    ///
    /// `ada` is the initiator's and `adb` the responder's; `initiator` says which one we are.
    ///
    /// # Errors
    /// [`InvalidPoint`] when `theirs` is not an encoding, or the shared point is the identity.
    pub fn finish(
        self,
        theirs: &[u8; 32],
        ada: &[u8],
        adb: &[u8],
        initiator: bool,
    ) -> Result<Isk, InvalidPoint> {
        let k = scalar_mult_vfy(&self.secret, theirs)?;
        let k = k.as_bytes();
        let (ya, yb) = if initiator {
            (&self.public, theirs)
        } else {
            (theirs, &self.public)
        };
        Ok(Isk(Secret::derive(|isk| {
            let mut hash = Sha512::new();
            for part in [DSI_ISK, &self.sid, k, ya, ada, yb, adb] {
                update_lv(&mut hash, part);
            }
            *isk = hash.finalize().into();
        })))
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            secret: _,
            public: _,
            sid: _,
        } = self;
        f.write_str("Share(..)")
    }
}

/// ISK, the intermediate session key: 64 bytes, for a derivation only.
pub struct Isk(Secret<64>);

impl Isk {
    /// The 64 bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Isk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Isk(..)")
    }
}

/// K = y·Y′ encoded (§7.3): decoding and the identity are checked here and nowhere else.
fn scalar_mult_vfy(y: &Secret<32>, theirs: &[u8; 32]) -> Result<Secret<32>, InvalidPoint> {
    let theirs = CompressedRistretto(*theirs)
        .decompress()
        .ok_or(InvalidPoint)?;
    let mut identity = true;
    let encoded = Secret::derive(|encoded| {
        let k = scalar(y.as_bytes()) * theirs;
        identity = k.is_identity();
        *encoded = k.compress().to_bytes();
    });
    match identity {
        true => Err(InvalidPoint),
        false => Ok(encoded),
    }
}

/// A scalar as the curve's code takes it: a copy, for a stack that is wiped.
fn scalar(y: &[u8; 32]) -> Scalar {
    Scalar::from_bytes_mod_order(*y)
}

/// On a stack that is wiped: g = element_derivation(SHA-512(generator_string(DSI, PRS, CI, sid, 128))), §7.1.
fn generator(prs: &[u8], ci: &[u8], sid: &[u8]) -> RistrettoPoint {
    let (_, dsi_prefix) = leb128(DSI.len());
    let (_, prs_prefix) = leb128(prs.len());
    let used = 1 + dsi_prefix + DSI.len() + prs_prefix + prs.len();
    let mut hash = Sha512::new();
    update_lv(&mut hash, DSI);
    update_lv(&mut hash, prs);
    let zeros = [0; HASH_BLOCK];
    update_lv(&mut hash, zeros.get(used.min(HASH_BLOCK)..).unwrap_or(&[]));
    update_lv(&mut hash, ci);
    update_lv(&mut hash, sid);
    RistrettoPoint::from_uniform_bytes(&hash.finalize().into())
}

/// The draft's prepend_len: LEB128(len x) ‖ x.
fn update_lv(hash: &mut Sha512, x: &[u8]) {
    let (bytes, used) = leb128(x.len());
    hash.update(bytes.get(..used).unwrap_or(&bytes));
    hash.update(x);
}

/// Unsigned LEB128 of a length, and how many bytes it takes.
fn leb128(mut n: usize) -> ([u8; 10], usize) {
    let mut bytes = [0; 10];
    let mut used = 0;
    for byte in &mut bytes {
        used += 1;
        *byte = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            break;
        }
        *byte |= 0x80;
    }
    (bytes, used)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::testing::{hex, hex_array};

    fn official() -> serde_json::Value {
        let file = include_str!("../../tests/vectors/cpace_testvectors.json");
        serde_json::from_str(file).unwrap()
    }

    /// The draft's ristretto255 case stands in its file under the name of the Sage class.
    #[test]
    fn official_vector() {
        let file = official();
        let v = |name: &str| hex(file["G_Coffee25519"][name].as_str().unwrap());
        let array = |name: &str| hex_array::<32>(file["G_Coffee25519"][name].as_str().unwrap());
        let (prs, ci, sid) = (v("PRS"), v("CI"), v("sid"));
        let g = generator(&prs, &ci, &sid).compress().to_bytes();
        assert_eq!(g, array("g"));
        let a = Share::with_scalar(&prs, &ci, &sid, &array("ya"));
        let b = Share::with_scalar(&prs, &ci, &sid, &array("yb"));
        assert_eq!(*a.public(), array("Ya"));
        assert_eq!(*b.public(), array("Yb"));
        let k = scalar_mult_vfy(&a.secret, b.public()).unwrap();
        assert_eq!(*k.as_bytes(), array("K"));
        let k = scalar_mult_vfy(&b.secret, a.public()).unwrap();
        assert_eq!(*k.as_bytes(), array("K"));

        // CPaceSidOutput is no part of ours; it checks the transcript apart from ISK.
        let mut hash = Sha512::new();
        hash.update(b"CPaceSidOutput");
        for part in [a.public().as_slice(), &v("ADa"), b.public(), &v("ADb")] {
            update_lv(&mut hash, part);
        }
        assert_eq!(hash.finalize().as_slice(), v("sid_output_ir"));

        let (ya, yb) = (*a.public(), *b.public());
        let isk_a = a.finish(&yb, &v("ADa"), &v("ADb"), true).unwrap();
        let isk_b = b.finish(&ya, &v("ADa"), &v("ADb"), false).unwrap();
        assert_eq!(isk_a.as_bytes().as_slice(), v("ISK_IR"));
        assert_eq!(isk_b.as_bytes().as_slice(), v("ISK_IR"));
    }

    #[test]
    fn official_points() {
        let file = official();
        let points = file["G_Coffee25519_points"].as_object().unwrap();
        let valid = |name: &str| hex_array::<32>(points["Valid"][name].as_str().unwrap());
        let s = Secret::copy(&valid("s"));
        let k = scalar_mult_vfy(&s, &valid("X")).unwrap();
        assert_eq!(*k.as_bytes(), valid("G.scalar_mult(s,decode(X))"));
        assert_eq!(*k.as_bytes(), valid("G.scalar_mult_vfy(s,X)"));
        let mut tried = 0;
        for (name, point) in points {
            if name.starts_with("Invalid") {
                let point = hex_array(point.as_str().unwrap());
                assert_eq!(
                    scalar_mult_vfy(&s, &point).err(),
                    Some(InvalidPoint),
                    "{name}"
                );
                tried += 1;
            }
        }
        assert_eq!(tried, 2);
    }

    fn finish(a: Share, theirs: &[u8; 32], initiator: bool) -> Result<[u8; 64], InvalidPoint> {
        let isk = a.finish(theirs, b"ADa", b"ADb", initiator)?;
        Ok(*isk.as_bytes())
    }

    #[test]
    fn identity_and_non_canonical_shares_are_refused() {
        let share = || Share::new(b"Spw", b"ci", b"");
        assert_eq!(finish(share(), &[0; 32], true), Err(InvalidPoint));
        // p itself, two above it, and a negative one (RFC 9496 §4.3.1).
        let mut p = [0xff; 32];
        (p[0], p[31]) = (0xed, 0x7f);
        let mut one = [0; 32];
        one[0] = 1;
        for bad in [p, [0xff; 32], one, {
            let mut above = p;
            above[0] = 0xf3;
            above
        }] {
            assert_eq!(finish(share(), &bad, true), Err(InvalidPoint));
        }
    }

    #[test]
    fn shares_are_fresh() {
        let share = || *Share::new(b"N", b"ci", b"").public();
        assert_ne!(share(), share());
    }

    #[test]
    fn the_draft_lengths_are_leb128() {
        for (n, encoded) in [
            (0, vec![0]),
            (127, vec![0x7f]),
            (128, vec![0x80, 1]),
            (300, vec![0xac, 2]),
        ] {
            let (bytes, used) = leb128(n);
            assert_eq!(bytes[..used], encoded);
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let share = Share::with_scalar(b"Spw", b"ci", b"", &[5; 32]);
        assert_eq!(format!("{share:?}"), "Share(..)");
        let theirs = *Share::new(b"Spw", b"ci", b"").public();
        let isk = share.finish(&theirs, b"", b"", true).unwrap();
        assert_eq!(format!("{isk:?}"), "Isk(..)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn only_one_password_channel_and_order_agree(
            pw in prop::collection::vec(any::<u8>(), 0..200),
            other in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let a = || Share::with_scalar(&pw, b"ci", b"", &[3; 32]);
            let share = |prs: &[u8], ci: &[u8]| Share::with_scalar(prs, ci, b"", &[4; 32]);
            let (ya, yb) = (*a().public(), *share(&pw, b"ci").public());
            let isk = finish(a(), &yb, true).unwrap();
            prop_assert_eq!(finish(share(&pw, b"ci"), &ya, false).unwrap(), isk);
            prop_assert_ne!(finish(share(&pw, b"ci"), &ya, true).unwrap(), isk);
            prop_assert_ne!(finish(share(&pw, b"CI"), &ya, false).unwrap(), isk);
            let guess = share(&other, b"ci");
            let guessed = finish(a(), guess.public(), true).unwrap();
            prop_assert_eq!(guessed == finish(guess, &ya, false).unwrap(), other == pw);
        }

        #[test]
        fn no_share_panics(theirs: [u8; 32]) {
            let _ = finish(Share::with_scalar(b"N", b"", b"", &[3; 32]), &theirs, false);
        }
    }
}
